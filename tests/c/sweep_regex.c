/* Scenarios of the failing-allocation sweep: regular expressions. */
#include "sweep.h"

static fp_regex *compile(const char *pattern, const fp_regex_limits *limits) {
  fp_regex *regex = NULL;
  TRY(fp_regex_new((const uint8_t *)pattern, strlen(pattern), limits, &regex, NULL), regex == NULL);
  return regex;
}

static void search_and_replace(const fp_regex *regex, const char *text, size_t len) {
  fp_regex_group groups[3];
  uint8_t result[16];
  size_t result_len, replaced;
  TRY(fp_regex_search(regex, (const uint8_t *)text, len, 0, groups, 3), true);
  CHECK(groups[1].end == groups[1].begin + 1);
  TRY(fp_regex_check_substitution(regex, (const uint8_t *)"\\1", 2, NULL), true);
  TRY(fp_regex_replace_all(regex, (const uint8_t *)"\\1", 2, (const uint8_t *)text, len, result, sizeof result,
                           &result_len, &replaced),
      true);
  CHECK_EQ(replaced, 1);
}

void sweep_regex(void) {
  static const char pattern[] = "^/(?P<first>[^/])/(?i:ab|cd|[^\\W\xc3\xa9]){2,3}\\b.*$";
  static char text[6000] = "/x/abcd ";
  memset(text + 8, 'y', sizeof text - 8);
  fp_regex *regex = compile(pattern, NULL);
  fp_span span = fp_regex_literal_prefix(regex);
  CHECK_BYTES(span.data, span.len, "/");
  CHECK_EQ(fp_regex_is_literal(regex), 0);
  span = fp_regex_pattern(regex);
  CHECK_EQ(span.len, strlen(pattern));
  CHECK(fp_regex_size(regex) > fp_regex_program_size(regex));
  CHECK_EQ(fp_regex_group_count(regex), 1);
  span = fp_regex_group_name(regex, 1);
  CHECK_BYTES(span.data, span.len, "first");
  CHECK_EQ(fp_regex_full_match(regex, (const uint8_t *)text, 12), FASTPATH_OK);
  search_and_replace(regex, text, 12);
  search_and_replace(regex, text, sizeof text);
  CHECK(fp_regex_ref(regex) == regex);
  fp_regex_unref(regex);
  fp_regex_unref(regex);
}

void sweep_regex_without_dfa(void) {
  fp_regex_limits limits;
  fp_regex_limits_default(&limits);
  limits.max_dfa_states = 2;
  fp_regex *regex = compile("/a(?:[a-c]{300}|b)*", &limits);
  fp_span span = fp_regex_literal_prefix(regex);
  CHECK_BYTES(span.data, span.len, "/a");
  TRY(fp_regex_full_match(regex, (const uint8_t *)"/abb", 4), true);
  fp_regex_unref(regex);
  regex = compile("(a|b)*x(a|b){400}y", &limits); /* many choices at once: more than a stack has room for */
  static char text[500];
  memset(text, 'a', sizeof text);
  fp_regex_group group;
  fp_status status = fp_regex_search(regex, (const uint8_t *)text, 200, 0, &group, 1);
  if (status == FASTPATH_ERR_MEMORY) CHECK(failing_memory_fired());
  fp_regex_unref(regex);
}

void sweep_regex_set(void) {
  static const char *const patterns[] = {"/a/[0-9]+", ".*\\.png", "/a/[0-9]+/b", "/.*/x/.*/y", "(?m)/c$"};
  enum {
    COUNT = sizeof patterns / sizeof *patterns
  };
  fp_regex *regexes[COUNT];
  fp_regex_set *set = NULL;
  uint32_t ids[COUNT];
  size_t count;
  fp_regex_limits limits;
  fp_regex_limits_default(&limits);
  for (int i = 0; i < COUNT; i++) regexes[i] = compile(patterns[i], NULL);
  for (int pass = 0; pass < 2; pass++, limits.max_set_bytes = 2000) {
    TRY(fp_regex_set_new(regexes, COUNT, &limits, &set, NULL), true);
    CHECK_EQ(fp_regex_set_count(set), COUNT);
    CHECK(fp_regex_set_size(set) > 0);
    TRY(fp_regex_set_match(set, (const uint8_t *)"/a/17", 5, 0, FASTPATH_REGEX_ID_END, ids, COUNT, &count), true);
    CHECK(count == 1 && ids[0] == 0);
    CHECK(fp_regex_set_ref(set) == set);
    fp_regex_set_unref(set);
    fp_regex_set_unref(set);
  }
  for (int i = 0; i < COUNT; i++) fp_regex_unref(regexes[i]);
}
