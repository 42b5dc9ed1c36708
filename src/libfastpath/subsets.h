/* subsets.h - a host set's subsets: which there are, and which one a request is for. */
#ifndef FASTPATH_INTERNAL_SUBSETS_H
#define FASTPATH_INTERNAL_SUBSETS_H

#include <fastpath/cluster.h>

#include "labels.h"

typedef struct fp_subset {
  fp_labels *labels; /* one of each key of its selector */
  uint64_t hash;
  fp_host_set *set;
} fp_subset;

/* Immutable once made; belongs to its host set. */
typedef struct fp_subsets {
  fp_subset_rules *rules; /* referenced */
  fp_subset *items;
  uint32_t count;
  uint32_t *slots; /* a power of two of them: by hash, the subset's number + 1; 0: free */
  uint32_t mask;
  fp_host_set *fallback; /* the default subset; NULL when it is the whole set */
} fp_subsets;

/* Of a host set that has all its hosts, by config->subset_rules. Subsets that are as in `previous`, which may be NULL, take over what
   did not change. Errors as fp_cluster_new. */
fp_status fp_subsets_new(const fp_host_set *whole, const fp_cluster_config *config, const fp_subsets *previous,
                         fp_subsets **subsets, fp_error *error);
void fp_subsets_free(fp_subsets *subsets); /* NULL is allowed */

/* Where a request's hosts are. */
typedef enum fp_subset_target {
  FP_SUBSET_NONE,
  FP_SUBSET_ANY,
  FP_SUBSET_DEFAULT,
  FP_SUBSET_ITEM
} fp_subset_target;

typedef struct fp_subset_choice {
  fp_subset_target target;
  uint32_t item; /* for ITEM */
  int then_any;  /* 1: when the target has no host to give, any host will do */
} fp_subset_choice;

/* metadata_match may be NULL. */
fp_subset_choice fp_subsets_choose(const fp_subsets *subsets, const fp_labels *metadata_match);

/* The subset of these labels, by number; the count when there is none. */
uint32_t fp_subsets_find(const fp_subsets *subsets, const fp_labels *labels);

#endif
