/* http_names.h - the well-known field names and the hash that finds them. Made by tools/http_names.py. */
#ifndef FASTPATH_INTERNAL_HTTP_NAMES_H
#define FASTPATH_INTERNAL_HTTP_NAMES_H

#include <fastpath/http.h>

#include "http_names_table.h"

#define HTTP_NAME_PADDED 32

/* Slot of the hash -> id, 0 where no name lives. */
extern const uint8_t fp_http_name_slots[1 << HTTP_NAME_SLOT_BITS];

/* Per id the lower-case name, filled up with colons: one compare finds both the name and its end. */
extern const uint8_t fp_http_name_folded[HTTP_NAME_COUNT + 1][HTTP_NAME_PADDED];

/*
 * The slot of a name. `head` holds its first eight bytes, `tail` its last four (both fewer when the name is shorter,
 * then padded with zeros), as little-endian numbers with bit 0x20 set in each byte that is part of the name.
 */
static inline uint32_t fp_http_name_slot(uint64_t head, uint32_t tail, uint64_t len) {
  uint64_t mixed = head * HTTP_NAME_HEAD_FACTOR + (tail | len << 32) * HTTP_NAME_TAIL_FACTOR;
  return (uint32_t)(mixed >> (64 - HTTP_NAME_SLOT_BITS));
}

#endif
