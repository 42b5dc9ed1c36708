/* test_http_write.c - heads written and rewritten: what comes out, and what never does. */
#include <fastpath/http_write.h>

#include "check.h"

#define S(literal) ((fp_span){(const uint8_t *)(literal), sizeof(literal) - 1})
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static uint8_t out[8192];
static size_t out_len;
static fp_error error;

/* ---- writing */

static fp_status write_request(const char *method, const char *target, const fp_http_header *headers, size_t count) {
  fp_http_message message = {.method = {(const uint8_t *)method, strlen(method)},
                             .target = {(const uint8_t *)target, strlen(target)},
                             .headers = headers,
                             .header_count = count,
                             .minor = 1};
  return fp_http_write_request(&message, out, sizeof out, &out_len, &error);
}

static fp_status write_response(uint16_t status, const fp_http_header *headers, size_t count) {
  fp_http_message message = {.status = status, .headers = headers, .header_count = count, .minor = 1};
  return fp_http_write_response(&message, out, sizeof out, &out_len, &error);
}

static void writes_heads(void) {
  const fp_http_header headers[] = {{S("Host"), S("a")}, {S("X-Y"), S(" \tv w ")}, {S("Empty"), S("")}};
  CHECK_EQ(write_request("GET", "/x?y", headers, COUNT(headers)), FASTPATH_OK);
  CHECK_BYTES(out, out_len, "GET /x?y HTTP/1.1\r\nHost: a\r\nX-Y: v w\r\nEmpty: \r\n\r\n");
  CHECK_EQ(write_request("CONNECT", "a:1", headers, 1), FASTPATH_OK);
  CHECK_EQ(write_request("OPTIONS", "*", headers, 1), FASTPATH_OK);
  CHECK_EQ(write_request("GET", "http://a", headers, 1), FASTPATH_OK);
  CHECK_EQ(write_response(204, headers + 1, 1), FASTPATH_OK);
  CHECK_BYTES(out, out_len, "HTTP/1.1 204 No Content\r\nX-Y: v w\r\n\r\n");
  fp_http_message custom = {.status = 599, .reason = S("")};
  CHECK_EQ(fp_http_write_response(&custom, out, sizeof out, &out_len, &error), FASTPATH_OK);
  CHECK_BYTES(out, out_len, "HTTP/1.0 599 \r\n\r\n");
}

static void writes_all_or_nothing(void) {
  const fp_http_header host = {S("Host"), S("a")};
  const fp_http_message message = {
      .method = S("GET"), .target = S("/"), .headers = &host, .header_count = 1, .minor = 1};
  size_t needed;
  CHECK_EQ(fp_http_write_request(&message, NULL, 0, &needed, NULL), FASTPATH_NEED_MORE);
  CHECK_EQ(needed, sizeof "GET / HTTP/1.1\r\nHost: a\r\n\r\n" - 1);
  out[0] = '!';
  CHECK_EQ(fp_http_write_request(&message, out, needed - 1, &needed, NULL), FASTPATH_NEED_MORE);
  CHECK_EQ(out[0], '!');
  CHECK_EQ(fp_http_write_request(&message, out, needed, &needed, NULL), FASTPATH_OK);
}

#define CHECK_FIELD_REFUSED(name, value, expected_code)                          \
  do {                                                                           \
    const fp_http_header refused[] = {{S("Host"), S("a")}, {S(name), S(value)}}; \
    CHECK_EQ(write_request("POST", "/", refused, 2), expected_code);             \
    CHECK_EQ(error.code, expected_code);                                         \
    CHECK_EQ(error.position, 1);                                                 \
  } while (0)

static void refuses_fields(void) {
  CHECK_FIELD_REFUSED("", "x", FASTPATH_ERR_HTTP_HEADER_NAME);
  CHECK_FIELD_REFUSED("X Y", "x", FASTPATH_ERR_HTTP_HEADER_NAME);
  CHECK_FIELD_REFUSED("X:", "x", FASTPATH_ERR_HTTP_HEADER_NAME);
  CHECK_FIELD_REFUSED("X\r\nY", "x", FASTPATH_ERR_HTTP_HEADER_NAME);
  CHECK_FIELD_REFUSED("X\xe9", "x", FASTPATH_ERR_HTTP_HEADER_NAME);
  CHECK_FIELD_REFUSED("X", "a\r\nB: c", FASTPATH_ERR_HTTP_HEADER_VALUE);
  CHECK_FIELD_REFUSED("X", "a\nb", FASTPATH_ERR_HTTP_HEADER_VALUE);
  CHECK_FIELD_REFUSED("X", "a\rb", FASTPATH_ERR_HTTP_HEADER_VALUE);
  CHECK_FIELD_REFUSED("X", "a\0b", FASTPATH_ERR_HTTP_HEADER_VALUE);
  CHECK_FIELD_REFUSED("X", "a\x7f", FASTPATH_ERR_HTTP_HEADER_VALUE);
  CHECK_FIELD_REFUSED("Content-Length", "", FASTPATH_ERR_HTTP_CONTENT_LENGTH);
  CHECK_FIELD_REFUSED("Content-Length", "+5", FASTPATH_ERR_HTTP_CONTENT_LENGTH);
  CHECK_FIELD_REFUSED("Content-Length", "5, 5", FASTPATH_ERR_HTTP_CONTENT_LENGTH);
  CHECK_FIELD_REFUSED("Content-Length", "9223372036854775808", FASTPATH_ERR_HTTP_CONTENT_LENGTH);
  CHECK_FIELD_REFUSED("Transfer-Encoding", "gzip, chunked", FASTPATH_ERR_HTTP_TRANSFER_ENCODING);
  CHECK_FIELD_REFUSED("Host", "b", FASTPATH_ERR_HTTP_HOST);
}

static void refuses_framing_that_makes_no_sense(void) {
  const fp_http_header both[] = {
      {S("Host"), S("a")}, {S("Content-Length"), S("5")}, {S("Transfer-Encoding"), S("chunked")}};
  const fp_http_header twice[] = {{S("Host"), S("a")}, {S("Content-Length"), S("5")}, {S("content-length"), S("5")}};
  const fp_http_header bad_host[] = {{S("Host"), S("a b")}};
  CHECK_EQ(write_request("POST", "/", both, 3), FASTPATH_ERR_HTTP_FRAMING_CONFLICT);
  CHECK_EQ(write_request("POST", "/", twice, 3), FASTPATH_ERR_HTTP_CONTENT_LENGTH);
  CHECK_EQ(write_request("GET", "/", bad_host, 1), FASTPATH_ERR_HTTP_HOST);
  CHECK_EQ(write_request("GET", "/", NULL, 0), FASTPATH_ERR_HTTP_HOST);
  CHECK_EQ(write_response(204, both + 1, 1), FASTPATH_ERR_HTTP_FRAMING_CONFLICT);
  CHECK_EQ(write_response(101, both + 2, 1), FASTPATH_ERR_HTTP_FRAMING_CONFLICT);
  CHECK_EQ(write_response(304, both + 1, 1), FASTPATH_OK);
  fp_http_message old = {.status = 200, .headers = both + 2, .header_count = 1, .minor = 0};
  CHECK_EQ(fp_http_write_response(&old, out, sizeof out, &out_len, &error), FASTPATH_ERR_HTTP_FRAMING_CONFLICT);
}

static void refuses_start_lines(void) {
  const fp_http_header host = {S("Host"), S("a")};
  CHECK_EQ(write_request("", "/", &host, 1), FASTPATH_ERR_HTTP_METHOD);
  CHECK_EQ(write_request("G T", "/", &host, 1), FASTPATH_ERR_HTTP_METHOD);
  CHECK_EQ(write_request("GET", "", &host, 1), FASTPATH_ERR_HTTP_TARGET);
  CHECK_EQ(write_request("GET", "x", &host, 1), FASTPATH_ERR_HTTP_TARGET);
  CHECK_EQ(write_request("GET", "*", &host, 1), FASTPATH_ERR_HTTP_TARGET);
  CHECK_EQ(write_request("GET", "/a b", &host, 1), FASTPATH_ERR_HTTP_TARGET);
  CHECK_EQ(error.position, 2);
  CHECK_EQ(write_request("GET", "/#", &host, 1), FASTPATH_ERR_HTTP_TARGET);
  CHECK_EQ(write_request("GET", "/\r\n", &host, 1), FASTPATH_ERR_HTTP_TARGET);
  CHECK_EQ(write_request("GET", "http://u@a/", &host, 1), FASTPATH_ERR_HTTP_TARGET);
  CHECK_EQ(write_request("CONNECT", "a", &host, 1), FASTPATH_ERR_HTTP_TARGET);
  const fp_http_header framed[] = {host, {S("Content-Length"), S("1")}, host, {S("Transfer-Encoding"), S("chunked")}};
  CHECK_EQ(write_request("CONNECT", "a:1", framed, 2), FASTPATH_ERR_HTTP_FRAMING_CONFLICT);
  CHECK_EQ(write_request("CONNECT", "a:1", framed + 2, 2), FASTPATH_ERR_HTTP_FRAMING_CONFLICT);
  CHECK_EQ(write_response(99, NULL, 0), FASTPATH_ERR_HTTP_STATUS_LINE);
  CHECK_EQ(write_response(600, NULL, 0), FASTPATH_ERR_HTTP_STATUS_LINE);
  fp_http_message message = {.status = 200, .reason = S("a\r\nb"), .minor = 1};
  CHECK_EQ(fp_http_write_response(&message, out, sizeof out, &out_len, &error), FASTPATH_ERR_HTTP_STATUS_LINE);
  message = (fp_http_message){.status = 200, .minor = 2};
  CHECK_EQ(fp_http_write_response(&message, out, sizeof out, &out_len, &error), FASTPATH_ERR_HTTP_VERSION);
}

static void writes_trailers(void) {
  const fp_http_header trailers[] = {{S("X"), S("y")}, {S("Content-Length"), S("1")}, {S("Z"), S("\n")}};
  CHECK_EQ(fp_http_write_trailers(trailers, 1, out, sizeof out, &out_len, &error), FASTPATH_OK);
  CHECK_BYTES(out, out_len, "X: y\r\n\r\n");
  CHECK_EQ(fp_http_write_trailers(trailers, 2, out, sizeof out, &out_len, &error), FASTPATH_ERR_HTTP_TRAILER);
  CHECK_EQ(fp_http_write_trailers(trailers + 2, 1, out, sizeof out, &out_len, &error), FASTPATH_ERR_HTTP_HEADER_VALUE);
}

/* ---- rewriting */

static fp_http_field fields[100];

static fp_status rewrite_with(fp_span input, int is_response, const fp_http_op *ops, size_t count,
                              fp_http_forward forward) {
  fp_http_head head = {.fields = fields, .field_capacity = 100};
  fp_http_rewrite *rewrite = fp_http_rewrite_new(ops, count, &error);
  CHECK(rewrite != NULL);
  CHECK_EQ(is_response ? fp_http_parse_response(input.data, input.len, FASTPATH_HTTP_METHOD_GET, NULL, &head, &error)
                       : fp_http_parse_request(input.data, input.len, NULL, &head, &error),
           FASTPATH_OK);
  forward.rewrite = rewrite;
  fp_status status = is_response
                         ? fp_http_rewrite_response(input.data, &head, &forward, out, sizeof out, &out_len, &error)
                         : fp_http_rewrite_request(input.data, &head, &forward, out, sizeof out, &out_len, &error);
  fp_http_rewrite_unref(rewrite);
  return status;
}

#define CHECK_REWRITE(input, expected, ...)                                                                     \
  do {                                                                                                          \
    CHECK_EQ(rewrite_with(S(input), 0, NULL, 0, (fp_http_forward){.rewrite = NULL, __VA_ARGS__}), FASTPATH_OK); \
    CHECK_BYTES(out, out_len, expected);                                                                        \
  } while (0)

#define CHECK_REWRITE_RESPONSE(input, expected, ...)                                                            \
  do {                                                                                                          \
    CHECK_EQ(rewrite_with(S(input), 1, NULL, 0, (fp_http_forward){.rewrite = NULL, __VA_ARGS__}), FASTPATH_OK); \
    CHECK_BYTES(out, out_len, expected);                                                                        \
  } while (0)

static void rewrites_requests(void) {
  CHECK_REWRITE("GET /x HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n", );
  CHECK_REWRITE("GET /x HTTP/1.0\r\nHost: a\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", );
  CHECK_REWRITE("GET http://b:1/x?q HTTP/1.1\r\nA: 1\r\nHost: a\r\nB: 2\r\n\r\n",
                "GET /x?q HTTP/1.1\r\nHost: b:1\r\nA: 1\r\nB: 2\r\n\r\n", );
  CHECK_REWRITE("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: b\r\n\r\n", );
  CHECK_REWRITE("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q HTTP/1.1\r\nHost: b\r\n\r\n", );
  CHECK_REWRITE("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n", );
  CHECK_REWRITE("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", );
  CHECK_REWRITE("CONNECT a:1 HTTP/1.1\r\nHost: b\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", );
  CHECK_REWRITE("GET /x?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /y?q HTTP/1.1\r\nHost: a\r\n\r\n", .path = S("/y"));
  CHECK_REWRITE("GET /x?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x?r HTTP/1.1\r\nHost: a\r\n\r\n", .query = S("r"));
  CHECK_REWRITE("GET /x?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", .query = S(""));
  CHECK_REWRITE("GET /x HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n", "GET /x HTTP/1.1\r\nHost: b\r\nA: 1\r\n\r\n",
                .authority = S("b"));
  CHECK_REWRITE("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", .method = S("HEAD"));
}

static void re_emits_framing_from_parsed_values(void) {
  CHECK_REWRITE("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 007\r\nA: 1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nA: 1\r\nContent-Length: 7\r\n\r\n", );
  CHECK_REWRITE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:  Chunked\r\nTrailer: X\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n", );
  CHECK_REWRITE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n", .framing = FASTPATH_FRAMING_LENGTH,
                .content_length = 12);
  CHECK_REWRITE_RESPONSE("HTTP/1.0 200 OK\r\nA: 1\r\n\r\n",
                         "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                         .framing = FASTPATH_FRAMING_CHUNKED);
  CHECK_REWRITE_RESPONSE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                         "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", .framing = FASTPATH_FRAMING_NONE,
                         .flags = FASTPATH_FORWARD_CLOSE);
  CHECK_REWRITE_RESPONSE("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
                         .framing = FASTPATH_FRAMING_CHUNKED);
}

static void removes_hop_by_hop_fields(void) {
  CHECK_REWRITE(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop,x-two\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
      "Proxy-Connection: keep-alive\r\nA: 1\r\nX-TWO: 2\r\nProxy-Authorization: b\r\nUpgrade: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n", );
  CHECK_REWRITE("GET / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 3\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", );
  CHECK_REWRITE("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip;q=1, trailers\r\nConnection: TE\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: te\r\n\r\n", );
  CHECK_REWRITE("GET / HTTP/1.1\r\nHost: a\r\nProxy-Authorization: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nProxy-Authorization: b\r\n\r\n", .flags = FASTPATH_FORWARD_PROXY_AUTH);
}

static void passes_upgrades_when_told(void) {
  CHECK_REWRITE("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
                .flags = FASTPATH_FORWARD_UPGRADE);
  CHECK_REWRITE("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n", );
  CHECK_REWRITE(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: H2C\r\nHTTP2-Settings: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n", .flags = FASTPATH_FORWARD_UPGRADE);
}

static void bounds_what_connection_names(void) {
  char input[1024] = "HTTP/1.1 200 OK\r\nConnection: x";
  for (int i = 0; i < 64; i++) strcat(input, ",x");
  strcat(input, "\r\n\r\n");
  CHECK_EQ(rewrite_with((fp_span){(const uint8_t *)input, strlen(input)}, 1, NULL, 0, (fp_http_forward){.flags = 0}),
           FASTPATH_ERR_HTTP_HEADER_VALUE);
}

static void drops_a_referer_that_envoy_drops(void) {
  CHECK_REWRITE("GET / HTTP/1.1\r\nHost: a\r\nReferer: http://b/c?d\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nReferer: http://b/c?d\r\n\r\n", );
  CHECK_REWRITE("GET / HTTP/1.1\r\nHost: a\r\nReferer: http://u@b/\r\nA: 1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n", );
  CHECK_REWRITE_RESPONSE("HTTP/1.1 200 OK\r\nReferer: b:c\r\n\r\n", "HTTP/1.1 200 OK\r\nReferer: b:c\r\n\r\n", );
}

#define OP(op_kind, op_name, op_value) \
  {.kind = FASTPATH_HTTP_OP_##op_kind, .slot = -1, .name = S(op_name), .value = S(op_value)}

#define CHECK_OPS(expected, ...)                                                                          \
  do {                                                                                                    \
    const fp_http_op operations[] = {__VA_ARGS__};                                                        \
    CHECK_EQ(rewrite_with(S("GET / HTTP/1.1\r\nHost: a\r\nAccept: 1\r\nX-Own: 2\r\n\r\n"), 0, operations, \
                          COUNT(operations), (fp_http_forward){.flags = 0}),                              \
             FASTPATH_OK);                                                                                \
    CHECK_BYTES(out, out_len, "GET / HTTP/1.1\r\nHost: a\r\n" expected "\r\n");                           \
  } while (0)

static void applies_operations_in_order(void) {
  CHECK_OPS("Accept: 1\r\n", OP(REMOVE, "x-own", ""));
  CHECK_OPS("X-Own: 2\r\naccept: n\r\n", OP(SET, "accept", "n"));
  CHECK_OPS("Accept: 1\r\nX-Own: 2\r\nX-OWN: n\r\nNew: \r\n", OP(APPEND, "X-OWN", "n"), OP(APPEND, "New", " "));
  CHECK_OPS("Accept: 1\r\nX-Own: 2\r\nNew: 1\r\n", OP(ADD_IF_ABSENT, "X-Own", "n"), OP(ADD_IF_ABSENT, "New", "1"));
  CHECK_OPS("Accept: 1\r\nX-Own: n\r\n", OP(OVERWRITE_IF_EXISTS, "X-Own", "n"), OP(OVERWRITE_IF_EXISTS, "New", "1"));
  CHECK_OPS("Accept: 1\r\nX-Own: 3\r\n", OP(APPEND, "X-Own", "n"), OP(SET, "X-Own", "3"));
  CHECK_OPS("Accept: 1\r\nX-Own: 3\r\nX-Own: 4\r\n", OP(SET, "X-Own", "3"), OP(APPEND, "X-Own", "4"),
            OP(REMOVE, "X-Own", ""));
  CHECK_OPS("Accept: 1\r\nX-Own: 2\r\nNew: 2\r\n", OP(ADD_IF_ABSENT, "New", "1"), OP(OVERWRITE_IF_EXISTS, "New", "2"));
  CHECK_OPS("Accept: 1\r\nX-Own: 3\r\n", OP(OVERWRITE_IF_EXISTS, "X-Own", "3"), OP(ADD_IF_ABSENT, "X-Own", "4"));
}

static void fills_slots(void) {
  const fp_http_op operations[] = {{.kind = FASTPATH_HTTP_OP_SET, .slot = 1, .name = S("X-Request-Id")},
                                   {.kind = FASTPATH_HTTP_OP_APPEND, .slot = 0, .name = S("Via")}};
  const fp_span values[] = {{NULL, 0}, S("7")}, bad[] = {S("a"), S("a\nb")};
  const fp_span input = S("GET / HTTP/1.1\r\nHost: a\r\nx-request-id: 1\r\n\r\n");
  CHECK_EQ(rewrite_with(input, 0, operations, 2, (fp_http_forward){.values = values, .value_count = 2}), FASTPATH_OK);
  CHECK_BYTES(out, out_len, "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: 7\r\n\r\n");
  CHECK_EQ(rewrite_with(input, 0, operations, 2, (fp_http_forward){.values = bad, .value_count = 2}),
           FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(error.position, 1);
  CHECK_EQ(rewrite_with(input, 0, operations, 2, (fp_http_forward){.values = values, .value_count = 1}),
           FASTPATH_ERR_ARGUMENT);
}

#define CHECK_OP_REFUSED(...)                                         \
  do {                                                                \
    const fp_http_op operations[] = {OP(SET, "A", "b"), __VA_ARGS__}; \
    CHECK(fp_http_rewrite_new(operations, 2, &error) == NULL);        \
    CHECK_EQ(error.code, FASTPATH_ERR_ARGUMENT);                      \
    CHECK_EQ(error.position, 1);                                      \
  } while (0)

static void refuses_operations(void) {
  CHECK_OP_REFUSED(OP(SET, "", "x"));
  CHECK_OP_REFUSED(OP(SET, "a b", "x"));
  CHECK_OP_REFUSED(OP(SET, "a", "x\r\ny"));
  CHECK_OP_REFUSED(OP(SET, "host", "x"));
  CHECK_OP_REFUSED(OP(REMOVE, "Content-Length", ""));
  CHECK_OP_REFUSED(OP(APPEND, "transfer-encoding", "x"));
  CHECK_OP_REFUSED(OP(APPEND, "connection", "x"));
  CHECK_OP_REFUSED({.kind = 5, .slot = -1, .name = S("a")});
  CHECK_OP_REFUSED({.kind = 1, .slot = 256, .name = S("a")});
}

static void refuses_replacements(void) {
  static const fp_http_forward bad[] = {
      {.path = S("x")},        {.path = S("")},          {.path = S("/a b")},        {.path = S("/a?b")},
      {.path = S("/\r\n")},    {.path = S("/#")},        {.query = S("a#")},         {.query = S("a b")},
      {.authority = S("a b")}, {.authority = S("")},     {.authority = S("a\r\nb")}, {.method = S("A B")},
      {.method = S("")},       {.method = S("CONNECT")},
  };
  static const fp_http_forward bad_for_connect[] = {
      {.method = S("GET")},
      {.framing = FASTPATH_FRAMING_CHUNKED},
      {.framing = FASTPATH_FRAMING_LENGTH, .content_length = 1},
  };
  const fp_span input = S("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (size_t i = 0; i < COUNT(bad); i++) CHECK_EQ(rewrite_with(input, 0, NULL, 0, bad[i]), FASTPATH_ERR_ARGUMENT);
  const fp_span connect = S("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
  for (size_t i = 0; i < COUNT(bad_for_connect); i++)
    CHECK_EQ(rewrite_with(connect, 0, NULL, 0, bad_for_connect[i]), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(rewrite_with(S("GET / HTTP/1.0\r\n\r\n"), 0, NULL, 0, bad[0]), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(rewrite_with(S("GET / HTTP/1.0\r\n\r\n"), 0, NULL, 0, (fp_http_forward){.flags = 0}),
           FASTPATH_ERR_HTTP_HOST);
}

static void asks_for_room(void) {
  const fp_span input = S("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  fp_http_head head = {.fields = fields, .field_capacity = 100};
  fp_http_forward forward = {.rewrite = fp_http_rewrite_new(NULL, 0, NULL)};
  size_t needed;
  CHECK_EQ(fp_http_parse_request(input.data, input.len, NULL, &head, NULL), FASTPATH_OK);
  CHECK_EQ(fp_http_rewrite_request(input.data, &head, &forward, NULL, 0, &needed, NULL), FASTPATH_NEED_MORE);
  CHECK(needed <= sizeof out);
  CHECK_EQ(fp_http_rewrite_request(input.data, &head, &forward, out, needed, &out_len, NULL), FASTPATH_OK);
  CHECK_BYTES(out, out_len, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  fp_http_rewrite_unref(fp_http_rewrite_ref((fp_http_rewrite *)forward.rewrite));
  fp_http_rewrite_unref((fp_http_rewrite *)forward.rewrite);
}

int main(void) {
  writes_heads();
  writes_all_or_nothing();
  refuses_fields();
  refuses_framing_that_makes_no_sense();
  refuses_start_lines();
  writes_trailers();
  rewrites_requests();
  re_emits_framing_from_parsed_values();
  removes_hop_by_hop_fields();
  passes_upgrades_when_told();
  bounds_what_connection_names();
  drops_a_referer_that_envoy_drops();
  applies_operations_in_order();
  fills_slots();
  refuses_operations();
  refuses_replacements();
  asks_for_room();
  return 0;
}
