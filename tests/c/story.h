/*
 * story.h - what a connection makes of a stream, told as a line of text with a word or two per event, so that a test reads
 * like the conversation and two ways of cutting the stream can be compared:
 *
 *   POST /2 [hello world] {A=b}end 200 [x] end closed
 *   GET / http_data_after_close@47!400           status name @ position ! status to answer with
 *
 * A server answers every request as soon as it has ended, and goes on.
 */
#ifndef FASTPATH_TESTS_STORY_H
#define FASTPATH_TESTS_STORY_H

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

static inline void tell(story *told, const void *data, size_t len) {
  CHECK(told->len + len < STORY_MAX);
  memcpy(told->text + told->len, data, len);
  told->len += len;
  told->text[told->len] = '\0';
}

static inline void tell_word(story *told, const char *word) { tell(told, word, strlen(word)); }

static inline void tell_fields(story *told) {
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
static inline int tell_event(story *told, fp_http_connection *connection) {
  char number[64];
  fp_status status = fp_http_connection_next_event(connection, &event, &error);
  if (status < 0 || (event.type != FASTPATH_HTTP_EVENT_DATA && event.type != FASTPATH_HTTP_EVENT_NEED_DATA)) {
    if (told->in_data) tell_word(told, "] ");
    told->in_data = 0;
  }
  if (status < 0) {
    event.type = -1;
    if (told->over) return 0;
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
static inline void tell_all(story *told, fp_http_connection *connection) {
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

static inline fp_http_connection *new_connection(fp_http_role role, fp_span request) {
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

static inline void receive(fp_http_connection *connection, const uint8_t *data, size_t len, int as_segment) {
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

/* Tell the stream cut into a first piece (none when 0) and pieces of `then` bytes. */
static inline void tell_stream(story *told, fp_http_role role, fp_span request, fp_span stream, size_t first,
                               size_t then, int as_segment) {
  fp_http_connection *connection = new_connection(role, request);
  told->len = 0;
  told->in_data = told->over = 0;
  for (size_t at = 0; at < stream.len;) {
    size_t len = at == 0 && first > 0 ? first : then;
    if (len > stream.len - at) len = stream.len - at;
    receive(connection, stream.data + at, len, as_segment);
    tell_all(told, connection);
    at += len;
  }
  CHECK_EQ(fp_http_connection_receive_eof(connection, &error), FASTPATH_OK);
  tell_all(told, connection);
  if (event.type == FASTPATH_HTTP_EVENT_PAUSED) tell_word(told, "paused ");
  fp_http_connection_free(connection);
}

static inline void check_story(const char *file, int line, fp_http_role role, fp_span request, fp_span stream,
                               const char *expected) {
  static story told;
  for (size_t first = 0; first < stream.len; first++) {
    tell_stream(&told, role, request, stream, first, stream.len, (int)(first & 1));
    check_bytes(file, line, "story", told.text, told.len, expected, strlen(expected));
  }
  for (int as_segment = 0; as_segment < 2; as_segment++) {
    tell_stream(&told, role, request, stream, 0, 1, as_segment);
    check_bytes(file, line, "story byte by byte", told.text, told.len, expected, strlen(expected));
  }
}

#define SERVER(stream, expected) check_story(__FILE__, __LINE__, FASTPATH_HTTP_SERVER, S(""), S(stream), expected)
#define CLIENT(request, stream, expected) \
  check_story(__FILE__, __LINE__, FASTPATH_HTTP_CLIENT, S(request), S(stream), expected)
#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

#endif
