/*
 * http_char_rows.h - classes of bytes in the shape that vector instructions look up.
 *
 * A class is sixteen rows, one per low half of a byte; bit h of a row says whether the byte with high half h belongs.
 * A shuffle finds the rows of sixteen or more bytes at a time.
 */
#ifndef FASTPATH_INTERNAL_HTTP_CHAR_ROWS_H
#define FASTPATH_INTERNAL_HTTP_CHAR_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "bits.h"

FASTPATH_HIDDEN extern const uint8_t fp_http_token_rows[16]; /* tchar: RFC 9110 5.6.2 */
FASTPATH_HIDDEN extern const uint8_t fp_http_host_rows[16];  /* reg-name without percent-encoding: RFC 3986 3.2.2 */

static inline bool fp_http_has_row(const uint8_t rows[16], uint8_t byte) {
  return byte < 0x80 && (rows[byte & 15] >> (byte >> 4) & 1) != 0;
}

#endif
