/*
 * edf.h - earliest deadline first with fixed weights, in Envoy's exact order.
 *
 * Envoy keeps one heap of (deadline, order of insertion); a pick takes the least, sets the time to its deadline, and puts
 * it back with deadline time + 1/weight. Entries of one weight come back in the order in which they went, so each class
 * of equal weights is a ring, and only the front of each ring is in a heap:
 *
 *   heap of classes      [w=3]      [w=1]
 *                          |          |          after a pick the entry's new deadline overwrites the old one in
 *   rings               a  c  f    b  d  e       place, and the ring's front moves on by one
 *                          ^ front ^
 *
 * Same order, bit for bit, at the cost of a heap as small as there are different weights. Doubles must round as Envoy's
 * do: compile with -ffp-contract=off and keep the order of the operations.
 */
#ifndef FASTPATH_INTERNAL_EDF_H
#define FASTPATH_INTERNAL_EDF_H

#include <fastpath/base.h>

/* The classes of some weights: immutable, shared by workers. */
typedef struct fp_edf_table fp_edf_table;

/* Where one worker stands. One thread at a time. */
typedef struct fp_edf fp_edf;

/* weights: count > 0 entries, each at least 1. NULL when out of memory. Threads: any. */
fp_edf_table *fp_edf_table_new(const uint32_t *weights, uint32_t count);
void fp_edf_table_free(fp_edf_table *table);

/* As Envoy's EdfScheduler::createWithPicks with the seed's low 32 bits. table must outlive it. NULL when out of memory. */
fp_edf *fp_edf_new(const fp_edf_table *table, uint64_t seed);
void fp_edf_free(fp_edf *edf);

/* The next entry: an index into weights. */
uint32_t fp_edf_pick(fp_edf *edf);

#endif
