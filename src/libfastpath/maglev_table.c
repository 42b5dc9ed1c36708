#include "maglev_table.h"

#include <string.h>

#include "bits.h"
#include "memory.h"

fp_status fp_maglev_filling_init(fp_maglev_filling *filling, uint32_t *slots, uint32_t size) {
  const size_t words = size / 64 + 1;
  *filling = (fp_maglev_filling){.size = size, .left = size, .slots = slots, .reciprocal = UINT64_MAX / size};
  while ((uint64_t)(filling->few + 1) * (filling->few + 1) <= size / 2) filling->few++;
  filling->free_bits = fp_memory_alloc(words * sizeof *filling->free_bits + filling->few * sizeof *filling->listed);
  if (filling->free_bits == NULL) return FASTPATH_ERR_MEMORY;
  filling->listed = (uint32_t *)(filling->free_bits + words);
  memset(filling->free_bits, 0xFF, words * sizeof *filling->free_bits);
  return FASTPATH_OK;
}

void fp_maglev_filling_clear(fp_maglev_filling *filling) { fp_memory_free(filling->free_bits); }

static inline uint32_t product_of(const fp_maglev_filling *self, uint32_t a, uint32_t b) {
  const uint64_t product = (uint64_t)a * b;
  const uint64_t quotient = (uint64_t)((unsigned __int128)product * self->reciprocal >> 64);
  const uint64_t rest = product - quotient * self->size; /* the quotient may be one too low */
  return (uint32_t)(rest < self->size ? rest : rest - self->size);
}

/* By Euclid's algorithm, with factors modulo size. */
static uint32_t inverse_of(const fp_maglev_filling *self, uint32_t number) {
  uint32_t a = self->size, b = number, factor_a = 0, factor_b = 1;
  while (b > 1) {
    const uint32_t quotient = a / b, rest = a % b;
    const uint32_t product = product_of(self, quotient, factor_b);
    const uint32_t factor = fp_maglev_sum(factor_a, self->size - product, self->size);
    a = b;
    b = rest;
    factor_a = factor_b;
    factor_b = factor;
  }
  return factor_b;
}

static void list_free(const fp_maglev_filling *self) {
  uint32_t count = 0;
  for (uint32_t word = 0; word <= self->size / 64; word++) {
    for (uint64_t bits = self->free_bits[word]; bits != 0; bits &= bits - 1) {
      const uint32_t slot = word * 64 + first_bit(bits);
      if (slot < self->size) self->listed[count++] = slot;
    }
  }
}

uint32_t fp_maglev_take_listed(const fp_maglev_filling *self, fp_maglev_taker *taker) {
  const uint32_t back = taker->next == 0 ? 0 : self->size - taker->next;
  uint64_t nearest = UINT64_MAX; /* distance and place */
  uint32_t place, slot;
  if (self->left == self->few) list_free(self);
  if (taker->inverse == 0) taker->inverse = inverse_of(self, taker->skip);
  for (uint32_t i = 0; i < self->left; i++) {
    const uint32_t ahead = fp_maglev_sum(self->listed[i], back, self->size);
    const uint64_t distance = (uint64_t)product_of(self, ahead, taker->inverse) << 32 | i;
    if (distance < nearest) nearest = distance;
  }
  place = (uint32_t)nearest;
  slot = self->listed[place];
  self->listed[place] = self->listed[self->left - 1];
  return slot;
}

/* The first free slot of a permutation, one after the other: most are free. */
static inline uint32_t search_one_by_one(const fp_maglev_filling *self, const fp_maglev_taker *taker) {
  uint32_t slot = taker->next;
  while (!fp_maglev_is_free(self->free_bits, slot)) slot = fp_maglev_sum(slot, taker->skip, self->size);
  return slot;
}

static inline uint32_t after(uint32_t at, uint32_t count) { return at + 1 == count ? 0 : at + 1; }

void fp_maglev_take_in_order(fp_maglev_filling *filling, fp_maglev_taker *takers, uint32_t count) {
  const uint32_t most = filling->size / 4 * 3;
  uint32_t at = 0;
  for (; filling->left > most; at = after(at, count))
    fp_maglev_give(filling, &takers[at], search_one_by_one(filling, &takers[at]));
#if FP_CPU_AVX2
  if (fp_cpu_has_avx2()) at = fp_maglev_fill_avx2(filling, takers, count, at);
#endif
  for (; filling->left > 0; at = after(at, count)) fp_maglev_take(filling, &takers[at]);
}
