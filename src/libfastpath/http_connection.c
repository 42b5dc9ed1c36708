/* http_connection.c - the life of a connection: its states, and what is held of its stream. */
#include "http_connection_state.h"

#include <stddef.h>
#include <string.h>

#include "error.h"
#include "memory.h"

/* ---- life */

static void start_exchange(fp_http_connection *connection) {
  connection->our_state = connection->their_state = FASTPATH_HTTP_IDLE;
  connection->method = FASTPATH_HTTP_METHOD_UNKNOWN;
  connection->may_switch = connection->wants_connect = connection->waits_for_continue = false;
  connection->interim = 0;
  connection->ours = connection->theirs = (connection_body){.kind = BODY_NONE};
  connection->body_ended = false;
  connection->trailers_len = 0;
}

static void start_stream(fp_http_connection *connection) {
  connection->keep_alive = true;
  connection->they_said_close = connection->eof = false;
  connection->their_minor = -1;
  connection->failure.code = FASTPATH_OK;
  connection->position = connection->body_start = 0;
  connection->given = 0;
  start_exchange(connection);
}

fp_http_connection *fp_http_connection_new(fp_http_role role, const fp_http_limits *limits) {
  fp_http_connection *connection = fp_memory_alloc(sizeof *connection);
  if (connection == NULL) return NULL;
  if (limits != NULL) {
    connection->limits = *limits;
  } else {
    fp_http_limits_default(&connection->limits);
  }
  connection->role = role;
  connection->held = fp_buffer_new(NULL);
  connection->reader = fp_http_head_reader_new(role == FASTPATH_HTTP_CLIENT, limits);
  if (connection->held == NULL || connection->reader == NULL) {
    fp_http_connection_free(connection);
    return NULL;
  }
  start_stream(connection);
  return connection;
}

void fp_http_connection_free(fp_http_connection *connection) {
  if (connection == NULL) return;
  if (connection->held != NULL) fp_buffer_free(connection->held);
  if (connection->reader != NULL) fp_http_head_reader_free(connection->reader);
  fp_memory_free(connection);
}

void fp_http_connection_reset(fp_http_connection *connection) {
  (void)fp_buffer_clear(connection->held);
  fp_http_head_reader_reset(connection->reader);
  start_stream(connection);
}

/* ---- states */

fp_status fp_connection_fail(fp_http_connection *connection, const fp_error *refusal, fp_error *error) {
  connection->failure = *refusal;
  connection->their_state = FASTPATH_HTTP_ERROR;
  connection->keep_alive = false;
  fp_connection_settle(connection);
  if (error != NULL) *error = *refusal;
  return refusal->code;
}

fp_status fp_connection_refuse(fp_http_connection *connection, fp_status code, uint64_t position, const char *reason,
                               fp_error *error) {
  fp_error refusal;
  (void)fp_error_set(&refusal, code, connection->role == FASTPATH_HTTP_SERVER ? 400 : 502, (size_t)position, "%s",
                     reason);
  return fp_connection_fail(connection, &refusal, error);
}

void fp_connection_settle(fp_http_connection *connection) {
  bool serves = connection->role == FASTPATH_HTTP_SERVER;
  fp_http_state *client = serves ? &connection->their_state : &connection->our_state;
  fp_http_state *server = serves ? &connection->our_state : &connection->their_state;
  if (*client == FASTPATH_HTTP_MIGHT_SWITCH_PROTOCOL) {
    if (*server == FASTPATH_HTTP_SWITCHED_PROTOCOL) {
      *client = FASTPATH_HTTP_SWITCHED_PROTOCOL;
    } else if (!connection->may_switch) {
      *client = FASTPATH_HTTP_DONE;
    }
  }
  bool client_over = *client == FASTPATH_HTTP_CLOSED || *client == FASTPATH_HTTP_ERROR;
  bool server_over = *server == FASTPATH_HTTP_CLOSED || *server == FASTPATH_HTTP_ERROR;
  if (*client == FASTPATH_HTTP_DONE && (!connection->keep_alive || server_over)) *client = FASTPATH_HTTP_MUST_CLOSE;
  if (*server == FASTPATH_HTTP_DONE && (!connection->keep_alive || client_over)) *server = FASTPATH_HTTP_MUST_CLOSE;
  if (*client == FASTPATH_HTTP_IDLE && *server == FASTPATH_HTTP_CLOSED) *client = FASTPATH_HTTP_MUST_CLOSE;
  if (*server == FASTPATH_HTTP_IDLE && *client == FASTPATH_HTTP_CLOSED) *server = FASTPATH_HTTP_MUST_CLOSE;
}

void fp_connection_begin(fp_http_connection *connection, uint8_t method, uint32_t flags, bool wants_upgrade) {
  connection->method = (fp_http_method)method;
  connection->wants_connect = method == FASTPATH_HTTP_METHOD_CONNECT;
  connection->may_switch = connection->wants_connect || wants_upgrade;
  connection->waits_for_continue = (flags & FASTPATH_HTTP_EXPECT_CONTINUE) != 0;
}

fp_status fp_http_connection_start_next_cycle(fp_http_connection *connection, fp_error *error) {
  fp_connection_drop_given(connection);
  if (connection->our_state != FASTPATH_HTTP_DONE || connection->their_state != FASTPATH_HTTP_DONE) {
    return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "both sides must be done before the next message");
  }
  if (connection->role == FASTPATH_HTTP_CLIENT && fp_buffer_length(connection->held) > 0) {
    return fp_connection_refuse(connection, FASTPATH_ERR_HTTP_UNEXPECTED_RESPONSE, connection->position,
                                "bytes after the response", error);
  }
  start_exchange(connection);
  return FASTPATH_OK;
}

fp_http_state fp_http_connection_our_state(const fp_http_connection *connection) { return connection->our_state; }

fp_http_state fp_http_connection_their_state(const fp_http_connection *connection) { return connection->their_state; }

int fp_http_connection_waiting_for_continue(const fp_http_connection *connection) {
  return connection->waits_for_continue;
}

int fp_http_connection_their_minor(const fp_http_connection *connection) { return connection->their_minor; }

int fp_http_connection_reusable(const fp_http_connection *connection) {
  bool idle = connection->our_state == FASTPATH_HTTP_IDLE && connection->their_state == FASTPATH_HTTP_IDLE;
  bool done = connection->our_state == FASTPATH_HTTP_DONE && connection->their_state == FASTPATH_HTTP_DONE;
  return connection->role == FASTPATH_HTTP_CLIENT && (idle || done) && connection->keep_alive && !connection->eof &&
         fp_http_connection_held(connection) == 0;
}

/* ---- what is held */

void fp_connection_drop_given(fp_http_connection *connection) {
  if (connection->given == 0) return;
  (void)fp_buffer_drain(connection->held, connection->given);
  connection->position += connection->given;
  connection->given = 0;
}

size_t fp_http_connection_held(const fp_http_connection *connection) {
  return fp_buffer_length(connection->held) - connection->given;
}

static fp_status ready_to_receive(fp_http_connection *connection, fp_error *error) {
  fp_connection_drop_given(connection);
  if (connection->failure.code < 0) {
    if (error != NULL) *error = connection->failure;
    return connection->failure.code;
  }
  if (connection->eof) return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "data after the end of the stream");
  return FASTPATH_OK;
}

static fp_status received(fp_status status, fp_error *error) {
  if (status >= 0) return FASTPATH_OK;
  return fp_error_set(error, status, 0, 0, "the received bytes could not be held: %s", fp_status_name(status));
}

fp_status fp_http_connection_receive(fp_http_connection *connection, fp_segment *segment, const uint8_t *data,
                                     size_t len, fp_error *error) {
  const fp_slice slice = {segment, data, len};
  fp_status status = ready_to_receive(connection, error);
  return status < 0 ? status : received(fp_buffer_append_slice(connection->held, &slice), error);
}

fp_status fp_http_connection_receive_buffer(fp_http_connection *connection, fp_buffer *source, fp_error *error) {
  fp_status status = ready_to_receive(connection, error);
  return status < 0 ? status : received(fp_buffer_move_all(connection->held, source), error);
}

fp_status fp_http_connection_receive_copy(fp_http_connection *connection, const uint8_t *data, size_t len,
                                          fp_error *error) {
  fp_status status = ready_to_receive(connection, error);
  return status < 0 ? status : received(fp_buffer_append(connection->held, data, len), error);
}

fp_status fp_http_connection_receive_eof(fp_http_connection *connection, fp_error *error) {
  (void)error;
  connection->eof = true;
  return FASTPATH_OK;
}

fp_status fp_http_connection_take_held(fp_http_connection *connection, fp_buffer *out, fp_error *error) {
  size_t len;
  fp_connection_drop_given(connection);
  switch (connection->their_state) {
    case FASTPATH_HTTP_SWITCHED_PROTOCOL:
    case FASTPATH_HTTP_CLOSED:
    case FASTPATH_HTTP_ERROR: break;
    default: return fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "the held bytes still belong to HTTP messages");
  }
  len = fp_buffer_length(connection->held);
  fp_status status = fp_buffer_move_all(out, connection->held);
  if (status < 0) return received(status, error);
  connection->position += len;
  return FASTPATH_OK;
}
