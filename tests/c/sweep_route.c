/* Scenarios of the failing-allocation sweep: route tables and the snapshots they are published in. */
#include "sweep.h"

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static void add_domain(fp_route_builder *builder, const char *domain) {
  fp_span span = span_of(domain);
  TRY(fp_route_builder_add_domain(builder, span.data, span.len, NULL), true);
}

static void add_route(fp_route_builder *builder, fp_route_path_kind kind, const char *path, uint32_t flags) {
  fp_span span = span_of(path);
  TRY(fp_route_builder_add_route(builder, kind, span.data, span.len, flags, NULL), true);
}

/* Which route a table gives, 0 .. , or -1. */
static int answer(const fp_route_table *table, const char *authority, const char *path) {
  fp_route_request request = {.authority = span_of(authority), .path = span_of(path)};
  fp_route_match match;
  if (fp_route_table_match(table, &request, &match) != FASTPATH_OK) return -1;
  return (int)(match.virtual_host * 100 + match.route);
}

static void release_context(void *context) { ++*(int *)context; }

static fp_route_table *table_new(fp_route_builder *builder) {
  TRY(fp_route_builder_add_virtual_host(builder, NULL), true);
  add_domain(builder, "Shop.example");
  add_domain(builder, "*.shop.example");
  add_domain(builder, "shop.*");
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/cart", FASTPATH_ROUTE_IGNORE_CASE);
  char path[32];
  for (int i = 0; i < 40; i++) {
    snprintf(path, sizeof path, "/items/%d/%d", i % 7, i);
    add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, path, 0);
  }
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  TRY(fp_route_builder_add_share(builder, 90, NULL), true);
  TRY(fp_route_builder_add_share(builder, 10, NULL), true);
  TRY(fp_route_builder_add_virtual_host(builder, NULL), true);
  add_domain(builder, "*");
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  fp_route_table *table = NULL;
  TRY(fp_route_builder_build(builder, FASTPATH_ROUTE_TABLE_IGNORE_PORT, &table, NULL), table == NULL);
  return table;
}

static void table_check(const fp_route_table *table) {
  CHECK_EQ(answer(table, "shop.example:80", "/"), 0);
  CHECK_EQ(answer(table, "a.shop.example", "/CART/1"), 1);
  CHECK_EQ(answer(table, "shop.test", "/items/6/6?x"), 8);
  CHECK_EQ(answer(table, "shop.test", "/other"), 42);
  CHECK_EQ(answer(table, "elsewhere", "/items/6/6"), 100);
}

void sweep_route_table(void) {
  fp_route_builder *builder;
  TRY_NEW(builder, fp_route_builder_new());
  fp_route_table *table = table_new(builder);
  table_check(table);
  CHECK_EQ(fp_route_table_virtual_host_count(table), 2);
  CHECK(fp_route_table_size(table) > 0);
  fp_route_request request = {.authority = span_of("shop.example"), .path = span_of("/x")};
  fp_route_match match;
  CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_OK);
  CHECK_EQ(match.share_total, 100);
  CHECK_EQ(fp_route_table_choose_share(table, &match, 95), 1);
  int released = 0;
  fp_route_table_set_context(table, &released, release_context);
  CHECK(fp_route_table_context(table) == &released);

  /* The next generation shares a virtual host with this one, which goes first. */
  TRY(fp_route_builder_share_virtual_host(builder, table, 0, NULL), true);
  add_domain(builder, "*");
  fp_route_table *next = NULL;
  TRY(fp_route_builder_build(builder, 0, &next, NULL), next == NULL);
  CHECK(fp_route_table_ref(table) == table);
  fp_route_table_unref(table);
  CHECK_EQ(released, 0);
  fp_route_table_unref(table);
  CHECK_EQ(released, 1);
  CHECK_EQ(answer(next, "anything", "/items/6/6"), 8);
  fp_route_table_unref(next);
  fp_route_builder_free(builder);
}

static fp_route_condition header_is(const char *name, fp_route_compare compare, const char *value) {
  return (fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_HEADER,
                              .compare = (uint8_t)compare,
                              .name = span_of(name),
                              .value = span_of(value),
                              .denominator = 1};
}

static void add_condition(fp_route_builder *builder, fp_route_condition condition) {
  TRY(fp_route_builder_add_condition(builder, &condition, NULL), true);
}

/* A route that asks for metadata and filter state. */
static void add_attribute_conditions(fp_route_builder *builder) {
  const fp_span path[] = {span_of("a"), span_of("b")};
  const fp_value_test tests[] = {
      {.kind = FASTPATH_VALUE_TEST_ANY_ITEM},
      {.kind = FASTPATH_VALUE_TEST_TEXT, .compare = FASTPATH_ROUTE_COMPARE_REGEX, .text = span_of("x+")}};
  const fp_cidr range = {.family = 4, .prefix_len = 8, .address = {10}};
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/attributes", 0);
  add_condition(builder, (fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_METADATA,
                                              .name = span_of("f"),
                                              .path = path,
                                              .path_len = 2,
                                              .tests = tests,
                                              .test_count = 2});
  add_condition(builder, (fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_FILTER_STATE,
                                              .compare = FASTPATH_ROUTE_COMPARE_REGEX,
                                              .name = span_of("k"),
                                              .value = span_of("y+")});
  add_condition(builder, (fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS,
                                              .name = span_of("k"),
                                              .ranges = &range,
                                              .range_count = 1});
}

/* Routes that need more than a trie: regexes in an index, conditions, templates, one that never wins. */
static fp_route_table *asking_table_new(fp_route_builder *builder) {
  char pattern[32];
  fp_route_table *table = NULL;
  TRY(fp_route_builder_add_virtual_host(builder, NULL), true);
  TRY(fp_route_builder_require_tls(builder, FASTPATH_ROUTE_TLS_ALL, NULL), true);
  add_domain(builder, "*");
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/c", 0);
  add_condition(builder, header_is("X-Wanted", FASTPATH_ROUTE_COMPARE_EXACT, "1"));
  add_condition(builder, header_is("accept", FASTPATH_ROUTE_COMPARE_REGEX, ".*,b+"));
  for (int i = 0; i < 9; i++) {
    snprintf(pattern, sizeof pattern, "/r/.*%d", i);
    add_route(builder, FASTPATH_ROUTE_PATH_REGEX, pattern, 0);
  }
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/t/{name}/{rest=**}", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_CONNECT, "", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/s", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/s/hidden", 0);
  for (int i = 0; i < 9; i++) {
    snprintf(pattern, sizeof pattern, "%d", 9 - i);
    add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/h", 0);
    add_condition(builder, header_is("x-wanted", FASTPATH_ROUTE_COMPARE_EXACT, pattern));
  }
  add_attribute_conditions(builder);
  TRY(fp_route_builder_set_host_header(builder, span_of(":Authority"), NULL), true);
  TRY(fp_route_builder_build(builder, FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS, &table, NULL), table == NULL);
  return table;
}

void sweep_route_conditions(void) {
  static const char text[] =
      "x-wantedacceptx-forwarded-proto"
      "1"
      "https";
  /* Two lines of accept that are too long for the stack when joined. */
  static uint8_t data[4096];
  const fp_http_field fields[] = {
      {.name = 0, .name_len = 8, .value = 31, .value_len = 1},
      {.name = 8, .name_len = 6, .value = 1000, .value_len = 700},
      {.name = 8, .name_len = 6, .value = 2000, .value_len = 700},
      {.name = 14, .name_len = 17, .value = 32, .value_len = 5},
  };
  fp_http_field lines[4];
  fp_route_request request = {.authority = span_of("h"), .path = span_of("/c"), .method = span_of("GET")};
  fp_route_builder *builder;
  fp_route_match match;
  fp_routed_fields left;
  fp_span name, value, params[2];
  uint32_t route, by, at = 0;
  memset(data, 'b', sizeof data);
  memcpy(data, text, sizeof text - 1);
  memcpy(lines, fields, sizeof fields);
  lines[1].id = lines[2].id = fp_http_name_id(data + 8, 6);
  lines[3].id = fp_http_name_id(data + 14, 17);
  request.data = data;
  request.fields = lines;
  request.field_count = 4;
  TRY_NEW(builder, fp_route_builder_new());
  fp_route_table *table = asking_table_new(builder);
  fp_route_builder_free(builder);
  TRY(fp_route_table_match(table, &request, &match), true);
  CHECK_EQ(match.route, 0);
  request.path = span_of("/r/;x/5");
  TRY(fp_route_table_match(table, &request, &match), true);
  CHECK_EQ(match.route, 6);
  request.path = span_of("/h/1");
  TRY(fp_route_table_match(table, &request, &match), true);
  CHECK_EQ(match.route, 22);
  request.path = span_of("/t/n/a/b?q");
  TRY(fp_route_table_match(table, &request, &match), true);
  CHECK_EQ(match.route, 10);
  CHECK_EQ(fp_route_table_param_count(table, &match), 2);
  CHECK_EQ(fp_route_table_param_name(table, &match, 1).len, 4);
  fp_route_table_params(table, &match, span_of("/t/n/a/b"), params);
  CHECK_BYTES(params[1].data, params[1].len, "a/b");
  fp_routed_fields_init(&left, &request);
  CHECK_EQ(fp_routed_fields_next(&left, span_of("X-WANTED"), &at, &name, &value), 1);
  CHECK_EQ(fp_routed_field_is_joined(name.data, name.len), 0);
  fp_route_table_next_shadowed(table, 0, 0, &route, &by);
  CHECK_EQ(route, 13);
  CHECK_EQ(by, 12);
  fp_route_table_unref(table);
}

void sweep_route_builder_abandoned(void) {
  fp_route_builder *builder;
  TRY_NEW(builder, fp_route_builder_new());
  TRY(fp_route_builder_add_virtual_host(builder, NULL), true);
  add_domain(builder, "half.example");
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/half", 0);
  fp_route_builder_free(builder);
}

static void table_ref(void *table) { (void)fp_route_table_ref(table); }
static void table_unref(void *table) { fp_route_table_unref(table); }

void sweep_snapshot(void) {
  fp_route_builder *builder;
  TRY_NEW(builder, fp_route_builder_new());
  fp_route_table *first = table_new(builder);
  fp_route_table *second = table_new(builder);
  fp_route_builder_free(builder);
  fp_snapshot_cell *cell;
  TRY_NEW(cell, fp_snapshot_cell_new(first, table_ref, table_unref));
  fp_snapshot_reader reader;
  fp_snapshot_reader_init(&reader, cell);
  CHECK(fp_snapshot_read(&reader) == first);
  fp_snapshot_publish(cell, second);
  table_check(first); /* the reader still holds it */
  fp_route_table *current = fp_snapshot_acquire(cell);
  CHECK(current == second);
  CHECK(fp_snapshot_read(&reader) == second);
  CHECK(fp_snapshot_cell_ref(cell) == cell);
  fp_snapshot_cell_unref(cell);
  fp_snapshot_cell_unref(cell);
  fp_snapshot_reader_clear(&reader);
  table_check(current);
  fp_route_table_unref(current);
}
