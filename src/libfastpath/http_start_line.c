/* http_start_line.c - rules for request lines and status lines, which llhttp takes more loosely. */
#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "http_authority.h"
#include "http_start_line.h"

enum {
  VERSION_LEN = 8
}; /* "HTTP/1.1" */

static bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static bool equals(const uint8_t *data, size_t len, const char *text, size_t text_len) {
  return len == text_len && memcmp(data, text, len) == 0;
}

static fp_http_method method_of(const uint8_t *data, size_t len) {
#define METHOD(name) \
  if (equals(data, len, #name, sizeof #name - 1)) return FASTPATH_HTTP_METHOD_##name
  METHOD(GET);
  METHOD(HEAD);
  METHOD(POST);
  METHOD(PUT);
  METHOD(DELETE);
  METHOD(CONNECT);
  METHOD(OPTIONS);
  METHOD(TRACE);
  METHOD(PATCH);
#undef METHOD
  return FASTPATH_HTTP_METHOD_UNKNOWN;
}

/* data[begin .. end) must be HTTP/1.0 or HTTP/1.1. */
static fp_status read_version(const uint8_t *data, uint32_t begin, uint32_t end, int bad_status, fp_http_head *head,
                              fp_error *error) {
  const uint8_t *version = data + begin;
  if (end - begin != VERSION_LEN || memcmp(version, "HTTP/", 5) != 0 || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_VERSION, bad_status, begin, "expected HTTP/1.0 or HTTP/1.1");
  }
  if (version[5] != '1' || version[7] > '1') {
    return fp_error_set(error, FASTPATH_ERR_HTTP_VERSION, bad_status == 400 ? 505 : bad_status, begin + 5,
                        "HTTP/%c.%c is not supported", version[5], version[7]);
  }
  head->minor = (uint8_t)(version[7] - '0');
  return FASTPATH_OK;
}

static void set_path(const uint8_t *data, uint32_t begin, uint32_t end, fp_http_head *head) {
  const uint8_t *question = memchr(data + begin, '?', end - begin);
  uint32_t path_end = question == NULL ? end : (uint32_t)(question - data);
  head->path_off = begin;
  head->path_len = path_end - begin;
  head->query_off = question == NULL ? 0 : path_end + 1;
  head->query_len = question == NULL ? 0 : end - head->query_off;
}

/* The offset after "http://" or "https://" in any case, or 0. */
static uint32_t after_scheme(const uint8_t *data, uint32_t begin, uint32_t end) {
  static const char scheme[] = "https";
  uint32_t at = begin;
  while (at < end && at - begin < 5 && (data[at] | 0x20) == scheme[at - begin]) at++;
  return at - begin >= 4 && end - at >= 3 && memcmp(data + at, "://", 3) == 0 ? at + 3 : 0;
}

static fp_status check_authority(const uint8_t *data, uint32_t begin, uint32_t end, bool port_required,
                                 fp_http_head *head, fp_error *error) {
  size_t offending = 0;
  if (!fp_http_authority_is_valid(data + begin, end - begin, port_required, &offending) ||
      !fp_http_url_authority_is_valid(data + begin, end - begin, &offending)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_TARGET, 400, begin + offending, "target does not name %s",
                        port_required ? "host:port" : "a valid host");
  }
  head->authority_off = begin;
  head->authority_len = end - begin;
  return FASTPATH_OK;
}

static fp_status read_target(const uint8_t *data, fp_http_head *head, fp_error *error) {
  uint32_t begin = head->target_off, end = begin + head->target_len;
  for (uint32_t at = begin; at < end; at++) {
    if (data[at] <= 0x20 || data[at] >= 0x7f || data[at] == '#') {
      return fp_error_set(error, FASTPATH_ERR_HTTP_TARGET, 400, at, "byte 0x%02x in the target", data[at]);
    }
  }
  if (head->method == FASTPATH_HTTP_METHOD_CONNECT) {
    set_path(data, end, end, head);
    return check_authority(data, begin, end, true, head, error);
  }
  if (data[begin] == '/') {
    set_path(data, begin, end, head);
    return FASTPATH_OK;
  }
  if (equals(data + begin, head->target_len, "*", 1)) {
    if (head->method != FASTPATH_HTTP_METHOD_OPTIONS) {
      return fp_error_set(error, FASTPATH_ERR_HTTP_TARGET, 400, begin, "target * is for OPTIONS only");
    }
    set_path(data, begin, end, head);
    return FASTPATH_OK;
  }
  uint32_t authority = after_scheme(data, begin, end);
  if (authority == 0) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_TARGET, 400, begin, "target is neither a path nor an http URL");
  }
  uint32_t path = authority;
  while (path < end && data[path] != '/' && data[path] != '?') path++;
  head->flags |= FASTPATH_HTTP_ABSOLUTE_FORM;
  set_path(data, path, end, head);
  return check_authority(data, authority, path, false, head, error);
}

fp_status fp_http_check_request_line(const uint8_t *data, uint32_t line_end, fp_http_head *head, fp_error *error) {
  const uint8_t *method = data + head->method_off;
  uint32_t method_end = head->method_off + head->method_len;
  uint32_t target_end = head->target_off + head->target_len;
  if (equals(method, line_end - head->method_off, "PRI * HTTP/2.0", 14)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_HTTP2_PREFACE, 505, head->method_off, "HTTP/2 connection preface");
  }
  if (equals(method, head->method_len, "PRI", 3)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_METHOD, 400, head->method_off, "PRI belongs to HTTP/2");
  }
  if (head->target_off != method_end + 1) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_TARGET, 400, method_end + 1, "more than one space after the method");
  }
  head->method = (uint8_t)method_of(method, head->method_len);
  fp_status status = read_target(data, head, error);
  if (status != FASTPATH_OK) return status;
  if (target_end == line_end) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_VERSION, 400, line_end, "request line without a version");
  }
  return read_version(data, target_end + 1, line_end, 400, head, error);
}

fp_status fp_http_check_status_line(const uint8_t *data, uint32_t line_end, fp_http_head *head, fp_error *error) {
  fp_status status = read_version(data, 0, VERSION_LEN, 502, head, error);
  if (status != FASTPATH_OK) return status;
  const uint8_t *code = data + VERSION_LEN + 1;
  if (code[0] < '1' || code[0] > '5') {
    return fp_error_set(error, FASTPATH_ERR_HTTP_STATUS_LINE, 502, VERSION_LEN + 1, "status is not 100 to 599");
  }
  head->status = (uint16_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  uint32_t reason = VERSION_LEN + 1 + 3 + 1;
  head->reason_off = reason < line_end ? reason : line_end;
  head->reason_len = line_end - head->reason_off;
  for (uint32_t at = head->reason_off; at < line_end; at++) {
    if ((data[at] < 0x20 && data[at] != '\t') || data[at] == 0x7f) {
      return fp_error_set(error, FASTPATH_ERR_HTTP_STATUS_LINE, 502, at, "byte 0x%02x in the reason", data[at]);
    }
  }
  return FASTPATH_OK;
}
