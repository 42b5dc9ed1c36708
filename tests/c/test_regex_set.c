/* test_regex_set.c - sets answer what their regexes would answer one by one, whatever they are made of. */
#include "regex_check.h"

#define MANY 10000
#define IDS 64

static fp_regex *regexes[MANY];
static uint32_t ids[IDS];
static size_t id_count;

static fp_regex_set *set_of(const char *const *patterns, size_t count, const fp_regex_limits *limits) {
  fp_regex_set *set;
  fp_error error;
  for (size_t i = 0; i < count; i++) regexes[i] = regex_of(patterns[i], strlen(patterns[i]), limits);
  CHECK_EQ(fp_regex_set_new(regexes, count, limits, &set, &error), FASTPATH_OK);
  for (size_t i = 0; i < count; i++) fp_regex_unref(regexes[i]); /* the set has its own references */
  return set;
}

static fp_status match(const fp_regex_set *set, const char *text, uint32_t from, uint32_t below, size_t capacity) {
  return fp_regex_set_match(set, (const uint8_t *)text, strlen(text), from, below, ids, capacity, &id_count);
}

static const char *const few[] = {"/a/.*", "/a/b", "/.*/b", "/a/[a-z]+", "/c", "/a/b"};

static void ids_come_ascending_and_within_bounds(void) {
  fp_regex_set *set = set_of(few, 6, NULL);
  CHECK_EQ(match(set, "/a/b", 0, FASTPATH_REGEX_ID_END, IDS), FASTPATH_OK);
  CHECK_EQ(id_count, 5);
  for (uint32_t i = 0; i < 5; i++) CHECK_EQ(ids[i], i < 4 ? i : 5);
  CHECK_EQ(match(set, "/a/b", 1, 4, IDS), FASTPATH_OK);
  CHECK(id_count == 3 && ids[0] == 1 && ids[2] == 3);
  CHECK_EQ(match(set, "/a/b", 0, FASTPATH_REGEX_ID_END, 2), FASTPATH_OK);
  CHECK(id_count == 2 && ids[0] == 0 && ids[1] == 1);
  CHECK_EQ(match(set, "/a/b", 2, FASTPATH_REGEX_ID_END, 2), FASTPATH_OK);
  CHECK(id_count == 2 && ids[0] == 2 && ids[1] == 3);
  CHECK_EQ(match(set, "/a/b", 4, 5, IDS), FASTPATH_NONE);
  CHECK_EQ(match(set, "/a/b", 0, 0, IDS), FASTPATH_NONE);
  CHECK_EQ(match(set, "/a/b", 0, FASTPATH_REGEX_ID_END, 0), FASTPATH_NONE);
  CHECK_EQ(match(set, "/d", 0, FASTPATH_REGEX_ID_END, IDS), FASTPATH_NONE);
  CHECK_EQ(id_count, 0);
  CHECK_EQ(fp_regex_set_count(set), 6);
  CHECK(fp_regex_set_ref(set) == set);
  fp_regex_set_unref(set);
  fp_regex_set_unref(set);
  fp_regex_set_unref(NULL);
}

static void a_set_of_nothing_matches_nothing(void) {
  fp_regex_set *set = set_of(few, 0, NULL);
  CHECK_EQ(match(set, "", 0, FASTPATH_REGEX_ID_END, IDS), FASTPATH_NONE);
  fp_regex_set_unref(set);
}

static void a_missing_regex_is_refused(void) {
  fp_regex *pair[2] = {regex_of("a", 1, NULL), NULL};
  fp_regex_set *set = NULL;
  fp_error error;
  CHECK_EQ(fp_regex_set_new(pair, 2, NULL, &set, &error), FASTPATH_ERR_ARGUMENT);
  CHECK(set == NULL && error.position == 1);
  fp_regex_unref(pair[0]);
}

/* ---- against the regexes one by one */

static uint32_t random_state = 12345;

static uint32_t random_below(uint32_t count) {
  random_state = random_state * 1664525 + 1013904223;
  return (random_state >> 8) % count;
}

static size_t random_pattern(char *to, uint32_t depth) {
  static const char *const atoms[] = {"a",   "b",     "/", ".",  "[^/]", "[a-c]", "\\w",  "\xc3\xa9",
                                      "\\b", "^",     "$", ".*", "[^a]", "(?i)b", "\\d+", "a*",
                                      "b+?", "(?s).", "c", "x",  "/a",   "\\pL",  "\\B",  "\\n"};
  size_t len = 0;
  for (uint32_t parts = 1 + random_below(4); parts > 0; parts--) {
    if (depth < 3 && random_below(4) == 0) {
      to[len++] = '(';
      len += random_pattern(to + len, depth + 1);
      if (random_below(2) == 0) {
        to[len++] = '|';
        len += random_pattern(to + len, depth + 1);
      }
      to[len++] = ')';
      if (random_below(2) == 0) to[len++] = "*+?"[random_below(3)];
    } else {
      const char *atom = atoms[random_below(sizeof atoms / sizeof *atoms)];
      len += (size_t)sprintf(to + len, "%s", atom);
    }
  }
  return len;
}

static size_t random_text(char *to) {
  static const char *const pieces[] = {"a", "b", "B", "c", "x", "/", "1", "\n", "\xc3\xa9", "\xff", " "};
  size_t len = 0;
  for (uint32_t parts = random_below(10); parts > 0; parts--)
    len += (size_t)sprintf(to + len, "%s", pieces[random_below(sizeof pieces / sizeof *pieces)]);
  return len;
}

static void check_as_singles(const fp_regex_set *set, size_t count, const char *text, size_t len) {
  CHECK(fp_regex_set_match(set, (const uint8_t *)text, len, 0, FASTPATH_REGEX_ID_END, ids, IDS, &id_count) >= 0);
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    int listed = at < id_count && ids[at] == i;
    CHECK_EQ(listed, fp_regex_full_match(regexes[i], (const uint8_t *)text, len) == FASTPATH_OK);
    if (listed) at++;
  }
  CHECK_EQ(at, id_count);
}

static void sets_are_as_their_regexes(const fp_regex_limits *limits, int rounds) {
  char pattern[4096], text[64];
  for (int round = 0; round < rounds; round++) {
    size_t count = 1 + random_below(30);
    fp_regex_set *set;
    fp_error error;
    for (size_t i = 0; i < count; i++) regexes[i] = regex_of(pattern, random_pattern(pattern, 0), NULL);
    CHECK_EQ(fp_regex_set_new(regexes, count, limits, &set, &error), FASTPATH_OK);
    for (int i = 0; i < 40; i++) check_as_singles(set, count, text, random_text(text));
    fp_regex_set_unref(set);
    for (size_t i = 0; i < count; i++) fp_regex_unref(regexes[i]);
  }
}

static void sets_agree_with_their_regexes(void) {
  fp_regex_limits tight = limits_without_dfa();
  sets_are_as_their_regexes(NULL, 150);
  tight.max_set_bytes = 20000; /* some share a DFA, some do not */
  sets_are_as_their_regexes(&tight, 100);
  tight.max_set_bytes = 0;
  sets_are_as_their_regexes(&tight, 30);
}

/* ---- many */

static void ten_thousand_share_one_pass(void) {
  static const char *const shapes[] = {"/api/v[0-9]+/team%d/items/[^/]+", ".*\\.ext%d", "/users%d/(\\d+)/orders"};
  static const char *const texts[] = {"/api/v12/team%d/items/abc", "/static/a.b.ext%d", "/users%d/7/orders"};
  char text[64];
  fp_regex_set *set;
  fp_error error;
  for (int i = 0; i < MANY; i++) regexes[i] = regex_of(text, (size_t)sprintf(text, shapes[i % 3], i), NULL);
  CHECK_EQ(fp_regex_set_new(regexes, MANY, NULL, &set, &error), FASTPATH_OK);
  CHECK(fp_regex_set_size(set) < (size_t)MANY * 400);
  for (int i = 0; i < MANY; i += 7) {
    sprintf(text, texts[i % 3], i);
    CHECK_EQ(match(set, text, 0, FASTPATH_REGEX_ID_END, IDS), FASTPATH_OK);
    CHECK(id_count == 1 && ids[0] == (uint32_t)i);
  }
  fp_regex_set_unref(set);
  for (int i = 0; i < MANY; i++) fp_regex_unref(regexes[i]);
}

/* Each of these doubles the states of all the others. */
static void what_multiplies_states_is_kept_apart(void) {
  enum {
    COUNT = 300
  };
  char text[64];
  fp_regex_set *set;
  fp_error error;
  for (int i = 0; i < COUNT; i++) regexes[i] = regex_of(text, (size_t)sprintf(text, "/.*/a%d/.*/b", i), NULL);
  CHECK_EQ(fp_regex_set_new(regexes, COUNT, NULL, &set, &error), FASTPATH_OK);
  CHECK(fp_regex_set_size(set) < (size_t)COUNT * 8000);
  CHECK_EQ(match(set, "/x/a7/a299/y/b", 0, FASTPATH_REGEX_ID_END, IDS), FASTPATH_OK);
  CHECK(id_count == 2 && ids[0] == 7 && ids[1] == 299);
  fp_regex_set_unref(set);
  for (int i = 0; i < COUNT; i++) fp_regex_unref(regexes[i]);
}

int main(void) {
  ids_come_ascending_and_within_bounds();
  a_set_of_nothing_matches_nothing();
  a_missing_regex_is_refused();
  sets_agree_with_their_regexes();
  ten_thousand_share_one_pass();
  what_multiplies_states_is_kept_apart();
  return 0;
}
