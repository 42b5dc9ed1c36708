/* test_regex.c - patterns: what they match in full, what they begin with, which are refused and why. */
#include "regex_check.h"

static void matches_the_whole_text(void) {
  CHECK_MATCHES("", "");
  CHECK_DIFFERS("", "a");
  CHECK_MATCHES("/api/v[0-9]+/team17/items/[^/]+", "/api/v2/team17/items/abc");
  CHECK_DIFFERS("/api/v[0-9]+/team17/items/[^/]+", "/api/v2/team17/items/");
  CHECK_DIFFERS("/api/v[0-9]+/team17/items/[^/]+", "/api/v2/team17/items/a/b");
  CHECK_DIFFERS("/api/v[0-9]+/team17/items/[^/]+", "/api/v2/team17/items");
  CHECK_MATCHES(".*\\.png", "/static/a.b.png");
  CHECK_DIFFERS(".*\\.png", "/static/a.png?");
  CHECK_MATCHES("/users/(\\d+)/orders", "/users/12/orders");
  CHECK_MATCHES("a|ab", "ab");
  CHECK_MATCHES("(?U)a+", "aaa");
  CHECK_MATCHES("(a*)*", "aaaa");
  CHECK_MATCHES("(|a)*b", "aab");
  CHECK_MATCHES("x{2,4}y{3}z{0,1}", "xxxyyy");
  CHECK_DIFFERS("x{2,4}", "xxxxx");
  CHECK_MATCHES("x{0}", "");
  CHECK_MATCHES("a{,2}", "a{,2}");
  CHECK_MATCHES("a{02}", "a{02}");
}

static void a_dot_is_no_newline_unless_told(void) {
  CHECK_DIFFERS("a.b", "a\nb");
  CHECK_MATCHES("(?s)a.b", "a\nb");
  CHECK_MATCHES("(?s:a.)b.", "a\nbc");
  CHECK_DIFFERS("(?s:a.)b.", "a\nb\n");
  CHECK_MATCHES("[^a]", "\n");
}

static void anchors_know_text_and_lines(void) {
  CHECK_MATCHES("^/a$", "/a");
  CHECK_DIFFERS("a^b", "ab");
  CHECK_DIFFERS("a$\nb", "a\nb");
  CHECK_MATCHES("(?m)a$\n^b", "a\nb");
  CHECK_DIFFERS("(?m)a$\n\\Ab", "a\nb");
  CHECK_MATCHES("(?m)^$^$", "");
  CHECK_MATCHES("(?m)a\n$^", "a\n");
  CHECK_MATCHES("a\\b.b", "a b");
  CHECK_DIFFERS("a\\bb", "ab");
  CHECK_MATCHES("a\\Bb", "ab");
  CHECK_MATCHES("\\ba\\b", "a");
  CHECK_MATCHES("\\B", "");
  CHECK_DIFFERS("\\b", "");
  CHECK_MATCHES("(\\b|a)+", "a");
}

static void text_is_utf8(void) {
  CHECK_MATCHES(".", "\xc3\xa9");
  CHECK_DIFFERS(".", "\xc3");
  CHECK_DIFFERS(".", "\xa9");
  CHECK_DIFFERS(".", "\xff");
  CHECK_MATCHES("[\xc3\xa0-\xce\xb1]", "\xc3\xa9");
  CHECK_DIFFERS("[^\xc3\xa9]", "\xc3\xa9");
  CHECK_MATCHES("[\\x{7ff}-\\x{800}]{2}", "\xdf\xbf\xe0\xa0\x80");
  CHECK_MATCHES("\\x{10ffff}", "\xf4\x8f\xbf\xbf");
  CHECK_MATCHES("[\\x{fff0}-\\x{10010}]+", "\xef\xbf\xbf\xf0\x90\x80\x80");
  /* What RE2 takes for a dot though it is not UTF-8: overlong, surrogates, beyond the last code point. */
  CHECK_MATCHES(".", "\xe0\x80\x80");
  CHECK_MATCHES(".", "\xed\xa0\x80");
  CHECK_MATCHES(".", "\xf4\xbf\xbf\xbf");
  CHECK_DIFFERS(".", "\xc0\x80");
  CHECK_DIFFERS(".", "\xf5\x80\x80\x80");
  CHECK_DIFFERS("[^\xc3\xa9]", "\xe0\x80\x80");
  CHECK_MATCHES("\\C{3}", "\xff\x80\n");
}

static void classes_have_names(void) {
  CHECK_MATCHES("\\d\\D\\s\\S\\w\\W", "0a x_-");
  CHECK_DIFFERS("\\s", "\v");
  CHECK_MATCHES("[[:space:]]", "\v");
  CHECK_MATCHES("[[:alpha:][:digit:]_]+", "a0_");
  CHECK_MATCHES("[[:^alpha:]]", "0");
  CHECK_MATCHES("[^[:^alpha:]]", "a");
  CHECK_MATCHES("[\\D5]+", "a5");
  CHECK_MATCHES("[]a]+", "a]");
  CHECK_MATCHES("[^]a]", "b");
  CHECK_MATCHES("[a-]+", "a-");
  CHECK_MATCHES("\\pL+", "a\xc3\xa9\xce\xb1");
  CHECK_MATCHES("\\p{Greek}", "\xce\xb1");
  CHECK_DIFFERS("\\P{Greek}", "\xce\xb1");
  CHECK_DIFFERS("\\p{^Greek}", "\xce\xb1");
  CHECK_MATCHES("\\P{^Greek}", "\xce\xb1");
  CHECK_MATCHES("[\\p{Lu}\\p{Nd}]+", "A\xd9\xa0");
  CHECK_DIFFERS("[^\\x00-\\x{10ffff}]", "a");
}

static void letter_case_is_ignored_on_demand(void) {
  CHECK_MATCHES("(?i)AbC", "aBc");
  CHECK_DIFFERS("(?i:a)b", "AB");
  CHECK_MATCHES("(?i)a(?-i)b", "Ab");
  CHECK_MATCHES("(?i)k", "\xe2\x84\xaa");
  CHECK_MATCHES("(?i)[^k]", "s");
  CHECK_DIFFERS("(?i)[^k]", "\xe2\x84\xaa");
  CHECK_MATCHES("(?i)\xc3\xa9", "\xc3\x89");
  CHECK_MATCHES("(?i)\xcf\x83+", "\xce\xa3\xcf\x82\xcf\x83");
  CHECK_MATCHES("(?i)[a-c]+", "ABC");
  CHECK_MATCHES("(?i)\\w", "\xc5\xbf");
  CHECK_DIFFERS("(?i)\\W", "\xc5\xbf");
}

static void escapes_name_characters(void) {
  CHECK_MATCHES("\\x41\\x{42}\\103\\0\\t\\n\\r\\f\\v\\a\\.\\_\\-", "ABC\0\t\n\r\f\v\a._-");
  CHECK_MATCHES("\\Qa.b*\\E+", "a.b***");
  CHECK_MATCHES("\\Q\\", "\\");
  CHECK_MATCHES("a\\Q\\E*", "aa");
}

/* ---- refusals */

static void refuse(const char *pattern, size_t len, const fp_regex_limits *limits, size_t position,
                   const char *message) {
  fp_regex *regex = NULL;
  fp_error error = {.code = FASTPATH_OK};
  CHECK_EQ(fp_regex_new((const uint8_t *)pattern, len, limits, &regex, &error), FASTPATH_ERR_CONFIG_REGEX);
  CHECK(regex == NULL);
  CHECK_EQ(error.code, FASTPATH_ERR_CONFIG_REGEX);
  if (strstr(error.message, message) == NULL || error.position != position) {
    fprintf(stderr, "\"%.*s\" at %zu: %s\n", len < 60 ? (int)len : 60, pattern, error.position, error.message);
    exit(1);
  }
}

#define CHECK_REFUSED(pattern, position, message) refuse(pattern, sizeof(pattern) - 1, NULL, position, message)

static void refusals_name_what_and_where(void) {
  CHECK_REFUSED("a\\1", 1, "backreference is not supported: \\1");
  CHECK_REFUSED("(?=a)", 0, "look-ahead is not supported (?=");
  CHECK_REFUSED("a(?!a)", 1, "look-ahead is not supported (?!");
  CHECK_REFUSED("(?<=a)", 0, "look-behind is not supported (?<");
  CHECK_REFUSED("(?<!a)", 0, "look-behind is not supported (?<");
  CHECK_REFUSED("(?>a)", 0, "atomic groups are not supported");
  CHECK_REFUSED("(?#a)", 0, "comments are not supported");
  CHECK_REFUSED("(?P=n)", 0, "references to groups by name are not supported");
  CHECK_REFUSED("(?z)", 0, "unknown flag or group (?z");
  CHECK_REFUSED("(?i-)", 0, "no flag is taken away");
  CHECK_REFUSED("(?", 0, "unfinished group");
  CHECK_REFUSED("ab(c", 2, "missing ) for (c");
  CHECK_REFUSED("ab)c", 2, "nothing is open for )");
  CHECK_REFUSED("a|*", 2, "nothing to repeat for *");
  CHECK_REFUSED("ab**", 2, "a repetition of a repetition is not supported: **");
  CHECK_REFUSED("a*?+", 1, "a repetition of a repetition is not supported: *?+");
  CHECK_REFUSED("a{2}{3}", 1, "{2}{3}");
  CHECK_REFUSED("a{1001}", 1, "invalid repetition");
  CHECK_REFUSED("a{3,2}", 1, "invalid repetition");
  CHECK_REFUSED("(a{100}){11}", 8, "more than 1000 times");
  CHECK_REFUSED("a\\", 1, "nothing is behind the last \\");
  CHECK_REFUSED("\\Z", 0, "\\z is");
  CHECK_REFUSED("\\xg", 0, "two hexadecimal digits");
  CHECK_REFUSED("\\x{110000}", 0, "hexadecimal");
  CHECK_REFUSED("x[ab", 1, "missing ] for [ab");
  CHECK_REFUSED("[b-a]", 1, "the range ends before it begins: b-a");
  CHECK_REFUSED("[[:foo:]]", 1, "unknown class [:foo:]");
  CHECK_REFUSED("\\p{Klingon}", 0, "unknown Unicode class \\p{Klingon}");
  CHECK_REFUSED("\\p{Greek", 0, "missing } for");
  CHECK_REFUSED("\\pX", 0, "unknown Unicode class");
  CHECK_REFUSED("(?P<n-x>a)", 0, "invalid name of a group (?P<n-x>");
  CHECK_REFUSED("ab\xff", 2, "not UTF-8");
  CHECK_REFUSED("\xc3", 0, "not UTF-8");
  CHECK_REFUSED("\xf4\x90\x80\x80", 0, "not UTF-8");
}

static char *repeated(const char *text, size_t count, char *to) {
  for (size_t i = 0; i < count; i++, to += strlen(text)) memcpy(to, text, strlen(text));
  return to;
}

static char room[2 << 20];

static void limits_are_kept(void) {
  fp_regex_limits limits;
  fp_regex_limits_default(&limits);
  char *end = repeated("(", 100000, room);
  refuse(room, (size_t)(end - room), NULL, 1000, "more than 1000 parentheses are open");
  end = repeated("(?:", 1000, room);
  *end++ = 'a';
  end = repeated(")", 1000, end);
  fp_regex_unref(regex_of(room, (size_t)(end - room), NULL));
  limits.max_instructions = 10;
  refuse("abcdefghijklmn", 14, &limits, 10, "would pass 10 instructions");
  refuse("(abc){5}", 8, &limits, 0, "would pass 10 instructions");
  limits.max_pattern = 5;
  refuse("abcdef", 6, &limits, 5, "longer than 5 bytes");
  end = repeated("(?:(?:(?:a{10}){10}){10})|", 400, room);
  refuse(room, (size_t)(end - room), NULL, 0, "would pass 350000 instructions");
  end = repeated("(?:(?:(?:){10}){10}){10}", 40000, room); /* nothing, many times over */
  refuse(room, (size_t)(end - room), NULL, 0, "would pass 350000 instructions");
  end = repeated("\\pL", 100000, room);
  refuse(room, (size_t)(end - room), NULL, 1590, "would pass 350000 instructions");
  *room = '[';
  end = repeated("\\pL", 100000, room + 1);
  *end++ = ']';
  refuse(room, (size_t)(end - room), NULL, 0, "would pass 350000 instructions");
}

static void an_alternation_of_twenty_thousand_compiles(void) {
  char *end = room, text[32];
  for (int i = 0; i < 20000; i++) end += sprintf(end, "%s/way%d/x", i > 0 ? "|" : "", i);
  fp_regex *regex = regex_of(room, (size_t)(end - room), NULL);
  int len = sprintf(text, "/way%d/x", 19999);
  CHECK_EQ(fp_regex_full_match(regex, (const uint8_t *)text, (size_t)len), FASTPATH_OK);
  CHECK_EQ(fp_regex_full_match(regex, (const uint8_t *)text, (size_t)len - 1), FASTPATH_NONE);
  fp_regex_unref(regex);
}

static void time_is_linear_in_the_text(void) {
  static const char *const patterns[] = {"(a+)+$", "(a*)*b", "(a|aa)+b", "((a{0,30}){0,30})b", "(.*)(.*)(.*)(.*)b"};
  static const size_t len = 100000;
  memset(room, 'a', len);
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    room[len - 1] = i == 0 ? 'a' : 'c';
    CHECK_EQ(full_match(patterns[i], room, len), i == 0);
  }
}

/* ---- what is known of a regex */

static void check_prefix(const char *pattern, const char *prefix, int literal) {
  const fp_regex_limits limits = limits_without_dfa();
  fp_regex *regex = regex_of(pattern, strlen(pattern), NULL);
  fp_span span = fp_regex_literal_prefix(regex);
  check_bytes(__FILE__, __LINE__, pattern, span.data, span.len, prefix, strlen(prefix));
  CHECK_EQ(fp_regex_is_literal(regex), literal);
  fp_regex_unref(regex);
  regex = regex_of(pattern, strlen(pattern), &limits);
  span = fp_regex_literal_prefix(regex);
  CHECK(span.len <= strlen(prefix) && (span.len == 0 || memcmp(span.data, prefix, span.len) == 0));
  fp_regex_unref(regex);
}

static void the_literal_prefix_is_known(void) {
  check_prefix("/api/v[0-9]+", "/api/v", 0);
  check_prefix("^/api/(v1|v2)/", "/api/v", 0);
  check_prefix("^/api/(?:v1)$", "/api/v1", 1);
  check_prefix("/a|/b", "/", 0);
  check_prefix("/ab*", "/a", 0);
  check_prefix("/ab+", "/ab", 0);
  check_prefix("(?i)/api", "/", 0);
  check_prefix("/(?i)1/a", "/1/", 0);
  check_prefix("\xc3\xa9[\xc3\xa0-\xc3\xa9]", "\xc3\xa9\xc3", 0);
  check_prefix(".*", "", 0);
  check_prefix("", "", 1);
  check_prefix("a?", "", 0);
}

static void groups_are_counted_and_named(void) {
  static const char pattern[] = "(a)(?P<first>b(?:c))(?<z\xc3\xa9>d){0}";
  fp_regex *regex = regex_of(pattern, strlen(pattern), NULL);
  CHECK_EQ(fp_regex_group_count(regex), 3);
  CHECK(fp_regex_group_name(regex, 1).data == NULL);
  fp_span name = fp_regex_group_name(regex, 2);
  CHECK_BYTES(name.data, name.len, "first");
  name = fp_regex_group_name(regex, 3);
  CHECK_BYTES(name.data, name.len, "z\xc3\xa9");
  CHECK(fp_regex_group_name(regex, 0).data == NULL && fp_regex_group_name(regex, 4).data == NULL);
  check_bytes(__FILE__, __LINE__, "pattern", fp_regex_pattern(regex).data, fp_regex_pattern(regex).len, pattern,
              strlen(pattern));
  CHECK(fp_regex_size(regex) > sizeof pattern);
  CHECK(fp_regex_program_size(regex) > 4);
  CHECK(fp_regex_ref(regex) == regex);
  fp_regex_unref(regex);
  fp_regex_unref(regex);
  fp_regex_unref(NULL);
}

int main(void) {
  matches_the_whole_text();
  a_dot_is_no_newline_unless_told();
  anchors_know_text_and_lines();
  text_is_utf8();
  classes_have_names();
  letter_case_is_ignored_on_demand();
  escapes_name_characters();
  refusals_name_what_and_where();
  limits_are_kept();
  an_alternation_of_twenty_thousand_compiles();
  time_is_linear_in_the_text();
  the_literal_prefix_is_known();
  groups_are_counted_and_named();
  return 0;
}
