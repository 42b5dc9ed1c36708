/*
 * localities.h - hosts by locality, for balancing that is locality weighted.
 *
 *   priority   a  b  c  d  e        A policy that goes by a hash gets all hosts in one group, each with its share: its
 *   locality   1  0  1  0  1        part of its locality's weight, as configured. Any other policy gets a group for each
 *                                   locality, and localities take turns, by weight and by how much of them is available.
 */
#ifndef FASTPATH_INTERNAL_LOCALITIES_H
#define FASTPATH_INTERNAL_LOCALITIES_H

#include <fastpath/lb.h>

/* A host and its place. */
typedef struct fp_locality_member {
  fp_host *host; /* borrowed */
  uint32_t weight;
  uint32_t position;        /* as the groups tell it */
  uint32_t entry;           /* in the priority's list */
  uint32_t locality;        /* number */
  uint32_t locality_weight; /* the same for all members of a locality */
  uint32_t wanted;          /* 1 when it belongs into the groups; the others only count as members */
} fp_locality_member;

/* By locality, and within one as they are listed: as the functions below want them. */
void fp_locality_members_sort(fp_locality_member *members, uint32_t count);

/* The localities whose turn comes. Zero bytes: none. Immutable once made. */
typedef struct fp_localities {
  uint32_t count;
  double *weights; /* above 0 */
  fp_host_group *groups;
} fp_localities;

/* A group and an effective weight for each locality that has wanted members and a weight. Errors as table_new. */
fp_status fp_localities_init(fp_localities *localities, const fp_locality_member *members, uint32_t count,
                             uint32_t overprovisioning_factor, const fp_lb_policy *policy, const fp_lb_options *options,
                             fp_error *error);
void fp_localities_clear(fp_localities *localities, const fp_lb_policy *policy);

/* The sum of the localities' weights. */
uint64_t fp_localities_weight(const fp_locality_member *members, uint32_t count);

/* Into an empty group that has shares and room: the wanted members of localities that have a weight, which is a part of
   `sum`. */
void fp_localities_add_shares(fp_host_group *group, const fp_locality_member *members, uint32_t count, uint64_t sum);

#endif
