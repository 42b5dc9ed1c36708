/* http_names.h - the well-known field names and the hash that finds them. Made by tools/http_names.py. */
#ifndef FASTPATH_INTERNAL_HTTP_NAMES_H
#define FASTPATH_INTERNAL_HTTP_NAMES_H

#include <fastpath/http.h>

#include "bits.h"
#include "http_names_table.h"

#define HTTP_NAME_PADDED 32

/* Slot of the hash -> id, 0 where no name lives. */
FASTPATH_HIDDEN extern const uint8_t fp_http_name_slots[1 << HTTP_NAME_SLOT_BITS];

/* Per id the lower-case name, filled up with colons: one compare finds both the name and its end. */
FASTPATH_HIDDEN extern const uint8_t fp_http_name_folded[HTTP_NAME_COUNT + 1][HTTP_NAME_PADDED];

/*
 * The slot of a name of two bytes or more. `head` holds its first eight bytes, padded with zeros; `tail` the last four
 * of CRLF and the name, so that a parser may load them from where the name stands. Both are little-endian, bit 0x20 set
 * in each byte.
 */
static inline uint32_t fp_http_name_slot(uint64_t head, uint32_t tail, uint64_t len) {
  uint64_t mixed = head * HTTP_NAME_HEAD_FACTOR + (tail | len << 32) * HTTP_NAME_TAIL_FACTOR;
  return (uint32_t)(mixed >> (64 - HTTP_NAME_SLOT_BITS));
}

#endif
