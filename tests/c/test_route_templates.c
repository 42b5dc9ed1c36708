/* Templates of paths: what their wildcards take, what their variables stand for, which ones are refused and where. */
#include "route_fixture.h"

static const uint32_t ANY = FASTPATH_ROUTE_ANY_SEGMENT;

static fp_route_table *table_with(const char *template, uint32_t flags) {
  fp_route_builder *builder = new_builder();
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, template, flags);
  return build_table(builder, 0);
}

static int takes(const char *template, uint32_t flags, const char *path) {
  fp_route_table *table = table_with(template, flags);
  const int route = route_with(table, path, "");
  fp_route_table_unref(table);
  return route == 0;
}

/* Paths that are not the one that matched give spans that mean nothing, and none that points elsewhere. */
static void check_other_paths(const fp_route_table *table, const fp_route_match *match) {
  static const char *const others[] = {"", "/", "x", "/a", "//////////", "/v.x", "/users/7/files", "/aaaaaaaaaaaaaaaa"};
  fp_span params[FASTPATH_ROUTE_PARAMS_MAX];
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    const fp_span path = {(const uint8_t *)others[i], strlen(others[i])};
    fp_route_table_params(table, match, path, params);
    for (uint32_t j = 0; j < fp_route_table_param_count(table, match); j++) {
      CHECK(params[j].data >= path.data && params[j].len <= path.len - (size_t)(params[j].data - path.data));
    }
  }
}

/* "name=value,name=value" of what the variables stand for; "-" when the path does not match. */
static void check_params(const char *template, uint32_t flags, const char *path, const char *expected) {
  fp_route_table *table = table_with(template, flags);
  fp_span params[FASTPATH_ROUTE_PARAMS_MAX];
  fixture_request made;
  fp_route_match match;
  char text[512] = "-";
  size_t len = 0, end = strcspn(path, "?#");
  make_request(&made, path, "");
  if (fp_route_table_match(table, &made.request, &match) == FASTPATH_OK) {
    text[0] = '\0';
    check_other_paths(table, &match);
    fp_route_table_params(table, &match, (fp_span){made.request.path.data, end}, params);
    for (uint32_t i = 0; i < fp_route_table_param_count(table, &match); i++) {
      const fp_span name = fp_route_table_param_name(table, &match, i);
      CHECK(params[i].data >= made.request.path.data && params[i].data + params[i].len <= made.request.path.data + end);
      len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s=%.*s", i == 0 ? "" : ",", (int)name.len,
                              (const char *)name.data, (int)params[i].len, (const char *)params[i].data);
    }
  }
  if (strcmp(text, expected) != 0) {
    fprintf(stderr, "%s of %s: got %s, expected %s\n", template, path, text, expected);
    exit(1);
  }
  free(made.data);
  fp_route_table_unref(table);
}

static void a_star_takes_one_segment(void) {
  CHECK(takes("/a/*", 0, "/a/b") && takes("/a/*", 0, "/a/b?c/d") && takes("/a/*", 0, "/a/-._~%!$&'()+,;:@*="));
  CHECK(!takes("/a/*", 0, "/a/") && !takes("/a/*", 0, "/a") && !takes("/a/*", 0, "/a/b/") &&
        !takes("/a/*", 0, "/a/b/c"));
  CHECK(!takes("/a/*", 0, "/a/[") && !takes("/a/*", 0, "/a/b\x80") && !takes("/a/*", 0, "/a/b\x01"));
  CHECK(takes("/a/*", ANY, "/a/[") && takes("/a/*", ANY, "/a/b\x80") && takes("/a/*", ANY, "/a/\x01"));
  CHECK(takes("/*/b", 0, "/x/b") && !takes("/*/b", 0, "//b") && !takes("/*/b", ANY, "//b"));
  CHECK(takes("/*.x", 0, "/a.x") && takes("/*.x", 0, "/.x.x") && !takes("/*.x", 0, "/.x") && !takes("/*.x", 0, "/a.y"));
}

static void two_stars_take_any_segments(void) {
  CHECK(takes("/a/**", 0, "/a/") && takes("/a/**", 0, "/a/b/c/") && takes("/a/**", 0, "/a//") &&
        !takes("/a/**", 0, "/a"));
  CHECK(!takes("/a/**", 0, "/a/b/[") && takes("/a/**", ANY, "/a/b/["));
  CHECK(takes("/**.x", 0, "/a/b.x") && takes("/**.x", 0, "/.x") && !takes("/**.x", 0, "/a.x/b"));
  CHECK(takes("/*/**", 0, "/a/") && takes("/*/**", 0, "/a/b/c") && !takes("/*/**", 0, "/a"));
  CHECK(takes("/{a=**}/b", 0, "/x/y/b") && takes("/{a=**}/b", 0, "//b") && !takes("/{a=**}/b", 0, "/b"));
}

static void literals_are_taken_as_they_are(void) {
  CHECK(takes("/", 0, "/") && !takes("/", 0, "/a"));
  CHECK(takes("/a/", 0, "/a/") && !takes("/a/", 0, "/a") && !takes("/a", 0, "/a/") && !takes("/a", 0, "/A"));
  CHECK(takes("/a.b+(c)$", 0, "/a.b+(c)$") && !takes("/a.b", 0, "/axb"));
  CHECK(!takes("/a", FASTPATH_ROUTE_IGNORE_CASE, "/A")); /* templates have a letter case */
}

static void variables_stand_for_what_they_took(void) {
  check_params("/users/{id}/files/{path=**}", 0, "/users/7/files/a/b?c", "id=7,path=a/b");
  check_params("/users/{id}/files/{path=**}", 0, "/users/7/files/", "id=7,path=");
  check_params("/{a}/{b=**}", 0, "/x/y/z", "a=x,b=y/z");
  check_params("/v{major}.x/{minor}", 0, "/v1.2.x/3", "major=1.2,minor=3");
  check_params("/v{major}.x/{minor}", 0, "/v.x/3", "-");
  check_params("/{a=b/*}/c", 0, "/b/x/c", "a=b/x");
  check_params("/{a=b/*}.c", 0, "/b/x.c", "a=b/x");
  check_params("/{a=*}/{b=literal}", 0, "/x/literal", "a=x,b=literal");
  check_params("/{a=x/y}z/{b=w}", 0, "/x/yz/w", "a=x/y,b=w");
  check_params("/{a=x/*/y/**}.js", 0, "/x/1/y/2/3.js", "a=x/1/y/2/3");
  check_params("/{a}", 0, "/", "-");
  check_params("/a", 0, "/a", "");
  check_params("/{weird-name!}/{n/m=**}", ANY, "/\xff/", "weird-name!=\xff,n/m=");
}

static void a_template_has_up_to_5_variables_and_with_any_segment_32(void) {
  char template[512] = "", path[512] = "", expected[512] = "";
  for (size_t i = 0; i < FASTPATH_ROUTE_PARAMS_MAX; i++) {
    snprintf(template + strlen(template), 16, "/{v%zu}", i);
    snprintf(path + strlen(path), 16, "/p%zu", i);
    snprintf(expected + strlen(expected), 16, "%sv%zu=p%zu", i == 0 ? "" : ",", i, i);
  }
  check_params(template, ANY, path, expected);
  check_params("/{a}/{b}/{c}/{d}/{e}", 0, "/1/2/3/4/5", "a=1,b=2,c=3,d=4,e=5");
}

static void the_first_template_in_order_wins(void) {
  static const char *const templates[] = {"/a/{x}/c", "/a/b/*", "/{x}/b/c", "/a/**", "/*/b/{y}", "/**"};
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
    add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, templates[i], i % 2 == 0 ? 0 : ANY);
  }
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/a/b/c", ""), 0);
  CHECK_EQ(route_with(table, "/a/b/d", ""), 1);
  CHECK_EQ(route_with(table, "/z/b/c", ""), 2);
  CHECK_EQ(route_with(table, "/a/d", ""), 3);
  CHECK_EQ(route_with(table, "/z/b/d", ""), 4);
  CHECK_EQ(route_with(table, "/z", ""), 5);
  CHECK_EQ(route_with(table, "z", ""), 6);
  fp_route_table_unref(table);
}

/* Tokens are bytes in the trie's keys; in a path they are bytes like others. */
static void bytes_that_stand_for_wildcards_inside_are_no_wildcards(void) {
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/*/a", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/{x}/b", ANY);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/\x01/a", 0);
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/\x01/a", ""), 2);
  CHECK_EQ(route_with(table, "/\x02/a", ""), -1);
  CHECK_EQ(route_with(table, "/\x02/b", ""), 1);
  fp_route_table_unref(table);
}

/* More than 32 children at a node, one of them a wildcard. */
static void a_wildcard_stands_beside_many_literals(void) {
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  char path[8] = "/_/x";
  int added = 0;
  for (int i = 0; i < 62; i++) {
    path[1] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[i];
    add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, path, 0);
    added++;
  }
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/*/x", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/{any}/{x}", ANY);
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/c/x", ""), 2);
  CHECK_EQ(route_with(table, "/cc/x", ""), added);
  CHECK_EQ(route_with(table, "/-/x", ""), added);
  CHECK_EQ(route_with(table, "/-/y", ""), added + 1);
  CHECK_EQ(route_with(table, "/[/x", ""), added + 1);
  fp_route_table_unref(table);
}

static void parameters_of_segments_stay_in_templates(void) {
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/a/{x}", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/b/c", 0);
  table = build_table(builder, FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS);
  CHECK_EQ(route_with(table, "/a/b;c", ""), 0);
  CHECK_EQ(route_with(table, "/a;b/c", ""), -1);
  CHECK_EQ(route_with(table, "/b;x=1/c;y?z;", ""), 1);
  fp_route_table_unref(table);
}

static void bad_templates_are_refused_where_they_are_bad(void) {
  static const struct {
    const char *template;
    uint32_t flags;
    size_t position;
  } bad[] = {
      {"", 0, 0},         {"a", 0, 0},         {"//", 0, 1},
      {"/a//b", 0, 3},    {"/a b", 0, 2},      {"/a?b", 0, 2},
      {"/a#b", 0, 2},     {"/\x80", 0, 1},     {"/a[", 0, 2},
      {"/**/*", 0, 4},    {"/**/**", 0, 4},    {"/**/{a}", 0, 5},
      {"/a*", 0, 2},      {"/***", 0, 3},      {"/*{a}", 0, 2},
      {"/*.x/b", 0, 4},   {"/{a", 0, 1},       {"/{a}{b}", 0, 4},
      {"/{a}-{b}", 0, 5}, {"/{}", 0, 2},       {"/{=*}", 0, 2},
      {"/{1a}", 0, 2},    {"/{a-b}", 0, 3},    {"/{abcdefghijklmnopq}", 0, 2},
      {"/{a}/{a}", 0, 6}, {"/{a=}", 0, 4},     {"/{a=/b}", 0, 4},
      {"/{a=b/}", 0, 5},  {"/{a=b//c}", 0, 6}, {"/{a=*x}", 0, 5},
      {"/{a={b}}", 0, 4}, {"/x{a=b/*}", 0, 6}, {"/{a}/{b}/{c}/{d}/{e}/{f}", 0, 22},
      {"/a}", ANY, 2},    {"/{}", ANY, 2},     {"/{a}/{a}", ANY, 6},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    fp_route_builder *builder = new_builder();
    const fp_span template = span_of(bad[i].template);
    fp_error error = {0};
    const fp_status status = fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, template.data,
                                                        template.len, bad[i].flags, &error);
    if (status != FASTPATH_ERR_CONFIG_PATH || error.position != bad[i].position) {
      fprintf(stderr, "%s: status %d at %zu, expected at %zu\n", bad[i].template, (int)status, (size_t)error.position,
              bad[i].position);
      exit(1);
    }
    fp_route_builder_free(builder);
  }
}

static void a_template_has_up_to_256_bytes_and_with_any_segment_more(void) {
  char text[70000];
  fp_route_builder *builder = new_builder();
  fp_error error;
  fp_route_table *table;
  memset(text, 'a', sizeof text);
  text[0] = '/';
  CHECK_EQ(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, (uint8_t *)text, 257, 0, &error),
           FASTPATH_ERR_CONFIG_PATH);
  CHECK_EQ(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, (uint8_t *)text, 256, 0, &error),
           FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, (uint8_t *)text, sizeof text, ANY, &error),
           FASTPATH_OK);
  table = build_table(builder, 0);
  const fp_route_request request = {.authority = span_of("h"), .path = {(uint8_t *)text, sizeof text}};
  CHECK_EQ(route_for(table, &request), 1);
  fp_route_table_unref(table);
}

/* Templates that leave "/a/a/a/..." at each of its segments: all ways wait at once, and each is gone once. */
static void many_ways_through_a_path_are_each_gone_once(void) {
  enum {
    DEPTH = 120
  };
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  char template[2 * DEPTH + 8], path[2 * DEPTH + 8];
  for (size_t leave = 0; leave < DEPTH; leave++) {
    template[0] = '\0';
    for (size_t i = 0; i < DEPTH; i++) strcat(template, i == leave ? "/*" : "/a");
    strcat(template, "/z");
    add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, template, 0);
    add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, template, ANY);
  }
  table = build_table(builder, 0);
  path[0] = '\0';
  for (size_t i = 0; i < DEPTH; i++) strcat(path, "/a");
  CHECK_EQ(route_with(table, path, ""), -1);
  strcat(path, "/z");
  CHECK_EQ(route_with(table, path, ""), 0);
  path[1] = '[';
  CHECK_EQ(route_with(table, path, ""), 1);
  path[1] = 'a';
  path[2 * DEPTH - 1] = '[';
  CHECK_EQ(route_with(table, path, ""), 2 * DEPTH - 1);
  fp_route_table_unref(table);
}

int main(void) {
  a_star_takes_one_segment();
  two_stars_take_any_segments();
  literals_are_taken_as_they_are();
  variables_stand_for_what_they_took();
  a_template_has_up_to_5_variables_and_with_any_segment_32();
  the_first_template_in_order_wins();
  bytes_that_stand_for_wildcards_inside_are_no_wildcards();
  a_wildcard_stands_beside_many_literals();
  parameters_of_segments_stay_in_templates();
  bad_templates_are_refused_where_they_are_bad();
  a_template_has_up_to_256_bytes_and_with_any_segment_more();
  many_ways_through_a_path_are_each_gone_once();
  return 0;
}
