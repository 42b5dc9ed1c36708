#include <fastpath/hash.h>

#include "bits.h"
#include "xxh64.h"

uint64_t fp_hash_xxh64(const uint8_t *data, size_t len, uint64_t seed) { return fp_xxh64(data, len, seed); }

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
