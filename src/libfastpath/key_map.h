/*
 * key_map.h - strings to numbers: by the whole string, or by the longest key that it begins with.
 *
 *   keys in order    "/"  "/a"  "/a/b"  "/b"      value "/a/c": the last key not above it is "/a/b", which is none of its
 *   parent            -    0      1      0        prefixes; the nearest parent that is no longer than what the two share
 *                                                 is "/a", the next shorter one its parent
 */
#ifndef FASTPATH_INTERNAL_KEY_MAP_H
#define FASTPATH_INTERNAL_KEY_MAP_H

#include <fastpath/base.h>
#include <stdbool.h>

#define FP_KEY_NONE UINT32_MAX

/* The bytes are the owner's of the map. */
typedef struct fp_key {
  const uint8_t *data;
  uint32_t len;
  uint32_t number;
  uint32_t parent; /* the longest of the other keys that this one begins with, or FP_KEY_NONE */
} fp_key;

/* Put keys in order and find their parents; the rest is set by the caller. False when one is there twice. */
bool fp_key_map_build(fp_key *keys, uint32_t count);

/* The place of the key that is this string, or FP_KEY_NONE. */
uint32_t fp_key_map_find(const fp_key *keys, uint32_t count, fp_span value);

/* The place of the longest key that the string begins with, or FP_KEY_NONE; its parents are the others. */
uint32_t fp_key_map_find_prefix(const fp_key *keys, uint32_t count, fp_span value);

#endif
