/* regex_check.h - regexes for tests: compiled from C strings, once with a DFA and once without. */
#ifndef FASTPATH_TESTS_REGEX_CHECK_H
#define FASTPATH_TESTS_REGEX_CHECK_H

#include <fastpath/regex.h>

#include "check.h"

static inline fp_regex *regex_of(const char *pattern, size_t len, const fp_regex_limits *limits) {
  fp_regex *regex = NULL;
  fp_error error = {.code = FASTPATH_OK};
  if (fp_regex_new((const uint8_t *)pattern, len, limits, &regex, &error) == FASTPATH_OK) return regex;
  fprintf(stderr, "\"%.*s\" is refused: %s\n", (int)len, pattern, error.message);
  exit(1);
}

static inline fp_regex_limits limits_without_dfa(void) {
  fp_regex_limits limits;
  fp_regex_limits_default(&limits);
  limits.max_dfa_states = 0;
  return limits;
}

/* Does the pattern match the whole text? Both engines have to say the same. */
static inline int full_match(const char *pattern, const char *text, size_t len) {
  const fp_regex_limits limits = limits_without_dfa();
  fp_regex *with = regex_of(pattern, strlen(pattern), NULL), *without = regex_of(pattern, strlen(pattern), &limits);
  fp_status status = fp_regex_full_match(with, (const uint8_t *)text, len);
  CHECK_EQ(fp_regex_full_match(without, (const uint8_t *)text, len), status);
  fp_regex_unref(with);
  fp_regex_unref(without);
  return status == FASTPATH_OK;
}

#define CHECK_MATCHES(pattern, text) CHECK(full_match(pattern, text, sizeof(text) - 1))
#define CHECK_DIFFERS(pattern, text) CHECK(!full_match(pattern, text, sizeof(text) - 1))

#endif
