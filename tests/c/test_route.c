/* Route tables: precedence, kinds of paths, splits, refusals, sharing between tables, sizes. */
#include <fastpath/route.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static fp_route_builder *builder_with_host(const char *domain) {
  fp_route_builder *builder = fp_route_builder_new();
  CHECK(builder != NULL);
  CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)domain, strlen(domain), NULL), FASTPATH_OK);
  return builder;
}

static fp_status add(fp_route_builder *builder, fp_route_path_kind kind, const char *path, fp_error *error) {
  return fp_route_builder_add_route(builder, kind, (const uint8_t *)path, strlen(path), 0, error);
}

static fp_route_table *build(fp_route_builder *builder) {
  fp_route_table *table = NULL;
  CHECK_EQ(fp_route_builder_build(builder, 0, &table, NULL), FASTPATH_OK);
  fp_route_builder_free(builder);
  return table;
}

/* The bytes in a block of exactly their size, so that a sanitizer sees a read past the end. */
static uint32_t route_of(const fp_route_table *table, const char *host, const char *path) {
  const size_t host_len = strlen(host), path_len = strlen(path);
  uint8_t *host_bytes = malloc(host_len + 1), *path_bytes = malloc(path_len + 1);
  fp_route_request request;
  fp_route_match match;
  CHECK(host_bytes != NULL && path_bytes != NULL);
  memcpy(host_bytes + 1, host, host_len);
  memcpy(path_bytes + 1, path, path_len);
  request = (fp_route_request){.authority = {host_bytes + 1, host_len}, .path = {path_bytes + 1, path_len}};
  CHECK_EQ(fp_route_table_match(table, &request, &match),
           match.route == FASTPATH_ROUTE_INDEX_NONE ? FASTPATH_NONE : FASTPATH_OK);
  free(host_bytes);
  free(path_bytes);
  return match.route;
}

static void the_first_route_in_order_wins(void) {
  fp_route_builder *builder = builder_with_host("*");
  fp_route_table *table;
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_EXACT, "/users/me", NULL), FASTPATH_OK);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/users/", NULL), FASTPATH_OK);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_EXACT, "/users/you", NULL), FASTPATH_OK); /* never: 1 comes first */
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/shop", NULL), FASTPATH_OK);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", NULL), FASTPATH_OK);
  table = build(builder);
  CHECK_EQ(route_of(table, "h", "/users/me"), 0);
  CHECK_EQ(route_of(table, "h", "/users/me?a"), 0);
  CHECK_EQ(route_of(table, "h", "/users/me/"), 1);
  CHECK_EQ(route_of(table, "h", "/users/you"), 1);
  CHECK_EQ(route_of(table, "h", "/users"), 4);
  CHECK_EQ(route_of(table, "h", "/shop"), 3);
  CHECK_EQ(route_of(table, "h", "/shop#x"), 3);
  CHECK_EQ(route_of(table, "h", "/shop/x"), 3);
  CHECK_EQ(route_of(table, "h", "/shops"), 4);
  CHECK_EQ(route_of(table, "h", "*"), FASTPATH_ROUTE_INDEX_NONE);
  CHECK_EQ(route_of(table, "h", ""), FASTPATH_ROUTE_INDEX_NONE);
  fp_route_table_unref(table);
}

static void every_length_around_the_width_of_a_label(void) {
  char path[128];
  for (size_t len = 1; len < 100; len++) {
    fp_route_builder *builder = builder_with_host("*");
    fp_route_table *table;
    memset(path, 'p', sizeof path);
    path[len] = '\0';
    CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_EXACT, path, NULL), FASTPATH_OK);
    table = build(builder);
    CHECK_EQ(route_of(table, "h", path), 0);
    path[len - 1] = 'q';
    CHECK_EQ(route_of(table, "h", path), FASTPATH_ROUTE_INDEX_NONE);
    path[len - 1] = '\0';
    CHECK_EQ(route_of(table, "h", path), FASTPATH_ROUTE_INDEX_NONE);
    path[len - 1] = path[len] = 'p';
    path[len + 1] = '\0';
    CHECK_EQ(route_of(table, "h", path), FASTPATH_ROUTE_INDEX_NONE);
    fp_route_table_unref(table);
  }
}

static void every_number_of_children(void) {
  for (unsigned children = 1; children <= 253; children++) {
    fp_route_builder *builder = builder_with_host("*");
    fp_route_table *table;
    unsigned byte = 0, added = 0;
    uint32_t expected[256];
    for (; byte < 256; byte++) {
      uint8_t path[2] = {'/', (uint8_t)byte};
      expected[byte] = FASTPATH_ROUTE_INDEX_NONE;
      if (added == children || byte == 0 || byte == '\r' || byte == '\n') continue;
      CHECK_EQ(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_EXACT, path, 2, 0, NULL), FASTPATH_OK);
      if (byte != '?' && byte != '#') expected[byte] = added;
      added++;
    }
    table = build(builder);
    for (byte = 0; byte < 256; byte++) {
      const uint8_t path[2] = {'/', (uint8_t)byte};
      const fp_route_request request = {.authority = {path, 1}, .path = {path, 2}};
      fp_route_match match;
      (void)fp_route_table_match(table, &request, &match);
      CHECK_EQ(match.route, expected[byte]);
    }
    fp_route_table_unref(table);
  }
}

static void a_split_follows_its_weights(void) {
  fp_route_builder *builder = builder_with_host("*");
  static const uint32_t weights[] = {0, 3, 0, 2, 0};
  static const uint32_t shares[] = {1, 1, 1, 3, 3, 1};
  const fp_route_request request = {.authority = {(const uint8_t *)"h", 1}, .path = {(const uint8_t *)"/", 1}};
  fp_route_match match;
  fp_route_table *table;
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_EXACT, "/none", NULL), FASTPATH_OK);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", NULL), FASTPATH_OK);
  for (size_t i = 0; i < 5; i++) CHECK_EQ(fp_route_builder_add_share(builder, weights[i], NULL), FASTPATH_OK);
  table = build(builder);
  CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_OK);
  CHECK_EQ(match.route, 1);
  CHECK_EQ(match.share_total, 5);
  for (uint64_t value = 0; value < 6; value++) {
    CHECK_EQ(fp_route_table_choose_share(table, &match, value), shares[value]);
  }
  CHECK_EQ(fp_route_table_choose_share(table, &match, UINT64_MAX), UINT64_MAX % 5 < 3 ? 1 : 3);
  match.route = 0;
  match.share_total = 0;
  CHECK_EQ(fp_route_table_choose_share(table, &match, 7), FASTPATH_ROUTE_INDEX_NONE);
  fp_route_table_unref(table);
}

static void a_split_may_use_all_of_32_bits(void) {
  fp_route_builder *builder = builder_with_host("*");
  fp_error error;
  fp_route_table *table = NULL;
  CHECK_EQ(fp_route_builder_add_share(builder, 1, &error), FASTPATH_ERR_STATE);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_share(builder, UINT32_MAX - 1, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_share(builder, 2, &error), FASTPATH_ERR_CONFIG_WEIGHT);
  CHECK_EQ(fp_route_builder_add_share(builder, 1, NULL), FASTPATH_OK);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", NULL), FASTPATH_OK); /* the sum starts anew */
  CHECK_EQ(fp_route_builder_add_share(builder, 0, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_build(builder, 0, &table, &error), FASTPATH_ERR_CONFIG_WEIGHT);
  CHECK_EQ(error.position, 1);
  CHECK_EQ(fp_route_builder_add_share(builder, 7, NULL), FASTPATH_OK); /* a refused builder can be mended */
  table = build(builder);
  CHECK_EQ(route_of(table, "h", "/"), 0);
  fp_route_table_unref(table);
}

static void bad_input_is_refused_where_it_stands(void) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  fp_error error;
  CHECK(builder != NULL);
  CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)"a", 1, &error), FASTPATH_ERR_STATE);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", &error), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)"a\0b", 3, &error), FASTPATH_ERR_CONFIG_DOMAIN);
  CHECK_EQ(error.position, 1);
  CHECK_EQ(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, (const uint8_t *)"/ab\0", 4, 0, &error),
           FASTPATH_ERR_CONFIG_PATH);
  CHECK_EQ(error.position, 3);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_EXACT, "/\r", &error), FASTPATH_ERR_CONFIG_PATH);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_EXACT, "\n", &error), FASTPATH_ERR_CONFIG_PATH);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/a?b", &error), FASTPATH_ERR_CONFIG_PATH);
  CHECK_EQ(error.position, 2);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/a/", &error), FASTPATH_ERR_CONFIG_PATH);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_SEPARATED, "/", &error), FASTPATH_ERR_CONFIG_PATH);
  CHECK_EQ(add(builder, (fp_route_path_kind)6, "/", &error), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_EXACT, (const uint8_t *)"/", 1, 4, &error),
           FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_route_builder_build(builder, 4, &table, &error), FASTPATH_ERR_ARGUMENT);
  CHECK(table == NULL);
  table = build(builder); /* nothing of what was refused is in it */
  CHECK_EQ(route_of(table, "a", "/"), FASTPATH_ROUTE_INDEX_NONE);
  fp_route_table_unref(table);
}

static int released;

static void count_release(void *context) {
  CHECK(context == &released);
  released++;
}

static void a_table_shares_virtual_hosts_and_outlives_its_source(void) {
  fp_route_builder *builder = builder_with_host("a");
  fp_route_table *first, *second;
  fp_error error;
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/a", NULL), FASTPATH_OK);
  first = build(builder);
  fp_route_table_set_context(first, &released, count_release);
  CHECK(fp_route_table_context(first) == &released);
  builder = builder_with_host("b");
  CHECK_EQ(fp_route_builder_share_virtual_host(builder, first, 1, &error), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_route_builder_share_virtual_host(builder, first, 0, NULL), FASTPATH_OK);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/b", &error), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_route_builder_add_share(builder, 1, &error), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)"c", 1, NULL), FASTPATH_OK);
  fp_route_table_unref(fp_route_table_ref(first));
  CHECK_EQ(released, 0);
  fp_route_table_unref(first);
  CHECK_EQ(released, 1);
  second = build(builder);
  CHECK(fp_route_table_context(second) == NULL);
  CHECK_EQ(fp_route_table_virtual_host_count(second), 2);
  CHECK_EQ(route_of(second, "c", "/ab"), 0);
  CHECK_EQ(route_of(second, "b", "/ab"), FASTPATH_ROUTE_INDEX_NONE);
  CHECK_EQ(route_of(second, "a", "/ab"), FASTPATH_ROUTE_INDEX_NONE);
  fp_route_table_unref(second);
  builder = builder_with_host("unused");
  fp_route_builder_free(builder);
  fp_route_builder_free(NULL);
  fp_route_table_unref(NULL);
}

static void a_shadowed_route_takes_no_memory(void) {
  fp_route_builder *builder = builder_with_host("*");
  fp_route_table *table;
  char path[32];
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", NULL), FASTPATH_OK);
  for (int i = 0; i < 10000; i++) {
    snprintf(path, sizeof path, "/%d", i);
    CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_EXACT, path, NULL), FASTPATH_OK);
  }
  table = build(builder);
  CHECK(fp_route_table_size(table) < 2000 + 10000 * 8); /* of each only what is in its way */
  CHECK_EQ(route_of(table, "h", "/77"), 0);
  fp_route_table_unref(table);
}

static void a_hundred_thousand_routes_are_small(void) {
  fp_route_builder *builder = builder_with_host("*");
  fp_route_table *table;
  char path[32];
  for (int i = 0; i < 100000; i++) {
    snprintf(path, sizeof path, "/service/%d/items", i);
    CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, path, NULL), FASTPATH_OK);
  }
  table = build(builder);
  CHECK(fp_route_table_size(table) < (size_t)100 * 100000);
  CHECK_EQ(route_of(table, "h", "/service/0/items"), 0);
  CHECK_EQ(route_of(table, "h", "/service/99999/items/7"), 99999);
  CHECK_EQ(route_of(table, "h", "/service/100000/items"), FASTPATH_ROUTE_INDEX_NONE);
  fp_route_table_unref(table);
}

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static void a_header_stands_in_for_the_host(void) {
  static const char data[] = "x-tenantOne:8080x-tenanttwo";
  fp_http_field fields[2] = {{.name = 0, .name_len = 8, .value = 8, .value_len = 8},
                             {.name = 16, .name_len = 8, .value = 24, .value_len = 3}};
  fp_route_request request = {.authority = span_of("two"), .path = span_of("/"), .data = (const uint8_t *)data};
  fp_route_builder *builder = builder_with_host("two");
  fp_route_match match;
  fp_route_table *table = NULL;
  fp_error error;
  const fp_span one = span_of("one");
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_domain(builder, one.data, one.len, NULL), FASTPATH_OK);
  CHECK_EQ(add(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_set_host_header(builder, span_of(""), &error), FASTPATH_ERR_CONFIG_CONDITION);
  CHECK_EQ(fp_route_builder_set_host_header(builder, span_of("n\no"), &error), FASTPATH_ERR_CONFIG_CONDITION);
  CHECK_EQ(fp_route_builder_set_host_header(builder, span_of("x-other"), NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_set_host_header(builder, span_of("X-Tenant"), NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_build(builder, FASTPATH_ROUTE_TABLE_IGNORE_PORT, &table, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_NONE);
  request.fields = fields;
  request.field_count = 2;
  CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_OK);
  CHECK_EQ(match.virtual_host, 1);
  request.fields = fields + 1;
  request.field_count = 1;
  CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_OK);
  CHECK_EQ(match.virtual_host, 0);
  fp_route_builder_free(builder);
  fp_route_table_unref(table);
}

int main(void) {
  a_header_stands_in_for_the_host();
  the_first_route_in_order_wins();
  every_length_around_the_width_of_a_label();
  every_number_of_children();
  a_split_follows_its_weights();
  a_split_may_use_all_of_32_bits();
  bad_input_is_refused_where_it_stands();
  a_table_shares_virtual_hosts_and_outlives_its_source();
  a_shadowed_route_takes_no_memory();
  a_hundred_thousand_routes_are_small();
  return 0;
}
