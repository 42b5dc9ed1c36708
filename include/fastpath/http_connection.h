/*
 * fastpath/http_connection.h - one HTTP/1.1 connection without I/O: bytes in, events out, bytes to send out.
 *
 *   receive ──> [held bytes] ──> next_event ──> REQUEST, DATA ..., END_OF_MESSAGE | PAUSED | NEED_DATA | CONNECTION_CLOSED
 *   send_*  ──> fp_buffer to write to the socket
 *
 * Each side (we, they) is in one of the states below, as in h11:
 *
 *   client side   IDLE ─ request ─> SEND_BODY ─ end ─> DONE ─ start_next_cycle ─> IDLE
 *   server side   IDLE ─ request seen ─> SEND_RESPONSE ─ response ─> SEND_BODY ─ end ─> DONE ─> IDLE
 *   DONE becomes MUST_CLOSE when keep-alive is off, and CLOSED when that side's stream has ended; a client that asked for
 *   CONNECT or Upgrade stands in MIGHT_SWITCH_PROTOCOL instead of DONE until the answer is known; a 2xx or 101 makes both
 *   SWITCHED_PROTOCOL. ERROR ends that side for good.
 *
 * Body bytes are never copied: a DATA event points into the segment they were received in. A head or trailer section that
 * spans segments is joined, and only that. A refusal is sticky until fp_http_connection_reset.
 *
 * Threads: one thread at a time per connection. No call blocks.
 */
#ifndef FASTPATH_HTTP_CONNECTION_H
#define FASTPATH_HTTP_CONNECTION_H

#include <fastpath/base.h>
#include <fastpath/buffer.h>
#include <fastpath/http.h>
#include <fastpath/http_write.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

typedef enum fp_http_role {
  FASTPATH_HTTP_CLIENT = 0,
  FASTPATH_HTTP_SERVER = 1
} fp_http_role;

typedef enum fp_http_state {
  FASTPATH_HTTP_IDLE = 0,
  FASTPATH_HTTP_SEND_RESPONSE = 1, /* server side only */
  FASTPATH_HTTP_SEND_BODY = 2,
  FASTPATH_HTTP_DONE = 3,
  FASTPATH_HTTP_MUST_CLOSE = 4,
  FASTPATH_HTTP_CLOSED = 5,
  FASTPATH_HTTP_MIGHT_SWITCH_PROTOCOL = 6, /* client side only */
  FASTPATH_HTTP_SWITCHED_PROTOCOL = 7,
  FASTPATH_HTTP_ERROR = 8
} fp_http_state;

typedef enum fp_http_event_type {
  FASTPATH_HTTP_EVENT_NEED_DATA = 0,         /* nothing more until receive or receive_eof */
  FASTPATH_HTTP_EVENT_PAUSED = 1,            /* nothing more until start_next_cycle, or the switch is decided */
  FASTPATH_HTTP_EVENT_REQUEST = 2,           /* head, bytes */
  FASTPATH_HTTP_EVENT_INFORMATIONAL = 3,     /* a 1xx response other than a wanted 101: head, bytes */
  FASTPATH_HTTP_EVENT_RESPONSE = 4,          /* head, bytes (a 101 that was asked for as well) */
  FASTPATH_HTTP_EVENT_DATA = 5,              /* bytes, spans */
  FASTPATH_HTTP_EVENT_END_OF_MESSAGE = 6,    /* trailers: head.fields, head.field_count, bytes */
  FASTPATH_HTTP_EVENT_CONNECTION_CLOSED = 7  /* the peer's stream ended between messages */
} fp_http_event_type;

typedef struct fp_http_connection fp_http_connection;

/*
 * One event. The caller's; head.fields and head.field_capacity are its input and stay the caller's, so that a binding can
 * hand an array over to the object it makes of the event.
 *
 * bytes  what the event was made of: the head (offsets in head count from bytes.data), the stretch of body, the trailer
 *        section. spans are the body bytes inside it, one for a plain body, one per chunk for a chunked one. All borrowed:
 *        valid until the next call on the connection; take a reference on bytes.segment to keep the bytes longer.
 */
typedef struct fp_http_event {
  fp_http_head head;
  fp_slice bytes;
  const fp_span *spans;
  size_t span_count;
  size_t body_len; /* sum of the spans */
  int type;        /* fp_http_event_type */
} fp_http_event;

/* A connection in IDLE / IDLE. limits are copied; NULL for the defaults. NULL when out of memory. Threads: any. */
fp_http_connection *fp_http_connection_new(fp_http_role role, const fp_http_limits *limits);
void fp_http_connection_free(fp_http_connection *connection); /* NULL is allowed */

/* As new: everything held is dropped, refusals are forgotten. For reuse of the object, not of the stream. */
void fp_http_connection_reset(fp_http_connection *connection);

/*
 * Take bytes that arrived. No copy: the connection takes a reference on segment, of which data[0 .. len) is a part that
 * will not change any more. Adjacent pieces of one segment are joined.
 * Returns OK, ERR_MEMORY, ERR_STATE after receive_eof, or the sticky refusal.
 */
fp_status fp_http_connection_receive(fp_http_connection *connection, fp_segment *segment, const uint8_t *data,
                                     size_t len, fp_error *error);

/* The same for all slices of a buffer, which is left empty. */
fp_status fp_http_connection_receive_buffer(fp_http_connection *connection, fp_buffer *source, fp_error *error);

/* The same for bytes that have no segment: they are copied. */
fp_status fp_http_connection_receive_copy(fp_http_connection *connection, const uint8_t *data, size_t len,
                                          fp_error *error);

/* The peer's stream has ended. next_event says what that means. Idempotent. */
fp_status fp_http_connection_receive_eof(fp_http_connection *connection, fp_error *error);

/*
 * The next event. OK with event->type set; a refusal (ERR_HTTP_*: error->position counts from the first byte received on the
 * connection, error->http_status is what a server answers) puts the peer into ERROR and stays; ERR_MEMORY may be retried.
 */
fp_status fp_http_connection_next_event(fp_http_connection *connection, fp_http_event *event, fp_error *error);

/*
 * Send. Bytes are appended to out, all or nothing; framing is chosen from the headers:
 *   request   Content-Length, or chunked, or no body.
 *   response  as the headers say; without framing a response to an HTTP/1.1 client gets Transfer-Encoding: chunked, one to
 *             an HTTP/1.0 client runs until close. Connection: close is added when this side cannot go on.
 * ERR_STATE when it is not our turn; the errors of fp_http_write_*; ERR_MEMORY. A failed send leaves the connection as it was.
 */
fp_status fp_http_connection_send_request(fp_http_connection *connection, const fp_http_message *message,
                                          fp_buffer *out, fp_error *error);
fp_status fp_http_connection_send_response(fp_http_connection *connection, const fp_http_message *message,
                                           fp_buffer *out, fp_error *error);

/*
 * Rewrite a head that another connection received and send it on this one (see fp_http_rewrite_request). For a response,
 * framing AS_RECEIVED is adapted to this connection's peer: until-close becomes chunked for an HTTP/1.1 client, chunked
 * becomes until-close for an HTTP/1.0 one.
 */
fp_status fp_http_connection_forward_request(fp_http_connection *connection, const uint8_t *data,
                                             const fp_http_head *head, const fp_http_forward *forward, fp_buffer *out,
                                             fp_error *error);
fp_status fp_http_connection_forward_response(fp_http_connection *connection, const uint8_t *data,
                                              const fp_http_head *head, const fp_http_forward *forward, fp_buffer *out,
                                              fp_error *error);

/*
 * Body bytes, framed as the head promised. With a segment, out gets a slice of it and no byte is copied; with segment NULL
 * the bytes are copied. ERR_HTTP_CONTENT_LENGTH: more than was promised.
 */
fp_status fp_http_connection_send_data(fp_http_connection *connection, fp_segment *segment, const uint8_t *data,
                                       size_t len, fp_buffer *out, fp_error *error);

/* The end of the message. Trailers need chunked framing (else ERR_HTTP_TRAILER). ERR_HTTP_CONTENT_LENGTH: too few bytes. */
fp_status fp_http_connection_send_end(fp_http_connection *connection, const fp_http_header *trailers, size_t count,
                                      fp_buffer *out, fp_error *error);

/* We have closed, or are about to close, our side. ERR_STATE in the middle of a message with a promised length. */
fp_status fp_http_connection_send_close(fp_http_connection *connection, fp_error *error);

/* Bytes that were produced could not be written: our side is in ERROR. */
void fp_http_connection_send_failed(fp_http_connection *connection);

/* Both sides are DONE: the next message may begin. ERR_STATE otherwise. */
fp_status fp_http_connection_start_next_cycle(fp_http_connection *connection, fp_error *error);

fp_http_state fp_http_connection_our_state(const fp_http_connection *connection);
fp_http_state fp_http_connection_their_state(const fp_http_connection *connection);

/* The client of this exchange sent Expect: 100-continue and waits for an answer before it sends its body. */
int fp_http_connection_waiting_for_continue(const fp_http_connection *connection);

/* HTTP/1.minor of the peer's last head; -1 before the first. */
int fp_http_connection_their_minor(const fp_http_connection *connection);

/*
 * Non-zero when, as a client, this connection may go back to a pool for another request: both sides DONE or IDLE, keep-alive,
 * nothing held, no end of stream.
 */
int fp_http_connection_reusable(const fp_http_connection *connection);

/* Bytes received and not yet given out as events. A caller that bounds memory stops reading above its bound. */
size_t fp_http_connection_held(const fp_http_connection *connection);

/* After a switch of protocols, or CLOSED or ERROR: move the held bytes, the first ones of the other protocol, to out. */
fp_status fp_http_connection_take_held(fp_http_connection *connection, fp_buffer *out, fp_error *error);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
