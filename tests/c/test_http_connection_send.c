/* test_http_connection_send.c - what a connection sends: framing, counting, switching, forwarding. */
#include <fastpath/http_connection.h>

#include "check.h"
#include "story.h"

/* ---- switching protocols */

#define UPGRADE "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCH "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void check_held(fp_http_connection *connection, const char *expected) {
  fp_buffer *held = fp_buffer_new(NULL);
  CHECK_EQ(fp_http_connection_take_held(connection, held, &error), FASTPATH_OK);
  CHECK_EQ(fp_buffer_compare_bytes(held, expected, strlen(expected)), 0);
  fp_buffer_free(held);
}

static void client_switches(void) {
  CLIENT(UPGRADE, SWITCH "raw", "101 paused ");
  CLIENT(UPGRADE, "HTTP/1.1 400 Bad\r\nContent-Length: 1\r\n\r\nx", "400 [x] end closed ");
  CLIENT("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nraw", "200 paused ");
  CLIENT("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx",
         "407 [x] end closed ");

  fp_http_connection *connection = new_connection(FASTPATH_HTTP_CLIENT, S(UPGRADE));
  story told = {.len = 0};
  receive(connection, (const uint8_t *)SWITCH "raw", sizeof SWITCH "raw" - 1, 0);
  tell_all(&told, connection);
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_SWITCHED_PROTOCOL);
  CHECK_EQ(fp_http_connection_their_state(connection), FASTPATH_HTTP_SWITCHED_PROTOCOL);
  check_held(connection, "raw");
  fp_http_connection_free(connection);
}

static void answer(fp_http_connection *connection, const fp_http_message *message, const char *expected) {
  fp_buffer *out = fp_buffer_new(NULL);
  fp_status status = fp_http_connection_send_response(connection, message, out, &error);
  if (status < 0) fprintf(stderr, "%s\n", error.message);
  CHECK_EQ(status, FASTPATH_OK);
  CHECK_EQ(fp_buffer_coalesce(out, fp_buffer_length(out), NULL), FASTPATH_OK);
  fp_slice slice = {NULL, NULL, 0};
  (void)fp_buffer_slice(out, 0, &slice);
  check_bytes(__FILE__, __LINE__, "answer", slice.data, slice.len, expected, strlen(expected));
  fp_buffer_free(out);
}

static fp_http_connection *server_that_read(const char *stream, const char *expected) {
  fp_http_connection *connection = new_connection(FASTPATH_HTTP_SERVER, S(""));
  story told = {.len = 0};
  receive(connection, (const uint8_t *)stream, strlen(stream), 0);
  while (tell_event(&told, connection)) continue;
  check_bytes(__FILE__, __LINE__, "story", told.text, told.len, expected, strlen(expected));
  return connection;
}

static void server_switches(void) {
  const fp_http_header fields_101[] = {{S("Connection"), S("upgrade")}, {S("Upgrade"), S("websocket")}};
  const fp_http_message accept = {.status = 101, .headers = fields_101, .header_count = 2, .minor = 1};
  const fp_http_header none = {S("Content-Length"), S("0")};
  const fp_http_message refuse = {.status = 403, .headers = &none, .header_count = 1, .minor = 1};
  const fp_http_message ok = {.status = 200, .minor = 1};

  fp_http_connection *connection = server_that_read(UPGRADE GET, "GET / end paused ");
  CHECK_EQ(fp_http_connection_their_state(connection), FASTPATH_HTTP_MIGHT_SWITCH_PROTOCOL);
  answer(connection, &accept, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_SWITCHED_PROTOCOL);
  check_held(connection, GET);
  fp_http_connection_free(connection);

  /* Any other answer: what was held back is HTTP after all. */
  connection = server_that_read(UPGRADE GET, "GET / end paused ");
  story told = {.len = 0};
  fp_buffer *out = fp_buffer_new(NULL);
  answer(connection, &refuse, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  CHECK_EQ(fp_http_connection_send_end(connection, NULL, 0, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_start_next_cycle(connection, &error), FASTPATH_OK);
  tell_all(&told, connection);
  CHECK_BYTES(told.text, told.len, "GET / end ");
  fp_buffer_free(out);
  fp_http_connection_free(connection);

  connection = server_that_read("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nraw", "CONNECT a:1 end paused ");
  answer(connection, &ok, "HTTP/1.1 200 OK\r\n\r\n");
  check_held(connection, "raw");
  fp_http_connection_free(connection);

  connection = server_that_read(GET, "GET / end ");
  out = fp_buffer_new(NULL);
  CHECK_EQ(fp_http_connection_send_response(connection, &accept, out, &error), FASTPATH_ERR_HTTP_UPGRADE);
  CHECK_EQ(fp_buffer_length(out), 0);
  CHECK_EQ(fp_http_connection_take_held(connection, out, &error), FASTPATH_ERR_STATE);
  fp_buffer_free(out);
  fp_http_connection_free(connection);
}

/* ---- sending */

static void frames_responses_for_the_client(void) {
  const fp_http_message plain = {.status = 200, .minor = 1}, gone = {.status = 204, .minor = 1},
                        hints = {.status = 103, .minor = 1};
  fp_http_connection *connection = server_that_read(GET, "GET / end ");
  answer(connection, &hints, "HTTP/1.1 103 Early Hints\r\n\r\n");
  answer(connection, &plain, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  fp_http_connection_free(connection);

  connection = server_that_read("GET / HTTP/1.0\r\n\r\n", "GET / end ");
  answer(connection, &hints, "");
  answer(connection, &plain, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  fp_http_connection_free(connection);

  connection = server_that_read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / end ");
  answer(connection, &gone, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
  fp_http_connection_free(connection);

  connection = server_that_read("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HEAD / end ");
  answer(connection, &plain, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_SEND_BODY);
  fp_http_connection_free(connection);

  /* A refused request is answered, and the connection closes. */
  connection = server_that_read("GET / HTTP/1.1\r\n\r\n", "http_host@16!400 ");
  const fp_http_message bad = {.status = 400, .minor = 1};
  answer(connection, &bad, "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  fp_buffer *out = fp_buffer_new(NULL);
  CHECK_EQ(fp_http_connection_send_end(connection, NULL, 0, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_MUST_CLOSE);
  fp_buffer_free(out);
  fp_http_connection_free(connection);
}

static void check_out(fp_buffer *out, const char *expected) {
  fp_slice slice = {NULL, NULL, 0};
  CHECK_EQ(fp_buffer_coalesce(out, fp_buffer_length(out), &slice), FASTPATH_OK);
  check_bytes(__FILE__, __LINE__, "out", slice.data, slice.len, expected, strlen(expected));
  CHECK_EQ(fp_buffer_clear(out), FASTPATH_OK);
}

static void counts_the_body_it_sends(void) {
  const fp_http_header headers[] = {{S("Host"), S("a")}, {S("Content-Length"), S("5")}};
  const fp_http_message post = {
      .method = S("POST"), .target = S("/"), .headers = headers, .header_count = 2, .minor = 1};
  const uint8_t *body = (const uint8_t *)"hello!";
  const fp_http_header trailer = {S("A"), S("b")};
  fp_http_connection *connection = fp_http_connection_new(FASTPATH_HTTP_CLIENT, NULL);
  fp_buffer *out = fp_buffer_new(NULL);
  CHECK_EQ(fp_http_connection_send_data(connection, NULL, body, 1, out, &error), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_http_connection_send_request(connection, &post, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_send_request(connection, &post, out, &error), FASTPATH_ERR_STATE);
  check_out(out, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  CHECK_EQ(fp_http_connection_send_data(connection, NULL, body, 6, out, &error), FASTPATH_ERR_HTTP_CONTENT_LENGTH);
  CHECK_EQ(fp_http_connection_send_data(connection, NULL, body, 3, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_send_end(connection, NULL, 0, out, &error), FASTPATH_ERR_HTTP_CONTENT_LENGTH);
  CHECK_EQ(fp_http_connection_send_data(connection, NULL, body + 3, 2, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_send_end(connection, &trailer, 1, out, &error), FASTPATH_ERR_HTTP_TRAILER);
  CHECK_EQ(fp_http_connection_send_end(connection, NULL, 0, out, &error), FASTPATH_OK);
  check_out(out, "hello");
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_DONE);
  CHECK_EQ(fp_http_connection_their_state(connection), FASTPATH_HTTP_SEND_RESPONSE);
  fp_buffer_free(out);
  fp_http_connection_free(connection);
}

static void sends_chunks_without_copying(void) {
  const fp_http_header headers[] = {{S("Host"), S("a")}, {S("Transfer-Encoding"), S("chunked")}};
  const fp_http_message post = {
      .method = S("POST"), .target = S("/"), .headers = headers, .header_count = 2, .minor = 1};
  static const uint8_t body[] = "hello world";
  const fp_http_header trailer = {S("A"), S("b")}, forbidden = {S("Host"), S("b")};
  fp_segment *segment;
  fp_slice slice;
  fp_http_connection *connection = fp_http_connection_new(FASTPATH_HTTP_CLIENT, NULL);
  fp_buffer *out = fp_buffer_new(NULL);
  CHECK_EQ(fp_segment_new_external(body, 11, NULL, NULL, &segment), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_send_request(connection, &post, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_buffer_clear(out), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_send_data(connection, segment, body, 5, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_send_data(connection, segment, body, 0, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_send_data(connection, NULL, body + 5, 6, out, &error), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice(out, 1, &slice), FASTPATH_OK);
  CHECK(slice.segment == segment && slice.data == body && slice.len == 5);
  CHECK_EQ(fp_http_connection_send_data(connection, segment, body + 6, 6, out, &error), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_http_connection_send_end(connection, &forbidden, 1, out, &error), FASTPATH_ERR_HTTP_TRAILER);
  CHECK_EQ(fp_http_connection_send_end(connection, &trailer, 1, out, &error), FASTPATH_OK);
  check_out(out, "5\r\nhello\r\n6\r\n world\r\n0\r\nA: b\r\n\r\n");
  fp_segment_unref(segment);
  fp_buffer_free(out);
  fp_http_connection_free(connection);
}

static void forwards_responses(const char *request, const char *response, const char *expected) {
  const fp_span bytes = {(const uint8_t *)response, strlen(response)};
  fp_http_head head = {.fields = fields, .field_capacity = 128};
  fp_http_forward forward = {.rewrite = fp_http_rewrite_new(NULL, 0, NULL)};
  fp_buffer *out = fp_buffer_new(NULL);
  fp_http_connection *connection = new_connection(FASTPATH_HTTP_SERVER, S(""));
  story told = {.len = 0};
  receive(connection, (const uint8_t *)request, strlen(request), 0);
  while (tell_event(&told, connection)) continue;
  CHECK_EQ(fp_http_parse_response(bytes.data, bytes.len, FASTPATH_HTTP_METHOD_GET, NULL, &head, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_forward_response(connection, bytes.data, &head, &forward, out, &error), FASTPATH_OK);
  check_out(out, expected);
  fp_http_rewrite_unref((fp_http_rewrite *)forward.rewrite);
  fp_buffer_free(out);
  fp_http_connection_free(connection);
}

static void adapts_framing_to_the_client(void) {
  static const char old[] = "GET / HTTP/1.0\r\n\r\n";
  forwards_responses(GET, "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n",
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  forwards_responses(GET, "HTTP/1.1 200 OK\r\nContent-Length: 05\r\n\r\n",
                     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  forwards_responses(old, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                     "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  forwards_responses("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n");
  forwards_responses(GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
                     "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  forwards_responses(GET, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  forwards_responses(old, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "");
  forwards_responses(UPGRADE, SWITCH,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
}

static void knows_who_waits_for_continue(void) {
  fp_http_connection *connection = new_connection(FASTPATH_HTTP_SERVER, S(""));
  static const char request[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  const fp_http_message go_on = {.status = 100, .minor = 1};
  story told = {.len = 0};
  receive(connection, (const uint8_t *)request, sizeof request - 1, 0);
  tell_all(&told, connection);
  CHECK(fp_http_connection_waiting_for_continue(connection));
  answer(connection, &go_on, "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(!fp_http_connection_waiting_for_continue(connection));
  fp_http_connection_reset(connection);
  receive(connection, (const uint8_t *)request, sizeof request - 1, 0);
  receive(connection, (const uint8_t *)"h", 1, 0);
  tell_all(&told, connection);
  CHECK(!fp_http_connection_waiting_for_continue(connection));
  fp_http_connection_free(connection);
}

int main(void) {
  fp_http_limits_default(&limits);
  client_switches();
  server_switches();
  frames_responses_for_the_client();
  counts_the_body_it_sends();
  sends_chunks_without_copying();
  adapts_framing_to_the_client();
  knows_who_waits_for_continue();
  return 0;
}
