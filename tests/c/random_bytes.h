/* random_bytes.h - where random tables and requests come from: a generator with a seed, or a fuzzer's input. */
#ifndef FASTPATH_TESTS_RANDOM_BYTES_H
#define FASTPATH_TESTS_RANDOM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  const uint8_t *input; /* NULL: generated from `state` */
  size_t left;
  uint64_t state;
} random_source;

static inline uint64_t random_word(random_source *from) { /* splitmix64 */
  uint64_t z = from->state += 0x9e3779b97f4a7c15u;
  if (from->input != NULL) {
    for (z = 0; from->left > 0 && z < UINT64_MAX >> 8; from->left--) z = z << 8 | *from->input++;
    return z;
  }
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/* A number below the limit, which is at most 65536; 0 when the input has come to its end. */
static inline size_t below(random_source *from, size_t limit) {
  size_t number = 0;
  if (from->input == NULL) return (size_t)(random_word(from) % limit);
  for (size_t wide = 1; wide < limit && from->left > 0; wide <<= 8, from->left--) {
    number = number << 8 | *from->input++;
  }
  return number % limit;
}

static inline bool one_in(random_source *from, size_t count) { return below(from, count) == count - 1; }

static inline bool is_exhausted(const random_source *from) { return from->input != NULL && from->left == 0; }

static inline uint8_t random_letter(random_source *from, const char *of) {
  return (uint8_t)of[below(from, strlen(of))];
}

static inline const char *random_word_of(random_source *from, const char *const *words, size_t count) {
  return words[below(from, count)];
}

#endif
