/* subset_views.h - one worker's choices in each subset that it has been asked for. */
#ifndef FASTPATH_INTERNAL_SUBSET_VIEWS_H
#define FASTPATH_INTERNAL_SUBSET_VIEWS_H

#include "picker_view.h"
#include "subsets.h"

/* One owner; one thread at a time. Zero bytes: no subsets. */
typedef struct fp_subset_views {
  const fp_subsets *subsets; /* borrowed; NULL: none */
  fp_host_set *set;          /* referenced: what `subsets` belong to */
  fp_picker_view **items;    /* by number of the subset; NULL until asked for */
  fp_picker_view *fallback;  /* of the default subset */
} fp_subset_views;

void fp_subset_views_clear(fp_subset_views *views);

/* Turns to the subsets of another host set, or none; a subset that is in both goes on where it was. MEMORY: as before. */
fp_status fp_subset_views_adopt(fp_subset_views *views, fp_host_set *set);

/* The view of a target other than NONE; `whole` is that of all hosts. MEMORY. */
fp_status fp_subset_views_get(fp_subset_views *views, fp_subset_choice choice, fp_picker_view *whole,
                              fp_picker_view **view);

#endif
