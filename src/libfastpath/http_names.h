/* http_names.h - the well-known field names and the hash that finds them. Made by tools/http_names.py. */
#ifndef FASTPATH_INTERNAL_HTTP_NAMES_H
#define FASTPATH_INTERNAL_HTTP_NAMES_H

#include <fastpath/http.h>

#include "bits.h"
#include "http_names_table.h"

#define HTTP_NAME_PADDED 31

/* Where the hash leads to: one load tells which name it may be. Zeros where no name lives. */
typedef struct fp_http_name_entry {
  uint8_t folded[HTTP_NAME_PADDED]; /* lower case, filled up with colons: one compare finds the name and its end */
  uint8_t id;
} fp_http_name_entry;

/* What a scan needs to know a name by, in one piece so that one register reaches it all. */
typedef struct fp_http_name_index {
  fp_http_name_entry slots[1 << HTTP_NAME_SLOT_BITS];
  /* Per id what one field adds to a tally of eight byte-wide counters: 1 in counter `id` up to Expect, else nothing. */
  uint64_t tally[HTTP_NAME_COUNT + 1];
} fp_http_name_index;

FASTPATH_HIDDEN extern const fp_http_name_index fp_http_names;

/*
 * The slot of a name of two bytes or more. `head` holds its first eight bytes, padded with zeros; `tail` the last four
 * of CRLF and the name, so that a parser may load them from where the name stands. Both are little-endian, bit 0x20 set
 * in each byte.
 */
static inline uint32_t fp_http_name_slot(uint64_t head, uint32_t tail, uint32_t len) {
  uint64_t mixed = ((head ^ (uint64_t)tail << HTTP_NAME_TAIL_SHIFT) + len) * HTTP_NAME_FACTOR;
  return (uint32_t)(mixed >> (64 - HTTP_NAME_SLOT_BITS));
}

#endif
