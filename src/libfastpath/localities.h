/*
 * localities.h - a priority's hosts by locality, for balancing that chooses a locality before it chooses a host.
 *
 *   priority   a  b  c  d  e        A policy that goes by a hash gets all hosts in one group, each with its share: its
 *   locality   1  0  1  0  1        part of its locality's weight, as configured. Any other policy gets a group for each
 *                                   locality; which one a pick is for is said by turns, when localities are weighted
 *                                   (locality_turns.h), or by where the caller is (zone_routes.h).
 */
#ifndef FASTPATH_INTERNAL_LOCALITIES_H
#define FASTPATH_INTERNAL_LOCALITIES_H

#include <fastpath/lb.h>

#include "slow_start.h"

/* A host and its place. */
typedef struct fp_locality_member {
  fp_host *host; /* borrowed */
  uint32_t weight;
  uint32_t position;        /* as the groups tell it */
  uint32_t entry;           /* in the priority's list */
  uint32_t locality;        /* number */
  uint32_t zone;            /* the same for all members of a locality; see fp_endpoint */
  uint32_t locality_weight; /* the same for all members of a locality */
  uint32_t wanted;          /* 1 when it belongs into the groups; the others only count as members */
} fp_locality_member;

/* By locality, and within one as they are listed: as the functions below want them. */
void fp_locality_members_sort(fp_locality_member *members, uint32_t count);

/* Which localities there are, in the order of their numbers. Zero bytes: none. */
typedef struct fp_locality_list {
  uint32_t count;
  uint32_t *numbers;
  uint32_t *zones; /* by the same place */
} fp_locality_list;

/* Room for as many as there are members' localities. MEMORY. */
fp_status fp_locality_list_init(fp_locality_list *list, const fp_locality_member *members, uint32_t count);
fp_status fp_locality_list_copy(fp_locality_list *list, const fp_locality_list *from);
void fp_locality_list_clear(fp_locality_list *list);

/* A group for each locality of a list, and those whose turn comes. Zero bytes: none. Immutable once made. */
typedef struct fp_localities {
  uint32_t count;
  fp_host_group *groups; /* those of localities without wanted members are empty */
  uint32_t turn_count;   /* localities that have wanted members and a weight; 0: none takes a turn */
  uint32_t *turns;       /* which */
  double *weights;       /* of those; above 0 */
} fp_localities;

/* The wanted members' groups; all members' localities are in the list. Errors as table_new. */
fp_status fp_localities_init(fp_localities *localities, const fp_locality_list *list, const fp_locality_member *members,
                             uint32_t count, fp_slow_start slow_start, const fp_lb_policy *policy,
                             const fp_lb_options *options, fp_error *error);

/* Lets localities take turns, each with an effective weight. The members are those of before. MEMORY. */
fp_status fp_localities_weigh(fp_localities *localities, const fp_locality_list *list,
                              const fp_locality_member *members, uint32_t count, uint32_t overprovisioning_factor);
void fp_localities_clear(fp_localities *localities, const fp_lb_policy *policy);

/* The sum of the localities' weights. */
uint64_t fp_localities_weight(const fp_locality_member *members, uint32_t count);

/* Into an empty group that has shares and room: the wanted members of localities that have a weight, which is a part of
   `sum`. */
void fp_localities_add_shares(fp_host_group *group, const fp_locality_member *members, uint32_t count, uint64_t sum);

#endif
