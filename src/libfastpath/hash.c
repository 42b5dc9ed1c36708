#include <fastpath/hash.h>

#include "bits.h"

/* XXH64, from its specification: four lanes over 32-byte stripes, then the tail by 8, 4 and 1 bytes, then mixing. */

#define PRIME_1 0x9E3779B185EBCA87u
#define PRIME_2 0xC2B2AE3D27D4EB4Fu
#define PRIME_3 0x165667B19E3779F9u
#define PRIME_4 0x85EBCA77C2B2AE63u
#define PRIME_5 0x27D4EB2F165667C5u

static inline uint64_t rotate_left(uint64_t value, unsigned bits) { return value << bits | value >> (64 - bits); }

static inline uint64_t mix_lane(uint64_t lane, uint64_t input) {
  return rotate_left(lane + input * PRIME_2, 31) * PRIME_1;
}

static inline uint64_t merge_lane(uint64_t hash, uint64_t lane) {
  return (hash ^ mix_lane(0, lane)) * PRIME_1 + PRIME_4;
}

uint64_t fp_hash_xxh64(const uint8_t *data, size_t len, uint64_t seed) {
  uint64_t hash;
  size_t left = len;
  if (left >= 32) {
    uint64_t a = seed + PRIME_1 + PRIME_2, b = seed + PRIME_2, c = seed, d = seed - PRIME_1;
    do {
      a = mix_lane(a, load64(data));
      b = mix_lane(b, load64(data + 8));
      c = mix_lane(c, load64(data + 16));
      d = mix_lane(d, load64(data + 24));
      data += 32;
      left -= 32;
    } while (left >= 32);
    hash = rotate_left(a, 1) + rotate_left(b, 7) + rotate_left(c, 12) + rotate_left(d, 18);
    hash = merge_lane(hash, a);
    hash = merge_lane(hash, b);
    hash = merge_lane(hash, c);
    hash = merge_lane(hash, d);
  } else {
    hash = seed + PRIME_5;
  }
  hash += len;
  for (; left >= 8; left -= 8, data += 8) hash = rotate_left(hash ^ mix_lane(0, load64(data)), 27) * PRIME_1 + PRIME_4;
  if (left >= 4) {
    hash = rotate_left(hash ^ load32(data) * PRIME_1, 23) * PRIME_2 + PRIME_3;
    data += 4;
    left -= 4;
  }
  for (; left > 0; left--, data++) hash = rotate_left(hash ^ *data * PRIME_5, 11) * PRIME_1;
  hash = (hash ^ hash >> 33) * PRIME_2;
  hash = (hash ^ hash >> 29) * PRIME_3;
  return hash ^ hash >> 32;
}

#define MURMUR_MULTIPLIER 0xC6A4A7935BD1E995u

static inline uint64_t murmur_mix(uint64_t value) { return value ^ value >> 47; }

uint64_t fp_hash_murmur64a(const uint8_t *data, size_t len, uint64_t seed) {
  uint64_t hash = seed ^ len * MURMUR_MULTIPLIER;
  size_t left = len;
  for (; left >= 8; left -= 8, data += 8)
    hash = (hash ^ murmur_mix(load64(data) * MURMUR_MULTIPLIER) * MURMUR_MULTIPLIER) * MURMUR_MULTIPLIER;
  if (left > 0) {
    uint64_t tail = 0;
    while (left-- > 0) tail = tail << 8 | data[left];
    hash = (hash ^ tail) * MURMUR_MULTIPLIER;
  }
  return murmur_mix(murmur_mix(hash) * MURMUR_MULTIPLIER);
}

/* Four bits at a time: the table is short, and what is hashed too. */
uint32_t fp_hash_crc32(const uint8_t *data, size_t len, uint32_t crc) {
  static const uint32_t nibbles[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
                                       0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                       0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  crc = ~crc;
  for (size_t i = 0; i < len; i++) {
    crc ^= data[i];
    crc = crc >> 4 ^ nibbles[crc & 15];
    crc = crc >> 4 ^ nibbles[crc & 15];
  }
  return ~crc;
}
