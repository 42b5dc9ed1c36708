/*
 * naive_regex.h - whether a small regex matches all of a text: literals, '\' before any byte, '.', classes, groups,
 * '|', '*', '+', '?'. Straight from what they mean: an expression takes the places where it may begin to those where it
 * may end. The pattern must be well-formed, with nothing repeated twice.
 */
#ifndef FASTPATH_TESTS_NAIVE_REGEX_H
#define FASTPATH_TESTS_NAIVE_REGEX_H

#include <fastpath/base.h>
#include <stdbool.h>
#include <string.h>

enum {
  NAIVE_REGEX_TEXT_MAX = 767
};

/* A bit for each place of the text and the one behind it. */
typedef struct {
  uint64_t bits[(NAIVE_REGEX_TEXT_MAX + 1) / 64];
} naive_places;

typedef struct {
  fp_span pattern;
  size_t read; /* of the pattern */
  fp_span text;
} naive_regex;

static bool naive_has_place(const naive_places *of, size_t at) { return of->bits[at / 64] >> at % 64 & 1; }

static bool naive_places_add(naive_places *to, const naive_places *more) {
  bool grown = false;
  for (size_t i = 0; i < sizeof to->bits / sizeof *to->bits; i++) {
    grown = grown || (more->bits[i] & ~to->bits[i]) != 0;
    to->bits[i] |= more->bits[i];
  }
  return grown;
}

/* Reads "[...]": whether it takes the byte. */
static bool naive_class_takes(naive_regex *of, int byte) {
  const bool negated = of->pattern.data[of->read] == '^';
  bool found = false;
  if (negated) of->read++;
  while (of->pattern.data[of->read] != ']') {
    const int low = of->pattern.data[of->read++];
    int high = low;
    if (of->pattern.data[of->read] == '-') {
      high = of->pattern.data[of->read + 1];
      of->read += 2;
    }
    found = found || (byte >= low && byte <= high);
  }
  of->read++;
  return found != negated;
}

static naive_places naive_alternatives(naive_regex *of, const naive_places *from);

static naive_places naive_atom(naive_regex *of, const naive_places *from) {
  const size_t start = of->read;
  uint8_t first = of->pattern.data[of->read++];
  naive_places to = {{0}};
  if (first == '(') {
    to = naive_alternatives(of, from);
    of->read++; /* ')' */
    return to;
  }
  if (first == '[') (void)naive_class_takes(of, 0);
  if (first == '\\') first = of->pattern.data[of->read++];
  for (size_t i = 0; i < of->text.len; i++) {
    const uint8_t byte = of->text.data[i];
    bool takes = byte == first;
    if (!naive_has_place(from, i)) continue;
    if (of->pattern.data[start] == '.') takes = byte != '\n';
    if (of->pattern.data[start] == '[') {
      naive_regex again = *of;
      again.read = start + 1;
      takes = naive_class_takes(&again, byte);
    }
    if (takes) to.bits[(i + 1) / 64] |= (uint64_t)1 << (i + 1) % 64;
  }
  return to;
}

static naive_places naive_repeated(naive_regex *of, const naive_places *from) {
  const size_t start = of->read;
  naive_places to = naive_atom(of, from), last = to;
  const uint8_t times = of->read < of->pattern.len ? of->pattern.data[of->read] : 0;
  const size_t after = of->read + 1;
  if (times != '*' && times != '+' && times != '?') return to;
  while (times != '?') {
    of->read = start;
    last = naive_atom(of, &last);
    if (!naive_places_add(&to, &last)) break;
    last = to;
  }
  if (times != '+') (void)naive_places_add(&to, from);
  of->read = after;
  return to;
}

static naive_places naive_alternatives(naive_regex *of, const naive_places *from) {
  naive_places all = {{0}};
  for (;;) {
    naive_places to = *from;
    while (of->read < of->pattern.len && of->pattern.data[of->read] != '|' && of->pattern.data[of->read] != ')') {
      to = naive_repeated(of, &to);
    }
    (void)naive_places_add(&all, &to);
    if (of->read == of->pattern.len || of->pattern.data[of->read] == ')') return all;
    of->read++;
  }
}

static bool naive_regex_ends_at(naive_regex *of, const naive_places *from, size_t at) {
  const naive_places ends = naive_alternatives(of, from);
  return naive_has_place(&ends, at);
}

static bool naive_regex_matches(fp_span pattern, fp_span text) {
  naive_regex of = {pattern, 0, text};
  naive_places start = {{1}};
  return text.len <= NAIVE_REGEX_TEXT_MAX && naive_regex_ends_at(&of, &start, text.len);
}

#endif
