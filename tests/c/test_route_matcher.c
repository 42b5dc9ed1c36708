/* Trees of matchers: what they lead to, in what order they are tried, what is refused. */
#include <fastpath/route_matcher.h>
#include <stdbool.h>

#include "route_fixture.h"

enum {
  LIST = FASTPATH_ROUTE_MATCHER_LIST,
  EXACT_MAP = FASTPATH_ROUTE_MATCHER_EXACT_MAP,
  PREFIX_MAP = FASTPATH_ROUTE_MATCHER_PREFIX_MAP,
  KEY = FASTPATH_ROUTE_MATCHER_KEY,
  TEST = FASTPATH_ROUTE_MATCHER_TEST,
  AND = FASTPATH_ROUTE_MATCHER_AND,
  OR = FASTPATH_ROUTE_MATCHER_OR,
  NOT = FASTPATH_ROUTE_MATCHER_NOT,
  ROUTES = FASTPATH_ROUTE_MATCHER_ROUTES,
  ELSE = FASTPATH_ROUTE_MATCHER_NO_MATCH
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static fp_route_matcher_step part(int kind, uint32_t count) {
  return (fp_route_matcher_step){.kind = (uint8_t)kind, .count = count};
}

static fp_route_matcher_step map(int kind, const char *header, uint32_t count, int flags) {
  return (fp_route_matcher_step){
      .kind = (uint8_t)kind, .count = count, .name = span_of(header), .flags = (uint8_t)flags};
}

static fp_route_matcher_step key(const char *text) {
  return (fp_route_matcher_step){.kind = KEY, .value = span_of(text)};
}

static fp_route_matcher_step equals(const char *header, const char *value) {
  return (fp_route_matcher_step){
      .kind = TEST, .compare = FASTPATH_ROUTE_COMPARE_EXACT, .name = span_of(header), .value = span_of(value)};
}

/* A table whose one virtual host has these routes, all "" as a prefix, and the tree. */
static fp_route_table *table_with(int routes, const fp_route_matcher_step *steps, size_t count) {
  fp_route_builder *builder = new_builder();
  for (int i = 0; i < routes; i++) add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
  CHECK_EQ(fp_route_builder_set_matcher(builder, steps, count, NULL, NULL), FASTPATH_OK);
  return build_table(builder, 0);
}

static void entries_are_tried_in_order(void) {
  const fp_route_matcher_step steps[] = {
      {.kind = LIST, .count = 3, .flags = ELSE},
      part(AND, 2),
      equals("x-a", "1"),
      part(NOT, 0),
      equals("x-b", "1"),
      part(ROUTES, 1),
      part(OR, 2),
      equals("x-a", "1"),
      equals("x-b", "2"),
      part(ROUTES, 1),
      equals("x-b", "1"),
      part(ROUTES, 1),
      part(ROUTES, 1),
  };
  fp_route_table *table = table_with(4, steps, COUNT(steps));
  CHECK_EQ(route_with(table, "/", "x-a: 1\n"), 0);
  CHECK_EQ(route_with(table, "/", "x-a: 1\nx-b: 1\n"), 1);
  CHECK_EQ(route_with(table, "/", "x-b: 2\n"), 1);
  CHECK_EQ(route_with(table, "/", "x-b: 1\n"), 2);
  CHECK_EQ(route_with(table, "/", ""), 3);
  fp_route_table_unref(table);
}

static void a_map_is_looked_up_and_misses_go_on(void) {
  const fp_route_matcher_step steps[] = {
      map(PREFIX_MAP, ":path", 4, ELSE),
      key("/a/b"),
      map(EXACT_MAP, "x-a", 1, 0),
      key("1"),
      part(ROUTES, 1),
      key("/a"),
      part(ROUTES, 1),
      key("/"),
      map(EXACT_MAP, "x-a", 2, ELSE),
      key("1"),
      part(ROUTES, 1),
      key(""),
      part(ROUTES, 1),
      part(ROUTES, 1),
      key("/a/b/c"),
      {.kind = LIST},
      part(ROUTES, 1),
  };
  fp_route_table *table = table_with(6, steps, COUNT(steps));
  CHECK_EQ(route_with(table, "/a/b/c?x", "x-a: 1\n"), 0);
  CHECK_EQ(route_with(table, "/a/b", "x-a: 2\n"), 1);
  CHECK_EQ(route_with(table, "/b", "x-a: 1\n"), 2);
  CHECK_EQ(route_with(table, "/b", "x-a: \n"), 3);
  CHECK_EQ(route_with(table, "/b", ""), 4);
  CHECK_EQ(route_with(table, "b", ""), 5);
  CHECK_EQ(route_with(table, "", "x-a: 1\n"), -1); /* the last list, whose route wants a path */
  CHECK_EQ(fp_route_table_list_count(table, 0), 6);
  CHECK_EQ(fp_route_table_list_count(table, 1), 0);
  fp_route_table_unref(table);
}

/* Envoy joins all lines, and leaves empty ones out of the headers that it keeps as one line. */
static void lines_are_one_value(void) {
  const fp_route_matcher_step steps[] = {
      {.kind = LIST, .count = 2}, equals("x-a", "1,,2"), part(ROUTES, 1), equals("accept", "1,2"), part(ROUTES, 1)};
  fp_route_table *table = table_with(2, steps, COUNT(steps));
  CHECK_EQ(route_with(table, "/", "x-a: 1\nx-a: \nx-a: 2\n"), 0);
  CHECK_EQ(route_with(table, "/", "accept: 1\naccept: \naccept: 2\n"), 1);
  CHECK_EQ(route_with(table, "/", "x-a: 1\nx-a: 2\n"), -1);
  fp_route_table_unref(table);
}

static void routes_of_a_list_are_tried_as_ever(void) {
  const fp_route_matcher_step steps[] = {
      map(EXACT_MAP, "x-a", 3, 0), key("1"), part(ROUTES, 3), key("2"), part(ROUTES, 0), key("3"), part(ROUTES, 2)};
  fp_route_builder *builder = new_builder();
  fp_route_match match;
  fixture_request made;
  fp_route_table *table;
  uint32_t route, by, first, end;
  fp_span value;
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/a", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/a/b", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/c", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/a", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/t/{x}", 0);
  CHECK_EQ(fp_route_builder_add_share(builder, 1, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_share(builder, 3, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_set_matcher(builder, steps, COUNT(steps), NULL, NULL), FASTPATH_OK);
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/a", "x-a: 1\n"), 0);
  CHECK_EQ(route_with(table, "/c", "x-a: 1\n"), 2);
  CHECK_EQ(route_with(table, "/c", "x-a: 2\n"), -1);
  CHECK_EQ(route_with(table, "/a", "x-a: 3\n"), 3);
  CHECK_EQ(route_with(table, "/a/b", "x-a: 3\n"), -1);
  make_request(&made, "/t/17", "x-a: 3\n");
  CHECK_EQ(fp_route_table_match(table, &made.request, &match), FASTPATH_OK);
  CHECK_EQ(match.route, 4);
  CHECK_EQ(match.share_total, 4);
  CHECK_EQ(fp_route_table_choose_share(table, &match, 1), 1);
  CHECK_EQ(fp_route_table_param_count(table, &match), 1);
  fp_route_table_params(table, &match, made.request.path, &value);
  CHECK_EQ(value.len, 2);
  CHECK_EQ(fp_route_table_choose_list(table, 0, &made.request, &first), FASTPATH_OK);
  CHECK_EQ(first, 2);
  CHECK_EQ(fp_route_table_choose_list(table, 1, &made.request, &first), FASTPATH_ERR_ARGUMENT);
  fp_route_table_list(table, 0, 2, &first, &end);
  CHECK_EQ(first, 3);
  CHECK_EQ(end, 5);
  free(made.data);
  fp_route_table_next_shadowed(table, 0, 0, &route, &by);
  CHECK_EQ(route, 1);
  CHECK_EQ(by, 0);
  fp_route_table_next_shadowed(table, 0, 2, &route, &by);
  CHECK_EQ(route, FASTPATH_ROUTE_INDEX_NONE);
  fp_route_table_unref(table);
}

static fp_status refusal(const fp_route_matcher_step *steps, size_t count, size_t *step) {
  fp_route_builder *builder = new_builder();
  fp_status status;
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
  status = fp_route_builder_set_matcher(builder, steps, count, step, NULL);
  fp_route_builder_free(builder);
  return status;
}

#define REFUSED(status, at, ...)                                          \
  do {                                                                    \
    const fp_route_matcher_step steps[] = {__VA_ARGS__};                  \
    size_t step = 77;                                                     \
    CHECK_EQ(refusal(steps, COUNT(steps), &step), FASTPATH_ERR_##status); \
    CHECK_EQ(step, at);                                                   \
  } while (0)

static void what_is_no_tree_is_refused_with_the_step(void) {
  const uint8_t forbidden[] = {'a', '\0'};
  const fp_route_matcher_step bad_key = {.kind = KEY, .value = {forbidden, 2}};
  fp_route_matcher_step bad_regex = equals("x-a", "(");
  fp_route_matcher_step no_compare = equals("x-a", "");
  bad_regex.compare = FASTPATH_ROUTE_COMPARE_REGEX;
  no_compare.compare = FASTPATH_ROUTE_COMPARE_PRESENT;
  REFUSED(ARGUMENT, 0, part(ROUTES, 1));
  REFUSED(ARGUMENT, 1, part(LIST, 1));
  REFUSED(ARGUMENT, 1, part(LIST, 1), part(ROUTES, 1));
  REFUSED(ARGUMENT, 2, part(LIST, 1), equals("x-a", "1"), part(ROUTES, 2));
  REFUSED(ARGUMENT, 1, part(LIST, 0), part(ROUTES, 1));
  REFUSED(ARGUMENT, 1, part(LIST, 0));
  REFUSED(ARGUMENT, 1, map(EXACT_MAP, "x-a", 2, 0), key("1"), part(ROUTES, 1));
  REFUSED(ARGUMENT, 0, part(99, 0));
  REFUSED(ARGUMENT, 0, map(LIST, "", 0, 128));
  REFUSED(ARGUMENT, 1, part(LIST, 1), no_compare, part(ROUTES, 1));
  REFUSED(CONFIG_CONDITION, 0, map(EXACT_MAP, "", 1, 0), key("1"), part(ROUTES, 1));
  REFUSED(CONFIG_CONDITION, 0, map(EXACT_MAP, "w\nhat", 1, 0), key("1"), part(ROUTES, 1));
  REFUSED(CONFIG_CONDITION, 0, map(EXACT_MAP, "x", 2, 0), key("1"), part(ROUTES, 1), key("1"), part(ROUTES, 0));
  REFUSED(CONFIG_CONDITION, 1, map(EXACT_MAP, "x", 1, 0), bad_key, part(ROUTES, 1));
  REFUSED(CONFIG_REGEX, 1, part(LIST, 1), bad_regex, part(ROUTES, 1));
}

static void depth_is_bounded(void) {
  fp_route_matcher_step steps[200];
  size_t step;
  for (size_t i = 0; i < COUNT(steps); i++) steps[i] = (fp_route_matcher_step){.kind = LIST, .flags = ELSE};
  steps[FASTPATH_ROUTE_MATCHER_DEPTH_MAX] = part(ROUTES, 1);
  CHECK_EQ(refusal(steps, FASTPATH_ROUTE_MATCHER_DEPTH_MAX + 1, &step), FASTPATH_OK);
  steps[FASTPATH_ROUTE_MATCHER_DEPTH_MAX].kind = LIST;
  CHECK_EQ(refusal(steps, COUNT(steps), &step), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(step, FASTPATH_ROUTE_MATCHER_DEPTH_MAX);
}

static void a_host_with_a_tree_is_complete(void) {
  const fp_route_matcher_step steps[] = {{.kind = LIST, .flags = ELSE}, part(ROUTES, 1)};
  fp_route_builder *builder = fp_route_builder_new();
  const fp_span path = span_of("/");
  fp_route_table *table, *next = NULL;
  CHECK_EQ(fp_route_builder_set_matcher(builder, steps, 2, NULL, NULL), FASTPATH_ERR_STATE);
  add_host(builder, "*");
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  CHECK_EQ(fp_route_builder_set_matcher(builder, steps, 2, NULL, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_set_matcher(builder, steps, 2, NULL, NULL), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, path.data, path.len, 0, NULL),
           FASTPATH_ERR_STATE);
  table = build_table(builder, 0);
  builder = fp_route_builder_new();
  CHECK_EQ(fp_route_builder_share_virtual_host(builder, table, 0, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_set_matcher(builder, steps, 2, NULL, NULL), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)"*", 1, NULL), FASTPATH_OK);
  next = build_table(builder, 0);
  fp_route_table_unref(table);
  CHECK_EQ(route_with(next, "/", ""), 0);
  fp_route_table_unref(next);
}

/* ---- against the definition of the longest prefix ---- */

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

static size_t random_text(uint32_t *state, char *text, size_t most) {
  const size_t len = (next_random(state) >> 16) % (most + 1);
  for (size_t i = 0; i < len; i++) text[i] = "ab/"[(next_random(state) >> 16) % 3];
  text[len] = '\0';
  return len;
}

static void maps_find_what_a_scan_finds(void) {
  enum {
    KEYS = 40
  };
  uint32_t state = 1;
  for (int round = 0; round < 300; round++) {
    fp_route_matcher_step steps[1 + 2 * KEYS];
    char texts[KEYS][8], value[12], line[20];
    const bool exact = round % 2 == 0;
    uint32_t count = 0;
    fp_route_table *table;
    for (int i = 0; i < KEYS; i++) {
      bool twice = false;
      random_text(&state, texts[count], 6);
      for (uint32_t j = 0; j < count; j++) twice |= strcmp(texts[j], texts[count]) == 0;
      if (twice) continue;
      steps[1 + 2 * count] = key(texts[count]);
      steps[2 + 2 * count] = part(ROUTES, 1);
      count++;
    }
    steps[0] = map(exact ? EXACT_MAP : PREFIX_MAP, "x-a", count, 0);
    table = table_with((int)count, steps, 1 + 2 * count);
    for (int i = 0; i < 200; i++) {
      int expected = -1;
      size_t longest = 0;
      const size_t len = random_text(&state, value, 9);
      for (uint32_t j = 0; j < count; j++) {
        const size_t key_len = strlen(texts[j]);
        if (exact ? strcmp(texts[j], value) != 0 : key_len > len || memcmp(texts[j], value, key_len) != 0) continue;
        if (expected >= 0 && key_len < longest) continue;
        expected = (int)j;
        longest = key_len;
      }
      snprintf(line, sizeof line, "x-a: %s\n", value);
      CHECK_EQ(route_with(table, "/", line), expected);
    }
    fp_route_table_unref(table);
  }
}

int main(void) {
  entries_are_tried_in_order();
  a_map_is_looked_up_and_misses_go_on();
  lines_are_one_value();
  routes_of_a_list_are_tried_as_ever();
  what_is_no_tree_is_refused_with_the_step();
  depth_is_bounded();
  a_host_with_a_tree_is_complete();
  maps_find_what_a_scan_finds();
  return 0;
}
