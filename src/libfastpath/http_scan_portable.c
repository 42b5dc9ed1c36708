/* http_scan_portable.c - the scan's operations in plain C, eight bytes at a time in a 64-bit word. */
#include "http_scan.h"

#include "bits.h"
#include "http_char_rows.h"

#define EACH(byte) ((byte) * UINT64_C(0x0101010101010101))

/* Flags: bit 7 of each byte that has the property. No sum carries over into the next byte. */
static inline uint64_t has_byte(uint64_t word, uint8_t byte) {
  uint64_t difference = word ^ EACH(byte);
  return ~(((difference & EACH(0x7f)) + EACH(0x7f)) | difference) & EACH(0x80);
}

/* Below `bound`, DEL, or not ASCII. */
static inline uint64_t has_outside_ascii(uint64_t word, uint8_t bound) {
  uint64_t at_least_bound = (word & EACH(0x7f)) + EACH(UINT64_C(0x80) - bound);
  return (~at_least_bound | word | has_byte(word, 0x7f)) & EACH(0x80);
}

/* Flags to a bit per byte: the product puts flag i at bit 56 + i. */
static inline uint64_t gather(uint64_t flags) { return ((flags >> 7) * UINT64_C(0x0102040810204080)) >> 56; }

static inline void find_controls(const uint8_t *at, uint64_t *controls, uint64_t *returns) {
  *controls = *returns = 0;
  for (unsigned i = 0; i < 64; i += 8) {
    uint64_t word = load64(at + i);
    *controls |= gather(has_outside_ascii(word, ' ')) << i;
    *returns |= gather(has_byte(word, '\r')) << i;
  }
}

static inline uint32_t token_run(const uint8_t *at) {
  uint32_t len = 0;
  while (len < 32 && fp_http_has_row(fp_http_token_rows, at[len])) len++;
  return len;
}

static inline uint32_t host_run(const uint8_t *at) {
  uint32_t len = 0;
  while (len < 32 && fp_http_has_row(fp_http_host_rows, at[len])) len++;
  return len;
}

static inline bool is_name(const uint8_t *at, const uint8_t *folded, uint32_t len) {
  for (uint32_t i = 0; i <= len; i++) {
    if ((at[i] | 0x20) != folded[i]) return false;
  }
  return true;
}

static inline uint64_t target_masks(const uint8_t *at, uint64_t *questions) {
  uint64_t unfit = 0;
  *questions = 0;
  for (unsigned i = 0; i < 32; i += 8) {
    uint64_t word = load64(at + i);
    unfit |= gather(has_outside_ascii(word, '!') | has_byte(word, '#')) << i;
    *questions |= gather(has_byte(word, '?')) << i;
  }
  return unfit;
}

#include "http_scan_body.h"

SCAN_DEFINE(portable)
