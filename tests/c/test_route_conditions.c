/* Conditions of routes: what each looks at, how it compares, when it is refused. The answers are a real Envoy's. */
#include "route_fixture.h"

enum {
  INVERT = FASTPATH_ROUTE_INVERT,
  AS_EMPTY = FASTPATH_ROUTE_MISSING_AS_EMPTY,
  FOLD = FASTPATH_ROUTE_VALUE_IGNORE_CASE
};

#define PRESENT FASTPATH_ROUTE_COMPARE_PRESENT
#define EXACT FASTPATH_ROUTE_COMPARE_EXACT
#define PREFIX FASTPATH_ROUTE_COMPARE_PREFIX
#define SUFFIX FASTPATH_ROUTE_COMPARE_SUFFIX
#define CONTAINS FASTPATH_ROUTE_COMPARE_CONTAINS
#define REGEX FASTPATH_ROUTE_COMPARE_REGEX

/* Whether the condition holds for a request of this path with these lines. */
static int holds(fp_route_condition condition, const char *path, const char *lines) {
  fp_route_table *table = table_of(condition);
  const int route = route_with(table, path, lines);
  fp_route_table_unref(table);
  return route == 0;
}

static int header(const char *name, fp_route_compare compare, const char *value, unsigned flags, const char *lines) {
  return holds(condition_of(FASTPATH_ROUTE_CONDITION_HEADER, name, compare, value, flags), "/p?q=1", lines);
}

static int query(const char *name, fp_route_compare compare, const char *value, unsigned flags, const char *path) {
  return holds(condition_of(FASTPATH_ROUTE_CONDITION_QUERY, name, compare, value, flags), path, "");
}

static int cookie(const char *name, fp_route_compare compare, const char *value, unsigned flags, const char *lines) {
  return holds(condition_of(FASTPATH_ROUTE_CONDITION_COOKIE, name, compare, value, flags), "/", lines);
}

/* ---- headers ---- */

static void any_line_of_a_header_may_match(void) {
  CHECK(header("x-a", EXACT, "v", 0, "x-a: v\n"));
  CHECK(header("X-A", EXACT, "v", 0, "x-b: 1\nx-a: u\nx-a: v\n"));
  CHECK(!header("x-a", EXACT, "v", 0, "x-a: V\n"));
  CHECK(!header("x-a", EXACT, "v", 0, "x-aa: v\nx: v\n"));
  CHECK(header("x-a", EXACT, "u,v", 0, "x-a: u,v\n"));
  CHECK(!header("x-a", EXACT, "u,v", 0, "x-a: u\nx-a: v\n"));
  CHECK(!header("x-a", EXACT, "v", INVERT, "x-a: u\nx-a: v\n")); /* none may match */
  CHECK(header("x-a", EXACT, "v", INVERT, "x-a: u\nx-a: w\n"));
}

static void a_missing_header_fails_even_inverted(void) {
  CHECK(!header("x-a", EXACT, "v", 0, ""));
  CHECK(!header("x-a", EXACT, "v", INVERT, "x-b: v\n"));
  CHECK(!header("x-a", EXACT, "", 0, ""));
  CHECK(header("x-a", EXACT, "", AS_EMPTY, ""));
  CHECK(header("x-a", EXACT, "v", INVERT | AS_EMPTY, ""));
  CHECK(!header("x-a", EXACT, "v", AS_EMPTY, ""));
  CHECK(header("x-a", REGEX, "v*", AS_EMPTY, ""));
  CHECK(header("x-a", EXACT, "", 0, "x-a: \n"));
}

static void presence_may_be_asked_for_and_absence(void) {
  CHECK(header("x-a", PRESENT, "", 0, "x-a: \n"));
  CHECK(!header("x-a", PRESENT, "", 0, ""));
  CHECK(header("x-a", PRESENT, "", INVERT, ""));
  CHECK(!header("x-a", PRESENT, "", INVERT, "x-a: 1\n"));
  CHECK(header("x-a", PRESENT, "", AS_EMPTY, ""));
  CHECK(!header("x-a", PRESENT, "", INVERT | AS_EMPTY, ""));
}

static void values_are_compared_in_every_way(void) {
  CHECK(header("x-a", PREFIX, "ab", 0, "x-a: abc\n"));
  CHECK(!header("x-a", PREFIX, "ab", 0, "x-a: a\n"));
  CHECK(header("x-a", PREFIX, "aB", FOLD, "x-a: AbC\n"));
  CHECK(header("x-a", SUFFIX, "bc", 0, "x-a: abc\n"));
  CHECK(!header("x-a", SUFFIX, "bc", 0, "x-a: c\n"));
  CHECK(header("x-a", SUFFIX, "BC", FOLD, "x-a: abc\n"));
  CHECK(header("x-a", CONTAINS, "b", 0, "x-a: abc\n"));
  CHECK(header("x-a", CONTAINS, "", 0, "x-a: \n"));
  CHECK(!header("x-a", CONTAINS, "bb", 0, "x-a: b\n"));
  CHECK(header("x-a", CONTAINS, "B", FOLD, "x-a: abc\n"));
  CHECK(header("x-a", EXACT, "[@`{", FOLD, "x-a: [@`{\n"));
  CHECK(!header("x-a", EXACT, "{`", FOLD, "x-a: [@\n")); /* only letters have a case */
  CHECK(!header("x-a", EXACT, "\xe9", FOLD, "x-a: \xc9\n"));
  CHECK(header("x-a", REGEX, "a.c", 0,
               "x-a: a\xff"
               "c\n")); /* characters are bytes */
  CHECK(!header("x-a", REGEX, "b", 0, "x-a: abc\n"));
  CHECK(!header("x-a", REGEX, "A", FOLD, "x-a: a\n"));
}

static int in_range(int64_t start, int64_t end, const char *lines) {
  fp_route_condition condition =
      condition_of(FASTPATH_ROUTE_CONDITION_HEADER, "x-a", FASTPATH_ROUTE_COMPARE_RANGE, "", 0);
  condition.start = start;
  condition.end = end;
  return holds(condition, "/", lines);
}

static void a_range_holds_its_start_and_not_its_end(void) {
  static const char *const refused[] = {"x-a: \n",    "x-a: -\n",   "x-a: +\n",   "x-a: 1.0\n", "x-a: --1\n",
                                        "x-a: +-1\n", "x-a: 0x1\n", "x-a: 1 0\n", "x-a: 1a\n",  ""};
  CHECK(in_range(-1, 2, "x-a: -1\n") && in_range(-1, 2, "x-a: 1\n"));
  CHECK(!in_range(-1, 2, "x-a: 2\n") && !in_range(-1, 2, "x-a: -2\n"));
  CHECK(in_range(0, 6, "x-a: +5\n") && in_range(0, 6, "x-a: 00000000000000000000000000005\n"));
  CHECK(in_range(0, 6, "x-a: z\nx-a: 3\n"));
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) CHECK(!in_range(INT64_MIN, INT64_MAX, refused[i]));
  CHECK(in_range(INT64_MIN, 0, "x-a: -9223372036854775808\n"));
  CHECK(!in_range(INT64_MIN, 0, "x-a: -9223372036854775809\n"));
  CHECK(!in_range(3, 3, "x-a: 3\n") && !in_range(3, 2, "x-a: 2\n")); /* nothing is in it */
  CHECK(in_range(INT64_MAX - 1, INT64_MAX, "x-a: 9223372036854775806\n"));
  CHECK(!in_range(0, INT64_MAX, "x-a: 9223372036854775807\n") && !in_range(0, INT64_MAX, "x-a: 9223372036854775808\n"));
  CHECK(!in_range(INT64_MIN, INT64_MAX, "x-a: 18446744073709551617\n"));
}

static void lines_of_single_line_headers_are_one_value(void) {
  static const char *const joined[] = {"accept",
                                       "accept-encoding",
                                       "access-control-request-headers",
                                       "access-control-request-method",
                                       "access-control-request-private-network",
                                       "authorization",
                                       "cache-control",
                                       "cdn-loop",
                                       "content-encoding",
                                       "content-type",
                                       "expect",
                                       "grpc-accept-encoding",
                                       "grpc-timeout",
                                       "if-match",
                                       "if-modified-since",
                                       "if-none-match",
                                       "if-range",
                                       "if-unmodified-since",
                                       "origin",
                                       "pragma",
                                       "referer",
                                       "user-agent",
                                       "via",
                                       "proxy-status",
                                       "x-client-trace-id",
                                       "x-forwarded-for",
                                       "x-forwarded-host",
                                       "x-forwarded-port",
                                       "x-forwarded-proto",
                                       "x-request-id",
                                       "x-envoy-attempt-count",
                                       "x-envoy-decorator-operation",
                                       "x-envoy-downstream-service-cluster",
                                       "x-envoy-downstream-service-node",
                                       "x-envoy-external-address",
                                       "x-envoy-is-timeout-retry",
                                       "x-envoy-original-path",
                                       "x-envoy-original-host",
                                       "x-envoy-upstream-stream-duration-ms"};
  static const char *const apart[] = {"cookie",      "accept-language",  "forwarded", "range",  "x-real-ip",
                                      "traceparent", "content-language", "date",      "server", "x-unknown"};
  char lines[256];
  for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
    snprintf(lines, sizeof lines, "%s: \n%s: a\n%s: \n%s: b\n", joined[i], joined[i], joined[i], joined[i]);
    CHECK(header(joined[i], EXACT, "a,b", 0, lines));
    CHECK(!header(joined[i], EXACT, "b", 0, lines));
  }
  for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
    snprintf(lines, sizeof lines, "%s: a\n%s: b\n", apart[i], apart[i]);
    CHECK(!header(apart[i], EXACT, "a,b", 0, lines));
    CHECK(header(apart[i], EXACT, "b", 0, lines));
  }
  CHECK(header("accept", EXACT, "", 0, "accept: \naccept: \n"));
}

static void headers_of_one_hop_are_never_there(void) {
  CHECK(!header("connection", PRESENT, "", 0, "connection: close\n"));
  CHECK(header("Upgrade", PRESENT, "", INVERT, "upgrade: a\n"));
  CHECK(!header("x-envoy-internal", EXACT, "true", 0, "x-envoy-internal: true\n"));
  CHECK(!header("x-a", PRESENT, "", 0, "x-a: 1\nConnection: close ,\tX-A\n"));
  CHECK(header("x-a", PRESENT, "", 0, "x-a: 1\nConnection: x-aa\n"));
  CHECK(!header("accept", EXACT, "a,b", 0, "accept: a\naccept: b\nconnection: a\nconnection: accept\n"));
}

static void pseudo_headers_are_parts_of_the_request(void) {
  CHECK(header(":method", EXACT, "GET", 0, ""));
  CHECK(header(":path", EXACT, "/p?q=1", 0, ""));
  CHECK(header(":Authority", EXACT, "host", 0, "host: other\n"));
  CHECK(header("Host", PREFIX, "ho", 0, ""));
  CHECK(header(":scheme", EXACT, "http", 0, ""));
  CHECK(header(":scheme", EXACT, "https", 0, "x-forwarded-proto: HTTPS\n"));
  CHECK(header(":scheme", EXACT, "http", 0, "x-forwarded-proto: gopher\n"));
  /* The lines have the bits of its id and of its length, and are others. */
  CHECK(header("x-forwarded-proto", EXACT, "http", 0, "expires: 0\nx-seventeen-bytes: 0\n"));
  CHECK(header(":scheme", EXACT, "http", 0, "x-forwarded-proto: https\nx-forwarded-proto: https\n"));
  CHECK(header(":scheme", EXACT, "https", 0, "x-forwarded-proto: \nx-forwarded-proto: https\n"));
}

static void missing_parts_of_a_request_are_missing_headers(void) {
  static const char *const names[] = {":method", ":path", ":authority", ":scheme"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    fp_route_builder *builder = new_builder();
    fp_route_table *table;
    const fp_route_request empty = {.method = span_of("CONNECT")};
    fp_route_request nothing = empty;
    add_route(builder, FASTPATH_ROUTE_PATH_CONNECT, "", 0);
    add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_HEADER, names[i], PRESENT, "", INVERT));
    table = build_table(builder, 0);
    CHECK_EQ(route_for(table, &nothing), i == 0 ? -1 : 0); /* a CONNECT has a method */
    fp_route_table_unref(table);
  }
}

/* ---- the others ---- */

static void the_first_query_parameter_decides(void) {
  CHECK(query("a", EXACT, "1", 0, "/?a=1&a=2"));
  CHECK(!query("a", EXACT, "2", 0, "/?a=1&a=2"));
  CHECK(query("a", EXACT, "", 0, "/?b&a"));
  CHECK(query("a", EXACT, "", 0, "/?a=&a=1"));
  CHECK(query("a", PRESENT, "", 0, "/?a"));
  CHECK(!query("a", PRESENT, "", 0, "/?A=1&aa=1&b=a"));
  CHECK(query("a", PRESENT, "", INVERT, "/"));
  CHECK(query("a", PRESENT, "", INVERT, "/?"));
  CHECK(!query("a", EXACT, "1", INVERT, "/?b=1"));
  CHECK(query("a", EXACT, "1?a=2", 0, "/x?a=1?a=2"));
  CHECK(query("?a", EXACT, "1", 0, "/??a=1"));
  CHECK(query("a", EXACT, "b=c", 0, "/?&&=1&a=b=c&"));
  CHECK(query("a", EXACT, "%41+", 0, "/?a=%41+"));
  CHECK(!query("a", EXACT, "A", 0, "/?%61=A"));
  CHECK(query("a", EXACT, "1;b", 0, "/?a=1;b"));
  CHECK(query("a", CONTAINS, "X", FOLD, "/?a=yxz"));
}

static void the_first_cookie_decides(void) {
  CHECK(cookie("a", EXACT, "1", 0, "cookie: b=2; a=1; a=3\n"));
  CHECK(!cookie("a", EXACT, "3", 0, "cookie: b=2; a=1\nCookie: a=3\n"));
  CHECK(cookie("a", EXACT, "1", 0, "cookie: b\ncookie:   a=1\n"));
  CHECK(cookie("a", EXACT, "1", 0, "cookie: a=\"1\"\n"));
  CHECK(cookie("a", EXACT, "\"1", 0, "cookie: a=\"1\n"));
  CHECK(cookie("a", EXACT, "\"", 0, "cookie: a=\"\n"));
  CHECK(cookie("a", EXACT, "", 0, "cookie: a=\"\"\n"));
  CHECK(cookie("a ", EXACT, " 1", 0, "cookie: a = 1\n"));
  CHECK(cookie("a", EXACT, "b=c", 0, "cookie: ; ;a=b=c;\n"));
  CHECK(!cookie("a", PRESENT, "", 0, "cookie: a; A=1\n"));
  CHECK(cookie("a", EXACT, "1", INVERT, "")); /* unlike a header, a missing cookie is not there to match */
  CHECK(cookie("a", PRESENT, "", INVERT, "cookie: b=1\n"));
  CHECK(!cookie("a", EXACT, "1", INVERT, "cookie: a=1\n"));
  CHECK(cookie("a", EXACT, "X", FOLD, "cookie: a=x\n"));
  CHECK(!cookie("a", PRESENT, "", 0, "cookie: a=1\nconnection: cookie\n"));
}

static void grpc_is_told_by_the_content_type(void) {
  const fp_route_condition grpc = {.kind = FASTPATH_ROUTE_CONDITION_GRPC};
  const fp_route_condition other = {.kind = FASTPATH_ROUTE_CONDITION_GRPC, .flags = INVERT};
  CHECK(holds(grpc, "/", "Content-Type: application/grpc\n"));
  CHECK(holds(grpc, "/", "content-type: application/grpc+\n"));
  CHECK(holds(grpc, "/", "content-type: application/grpc+proto\n"));
  CHECK(!holds(grpc, "/", "content-type: application/grpc;x\n"));
  CHECK(!holds(grpc, "/", "content-type: Application/grpc\n"));
  CHECK(!holds(grpc, "/", "content-type: application/grpc-web\n"));
  CHECK(!holds(grpc, "/", "content-type: application/grpc\ncontent-type: application/grpc\n"));
  CHECK(holds(grpc, "/", "content-type: \ncontent-type: application/grpc\n"));
  CHECK(!holds(grpc, "/", "content-type: application/grpc\nconnection: content-type\n"));
  CHECK(!holds(grpc, "/", ""));
  CHECK(holds(other, "/", "") && !holds(other, "/", "content-type: application/grpc\n"));
}

static void a_fraction_takes_its_part_of_the_random_values(void) {
  fp_route_condition fraction = {.kind = FASTPATH_ROUTE_CONDITION_FRACTION, .numerator = 3, .denominator = 10};
  fp_route_table *table = table_of(fraction);
  fixture_request made;
  int taken = 0;
  make_request(&made, "/", "");
  for (made.request.random = UINT64_MAX - 999; made.request.random != 0; made.request.random++) {
    taken += route_for(table, &made.request) == 0;
  }
  CHECK(taken >= 299 && taken <= 301);
  fp_route_table_unref(table);
  fraction.numerator = 0;
  table = table_of(fraction);
  CHECK_EQ(route_for(table, &made.request), -1);
  fp_route_table_unref(table);
  fraction.numerator = UINT32_MAX; /* more than all is all */
  table = table_of(fraction);
  made.request.random = UINT64_MAX;
  CHECK_EQ(route_for(table, &made.request), 0);
  fp_route_table_unref(table);
  free(made.data);
}

static void certificates_may_be_asked_for(void) {
  static const uint8_t kinds[] = {FASTPATH_ROUTE_CONDITION_TLS_PRESENTED, FASTPATH_ROUTE_CONDITION_TLS_VALIDATED};
  static const uint32_t bits[] = {FASTPATH_ROUTE_REQUEST_TLS_PRESENTED, FASTPATH_ROUTE_REQUEST_TLS_VALIDATED};
  fixture_request made;
  make_request(&made, "/", "");
  for (size_t i = 0; i < 4; i++) {
    fp_route_table *table =
        table_of((fp_route_condition){.kind = kinds[i / 2], .flags = (uint8_t)(i % 2 == 0 ? 0 : INVERT)});
    made.request.flags = bits[i / 2];
    CHECK_EQ(route_for(table, &made.request), i % 2 == 0 ? 0 : -1);
    made.request.flags = (uint32_t)7 & ~bits[i / 2];
    CHECK_EQ(route_for(table, &made.request), i % 2 == 0 ? -1 : 0);
    fp_route_table_unref(table);
  }
  free(made.data);
}

static void all_conditions_must_hold_or_a_later_route_is_taken(void) {
  fp_route_builder *builder = new_builder();
  fp_route_table *table;
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/p", 0);
  add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_HEADER, "x-a", EXACT, "1", 0));
  add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_QUERY, "q", EXACT, "1", 0));
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_HEADER, "x-a", EXACT, "1", 0));
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/p", 0);
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/p", 0);
  table = build_table(builder, 0);
  CHECK_EQ(route_with(table, "/p?q=1", "x-a: 1\n"), 0);
  CHECK_EQ(route_with(table, "/p?q=2", "x-a: 1\n"), 1);
  CHECK_EQ(route_with(table, "/p?q=1", "x-a: 2\n"), 2);
  CHECK_EQ(route_with(table, "/", ""), -1);
  fp_route_table_unref(table);
}

/* ---- what callers may ask about headers ---- */

/* How many fields of a name there are, and the first one's value. */
static size_t field_count(const fp_route_request *of, const char *name, size_t len, fp_span *first) {
  const fp_span wanted = {(const uint8_t *)name, len};
  fp_routed_fields fields;
  fp_span found, value;
  size_t count = 0;
  uint32_t at = 0;
  fp_routed_fields_init(&fields, of);
  while (fp_routed_fields_next(&fields, wanted, &at, &found, &value)) {
    if (count++ == 0) *first = value;
  }
  return count;
}

static void headers_are_found_by_names_of_any_case_and_length(void) {
  char lines[1200] = "", name[401];
  fixture_request made;
  fp_span value = {NULL, 0};
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  snprintf(lines, sizeof lines, "Accept: 1\n%s: long\nACCEPT: 2\nx-a: 3\n", name);
  make_request(&made, "/", lines);
  CHECK_EQ(field_count(&made.request, "aCCept", 6, &value), 2);
  CHECK_BYTES(value.data, value.len, "1");
  memset(name, 'N', 200);
  CHECK_EQ(field_count(&made.request, name, 400, &value), 1);
  CHECK_BYTES(value.data, value.len, "long");
  CHECK_EQ(fp_routed_field_is_joined((const uint8_t *)"ACCEPT", 6), 1);
  CHECK_EQ(fp_routed_field_is_joined((const uint8_t *)"x-accept", 8), 0);
  CHECK_EQ(fp_routed_field_is_joined((const uint8_t *)name, 400), 0);
  CHECK_EQ(field_count(&made.request, "x-", 2, &value), 0);
  CHECK_EQ(field_count(&made.request, "", 0, &value), 0);
  free(made.data);
}

/* All fields that are left, as "name: value" lines. */
static void left_of(const char *lines, const char *wanted) {
  char left[512] = "";
  fixture_request made;
  fp_routed_fields fields;
  fp_span name, value;
  uint32_t at = 0;
  make_request(&made, "/", lines);
  fp_routed_fields_init(&fields, &made.request);
  while (fp_routed_fields_next(&fields, (fp_span){NULL, 0}, &at, &name, &value)) {
    const size_t len = strlen(left);
    snprintf(left + len, sizeof left - len, "%.*s: %.*s\n", (int)name.len, (const char *)name.data, (int)value.len,
             (const char *)value.data);
  }
  if (strcmp(left, wanted) != 0) fprintf(stderr, "%s leaves %s\n", lines, left);
  CHECK_EQ(strcmp(left, wanted), 0);
  free(made.data);
}

static void fields_are_left_as_envoy_leaves_them(void) {
  left_of("", "");
  left_of("A: 1\nKeep-Alive: 3\nX-Envoy-Internal: true\nX-Forwarded-Client-Cert: c\nB: 2\n", "A: 1\nB: 2\n");
  left_of("Connection: X-A , close\nx-a: 1\nX-A: 2\nclose: 3\nx-b: 4\n", "close: 3\nx-b: 4\n");
  left_of("te: gzip\nx: 1\nTE: a, trailers\n", "te: trailers\nx: 1\n");
  left_of("te: Trailers\n", "");
  left_of("te: \n", "te: \n");
  left_of("Connection: te\nte: Trailers\n", "te: trailers\n");
  left_of("Connection: te\nte: \n", "");
  left_of("Connection: http2-settings\nHTTP2-Settings: q\n", "HTTP2-Settings: q\n");
}

static void an_upgrade_leaves_what_is_for_this_hop(void) {
  left_of("Connection: Upgrade\nConnection: x-a\nUpgrade: websocket\nx-a: 1\nte: gzip\nkeep-alive: 3\n",
          "Connection: Upgrade\nConnection: x-a\nUpgrade: websocket\nx-a: 1\nte: gzip\n");
  left_of("Upgrade: websocket\nte: gzip\n", "");
  left_of("Connection: upgrade;q\nUpgrade: websocket\nx: 1\n", "x: 1\n");
  left_of("Connection: upgrade, x-a\nUpgrade: H2C\nUpgrade: \nhttp2-settings: q\nx-a: 1\nx: 1\n", "x: 1\n");
  left_of("Connection: upgrade\nUpgrade: h2c\nUpgrade: h2c\nhttp2-settings: q\n",
          "Connection: upgrade\nUpgrade: h2c\nUpgrade: h2c\nhttp2-settings: q\n");
  left_of("Connection: upgrade\nUpgrade: \nx: 1\n", "Connection: upgrade\nUpgrade: \nx: 1\n");
}

static void an_invalid_referer_is_left_out(void) {
  static const char *const valid[] = {"",
                                      "/a?b",
                                      "a/b:c",
                                      "*",
                                      "//a/b",
                                      "http://a",
                                      "h-t+1.://a-.b:0/x@y",
                                      "x://[::1]:65535?q",
                                      "x://[1.2.3.4]/",
                                      "x://@a/",
                                      "http://a/##",
                                      "http://a/\"<>\\^`{|}[]"};
  static const char *const invalid[] = {"a:b",         "a?b:c",      "/a#b",        "http://a#",    "http://a/#b",
                                        "http://u@a/", "http://",    "http://a_b/", "http://a:/",   "http://a:65536/",
                                        "http://[::1", "1http://a/", "x://[::1]x",  "http://a/b c", "x://@@a/",
                                        "[]",          "\"",         "h_t://a/",    "http:/a",      "/\xc3\xa9"};
  char line[64], left[80];
  for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
    snprintf(line, sizeof line, "referer: %s\n", valid[i]);
    left_of(line, line);
  }
  for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    snprintf(left, sizeof left, "Referer: %s\n", invalid[i]);
    left_of(left, "");
  }
  left_of("referer: /a\nreferer: b:c\n", "referer: /a\nreferer: b:c\n"); /* one list */
  left_of("referer: http://a\nreferer: /b\n", "");
  left_of("referer: http://a/\nreferer: b:c\n", "referer: http://a/\nreferer: b:c\n");
  left_of("referer: http://a/#\nreferer: #\n", "");
  left_of("referer: \nreferer: b:c\n", "");
}

/* ---- refusals ---- */

static fp_status refused(fp_route_condition condition, fp_error *error) {
  fp_route_builder *builder = new_builder();
  fp_status status;
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  status = fp_route_builder_add_condition(builder, &condition, error);
  if (status < 0) { /* nothing of it is left behind */
    fp_route_table *table = build_table(builder, 0);
    CHECK_EQ(route_with(table, "/", ""), 0);
    fp_route_table_unref(table);
  } else {
    fp_route_builder_free(builder);
  }
  return status;
}

static void what_is_no_condition_is_refused(void) {
  const fp_route_condition good = condition_of(FASTPATH_ROUTE_CONDITION_HEADER, "x-a", EXACT, "v", 0);
  static uint8_t long_name[65536];
  fp_route_condition bad;
  fp_error error;
#define REFUSED(change, expected)             \
  do {                                        \
    bad = good;                               \
    change;                                   \
    CHECK_EQ(refused(bad, &error), expected); \
    CHECK_EQ(error.code, expected);           \
    CHECK(error.message[0] != '\0');          \
    CHECK_EQ(refused(bad, NULL), expected);   \
  } while (0)
  memset(long_name, 'n', sizeof long_name);
  CHECK_EQ(refused(good, &error), FASTPATH_OK);
  REFUSED(bad.kind = 10, FASTPATH_ERR_ARGUMENT);
  REFUSED(bad.compare = 7, FASTPATH_ERR_ARGUMENT);
  REFUSED(bad.flags = 8, FASTPATH_ERR_ARGUMENT);
  REFUSED((bad.kind = FASTPATH_ROUTE_CONDITION_QUERY, bad.compare = FASTPATH_ROUTE_COMPARE_RANGE, bad.end = 1),
          FASTPATH_ERR_ARGUMENT);
  REFUSED((bad.kind = FASTPATH_ROUTE_CONDITION_FRACTION, bad.denominator = 0), FASTPATH_ERR_ARGUMENT);
  REFUSED(bad.name.len = 0, FASTPATH_ERR_CONFIG_CONDITION);
  REFUSED(bad.name = ((fp_span){long_name, sizeof long_name}), FASTPATH_ERR_CONFIG_CONDITION);
  REFUSED(bad.name = span_of("a\nb"), FASTPATH_ERR_CONFIG_CONDITION);
  REFUSED(bad.name = ((fp_span){(const uint8_t *)"a\0", 2}), FASTPATH_ERR_CONFIG_CONDITION);
  REFUSED(bad.value = span_of("\r"), FASTPATH_ERR_CONFIG_CONDITION);
  REFUSED(bad.value = ((fp_span){(const uint8_t *)"\0", 1}), FASTPATH_ERR_CONFIG_CONDITION);
  REFUSED((bad.compare = REGEX, bad.value = span_of("a(")), FASTPATH_ERR_CONFIG_REGEX);
  REFUSED((bad.compare = REGEX, bad.value = span_of("(?=a)")), FASTPATH_ERR_CONFIG_REGEX);
#undef REFUSED
  bad = good;
  bad.name = (fp_span){long_name, sizeof long_name - 1};
  CHECK_EQ(refused(bad, NULL), FASTPATH_OK);
}

/* Its spans may hold anything. */
static void a_condition_without_a_text_reads_none(void) {
  fp_route_condition grpc = {.kind = FASTPATH_ROUTE_CONDITION_GRPC};
  grpc.name = grpc.value = (fp_span){NULL, SIZE_MAX};
  CHECK_EQ(refused(grpc, NULL), FASTPATH_OK);
}

static void a_condition_needs_a_route(void) {
  const fp_route_condition condition = condition_of(FASTPATH_ROUTE_CONDITION_HEADER, "x-a", EXACT, "v", 0);
  fp_route_builder *builder = fp_route_builder_new();
  fp_error error;
  CHECK(builder != NULL);
  CHECK_EQ(fp_route_builder_add_condition(builder, &condition, &error), FASTPATH_ERR_STATE);
  add_host(builder, "a");
  CHECK_EQ(fp_route_builder_add_condition(builder, &condition, &error), FASTPATH_ERR_STATE);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  add_host(builder, "b"); /* the route before is another virtual host's */
  CHECK_EQ(fp_route_builder_add_condition(builder, &condition, &error), FASTPATH_ERR_STATE);
  fp_route_builder_free(builder);
}

int main(void) {
  any_line_of_a_header_may_match();
  a_missing_header_fails_even_inverted();
  presence_may_be_asked_for_and_absence();
  values_are_compared_in_every_way();
  a_range_holds_its_start_and_not_its_end();
  lines_of_single_line_headers_are_one_value();
  headers_of_one_hop_are_never_there();
  pseudo_headers_are_parts_of_the_request();
  missing_parts_of_a_request_are_missing_headers();
  the_first_query_parameter_decides();
  the_first_cookie_decides();
  grpc_is_told_by_the_content_type();
  a_fraction_takes_its_part_of_the_random_values();
  certificates_may_be_asked_for();
  all_conditions_must_hold_or_a_later_route_is_taken();
  headers_are_found_by_names_of_any_case_and_length();
  fields_are_left_as_envoy_leaves_them();
  an_upgrade_leaves_what_is_for_this_hop();
  an_invalid_referer_is_left_out();
  what_is_no_condition_is_refused();
  a_condition_without_a_text_reads_none();
  a_condition_needs_a_route();
  return 0;
}
