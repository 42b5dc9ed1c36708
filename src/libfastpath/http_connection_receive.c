/* http_connection_receive.c - from held bytes to the next event. */
#include "http_connection_state.h"

#include <string.h>

#include "error.h"

static fp_status give(fp_http_event *event, fp_http_event_type type) {
  event->type = (int)type;
  return FASTPATH_OK;
}

/* ---- heads */

static body_kind response_body(const fp_http_head *head) {
  if (head->flags & FASTPATH_HTTP_NO_BODY) return BODY_NONE;
  if (head->flags & FASTPATH_HTTP_CHUNKED) return BODY_CHUNKED;
  return head->flags & FASTPATH_HTTP_UNTIL_CLOSE ? BODY_UNTIL_CLOSE : BODY_LENGTH;
}

static void expect_body(fp_http_connection *connection, const fp_http_head *head, body_kind kind) {
  connection->theirs = (connection_body){.kind = kind};
  if (kind == BODY_LENGTH) {
    connection->theirs.left = head->flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH ? head->content_length : 0;
  } else if (kind == BODY_CHUNKED) {
    fp_chunked_init(&connection->decoder, &connection->limits);
    connection->body_start = connection->position + head->head_len;
  }
  if ((head->flags & FASTPATH_HTTP_KEEP_ALIVE) == 0) {
    connection->keep_alive = false;
    connection->they_said_close = true;
  }
  connection->their_state = FASTPATH_HTTP_SEND_BODY;
}

static fp_status take_request(fp_http_connection *connection, fp_http_event *event) {
  const fp_http_head *head = &event->head;
  bool chunked = (head->flags & FASTPATH_HTTP_CHUNKED) != 0;
  fp_connection_begin(connection, head->method, head->flags, (head->flags & FASTPATH_HTTP_UPGRADE) != 0);
  expect_body(connection, head, chunked ? BODY_CHUNKED : BODY_LENGTH);
  if (!chunked && connection->theirs.left == 0) connection->waits_for_continue = false;
  if (connection->our_state == FASTPATH_HTTP_IDLE) connection->our_state = FASTPATH_HTTP_SEND_RESPONSE;
  return give(event, FASTPATH_HTTP_EVENT_REQUEST);
}

static fp_status take_response(fp_http_connection *connection, fp_http_event *event, fp_error *error) {
  const fp_http_head *head = &event->head;
  bool switches = fp_connection_switches(connection, head->status);
  if (head->status == 101 && !switches) {
    return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_UPGRADE, connection->position,
                                "101 without an Upgrade that asked for it", error);
  }
  connection->waits_for_continue = false;
  if (head->status < 200 && !switches) {
    if (++connection->interim > connection->limits.max_interim) {
      return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_TOO_MANY_INTERIM, connection->position,
                                  "too many interim responses", error);
    }
    return give(event, FASTPATH_HTTP_EVENT_INFORMATIONAL);
  }
  if (switches) {
    connection->their_state = FASTPATH_HTTP_SWITCHED_PROTOCOL;
  } else {
    connection->may_switch = false;
    expect_body(connection, head, response_body(head));
  }
  return give(event, FASTPATH_HTTP_EVENT_RESPONSE);
}

/* Read a head from the first held bytes, which are joined as far as it reaches and no further. */
static fp_status read_head(fp_http_connection *connection, fp_slice *slice, fp_http_head *head, fp_error *error) {
  fp_buffer *held = connection->held;
  size_t total = fp_buffer_length(held), blank_line;
  fp_status status = fp_buffer_slice(held, 0, slice);
  while (status >= 0) {
    status = fp_http_head_reader_read(connection->reader, slice->data, slice->len, connection->method, head, error);
    if (status != FASTPATH_NEED_MORE || slice->len == total) break;
    size_t from = slice->len < 3 ? 0 : slice->len - 3;
    size_t end = fp_buffer_find(held, "\r\n\r\n", 4, from, &blank_line) == FASTPATH_OK ? blank_line + 4 : total;
    status = fp_buffer_coalesce(held, end, slice);
    if (status < 0) return fp_error_set(error, status, 0, 0, "a head could not be joined: %s", fp_status_name(status));
  }
  return status;
}

static bool is_refusal(fp_status status) { return status <= FASTPATH_ERR_HTTP_METHOD && status > FASTPATH_ERR_CONFIG; }

static fp_status next_head(fp_http_connection *connection, fp_http_event *event, fp_error *error) {
  fp_error refusal;
  fp_slice slice;
  fp_status status = read_head(connection, &slice, &event->head, &refusal);
  if (status == FASTPATH_NEED_MORE) return FASTPATH_NEED_MORE;
  if (is_refusal(status)) {
    refusal.position += (size_t)connection->position;
    return fp_connection_fail(connection, &refusal, error);
  }
  if (status < 0) {
    if (error != NULL) *error = refusal;
    return status;
  }
  event->bytes = (fp_slice){slice.segment, slice.data, event->head.head_len};
  connection->their_minor = event->head.minor;
  status = connection->role == FASTPATH_HTTP_SERVER ? take_request(connection, event)
                                                    : take_response(connection, event, error);
  if (status < 0) return status;
  connection->given = event->head.head_len;
  fp_connection_settle(connection);
  return FASTPATH_OK;
}

/* ---- bodies */

static fp_status give_data(fp_http_connection *connection, fp_http_event *event, fp_slice slice, size_t span_count,
                           size_t body_len) {
  event->bytes = slice;
  event->spans = connection->spans;
  event->span_count = span_count;
  event->body_len = body_len;
  connection->given = slice.len;
  if (connection->role == FASTPATH_HTTP_SERVER) connection->waits_for_continue = false;
  return give(event, FASTPATH_HTTP_EVENT_DATA);
}

static fp_status end_message(fp_http_connection *connection, fp_http_event *event) {
  bool serves = connection->role == FASTPATH_HTTP_SERVER;
  if (serves) connection->waits_for_continue = false;
  connection->their_state = serves ? fp_connection_after_request(connection) : FASTPATH_HTTP_DONE;
  connection->body_ended = false;
  fp_connection_settle(connection);
  return give(event, FASTPATH_HTTP_EVENT_END_OF_MESSAGE);
}

static fp_status end_without_trailers(fp_http_connection *connection, fp_http_event *event) {
  event->head.field_count = 0;
  return end_message(connection, event);
}

static fp_status next_plain(fp_http_connection *connection, fp_http_event *event) {
  connection_body *body = &connection->theirs;
  fp_slice slice;
  if (body->kind == BODY_NONE || (body->kind == BODY_LENGTH && body->left == 0)) {
    return end_without_trailers(connection, event);
  }
  if (fp_buffer_slice(connection->held, 0, &slice) < 0) return FASTPATH_NEED_MORE;
  if (body->kind == BODY_LENGTH) {
    if (slice.len > body->left) slice.len = (size_t)body->left;
    body->left -= slice.len;
  }
  connection->spans[0] = (fp_span){slice.data, slice.len};
  return give_data(connection, event, slice, 1, slice.len);
}

static fp_status end_with_trailers(fp_http_connection *connection, fp_http_event *event, fp_error *error) {
  fp_slice slice;
  fp_status status = fp_buffer_slice(connection->held, 0, &slice);
  if (status < 0) return fp_error_set(error, status, 0, 0, "the trailer section is gone");
  slice.len = connection->trailers_len;
  status = fp_chunked_trailers((fp_span){slice.data, slice.len}, event->head.fields, event->head.field_capacity,
                               &event->head.field_count, NULL);
  if (status < 0) {
    return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_TRAILER, connection->position,
                                "more trailers than there is room for", error);
  }
  event->bytes = slice;
  connection->given = slice.len + 2;
  return end_message(connection, event);
}

/* How far to join when an unfinished trailer section reaches past the first slice: to the next one's end, within limits. */
static fp_status join_trailers(fp_http_connection *connection, size_t joined, fp_slice *slice, fp_error *error) {
  size_t total = fp_buffer_length(connection->held), most = (size_t)connection->limits.max_trailer_bytes + 4;
  size_t len = joined >= most || total < most ? total : most;
  fp_status status = fp_buffer_coalesce(connection->held, len, slice);
  if (status < 0) return fp_error_set(error, status, 0, 0, "trailers could not be joined: %s", fp_status_name(status));
  return FASTPATH_OK;
}

static fp_status next_chunks(fp_http_connection *connection, fp_http_event *event, fp_error *error) {
  fp_slice slice;
  if (connection->body_ended) return end_with_trailers(connection, event, error);
  if (fp_buffer_slice(connection->held, 0, &slice) < 0) return FASTPATH_NEED_MORE;
  for (;;) {
    fp_chunked_part part = {.spans = connection->spans, .span_capacity = CONNECTION_SPANS};
    fp_error refusal;
    fp_status status = fp_chunked_decode(&connection->decoder, slice.data, slice.len, &part, &refusal);
    if (status < 0) {
      refusal.position += (size_t)connection->body_start;
      if (connection->role == FASTPATH_HTTP_CLIENT) refusal.http_status = 502;
      return fp_connection_fail(connection, &refusal, error);
    }
    size_t consumed = part.consumed;
    if (status == FASTPATH_OK) {
      connection->body_ended = true;
      connection->trailers_len = part.trailers.len;
      consumed -= part.trailers.len + 2;
    }
    if (part.body_len > 0) {
      slice.len = consumed;
      return give_data(connection, event, slice, part.span_count, part.body_len);
    }
    /* Framing alone is nobody's event. */
    connection->given = consumed;
    fp_connection_drop_given(connection);
    if (status == FASTPATH_OK) return end_with_trailers(connection, event, error);
    size_t left = slice.len - consumed, total = fp_buffer_length(connection->held);
    if (left == total) return FASTPATH_NEED_MORE;
    status = left > 0 ? join_trailers(connection, left, &slice, error) : fp_buffer_slice(connection->held, 0, &slice);
    if (status < 0) return status;
  }
}

/* ---- the end of the stream */

/* Between messages only empty lines may be left. */
static bool holds_only_line_ends(const fp_http_connection *connection) {
  fp_slice slice;
  for (size_t i = 0; fp_buffer_slice(connection->held, i, &slice) >= 0; i++) {
    for (size_t j = 0; j < slice.len; j++) {
      if (slice.data[j] != '\r' && slice.data[j] != '\n') return false;
    }
  }
  return true;
}

static fp_status at_end(fp_http_connection *connection, fp_http_event *event, fp_error *error) {
  uint64_t position = connection->position + fp_buffer_length(connection->held);
  switch (connection->their_state) {
    case FASTPATH_HTTP_SEND_RESPONSE:
      return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_UNEXPECTED_EOF, position,
                                  "the stream ended before the response was complete", error);
    case FASTPATH_HTTP_SEND_BODY:
      if (connection->theirs.kind == BODY_UNTIL_CLOSE) return end_without_trailers(connection, event);
      return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_UNEXPECTED_EOF, position,
                                  "the stream ended inside a body", error);
    case FASTPATH_HTTP_IDLE:
      if (!holds_only_line_ends(connection)) {
        return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_UNEXPECTED_EOF, position,
                                    "the stream ended inside a head", error);
      }
      break;
    default: break;
  }
  connection->their_state = FASTPATH_HTTP_CLOSED;
  fp_connection_settle(connection);
  return give(event, FASTPATH_HTTP_EVENT_CONNECTION_CLOSED);
}

/* ---- the next event */

static fp_status after_message(fp_http_connection *connection, fp_http_event *event, fp_error *error) {
  if (fp_buffer_length(connection->held) == 0) return FASTPATH_NEED_MORE;
  if (connection->their_state == FASTPATH_HTTP_MUST_CLOSE && connection->they_said_close) {
    return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_DATA_AFTER_CLOSE, connection->position,
                                "data after the message that said Connection: close", error);
  }
  return give(event, FASTPATH_HTTP_EVENT_PAUSED);
}

static fp_status next_in_state(fp_http_connection *connection, fp_http_event *event, fp_error *error) {
  switch (connection->their_state) {
    case FASTPATH_HTTP_IDLE:
      if (fp_buffer_length(connection->held) == 0) return FASTPATH_NEED_MORE;
      if (connection->role == FASTPATH_HTTP_CLIENT) {
        return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_UNEXPECTED_RESPONSE, connection->position,
                                    "a response without a request", error);
      }
      return next_head(connection, event, error);
    case FASTPATH_HTTP_SEND_RESPONSE:
      if (fp_buffer_length(connection->held) == 0) return FASTPATH_NEED_MORE;
      return next_head(connection, event, error);
    case FASTPATH_HTTP_SEND_BODY:
      return connection->theirs.kind == BODY_CHUNKED ? next_chunks(connection, event, error)
                                                     : next_plain(connection, event);
    case FASTPATH_HTTP_DONE:
    case FASTPATH_HTTP_MUST_CLOSE: return after_message(connection, event, error);
    case FASTPATH_HTTP_CLOSED: return FASTPATH_NEED_MORE;
    default: return give(event, FASTPATH_HTTP_EVENT_PAUSED); /* to switch, or switched */
  }
}

fp_status fp_http_connection_next_event(fp_http_connection *connection, fp_http_event *event, fp_error *error) {
  fp_status status;
  fp_connection_drop_given(connection);
  event->bytes = (fp_slice){NULL, NULL, 0};
  event->spans = NULL;
  event->span_count = event->body_len = 0;
  if (connection->failure.code < 0) {
    if (error != NULL) *error = connection->failure;
    return connection->failure.code;
  }
  status = next_in_state(connection, event, error);
  if (status != FASTPATH_NEED_MORE) return status;
  return connection->eof ? at_end(connection, event, error) : give(event, FASTPATH_HTTP_EVENT_NEED_DATA);
}
