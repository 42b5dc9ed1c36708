/* http_fields.c - what the fields of a head say about framing, and every contradiction among them refused. */
#include <stdbool.h>

#include "error.h"
#include "http_authority.h"
#include "http_head.h"

enum { WANTS_CLOSE = 1, WANTS_KEEP_ALIVE = 2, WANTS_UPGRADE = 4 };

/* What has been seen so far. */
typedef struct field_scan {
  const uint8_t *data;
  fp_http_head *head;
  fp_error *error;
  int http_status; /* of a refusal */
  uint32_t wants;  /* Connection options */
  bool has_host;
  bool has_upgrade;
  const fp_http_field *content_length;
  const fp_http_field *transfer_encoding;
} field_scan;

static bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t'; }

static bool equals_folded(const uint8_t *data, size_t len, const char *lower, size_t lower_len) {
  if (len != lower_len) return false;
  for (size_t i = 0; i < len; i++) {
    uint8_t byte = data[i] >= 'A' && data[i] <= 'Z' ? data[i] | 0x20 : data[i];
    if (byte != (uint8_t)lower[i]) return false;
  }
  return true;
}

#define IS(data, len, literal) equals_folded((data), (len), "" literal, sizeof literal - 1)

static fp_status read_host(field_scan *scan, const fp_http_field *field) {
  fp_http_head *head = scan->head;
  if (scan->has_host) {
    return fp_error_set(scan->error, FASTPATH_ERR_HTTP_HOST, 400, field->name, "more than one Host");
  }
  scan->has_host = true;
  bool target_has_authority =
      (head->flags & FASTPATH_HTTP_ABSOLUTE_FORM) != 0 || head->method == FASTPATH_HTTP_METHOD_CONNECT;
  size_t offending = 0;
  if (!(target_has_authority && field->value_len == 0) &&
      !fp_http_authority_is_valid(scan->data + field->value, field->value_len, false, &offending)) {
    return fp_error_set(scan->error, FASTPATH_ERR_HTTP_HOST, 400, field->value + offending, "Host is not host[:port]");
  }
  if (!target_has_authority) {
    head->authority_off = field->value;
    head->authority_len = field->value_len;
  }
  return FASTPATH_OK;
}

static fp_status read_content_length(field_scan *scan, const fp_http_field *field) {
  if (scan->content_length != NULL) {
    return fp_error_set(scan->error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, scan->http_status, field->name,
                        "more than one Content-Length");
  }
  scan->content_length = field;
  uint64_t length = 0;
  for (uint32_t at = field->value; at < field->value + field->value_len; at++) {
    uint8_t digit = (uint8_t)(scan->data[at] - '0');
    if (digit > 9) {
      return fp_error_set(scan->error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, scan->http_status, at,
                          "Content-Length is not a decimal number");
    }
    if (length > ((uint64_t)INT64_MAX - digit) / 10) {
      return fp_error_set(scan->error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, scan->http_status, field->value,
                          "Content-Length exceeds 2^63 - 1");
    }
    length = length * 10 + digit;
  }
  if (field->value_len == 0) {
    return fp_error_set(scan->error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, scan->http_status, field->value,
                        "Content-Length is empty");
  }
  scan->head->content_length = length;
  scan->head->flags |= FASTPATH_HTTP_HAS_CONTENT_LENGTH;
  return FASTPATH_OK;
}

static fp_status read_transfer_encoding(field_scan *scan, const fp_http_field *field) {
  const uint8_t *value = scan->data + field->value;
  uint32_t len = field->value_len;
  if (scan->transfer_encoding != NULL) {
    return fp_error_set(scan->error, FASTPATH_ERR_HTTP_TRANSFER_ENCODING, scan->http_status, field->name,
                        "more than one Transfer-Encoding");
  }
  scan->transfer_encoding = field;
  if (scan->head->minor == 0) {
    return fp_error_set(scan->error, FASTPATH_ERR_HTTP_TRANSFER_ENCODING, scan->http_status, field->name,
                        "Transfer-Encoding under HTTP/1.0");
  }
  if (!IS(value, len, "chunked")) {
    bool ends_in_chunked = len > 7 && IS(value + len - 7, 7, "chunked") && (is_blank(value[len - 8]) || value[len - 8] == ',');
    return fp_error_set(scan->error, FASTPATH_ERR_HTTP_TRANSFER_ENCODING,
                        scan->http_status == 400 && ends_in_chunked ? 501 : scan->http_status, field->value,
                        "Transfer-Encoding is not exactly chunked");
  }
  scan->head->flags |= FASTPATH_HTTP_CHUNKED;
  return FASTPATH_OK;
}

/* A comma-separated list of options; empty elements count for nothing. */
static void read_connection(field_scan *scan, const fp_http_field *field) {
  const uint8_t *at = scan->data + field->value, *end = at + field->value_len;
  while (at < end) {
    while (at < end && (is_blank(*at) || *at == ',')) at++;
    const uint8_t *option = at;
    while (at < end && *at != ',') at++;
    const uint8_t *option_end = at;
    while (option_end > option && is_blank(option_end[-1])) option_end--;
    size_t len = (size_t)(option_end - option);
    if (len == 0) continue;
    if (IS(option, len, "close")) {
      scan->wants |= WANTS_CLOSE;
    } else if (IS(option, len, "keep-alive")) {
      scan->wants |= WANTS_KEEP_ALIVE;
    } else if (IS(option, len, "upgrade")) {
      scan->wants |= WANTS_UPGRADE;
    } else {
      scan->head->flags |= FASTPATH_HTTP_CONNECTION_OPTIONS;
    }
  }
}

/* Everything that requests and responses have in common. */
static fp_status read_fields(field_scan *scan, bool is_request) {
  fp_http_head *head = scan->head;
  for (uint32_t i = 0; i < head->field_count; i++) {
    const fp_http_field *field = &head->fields[i];
    fp_status status = FASTPATH_OK;
    switch (field->id) {
      case FASTPATH_HTTP_NAME_HOST:
        if (is_request) status = read_host(scan, field);
        break;
      case FASTPATH_HTTP_NAME_CONTENT_LENGTH: status = read_content_length(scan, field); break;
      case FASTPATH_HTTP_NAME_TRANSFER_ENCODING: status = read_transfer_encoding(scan, field); break;
      case FASTPATH_HTTP_NAME_CONNECTION: read_connection(scan, field); break;
      case FASTPATH_HTTP_NAME_UPGRADE: scan->has_upgrade = true; break;
      case FASTPATH_HTTP_NAME_EXPECT:
        if (is_request && head->minor == 1 && IS(scan->data + field->value, field->value_len, "100-continue")) {
          head->flags |= FASTPATH_HTTP_EXPECT_CONTINUE;
        }
        break;
      default: break;
    }
    if (status != FASTPATH_OK) return status;
    if (scan->content_length != NULL && scan->transfer_encoding != NULL) {
      return fp_error_set(scan->error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, scan->http_status, field->name,
                          "both Content-Length and Transfer-Encoding");
    }
  }
  bool keep_alive = head->minor == 1 || (scan->wants & WANTS_KEEP_ALIVE) != 0;
  if (keep_alive && (scan->wants & WANTS_CLOSE) == 0) head->flags |= FASTPATH_HTTP_KEEP_ALIVE;
  if (head->minor == 1 && scan->has_upgrade && (scan->wants & WANTS_UPGRADE) != 0) head->flags |= FASTPATH_HTTP_UPGRADE;
  return FASTPATH_OK;
}

fp_status fp_http_check_request_fields(const uint8_t *data, fp_http_head *head, fp_error *error) {
  field_scan scan = {.data = data, .head = head, .error = error, .http_status = 400};
  fp_status status = read_fields(&scan, true);
  if (status != FASTPATH_OK) return status;
  if (!scan.has_host && head->minor == 1) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_HOST, 400, head->head_len - 2, "HTTP/1.1 request without Host");
  }
  return FASTPATH_OK;
}

fp_status fp_http_check_response_fields(const uint8_t *data, fp_http_method request_method, fp_http_head *head,
                                        fp_error *error) {
  field_scan scan = {.data = data, .head = head, .error = error, .http_status = 502};
  fp_status status = read_fields(&scan, false);
  if (status != FASTPATH_OK) return status;

  const uint32_t framed = FASTPATH_HTTP_HAS_CONTENT_LENGTH | FASTPATH_HTTP_CHUNKED;
  bool is_tunnel = request_method == FASTPATH_HTTP_METHOD_CONNECT && head->status / 100 == 2;
  bool is_unframed = head->status / 100 == 1 || head->status == 204;
  if (is_unframed && !is_tunnel) {
    const fp_http_field *culprit = scan.transfer_encoding;
    if (culprit == NULL && head->content_length != 0) culprit = scan.content_length;
    if (culprit != NULL) {
      return fp_error_set(error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 502, culprit->name,
                          "body announced by a response of status %d, which has none", (int)head->status);
    }
  }
  if (is_tunnel || is_unframed) {
    head->flags &= ~framed;
    head->content_length = 0;
  }
  if (is_tunnel || is_unframed || head->status == 304 || request_method == FASTPATH_HTTP_METHOD_HEAD) {
    head->flags |= FASTPATH_HTTP_NO_BODY;
  } else if ((head->flags & framed) == 0) {
    head->flags |= FASTPATH_HTTP_UNTIL_CLOSE;
    head->flags &= ~(uint32_t)FASTPATH_HTTP_KEEP_ALIVE;
  }
  return FASTPATH_OK;
}
