/* maglev_table_avx2.c - filling a table on x86-64 machines with AVX2: eight slots are looked at together. */
#include "maglev_table.h"

#if FP_CPU_AVX2

#include "avx2_begin.h"

/* Modulo size, of numbers that are below it: what is not too large wraps around to the larger of the two. */
FASTPATH_INLINE __m256i sums(__m256i a, __m256i b, __m256i size) {
  const __m256i sum = _mm256_add_epi32(a, b);
  return _mm256_min_epu32(sum, _mm256_sub_epi32(sum, size));
}

FASTPATH_INLINE uint32_t search(const fp_maglev_filling *self, const fp_maglev_taker *taker) {
  const __m256i size = _mm256_set1_epi32((int)self->size), zero = _mm256_setzero_si256();
  const __m256i one = _mm256_set1_epi32((int)taker->skip), two = sums(one, one, size), four = sums(two, two, size);
  const __m256i eight = sums(four, four, size);
  __m256i slots = _mm256_set1_epi32((int)taker->next);
  slots = sums(slots, _mm256_blend_epi32(zero, one, 0xAA), size);
  slots = sums(slots, _mm256_blend_epi32(zero, two, 0xCC), size);
  slots = sums(slots, _mm256_blend_epi32(zero, four, 0xF0), size);
  for (;;) {
    const __m256i words = _mm256_i32gather_epi32((const void *)self->free_bits, _mm256_srli_epi32(slots, 5), 4);
    const __m256i to_the_top = _mm256_andnot_si256(slots, _mm256_set1_epi32(31)); /* 31 - slot % 32 */
    const int found = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_sllv_epi32(words, to_the_top)));
    if (found != 0) {
      const __m256i lane = _mm256_set1_epi32((int)first_bit((unsigned)found));
      return (uint32_t)_mm256_cvtsi256_si32(_mm256_permutevar8x32_epi32(slots, lane));
    }
    slots = sums(slots, eight, size);
  }
}

uint32_t fp_maglev_fill_avx2(fp_maglev_filling *filling, fp_maglev_taker *takers, uint32_t count, uint32_t at) {
  while (filling->left > filling->few) {
    fp_maglev_give(filling, &takers[at], search(filling, &takers[at]));
    at = at + 1 == count ? 0 : at + 1;
  }
  return at;
}

#include "avx2_end.h"

#endif
