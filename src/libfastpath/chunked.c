/*
 * chunked.c - decoding and encoding the chunked transfer coding (RFC 9112 7.1).
 *
 * Two ways through the same grammar: whole_chunks takes chunks that lie in the input in one piece and have no
 * extensions; everything else, and every fault, goes byte by byte through framing_byte, which alone decides positions
 * and reasons. That is what makes the verdict independent of how the input is split.
 */
#include <fastpath/chunked.h>

#include <string.h>

#include "chunked_state.h"
#include "error.h"
#include "http_chars.h"

#define MAX_DIGITS 16
#define WORD sizeof(uint64_t)

void fp_chunked_init(fp_chunked *decoder, const fp_http_limits *limits) {
  fp_http_limits defaults;
  if (limits == NULL) {
    fp_http_limits_default(&defaults);
    limits = &defaults;
  }
  *decoder = (fp_chunked){.budget = (int64_t)limits->max_chunk_overhead,
                          .extension_budget = limits->max_chunk_overhead,
                          .max_line = limits->max_line,
                          .max_trailers = limits->max_trailers,
                          .max_trailer_bytes = limits->max_trailer_bytes,
                          .state = CHUNKED_SIZE};
}

fp_status fp_chunked_fail(fp_chunked *decoder, fp_status code, int http_status, uint64_t fault, const char *reason) {
  decoder->failure = code;
  decoder->http_status = http_status;
  decoder->fault = fault;
  decoder->reason = reason;
  return code;
}

static fp_status refusal(const fp_chunked *decoder, fp_error *error) {
  return fp_error_set(error, (fp_status)decoder->failure, decoder->http_status, (size_t)decoder->fault, "%s",
                      decoder->reason);
}

/* ---- byte by byte */

static fp_status refuse_byte(fp_chunked *decoder, uint64_t at, uint8_t byte, fp_status code, const char *reason) {
  if (byte == '\n' && decoder->state < CHUNKED_SIZE_LF) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_LINE_END, 400, at, "LF without CR in a chunk-size line");
  }
  return fp_chunked_fail(decoder, code, 400, at, reason);
}

static fp_status size_digit(fp_chunked *decoder, uint64_t at, uint8_t byte) {
  if (decoder->digits == MAX_DIGITS) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_CHUNK_SIZE, 400, at, "chunk size has more than 16 digits");
  }
  if (decoder->remaining >> 59 != 0) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_CHUNK_SIZE, 413, at, "chunk size is over 2^63 - 1");
  }
  decoder->remaining = decoder->remaining << 4 | fp_http_hex_value(byte);
  decoder->digits++;
  return FASTPATH_OK;
}

/* What may follow a size, an extension's name or its value. */
static int next_extension_or_end(fp_chunked *decoder, uint8_t byte) {
  if (byte == ';') {
    decoder->state = CHUNKED_EXTENSION_NAME;
    decoder->digits = 0; /* from here on: characters of the extension's name or value */
  } else if (byte == '\r') {
    decoder->state = CHUNKED_SIZE_LF;
  } else {
    return 0;
  }
  return 1;
}

static void end_of_size_line(fp_chunked *decoder) {
  decoder->state = decoder->remaining == 0 ? CHUNKED_TRAILER_START : CHUNKED_BODY;
  decoder->digits = 0;
  decoder->line = 0;
}

static int in_extension(const fp_chunked *decoder) {
  return decoder->state >= CHUNKED_EXTENSION_NAME && decoder->state <= CHUNKED_EXTENSION_END;
}

/* Take one byte that is not body. `at` is its position. */
static fp_status framing_byte(fp_chunked *decoder, uint64_t at, uint8_t byte) {
  if (--decoder->budget < 0) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_CHUNK_OVERHEAD, 413, at, "too much chunk framing for the body");
  }
  if (in_extension(decoder) && decoder->extension_budget-- == 0) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_CHUNK_OVERHEAD, 413, at, "too many bytes of chunk extensions");
  }
  if (byte != '\r' && byte != '\n' && ++decoder->line > decoder->max_line) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_LINE_TOO_LONG, 400, at, "chunk-size line is too long");
  }
  switch (decoder->state) {
    case CHUNKED_SIZE:
      if (fp_http_is(byte, HTTP_CHAR_HEX)) return size_digit(decoder, at, byte);
      if (decoder->digits > 0 && next_extension_or_end(decoder, byte)) return FASTPATH_OK;
      return refuse_byte(decoder, at, byte, FASTPATH_ERR_HTTP_CHUNK_SIZE,
                         decoder->digits == 0 ? "chunk size is not a hexadecimal number"
                                              : "chunk size is followed by something else than ';' or CRLF");

    case CHUNKED_EXTENSION_NAME:
      if (fp_http_is(byte, HTTP_CHAR_TOKEN)) {
        decoder->digits = 1;
        return FASTPATH_OK;
      }
      if (decoder->digits > 0) {
        if (byte == '=') {
          decoder->state = CHUNKED_EXTENSION_VALUE;
          return FASTPATH_OK;
        }
        if (next_extension_or_end(decoder, byte)) return FASTPATH_OK;
      }
      return refuse_byte(decoder, at, byte, FASTPATH_ERR_HTTP_CHUNK_EXTENSION, "bad chunk extension name");

    case CHUNKED_EXTENSION_VALUE:
      if (byte == '"') {
        decoder->state = CHUNKED_EXTENSION_QUOTED;
        return FASTPATH_OK;
      }
      if (fp_http_is(byte, HTTP_CHAR_TOKEN)) {
        decoder->state = CHUNKED_EXTENSION_TOKEN;
        return FASTPATH_OK;
      }
      return refuse_byte(decoder, at, byte, FASTPATH_ERR_HTTP_CHUNK_EXTENSION, "bad chunk extension value");

    case CHUNKED_EXTENSION_TOKEN:
      if (fp_http_is(byte, HTTP_CHAR_TOKEN) || next_extension_or_end(decoder, byte)) return FASTPATH_OK;
      return refuse_byte(decoder, at, byte, FASTPATH_ERR_HTTP_CHUNK_EXTENSION, "bad chunk extension value");

    case CHUNKED_EXTENSION_QUOTED:
      if (fp_http_is(byte, HTTP_CHAR_QUOTED)) return FASTPATH_OK;
      if (byte == '"' || byte == '\\') {
        decoder->state = byte == '"' ? CHUNKED_EXTENSION_END : CHUNKED_EXTENSION_PAIR;
        return FASTPATH_OK;
      }
      return refuse_byte(decoder, at, byte, FASTPATH_ERR_HTTP_CHUNK_EXTENSION, "bad quoted chunk extension value");

    case CHUNKED_EXTENSION_PAIR:
      if (!fp_http_is(byte, HTTP_CHAR_VALUE)) {
        return refuse_byte(decoder, at, byte, FASTPATH_ERR_HTTP_CHUNK_EXTENSION, "bad quoted chunk extension value");
      }
      decoder->state = CHUNKED_EXTENSION_QUOTED;
      return FASTPATH_OK;

    case CHUNKED_EXTENSION_END:
      if (next_extension_or_end(decoder, byte)) return FASTPATH_OK;
      return refuse_byte(decoder, at, byte, FASTPATH_ERR_HTTP_CHUNK_EXTENSION, "bad chunk extension");

    case CHUNKED_SIZE_LF:
      if (byte != '\n') {
        return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_LINE_END, 400, at, "CR without LF in a chunk-size line");
      }
      end_of_size_line(decoder);
      return FASTPATH_OK;

    case CHUNKED_BODY_CR:
      if (byte != '\r') {
        return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_CHUNK_END, 400, at, "chunk is longer than its size says");
      }
      decoder->state = CHUNKED_BODY_LF;
      return FASTPATH_OK;

    default: /* CHUNKED_BODY_LF */
      if (byte != '\n') {
        return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_CHUNK_END, 400, at, "chunk does not end in CRLF");
      }
      decoder->state = CHUNKED_SIZE;
      decoder->line = 0;
      return FASTPATH_OK;
  }
}

/* ---- chunks in one piece */

/* Where body bytes go: into spans, or joined to dst. */
typedef struct body_sink {
  fp_chunked_part *part;
  uint8_t *dst; /* NULL: spans */
} body_sink;

static inline int is_full(const body_sink *sink) {
  return sink->dst == NULL && sink->part->span_count == sink->part->span_capacity;
}

static inline void give(body_sink *sink, const uint8_t *data, size_t len) {
  if (sink->dst == NULL) {
    sink->part->spans[sink->part->span_count++] = (fp_span){data, len};
  } else {
    memmove(sink->dst + sink->part->body_len, data, len); /* may be in place */
  }
  sink->part->body_len += len;
}

/* A size line as it lies in memory: its first bytes as one word, under a mask of its length. */
typedef struct size_line {
  uint64_t word;
  uint64_t mask;
  size_t size;
  size_t len;
} size_line;

/* Read a size line of up to six digits without extension; at least eight bytes are there. */
static inline int read_size_line(const uint8_t *data, size_line *line) {
  size_t size = 0, digits = 0;
  while (digits < WORD - 2 && fp_http_is(data[digits], HTTP_CHAR_HEX)) {
    size = size << 4 | fp_http_hex_value(data[digits++]);
  }
  if (digits == 0 || data[digits] != '\r' || data[digits + 1] != '\n') return 0;
  uint8_t mask[WORD] = {0};
  memset(mask, 0xff, digits + 2);
  memcpy(&line->mask, mask, WORD);
  memcpy(&line->word, data, WORD);
  line->word &= line->mask;
  line->size = size;
  line->len = digits + 2;
  return 1;
}

/*
 * Take as many whole chunks as there are; returns where it stopped. A body's chunks are mostly of one size, so a size
 * line is first compared with the one before: the next address then does not wait for digits to be decoded.
 */
static inline const uint8_t *whole_chunks(fp_chunked *decoder, const uint8_t *at, const uint8_t *end, body_sink *sink) {
  size_line line = {.word = 1, .mask = 0}; /* equal to no input */
  int64_t budget = decoder->budget;
  size_t before = sink->part->body_len;
  while ((size_t)(end - at) >= WORD && !is_full(sink)) {
    uint64_t word;
    memcpy(&word, at, WORD);
    if ((word & line.mask) != line.word && !read_size_line(at, &line)) break;
    const uint8_t *body = at + line.len;
    int64_t cost = (int64_t)line.len + 2;
    if (line.size == 0 || (size_t)(end - body) < line.size + 2) break;
    if (body[line.size] != '\r' || body[line.size + 1] != '\n' || budget < cost) break;
    budget += (int64_t)line.size - cost;
    give(sink, body, line.size);
    at = body + line.size + 2;
  }
  decoder->budget = budget;
  decoder->body += sink->part->body_len - before;
  return at;
}

static inline const uint8_t *some_body(fp_chunked *decoder, const uint8_t *at, const uint8_t *end, body_sink *sink) {
  size_t len = (size_t)(end - at);
  if (len > decoder->remaining) len = (size_t)decoder->remaining;
  give(sink, at, len);
  decoder->remaining -= len;
  decoder->body += len;
  decoder->budget = decoder->budget > INT64_MAX - (int64_t)len ? INT64_MAX : decoder->budget + (int64_t)len;
  if (decoder->remaining == 0) decoder->state = CHUNKED_BODY_CR;
  return at + len;
}

/* ---- the decoder */

static inline fp_status decode(fp_chunked *decoder, const uint8_t *data, size_t len, body_sink *sink, fp_error *error) {
  fp_chunked_part *part = sink->part;
  const uint8_t *at = data, *end = data + len;
  fp_status status = FASTPATH_NEED_MORE;
  if (decoder->failure != 0) return refusal(decoder, error);
  part->span_count = part->body_len = part->consumed = 0;
  part->trailers = (fp_span){NULL, 0};

  while (at < end && status == FASTPATH_NEED_MORE && decoder->state < CHUNKED_TRAILER_START) {
    if (decoder->state == CHUNKED_BODY) {
      if (is_full(sink)) {
        status = FASTPATH_PAUSED;
      } else {
        at = some_body(decoder, at, end, sink);
      }
    } else {
      if (decoder->state == CHUNKED_SIZE && decoder->line == 0 && decoder->max_line >= WORD) {
        at = whole_chunks(decoder, at, end, sink);
        if (at == end) break;
      }
      status = framing_byte(decoder, decoder->position + (uint64_t)(at - data), *at);
      if (status == FASTPATH_OK) {
        status = FASTPATH_NEED_MORE;
        at++;
      }
    }
  }

  part->consumed = (size_t)(at - data);
  decoder->position += part->consumed;
  if (status == FASTPATH_NEED_MORE && decoder->state >= CHUNKED_TRAILER_START) {
    status = decoder->state == CHUNKED_ENDED ? FASTPATH_OK : fp_chunked_scan_trailers(decoder, at, (size_t)(end - at));
    if (status == FASTPATH_OK && decoder->scanned > 0) {
      part->trailers = (fp_span){at, decoder->scanned - 2};
      part->consumed += decoder->scanned;
      decoder->position += decoder->scanned;
      decoder->scanned = 0;
    }
  }
  if (status >= 0) return status;
  return part->body_len > 0 ? FASTPATH_PAUSED : refusal(decoder, error);
}

fp_status fp_chunked_decode(fp_chunked *decoder, const uint8_t *data, size_t len, fp_chunked_part *part,
                            fp_error *error) {
  body_sink spans = {part, NULL};
  return decode(decoder, data, len, &spans, error);
}

fp_status fp_chunked_join(fp_chunked *decoder, const uint8_t *data, size_t len, uint8_t *dst, fp_chunked_part *part,
                          fp_error *error) {
  body_sink joined = {part, dst};
  return decode(decoder, data, len, &joined, error);
}

fp_status fp_chunked_eof(fp_chunked *decoder, fp_error *error) {
  if (decoder->state == CHUNKED_ENDED) return FASTPATH_OK;
  if (decoder->failure == 0) {
    (void)fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_UNEXPECTED_EOF, 400, decoder->position + decoder->scanned,
                          "the stream ended inside a chunked body");
  }
  return refusal(decoder, error);
}

/* ---- encoding */

size_t fp_chunk_header(uint8_t *dst, uint64_t size, int first) {
  static const char digits[] = "0123456789abcdef";
  size_t len = 0;
  int shift = 60;
  if (!first) {
    dst[len++] = '\r';
    dst[len++] = '\n';
  }
  while (shift > 0 && size >> shift == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) dst[len++] = (uint8_t)digits[size >> shift & 15];
  dst[len++] = '\r';
  dst[len++] = '\n';
  return len;
}

size_t fp_chunk_end(uint8_t *dst, int first) {
  static const char end[] = "\r\n0\r\n\r\n";
  size_t skip = first ? 2 : 0, len = sizeof end - 1 - skip;
  memcpy(dst, &end[skip], len);
  return len;
}
