/*
 * numbered_keys.c - what keys share is hashed once, and numbers count up in a register: a hash that reads bytes which were
 * just written has to wait for them.
 *
 *   10.0.0.1:80_123      text up to the underscore: whole words of it are the same for all numbers of as many digits
 *   |------||-----|      the tail: what is left of the text, and the digits; at most 14 bytes
 */
#include "numbered_keys.h"

#include <fastpath/hash.h>
#include <stdbool.h>

#include "xxh64.h"

/* What MurmurHash2 is started with in libstdc++, and so in Envoy. */
#define MURMUR_SEED 0xC70F6907u

/* Digits in ASCII, the first in the lowest byte. */
typedef struct decimal {
  uint64_t digits;
  unsigned count;
} decimal;

static decimal decimal_of(uint32_t number) {
  decimal made = {(uint64_t)'0' + number % 10, 1};
  for (number /= 10; number > 0; number /= 10) {
    made.digits = made.digits << 8 | ('0' + number % 10);
    made.count++;
  }
  return made;
}

/* Keys of as many digits, ready for the numbers. */
typedef struct prefix {
  uint64_t hash;  /* of all words before the tail */
  uint64_t start; /* of the tail */
  unsigned start_len;
  unsigned tail_len;
} prefix;

/* False when a stripe has some of the digits. */
static bool prefix_init(prefix *self, const uint8_t *text, size_t len, unsigned digits) {
  const size_t whole = len + digits;
  size_t at = whole / XXH64_STRIPE * XXH64_STRIPE;
  if (at > len) return false;
  self->hash = fp_xxh64_begin(text, whole, 0);
  for (; at + 8 <= len; at += 8) self->hash = fp_xxh64_word(self->hash, load64(text + at));
  self->start = 0;
  self->start_len = (unsigned)(len - at);
  self->tail_len = self->start_len + digits;
  for (size_t i = len; i > at; i--) self->start = self->start << 8 | text[i - 1];
  return true;
}

static inline uint64_t hash_number(const prefix *self, uint64_t digits) {
  uint64_t hash = self->hash, word = self->start | digits << 8 * self->start_len;
  unsigned left = self->tail_len;
  if (left >= 8) {
    hash = fp_xxh64_word(hash, word);
    word = digits >> (64 - 8 * self->start_len); /* which is not 0, since digits are fewer than 8 */
    left -= 8;
  }
  if (left >= 4) {
    hash = fp_xxh64_half(hash, (uint32_t)word);
    word >>= 32;
    left -= 4;
  }
  for (; left > 0; left--, word >>= 8) hash = fp_xxh64_byte(hash, (uint8_t)word);
  return fp_xxh64_end(hash);
}

static uint64_t hash_text(fp_lb_hash_function function, uint8_t *text, size_t len, decimal number) {
  for (unsigned i = 0; i < number.count; i++) text[len + i] = (uint8_t)(number.digits >> 8 * i);
  len += number.count;
  return function == FASTPATH_LB_XX_HASH ? fp_xxh64(text, len, 0) : fp_hash_murmur64a(text, len, MURMUR_SEED);
}

/* Numbers that differ in the last digit only. */
static void hash_ten(const prefix *self, decimal number, uint32_t count, uint64_t *hashes) {
  const uint64_t one = UINT64_C(1) << 8 * (number.count - 1);
  for (uint32_t i = 0; i < count; i++) hashes[i] = hash_number(self, number.digits + i * one);
}

void fp_numbered_keys_hash(fp_lb_hash_function function, uint8_t *text, size_t key_len, uint32_t first, uint32_t end,
                           uint64_t *hashes) {
  const size_t len = key_len + 1;
  unsigned digits = 0;
  bool has_prefix = false;
  prefix shared;
  text[key_len] = '_';
  for (uint32_t at = first, next; at < end; hashes += next - at, at = next) {
    const decimal number = decimal_of(at);
    next = at - at % 10 + 10 < end ? at - at % 10 + 10 : end;
    if (number.count != digits) {
      digits = number.count;
      has_prefix = function == FASTPATH_LB_XX_HASH && prefix_init(&shared, text, len, digits);
    }
    if (has_prefix) {
      hash_ten(&shared, number, next - at, hashes);
      continue;
    }
    for (uint32_t i = 0; i < next - at; i++) hashes[i] = hash_text(function, text, len, decimal_of(at + i));
  }
}
