/*
 * test_http_connection.c - the state machine in both roles: events at every split of the stream, what is sent, and what is
 * refused. A stream is told as a line of text, one word per event, so that a test reads like the conversation.
 */
#include <fastpath/http_connection.h>

#include "check.h"

#define S(literal) ((fp_span){(const uint8_t *)(literal), sizeof(literal) - 1})
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define STORY_MAX 8192

static fp_error error;
static fp_http_field fields[128];
static fp_http_event event = {.head = {.fields = fields, .field_capacity = 128}};

/* ---- telling a stream as text */

typedef struct story {
  char text[STORY_MAX];
  size_t len;
  int in_data; /* runs of DATA are told as one */
  int over;    /* a refusal was told */
} story;

static void tell(story *told, const void *data, size_t len) {
  CHECK(told->len + len < STORY_MAX);
  memcpy(told->text + told->len, data, len);
  told->len += len;
  told->text[told->len] = '\0';
}

static void tell_word(story *told, const char *word) { tell(told, word, strlen(word)); }

static void tell_fields(story *told) {
  for (uint32_t i = 0; i < event.head.field_count; i++) {
    const fp_http_field *field = &fields[i];
    tell_word(told, i == 0 ? "{" : ",");
    tell(told, event.bytes.data + field->name, field->name_len);
    tell_word(told, "=");
    tell(told, event.bytes.data + field->value, field->value_len);
    if (i + 1 == event.head.field_count) tell_word(told, "}");
  }
}

/* One event, or the refusal. Returns non-zero when there may be more. */
static int tell_event(story *told, fp_http_connection *connection) {
  char number[64];
  fp_status status = fp_http_connection_next_event(connection, &event, &error);
  if (status < 0 || (event.type != FASTPATH_HTTP_EVENT_DATA && event.type != FASTPATH_HTTP_EVENT_NEED_DATA)) {
    if (told->in_data) tell_word(told, "] ");
    told->in_data = 0;
  }
  if (status < 0 && told->over) return 0;
  if (status < 0) {
    told->over = 1;
    snprintf(number, sizeof number, "%s@%zu!%d ", fp_status_name(status), error.position, error.http_status);
    tell_word(told, number);
    CHECK_EQ(fp_http_connection_next_event(connection, &event, &error), status); /* sticky */
    return 0;
  }
  switch (event.type) {
    case FASTPATH_HTTP_EVENT_REQUEST:
      tell(told, event.bytes.data + event.head.method_off, event.head.method_len);
      tell_word(told, " ");
      tell(told, event.bytes.data + event.head.target_off, event.head.target_len);
      tell_word(told, " ");
      return 1;
    case FASTPATH_HTTP_EVENT_INFORMATIONAL:
    case FASTPATH_HTTP_EVENT_RESPONSE:
      snprintf(number, sizeof number, "%s%u ", event.type == FASTPATH_HTTP_EVENT_RESPONSE ? "" : "+",
               event.head.status);
      tell_word(told, number);
      return 1;
    case FASTPATH_HTTP_EVENT_DATA:
      CHECK(event.body_len > 0);
      if (!told->in_data) tell_word(told, "[");
      told->in_data = 1;
      for (size_t i = 0; i < event.span_count; i++) tell(told, event.spans[i].data, event.spans[i].len);
      return 1;
    case FASTPATH_HTTP_EVENT_END_OF_MESSAGE:
      tell_fields(told);
      tell_word(told, "end ");
      return 1;
    case FASTPATH_HTTP_EVENT_PAUSED: tell_word(told, "paused "); return 0;
    case FASTPATH_HTTP_EVENT_CONNECTION_CLOSED: tell_word(told, "closed "); return 0;
    default: return 0;
  }
}

/* Everything there is to tell; a server that has nothing to wait for answers and goes on. */
static void tell_all(story *told, fp_http_connection *connection) {
  for (;;) {
    size_t before = told->len;
    if (tell_event(told, connection)) {
      if (event.type != FASTPATH_HTTP_EVENT_END_OF_MESSAGE) continue;
    } else {
      if (event.type == FASTPATH_HTTP_EVENT_PAUSED) told->len = before; /* told when the stream is over */
      return;
    }
    if (fp_http_connection_our_state(connection) != FASTPATH_HTTP_SEND_RESPONSE) continue;
    fp_buffer *out = fp_buffer_new(NULL);
    const fp_http_header length = {S("Content-Length"), S("0")};
    const fp_http_message ok = {.status = 200, .headers = &length, .header_count = 1, .minor = 1};
    if (fp_http_connection_their_state(connection) != FASTPATH_HTTP_MIGHT_SWITCH_PROTOCOL) {
      CHECK_EQ(fp_http_connection_send_response(connection, &ok, out, &error), FASTPATH_OK);
      CHECK_EQ(fp_http_connection_send_end(connection, NULL, 0, out, &error), FASTPATH_OK);
      if (fp_http_connection_their_state(connection) == FASTPATH_HTTP_DONE) {
        CHECK_EQ(fp_http_connection_start_next_cycle(connection, &error), FASTPATH_OK);
      }
    }
    fp_buffer_free(out);
  }
}

static fp_http_limits limits;

static fp_http_connection *new_connection(fp_http_role role, fp_span request) {
  fp_http_connection *connection = fp_http_connection_new(role, &limits);
  CHECK(connection != NULL);
  if (role == FASTPATH_HTTP_CLIENT && request.len > 0) {
    fp_http_head head = {.fields = fields, .field_capacity = 128};
    fp_http_forward forward = {.rewrite = fp_http_rewrite_new(NULL, 0, NULL), .flags = FASTPATH_FORWARD_UPGRADE};
    fp_buffer *out = fp_buffer_new(NULL);
    CHECK_EQ(fp_http_parse_request(request.data, request.len, NULL, &head, &error), FASTPATH_OK);
    CHECK_EQ(fp_http_connection_forward_request(connection, request.data, &head, &forward, out, &error), FASTPATH_OK);
    CHECK_EQ(fp_http_connection_send_end(connection, NULL, 0, out, &error), FASTPATH_OK);
    fp_http_rewrite_unref((fp_http_rewrite *)forward.rewrite);
    fp_buffer_free(out);
  }
  return connection;
}

static void receive(fp_http_connection *connection, const uint8_t *data, size_t len, int as_segment) {
  fp_status status;
  if (as_segment) {
    fp_segment *segment;
    CHECK_EQ(fp_segment_new_external(data, len, NULL, NULL, &segment), FASTPATH_OK);
    status = fp_http_connection_receive(connection, segment, data, len, &error);
    fp_segment_unref(segment);
  } else {
    status = fp_http_connection_receive_copy(connection, data, len, &error);
  }
  CHECK(status == FASTPATH_OK || error.code != FASTPATH_ERR_STATE);
}

/* Tell the stream in pieces: cut at `first`, or into single bytes when first is SIZE_MAX. */
static void tell_stream(story *told, fp_http_role role, fp_span request, fp_span stream, size_t first, int as_segment) {
  fp_http_connection *connection = new_connection(role, request);
  told->len = 0;
  told->in_data = told->over = 0;
  for (size_t at = 0; at < stream.len;) {
    size_t len = first == SIZE_MAX ? 1 : at == 0 && first > 0 ? first : stream.len - at;
    receive(connection, stream.data + at, len, as_segment);
    tell_all(told, connection);
    at += len;
  }
  if (fp_http_connection_receive_eof(connection, &error) < 0) CHECK(0);
  do {
    tell_all(told, connection);
  } while (told->in_data);
  if (event.type == FASTPATH_HTTP_EVENT_PAUSED) tell_word(told, "paused ");
  fp_http_connection_free(connection);
}

static void check_story(const char *file, int line, fp_http_role role, fp_span request, fp_span stream,
                        const char *expected) {
  static story told;
  for (size_t first = 0; first < stream.len; first++) {
    tell_stream(&told, role, request, stream, first, (int)(first & 1));
    check_bytes(file, line, "story", told.text, told.len, expected, strlen(expected));
  }
  for (int as_segment = 0; as_segment < 2; as_segment++) {
    tell_stream(&told, role, request, stream, SIZE_MAX, as_segment);
    check_bytes(file, line, "story byte by byte", told.text, told.len, expected, strlen(expected));
  }
}

#define SERVER(stream, expected) check_story(__FILE__, __LINE__, FASTPATH_HTTP_SERVER, S(""), S(stream), expected)
#define CLIENT(request, stream, expected) \
  check_story(__FILE__, __LINE__, FASTPATH_HTTP_CLIENT, S(request), S(stream), expected)
#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/* ---- server: streams of requests */

static void reads_pipelined_requests(void) {
  SERVER(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "\r\nPUT /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n"
      "DELETE /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n"
      "GET /5 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
      "HEAD /6 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /1 end POST /2 [hello] end PUT /3 [hello world] end DELETE /4 [x] {A=b,C=d}end GET /5 [abc] end "
      "HEAD /6 end closed ");
}

static void refuses_what_follows_a_close(void) {
  SERVER("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET /1 end http_data_after_close@47!400 ");
  SERVER("GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n", "GET /1 end http_data_after_close@19!400 ");
  SERVER("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n", "GET /1 end GET /2 end closed ");
}

static void knows_a_truncated_stream(void) {
  SERVER("GET /1 HTTP/1.1\r\nHost", "http_unexpected_eof@21!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc", "POST / [abc] http_unexpected_eof@50!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc",
         "POST / [abc] http_unexpected_eof@62!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n",
         "POST / http_unexpected_eof@65!400 ");
  SERVER(GET "\r\n", "GET / end closed ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\n", "http_unexpected_eof@17!502 ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", "200 [a] http_unexpected_eof@39!502 ");
}

#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

static void refuses_bodies(void) {
  SERVER(CHUNKED "3\r\nabcX", "POST / [abc] http_chunk_end@62!400 ");
  SERVER(CHUNKED "+3\r\nabc", "POST / http_chunk_size@56!400 ");
  SERVER(CHUNKED "3\nabc", "POST / http_line_end@57!400 ");
  SERVER(CHUNKED "0\r\nContent-Length: 3\r\n\r\n", "POST / http_trailer@59!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         "http_framing_conflict@45!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", "http_content_length@42!400 ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab", "200 [a] http_chunk_end@51!502 ");
}

static void reports_http2(void) { SERVER("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http_http2_preface@0!505 "); }

/* ---- client: streams of responses */

static void reads_responses(void) {
  CLIENT(GET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 [hello] end closed ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
         "200 [abc] {T=1}end closed ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\n\r\nuntil close", "200 [until close] end closed ");
  CLIENT(GET, "HTTP/1.0 200 OK\r\n\r\n", "200 end closed ");
  CLIENT(GET, "HTTP/1.1 204 No Content\r\n\r\n", "204 end closed ");
  CLIENT(GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 end closed ");
  CLIENT("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 end closed ");
}

static void bounds_interim_responses(void) {
  CLIENT(GET, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 204 x\r\n\r\n",
         "+100 +103 204 end closed ");
  limits.max_interim = 1;
  CLIENT(GET, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", "+100 http_too_many_interim@25!502 ");
  fp_http_limits_default(&limits);
  CLIENT(GET, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "http_upgrade@0!502 ");
}

static void refuses_responses_nobody_asked_for(void) {
  CLIENT("", "HTTP/1.1 200 OK\r\n\r\n", "http_unexpected_response@0!502 ");
  CLIENT(GET, "HTTP/1.1 204 x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "204 end paused ");

  fp_http_connection *connection = new_connection(FASTPATH_HTTP_CLIENT, S(GET));
  static const char two[] = "HTTP/1.1 204 x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
  story told = {.len = 0};
  receive(connection, (const uint8_t *)two, sizeof two - 1, 0);
  tell_all(&told, connection);
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_DONE);
  CHECK_EQ(fp_http_connection_held(connection), 19);
  CHECK(!fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_start_next_cycle(connection, &error), FASTPATH_ERR_HTTP_UNEXPECTED_RESPONSE);
  CHECK_EQ(error.position, 18);
  fp_http_connection_free(connection);
}

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

static void goes_through_cycles(void) {
  static const char response[] = "HTTP/1.1 204 x\r\n\r\n";
  fp_http_connection *connection = new_connection(FASTPATH_HTTP_CLIENT, S(GET));
  story told = {.len = 0};
  CHECK(!fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_start_next_cycle(connection, &error), FASTPATH_ERR_STATE);
  receive(connection, (const uint8_t *)response, sizeof response - 1, 0);
  tell_all(&told, connection);
  CHECK(fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_start_next_cycle(connection, &error), FASTPATH_OK);
  CHECK(fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_receive_eof(connection, &error), FASTPATH_OK);
  CHECK(!fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_receive_copy(connection, (const uint8_t *)"x", 1, &error), FASTPATH_ERR_STATE);
  tell_all(&told, connection);
  CHECK_BYTES(told.text, told.len, "204 end closed ");
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_MUST_CLOSE);
  CHECK_EQ(fp_http_connection_send_close(connection, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_CLOSED);
  fp_http_connection_free(connection);
}

static void body_bytes_are_not_copied(void) {
  static const char stream[] =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\nx\r\n0\r\n\r\n";
  fp_segment *segment;
  fp_http_connection *connection = fp_http_connection_new(FASTPATH_HTTP_SERVER, NULL);
  fp_buffer *source = fp_buffer_new(NULL);
  CHECK_EQ(fp_segment_new_external(stream, sizeof stream - 1, NULL, NULL, &segment), FASTPATH_OK);
  CHECK_EQ(fp_buffer_append_slice(source, &(fp_slice){segment, (const uint8_t *)stream, sizeof stream - 1}),
           FASTPATH_OK);
  CHECK_EQ(fp_http_connection_receive_buffer(connection, source, &error), FASTPATH_OK);
  CHECK_EQ(fp_buffer_length(source), 0);
  CHECK_EQ(fp_http_connection_next_event(connection, &event, &error), FASTPATH_OK);
  CHECK(event.bytes.segment == segment && event.bytes.data == (const uint8_t *)stream);
  CHECK_EQ(fp_http_connection_next_event(connection, &event, &error), FASTPATH_OK);
  CHECK_EQ(event.type, FASTPATH_HTTP_EVENT_DATA);
  CHECK_EQ(event.span_count, 2);
  CHECK(event.bytes.segment == segment && event.spans[0].data == (const uint8_t *)strstr(stream, "hello"));
  CHECK_EQ(event.body_len, 6);
  CHECK_EQ(fp_http_connection_next_event(connection, &event, &error), FASTPATH_OK);
  CHECK_EQ(event.type, FASTPATH_HTTP_EVENT_END_OF_MESSAGE);
  fp_segment_unref(segment);
  fp_buffer_free(source);
  fp_http_connection_free(connection);
}

int main(void) {
  fp_http_limits_default(&limits);
  reads_pipelined_requests();
  refuses_what_follows_a_close();
  knows_a_truncated_stream();
  refuses_bodies();
  reports_http2();
  reads_responses();
  bounds_interim_responses();
  refuses_responses_nobody_asked_for();
  client_switches();
  server_switches();
  frames_responses_for_the_client();
  counts_the_body_it_sends();
  sends_chunks_without_copying();
  adapts_framing_to_the_client();
  knows_who_waits_for_continue();
  goes_through_cycles();
  body_bytes_are_not_copied();
  return 0;
}
