/* http_chars.h - which bytes may stand where in HTTP/1 (RFC 9110 5.5, 5.6; RFC 9112; RFC 3986), one table for all. */
#ifndef FASTPATH_INTERNAL_HTTP_CHARS_H
#define FASTPATH_INTERNAL_HTTP_CHARS_H

#include <stddef.h>
#include <stdint.h>

#include "bits.h"

enum {
  HTTP_CHAR_TOKEN = 1 << 0,  /* tchar */
  HTTP_CHAR_VALUE = 1 << 1,  /* field-value, reason-phrase: HTAB, SP, VCHAR, obs-text */
  HTTP_CHAR_QUOTED = 1 << 2, /* qdtext of a quoted-string */
  HTTP_CHAR_TARGET = 1 << 3, /* request-target: VCHAR but no '#' */
  HTTP_CHAR_HEX = 1 << 4,    /* HEXDIG, either case */
  HTTP_CHAR_PLAIN = 1 << 5   /* of a path: stands for itself and means nothing else */
};

extern const uint8_t fp_http_chars[256];

static inline int fp_http_is(uint8_t byte, int kinds) { return fp_http_chars[byte] & kinds; }

/* Length of the leading run of bytes of that kind. */
static inline size_t fp_http_run(const uint8_t *data, size_t len, int kind) {
  size_t i = 0;
  while (i < len && fp_http_is(data[i], kind)) i++;
  return i;
}

/* Only for bytes that are HTTP_CHAR_HEX. */
static inline unsigned fp_http_hex_value(uint8_t digit) {
  return digit <= '9' ? (unsigned)digit - '0' : ((unsigned)digit | 0x20) - 'a' + 10;
}

static inline uint8_t fp_http_lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte; }

/* Are two names of the same length the same, letter case aside? */
static inline int fp_http_same_name(const uint8_t *a, const uint8_t *b, size_t len) {
  if (len <= 8) return len == 0 || lower_word(load_short(a, len)) == lower_word(load_short(b, len));
  for (size_t at = 0; at + 8 < len; at += 8) {
    if (lower_word(load64(a + at)) != lower_word(load64(b + at))) return 0;
  }
  return lower_word(load64(a + len - 8)) == lower_word(load64(b + len - 8));
}

#endif
