/*
 * fastpath/http.h - HTTP/1 heads: parsing, known names, writing, rewriting (RFC 9110, RFC 9112).
 *
 * A head is parsed where it lies. fp_http_head holds offsets from the head's first byte, so it stays valid
 * when the bytes are moved as a whole, and it never points into memory itself, except for the caller's
 * array of fields.
 */
#ifndef FASTPATH_HTTP_H
#define FASTPATH_HTTP_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* Request methods the library knows. UNKNOWN stands for any other method token that llhttp accepts. */
typedef enum fp_http_method {
  FASTPATH_HTTP_METHOD_UNKNOWN = 0,
  FASTPATH_HTTP_METHOD_GET,
  FASTPATH_HTTP_METHOD_HEAD,
  FASTPATH_HTTP_METHOD_POST,
  FASTPATH_HTTP_METHOD_PUT,
  FASTPATH_HTTP_METHOD_DELETE,
  FASTPATH_HTTP_METHOD_CONNECT,
  FASTPATH_HTTP_METHOD_OPTIONS,
  FASTPATH_HTTP_METHOD_TRACE,
  FASTPATH_HTTP_METHOD_PATCH
} fp_http_method;

/* Bits of fp_http_head.flags. */
enum {
  FASTPATH_HTTP_HAS_CONTENT_LENGTH = 1 << 0, /* content_length is set */
  FASTPATH_HTTP_CHUNKED = 1 << 1,            /* Transfer-Encoding is exactly "chunked" */
  FASTPATH_HTTP_KEEP_ALIVE = 1 << 2,         /* the sender allows another message after this one */
  FASTPATH_HTTP_UPGRADE = 1 << 3,            /* Connection: upgrade together with an Upgrade field */
  FASTPATH_HTTP_EXPECT_CONTINUE = 1 << 4,    /* Expect: 100-continue on an HTTP/1.1 request */
  FASTPATH_HTTP_UNTIL_CLOSE = 1 << 5,        /* response only: the body runs to the end of the stream */
  FASTPATH_HTTP_ABSOLUTE_FORM = 1 << 6,      /* the target is absolute-form; authority comes from it */
  FASTPATH_HTTP_CONNECTION_OPTIONS = 1 << 7, /* Connection names fields besides close, keep-alive, upgrade */
  FASTPATH_HTTP_FAST_PATH = 1 << 8,          /* accepted by the scan, without running llhttp */
  FASTPATH_HTTP_NO_BODY = 1 << 9             /* response only: no body follows, whatever the fields say (RFC 9112 6.3:
                                                HEAD, 1xx, 204, 304, 2xx to CONNECT) */
};

/* Ids of the names that frame a message or belong to one hop. More ids come from fp_http_name_id. */
enum {
  FASTPATH_HTTP_NAME_HOST = 1,
  FASTPATH_HTTP_NAME_CONTENT_LENGTH,
  FASTPATH_HTTP_NAME_TRANSFER_ENCODING,
  FASTPATH_HTTP_NAME_CONNECTION,
  FASTPATH_HTTP_NAME_UPGRADE,
  FASTPATH_HTTP_NAME_EXPECT,
  FASTPATH_HTTP_NAME_KEEP_ALIVE,
  FASTPATH_HTTP_NAME_PROXY_CONNECTION,
  FASTPATH_HTTP_NAME_TE,
  FASTPATH_HTTP_NAME_TRAILER,
  FASTPATH_HTTP_NAME_PROXY_AUTHENTICATE,
  FASTPATH_HTTP_NAME_PROXY_AUTHORIZATION,
  FASTPATH_HTTP_NAME_HTTP2_SETTINGS
};

/* Limits, each with an error of its own. Fill with fp_http_limits_default and change what is needed. */
typedef struct fp_http_limits {
  uint32_t max_headers;        /* fields in a head: 100. At most 65535 */
  uint32_t max_head;           /* bytes of a head, start line and blank line included: 65536. At most 2^30 */
  uint32_t max_line;           /* bytes of one line without its CRLF: 16384. A field name holds 65535 at most */
  uint32_t max_chunk_overhead; /* bytes of chunk framing beyond those of the body; of extensions: 16384 */
  uint32_t max_trailers;       /* fields in a trailer section: 100 */
  uint32_t max_trailer_bytes;  /* bytes of a trailer section: 16384 */
  uint32_t max_interim;        /* 1xx responses before a final one: 16 */
  uint32_t max_leading_blank;  /* empty lines before a request line (RFC 9112 2.2): 1. None before a status line */
} fp_http_limits;

/*
 * One header field: offsets from the head's first byte. The value has no surrounding blanks; an empty one lies at the
 * end of its line.
 */
typedef struct fp_http_field {
  uint32_t name;
  uint32_t value;
  uint32_t value_len;
  uint16_t name_len;
  uint16_t id; /* index of a well-known name (fp_http_name), 0 when not well known */
} fp_http_field;

/* A parsed head. `fields` and `field_capacity` are the caller's input; everything else is output. */
typedef struct fp_http_head {
  fp_http_field *fields;
  uint32_t field_capacity;
  uint32_t field_count;
  uint32_t head_len; /* bytes from the first byte given (blank lines before the start line included) to the one after
                          the blank line that ends the head */
  uint32_t flags; /* FASTPATH_HTTP_* */
  uint8_t method; /* fp_http_method; requests */
  uint8_t minor; /* 0 or 1: HTTP/1.minor */
  uint16_t status; /* responses: 100 .. 599 */
  uint32_t method_off; /* requests */
  uint32_t method_len;
  uint32_t target_off; /* requests: the request-target as it stands */
  uint32_t target_len;
  uint32_t path_off; /* path and query inside the target; both empty for CONNECT; "*" for OPTIONS * */
  uint32_t path_len; /* up to '?' */
  uint32_t query_off; /* after '?' */
  uint32_t query_len; /* 0 with query_off == 0 when there is no '?' */
  uint32_t authority_off; /* Host's value, or the authority of an absolute-form or CONNECT target */
  uint32_t authority_len;
  uint32_t reason_off; /* responses: the reason phrase */
  uint32_t reason_len;
  uint64_t content_length;
} fp_http_head;

/* Reads a head that may arrive in pieces; remembers how far it has looked. Opaque; one owner. */
typedef struct fp_http_head_reader fp_http_head_reader;

/* The defaults named above. Threads: any. */
void fp_http_limits_default(fp_http_limits *limits);

/*
 * What is refused. llhttp, with every lenient flag off, judges the grammar; over it stand these rules.
 *   start line   exactly "method SP target SP HTTP/1.0|1.1"; any other HTTP/x.y is answered 505. "PRI * HTTP/2.0" is
 *                FASTPATH_ERR_HTTP_HTTP2_PREFACE. A status is 100 .. 599.
 *   target       "/...", "http(s)://authority...", "*" for OPTIONS only, "host:port" for CONNECT and only there; no '#',
 *                no byte outside 0x21 .. 0x7e. Names in an authority have letters, digits, '.' and '-' only, as in Envoy.
 *   Host         once in an HTTP/1.1 request, never twice; host[:port] of RFC 3986 without user information and without
 *                percent-encoding; empty only beside a target that carries the authority.
 *   framing      Content-Length once, digits only, at most 2^63 - 1. Transfer-Encoding once, exactly "chunked", never
 *                under HTTP/1.0, never beside Content-Length. In a 1xx or 204 response both are refused, except for
 *                "Content-Length: 0", which is dropped from the flags. In a CONNECT too, "Content-Length: 0" stays.
 *   Connection   in a request at most nine members, none of them the authority or X-Forwarded-For, -Host or -Proto, which
 *                would hide where it comes from; no TE of 256 bytes or more when it is one of them.
 *   line ends    CRLF only; no folding; no blank before a colon; no empty name.
 * The verdict, its position and its message depend on the bytes alone, not on the pieces they arrive in: what llhttp or
 * a limit refuses is refused at that byte, the start line when it is complete, and the fields when the head is.
 * fp_error.http_status is what to answer a request with, and 502 for a response.
 */

/*
 * Parse one request head that starts at data[0].
 *   data, len  borrowed for the call. Nothing is read past data + len.
 *   limits     NULL for the defaults.
 *   head       written only on OK, but for the entries of fields, which are scratch until then.
 *              fields must point to field_capacity entries; a head with more fields than the smaller of
 *              field_capacity and max_headers is FASTPATH_ERR_HTTP_TOO_MANY_HEADERS.
 * Returns OK, NEED_MORE (everything so far is a valid beginning), or a refusal. Allocates nothing. Threads: any.
 */
fp_status fp_http_parse_request(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head,
                                fp_error *error);

/* The same for a response head. `request_method` is that of the request it answers and decides framing: RFC 9112 6.3. */
fp_status fp_http_parse_response(const uint8_t *data, size_t len, fp_http_method request_method,
                                 const fp_http_limits *limits, fp_http_head *head, fp_error *error);

/* A reader for requests (is_response 0) or responses. limits are copied. NULL when out of memory. Threads: any. */
fp_http_head_reader *fp_http_head_reader_new(int is_response, const fp_http_limits *limits);
void fp_http_head_reader_free(fp_http_head_reader *reader);

/*
 * Read a head that grows: data must hold all bytes of the head so far, the ones of earlier calls unchanged (their
 * address may differ). Work is linear in the total, however many calls it takes; head is written only on OK, so its
 * contents need not survive between calls, but field_capacity must stay the same. After OK the reader is ready for the
 * next head; after a refusal every call returns the same refusal until fp_http_head_reader_reset. Threads: one.
 */
fp_status fp_http_head_reader_read(fp_http_head_reader *reader, const uint8_t *data, size_t len,
                                   fp_http_method request_method, fp_http_head *head, fp_error *error);
void fp_http_head_reader_reset(fp_http_head_reader *reader);

/* Well-known field names. Ids are 1 .. fp_http_name_count() and are stable within a minor version. Threads: any. */
uint16_t fp_http_name_count(void);
uint16_t fp_http_name_id(const uint8_t *name, size_t len); /* case-insensitive; 0 when not well known */
const char *fp_http_name(uint16_t id, size_t *len); /* lower case, static C string; NULL for a bad id */
const char *fp_http_name_wire(uint16_t id, size_t *len); /* "Content-Type": as most senders write it */

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
