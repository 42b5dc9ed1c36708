/* test_regex_search.c - search with groups, substitutions, replacing all: what RE2 finds, by both of our ways to it. */
#include "regex_captures.h"
#include "regex_check.h"

static fp_regex_group groups[4];
static uint8_t result[256];

/* "0-2 - 1-2": the whole match and the groups, a '-' for one that took no part. */
static void check_groups(const char *pattern, const char *text, size_t start, const char *expected) {
  char found[200] = "none";
  size_t at = 0, len = strlen(text);
  fp_regex *regex = regex_of(pattern, strlen(pattern), NULL);
  size_t count = (size_t)fp_regex_group_count(regex) + 1;
  CHECK(count <= 4);
  if (fp_regex_search(regex, (const uint8_t *)text, len, start, groups, count) == FASTPATH_OK) {
    for (size_t i = 0; i < count; i++) {
      if (groups[i].begin == SIZE_MAX) {
        at += (size_t)sprintf(found + at, "- ");
      } else {
        at += (size_t)sprintf(found + at, "%zu-%zu ", groups[i].begin, groups[i].end);
      }
    }
    found[at - 1] = '\0';
  }
  if (strcmp(found, expected) != 0) {
    fprintf(stderr, "\"%s\" in \"%s\" from %zu: %s, expected %s\n", pattern, text, start, found, expected);
    exit(1);
  }
  /* The other way. */
  size_t slots[8];
  for (size_t i = 0; i < 8; i++) slots[i] = SIZE_MAX;
  const fp_regex_search_state search = {regex, (const uint8_t *)text, len, start, slots, (uint32_t)(2 * count)};
  fp_status status = fp_regex_pike(&search);
  CHECK_EQ(status == FASTPATH_OK, strcmp(expected, "none") != 0);
  for (size_t i = 0; i < count && status == FASTPATH_OK; i++)
    CHECK(slots[2 * i] == groups[i].begin && slots[2 * i + 1] == groups[i].end);
  fp_regex_unref(regex);
}

static void finds_the_leftmost_match(void) {
  check_groups("b+", "abbab", 0, "1-3");
  check_groups("b+", "abbab", 2, "2-3");
  check_groups("b+", "abbab", 3, "4-5");
  check_groups("c", "abbab", 0, "none");
  check_groups("", "ab", 2, "2-2");
  check_groups("^b", "ab", 1, "none");
  check_groups("\\bb", "ab", 1, "none");
  check_groups("(?m)^b", "a\nb", 1, "2-3");
  check_groups("$", "ab", 0, "2-2");
}

static void prefers_as_the_pattern_does(void) {
  check_groups("a|ab", "ab", 0, "0-1");
  check_groups("ab|a", "ab", 0, "0-2");
  check_groups("(a|ab)(c|bcd)(d*)", "abcd", 0, "0-4 0-1 1-4 4-4");
  check_groups("a*?", "aa", 0, "0-0");
  check_groups("(?U)a+", "aa", 0, "0-1");
  check_groups("a{1,2}?(a*)", "aaa", 0, "0-3 1-3");
  check_groups("(a*)+", "aab", 0, "0-2 0-2");
  check_groups("(a|b)*", "ab", 0, "0-2 1-2");
  check_groups("(|a)*", "aa", 0, "0-0 0-0");
  check_groups("(|a)+", "aa", 0, "0-0 0-0");
  check_groups("(a|)+", "aa", 0, "0-2 1-2");
  check_groups("(a)|(b)", "b", 0, "0-1 - 0-1");
  check_groups("(a){0}b", "b", 0, "0-1 -");
  check_groups("(a){2}", "aa", 0, "0-2 1-2");
  check_groups("((a)|b)+", "ab", 0, "0-2 1-2 0-1");
}

/* The ranges of a class that is part of an alternation within another one were once lost. */
static void nested_alternations_keep_their_classes(void) {
  check_groups("(?:(?:a|K|/|(?:\\A|(\\A)|\xce\xb1|x))|[a-c]|(?:\\Qa.b\\E)|(\xc3\xa9{0,2}?){0,2}?)", "0 Kc", 2,
               "2-3 - -");
}

static void groups_beyond_those_of_the_pattern_took_no_part(void) {
  fp_regex *regex = regex_of("(a)", 3, NULL);
  CHECK_EQ(fp_regex_search(regex, (const uint8_t *)"ba", 2, 0, groups, 4), FASTPATH_OK);
  CHECK(groups[1].begin == 1 && groups[2].begin == SIZE_MAX && groups[3].end == SIZE_MAX);
  CHECK_EQ(fp_regex_search(regex, (const uint8_t *)"ba", 2, 0, NULL, 0), FASTPATH_OK);
  CHECK_EQ(fp_regex_search(regex, (const uint8_t *)"ba", 2, 3, groups, 1), FASTPATH_ERR_ARGUMENT);
  fp_regex_unref(regex);
}

static void time_is_linear_in_the_text(void) {
  static const char *const patterns[] = {"(a+)+$b", "((a*)*)*b", "(?:a|aa)+(b)", "(.*)(.*)b", "(?:a?){30}a{30}b"};
  static char text[20000];
  memset(text, 'a', sizeof text);
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    fp_regex *regex = regex_of(patterns[i], strlen(patterns[i]), NULL);
    CHECK_EQ(fp_regex_search(regex, (const uint8_t *)text, i == 3 ? 300 : sizeof text, 0, groups, 3), FASTPATH_NONE);
    fp_regex_unref(regex);
  }
}

/* ---- replacing */

static void check_replaced(const char *pattern, const char *substitution, const char *text, const char *expected,
                           size_t times) {
  size_t len = 0, replaced = 99;
  fp_regex *regex = regex_of(pattern, strlen(pattern), NULL);
  fp_status status = fp_regex_replace_all(regex, (const uint8_t *)substitution, strlen(substitution),
                                          (const uint8_t *)text, strlen(text), result, sizeof result, &len, &replaced);
  CHECK_EQ(replaced, times);
  CHECK_EQ(status, times > 0 ? FASTPATH_OK : FASTPATH_NONE);
  CHECK_EQ(len, strlen(expected));
  if (times > 0) check_bytes(__FILE__, __LINE__, pattern, result, len, expected, strlen(expected));
  fp_regex_unref(regex);
}

static void replaces_every_match(void) {
  check_replaced("^/old/(.*)$", "/new/\\1", "/old/a/b", "/new/a/b", 1);
  check_replaced("(a)(b)?", "<\\2\\1\\0>", "abxa", "<baab>x<aa>", 2);
  check_replaced("/", "\\\\", "/a/", "\\a\\", 2);
  check_replaced("b", "", "abba", "aa", 2);
  check_replaced("c", "x", "abba", "abba", 0);
  check_replaced("^", "x", "aa", "xaa", 1);
}

static void empty_matches_pass_over_code_points(void) {
  check_replaced("", "-", "a\xc3\xa9", "-a-\xc3\xa9-", 3);
  check_replaced("b*", "-", "abba", "-a-a-", 3);
  check_replaced("a*", "-", "baac", "-b-c-", 3);
  check_replaced("", "-", "\xff\xc3", "-\xff-\xc3-", 3);
  check_replaced("(?:)", "-", "", "-", 1);
}

static void the_length_is_told_when_there_is_no_room(void) {
  fp_regex *regex = regex_of("a", 1, NULL);
  size_t len = 0;
  memset(result, '?', sizeof result);
  CHECK_EQ(fp_regex_replace_all(regex, (const uint8_t *)"xyz", 3, (const uint8_t *)"aba", 3, result, 4, &len, NULL),
           FASTPATH_OK);
  CHECK_EQ(len, 7);
  CHECK_EQ(result[4], '?');
  CHECK_EQ(fp_regex_replace_all(regex, (const uint8_t *)"xyz", 3, (const uint8_t *)"aba", 3, NULL, 0, &len, NULL),
           FASTPATH_OK);
  CHECK_EQ(len, 7);
  CHECK_EQ(fp_regex_replace_all(regex, (const uint8_t *)"\\1", 2, (const uint8_t *)"aba", 3, result, 9, &len, NULL),
           FASTPATH_ERR_ARGUMENT);
  fp_regex_unref(regex);
}

static void check_substitution(const char *substitution, size_t position, const char *message) {
  fp_regex *regex = regex_of("(a)(b)", 6, NULL);
  fp_error error = {.code = FASTPATH_OK};
  const uint8_t *data = (const uint8_t *)substitution;
  fp_status status = fp_regex_check_substitution(regex, data, strlen(substitution), &error);
  CHECK_EQ(status, message == NULL ? FASTPATH_OK : FASTPATH_ERR_CONFIG_REGEX);
  CHECK(message == NULL || (strstr(error.message, message) != NULL && error.position == position));
  fp_regex_unref(regex);
}

static void bad_substitutions_are_refused(void) {
  check_substitution("", 0, NULL);
  check_substitution("\\0\\2\\\\$1", 0, NULL);
  check_substitution("a\\", 1, "may not end with a backslash");
  check_substitution("ab\\x", 2, "only a digit or a backslash");
  check_substitution("\\3", 0, "asks for group 3, but the regular expression has 2");
}

int main(void) {
  finds_the_leftmost_match();
  prefers_as_the_pattern_does();
  nested_alternations_keep_their_classes();
  groups_beyond_those_of_the_pattern_took_no_part();
  time_is_linear_in_the_text();
  replaces_every_match();
  empty_matches_pass_over_code_points();
  the_length_is_told_when_there_is_no_room();
  bad_substitutions_are_refused();
  return 0;
}
