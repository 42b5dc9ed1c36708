/* bits.h - small operations on words and bytes that have one instruction on most machines. */
#ifndef FASTPATH_INTERNAL_BITS_H
#define FASTPATH_INTERNAL_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define FASTPATH_INLINE static inline __attribute__((always_inline))
#define FASTPATH_NOINLINE __attribute__((noinline))
#define FASTPATH_PREFETCH(address) __builtin_prefetch(address)
#define FASTPATH_HIDDEN __attribute__((visibility("hidden"))) /* data reached without the loader's table */
#else
#define likely(condition) (condition)
#define unlikely(condition) (condition)
#define FASTPATH_INLINE static inline
#define FASTPATH_NOINLINE
#define FASTPATH_PREFETCH(address) ((void)(address))
#define FASTPATH_HIDDEN
#endif

/* The index of the lowest set bit; there must be one. */
static inline uint32_t first_bit(uint64_t word) {
#if defined(__GNUC__) || defined(__clang__)
  return (uint32_t)__builtin_ctzll(word);
#else
  uint32_t index = 0;
  while ((word >> index & 1) == 0) index++;
  return index;
#endif
}

/* The index of the highest set bit; there must be one. */
static inline uint32_t last_bit(uint64_t word) {
#if defined(__GNUC__) || defined(__clang__)
  return 63 - (uint32_t)__builtin_clzll(word);
#else
  uint32_t index = 63;
  while ((word >> index & 1) == 0) index--;
  return index;
#endif
}

/* As first_bit, but any number when no bit is set. */
static inline uint32_t first_bit_or_any(uint64_t word) {
#if defined(FASTPATH_BMI2)
  return (uint32_t)_tzcnt_u64(word);
#else
  return first_bit(word | UINT64_C(1) << 63);
#endif
}

static inline uint32_t bit_count(uint64_t word) {
#if defined(FASTPATH_BMI2) || defined(__aarch64__)
  return (uint32_t)__builtin_popcountll(word);
#else
  word -= word >> 1 & UINT64_C(0x5555555555555555);
  word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
  word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
#endif
}

/* The lowest `count` bits set; all from 64 on. */
static inline uint64_t low_bits(uint64_t count) { return count < 64 ? (UINT64_C(1) << count) - 1 : ~UINT64_C(0); }

/* Only the lowest `count` bytes of a word, all of it from 8 on. count < 32. */
static inline uint64_t low_bytes(uint64_t word, uint64_t count) {
#if defined(FASTPATH_BMI2)
  return _bzhi_u64(word, (uint32_t)count * 8);
#else
  return word & low_bits(8 * count);
#endif
}

/* Loads from any address; the first byte is the lowest. */
static inline uint64_t load64(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

static inline uint32_t load32(const uint8_t *at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap32(word);
#endif
  return word;
}

static inline void store64(uint8_t *at, uint64_t word) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  memcpy(at, &word, 8);
}

/* 'A'..'Z' of eight bytes to lower case; no carry crosses from one byte to the next. */
static inline uint64_t lower_word(uint64_t word) {
  const uint64_t ones = 0x0101010101010101u, low7 = word & (0x7f * ones);
  const uint64_t from_a = low7 + (0x80 - 'A') * ones, after_z = low7 + (0x80 - 'Z' - 1) * ones;
  const uint64_t capital = (from_a & ~after_z & ~word) & (0x80 * ones);
  return word | capital >> 2;
}

/*
 * All of 1 to 8 bytes in a word; two of the same length have the same word when they are the same. Where there are fewer
 * than 8, some come twice.
 */
static inline uint64_t load_short(const uint8_t *at, size_t len) {
  if (len >= 8) return load64(at);
  if (len >= 4) return load32(at) | (uint64_t)load32(at + len - 4) << 32;
  return at[0] | (uint64_t)at[len / 2] << 8 | (uint64_t)at[len - 1] << 16;
}

/* A bit for each of the eight bytes of a word that is equal to `byte`, the lowest for the lowest. */
static inline uint64_t equal_bytes(uint64_t word, uint8_t byte) {
  const uint64_t ones = 0x0101010101010101u, differ = word ^ ones * byte;
  const uint64_t equal = ~(((differ & 0x7f * ones) + 0x7f * ones) | differ) & 0x80 * ones;
  return (equal >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* A hash with a word taken in; its upper half is the better one. */
static inline uint64_t mix_word(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ hash >> 29;
}

/* Both halves of a product, together. */
static inline uint64_t fold_product(uint64_t a, uint64_t b) {
  const unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Copies up to 16 bytes by loads that stay inside them. */
static inline void copy_16(uint8_t *to, const uint8_t *from, size_t len) {
  if (len == 16) {
    memcpy(to, from, 16);
  } else if (len >= 8) {
    memcpy(to, from, 8);
    memcpy(to + len - 8, from + len - 8, 8);
  } else if (len >= 4) {
    memcpy(to, from, 4);
    memcpy(to + len - 4, from + len - 4, 4);
  } else {
    for (size_t i = 0; i < len; i++) to[i] = from[i];
  }
}

/* As load_short, of any number of bytes: 0 of none, the first 8 of more. */
static inline uint64_t load_beginning(const uint8_t *at, size_t len) { return len == 0 ? 0 : load_short(at, len); }

/* Whether two texts of the same length are the same, for short ones: no call, and hardly a branch. */
static inline bool same_bytes(const uint8_t *a, const uint8_t *b, size_t len) {
  if (len <= 8) return len == 0 || load_short(a, len) == load_short(b, len);
  for (size_t at = 0; at + 8 < len; at += 8) {
    if (load64(a + at) != load64(b + at)) return false;
  }
  return load64(a + len - 8) == load64(b + len - 8);
}

/* Where the second of four words begins that cover 8 to 32 bytes: at 0, there, as far before the last one, at the end. */
static inline size_t second_of_four(size_t len) { return len < 16 ? len - 8 : 8; }

/* same_bytes for 8 to 32 of them, without a branch but for the length. */
static inline bool same_by_four(const uint8_t *a, const uint8_t *b, size_t len) {
  const size_t second = second_of_four(len), last = len - 8;
  return ((load64(a) ^ load64(b)) | (load64(a + second) ^ load64(b + second)) |
          (load64(a + last - second) ^ load64(b + last - second)) | (load64(a + last) ^ load64(b + last))) == 0;
}

/* same_bytes where the load_beginning of `b` is known, so that short ones are compared without it. */
static inline bool same_beginning(const uint8_t *a, uint64_t beginning, const uint8_t *b, size_t len) {
  if (likely(len - 1 < 8)) return load_short(a, len) == beginning;
  return len == 0 || (load64(a) == beginning && same_bytes(a + 8, b + 8, len - 8));
}

#endif
