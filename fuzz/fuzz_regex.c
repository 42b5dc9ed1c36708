/*
 * A pattern and a text: all ways to match agree. The input: a byte of flags, the pattern's length, the pattern, the text.
 */
#include <fastpath/regex.h>
#include <stdint.h>
#include <string.h>

#include "fuzz_check.h"

enum {
  LATIN1 = 1
};

static uint8_t *copy_of(const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len == 0 ? 1 : len);
  FUZZ_CHECK(copy != NULL);
  if (len > 0) memcpy(copy, data, len);
  return copy;
}

static void check_groups(const fp_regex_group *groups, size_t count, size_t start, size_t len) {
  FUZZ_CHECK(groups[0].begin >= start && groups[0].begin <= groups[0].end && groups[0].end <= len);
  for (size_t i = 1; i < count; i++) {
    if (groups[i].begin == SIZE_MAX) continue;
    FUZZ_CHECK(groups[i].begin >= groups[0].begin && groups[i].begin <= groups[i].end);
    FUZZ_CHECK(groups[i].end <= groups[0].end);
  }
}

static void check_replacing(const fp_regex *regex, const uint8_t *text, size_t len) {
  static const uint8_t by[] = "<\\0>";
  size_t wanted, again, count;
  uint8_t *room;
  fp_status status = fp_regex_replace_all(regex, by, 4, text, len, NULL, 0, &wanted, &count);
  FUZZ_CHECK(status == FASTPATH_OK || status == FASTPATH_NONE);
  FUZZ_CHECK(status == FASTPATH_NONE ? wanted == len : wanted == len + 2 * count);
  room = malloc(wanted == 0 ? 1 : wanted);
  FUZZ_CHECK(room != NULL);
  FUZZ_CHECK(fp_regex_replace_all(regex, by, 4, text, len, room, wanted, &again, NULL) == status && again == wanted);
  free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fp_regex_limits limits, no_dfa;
  fp_regex *regex, *slow, *pair[2];
  fp_regex_set *set;
  fp_regex_group groups[4];
  uint8_t *pattern, *text;
  uint32_t ids[2];
  size_t pattern_len, text_len, count = 0;
  fp_status full, found;
  fp_span prefix;
  if (size < 2) return 0;
  fp_regex_limits_default(&limits);
  limits.encoding = data[0] & LATIN1 ? FASTPATH_REGEX_LATIN1 : FASTPATH_REGEX_UTF8;
  limits.max_instructions = 5000;
  no_dfa = limits;
  no_dfa.max_dfa_states = 0;
  pattern_len = data[1] < size - 2 ? data[1] : size - 2;
  text_len = size - 2 - pattern_len;
  pattern = copy_of(data + 2, pattern_len);
  text = copy_of(data + 2 + pattern_len, text_len);
  if (fp_regex_new(pattern, pattern_len, &limits, &regex, NULL) == FASTPATH_OK) {
    FUZZ_CHECK(fp_regex_new(pattern, pattern_len, &no_dfa, &slow, NULL) == FASTPATH_OK);
    full = fp_regex_full_match(regex, text, text_len);
    FUZZ_CHECK(full == FASTPATH_OK || full == FASTPATH_NONE);
    FUZZ_CHECK(fp_regex_full_match(slow, text, text_len) == full);
    prefix = fp_regex_literal_prefix(regex);
    if (full == FASTPATH_OK) {
      FUZZ_CHECK(prefix.len <= text_len && (prefix.len == 0 || memcmp(prefix.data, text, prefix.len) == 0));
    }
    found = fp_regex_search(regex, text, text_len, 0, groups, 4);
    if (full == FASTPATH_OK) FUZZ_CHECK(found == FASTPATH_OK && groups[0].begin == 0);
    if (found == FASTPATH_OK)
      check_groups(groups, 1 + (fp_regex_group_count(regex) < 3 ? fp_regex_group_count(regex) : 3), 0, text_len);
    check_replacing(regex, text, text_len);
    pair[0] = slow;
    pair[1] = regex;
    FUZZ_CHECK(fp_regex_set_new(pair, 2, &limits, &set, NULL) == FASTPATH_OK);
    FUZZ_CHECK(fp_regex_set_match(set, text, text_len, 0, FASTPATH_REGEX_ID_END, ids, 2, &count) == full);
    if (full == FASTPATH_OK) FUZZ_CHECK(count == 2 && ids[0] == 0 && ids[1] == 1);
    fp_regex_set_unref(set);
    fp_regex_unref(slow);
    fp_regex_unref(regex);
  }
  free(pattern);
  free(text);
  return 0;
}
