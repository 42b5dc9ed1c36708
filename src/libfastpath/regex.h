/* regex.h - what a regex is made of. */
#ifndef FASTPATH_INTERNAL_REGEX_H
#define FASTPATH_INTERNAL_REGEX_H

#include <stdatomic.h>

#include "regex_dfa.h"

struct fp_regex {
  _Atomic size_t references;
  fp_regex_program program;
  fp_regex_dfa *dfa; /* NULL: it would be too large */
  uint8_t *pattern;
  size_t pattern_len;
  uint8_t *prefix; /* without a DFA: what every match begins with */
  size_t prefix_len;
  fp_regex_name *names; /* of group i + 1, in the pattern */
  uint32_t group_count;
  uint64_t first[4];    /* the bytes that a match can begin with behind the text's beginning, as bits */
  bool begins_anywhere; /* a match may be empty: `first` says nothing */
  bool anchored;        /* a match begins where the text does */
};

/* Does the program match the whole text? OK, NONE or MEMORY. */
fp_status fp_regex_run(const fp_regex_program *program, const uint8_t *text, size_t len);

#endif
