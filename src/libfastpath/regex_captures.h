/* regex_captures.h - search with groups: the leftmost match, and of those the one preferred by the pattern. */
#ifndef FASTPATH_INTERNAL_REGEX_CAPTURES_H
#define FASTPATH_INTERNAL_REGEX_CAPTURES_H

#include "regex.h"

/* A search that is under way. Slots are pairs of positions, SIZE_MAX where nothing was matched. */
typedef struct fp_regex_search_state {
  const fp_regex *regex;
  const uint8_t *text;
  size_t len, start;
  size_t *slots; /* the answer */
  uint32_t slot_count; /* even, at least 2 */
} fp_regex_search_state;

/* Where a match may begin, from `at` on; SIZE_MAX when nowhere. */
size_t fp_regex_next_begin(const fp_regex_search_state *search, size_t at);

/* May fp_regex_backtrack be asked? Its bits of memory must not become too many. */
bool fp_regex_may_backtrack(const fp_regex_search_state *search);

/* One path after the other, none twice from the same place. OK, NONE or MEMORY. */
fp_status fp_regex_backtrack(const fp_regex_search_state *search);

/* All paths side by side, in order of preference. OK, NONE or MEMORY. */
fp_status fp_regex_pike(const fp_regex_search_state *search);

#endif
