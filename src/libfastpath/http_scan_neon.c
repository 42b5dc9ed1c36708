/* http_scan_neon.c - the scan's operations for 64-bit ARM, 16 bytes at a time. */
#include "http_scan.h"

#if defined(FASTPATH_SCAN_NEON)

#include <arm_neon.h>

#include "bits.h"
#include "http_char_rows.h"

/* NEON has no movemask: keep one bit per byte, by its place in a group of eight, and add neighbours up. */
static inline uint8x16_t place_bits(uint8x16_t truth) {
  static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  return vandq_u8(truth, vld1q_u8(places));
}

static inline uint64_t mask64(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  uint8x16_t low = vpaddq_u8(place_bits(a), place_bits(b)), high = vpaddq_u8(place_bits(c), place_bits(d));
  uint8x16_t sum = vpaddq_u8(low, high);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

static inline uint32_t mask32(uint8x16_t a, uint8x16_t b) {
  uint8x16_t sum = vpaddq_u8(place_bits(a), place_bits(b));
  sum = vpaddq_u8(sum, sum);
  return vgetq_lane_u32(vreinterpretq_u32_u8(vpaddq_u8(sum, sum)), 0);
}

static inline uint8x16_t is_byte(uint8x16_t bytes, uint8_t byte) { return vceqq_u8(bytes, vdupq_n_u8(byte)); }

/* Below `bound`, DEL, or not ASCII. */
static inline uint8x16_t is_outside_ascii(uint8x16_t bytes, uint8_t bound) {
  return vcgeq_u8(vsubq_u8(bytes, vdupq_n_u8(bound)), vdupq_n_u8((uint8_t)(0x7f - bound)));
}

static inline void find_controls(const uint8_t *at, uint64_t *controls, uint64_t *returns) {
  uint8x16_t a = vld1q_u8(at), b = vld1q_u8(at + 16), c = vld1q_u8(at + 32), d = vld1q_u8(at + 48);
  *controls =
      mask64(is_outside_ascii(a, ' '), is_outside_ascii(b, ' '), is_outside_ascii(c, ' '), is_outside_ascii(d, ' '));
  *returns = mask64(is_byte(a, '\r'), is_byte(b, '\r'), is_byte(c, '\r'), is_byte(d, '\r'));
}

/* In the class of http_char_rows.h; table lookups give 0 for the indices of bytes that are not ASCII. */
static inline uint8x16_t is_in(uint8x16_t bytes, const uint8_t *rows) {
  static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t row = vqtbl1q_u8(vld1q_u8(rows), vandq_u8(bytes, vdupq_n_u8(15)));
  return vtstq_u8(row, vqtbl1q_u8(vld1q_u8(bits), vshrq_n_u8(bytes, 4)));
}

static inline uint32_t run_in(const uint8_t *at, const uint8_t *rows) {
  return first_bit(~(uint64_t)mask32(is_in(vld1q_u8(at), rows), is_in(vld1q_u8(at + 16), rows)));
}

static inline uint32_t token_run(const uint8_t *at) { return run_in(at, fp_http_token_rows); }

static inline uint32_t host_run(const uint8_t *at) { return run_in(at, fp_http_host_rows); }

static inline bool is_name(const uint8_t *at, const uint8_t *folded, uint32_t len) {
  const uint8x16_t fold = vdupq_n_u8(0x20);
  uint8x16_t low = vceqq_u8(vorrq_u8(vld1q_u8(at), fold), vld1q_u8(folded));
  uint8x16_t high = vceqq_u8(vorrq_u8(vld1q_u8(at + 16), fold), vld1q_u8(folded + 16));
  return first_bit(~(uint64_t)mask32(low, high)) > len;
}

static inline uint64_t target_masks(const uint8_t *at, uint64_t *questions) {
  uint8x16_t low = vld1q_u8(at), high = vld1q_u8(at + 16);
  *questions = mask32(is_byte(low, '?'), is_byte(high, '?'));
  return mask32(vorrq_u8(is_outside_ascii(low, '!'), is_byte(low, '#')),
                vorrq_u8(is_outside_ascii(high, '!'), is_byte(high, '#')));
}

#include "http_scan_body.h"

SCAN_DEFINE(neon)

#endif
