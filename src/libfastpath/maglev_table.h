/*
 * maglev_table.h - filling a table whose slots are taken one after the other.
 *
 * Whoever takes slots has a permutation of them: next, next + skip, next + 2 * skip, ..., modulo the size, which is a prime.
 * A turn takes the first that is free. The fewer are free the longer that search gets: for the last ones it is less work to
 * ask of each free slot where it is in the permutation.
 */
#ifndef FASTPATH_INTERNAL_MAGLEV_TABLE_H
#define FASTPATH_INTERNAL_MAGLEV_TABLE_H

#include <fastpath/base.h>

#include "bits.h"
#include "cpu.h"

#define FP_MAGLEV_BATCH 4 /* slots that are looked at together, without a branch between them */

typedef struct fp_maglev_taker {
  uint32_t next;    /* slot that it looks at first */
  uint32_t skip;    /* 1 to size - 1 */
  uint32_t inverse; /* of skip, modulo size; 0: not known yet */
  uint32_t host;
} fp_maglev_taker;

/* A table while slots are free. */
typedef struct fp_maglev_filling {
  uint32_t size;
  uint32_t left;       /* free slots */
  uint32_t few;        /* from so many on, they are listed */
  uint32_t *slots;     /* hosts, as far as they are taken; borrowed */
  uint32_t *listed;    /* the free slots once they are few; room for so many */
  uint64_t *free_bits; /* by slot: many are tried, and bits stay in the cache */
  uint64_t reciprocal; /* 2^64 / size, rounded down */
} fp_maglev_filling;

/* With all slots free. size: a prime. MEMORY. */
fp_status fp_maglev_filling_init(fp_maglev_filling *filling, uint32_t *slots, uint32_t size);
void fp_maglev_filling_clear(fp_maglev_filling *filling);

/* Modulo size, of two that are below it. */
static inline uint32_t fp_maglev_sum(uint32_t a, uint32_t b, uint32_t size) {
  const uint32_t sum = a + b;
  return sum < size ? sum : sum - size;
}

static inline unsigned fp_maglev_is_free(const uint64_t *bits, uint32_t slot) {
  return bits[slot / 64] >> slot % 64 & 1;
}

/* The first free slot of the permutation. */
static inline uint32_t fp_maglev_search(const fp_maglev_filling *self, const fp_maglev_taker *taker) {
  const uint64_t *bits = self->free_bits;
  const uint32_t size = self->size, skip = taker->skip;
  const uint32_t two = fp_maglev_sum(skip, skip, size), four = fp_maglev_sum(two, two, size);
  uint32_t slot = taker->next;
  for (;;) {
    const uint32_t second = fp_maglev_sum(slot, skip, size), third = fp_maglev_sum(slot, two, size);
    const uint32_t slots[FP_MAGLEV_BATCH] = {slot, second, third, fp_maglev_sum(second, two, size)};
    const unsigned found = fp_maglev_is_free(bits, slots[0]) | fp_maglev_is_free(bits, slots[1]) << 1 |
                           fp_maglev_is_free(bits, slots[2]) << 2 | fp_maglev_is_free(bits, slots[3]) << 3;
    if (found != 0) return slots[first_bit(found)];
    slot = fp_maglev_sum(slot, four, size);
  }
}

/* Once free slots are few: of them the first of the permutation, which leaves the list. */
uint32_t fp_maglev_take_listed(const fp_maglev_filling *filling, fp_maglev_taker *taker);

/* The taker has this slot now, which was free. */
static inline void fp_maglev_give(fp_maglev_filling *filling, fp_maglev_taker *taker, uint32_t slot) {
  filling->free_bits[slot / 64] &= ~((uint64_t)1 << slot % 64);
  filling->slots[slot] = taker->host;
  filling->left--;
  taker->next = fp_maglev_sum(slot, taker->skip, filling->size);
}

/* Gives the taker a slot. One must be free. */
static inline void fp_maglev_take(fp_maglev_filling *filling, fp_maglev_taker *taker) {
  const bool many = likely(filling->left > filling->few);
  fp_maglev_give(filling, taker, many ? fp_maglev_search(filling, taker) : fp_maglev_take_listed(filling, taker));
}

/* Gives takers a slot each, in their order and again from the first one on, until none is free. */
void fp_maglev_take_in_order(fp_maglev_filling *filling, fp_maglev_taker *takers, uint32_t count);

#if FP_CPU_AVX2
/* The same while slots are not few, from the taker at `at` on. Gives whose turn it is then. */
uint32_t fp_maglev_fill_avx2(fp_maglev_filling *filling, fp_maglev_taker *takers, uint32_t count, uint32_t at);
#endif

#endif
