/* http_connection_state.h - what a connection is made of, for the files that implement it. */
#ifndef FASTPATH_INTERNAL_HTTP_CONNECTION_STATE_H
#define FASTPATH_INTERNAL_HTTP_CONNECTION_STATE_H

#include <stdbool.h>

#include <fastpath/chunked.h>
#include <fastpath/http_connection.h>

enum {
  CONNECTION_SPANS = 64
}; /* chunks per DATA event */

typedef enum body_kind {
  BODY_NONE,
  BODY_LENGTH,
  BODY_CHUNKED,
  BODY_UNTIL_CLOSE
} body_kind;

/* The body that one side is sending. */
typedef struct connection_body {
  uint64_t left; /* BODY_LENGTH */
  body_kind kind;
  bool begun; /* BODY_CHUNKED: a chunk has been sent */
} connection_body;

struct fp_http_connection {
  fp_http_limits limits;
  fp_http_role role;
  fp_http_state our_state;
  fp_http_state their_state;

  /* Of the connection */
  bool keep_alive;       /* nobody has said otherwise */
  bool they_said_close;  /* what comes after that message is not a message */
  bool eof;              /* receive_eof was called */
  int their_minor;       /* -1 before their first head */
  fp_error failure;      /* code 0 while nothing was refused */

  /* Of the exchange */
  fp_http_method method;
  bool may_switch;       /* CONNECT or Upgrade was asked for and not yet answered */
  bool wants_connect;    /* ... and it was CONNECT */
  bool waits_for_continue;
  uint32_t interim;      /* 1xx responses received */
  connection_body ours;
  connection_body theirs;

  /* What was received */
  fp_buffer *held;
  uint64_t position;     /* of the first held byte, counted from the first one received */
  size_t given;          /* of the held bytes, those that the last event shows */
  fp_http_head_reader *reader;
  fp_chunked decoder;
  uint64_t body_start;   /* position of the chunked body's first byte */
  bool body_ended;       /* the decoder is through; the trailer section is held */
  size_t trailers_len;   /* of that section, without its blank line */
  fp_span spans[CONNECTION_SPANS];
};

/* Drop the bytes that the last event showed. */
void fp_connection_drop_given(fp_http_connection *connection);

/* Make a refusal stick, and put the peer into ERROR. Returns the code. */
fp_status fp_connection_fail(fp_http_connection *connection, const fp_error *refusal, fp_error *error);
fp_status fp_connection_refuse(fp_http_connection *connection, fp_status code, uint64_t position, const char *reason,
                               fp_error *error);

/* Let states follow from each other, after one of them or keep_alive has changed. */
void fp_connection_settle(fp_http_connection *connection);

/* An exchange begins: what the client asks for. */
void fp_connection_begin(fp_http_connection *connection, uint8_t method, uint32_t flags, bool wants_upgrade);

/* The client side has ended its message. */
static inline fp_http_state fp_connection_after_request(const fp_http_connection *connection) {
  return connection->may_switch ? FASTPATH_HTTP_MIGHT_SWITCH_PROTOCOL : FASTPATH_HTTP_DONE;
}

/* Does this answer make both sides switch protocols? */
static inline bool fp_connection_switches(const fp_http_connection *connection, unsigned status) {
  if (!connection->may_switch) return false;
  return connection->wants_connect ? status >= 200 && status < 300 : status == 101;
}

#endif
