/*
 * fastpath/chunked.h - the chunked transfer coding (RFC 9112 section 7.1): decoding and encoding.
 *
 *   1a;name=value CRLF  26 bytes  CRLF   0 CRLF   Name: value CRLF   CRLF
 *   `--- framing ---´   `-body--´ `---- framing ----´ `--- trailers ----´
 *
 * Strict: a size is 1 to 16 hexadecimal digits and at most 2^63 - 1, every line ends in CRLF, extensions follow the
 * grammar without optional blanks, trailers follow the field grammar without folding. Trailers are never merged into
 * headers, and one that would change framing, routing or authentication is refused.
 *
 * fp_http_limits.max_chunk_overhead bounds two things: bytes of framing beyond those of the body so far, so that a
 * long stream of small chunks goes on while one of single bytes does not, and bytes of extensions, however long the
 * body.
 *
 * The same input gives the same body, the same verdict and the same position, however it is split.
 */
#ifndef FASTPATH_CHUNKED_H
#define FASTPATH_CHUNKED_H

#include <fastpath/base.h>
#include <fastpath/http.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* Room that fp_chunk_header and fp_chunk_end need: CRLF, 16 digits, CRLF; and "0" CRLF CRLF after a CRLF. */
#define FASTPATH_CHUNK_HEADER_MAX 20

/* Where a decoder stands. The caller's: plain data without references, may be copied. Members are private. */
typedef struct fp_chunked {
  uint64_t remaining;   /* body bytes still to come in the current chunk; the size while its digits are read */
  uint64_t position;    /* bytes consumed since fp_chunked_init */
  uint64_t body;        /* body bytes given since fp_chunked_init */
  int64_t budget;       /* bytes of framing that may still come */
  const char *reason;   /* why it failed: a static C string */
  uint64_t fault;       /* position of the offending byte */
  uint32_t extension_budget; /* bytes of extensions that may still come */
  uint32_t max_line;
  uint32_t max_trailers;
  uint32_t max_trailer_bytes;
  uint32_t trailers;    /* fields of the trailer section seen */
  uint32_t scanned;     /* bytes of the unconsumed trailer section already checked */
  uint32_t line;        /* bytes of the current line */
  int32_t failure;      /* fp_status; 0 while all is well */
  int32_t http_status;
  uint8_t state;
  uint8_t digits;
} fp_chunked;

/* What one call to a decoder takes and gives. */
typedef struct fp_chunked_part {
  fp_span *spans;       /* in: the caller's array. fp_chunked_decode writes runs of body bytes into it */
  size_t span_capacity; /* in: its length, at least 1 */
  size_t span_count;    /* out: spans written; fp_chunked_join: 0 */
  size_t body_len;      /* out: body bytes given by this call */
  size_t consumed;      /* out: bytes of the input that must not be given again */
  fp_span trailers;     /* out, with OK: the trailer section without the blank line, inside the input; may be empty */
} fp_chunked_part;

/* Ready a decoder for a new body. limits NULL: the defaults. Threads: one per decoder, here and below. */
void fp_chunked_init(fp_chunked *decoder, const fp_http_limits *limits);

/*
 * Decode what there is of a chunked body as spans that point into data, which is borrowed for as long as they are used.
 *   OK         the body has ended; part->trailers is set; bytes past part->consumed belong to the next message.
 *   NEED_MORE  all of it is used up, except for an unfinished trailer section: give data + part->consumed again,
 *              with more behind it.
 *   PAUSED     there is more to say: call again with data + part->consumed (spans were full, or a fault follows the
 *              body bytes that this call gave).
 * A refusal stays until fp_chunked_init. Error positions count from the first byte of the chunked body. Linear time;
 * allocates nothing.
 */
fp_status fp_chunked_decode(fp_chunked *decoder, const uint8_t *data, size_t len, fp_chunked_part *part,
                            fp_error *error);

/*
 * The same as one joined copy: body bytes are written to dst, which has room for len bytes and may be data itself
 * (then part->trailers stay intact, but the framing before them is overwritten). PAUSED only before a fault.
 */
fp_status fp_chunked_join(fp_chunked *decoder, const uint8_t *data, size_t len, uint8_t *dst, fp_chunked_part *part,
                          fp_error *error);

/* The refusal of an input that ends here: FASTPATH_ERR_HTTP_UNEXPECTED_EOF, or OK when the body had ended. Sticky. */
fp_status fp_chunked_eof(fp_chunked *decoder, fp_error *error);

/*
 * The fields of a trailer section as fp_chunked_decode gave it. Offsets count from trailers.data.
 *   capacity  entries that fields has room for. max_trailers (100) always suffices.
 * Returns OK; ERR_ARGUMENT when there are more fields than room; ERR_HTTP_TRAILER for bytes that no decoder let through.
 */
fp_status fp_chunked_trailers(fp_span trailers, fp_http_field *fields, uint32_t capacity, uint32_t *count,
                              fp_error *error);

/* Non-zero when RFC 9110 6.5.1 or this library forbids the field in a trailer section. Case-insensitive. Threads: any. */
int fp_chunked_trailer_forbidden(const uint8_t *name, size_t len);

/*
 * Encoding. A body is fp_chunk_header, its bytes, fp_chunk_header, its bytes, ... fp_chunk_end.
 * fp_chunk_header writes the line before `size` bytes (size > 0); `first` is 0 for every chunk but the first, and then
 * the CRLF that ends the chunk before comes along. Returns the bytes written, at most FASTPATH_CHUNK_HEADER_MAX.
 */
size_t fp_chunk_header(uint8_t *dst, uint64_t size, int first);

/* The last chunk and an empty trailer section. `first`: no chunk came before. Returns the bytes written. */
size_t fp_chunk_end(uint8_t *dst, int first);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
