/* Limits of tables, and inputs far larger than the rooms on the stack: many routes, long paths, long headers. */
#include <stdbool.h>

#include "route_fixture.h"

static fp_route_condition header_is(const char *name, fp_route_compare compare, const char *value) {
  return condition_of(FASTPATH_ROUTE_CONDITION_HEADER, name, compare, value, 0);
}

static void a_route_has_up_to_255_conditions(void) {
  fp_route_builder *builder = new_builder();
  fp_route_condition condition;
  fp_error error;
  fp_route_table *table;
  char name[16], lines[4096] = "";
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  for (int i = 0; i < FASTPATH_ROUTE_CONDITIONS_MAX; i++) {
    snprintf(name, sizeof name, "x-%d", i);
    add_condition(builder, header_is(name, FASTPATH_ROUTE_COMPARE_EXACT, "1"));
    snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s: 1\n", name);
  }
  condition = header_is("x-0", FASTPATH_ROUTE_COMPARE_EXACT, "1");
  CHECK_EQ(fp_route_builder_add_condition(builder, &condition, &error), FASTPATH_ERR_OVERFLOW);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  CHECK_EQ(fp_route_builder_add_condition(builder, &condition, NULL), FASTPATH_OK); /* the next route counts anew */
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/", lines), 0);
  lines[strlen(lines) - 2] = '2';
  CHECK_EQ(route_with(table, "/", lines), 1);
  fp_route_table_unref(table);
}

/* Of one place in the trie, half of them to be found by a header's value and half only by trying. */
static void twenty_thousand_candidates_stand_in_one_place(void) {
  enum {
    COUNT = 20000
  };
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  char text[32];
  for (int i = 0; i < COUNT; i++) {
    add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/p", 0);
    snprintf(text, sizeof text, i % 2 == 0 ? "v%d" : "part%d.", i);
    add_condition(builder,
                  header_is("x-a", i % 2 == 0 ? FASTPATH_ROUTE_COMPARE_EXACT : FASTPATH_ROUTE_COMPARE_CONTAINS, text));
  }
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/p/q", "x-a: v0\n"), 0);
  CHECK_EQ(route_with(table, "/p/q", "x-a: v19998\n"), COUNT - 2);
  CHECK_EQ(route_with(table, "/p/q", "x-a: a part19999.\n"), COUNT - 1);
  CHECK_EQ(route_with(table, "/p/q", "x-a: v19998\nx-a: part501.\n"), 501);
  CHECK_EQ(route_with(table, "/p/q", "x-a: v20000\n"), -1);
  fp_route_table_unref(table);
}

static void a_hundred_thousand_routes_of_all_kinds(void) {
  enum {
    COUNT = 100000
  };
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  char text[64];
  for (int i = 0; i < COUNT; i++) {
    snprintf(text, sizeof text, i % 4 == 2 ? "/s%d/{id}/items" : i % 1000 == 1 ? "/s%d/[a-z]+/.*" : "/s%d/x", i);
    add_route(builder,
              i % 4 == 2      ? FASTPATH_ROUTE_PATH_TEMPLATE
              : i % 1000 == 1 ? FASTPATH_ROUTE_PATH_REGEX
                              : (fp_route_path_kind)(i % 3),
              text, i % 5 == 0 ? FASTPATH_ROUTE_IGNORE_CASE : 0);
    if (i % 3 == 0) add_condition(builder, header_is(":method", FASTPATH_ROUTE_COMPARE_EXACT, "GET"));
    if (i % 7 == 0) CHECK_EQ(fp_route_builder_add_share(builder, 1, NULL), FASTPATH_OK);
  }
  table = build_table(builder, 0);
  for (int i = 0; i < COUNT; i += 97) {
    snprintf(text, sizeof text, i % 4 == 2 ? "/s%d/9/items" : i % 1000 == 1 ? "/s%d/az/" : "/s%d/x", i);
    CHECK_EQ(route_with(table, text, ""), i);
  }
  CHECK(fp_route_table_size(table) < (size_t)400 * COUNT);
  fp_route_table_unref(table);
}

/* Many routes behind beginnings of all lengths, found by a hash of their first segments where that is possible. */
static void routes_are_found_behind_beginnings_of_any_length(void) {
  enum {
    COUNT = 1000
  };
  static const size_t lengths[] = {1, 2, 6, 7, 14, 22, 30, 46, 54, 55, 56, 57, 62, 63, 64, 240, 247, 248, 300};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    fp_route_builder *builder = new_builder();
    char begin[320] = "/", path[400];
    fp_route_table *table;
    memset(begin + 1, 'b', lengths[i] - 1);
    for (int j = 0; j < COUNT; j++) {
      snprintf(path, sizeof path, "%s/%03d%s", begin, j, j % 4 == 3 ? "/" : "");
      add_route(builder, j % 4 == 3 ? FASTPATH_ROUTE_PATH_PREFIX : (fp_route_path_kind)(j % 4), path,
                j % 2 == 0 ? FASTPATH_ROUTE_IGNORE_CASE : 0);
    }
    table = build_table(builder, 0);
    for (int j = 0; j < COUNT; j++) {
      const bool exact = j % 4 == FASTPATH_ROUTE_PATH_EXACT, shorter = j % 4 == FASTPATH_ROUTE_PATH_PREFIX;
      snprintf(path, sizeof path, "%s/%03d/", begin, j);
      CHECK_EQ(route_with(table, path, ""), exact ? -1 : j);
      snprintf(path, sizeof path, "%s/%03d?x=/", begin, j);
      CHECK_EQ(route_with(table, path, ""), j % 4 == 3 ? -1 : j);
      snprintf(path, sizeof path, "%s/%03d/9/9", begin, j);
      CHECK_EQ(route_with(table, path, ""), exact ? -1 : j);
      snprintf(path, sizeof path, "%s/%03dx/", begin, j);
      CHECK(shorter || route_with(table, path, "") != j);
      path[1] = lengths[i] > 1 ? 'c' : 'x';
      CHECK_EQ(route_with(table, path, ""), -1);
    }
    fp_route_table_unref(table);
  }
}

/* ---- long paths ---- */

enum {
  LONG = 65536
};

static char *long_text(const char *begin, char byte, const char *end) {
  char *text = malloc(LONG + 1);
  CHECK(text != NULL);
  memset(text, byte, LONG);
  text[LONG] = '\0';
  memcpy(text, begin, strlen(begin));
  memcpy(text + LONG - strlen(end), end, strlen(end));
  return text;
}

static void paths_of_64_kib_are_compared_to_their_ends(void) {
  fp_route_builder *builder = new_builder();
  char *exact = long_text("/e", 'e', "E"), *cased = long_text("/C", 'c', ""), *query = long_text("/q?", 'q', "&a=1");
  char *rest = long_text("/t/1/", 't', "/u.x"), *regex = long_text("/r/", 'r', "s"),
       *slashes = long_text("/", '/', "a");
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, exact, 0);
  add_route(builder, FASTPATH_ROUTE_PATH_SEPARATED, cased, FASTPATH_ROUTE_IGNORE_CASE);
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/t/*/{rest=**}.x", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "/r/(r|rr)*s", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/q", 0);
  add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_QUERY, "a", FASTPATH_ROUTE_COMPARE_EXACT, "1", 0));
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, slashes, 0);
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, exact, ""), 0);
  CHECK_EQ(route_with(table, cased, ""), 1);
  CHECK_EQ(route_with(table, rest, ""), 2);
  CHECK_EQ(route_with(table, regex, ""), 3);
  CHECK_EQ(route_with(table, query, ""), 4);
  CHECK_EQ(route_with(table, slashes, ""), 5);
  exact[LONG - 1] = 'e';
  cased[LONG - 1] = 'C';
  rest[LONG - 1] = 'y';
  regex[LONG - 1] = 'r';
  query[LONG - 1] = '2';
  slashes[LONG - 1] = '/';
  CHECK_EQ(route_with(table, exact, ""), -1);
  CHECK_EQ(route_with(table, cased, ""), 1);
  CHECK_EQ(route_with(table, rest, ""), -1);
  CHECK_EQ(route_with(table, regex, ""), -1);
  CHECK_EQ(route_with(table, query, ""), -1);
  CHECK_EQ(route_with(table, slashes, ""), -1);
  fp_route_table_unref(table);
  free(exact);
  free(cased);
  free(query);
  free(rest);
  free(regex);
  free(slashes);
}

/* What is left when parameters are dropped has room on the stack, or not. */
static void long_paths_are_compared_without_their_parameters(void) {
  for (size_t len = 1020; len <= LONG; len = len < 1030 ? len + 1 : len * 2) {
    fp_route_builder *builder = new_builder();
    char *path = long_text("/", 'p', "");
    fp_route_table *table;
    path[len - 2] = '\0';
    add_route(builder, FASTPATH_ROUTE_PATH_EXACT, path, 0);
    path[len - 2] = ';';
    path[len - 1] = 'x';
    path[len] = '\0';
    table = build_table(builder, FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS);
    CHECK_EQ(route_with(table, path, ""), 0);
    path[len - 2] = 'p';
    CHECK_EQ(route_with(table, path, ""), -1);
    fp_route_table_unref(table);
    free(path);
  }
}

/* ---- long headers ---- */

/* Joined lines have room on the stack, or not. */
static void lines_of_any_length_are_joined(void) {
  for (size_t len = 250; len < LONG / 4; len = len < 262 ? len + 1 : len * 3) {
    fp_route_builder *builder = new_builder();
    char *value = calloc(1, 2 * len + 2), *lines = calloc(1, 2 * len + 64);
    fp_route_table *table;
    CHECK(value != NULL && lines != NULL);
    memset(value, 'a', 2 * len + 1);
    value[len] = ',';
    snprintf(lines, 2 * len + 64, "accept: %.*s\naccept: \naccept: %s\n", (int)len, value, value + len + 1);
    add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
    add_condition(builder, header_is("accept", FASTPATH_ROUTE_COMPARE_EXACT, value));
    add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
    add_condition(builder, header_is("accept", FASTPATH_ROUTE_COMPARE_REGEX, "a+,a+"));
    table = build_table(builder, 0);
    CHECK_EQ(route_with(table, "/", lines), 0);
    lines[strlen(lines) - 2] = 'b';
    CHECK_EQ(route_with(table, "/", lines), -1);
    fp_route_table_unref(table);
    free(value);
    free(lines);
  }
}

/* For trying every place of the part this would be 2^29 comparisons for each of the candidates. */
static void parts_that_nearly_match_everywhere_cost_one_pass(void) {
  fp_route_builder *builder = new_builder();
  char *part = long_text("", 'a', "b"), *lines = malloc(LONG + 16);
  fp_route_table *table;
  CHECK(lines != NULL);
  for (int i = 0; i < 500; i++) {
    add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
    add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_HEADER, "x-a", FASTPATH_ROUTE_COMPARE_CONTAINS,
                                        part + LONG / 2 + i, FASTPATH_ROUTE_VALUE_IGNORE_CASE));
  }
  table = build_table(builder, 0);
  memset(lines, 'A', LONG + 8);
  memcpy(lines, "x-a: ", 5);
  strcpy(lines + LONG + 5, "\n");
  CHECK_EQ(route_with(table, "/", lines), -1);
  fp_route_table_unref(table);
  free(part);
  free(lines);
}

/* A header in many lines of a value that many candidates ask for, all of which fail by another condition. */
static void lines_that_repeat_are_looked_up_once(void) {
  enum {
    COUNT = 4000
  };
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  char lines[300 * 8] = "";
  for (int i = 0; i < COUNT; i++) {
    add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
    add_condition(builder, header_is("x-a", FASTPATH_ROUTE_COMPARE_EXACT, i == COUNT - 1 ? "w" : "v"));
    add_condition(builder, header_is("x-b", FASTPATH_ROUTE_COMPARE_PRESENT, ""));
  }
  table = build_table(builder, 0);
  for (int i = 0; i < 290; i++) strcat(lines, "x-a: v\n");
  CHECK_EQ(route_with(table, "/", lines), -1);
  strcat(lines, "x-a: w\n");
  CHECK_EQ(route_with(table, "/", lines), -1);
  strcat(lines, "x-b: \n");
  CHECK_EQ(route_with(table, "/", lines), 0);
  fp_route_table_unref(table);
}

/* Candidates that each ask for a parameter and a cookie, of requests that have thousands of others. */
static void parameters_and_cookies_are_looked_up_once(void) {
  enum {
    COUNT = 10000
  };
  fp_route_builder *builder = new_builder();
  char *path = long_text("/?", 'a', "&b=9999"), *lines = long_text("cookie: ", ';', ";c=9999\n"), text[16];
  fp_route_table *table;
  for (int i = 0; i < COUNT; i++) {
    snprintf(text, sizeof text, "%d", i);
    add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
    add_condition(builder, condition_of(i % 2 == 0 ? FASTPATH_ROUTE_CONDITION_QUERY : FASTPATH_ROUTE_CONDITION_COOKIE,
                                        i % 2 == 0 ? "b" : "c", FASTPATH_ROUTE_COMPARE_EXACT, text, 0));
  }
  table = build_table(builder, 0);
  for (size_t i = 2; i < LONG - 8; i += 2) path[i] = '&';
  CHECK_EQ(route_with(table, path, lines), COUNT - 1);
  fp_route_table_unref(table);
  free(path);
  free(lines);
}

int main(void) {
  a_route_has_up_to_255_conditions();
  twenty_thousand_candidates_stand_in_one_place();
  a_hundred_thousand_routes_of_all_kinds();
  routes_are_found_behind_beginnings_of_any_length();
  paths_of_64_kib_are_compared_to_their_ends();
  long_paths_are_compared_without_their_parameters();
  lines_of_any_length_are_joined();
  parts_that_nearly_match_everywhere_cost_one_pass();
  lines_that_repeat_are_looked_up_once();
  parameters_and_cookies_are_looked_up_once();
  return 0;
}
