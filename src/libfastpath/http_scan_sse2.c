/* http_scan_sse2.c - the scan's operations for every x86-64 machine, 16 bytes at a time and no shuffles. */
#include "http_scan.h"

#if defined(FASTPATH_SCAN_X86)

#include <emmintrin.h>

#include "bits.h"

static inline __m128i load(const uint8_t *at) { return _mm_loadu_si128((const __m128i *)(const void *)at); }

static inline uint32_t mask(__m128i bytes) { return (uint32_t)_mm_movemask_epi8(bytes); }

static inline uint32_t mask2(__m128i low, __m128i high) { return mask(low) | mask(high) << 16; }

static inline __m128i is_byte(__m128i bytes, char byte) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)); }

/* Bytes in first .. first + span: what lies below wraps around and is too large. */
static inline __m128i is_between(__m128i bytes, char first, char span) {
  __m128i distance = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(distance, _mm_set1_epi8(span)), distance);
}

/* Below `bound`, DEL, or not ASCII: adding 1 carries DEL over into the negative numbers, where the last are. */
static inline __m128i is_outside_ascii(__m128i bytes, char bound) {
  return _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(1)), _mm_set1_epi8((char)(bound + 1)));
}

static inline void find_controls(const uint8_t *at, uint64_t *controls, uint64_t *returns) {
  __m128i a = load(at), b = load(at + 16), c = load(at + 32), d = load(at + 48);
  *controls = mask2(is_outside_ascii(a, ' '), is_outside_ascii(b, ' ')) |
              (uint64_t)mask2(is_outside_ascii(c, ' '), is_outside_ascii(d, ' ')) << 32;
  *returns = mask2(is_byte(a, '\r'), is_byte(b, '\r')) | (uint64_t)mask2(is_byte(c, '\r'), is_byte(d, '\r')) << 32;
}

/* Letters, digits, '-', '.' and '_': the rarer bytes of names and hosts are left to a loop. */
static inline __m128i is_common(__m128i bytes) {
  __m128i letters = is_between(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z' - 'a');
  __m128i digits = is_between(bytes, '0', '9' - '0');
  __m128i others = _mm_or_si128(is_between(bytes, '-', '.' - '-'), is_byte(bytes, '_'));
  return _mm_or_si128(_mm_or_si128(letters, digits), others);
}

static inline uint32_t token_run(const uint8_t *at) {
  return first_bit(~(uint64_t)mask2(is_common(load(at)), is_common(load(at + 16))));
}

static inline uint32_t host_run(const uint8_t *at) { return token_run(at); }

static inline bool is_name(const uint8_t *at, const uint8_t *folded, uint32_t len) {
  const __m128i fold = _mm_set1_epi8(0x20);
  __m128i low = _mm_cmpeq_epi8(_mm_or_si128(load(at), fold), load(folded));
  __m128i high = _mm_cmpeq_epi8(_mm_or_si128(load(at + 16), fold), load(folded + 16));
  return first_bit(~(uint64_t)mask2(low, high)) > len;
}

static inline uint64_t target_masks(const uint8_t *at, uint64_t *questions) {
  __m128i low = load(at), high = load(at + 16);
  *questions = mask2(is_byte(low, '?'), is_byte(high, '?'));
  return mask2(_mm_or_si128(is_outside_ascii(low, '!'), is_byte(low, '#')),
               _mm_or_si128(is_outside_ascii(high, '!'), is_byte(high, '#')));
}

#include "http_scan_body.h"

SCAN_DEFINE(sse2)

#endif
