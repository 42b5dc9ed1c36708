/* Virtual hosts of a table: TLS that they require, ports, and tables of which only one virtual host is new. */
#include "route_fixture.h"

static int answer(const fp_route_table *table, const char *host, const char *path, fp_route_match *match) {
  const fp_route_request request = {.authority = span_of(host), .path = span_of(path)};
  return fp_route_table_match(table, &request, match);
}

/* ---- TLS ---- */

/* 1: redirected, 0: routed, -1: no route at all. */
static int redirected(fp_route_require_tls require, const char *scheme, uint32_t flags, const char *lines) {
  fp_route_builder *builder = new_builder();
  fixture_request made;
  fp_route_match match;
  fp_route_table *table;
  fp_status status;
  CHECK_EQ(fp_route_builder_require_tls(builder, require, NULL), FASTPATH_OK);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/p", 0);
  CHECK_EQ(fp_route_builder_add_share(builder, 5, NULL), FASTPATH_OK);
  table = build_table(builder, 0);
  make_request(&made, "/p", lines);
  made.request.scheme = scheme == NULL ? (fp_span){NULL, 0} : span_of(scheme);
  made.request.flags = flags;
  status = fp_route_table_match(table, &made.request, &match);
  CHECK_EQ(match.virtual_host, 0);
  CHECK_EQ(status, match.tls_redirect || match.route == 0 ? FASTPATH_OK : FASTPATH_NONE);
  if (match.tls_redirect) CHECK(match.route == FASTPATH_ROUTE_INDEX_NONE && match.share_total == 0);
  free(made.data);
  fp_route_table_unref(table);
  return match.tls_redirect ? 1 : match.route == 0 ? 0 : -1;
}

static void plain_http_is_sent_to_https_where_that_is_required(void) {
  const fp_route_require_tls none = FASTPATH_ROUTE_TLS_NONE, all = FASTPATH_ROUTE_TLS_ALL,
                             external = FASTPATH_ROUTE_TLS_EXTERNAL;
  const uint32_t internal = FASTPATH_ROUTE_REQUEST_INTERNAL;
  CHECK_EQ(redirected(none, "http", 0, ""), 0);
  CHECK_EQ(redirected(all, "http", 0, ""), 1);
  CHECK_EQ(redirected(all, NULL, 0, ""), 1);
  CHECK_EQ(redirected(all, "https", 0, ""), 0);
  CHECK_EQ(redirected(all, "http", internal, ""), 1);
  CHECK_EQ(redirected(external, "http", 0, ""), 1);
  CHECK_EQ(redirected(external, "http", internal, ""), 0);
  CHECK_EQ(redirected(all, "http", 0, "x-forwarded-proto: https\n"), 0);
  CHECK_EQ(redirected(all, "https", 0, "x-forwarded-proto: http\n"), 1);
  CHECK_EQ(redirected(all, "https", 0, "x-forwarded-proto: HTTPS\n"), 1);
  CHECK_EQ(redirected(all, "https", 0, "x-forwarded-proto: https\nX-Forwarded-Proto: https\n"), 1);
  CHECK_EQ(redirected(all, "http", 0, "x-forwarded-proto: \nx-forwarded-proto: https\n"), 0);
}

static void an_empty_forwarded_proto_has_no_route(void) {
  CHECK_EQ(redirected(FASTPATH_ROUTE_TLS_NONE, "http", 0, "x-forwarded-proto: \n"), -1);
  CHECK_EQ(redirected(FASTPATH_ROUTE_TLS_ALL, "http", 0, "x-forwarded-proto: \nx-forwarded-proto: \n"), -1);
  CHECK_EQ(redirected(FASTPATH_ROUTE_TLS_NONE, "", 0, ""), 0); /* which a missing scheme does not make */
  CHECK_EQ(redirected(FASTPATH_ROUTE_TLS_NONE, "", 0, "x-a: 1\n"), 0);
  CHECK_EQ(redirected(FASTPATH_ROUTE_TLS_ALL, "", 0, ""), 1);
}

static void only_a_virtual_host_of_its_own_may_require_tls(void) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_error error;
  fp_route_table *table;
  fp_route_match match;
  CHECK(builder != NULL);
  CHECK_EQ(fp_route_builder_require_tls(builder, FASTPATH_ROUTE_TLS_ALL, &error), FASTPATH_ERR_STATE);
  add_host(builder, "a");
  CHECK_EQ(fp_route_builder_require_tls(builder, (fp_route_require_tls)3, &error), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_route_builder_require_tls(builder, FASTPATH_ROUTE_TLS_ALL, NULL), FASTPATH_OK);
  table = build_table(builder, 0);
  builder = fp_route_builder_new();
  CHECK(builder != NULL);
  CHECK_EQ(fp_route_builder_share_virtual_host(builder, table, 0, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_require_tls(builder, FASTPATH_ROUTE_TLS_NONE, &error), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)"b", 1, NULL), FASTPATH_OK);
  fp_route_table_unref(table);
  table = build_table(builder, 0);
  CHECK_EQ(answer(table, "b", "/", &match), FASTPATH_OK); /* what is shared has it still */
  CHECK_EQ(match.tls_redirect, 1);
  fp_route_table_unref(table);
}

/* ---- hosts and ports ---- */

static void a_port_may_be_ignored(void) {
  static const struct {
    const char *host;
    uint32_t expected;
  } hosts[] = {{"foo.com", 0},
               {"FOO.com:80", 0},
               {"foo.com:", 0},
               {"foo.com:abc", 0},
               {"[::1]:80", 1},
               {"[::1]", 1},
               {"a:b:80", 2},
               {"foo.com:80]", FASTPATH_ROUTE_INDEX_NONE},
               {"x.com", FASTPATH_ROUTE_INDEX_NONE}};
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_match match;
  fp_route_table *table;
  CHECK(builder != NULL);
  add_host(builder, "Foo.com");
  add_host(builder, "[::1]");
  add_host(builder, "a:b");
  table = build_table(builder, FASTPATH_ROUTE_TABLE_IGNORE_PORT);
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    CHECK_EQ(answer(table, hosts[i].host, "/", &match), FASTPATH_NONE);
    CHECK_EQ(match.virtual_host, hosts[i].expected);
  }
  fp_route_table_unref(table);
}

static void a_request_without_a_host_is_served_when_nothing_else_is_there(void) {
  fp_route_builder *builder = new_builder();
  const fp_route_request request = {.path = span_of("/")};
  fp_route_match match;
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  table = build_table(builder, 0);
  CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_OK);
  fp_route_table_unref(table);
  builder = new_builder();
  add_host(builder, "a");
  table = build_table(builder, 0);
  CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_NONE);
  CHECK_EQ(match.virtual_host, FASTPATH_ROUTE_INDEX_NONE);
  fp_route_table_unref(table);
}

static void a_table_of_nothing_takes_nothing(void) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_match match;
  fp_route_table *table;
  CHECK(builder != NULL);
  table = build_table(builder, 0);
  CHECK_EQ(fp_route_table_virtual_host_count(table), 0);
  CHECK_EQ(answer(table, "", "", &match), FASTPATH_NONE);
  fp_route_table_unref(table);
}

/* ---- one new virtual host ---- */

enum {
  HOSTS = 200
};

static void add_routes(fp_route_builder *builder, int host, int version) {
  char text[64];
  snprintf(text, sizeof text, "host%d.example", host);
  add_host(builder, text);
  snprintf(text, sizeof text, "/%d/v%d", host, version);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, text, 0);
  snprintf(text, sizeof text, "/%d/{x}/v%d", host, version);
  add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, text, 0);
  snprintf(text, sizeof text, "/%d/.*/r%d", host, version);
  add_route(builder, FASTPATH_ROUTE_PATH_REGEX, text, 0);
  add_condition(builder,
                condition_of(FASTPATH_ROUTE_CONDITION_HEADER, ":authority", FASTPATH_ROUTE_COMPARE_REGEX, "host.*", 0));
  CHECK_EQ(fp_route_builder_add_share(builder, 1, NULL), FASTPATH_OK); /* shares may follow conditions */
  CHECK_EQ(fp_route_builder_add_share(builder, 2, NULL), FASTPATH_OK);
}

static void check_routes(const fp_route_table *table, int host, int version) {
  char name[64], path[64];
  fp_route_match match;
  fp_span param;
  snprintf(name, sizeof name, "HOST%d.example", host);
  snprintf(path, sizeof path, "/%d/v%d/x", host, version);
  CHECK_EQ(answer(table, name, path, &match), FASTPATH_OK);
  CHECK(match.virtual_host == (uint32_t)host && match.route == 0 && match.share_total == 0);
  snprintf(path, sizeof path, "/%d/p/v%d", host, version);
  CHECK_EQ(answer(table, name, path, &match), FASTPATH_OK);
  CHECK_EQ(match.route, 1);
  fp_route_table_params(table, &match, span_of(path), &param);
  CHECK_BYTES(param.data, param.len, "p");
  snprintf(name, sizeof name, "host%d.example", host);
  snprintf(path, sizeof path, "/%d//r%d", host, version);
  CHECK_EQ(answer(table, name, path, &match), FASTPATH_OK);
  CHECK(match.route == 2 && match.share_total == 3);
  CHECK_EQ(fp_route_table_choose_share(table, &match, 1), 1);
  snprintf(path, sizeof path, "/%d/v%d", host, version + 1);
  CHECK_EQ(answer(table, name, path, &match), FASTPATH_NONE);
}

/* Ten generations, each with one virtual host of its own and the others of the one before, which goes. */
static void one_virtual_host_may_be_updated_and_the_others_stay(void) {
  int versions[HOSTS] = {0};
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table;
  CHECK(builder != NULL);
  for (int i = 0; i < HOSTS; i++) add_routes(builder, i, 0);
  table = build_table(builder, 0);
  for (int generation = 1; generation <= 10; generation++) {
    const int updated = generation * 37 % HOSTS;
    fp_route_table *before = table;
    builder = fp_route_builder_new();
    CHECK(builder != NULL);
    versions[updated] = generation;
    for (int i = 0; i < HOSTS; i++) {
      char domain[64];
      if (i == updated) {
        add_routes(builder, i, generation);
        continue;
      }
      CHECK_EQ(fp_route_builder_share_virtual_host(builder, before, (uint32_t)i, NULL), FASTPATH_OK);
      snprintf(domain, sizeof domain, "host%d.example", i);
      CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)domain, strlen(domain), NULL), FASTPATH_OK);
    }
    if (generation % 2 == 0) fp_route_table_unref(before);
    table = build_table(builder, 0);
    if (generation % 2 != 0) fp_route_table_unref(before);
  }
  for (int i = 0; i < HOSTS; i++) check_routes(table, i, versions[i]);
  fp_route_table_unref(table);
}

int main(void) {
  plain_http_is_sent_to_https_where_that_is_required();
  an_empty_forwarded_proto_has_no_route();
  only_a_virtual_host_of_its_own_may_require_tls();
  a_port_may_be_ignored();
  a_request_without_a_host_is_served_when_nothing_else_is_there();
  a_table_of_nothing_takes_nothing();
  one_virtual_host_may_be_updated_and_the_others_stay();
  return 0;
}
