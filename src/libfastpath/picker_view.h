/* picker_view.h - one worker's choices in one host set: which priority, which hosts of it, which host. */
#ifndef FASTPATH_INTERNAL_PICKER_VIEW_H
#define FASTPATH_INTERNAL_PICKER_VIEW_H

#include <fastpath/snapshot.h>

#include "bits.h"
#include "host_set.h"
#include "lb_policies.h"
#include "locality_turns.h"
#include "zone_routes.h"

typedef struct fp_picker_priority {
  fp_priority_hosts *hosts; /* referenced: what the states belong to; NULL before the first host set */
  fp_lb_state states[FP_HOST_SOURCES];
  fp_lb_state *locality_states[FP_LOCALITY_SOURCES]; /* by locality */
  uint32_t locality_counts[FP_LOCALITY_SOURCES];     /* of those; never shrink */
  fp_locality_turns *turns[FP_LOCALITY_SOURCES]; /* NULL before the first pick, and when there are no turns */
} fp_picker_priority;

/* Where a pick looks: some hosts of one priority. */
typedef struct fp_picker_choice {
  const fp_host_group *group; /* NULL: none */
  fp_lb_state *state;
  uint32_t offset; /* of the priority's first host among all hosts of the set */
} fp_picker_choice;

/* One owner; one thread at a time. */
typedef struct fp_picker_view {
  fp_host_set *set;               /* what the rest agrees with; borrowed, NULL when there is none */
  const fp_lb_policy *policy;     /* of the set */
  fp_picker_choice sole;          /* the one group that gets all load, if there is one */
  fp_picker_priority *priorities; /* at least as many as the set has */
  uint32_t priority_count;        /* never shrinks: a priority that comes back goes on counting */
  fp_zone_routes routes;          /* of the first priority */
  fp_host_set *routed; /* the callers that the routes agree with; referenced; NULL: there are no routes yet */
  fp_snapshot_reader *callers; /* the worker's: of the cluster that the set's zone routing goes by */
  uint64_t seed;
  uint64_t *random; /* the worker's */
} fp_picker_view;

/* A view of no host set yet. `random` and `callers` must outlive it. */
void fp_picker_view_init(fp_picker_view *view, uint64_t seed, uint64_t *random, fp_snapshot_reader *callers);
void fp_picker_view_clear(fp_picker_view *view);

/* Makes it agree with a host set, which must outlive that; priorities that did not change go on where they were. MEMORY:
   view->set is NULL. */
fp_status fp_picker_view_adopt(fp_picker_view *view, fp_host_set *set);

/* As fp_picker_pick, in view->set, which is not NULL, wherever the hosts are that it is for. */
fp_status fp_picker_view_pick_anywhere(fp_picker_view *view, const fp_pick_options *options, fp_host **host,
                                       uint32_t *index);

/* As fp_picker_pick_many, in view->set, which is not NULL. */
fp_status fp_picker_view_pick_many(fp_picker_view *view, const uint64_t *hashes, size_t count, uint32_t *indices);

/* Where a place of the group is among all hosts of the set. */
static inline uint32_t fp_picker_index_of(const fp_picker_choice *at, uint32_t place) {
  return at->offset + (likely(at->group->whole) ? place : at->group->positions[place]);
}

/* What it means that a policy gave this instead of a place. */
static inline fp_status fp_picker_status_without(uint32_t place) {
  return place == FASTPATH_LB_NO_HOST ? FASTPATH_NONE : FASTPATH_ERR_STATE;
}

/* The number that the policy goes by. */
static inline uint64_t fp_picker_view_number(const fp_picker_view *view, const fp_pick_options *options) {
  const fp_lb_number number = view->policy->number;
  if (number == FASTPATH_LB_NO_NUMBER) return 0;
  if (number == FASTPATH_LB_REQUEST_HASH && options != NULL && options->has_hash) return options->hash;
  return fp_lb_next_random(view->random);
}

/* Whether one group gets all load, and its cursor is there: nothing is left to do but to ask the policy. */
static inline bool fp_picker_view_has_one_group(const fp_picker_view *view) {
  return view->sole.group != NULL && view->sole.state->ready;
}

/* Whether the first choice may not stand, or is not made by the set's loads. */
static inline bool fp_pick_is_particular(const fp_pick_options *options) {
  return options != NULL && (options->excluded_count > 0 || options->retry_priority != NULL);
}

/* As fp_picker_pick, in view->set, which is not NULL. */
static inline fp_status fp_picker_view_pick(fp_picker_view *view, const fp_pick_options *options, fp_host **host,
                                            uint32_t *index) {
  const fp_host_group *group = view->sole.group;
  fp_lb_request request = {0, 0};
  uint32_t place;
  if (unlikely(!fp_picker_view_has_one_group(view) || fp_pick_is_particular(options)))
    return fp_picker_view_pick_anywhere(view, options, host, index);
  request.number = fp_picker_view_number(view, options);
  place = view->policy->pick(group, view->sole.state, &request);
  if (unlikely(place >= group->count)) return fp_picker_status_without(place);
  *host = group->hosts[place];
  *index = fp_picker_index_of(&view->sole, place);
  return FASTPATH_OK;
}

#endif
