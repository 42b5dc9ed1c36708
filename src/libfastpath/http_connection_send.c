/* http_connection_send.c - from messages and body bytes to what goes to the socket: all of it, or nothing and no change. */
#include "http_connection_state.h"

#include <string.h>

#include "buffer_state.h"
#include "error.h"
#include "http_emit.h"
#include "http_message.h"
#include "http_rewrite.h"
#include "http_rewrite_ops.h"

/* What a response head will say and what it will change. */
typedef struct response_plan {
  connection_body body;
  bool bodiless; /* HEAD, 204, 304, or a switch: no body, whatever the fields say */
  bool interim;
  bool switches;
  bool closes; /* the connection ends with this message */
} response_plan;

static fp_status wrong_state(fp_error *error, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "%s", reason);
}

static fp_status no_room(fp_status status, fp_error *error) {
  return fp_error_set(error, status, 0, 0, "no room for the bytes to send: %s", fp_status_name(status));
}

static fp_status reserve(fp_buffer *out, size_t len, uint8_t **room, fp_error *error) {
  size_t offered;
  fp_status status = fp_buffer_check_growth(out, len); /* so that the commit cannot fail */
  if (status >= 0) status = fp_buffer_reserve(out, len, room, &offered);
  return status < 0 ? no_room(status, error) : FASTPATH_OK;
}

/* ---- requests */

static connection_body body_of(uint32_t flags, uint64_t content_length) {
  if (flags & FASTPATH_HTTP_CHUNKED) return (connection_body){.kind = BODY_CHUNKED};
  return (connection_body){.kind = BODY_LENGTH, .left = flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH ? content_length : 0};
}

static fp_status may_send_request(fp_http_connection *connection, fp_error *error) {
  if (connection->role != FASTPATH_HTTP_CLIENT) return wrong_state(error, "a server does not send requests");
  if (connection->our_state != FASTPATH_HTTP_IDLE || connection->eof) {
    return wrong_state(error, "no request may be sent now");
  }
  if (fp_http_connection_held(connection) > 0) {
    return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_UNEXPECTED_RESPONSE, connection->position,
                                "bytes before the request they would answer", error);
  }
  return FASTPATH_OK;
}

static void request_sent(fp_http_connection *connection, uint8_t method, uint32_t flags, connection_body body,
                         bool keep_alive, bool upgrade) {
  fp_connection_begin(connection, method, flags, upgrade);
  connection->ours = body;
  connection->our_state = FASTPATH_HTTP_SEND_BODY;
  connection->their_state = FASTPATH_HTTP_SEND_RESPONSE;
  if (!keep_alive) connection->keep_alive = false;
}

fp_status fp_http_connection_send_request(fp_http_connection *connection, const fp_http_message *message,
                                          fp_buffer *out, fp_error *error) {
  fp_http_outline outline;
  uint8_t *room;
  fp_status status = may_send_request(connection, error);
  if (status >= 0) status = fp_http_check_request(message, &outline, error);
  if (status >= 0) status = reserve(out, outline.len, &room, error);
  if (status < 0) return status;
  (void)FP_EMIT_LITERAL(fp_http_put_request(message, room), "\r\n");
  (void)fp_buffer_commit(out, outline.len);
  request_sent(connection, outline.method, outline.flags, body_of(outline.flags, outline.content_length),
               (outline.flags & FASTPATH_HTTP_KEEP_ALIVE) != 0, (outline.flags & FASTPATH_HTTP_UPGRADE) != 0);
  return FASTPATH_OK;
}

static connection_body forwarded_body(const fp_http_head *head, const fp_http_forward *forward) {
  switch (forward->framing) {
    case FASTPATH_FRAMING_LENGTH: return body_of(FASTPATH_HTTP_HAS_CONTENT_LENGTH, forward->content_length);
    case FASTPATH_FRAMING_CHUNKED: return body_of(FASTPATH_HTTP_CHUNKED, 0);
    case FASTPATH_FRAMING_NONE: return body_of(0, 0);
    default: return body_of(head->flags, head->content_length);
  }
}

/* Rewrite into out. The bytes are there, or nothing is. */
static fp_status put_rewritten(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
                               int is_response, fp_buffer *out, fp_error *error) {
  size_t bound, len = 0;
  uint8_t *room;
  fp_status status = fp_http_rewrite_check(head, forward, is_response, &bound, error);
  if (status >= 0) status = reserve(out, bound, &room, error);
  if (status < 0) return status;
  status = fp_http_rewrite_put(data, head, forward, is_response, room, &len, error);
  (void)fp_buffer_commit(out, status < 0 ? 0 : len);
  return status;
}

fp_status fp_http_connection_forward_request(fp_http_connection *connection, const uint8_t *data,
                                             const fp_http_head *head, const fp_http_forward *forward, fp_buffer *out,
                                             fp_error *error) {
  fp_http_method method = (fp_http_method)head->method;
  uint32_t flags = head->flags;
  fp_status status = may_send_request(connection, error);
  if (status >= 0) status = put_rewritten(data, head, forward, 0, out, error);
  if (status < 0) return status;
  if (forward->method.data != NULL) method = fp_http_method_of(forward->method);
  if (forward->rewrite->by_id[FASTPATH_HTTP_NAME_EXPECT] != REWRITE_KEEP)
    flags &= ~(uint32_t)FASTPATH_HTTP_EXPECT_CONTINUE;
  request_sent(connection, (uint8_t)method, flags, forwarded_body(head, forward),
               (forward->flags & FASTPATH_FORWARD_CLOSE) == 0, fp_http_rewrite_upgrades(data, head, forward));
  return FASTPATH_OK;
}

/* ---- responses */

static fp_status may_send_response(const fp_http_connection *connection, unsigned code, fp_error *error) {
  bool interim = code < 200 && code != 101;
  if (connection->role != FASTPATH_HTTP_SERVER) return wrong_state(error, "a client does not send responses");
  if (connection->our_state != FASTPATH_HTTP_SEND_RESPONSE &&
      (connection->our_state != FASTPATH_HTTP_IDLE || interim)) {
    return wrong_state(error, "no response may be sent now");
  }
  if (code == 101 && !(connection->may_switch && !connection->wants_connect)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_UPGRADE, 500, 0, "101 without an Upgrade that asks for it");
  }
  return FASTPATH_OK;
}

/* Plan a response with the given fields. Without framing, a body is chunked where the client can read that. */
static response_plan plan_response(const fp_http_connection *connection, unsigned code, uint32_t flags,
                                   uint64_t content_length, bool modern) {
  response_plan plan = {.switches = fp_connection_switches(connection, code)};
  plan.interim = code < 200 && !plan.switches;
  plan.bodiless =
      code < 200 || plan.switches || code == 204 || code == 304 || connection->method == FASTPATH_HTTP_METHOD_HEAD;
  plan.closes = !connection->keep_alive && !plan.interim && !plan.switches;
  if (plan.bodiless) {
    plan.body = (connection_body){.kind = BODY_NONE};
  } else if (flags & (FASTPATH_HTTP_CHUNKED | FASTPATH_HTTP_HAS_CONTENT_LENGTH)) {
    plan.body = body_of(flags, content_length);
  } else if (modern) {
    plan.body = (connection_body){.kind = BODY_CHUNKED};
  } else {
    plan.body = (connection_body){.kind = BODY_UNTIL_CLOSE};
    plan.closes = true;
  }
  return plan;
}

static void response_sent(fp_http_connection *connection, const response_plan *plan) {
  connection->waits_for_continue = false;
  if (plan->interim) return;
  if (plan->switches) {
    connection->our_state = FASTPATH_HTTP_SWITCHED_PROTOCOL;
  } else {
    connection->may_switch = false;
    connection->ours = plan->body;
    connection->our_state = FASTPATH_HTTP_SEND_BODY;
    if (plan->closes) connection->keep_alive = false;
  }
  fp_connection_settle(connection);
}

/* An HTTP/1.0 client knows no interim responses: they are dropped (RFC 9110 15.2). */
static bool is_lost_on_client(const fp_http_connection *connection, const response_plan *plan) {
  return plan->interim && connection->their_minor == 0;
}

fp_status fp_http_connection_send_response(fp_http_connection *connection, const fp_http_message *message,
                                           fp_buffer *out, fp_error *error) {
  static const char chunked[] = "Transfer-Encoding: chunked\r\n", close[] = "Connection: close\r\n",
                    keep_alive[] = "Connection: keep-alive\r\n";
  bool modern = message->minor == 1 && connection->their_minor != 0;
  fp_http_outline outline;
  uint8_t *room;
  fp_status status = may_send_response(connection, message->status, error);
  if (status >= 0) status = fp_http_check_response(message, &outline, error);
  if (status < 0) return status;
  response_plan plan = plan_response(connection, message->status, outline.flags, outline.content_length, modern);
  if (outline.flags & FASTPATH_HTTP_CHUNKED && (!modern || plan.switches)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_TRANSFER_ENCODING, 500, 0, "this client cannot read a chunked body");
  }
  if (plan.switches && outline.flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 500, 0, "a switch of protocols has no length");
  }
  if (is_lost_on_client(connection, &plan)) return FASTPATH_OK;

  if (outline.says_close) plan.closes = true;
  bool adds_chunked = plan.body.kind == BODY_CHUNKED && !(outline.flags & FASTPATH_HTTP_CHUNKED);
  bool adds_close = plan.closes && !outline.says_close;
  bool adds_keep_alive = !plan.closes && !plan.interim && !plan.switches && !outline.says_keep_alive &&
                         (connection->their_minor == 0 || message->minor == 0);
  size_t len = outline.len + (adds_chunked ? sizeof chunked - 1 : 0) + (adds_close ? sizeof close - 1 : 0) +
               (adds_keep_alive ? sizeof keep_alive - 1 : 0);
  status = reserve(out, len, &room, error);
  if (status < 0) return status;
  room = fp_http_put_response(message, room);
  if (adds_chunked) room = FP_EMIT_LITERAL(room, chunked);
  if (adds_close) room = FP_EMIT_LITERAL(room, close);
  if (adds_keep_alive) room = FP_EMIT_LITERAL(room, keep_alive);
  (void)FP_EMIT_LITERAL(room, "\r\n");
  (void)fp_buffer_commit(out, len);
  response_sent(connection, &plan);
  return FASTPATH_OK;
}

fp_status fp_http_connection_forward_response(fp_http_connection *connection, const uint8_t *data,
                                              const fp_http_head *head, const fp_http_forward *forward, fp_buffer *out,
                                              fp_error *error) {
  bool modern = connection->their_minor != 0;
  fp_http_forward adapted = *forward;
  connection_body wanted = forwarded_body(head, forward);
  uint32_t flags = wanted.kind == BODY_CHUNKED ? FASTPATH_HTTP_CHUNKED : FASTPATH_HTTP_HAS_CONTENT_LENGTH;
  fp_status status = may_send_response(connection, head->status, error);
  if (status < 0) return status;

  bool until_close = forward->framing == FASTPATH_FRAMING_AS_RECEIVED && (head->flags & FASTPATH_HTTP_UNTIL_CLOSE) != 0;
  if (until_close || forward->framing == FASTPATH_FRAMING_NONE || (wanted.kind == BODY_CHUNKED && !modern)) flags = 0;
  response_plan plan =
      plan_response(connection, head->status, flags, wanted.left, modern && forward->framing != FASTPATH_FRAMING_NONE);
  if (is_lost_on_client(connection, &plan)) return FASTPATH_OK;
  if (plan.switches) {
    adapted.framing = FASTPATH_FRAMING_NONE;
    adapted.flags |= FASTPATH_FORWARD_UPGRADE;
  } else if (plan.bodiless) {
    if ((head->flags & FASTPATH_HTTP_CHUNKED) != 0 && !modern) adapted.framing = FASTPATH_FRAMING_NONE;
  } else {
    static const int framings[] = {FASTPATH_FRAMING_NONE, FASTPATH_FRAMING_LENGTH, FASTPATH_FRAMING_CHUNKED,
                                   FASTPATH_FRAMING_NONE};
    adapted.framing = framings[plan.body.kind];
    adapted.content_length = plan.body.left;
  }
  if (forward->flags & FASTPATH_FORWARD_CLOSE) plan.closes = true;
  if (plan.interim || plan.switches) {
    adapted.flags &= ~(uint32_t)(FASTPATH_FORWARD_CLOSE | FASTPATH_FORWARD_KEEP_ALIVE);
    plan.closes = false;
  } else if (plan.closes) {
    adapted.flags |= FASTPATH_FORWARD_CLOSE;
  } else if (!modern) {
    adapted.flags |= FASTPATH_FORWARD_KEEP_ALIVE;
  }
  status = put_rewritten(data, head, &adapted, 1, out, error);
  if (status >= 0) response_sent(connection, &plan);
  return status;
}

/* ---- bodies */

/* Append framing and then body bytes: by reference when there is a segment, as a copy otherwise. */
static fp_status append_body(fp_buffer *out, const uint8_t *framing, size_t framing_len, const fp_slice *slice,
                             fp_error *error) {
  fp_status status;
  if (slice->segment == NULL) {
    uint8_t *room;
    if (slice->len > SIZE_MAX - framing_len) return no_room(FASTPATH_ERR_OVERFLOW, error);
    status = reserve(out, framing_len + slice->len, &room, error);
    if (status < 0) return status;
    (void)fp_emit(fp_emit(room, framing, framing_len), slice->data, slice->len);
    (void)fp_buffer_commit(out, framing_len + slice->len);
    return FASTPATH_OK;
  }
  /* All that the slice could fail for comes first: what follows the framing must not fail. */
  if (!fp_segment_contains(slice->segment, slice->data, slice->len)) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "the body is not bytes of its segment");
  }
  if (slice->len > PTRDIFF_MAX) return no_room(FASTPATH_ERR_OVERFLOW, error);
  status = fp_buffer_check_growth(out, framing_len + slice->len);
  if (status >= 0) status = fp_buffer_ensure(out, 2);
  if (status >= 0) status = fp_buffer_append(out, framing, framing_len);
  if (status >= 0) status = fp_buffer_append_slice(out, slice);
  return status < 0 ? no_room(status, error) : FASTPATH_OK;
}

fp_status fp_http_connection_send_data(fp_http_connection *connection, fp_segment *segment, const uint8_t *data,
                                       size_t len, fp_buffer *out, fp_error *error) {
  const fp_slice slice = {segment, data, len};
  connection_body *body = &connection->ours;
  uint8_t framing[FASTPATH_CHUNK_HEADER_MAX];
  size_t framing_len = 0;
  if (connection->our_state != FASTPATH_HTTP_SEND_BODY) return wrong_state(error, "no body may be sent now");
  if (len == 0) return FASTPATH_OK;
  switch (body->kind) {
    case BODY_LENGTH:
      if (len <= body->left) break;
      return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 500, (size_t)body->left,
                          "more body than Content-Length says");
    case BODY_NONE: return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 500, 0, "this message has no body");
    case BODY_CHUNKED: framing_len = fp_chunk_header(framing, len, !body->begun); break;
    default: break;
  }
  fp_status status = append_body(out, framing, framing_len, &slice, error);
  if (status < 0) return status;
  if (body->kind == BODY_LENGTH) body->left -= len;
  body->begun = true;
  if (connection->role == FASTPATH_HTTP_CLIENT) connection->waits_for_continue = false;
  return FASTPATH_OK;
}

static fp_status end_chunks(const connection_body *body, const fp_http_header *trailers, size_t count, fp_buffer *out,
                            fp_error *error) {
  uint8_t *room, end[FASTPATH_CHUNK_HEADER_MAX];
  size_t end_len = fp_chunk_end(end, !body->begun) - 2, len; /* the blank line comes with the trailers */
  fp_status status = fp_http_write_trailers(trailers, count, NULL, 0, &len, error);
  if (status >= 0) status = reserve(out, end_len + len, &room, error);
  if (status < 0) return status;
  (void)fp_http_write_trailers(trailers, count, fp_emit(room, end, end_len), len, &len, error);
  (void)fp_buffer_commit(out, end_len + len);
  return FASTPATH_OK;
}

fp_status fp_http_connection_send_end(fp_http_connection *connection, const fp_http_header *trailers, size_t count,
                                      fp_buffer *out, fp_error *error) {
  connection_body *body = &connection->ours;
  bool requests = connection->role == FASTPATH_HTTP_CLIENT;
  if (connection->our_state != FASTPATH_HTTP_SEND_BODY) return wrong_state(error, "there is no message to end");
  if (count > 0 && body->kind != BODY_CHUNKED) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_TRAILER, 500, 0, "trailers need a chunked body");
  }
  if (body->kind == BODY_LENGTH && body->left > 0) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 500, (size_t)body->left,
                        "less body than Content-Length says");
  }
  if (body->kind == BODY_CHUNKED) {
    fp_status status = end_chunks(body, trailers, count, out, error);
    if (status < 0) return status;
  }
  if (requests) connection->waits_for_continue = false;
  connection->our_state = requests ? fp_connection_after_request(connection) : FASTPATH_HTTP_DONE;
  fp_connection_settle(connection);
  return FASTPATH_OK;
}

fp_status fp_http_connection_send_close(fp_http_connection *connection, fp_error *error) {
  switch (connection->our_state) {
    case FASTPATH_HTTP_IDLE:
    case FASTPATH_HTTP_DONE:
    case FASTPATH_HTTP_MUST_CLOSE:
    case FASTPATH_HTTP_CLOSED:
      connection->our_state = FASTPATH_HTTP_CLOSED;
      fp_connection_settle(connection);
      return FASTPATH_OK;
    default: return wrong_state(error, "our side cannot close in the middle of a message");
  }
}

void fp_http_connection_send_failed(fp_http_connection *connection) {
  connection->our_state = FASTPATH_HTTP_ERROR;
  connection->keep_alive = false;
  fp_connection_settle(connection);
}
