/*
 * fastpath/base.h - what every other header needs: status codes, errors, spans.
 *
 * Conventions of the whole C ABI
 *   names      types and functions fp_noun_verb, constants FASTPATH_*.
 *   status     a function that can fail returns fp_status: >= 0 fine, < 0 error. Outputs are written only
 *              when the status is >= 0, except fp_error, which is written only when it is < 0.
 *   errors     an fp_error pointer may be NULL when the caller does not want details.
 *   strings    are (pointer, length) pairs, never NUL-terminated, unless a comment says "C string".
 *   ownership  new/ref/unref: shared, atomic count. new/free: one owner. Plain structs: the caller's.
 *   threads    "any": callable from any thread at any time. "one": one thread at a time per object.
 */
#ifndef FASTPATH_BASE_H
#define FASTPATH_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FASTPATH_VERSION_MAJOR 0
#define FASTPATH_VERSION_MINOR 1
#define FASTPATH_VERSION_PATCH 0

/* [cffi] */

/* Grows by one when something that was declared goes away, or gets other types, another layout or another value; what is
   added leaves it as it is. */
#define FASTPATH_ABI_VERSION 1

#define FASTPATH_ERROR_MESSAGE_MAX 232

/* Status of a call. Grouped in ranges, so that a binding can map a range to one exception type. */
typedef enum fp_status {
  FASTPATH_OK = 0,
  FASTPATH_NEED_MORE = 1, /* the input is a valid beginning; call again with more of it */
  FASTPATH_NONE = 2,      /* a valid answer that is empty: no match, no host, nothing queued */
  FASTPATH_PAUSED = 3,    /* the connection waits for a decision (next cycle, upgrade) */
  FASTPATH_DUE = 4,       /* done, and something else has to be done now: the function says what */

  FASTPATH_ERR_MEMORY = -1,   /* an allocation failed; the object is as it was before the call */
  FASTPATH_ERR_ARGUMENT = -2, /* an argument is out of its range */
  FASTPATH_ERR_BUSY = -3,     /* the memory is exported, or the object is in use */
  FASTPATH_ERR_STATE = -4,    /* the call is not allowed in this state */
  FASTPATH_ERR_OVERFLOW = -5, /* a size would not fit */

  /* HTTP, -100 .. -199: a message that is refused. fp_error.http_status says what to answer. */
  FASTPATH_ERR_HTTP_METHOD = -100,
  FASTPATH_ERR_HTTP_TARGET = -101,
  FASTPATH_ERR_HTTP_VERSION = -102,
  FASTPATH_ERR_HTTP_STATUS_LINE = -103,
  FASTPATH_ERR_HTTP_HEADER_NAME = -104,
  FASTPATH_ERR_HTTP_HEADER_VALUE = -105,
  FASTPATH_ERR_HTTP_LINE_END = -106,
  FASTPATH_ERR_HTTP_LINE_FOLDING = -107,
  FASTPATH_ERR_HTTP_HOST = -108,
  FASTPATH_ERR_HTTP_CONTENT_LENGTH = -109,
  FASTPATH_ERR_HTTP_TRANSFER_ENCODING = -110,
  FASTPATH_ERR_HTTP_FRAMING_CONFLICT = -111,
  FASTPATH_ERR_HTTP_CHUNK_SIZE = -112,
  FASTPATH_ERR_HTTP_CHUNK_EXTENSION = -113,
  FASTPATH_ERR_HTTP_CHUNK_END = -114,
  FASTPATH_ERR_HTTP_TRAILER = -115,
  FASTPATH_ERR_HTTP_UPGRADE = -116,
  FASTPATH_ERR_HTTP_UNEXPECTED_EOF = -117,
  FASTPATH_ERR_HTTP_DATA_AFTER_CLOSE = -118,
  FASTPATH_ERR_HTTP_HTTP2_PREFACE = -119,
  FASTPATH_ERR_HTTP_HEAD_TOO_LARGE = -120,
  FASTPATH_ERR_HTTP_TARGET_TOO_LONG = -121,
  FASTPATH_ERR_HTTP_LINE_TOO_LONG = -122,
  FASTPATH_ERR_HTTP_TOO_MANY_HEADERS = -123,
  FASTPATH_ERR_HTTP_CHUNK_OVERHEAD = -124,
  FASTPATH_ERR_HTTP_TOO_MANY_INTERIM = -125,
  FASTPATH_ERR_HTTP_PATH = -126,
  FASTPATH_ERR_HTTP_UNEXPECTED_RESPONSE = -127,
  FASTPATH_ERR_HTTP_MALFORMED = -128,

  /* Configuration, -200 .. -299: a table or cluster that cannot be built. */
  FASTPATH_ERR_CONFIG = -200,
  FASTPATH_ERR_CONFIG_DUPLICATE_DOMAIN = -201,
  FASTPATH_ERR_CONFIG_DOMAIN = -202,
  FASTPATH_ERR_CONFIG_PATH = -203,
  FASTPATH_ERR_CONFIG_WEIGHT = -204,
  FASTPATH_ERR_CONFIG_REGEX = -205,
  FASTPATH_ERR_CONFIG_CONDITION = -206,
  FASTPATH_ERR_CONFIG_FILTER_CHAIN = -207,

  /* The beginning of a connection, -300 .. -399: fastpath/inspect.h. */
  FASTPATH_ERR_INSPECT_PROXY = -300,
  FASTPATH_ERR_INSPECT_TLS = -301,
  FASTPATH_ERR_INSPECT_TLS_REFUSED = -302,
  FASTPATH_ERR_INSPECT_HTTP = -303
} fp_status;

/* Why a call failed. The caller's; plain data, holds no references. */
typedef struct fp_error {
  fp_status code;
  int http_status; /* for HTTP refusals: the status a server answers with (400, 414, 431, 501, 505); else 0 */
  size_t position; /* offset of the offending byte in the input, or index of the offending item; SIZE_MAX for none */
  char message[FASTPATH_ERROR_MESSAGE_MAX]; /* C string, English, no trailing full stop */
} fp_error;

/* A run of bytes that somebody else owns. */
typedef struct fp_span {
  const uint8_t *data;
  size_t len;
} fp_span;

/* An address, or a range of them. */
typedef struct fp_cidr {
  uint8_t family;     /* 4 or 6; 0: not of the internet */
  uint8_t prefix_len; /* bits that count, all of them when there are fewer; not looked at in an address */
  uint8_t address[16]; /* in network order; the first 4 bytes for family 4 */
} fp_cidr;

/* Version of the library as built: major << 16 | minor << 8 | patch. Threads: any. */
uint32_t fp_version(void);

/*
 * FASTPATH_ABI_VERSION of the library as built. Objects of one copy of the library may be handed to another, and headers
 * used with it, when both say the same. Threads: any.
 */
uint32_t fp_abi_version(void);

/* Stable lower-case name of a status ("http_host", "need_more"): a static C string, never NULL. Threads: any. */
const char *fp_status_name(fp_status status);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
