/* check.h - the assertions of the C tests: they say where and what, and end the program with status 1. */
#ifndef FASTPATH_TESTS_CHECK_H
#define FASTPATH_TESTS_CHECK_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                           \
  do {                                                                             \
    if (!(condition)) check_failed(__FILE__, __LINE__, #condition " is not true"); \
  } while (0)

/* Integers and enums of any width. */
#define CHECK_EQ(actual, expected)                                                                     \
  do {                                                                                                 \
    long long check_actual = (long long)(actual), check_expected = (long long)(expected);              \
    if (check_actual != check_expected)                                                                \
      check_failed_values(__FILE__, __LINE__, #actual " == " #expected, check_actual, check_expected); \
  } while (0)

/* A run of bytes against a string literal, which may hold NULs. */
#define CHECK_BYTES(data, len, literal) \
  check_bytes(__FILE__, __LINE__, #data, (data), (len), (literal), sizeof(literal) - 1)

static inline void check_failed(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
  exit(1);
}

static inline void check_failed_values(const char *file, int line, const char *what, long long actual,
                                       long long expected) {
  fprintf(stderr, "%s:%d: %s: got %lld, expected %lld\n", file, line, what, actual, expected);
  exit(1);
}

static inline void check_bytes(const char *file, int line, const char *what, const void *actual, size_t actual_len,
                               const void *expected, size_t expected_len) {
  if (actual_len == expected_len && (actual_len == 0 || memcmp(actual, expected, actual_len) == 0)) return;
  fprintf(stderr, "%s:%d: %s: got \"%.*s\" (%zu bytes), expected \"%.*s\" (%zu bytes)\n", file, line, what,
          (int)actual_len, actual_len == 0 ? "" : (const char *)actual, actual_len, (int)expected_len,
          (const char *)expected, expected_len);
  exit(1);
}

#endif
