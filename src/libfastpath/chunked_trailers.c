/* chunked_trailers.c - the trailer section of a chunked body: scanned as it arrives, then given as fields. */
#include <fastpath/chunked.h>

#include <string.h>

#include "chunked_state.h"
#include "error.h"
#include "http_chars.h"

/*
 * Names that frame, route, authenticate or describe how to read the body: a receiver that looked at the headers has
 * already decided, so these may not arrive late (RFC 9110 6.5.1).
 */
static const struct {
  uint8_t len;
  char name[24];
} forbidden[] = {
    {4, "host"},
    {7, "upgrade"},
    {2, "te"},
    {7, "trailer"},
    {6, "expect"},
    {5, "range"},
    {6, "cookie"},
    {10, "set-cookie"},
    {10, "connection"},
    {10, "keep-alive"},
    {12, "content-type"},
    {12, "max-forwards"},
    {13, "content-range"},
    {13, "authorization"},
    {14, "content-length"},
    {14, "http2-settings"},
    {16, "content-encoding"},
    {16, "proxy-connection"},
    {16, "www-authenticate"},
    {17, "transfer-encoding"},
    {18, "proxy-authenticate"},
    {19, "authentication-info"},
    {19, "proxy-authorization"},
};

int fp_chunked_trailer_forbidden(const uint8_t *name, size_t len) {
  for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
    if (forbidden[i].len == len && fp_http_same_name(name, (const uint8_t *)forbidden[i].name, len)) return 1;
  }
  return 0;
}

static fp_status end_of_name(fp_chunked *decoder, uint64_t start, const uint8_t *name, size_t len) {
  if (fp_chunked_trailer_forbidden(name, len)) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_TRAILER, 400, start, "field is not allowed in a trailer section");
  }
  if (len > UINT16_MAX) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_TRAILER, 431, start, "trailer name is too long");
  }
  decoder->state = CHUNKED_TRAILER_VALUE;
  return FASTPATH_OK;
}

static fp_status trailer_byte(fp_chunked *decoder, uint64_t at, const uint8_t *data) {
  uint8_t byte = data[decoder->scanned];
  int blank_line =
      decoder->state == CHUNKED_TRAILER_END_LF || (decoder->state == CHUNKED_TRAILER_START && byte == '\r');
  if (decoder->scanned >= decoder->max_trailer_bytes && !blank_line) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_TRAILER, 431, at, "trailer section is too large");
  }
  if (byte != '\r' && byte != '\n' && ++decoder->line > decoder->max_line) {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_LINE_TOO_LONG, 431, at, "trailer line is too long");
  }
  switch (decoder->state) {
    case CHUNKED_TRAILER_START:
      if (byte == '\r') {
        decoder->state = CHUNKED_TRAILER_END_LF;
        return FASTPATH_OK;
      }
      if (byte == ' ' || byte == '\t') {
        return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_LINE_FOLDING, 400, at, "folded line in a trailer section");
      }
      if (byte == '\n' || !fp_http_is(byte, HTTP_CHAR_TOKEN)) break;
      if (++decoder->trailers > decoder->max_trailers) {
        return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_TRAILER, 431, at, "too many trailers");
      }
      decoder->state = CHUNKED_TRAILER_NAME;
      return FASTPATH_OK;

    case CHUNKED_TRAILER_NAME: {
      size_t len = decoder->line - 1;
      if (byte == ':') return end_of_name(decoder, at - len, data + decoder->scanned - len, len);
      if (!fp_http_is(byte, HTTP_CHAR_TOKEN)) break;
      return FASTPATH_OK;
    }

    case CHUNKED_TRAILER_VALUE:
      if (byte == '\r') {
        decoder->state = CHUNKED_TRAILER_LF;
        return FASTPATH_OK;
      }
      if (!fp_http_is(byte, HTTP_CHAR_VALUE)) break;
      return FASTPATH_OK;

    default: /* CHUNKED_TRAILER_LF, CHUNKED_TRAILER_END_LF */
      if (byte != '\n') {
        return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_LINE_END, 400, at, "CR without LF in a trailer section");
      }
      decoder->state = decoder->state == CHUNKED_TRAILER_LF ? CHUNKED_TRAILER_START : CHUNKED_ENDED;
      decoder->line = 0;
      return FASTPATH_OK;
  }
  if (byte == '\n') {
    return fp_chunked_fail(decoder, FASTPATH_ERR_HTTP_LINE_END, 400, at, "LF without CR in a trailer section");
  }
  return fp_chunked_fail(
      decoder, FASTPATH_ERR_HTTP_TRAILER, 400, at,
      decoder->state == CHUNKED_TRAILER_VALUE ? "bad character in a trailer value" : "bad character in a trailer name");
}

fp_status fp_chunked_scan_trailers(fp_chunked *decoder, const uint8_t *data, size_t len) {
  while (decoder->scanned < len) {
    fp_status status = trailer_byte(decoder, decoder->position + decoder->scanned, data);
    if (status < 0) return status;
    decoder->scanned++;
    if (decoder->state == CHUNKED_ENDED) return FASTPATH_OK;
  }
  return FASTPATH_NEED_MORE;
}

/* ---- fields */

/* Read one line "name: value CRLF" at *at, and move past it. */
static int read_field(fp_span section, uint32_t *at, fp_http_field *field) {
  const uint8_t *line = section.data + *at;
  size_t left = section.len - *at, name_len = fp_http_run(line, left, HTTP_CHAR_TOKEN);
  if (name_len == 0 || name_len == left || line[name_len] != ':' || name_len > UINT16_MAX) return 0;
  size_t start = name_len + 1;
  size_t end = start + fp_http_run(line + start, left - start, HTTP_CHAR_VALUE), next = end + 2;
  if (left - end < 2 || line[end] != '\r' || line[end + 1] != '\n') return 0;
  while (start < end && (line[start] == ' ' || line[start] == '\t')) start++;
  while (end > start && (line[end - 1] == ' ' || line[end - 1] == '\t')) end--;
  *field = (fp_http_field){.name = *at,
                           .value = *at + (uint32_t)start,
                           .value_len = (uint32_t)(end - start),
                           .name_len = (uint16_t)name_len,
                           .id = fp_http_name_id(line, name_len)};
  *at += (uint32_t)next;
  return 1;
}

fp_status fp_chunked_trailers(fp_span trailers, fp_http_field *fields, uint32_t capacity, uint32_t *count,
                              fp_error *error) {
  uint32_t found = 0, at = 0;
  if (trailers.len > UINT32_MAX / 2)
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "trailer section too long");
  while (at < trailers.len) {
    if (found == capacity) {
      return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, at, "more trailers than the %u there is room for", capacity);
    }
    if (!read_field(trailers, &at, &fields[found])) {
      return fp_error_set(error, FASTPATH_ERR_HTTP_TRAILER, 400, at, "not a trailer field");
    }
    found++;
  }
  *count = found;
  return FASTPATH_OK;
}
