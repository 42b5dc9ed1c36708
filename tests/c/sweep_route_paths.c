/* Scenarios of the failing-allocation sweep: matching what does not fit on the stack. */
#include "sweep.h"

enum {
  SEGMENTS = 40
};

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static void add_route(fp_route_builder *builder, fp_route_path_kind kind, const char *path, uint32_t flags) {
  const fp_span span = span_of(path);
  TRY(fp_route_builder_add_route(builder, kind, span.data, span.len, flags, NULL), true);
}

static fp_route_builder *builder_new(void) {
  fp_route_builder *builder;
  TRY_NEW(builder, fp_route_builder_new());
  TRY(fp_route_builder_add_virtual_host(builder, NULL), true);
  TRY(fp_route_builder_add_domain(builder, (const uint8_t *)"*", 1, NULL), true);
  return builder;
}

static fp_route_table *build(fp_route_builder *builder, uint32_t flags) {
  fp_route_table *table = NULL;
  TRY(fp_route_builder_build(builder, flags, &table, NULL), table == NULL);
  fp_route_builder_free(builder);
  return table;
}

/* Which route takes the request; an answer that failed leaves the match as it was. */
static uint32_t route_of(const fp_route_table *table, const fp_route_request *request) {
  fp_route_match match = {.virtual_host = 77, .route = 77};
  TRY(fp_route_table_match(table, request, &match), match.virtual_host == 77 && match.route == 77);
  return match.route;
}

/* Parameters that are dropped from a path of some KiB. */
void sweep_route_long_path(void) {
  static char path[4000];
  fp_route_request request = {.authority = span_of("h"), .path = {(const uint8_t *)path, sizeof path}};
  fp_route_builder *builder = builder_new();
  fp_route_table *table;
  memset(path, 'p', sizeof path);
  memcpy(path, "/a;x/", 5);
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, "/a/p*", 0);
  table = build(builder, FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS);
  CHECK_EQ(route_of(table, &request), 0);
  fp_route_table_unref(table);
}

/* Templates that leave "/a/a/a..." at each segment, in both ways: more wait their turn than there is room for. */
void sweep_route_templates(void) {
  char template[2 * SEGMENTS + 8], path[2 * SEGMENTS + 1];
  fp_route_request request = {.authority = span_of("h"), .path = {(const uint8_t *)path, sizeof path - 1}};
  fp_route_builder *builder = builder_new();
  fp_route_table *table;
  for (size_t i = 0; i < SEGMENTS; i++) memcpy(path + 2 * i, "/a", 3);
  for (size_t leaves = 0; leaves < SEGMENTS; leaves++) {
    memcpy(template, path, sizeof path);
    template[2 * leaves + 1] = '*';
    if (leaves < SEGMENTS - 1) strcpy(template + 2 * SEGMENTS, "/z");
    add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, template, 0);
    add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, template, FASTPATH_ROUTE_ANY_SEGMENT);
  }
  table = build(builder, 0);
  CHECK_EQ(route_of(table, &request), 2 * SEGMENTS - 2);
  fp_route_table_unref(table);
}

/* Regexes of a path and of a header that are too large for an automaton. */
void sweep_route_large_regexes(void) {
  static const char pattern[] = "/(a|b)*a(a|b|c){400}";
  static char path[600];
  const fp_route_condition condition = {.kind = FASTPATH_ROUTE_CONDITION_HEADER,
                                        .compare = FASTPATH_ROUTE_COMPARE_REGEX,
                                        .name = span_of(":path"),
                                        .value = span_of(pattern),
                                        .denominator = 1};
  fp_route_request request = {.authority = span_of("h"), .path = {(const uint8_t *)path, sizeof path}};
  fp_route_builder *builder = builder_new();
  fp_route_table *table;
  memset(path, 'a', sizeof path);
  path[0] = '/';
  path[sizeof path - 1] = 'd';
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, pattern, 0);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  TRY(fp_route_builder_add_condition(builder, &condition, NULL), true);
  table = build(builder, 0);
  CHECK_EQ(route_of(table, &request), FASTPATH_ROUTE_INDEX_NONE);
  request.path.len--;
  CHECK_EQ(route_of(table, &request), 0);
  fp_route_table_unref(table);
}
