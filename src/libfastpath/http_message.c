/* http_message.c - checking a message that is about to be written: grammar, and framing that makes sense. */
#include "http_message.h"

#include <string.h>

#include "error.h"
#include "http_authority.h"
#include "http_list.h"

/* What the fields seen so far say. */
typedef struct field_reader {
  fp_http_outline *outline;
  int is_response;
  int connection_upgrade;
  int upgrade;
  size_t hosts;
} field_reader;

static int is_word(fp_span span, const char *word) {
  return span.len == strlen(word) && memcmp(span.data, word, span.len) == 0;
}

fp_http_method fp_http_method_of(fp_span token) {
  static const char *const words[] = {"",       "GET",     "HEAD",    "POST",  "PUT",
                                      "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  for (size_t i = 1; i < sizeof words / sizeof words[0]; i++) {
    if (is_word(token, words[i])) return (fp_http_method)i;
  }
  return FASTPATH_HTTP_METHOD_UNKNOWN;
}

static fp_status read_content_length(field_reader *reader, fp_span value, size_t index, fp_error *error) {
  uint64_t length = 0;
  if (reader->outline->flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 400, index, "Content-Length twice");
  }
  if (value.len == 0 || value.len > HTTP_DIGITS_MAX - 1) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 400, index, "Content-Length is not a number");
  }
  for (size_t i = 0; i < value.len; i++) {
    if (value.data[i] < '0' || value.data[i] > '9') {
      return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 400, index, "Content-Length is not a number");
    }
    length = length * 10 + (uint64_t)(value.data[i] - '0');
  }
  if (length > INT64_MAX) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 400, index, "Content-Length is over 2^63 - 1");
  }
  reader->outline->content_length = length;
  reader->outline->flags |= FASTPATH_HTTP_HAS_CONTENT_LENGTH;
  return FASTPATH_OK;
}

static fp_status read_transfer_encoding(field_reader *reader, fp_span value, size_t index, fp_error *error) {
  static const char chunked[] = "chunked";
  if (reader->outline->flags & FASTPATH_HTTP_CHUNKED || value.len != sizeof chunked - 1 ||
      !fp_http_same_name(value.data, (const uint8_t *)chunked, value.len)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_TRANSFER_ENCODING, 400, index,
                        "Transfer-Encoding is not exactly \"chunked\"");
  }
  reader->outline->flags |= FASTPATH_HTTP_CHUNKED;
  return FASTPATH_OK;
}

static fp_status read_host(field_reader *reader, const fp_http_message *message, fp_span value, size_t index,
                           fp_error *error) {
  size_t offending;
  if (reader->is_response) return FASTPATH_OK;
  if (reader->hosts++ > 0) return fp_error_set(error, FASTPATH_ERR_HTTP_HOST, 400, index, "Host twice");
  if (value.len == 0 && message->target.data[0] != '/') return FASTPATH_OK; /* the target has the authority */
  if (!fp_http_authority_is_valid(value.data, value.len, false, &offending)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_HOST, 400, index, "Host is not host[:port]");
  }
  return FASTPATH_OK;
}

static fp_status read_field(field_reader *reader, const fp_http_message *message, const fp_http_header *header,
                            size_t index, fp_error *error) {
  fp_span value = fp_trimmed(header->value);
  switch (fp_http_name_id(header->name.data, header->name.len)) {
    case FASTPATH_HTTP_NAME_CONTENT_LENGTH: return read_content_length(reader, value, index, error);
    case FASTPATH_HTTP_NAME_TRANSFER_ENCODING: return read_transfer_encoding(reader, value, index, error);
    case FASTPATH_HTTP_NAME_HOST: return read_host(reader, message, value, index, error);
    case FASTPATH_HTTP_NAME_CONNECTION:
      reader->outline->says_close |= (uint8_t)fp_list_has(value, "close");
      reader->outline->says_keep_alive |= (uint8_t)fp_list_has(value, "keep-alive");
      reader->connection_upgrade |= fp_list_has(value, "upgrade");
      return FASTPATH_OK;
    case FASTPATH_HTTP_NAME_UPGRADE: reader->upgrade = value.len > 0; return FASTPATH_OK;
    case FASTPATH_HTTP_NAME_EXPECT:
      if (message->minor == 1 && !reader->is_response && fp_list_has(value, "100-continue")) {
        reader->outline->flags |= FASTPATH_HTTP_EXPECT_CONTINUE;
      }
      return FASTPATH_OK;
    default: return FASTPATH_OK;
  }
}

static fp_status check_fields(field_reader *reader, const fp_http_message *message, fp_error *error) {
  fp_http_outline *outline = reader->outline;
  for (size_t i = 0; i < message->header_count; i++) {
    const fp_http_header *header = &message->headers[i];
    size_t line = header->name.len + header->value.len + 4; /* ": " and CRLF */
    if (header->name.len == 0 ||
        fp_http_run(header->name.data, header->name.len, HTTP_CHAR_TOKEN) != header->name.len) {
      return fp_error_set(error, FASTPATH_ERR_HTTP_HEADER_NAME, 400, i, "header name is not a token");
    }
    if (fp_http_run(header->value.data, header->value.len, HTTP_CHAR_VALUE) != header->value.len) {
      return fp_error_set(error, FASTPATH_ERR_HTTP_HEADER_VALUE, 400, i, "control character in a header value");
    }
    if (line > PTRDIFF_MAX - outline->len) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, i, "head is too long");
    outline->len += line - (header->value.len - fp_trimmed(header->value).len);
    fp_status status = read_field(reader, message, header, i, error);
    if (status < 0) return status;
  }
  if (outline->flags & FASTPATH_HTTP_CHUNKED &&
      (outline->flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH || message->minor == 0)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 400, message->header_count,
                        "Transfer-Encoding with %s", message->minor == 0 ? "HTTP/1.0" : "Content-Length");
  }
  if (reader->connection_upgrade && reader->upgrade) outline->flags |= FASTPATH_HTTP_UPGRADE;
  if (!outline->says_close && (message->minor == 1 || outline->says_keep_alive)) {
    outline->flags |= FASTPATH_HTTP_KEEP_ALIVE;
  }
  return FASTPATH_OK;
}

static fp_status bad_target(fp_error *error, size_t position, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_HTTP_TARGET, 400, position, "%s", reason);
}

/* "http(s)://authority", then nothing, '/' or '?'. Stores the offset that spoils it. */
static int is_absolute_form(fp_span target, size_t *offending) {
  static const uint8_t scheme[] = "https://";
  size_t start = 0, end;
  if (target.len >= 7 && fp_http_same_name(target.data, (const uint8_t *)"http://", 7)) start = 7;
  if (target.len >= 8 && fp_http_same_name(target.data, scheme, 8)) start = 8;
  *offending = 0;
  if (start == 0) return 0;
  for (end = start; end < target.len && target.data[end] != '/' && target.data[end] != '?';) end++;
  if (fp_http_authority_is_valid(target.data + start, end - start, false, offending)) return 1;
  *offending += start;
  return 0;
}

static fp_status check_target(fp_http_method method, fp_span target, fp_error *error) {
  size_t run = fp_http_run(target.data, target.len, HTTP_CHAR_TARGET);
  if (target.len == 0) return bad_target(error, 0, "target is empty");
  if (run < target.len) return bad_target(error, run, "target holds a byte that may not stand there");
  if (method == FASTPATH_HTTP_METHOD_CONNECT) {
    if (fp_http_authority_is_valid(target.data, target.len, true, &run)) return FASTPATH_OK;
    return bad_target(error, run, "target of CONNECT is not host:port");
  }
  if (target.data[0] == '/' || (method == FASTPATH_HTTP_METHOD_OPTIONS && is_word(target, "*")) ||
      is_absolute_form(target, &run)) {
    return FASTPATH_OK;
  }
  return bad_target(error, run, "target is neither a path nor an absolute http URI");
}

static fp_status check_version(const fp_http_message *message, fp_error *error) {
  if (message->minor <= 1) return FASTPATH_OK;
  return fp_error_set(error, FASTPATH_ERR_HTTP_VERSION, 505, 0, "HTTP/1.%u is not a version", message->minor);
}

fp_status fp_http_check_request(const fp_http_message *message, fp_http_outline *outline, fp_error *error) {
  field_reader reader = {.outline = outline};
  size_t run = fp_http_run(message->method.data, message->method.len, HTTP_CHAR_TOKEN);
  fp_status status = check_version(message, error);
  if (status < 0) return status;
  if (message->method.len == 0 || run < message->method.len) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_METHOD, 400, run, "method is not a token");
  }
  *outline = (fp_http_outline){.method = (uint8_t)fp_http_method_of(message->method),
                               .len = message->method.len + message->target.len + sizeof "  HTTP/1.1\r\n\r\n" - 1};
  status = check_target((fp_http_method)outline->method, message->target, error);
  if (status < 0) return status;
  status = check_fields(&reader, message, error);
  if (status < 0) return status;
  if (reader.hosts == 0 && message->minor == 1) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_HOST, 400, message->header_count, "HTTP/1.1 request without Host");
  }
  if (outline->method == FASTPATH_HTTP_METHOD_CONNECT &&
      (outline->flags & FASTPATH_HTTP_CHUNKED || outline->content_length != 0)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 400, message->header_count, "a CONNECT has no body");
  }
  return FASTPATH_OK;
}

static fp_span reason_of(const fp_http_message *message) {
  const char *registered;
  if (message->reason.data != NULL) return message->reason;
  registered = fp_http_reason(message->status);
  return (fp_span){(const uint8_t *)registered, strlen(registered)};
}

fp_status fp_http_check_response(const fp_http_message *message, fp_http_outline *outline, fp_error *error) {
  field_reader reader = {.outline = outline, .is_response = 1};
  fp_span reason = reason_of(message);
  fp_status status = check_version(message, error);
  if (status < 0) return status;
  if (message->status < 100 || message->status > 599) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_STATUS_LINE, 500, 0, "status %u is not 100 .. 599", message->status);
  }
  if (fp_http_run(reason.data, reason.len, HTTP_CHAR_VALUE) < reason.len) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_STATUS_LINE, 500, 0, "control character in the reason phrase");
  }
  *outline = (fp_http_outline){.len = reason.len + sizeof "HTTP/1.1 200 \r\n\r\n" - 1};
  status = check_fields(&reader, message, error);
  if (status < 0) return status;
  if ((message->status < 200 || message->status == 204) &&
      outline->flags & (FASTPATH_HTTP_CHUNKED | FASTPATH_HTTP_HAS_CONTENT_LENGTH)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 500, message->header_count,
                        "a %u response carries no framing fields", message->status);
  }
  return FASTPATH_OK;
}

/* ---- writing what was checked */

static uint8_t *put_fields(const fp_http_message *message, uint8_t *to) {
  for (size_t i = 0; i < message->header_count; i++) {
    to = fp_emit_span(to, message->headers[i].name);
    to = FP_EMIT_LITERAL(to, ": ");
    to = fp_emit_span(to, fp_trimmed(message->headers[i].value));
    to = FP_EMIT_LITERAL(to, "\r\n");
  }
  return to;
}

static uint8_t *put_version(uint8_t *to, uint8_t minor) {
  to = FP_EMIT_LITERAL(to, "HTTP/1.");
  *to++ = (uint8_t)('0' + minor);
  return to;
}

uint8_t *fp_http_put_request(const fp_http_message *message, uint8_t *to) {
  to = fp_emit_span(to, message->method);
  *to++ = ' ';
  to = fp_emit_span(to, message->target);
  *to++ = ' ';
  to = put_version(to, message->minor);
  to = FP_EMIT_LITERAL(to, "\r\n");
  return put_fields(message, to);
}

uint8_t *fp_http_put_response(const fp_http_message *message, uint8_t *to) {
  to = put_version(to, message->minor);
  *to++ = ' ';
  to = fp_emit_number(to, message->status);
  *to++ = ' ';
  to = fp_emit_span(to, reason_of(message));
  to = FP_EMIT_LITERAL(to, "\r\n");
  return put_fields(message, to);
}
