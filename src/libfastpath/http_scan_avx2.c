/* http_scan_avx2.c - the scan's operations for x86-64 machines with AVX2, 32 bytes at a time. */
#include "http_scan.h"

#if defined(FASTPATH_SCAN_X86)

#include "avx2_begin.h"

#define FASTPATH_BMI2 1
#include "bits.h"
#include "http_char_rows.h"

static inline __m256i load(const uint8_t *at) { return _mm256_loadu_si256((const __m256i *)(const void *)at); }

static inline uint32_t mask(__m256i bytes) { return (uint32_t)_mm256_movemask_epi8(bytes); }

/*
 * Below `bound`, DEL, or not ASCII: counted downwards from DEL these are one interval, at the upper end of the signed
 * numbers.
 */
static inline __m256i is_outside_ascii(__m256i bytes, int bound) {
  __m256i down = _mm256_sub_epi8(_mm256_set1_epi8((char)0xfe), bytes);
  return _mm256_cmpgt_epi8(down, _mm256_set1_epi8((char)(0xfe - 0x100 - bound)));
}

static inline __m256i is_byte(__m256i bytes, char byte) { return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte)); }

static inline void find_controls(const uint8_t *at, uint64_t *controls, uint64_t *returns) {
  __m256i low = load(at), high = load(at + 32);
  *controls = mask(is_outside_ascii(low, ' ')) | (uint64_t)mask(is_outside_ascii(high, ' ')) << 32;
  *returns = mask(is_byte(low, '\r')) | (uint64_t)mask(is_byte(high, '\r')) << 32;
}

/* A bit per byte that is not in the class: see http_char_rows.h. */
static inline uint32_t outside(const uint8_t *at, const uint8_t *row_table) {
  const __m256i rows = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)row_table));
  const __m256i bits = _mm256_set1_epi64x((long long)UINT64_C(0x8040201008040201));
  __m256i bytes = load(at);
  __m256i high_half = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
  __m256i row = _mm256_shuffle_epi8(rows, bytes); /* 0 for a byte outside ASCII */
  __m256i bit = _mm256_shuffle_epi8(bits, high_half);
  return mask(_mm256_cmpeq_epi8(_mm256_and_si256(row, bit), _mm256_setzero_si256()));
}

static inline uint32_t run(uint32_t outside_mask) { return (uint32_t)_tzcnt_u32(outside_mask); }

static inline uint32_t token_run(const uint8_t *at) { return run(outside(at, fp_http_token_rows)); }

static inline uint32_t host_run(const uint8_t *at) { return run(outside(at, fp_http_host_rows)); }

static inline bool is_name(const uint8_t *at, const uint8_t *folded, uint32_t len) {
  __m256i bytes = _mm256_or_si256(load(at), _mm256_set1_epi8(0x20));
  uint32_t equal = mask(_mm256_cmpeq_epi8(bytes, load(folded)));
  return run(~equal) > len;
}

static inline uint64_t target_masks(const uint8_t *at, uint64_t *questions) {
  __m256i bytes = load(at);
  *questions = mask(is_byte(bytes, '?'));
  return mask(_mm256_or_si256(is_outside_ascii(bytes, '!'), is_byte(bytes, '#')));
}

#include "http_scan_body.h"

SCAN_DEFINE(avx2)

#include "avx2_end.h"

#endif
