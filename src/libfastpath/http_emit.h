/* http_emit.h - putting bytes one after the other into room that was measured before. */
#ifndef FASTPATH_INTERNAL_HTTP_EMIT_H
#define FASTPATH_INTERNAL_HTTP_EMIT_H

#include <stdint.h>
#include <string.h>

#include <fastpath/base.h>

#define HTTP_DIGITS_MAX 20 /* of a uint64_t */

static inline uint8_t *fp_emit(uint8_t *to, const void *data, size_t len) {
  if (len > 0) memcpy(to, data, len);
  return to + len;
}

static inline uint8_t *fp_emit_span(uint8_t *to, fp_span span) { return fp_emit(to, span.data, span.len); }

/* For string literals only. */
#define FP_EMIT_LITERAL(to, literal) fp_emit((to), (literal), sizeof(literal) - 1)

static inline uint8_t *fp_emit_number(uint8_t *to, uint64_t number) {
  uint8_t digits[HTTP_DIGITS_MAX];
  size_t at = sizeof digits;
  do {
    digits[--at] = (uint8_t)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  return fp_emit(to, digits + at, sizeof digits - at);
}

/* A value without the blanks around it, which are not part of it (RFC 9110 5.5). */
static inline fp_span fp_trimmed(fp_span value) {
  while (value.len > 0 && (value.data[0] == ' ' || value.data[0] == '\t')) value.data++, value.len--;
  while (value.len > 0 && (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t')) value.len--;
  return value;
}

#endif
