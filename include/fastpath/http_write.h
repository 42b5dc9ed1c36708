/*
 * fastpath/http_write.h - writing heads, and rewriting a parsed head for the next hop (RFC 9110 7.6, RFC 9112).
 *
 * Everything is all-or-nothing: either the whole head is in dst, or not a byte of it counts. Nothing that could end a
 * line early enters: names are tokens, values hold no CR, LF, NUL or other control character but TAB.
 *
 *   received                               forwarded
 *   GET http://a.example/x HTTP/1.0        GET /y HTTP/1.1              path replaced, absolute-form resolved
 *   Host: b.example                        Host: a.example              the target's authority
 *   Connection: close, X-Hop               X-Request-Id: 7              a header set
 *   X-Hop: 1                               Accept: text/html            kept lines are copied in runs
 *   Accept: text/html                      Content-Length: 5            from the integer, not from the input
 *   Content-Length: 05
 */
#ifndef FASTPATH_HTTP_WRITE_H
#define FASTPATH_HTTP_WRITE_H

#include <fastpath/base.h>
#include <fastpath/http.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* A header or trailer to write. Borrowed for the call. */
typedef struct fp_http_header {
  fp_span name;
  fp_span value;
} fp_http_header;

/* A head to write. Borrowed for the call. */
typedef struct fp_http_message {
  fp_span method; /* requests: a token */
  fp_span target; /* requests: the request-target in any of its four forms */
  fp_span reason; /* responses: the reason phrase; data NULL: the registered one of the status */
  const fp_http_header *headers;
  size_t header_count;
  uint16_t status; /* responses: 100 .. 599 */
  uint8_t minor;   /* HTTP/1.minor: 0 or 1 */
} fp_http_message;

/*
 * Write a request head. The framing must make sense: at most one Content-Length (digits), Transfer-Encoding only as
 * exactly "chunked", not both, no body with CONNECT, and on HTTP/1.1 exactly one Host.
 *   dst, capacity  where to; may be NULL with 0 to ask for the size.
 *   len            bytes written with OK, bytes that would suffice with NEED_MORE (then dst is untouched).
 * Errors: ERR_HTTP_METHOD, _TARGET, _VERSION, _HEADER_NAME, _HEADER_VALUE, _HOST, _CONTENT_LENGTH, _TRANSFER_ENCODING,
 * _FRAMING_CONFLICT; position is the index of the offending header, or of the byte in method or target. Threads: any.
 */
fp_status fp_http_write_request(const fp_http_message *message, uint8_t *dst, size_t capacity, size_t *len,
                                fp_error *error);

/* The same for a response head. 1xx and 204 carry no framing fields. ERR_HTTP_STATUS_LINE: status or reason. */
fp_status fp_http_write_response(const fp_http_message *message, uint8_t *dst, size_t capacity, size_t *len,
                                 fp_error *error);

/* Write the fields of a trailer section and its blank line. A field that must not be a trailer: ERR_HTTP_TRAILER. */
fp_status fp_http_write_trailers(const fp_http_header *trailers, size_t count, uint8_t *dst, size_t capacity,
                                 size_t *len, fp_error *error);

/* The registered reason phrase of a status, a static C string; "" when there is none. Threads: any. */
const char *fp_http_reason(unsigned status);

/* What is done to the fields of one name: Envoy's HeaderAppendAction, and removal. */
typedef enum fp_http_op_kind {
  FASTPATH_HTTP_OP_REMOVE = 0,              /* before all others, wherever it stands in the list */
  FASTPATH_HTTP_OP_APPEND = 1,              /* APPEND_IF_EXISTS_OR_ADD: one more line */
  FASTPATH_HTTP_OP_SET = 2,                 /* OVERWRITE_IF_EXISTS_OR_ADD: this line instead of all others */
  FASTPATH_HTTP_OP_ADD_IF_ABSENT = 3,       /* ADD_IF_ABSENT */
  FASTPATH_HTTP_OP_OVERWRITE_IF_EXISTS = 4  /* OVERWRITE_IF_EXISTS */
} fp_http_op_kind;

/* One operation. Copied by fp_http_rewrite_new. */
typedef struct fp_http_op {
  int kind; /* fp_http_op_kind */
  int slot; /* -1: value below; >= 0: fp_http_forward.values[slot], each time anew */
  fp_span name;
  fp_span value;
} fp_http_op;

/* Operations, checked and laid out once. Immutable; shared by atomic count. Threads: any. */
typedef struct fp_http_rewrite fp_http_rewrite;

/*
 * Compile operations, applied in order after hop-by-hop fields are gone. count 0 gives the plain rewrite.
 * Names of framing and hop-by-hop fields and Host are refused (ERR_ARGUMENT): those are the rewrite's own. So are more than
 * 250 different names and slots above 255. Positions are indexes of ops. NULL with *error filled in on failure.
 */
fp_http_rewrite *fp_http_rewrite_new(const fp_http_op *ops, size_t count, fp_error *error);
fp_http_rewrite *fp_http_rewrite_ref(fp_http_rewrite *rewrite);
void fp_http_rewrite_unref(fp_http_rewrite *rewrite); /* NULL is allowed */

/* Bits of fp_http_forward.flags. */
enum {
  FASTPATH_FORWARD_UPGRADE = 1 << 0,    /* pass the Upgrade on (never h2c); without it Upgrade is dropped */
  FASTPATH_FORWARD_CLOSE = 1 << 1,      /* say Connection: close */
  FASTPATH_FORWARD_KEEP_ALIVE = 1 << 2, /* say Connection: keep-alive, for an HTTP/1.0 peer that asked for it */
  FASTPATH_FORWARD_PROXY_AUTH = 1 << 3  /* pass Proxy-Authorization / Proxy-Authenticate on; dropped without it */
};

/* How the forwarded body is framed. */
typedef enum fp_http_framing {
  FASTPATH_FRAMING_AS_RECEIVED = 0, /* Content-Length from the parsed integer, or chunked, or neither */
  FASTPATH_FRAMING_LENGTH = 1,      /* Content-Length: fp_http_forward.content_length */
  FASTPATH_FRAMING_CHUNKED = 2,     /* Transfer-Encoding: chunked */
  FASTPATH_FRAMING_NONE = 3         /* neither: no body, or a response that runs until the connection closes */
} fp_http_framing;

/* What one rewrite takes besides the head. Zeroed, with `rewrite` set, it is the plain rewrite. Borrowed for the call. */
typedef struct fp_http_forward {
  const fp_http_rewrite *rewrite; /* never NULL */
  const fp_span *values;          /* for ops with slots; data NULL leaves that line out */
  size_t value_count;
  fp_span authority; /* requests: data NULL keeps it */
  fp_span path;      /* requests: begins with '/'; data NULL keeps it */
  fp_span query;     /* requests: without '?'; data NULL keeps it, len 0 drops it */
  fp_span method;    /* requests: data NULL keeps it */
  uint64_t content_length;
  uint32_t flags; /* FASTPATH_FORWARD_* */
  int framing;    /* fp_http_framing */
} fp_http_forward;

/*
 * Rewrite a parsed request head for an upstream: HTTP/1.1, origin-form (CONNECT and "*" stay), Host from the target's
 * authority, hop-by-hop fields, all that Connection names and an invalid Referer removed (Envoy takes a URL without user
 * and fragment, or a relative reference), framing re-emitted from parsed values.
 *   data, head  as fp_http_parse_request left them.
 *   len         bytes written with OK; bytes that would suffice with NEED_MORE (then nothing counts).
 * Errors: ERR_ARGUMENT for a value, path, authority or method that may not be written (position: index of the value, or
 * 0), for a body of a CONNECT, and for a method that makes a CONNECT of another request or the other way round;
 * ERR_HTTP_HEADER_VALUE when Connection names more than 64 fields. Allocates nothing. Threads: any.
 */
fp_status fp_http_rewrite_request(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
                                  uint8_t *dst, size_t capacity, size_t *len, fp_error *error);

/* The same for a response head, on its way to the client. 1xx and 204 lose all framing fields. */
fp_status fp_http_rewrite_response(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
                                   uint8_t *dst, size_t capacity, size_t *len, fp_error *error);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
