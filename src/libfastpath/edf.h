/*
 * edf.h - earliest deadline first with fixed weights, in Envoy's exact order.
 *
 * Envoy keeps one heap of (deadline, order of insertion); a pick takes the least, sets the time to its deadline, and
 * puts it back with deadline time + 1/weight. Entries of one weight come back in the order in which they went, so each
 * class of equal weights is a ring, and only the fronts of the rings compete:
 *
 *   tournament      [w=3]     [w=1]
 *   rings           a  c  f   b  d  e                 after a pick the front's new deadline overwrites its old one in
 *                      ^ front ^                      place, and its ring's front moves on by one
 *
 * Same order, bit for bit. Doubles must round as Envoy's do: compile with -ffp-contract=off and keep the order of the
 * operations.
 */
#ifndef FASTPATH_INTERNAL_EDF_H
#define FASTPATH_INTERNAL_EDF_H

#include <fastpath/base.h>

/* Envoy bounds the picks it makes ahead, and nudges weights while it does, so that multiples of one another do not tie
   in one computation and differ in the other. */
#define FP_EDF_MAX_PICKS_AHEAD 429496729u
#define FP_EDF_WEIGHT_NUDGE 1e-13

/* Of `picks` picks from a fresh start, how many surely go to an entry of this nudged weight. */
static inline uint32_t fp_edf_share(double weight, uint32_t picks, double nudged_sum) {
  uint32_t share = (uint32_t)(weight * picks / nudged_sum);
  if (share > 0 && share / weight >= picks / nudged_sum) share--;
  return share;
}

/* The classes of some weights: immutable, shared by workers. */
typedef struct fp_edf_table fp_edf_table;

/* Where one worker stands. One thread at a time. */
typedef struct fp_edf fp_edf;

/* weights: count > 0 entries, each at least 1. NULL when out of memory. Threads: any. */
fp_edf_table *fp_edf_table_new(const uint32_t *weights, uint32_t count);
void fp_edf_table_free(fp_edf_table *table);

/* As Envoy's EdfScheduler::createWithPicks with the seed's low 32 bits. table must outlive it. Freed with fp_memory_free.
   NULL when out of memory. */
fp_edf *fp_edf_new(const fp_edf_table *table, uint64_t seed);

/* The next entry: an index into weights. */
uint32_t fp_edf_pick(fp_edf *edf);

#endif
