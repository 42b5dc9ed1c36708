/* xxh64.h - XXH64 inline, for loops over many short texts; everybody else calls fp_hash_xxh64. */
#ifndef FASTPATH_INTERNAL_XXH64_H
#define FASTPATH_INTERNAL_XXH64_H

#include <stddef.h>

#include "bits.h"

/* XXH64, from its specification: four lanes over 32-byte stripes, then the tail by 8, 4 and 1 bytes, then mixing. */

#define XXH64_STRIPE 32

#define XXH64_PRIME_1 0x9E3779B185EBCA87u
#define XXH64_PRIME_2 0xC2B2AE3D27D4EB4Fu
#define XXH64_PRIME_3 0x165667B19E3779F9u
#define XXH64_PRIME_4 0x85EBCA77C2B2AE63u
#define XXH64_PRIME_5 0x27D4EB2F165667C5u

static inline uint64_t fp_rotate_left(uint64_t value, unsigned bits) { return value << bits | value >> (64 - bits); }

static inline uint64_t fp_xxh64_mix(uint64_t lane, uint64_t input) {
  return fp_rotate_left(lane + input * XXH64_PRIME_2, 31) * XXH64_PRIME_1;
}

static inline uint64_t fp_xxh64_merge(uint64_t hash, uint64_t lane) {
  return (hash ^ fp_xxh64_mix(0, lane)) * XXH64_PRIME_1 + XXH64_PRIME_4;
}

static inline uint64_t fp_xxh64_byte(uint64_t hash, uint8_t byte) {
  return fp_rotate_left(hash ^ byte * XXH64_PRIME_5, 11) * XXH64_PRIME_1;
}

static inline uint64_t fp_xxh64_half(uint64_t hash, uint32_t half) {
  return fp_rotate_left(hash ^ half * XXH64_PRIME_1, 23) * XXH64_PRIME_2 + XXH64_PRIME_3;
}

static inline uint64_t fp_xxh64_word(uint64_t hash, uint64_t word) {
  return fp_rotate_left(hash ^ fp_xxh64_mix(0, word), 27) * XXH64_PRIME_1 + XXH64_PRIME_4;
}

static inline uint64_t fp_xxh64_end(uint64_t hash) {
  hash = (hash ^ hash >> 33) * XXH64_PRIME_2;
  hash = (hash ^ hash >> 29) * XXH64_PRIME_3;
  return hash ^ hash >> 32;
}

/* Of whole stripes, at least one. Apart, so that short texts, which most keys are, need few registers. */
static FASTPATH_NOINLINE uint64_t fp_xxh64_stripes(const uint8_t *data, size_t stripes, uint64_t seed) {
  uint64_t a = seed + XXH64_PRIME_1 + XXH64_PRIME_2, b = seed + XXH64_PRIME_2, c = seed, d = seed - XXH64_PRIME_1, hash;
  for (; stripes > 0; stripes--, data += XXH64_STRIPE) {
    a = fp_xxh64_mix(a, load64(data));
    b = fp_xxh64_mix(b, load64(data + 8));
    c = fp_xxh64_mix(c, load64(data + 16));
    d = fp_xxh64_mix(d, load64(data + 24));
  }
  hash = fp_rotate_left(a, 1) + fp_rotate_left(b, 7) + fp_rotate_left(c, 12) + fp_rotate_left(d, 18);
  hash = fp_xxh64_merge(hash, a);
  hash = fp_xxh64_merge(hash, b);
  hash = fp_xxh64_merge(hash, c);
  return fp_xxh64_merge(hash, d);
}

/* Of a text of `len` bytes: all its stripes, which are read, and its length. */
static inline uint64_t fp_xxh64_begin(const uint8_t *data, size_t len, uint64_t seed) {
  const uint64_t hash = len >= XXH64_STRIPE ? fp_xxh64_stripes(data, len / XXH64_STRIPE, seed) : seed + XXH64_PRIME_5;
  return hash + len;
}

static inline uint64_t fp_xxh64(const uint8_t *data, size_t len, uint64_t seed) {
  uint64_t hash = fp_xxh64_begin(data, len, seed);
  size_t left = len % XXH64_STRIPE;
  data += len - left;
  for (; left >= 8; left -= 8, data += 8) hash = fp_xxh64_word(hash, load64(data));
  if (left >= 4) {
    hash = fp_xxh64_half(hash, load32(data));
    data += 4;
    left -= 4;
  }
  if (left > 0) hash = fp_xxh64_byte(hash, data[0]);
  if (left > 1) hash = fp_xxh64_byte(hash, data[1]);
  if (left > 2) hash = fp_xxh64_byte(hash, data[2]);
  return fp_xxh64_end(hash);
}

#endif
