/* Scenarios of the failing-allocation sweep: connections, and the heads they write and forward. */
#include "sweep.h"

#define S(literal) ((fp_span){(const uint8_t *)(literal), sizeof(literal) - 1})
#define FIELDS 16

typedef struct talk {
  fp_http_connection *connection;
  fp_buffer *out; /* what it says */
  fp_http_field fields[FIELDS];
  fp_http_event event;
} talk;

static void talk_begin(talk *t, fp_http_role role) {
  TRY_NEW(t->connection, fp_http_connection_new(role, NULL));
  TRY_NEW(t->out, fp_buffer_new(NULL));
  t->event = (fp_http_event){.head = {.fields = t->fields, .field_capacity = FIELDS}};
}

static void talk_end(talk *t) {
  fp_http_connection_free(t->connection);
  fp_buffer_free(t->out);
}

static void expect(talk *t, fp_http_event_type type) {
  TRY(fp_http_connection_next_event(t->connection, &t->event, NULL), true);
  CHECK_EQ(t->event.type, type);
}

/* What one says, the other hears, without copying. */
static void deliver(talk *from, talk *to) {
  size_t said = fp_buffer_length(from->out);
  TRY(fp_http_connection_receive_buffer(to->connection, from->out, NULL), fp_buffer_length(from->out) == said);
  CHECK_EQ(fp_buffer_length(from->out), 0);
}

/* The same a byte at a time, each in a segment of its own. */
static void deliver_in_pieces(talk *from, talk *to) {
  while (fp_buffer_length(from->out) > 0) {
    uint8_t byte;
    CHECK_EQ(fp_buffer_copy_out(from->out, 0, &byte, 1), FASTPATH_OK);
    CHECK_EQ(fp_buffer_drain(from->out, 1), FASTPATH_OK);
    size_t held = fp_http_connection_held(to->connection);
    TRY(fp_http_connection_receive_copy(to->connection, &byte, 1, NULL),
        fp_http_connection_held(to->connection) == held);
  }
}

static const fp_http_header HOST = {{(const uint8_t *)"Host", 4}, {(const uint8_t *)"a.example", 9}};
static const fp_http_header CHUNKED = {{(const uint8_t *)"Transfer-Encoding", 17}, {(const uint8_t *)"chunked", 7}};
static const fp_http_header DIGEST = {{(const uint8_t *)"Digest", 6}, {(const uint8_t *)"abc", 3}};

static void send_request(talk *client) {
  fp_http_header headers[] = {HOST, CHUNKED};
  fp_http_message message = {
      .method = S("POST"), .target = S("/upload"), .headers = headers, .header_count = 2, .minor = 1};
  TRY(fp_http_connection_send_request(client->connection, &message, client->out, NULL),
      fp_buffer_length(client->out) == 0 && fp_http_connection_our_state(client->connection) == FASTPATH_HTTP_IDLE);
}

static void send_body(talk *from, fp_segment *segment, const uint8_t *data, size_t len) {
  size_t before = fp_buffer_length(from->out);
  TRY(fp_http_connection_send_data(from->connection, segment, data, len, from->out, NULL),
      fp_buffer_length(from->out) == before);
}

static void send_end(talk *from, const fp_http_header *trailers, size_t count) {
  size_t before = fp_buffer_length(from->out);
  TRY(fp_http_connection_send_end(from->connection, trailers, count, from->out, NULL),
      fp_buffer_length(from->out) == before &&
          fp_http_connection_our_state(from->connection) == FASTPATH_HTTP_SEND_BODY);
}

static void exchange(talk *client, talk *server, void (*transport)(talk *from, talk *to)) {
  send_request(client);
  fp_slice slice;
  fp_buffer *holder;
  TRY_NEW(holder, fp_buffer_new(NULL));
  TRY(fp_buffer_append(holder, "body of a segment", 17), true);
  CHECK_EQ(fp_buffer_slice(holder, 0, &slice), FASTPATH_OK);
  send_body(client, slice.segment, slice.data, slice.len);
  fp_buffer_free(holder);
  send_body(client, NULL, (const uint8_t *)"copied body", 11);
  send_end(client, &DIGEST, 1);
  transport(client, server);

  expect(server, FASTPATH_HTTP_EVENT_REQUEST);
  CHECK_EQ(server->event.head.field_count, 2);
  CHECK_EQ(fp_http_connection_their_minor(server->connection), 1);
  CHECK(!fp_http_connection_waiting_for_continue(server->connection));
  size_t body_len = 0;
  do {
    TRY(fp_http_connection_next_event(server->connection, &server->event, NULL), true);
    if (server->event.type == FASTPATH_HTTP_EVENT_DATA) body_len += server->event.body_len;
  } while (server->event.type == FASTPATH_HTTP_EVENT_DATA);
  CHECK_EQ(server->event.type, FASTPATH_HTTP_EVENT_END_OF_MESSAGE);
  CHECK_EQ(server->event.head.field_count, 1);
  CHECK_EQ(body_len, 28);

  fp_http_message message = {.headers = &CHUNKED, .header_count = 1, .status = 200, .minor = 1};
  TRY(fp_http_connection_send_response(server->connection, &message, server->out, NULL),
      fp_buffer_length(server->out) == 0);
  send_body(server, NULL, (const uint8_t *)"answer", 6);
  send_end(server, NULL, 0);
  transport(server, client);
  expect(client, FASTPATH_HTTP_EVENT_RESPONSE);
  expect(client, FASTPATH_HTTP_EVENT_DATA);
  while (client->event.type == FASTPATH_HTTP_EVENT_DATA) {
    TRY(fp_http_connection_next_event(client->connection, &client->event, NULL), true);
  }
  CHECK_EQ(client->event.type, FASTPATH_HTTP_EVENT_END_OF_MESSAGE);
  CHECK(fp_http_connection_reusable(client->connection));
  CHECK_EQ(fp_http_connection_start_next_cycle(client->connection, NULL), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_start_next_cycle(server->connection, NULL), FASTPATH_OK);
}

void sweep_connection_exchange(void) {
  talk client, server;
  talk_begin(&client, FASTPATH_HTTP_CLIENT);
  talk_begin(&server, FASTPATH_HTTP_SERVER);
  exchange(&client, &server, deliver);
  exchange(&client, &server, deliver_in_pieces);
  CHECK_EQ(fp_http_connection_send_close(client.connection, NULL), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_receive_eof(server.connection, NULL), FASTPATH_OK);
  expect(&server, FASTPATH_HTTP_EVENT_CONNECTION_CLOSED);
  CHECK_EQ(fp_http_connection_their_state(server.connection), FASTPATH_HTTP_CLOSED);
  fp_http_connection_send_failed(server.connection);
  CHECK_EQ(fp_http_connection_our_state(server.connection), FASTPATH_HTTP_ERROR);
  talk_end(&client);
  talk_end(&server);
}

void sweep_connection_refusal(void) {
  static const char bad[] = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
  talk server;
  talk_begin(&server, FASTPATH_HTTP_SERVER);
  fp_segment *segment;
  TRY(fp_segment_new_external(bad, strlen(bad), NULL, NULL, &segment), true);
  TRY(fp_http_connection_receive(server.connection, segment, (const uint8_t *)bad, strlen(bad), NULL),
      fp_http_connection_held(server.connection) == 0);
  fp_segment_unref(segment);
  fp_status status = fp_http_connection_next_event(server.connection, &server.event, NULL);
  if (status == FASTPATH_ERR_MEMORY) {
    CHECK(failing_memory_fired());
    status = fp_http_connection_next_event(server.connection, &server.event, NULL);
  }
  CHECK_EQ(status, FASTPATH_ERR_HTTP_CONTENT_LENGTH);
  fp_http_connection_reset(server.connection);
  CHECK_EQ(fp_http_connection_held(server.connection), 0);
  expect(&server, FASTPATH_HTTP_EVENT_NEED_DATA);
  talk_end(&server);
}

void sweep_connection_switch(void) {
  static const char connect[] = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\nopaque";
  talk server;
  fp_buffer *held;
  talk_begin(&server, FASTPATH_HTTP_SERVER);
  TRY_NEW(held, fp_buffer_new(NULL));
  TRY(fp_http_connection_receive_copy(server.connection, (const uint8_t *)connect, strlen(connect), NULL), true);
  expect(&server, FASTPATH_HTTP_EVENT_REQUEST);
  expect(&server, FASTPATH_HTTP_EVENT_END_OF_MESSAGE);
  expect(&server, FASTPATH_HTTP_EVENT_PAUSED);
  fp_http_message message = {.status = 200, .minor = 1};
  TRY(fp_http_connection_send_response(server.connection, &message, server.out, NULL),
      fp_buffer_length(server.out) == 0);
  CHECK_EQ(fp_http_connection_our_state(server.connection), FASTPATH_HTTP_SWITCHED_PROTOCOL);
  TRY(fp_http_connection_take_held(server.connection, held, NULL), fp_buffer_length(held) == 0);
  CHECK_EQ(fp_buffer_compare_bytes(held, "opaque", 6), 0);
  fp_buffer_free(held);
  talk_end(&server);
}

static fp_http_rewrite *rewrite_new(void) {
  fp_http_op ops[] = {{FASTPATH_HTTP_OP_SET, -1, S("X-Request-Id"), S("7")},
                      {FASTPATH_HTTP_OP_APPEND, 0, S("X-Forwarded-For"), {NULL, 0}},
                      {FASTPATH_HTTP_OP_REMOVE, -1, S("Cookie"), {NULL, 0}}};
  fp_http_rewrite *rewrite;
  TRY_NEW(rewrite, fp_http_rewrite_new(ops, 3, NULL));
  return rewrite;
}

void sweep_connection_forward(void) {
  static const char request[] = "GET /x HTTP/1.1\r\nHost: a\r\nCookie: b\r\n\r\n";
  static const char response[] = "HTTP/1.1 204 No Content\r\nServer: s\r\n\r\n";
  talk downstream, upstream;
  fp_http_rewrite *rewrite = rewrite_new();
  fp_span address = S("192.0.2.1");
  fp_http_forward forward = {.rewrite = rewrite, .values = &address, .value_count = 1};
  talk_begin(&downstream, FASTPATH_HTTP_SERVER);
  talk_begin(&upstream, FASTPATH_HTTP_CLIENT);
  TRY(fp_http_connection_receive_copy(downstream.connection, (const uint8_t *)request, strlen(request), NULL), true);
  expect(&downstream, FASTPATH_HTTP_EVENT_REQUEST);
  TRY(fp_http_connection_forward_request(upstream.connection, downstream.event.bytes.data, &downstream.event.head,
                                         &forward, upstream.out, NULL),
      fp_buffer_length(upstream.out) == 0);
  send_end(&upstream, NULL, 0);
  size_t position;
  TRY(fp_buffer_find(upstream.out, "192.0.2.1", 9, 0, &position), true);
  TRY(fp_http_connection_receive_copy(upstream.connection, (const uint8_t *)response, strlen(response), NULL), true);
  expect(&downstream, FASTPATH_HTTP_EVENT_END_OF_MESSAGE);
  expect(&upstream, FASTPATH_HTTP_EVENT_RESPONSE);
  TRY(fp_http_connection_forward_response(downstream.connection, upstream.event.bytes.data, &upstream.event.head,
                                          &forward, downstream.out, NULL),
      fp_buffer_length(downstream.out) == 0);
  CHECK(fp_buffer_length(downstream.out) > 0);
  CHECK(fp_http_rewrite_ref(rewrite) == rewrite);
  fp_http_rewrite_unref(rewrite);
  fp_http_rewrite_unref(rewrite);
  talk_end(&downstream);
  talk_end(&upstream);
}

void sweep_http_write(void) {
  static const char request[] = "GET /x HTTP/1.1\r\nHost: a\r\nCookie: b\r\n\r\n";
  static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 05\r\n\r\n";
  uint8_t head[1024];
  size_t len;
  fp_http_message message = {
      .method = S("GET"), .target = S("/"), .headers = &HOST, .header_count = 1, .status = 200, .minor = 1};
  CHECK_EQ(fp_http_write_request(&message, head, sizeof head, &len, NULL), FASTPATH_OK);
  message.header_count = 0;
  CHECK_EQ(fp_http_write_response(&message, head, sizeof head, &len, NULL), FASTPATH_OK);
  CHECK_EQ(fp_http_write_trailers(&DIGEST, 1, head, sizeof head, &len, NULL), FASTPATH_OK);
  CHECK(strcmp(fp_http_reason(404), "Not Found") == 0);
  fp_http_field fields[FIELDS];
  fp_http_head parsed = {.fields = fields, .field_capacity = FIELDS};
  fp_http_rewrite *rewrite = rewrite_new();
  fp_span address = S("192.0.2.1");
  fp_http_forward forward = {.rewrite = rewrite, .values = &address, .value_count = 1};
  TRY(fp_http_parse_request((const uint8_t *)request, strlen(request), NULL, &parsed, NULL), true);
  CHECK_EQ(fp_http_rewrite_request((const uint8_t *)request, &parsed, &forward, head, sizeof head, &len, NULL),
           FASTPATH_OK);
  TRY(fp_http_parse_response((const uint8_t *)response, strlen(response), FASTPATH_HTTP_METHOD_GET, NULL, &parsed,
                             NULL),
      true);
  CHECK_EQ(fp_http_rewrite_response((const uint8_t *)response, &parsed, &forward, head, sizeof head, &len, NULL),
           FASTPATH_OK);
  fp_http_rewrite_unref(rewrite);
}
