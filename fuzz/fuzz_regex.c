/*
 * fuzz_regex.c - regular expressions: the DFA, the threads of the program, backtracking and threads with groups say the
 * same; a set says what its regexes say; replacing matches by themselves changes nothing.
 *
 * The input: options, length of the pattern, the pattern, the text.
 */
#include <string.h>

#include "fuzz_check.h"
#include "regex_captures.h"

enum {
  LATIN1 = 1 << 0,
  REPEATED = 1 << 1,
  CHECK_SHIFT = 2
}; /* bits of the options; two say what is checked */
enum {
  GROUPS = 4,
  PATTERN_MAX = 255,
  TEXT_MAX = 4096
};

static fp_regex *compile(const fp_regex_limits *limits, const char *before, fp_span pattern, const char *behind) {
  uint8_t joined[PATTERN_MAX + 32];
  fp_regex *regex = NULL;
  fp_error error = {.code = FASTPATH_OK};
  size_t first = strlen(before), last = strlen(behind), len = first + pattern.len + last;
  memcpy(joined, before, first);
  if (pattern.len > 0) memcpy(joined + first, pattern.data, pattern.len);
  memcpy(joined + first + pattern.len, behind, last);
  uint8_t *exact = malloc(len > 0 ? len : 1); /* exactly sized, so that a read past the end shows */
  memcpy(exact, joined, len);
  fp_status status = fp_regex_new(exact, len, limits, &regex, &error);
  free(exact);
  if (status == FASTPATH_OK) return regex;
  FUZZ_CHECK(status == FASTPATH_ERR_CONFIG_REGEX && error.code == status && error.position <= len);
  FUZZ_CHECK(error.message[0] != '\0');
  return NULL;
}

static fp_status full_match(const fp_regex *regex, fp_span text) {
  fp_status status = fp_regex_full_match(regex, text.data, text.len);
  FUZZ_CHECK(status == FASTPATH_OK || status == FASTPATH_NONE);
  return status;
}

static void check_prefix(const fp_regex *regex, fp_span text) {
  fp_span prefix = fp_regex_literal_prefix(regex);
  FUZZ_CHECK(text.len >= prefix.len && (prefix.len == 0 || memcmp(text.data, prefix.data, prefix.len) == 0));
  if (fp_regex_is_literal(regex)) FUZZ_CHECK(text.len == prefix.len);
}

/* Both ways to the groups, whatever the text's length would choose. */
static fp_status check_search(const fp_regex *regex, fp_span text, size_t start) {
  size_t slots[2 * GROUPS], others[2 * GROUPS];
  uint32_t count = regex->group_count + 1 < GROUPS ? regex->group_count + 1 : GROUPS;
  for (size_t i = 0; i < 2 * GROUPS; i++) slots[i] = others[i] = SIZE_MAX;
  const fp_regex_search_state search = {regex, text.data, text.len, start, slots, 2 * count};
  const fp_regex_search_state other = {regex, text.data, text.len, start, others, 2 * count};
  fp_status status = fp_regex_pike(&search);
  FUZZ_CHECK(status == FASTPATH_OK || status == FASTPATH_NONE);
  if (fp_regex_may_backtrack(&other)) {
    FUZZ_CHECK(fp_regex_backtrack(&other) == status);
    FUZZ_CHECK(status == FASTPATH_NONE || memcmp(slots, others, sizeof slots) == 0);
  }
  if (status == FASTPATH_OK) FUZZ_CHECK(slots[0] >= start && slots[0] <= slots[1] && slots[1] <= text.len);
  for (uint32_t i = 1; i < count && status == FASTPATH_OK; i++)
    FUZZ_CHECK(slots[2 * i] == SIZE_MAX || (slots[2 * i] <= slots[2 * i + 1] && slots[2 * i + 1] <= slots[1]));
  return status;
}

static void check_replacing(const fp_regex *regex, fp_span text) {
  uint8_t result[TEXT_MAX];
  size_t len, replaced;
  fp_status status = fp_regex_replace_all(regex, (const uint8_t *)"\\0", 2, text.data, text.len, result, sizeof result,
                                          &len, &replaced);
  FUZZ_CHECK(len == text.len);
  FUZZ_CHECK(status == FASTPATH_NONE || (replaced > 0 && (len == 0 || memcmp(result, text.data, len) == 0)));
}

static void check_set(const fp_regex_limits *limits, fp_regex *regex, fp_span pattern, fp_span text) {
  static const char *const around[][2] = {{"(?:", ")|a"}, {"", "b"}, {"(?s).*", ""}, {"[^/]+|", ""}};
  enum {
    COUNT = 1 + sizeof around / sizeof *around
  };
  fp_regex *regexes[COUNT] = {regex};
  fp_regex_set *set;
  uint32_t ids[COUNT];
  size_t known = 1, count, at = 0;
  for (size_t i = 0; i + 1 < COUNT; i++) {
    regexes[known] = compile(limits, around[i][0], pattern, around[i][1]);
    known += regexes[known] != NULL;
  }
  FUZZ_CHECK(fp_regex_set_new(regexes, known, limits, &set, NULL) == FASTPATH_OK);
  fp_status status = fp_regex_set_match(set, text.data, text.len, 0, FASTPATH_REGEX_ID_END, ids, COUNT, &count);
  FUZZ_CHECK(status == (count > 0 ? FASTPATH_OK : FASTPATH_NONE));
  for (uint32_t id = 0; id < known; id++) {
    int listed = at < count && ids[at] == id;
    FUZZ_CHECK(listed == (full_match(regexes[id], text) == FASTPATH_OK));
    at += listed != 0;
  }
  FUZZ_CHECK(at == count);
  fp_regex_set_unref(set);
  for (size_t i = 1; i < known; i++) fp_regex_unref(regexes[i]);
}

/* The DFA against the threads of the program. */
static void check_full_match(const fp_regex_limits *limits, fp_regex *regex, fp_span pattern, fp_span text) {
  fp_regex_limits none = *limits;
  none.max_dfa_states = 0;
  fp_regex *without = compile(&none, "", pattern, "");
  FUZZ_CHECK(without != NULL);
  fp_status status = full_match(regex, text);
  FUZZ_CHECK(full_match(without, text) == status);
  if (status == FASTPATH_OK) {
    check_prefix(regex, text);
    check_prefix(without, text);
    FUZZ_CHECK(check_search(regex, text, 0) == FASTPATH_OK);
  }
  fp_regex_unref(without);
}

/* Searching for what is anchored at both ends against the full match. */
static void check_anchored(const fp_regex_limits *limits, fp_regex *regex, fp_span pattern, fp_span text) {
  fp_regex *anchored = compile(limits, "\\A(?:", pattern, ")\\z");
  /* A pattern may leave a quotation open that swallows the anchor. */
  if (anchored != NULL) FUZZ_CHECK(check_search(anchored, text, 0) == full_match(regex, text));
  (void)check_search(regex, text, text.len / 3);
  fp_regex_unref(anchored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  fp_regex_limits limits;
  if (len < 2 || len > 600 || data[1] > len - 2) return 0;
  fp_regex_limits_default(&limits);
  limits.encoding = data[0] & LATIN1 ? FASTPATH_REGEX_LATIN1 : FASTPATH_REGEX_UTF8;
  limits.max_instructions = 500;
  limits.max_dfa_states = 100;
  const fp_span pattern = {data + 2, data[1]};
  fp_regex *regex = compile(&limits, "", pattern, "");
  if (regex == NULL) return 0;
  size_t piece = len - 2 - pattern.len, times = data[0] & REPEATED && piece > 0 ? 1 + 200 / piece : 1;
  uint8_t *text = malloc(piece * times > 0 ? piece * times : 1);
  for (size_t i = 0; i < times && piece > 0; i++) memcpy(text + i * piece, pattern.data + pattern.len, piece);
  const fp_span whole = {text, piece * times};
  switch (data[0] >> CHECK_SHIFT & 3) {
    case 0: check_full_match(&limits, regex, pattern, whole); break;
    case 1: check_anchored(&limits, regex, pattern, whole); break;
    case 2: check_replacing(regex, whole); break;
    default: check_set(&limits, regex, pattern, whole);
  }
  free(text);
  fp_regex_unref(regex);
  return 0;
}
