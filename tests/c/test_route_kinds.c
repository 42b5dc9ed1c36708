/* Regexes, CONNECT, letter case and parameters of paths; which routes never win. */
#include "route_fixture.h"

static void add_exact_header(fp_route_builder *builder, const char *name, const char *value) {
  add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_HEADER, name, FASTPATH_ROUTE_COMPARE_EXACT, value, 0));
}

static void a_regex_takes_the_whole_path_up_to_its_query(void) {
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "/a/[0-9]+", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "/(b|c)/.*", FASTPATH_ROUTE_IGNORE_CASE); /* nothing to a regex */
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "/q\\?x", 0); /* no path holds a '?' */
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "(?i)/D", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/a", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "/a.", 0); /* never: 5 comes first */
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/a/17?x", ""), 0);
  CHECK_EQ(route_with(table, "/a/17/", ""), 5);
  CHECK_EQ(route_with(table, "/c/\xff", ""), 1);
  CHECK_EQ(route_with(table, "/C/x", ""), -1);
  CHECK_EQ(route_with(table, "/q?x", ""), -1);
  CHECK_EQ(route_with(table, "/d", ""), 3);
  CHECK_EQ(route_with(table, "#x", ""), 4);
  CHECK_EQ(route_with(table, "?x", ""), -1); /* a query alone is no path */
  CHECK_EQ(route_with(table, "/ab", ""), 5);
  fp_route_table_unref(table);
}

static void a_bad_regex_is_refused_with_its_position(void) {
  fp_route_builder *builder = new_builder();
  fp_error error = {0};
  const fp_span pattern = span_of("/a/(b");
  CHECK_EQ(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_REGEX, pattern.data, pattern.len, 0, &error),
           FASTPATH_ERR_CONFIG_REGEX);
  CHECK(error.position <= pattern.len && error.message[0] != '\0');
  fp_route_builder_free(builder);
}

/* Enough of them in one place that they are matched together; more of them match than are asked for at a time. */
static void many_regexes_in_one_place_keep_their_order(void) {
  enum {
    COUNT = 60
  };
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  char text[32], lines[32];
  for (int i = 0; i < COUNT; i++) {
    snprintf(text, sizeof text, i % 3 == 0 ? "/r/.*n%d" : "/r/.*", i);
    add_route(builder, FASTPATH_ROUTE_PATH_REGEX, text, 0);
    snprintf(text, sizeof text, "%d", i);
    if (i % 3 != 0) add_exact_header(builder, "x-a", text);
  }
  table = build_table(builder, 0);
  for (int i = 0; i < COUNT; i++) {
    snprintf(text, sizeof text, "/r/n%d", i);
    snprintf(lines, sizeof lines, "x-a: %d\n", i);
    CHECK_EQ(route_with(table, i % 3 == 0 ? text : "/r/", lines), i);
  }
  CHECK_EQ(route_with(table, "/r/", "x-a: 60\n"), -1);
  CHECK_EQ(route_with(table, "/r/n57", "x-a: 1\n"), 1);
  CHECK_EQ(route_with(table, "/r/n57", "x-a: 59\n"), 57);
  fp_route_table_unref(table);
}

static void connect_goes_to_its_own_routes_when_it_has_no_path(void) {
  fp_route_builder *builder = new_builder();
  fp_route_request request = {.authority = span_of("h:1"), .method = span_of("CONNECT")};
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
  add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_HEADER, ":path", FASTPATH_ROUTE_COMPARE_EXACT, "/p", 0));
  add_route(builder, FASTPATH_ROUTE_PATH_CONNECT, "", 0);
  add_condition(builder,
                condition_of(FASTPATH_ROUTE_CONDITION_HEADER, ":authority", FASTPATH_ROUTE_COMPARE_EXACT, "h:2", 0));
  add_route(builder, FASTPATH_ROUTE_PATH_CONNECT, "", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_CONNECT, "", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  table = build_table(builder, 0);
  CHECK_EQ(route_for(table, &request), 2);
  request.authority = span_of("h:2");
  CHECK_EQ(route_for(table, &request), 1);
  request.path = span_of("/p");
  CHECK_EQ(route_for(table, &request), 0);
  request.path = span_of("/q");
  CHECK_EQ(route_for(table, &request), 1);
  request.method = span_of("connect");
  CHECK_EQ(route_for(table, &request), 4);
  request.path = span_of("");
  CHECK_EQ(route_for(table, &request), -1);
  fp_route_table_unref(table);
}

static void letter_case_of_a_path_may_be_of_no_account(void) {
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/Shop", FASTPATH_ROUTE_IGNORE_CASE);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/shop", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/SHOP/cart", FASTPATH_ROUTE_IGNORE_CASE);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/[\xc4", FASTPATH_ROUTE_IGNORE_CASE);
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/sHOP", ""), 0);
  CHECK_EQ(route_with(table, "/shop/", ""), 1);
  CHECK_EQ(route_with(table, "/Shop/CART/1", ""), 2);
  CHECK_EQ(route_with(table, "/Shop/CARTS", ""), -1);
  CHECK_EQ(route_with(table, "/[\xc4", ""), 3);
  CHECK_EQ(route_with(table, "/{\xc4", ""), -1);
  CHECK_EQ(route_with(table, "/[\xe4", ""), -1);
  fp_route_table_unref(table);
}

static void parameters_of_segments_may_be_ignored(void) {
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/a/b", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/a;x", 0); /* no path that is compared has it */
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "/r/[a-z]*", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "", 0);
  table = build_table(builder, FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS);
  CHECK_EQ(route_with(table, "/a;x/b;y=1;z?q;r", ""), 0);
  CHECK_EQ(route_with(table, "/a;x", ""), -1);
  CHECK_EQ(route_with(table, "/r/ab;1", ""), 2);
  CHECK_EQ(route_with(table, ";a", ""), 3);
  CHECK_EQ(route_with(table, ";/a/b", ""), 0);
  fp_route_table_unref(table);
}

/* ---- routes that never win ---- */

static void check_shadowed(const fp_route_table *table, uint32_t host, const uint32_t (*expected)[2], size_t count) {
  uint32_t route, by, from = 0;
  for (size_t i = 0; i <= count; i++) {
    fp_route_table_next_shadowed(table, host, from, &route, &by);
    CHECK_EQ(route, i == count ? FASTPATH_ROUTE_INDEX_NONE : expected[i][0]);
    CHECK_EQ(by, i == count ? FASTPATH_ROUTE_INDEX_NONE : expected[i][1]);
    from = route + 1;
  }
}

static void routes_that_never_win_are_named_with_what_is_in_their_way(void) {
  static const uint32_t expected[][2] = {{3, 1}, {4, 1}, {6, 5}, {7, 1}, {9, 8}, {11, 10}, {14, 13}, {15, 1}};
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  uint32_t route, by;
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/a/b", 0);                               /* 0 */
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/a", 0);                                /* 1 */
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);                                 /* 2 */
  add_exact_header(builder, "x-a", "1");
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/a/", 0);                               /* 3 */
  add_route(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/a/x", 0);                           /* 4 */
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/s", 0);                                 /* 5 */
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/s", 0);                                 /* 6 */
  add_exact_header(builder, "x-a", "1");
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "/a/.*", 0);                              /* 7 */
  add_route(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/t", 0);                             /* 8 */
  add_route(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/t", 0);                             /* 9 */
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/I", FASTPATH_ROUTE_IGNORE_CASE);       /* 10 */
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/ii", FASTPATH_ROUTE_IGNORE_CASE);       /* 11 */
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/t", FASTPATH_ROUTE_IGNORE_CASE);        /* 12: wins "/T" */
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/v/{x}", 0);                          /* 13 */
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/v/*", 0);                            /* 14 */
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/a/b", 0);                               /* 15 */
  add_route(builder, FASTPATH_ROUTE_PATH_CONNECT, "", 0);                                 /* 16 */
  table = build_table(builder, 0);
  check_shadowed(table, 0, expected, sizeof expected / sizeof *expected);
  fp_route_table_next_shadowed(table, 0, 8, &route, &by); /* from a place between */
  CHECK_EQ(route, 9);
  fp_route_table_next_shadowed(table, 1, 0, &route, &by); /* no such virtual host */
  CHECK_EQ(route, FASTPATH_ROUTE_INDEX_NONE);
  fp_route_table_unref(table);
}

static void a_separated_prefix_is_shadowed_only_as_a_whole(void) {
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  uint32_t route, by;
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/a/", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/a", 0); /* still wins "/a" */
  table = build_table(builder, 0);
  fp_route_table_next_shadowed(table, 0, 0, &route, &by);
  CHECK_EQ(route, FASTPATH_ROUTE_INDEX_NONE);
  CHECK_EQ(route_with(table, "/a", ""), 1);
  fp_route_table_unref(table);
}

int main(void) {
  a_regex_takes_the_whole_path_up_to_its_query();
  a_bad_regex_is_refused_with_its_position();
  many_regexes_in_one_place_keep_their_order();
  connect_goes_to_its_own_routes_when_it_has_no_path();
  letter_case_of_a_path_may_be_of_no_account();
  parameters_of_segments_may_be_ignored();
  routes_that_never_win_are_named_with_what_is_in_their_way();
  a_separated_prefix_is_shadowed_only_as_a_whole();
  return 0;
}
