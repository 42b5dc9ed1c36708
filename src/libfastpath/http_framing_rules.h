/*
 * http_framing_rules.h - the conclusions from the fields collected by http_framing.h. Inline, so that the scan, for
 * which there is no error to describe, keeps the whole head in registers.
 */
#ifndef FASTPATH_INTERNAL_HTTP_FRAMING_RULES_H
#define FASTPATH_INTERNAL_HTTP_FRAMING_RULES_H

#include "bits.h"
#include "error.h"
#include "http_authority.h"
#include "http_framing.h"
#include "http_list.h"

enum {
  FP_HTTP_OPTIONS_MAX = 9 /* members of a request's Connection */
};

static inline bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t'; }

/*
 * Setting bit 0x20 folds letters, and makes a letter, digit or hyphen of no other byte that a value may hold (only
 * control characters). The length is a constant wherever this is called: a load or two and as many compares.
 */
static inline bool equals_folded(const uint8_t *data, size_t len, const uint8_t *lower, size_t lower_len) {
  if (len != lower_len) return false;
  if (len >= 8) {
    const uint64_t fold = UINT64_C(0x2020202020202020);
    return (load64(data) | fold) == load64(lower) && (load64(data + len - 8) | fold) == load64(lower + len - 8);
  }
  const uint32_t fold = 0x20202020;
  return (load32(data) | fold) == load32(lower) && (load32(data + len - 4) | fold) == load32(lower + len - 4);
}

/* literal: four bytes or more. */
#define IS(data, len, literal) equals_folded((data), (len), (const uint8_t *)"" literal, sizeof literal - 1)

/* False when it is none of the options that matter here. */
static inline bool fp_http_read_option(const uint8_t *option, size_t len, fp_http_framing *framing) {
  if (IS(option, len, "keep-alive")) {
    framing->keep_alive = true;
  } else if (IS(option, len, "close")) {
    framing->close = true;
  } else if (IS(option, len, "upgrade")) {
    framing->upgrade = true;
  } else {
    return false;
  }
  return true;
}

static inline void fp_http_read_connection(const uint8_t *data, const fp_http_field *field, fp_http_framing *framing) {
  fp_span list = {data + field->value, field->value_len}, option;
  if (fp_http_read_option(list.data, list.len, framing)) {
    if (++framing->option_count > FP_HTTP_OPTIONS_MAX) framing->other_options = true;
    return;
  }
  while (fp_list_next(&list, &option)) {
    const bool known = fp_http_read_option(option.data, option.len, framing);
    if (!known || ++framing->option_count > FP_HTTP_OPTIONS_MAX) framing->other_options = true;
  }
}

static inline void fp_http_read_expect(const uint8_t *data, const fp_http_field *field, fp_http_framing *framing) {
  if (IS(data + field->value, field->value_len, "100-continue")) framing->expects_continue = true;
}

/* What a refusal is answered with: a bad request is the client's fault, a bad response the upstream's. */
static inline int answer(const fp_http_head *head) { return head->status == 0 ? 400 : 502; }

static inline fp_status read_host(const uint8_t *data, const fp_http_framing *framing, fp_http_head *head,
                                  fp_error *error) {
  const fp_http_field *field = framing->host;
  bool target_has_authority =
      (head->flags & FASTPATH_HTTP_ABSOLUTE_FORM) != 0 || head->method == FASTPATH_HTTP_METHOD_CONNECT;
  size_t offending = 0;
  if (!framing->host_is_valid && !(target_has_authority && field->value_len == 0) &&
      !fp_http_authority_is_valid(data + field->value, field->value_len, false, &offending)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_HOST, 400, field->value + offending, "Host is not host[:port]");
  }
  if (!target_has_authority) {
    head->authority_off = field->value;
    head->authority_len = field->value_len;
  }
  return FASTPATH_OK;
}

static inline fp_status read_content_length(const uint8_t *data, const fp_http_field *field, fp_http_head *head,
                                            fp_error *error) {
  const uint64_t largest = INT64_MAX;
  const uint32_t end = field->value + field->value_len;
  uint64_t length = 0;
  uint32_t at = field->value;
  for (; at < end && length <= largest / 10; at++) {
    uint8_t digit = (uint8_t)(data[at] - '0');
    if (digit > 9) {
      return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, answer(head), at,
                          "Content-Length is not a decimal number");
    }
    length = length * 10 + digit;
  }
  if (at != end || length > largest) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, answer(head), field->value,
                        "Content-Length exceeds 2^63 - 1");
  }
  if (field->value_len == 0) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_CONTENT_LENGTH, answer(head), end, "Content-Length is empty");
  }
  head->content_length = length;
  head->flags |= FASTPATH_HTTP_HAS_CONTENT_LENGTH;
  return FASTPATH_OK;
}

static inline fp_status read_transfer_encoding(const uint8_t *data, const fp_http_field *field, fp_http_head *head,
                                               fp_error *error) {
  const uint8_t *value = data + field->value;
  const uint32_t len = field->value_len;
  if (head->minor == 0) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_TRANSFER_ENCODING, answer(head), field->name,
                        "Transfer-Encoding under HTTP/1.0");
  }
  if (!IS(value, len, "chunked")) {
    /* A coding under the chunked one is valid and not supported (RFC 9112 6.1); the rest has no known end. */
    bool is_chunked_last =
        len > 7 && IS(value + len - 7, 7, "chunked") && (is_blank(value[len - 8]) || value[len - 8] == ',');
    return fp_error_set(error, FASTPATH_ERR_HTTP_TRANSFER_ENCODING,
                        head->status == 0 && is_chunked_last ? 501 : answer(head), field->value,
                        "Transfer-Encoding is not exactly chunked");
  }
  head->flags |= FASTPATH_HTTP_CHUNKED;
  return FASTPATH_OK;
}

/* What requests and responses have in common. */
static inline fp_status conclude(const uint8_t *data, const fp_http_framing *framing, fp_http_head *head,
                                 fp_error *error) {
  const fp_http_field *length = framing->content_length, *encoding = framing->transfer_encoding;
  if (length != NULL && encoding != NULL) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, answer(head),
                        length->name > encoding->name ? length->name : encoding->name,
                        "both Content-Length and Transfer-Encoding");
  }
  fp_status status = FASTPATH_OK;
  if (length != NULL) status = read_content_length(data, length, head, error);
  if (encoding != NULL) status = read_transfer_encoding(data, encoding, head, error);
  if (status != FASTPATH_OK) return status;

  if ((head->minor == 1 || framing->keep_alive) && !framing->close) head->flags |= FASTPATH_HTTP_KEEP_ALIVE;
  if (head->minor == 1 && framing->has_upgrade && framing->upgrade) head->flags |= FASTPATH_HTTP_UPGRADE;
  if (framing->other_options) head->flags |= FASTPATH_HTTP_CONNECTION_OPTIONS;
  return FASTPATH_OK;
}

static inline fp_status fp_http_conclude_request(const uint8_t *data, const fp_http_framing *framing,
                                                 fp_http_head *head, fp_error *error) {
  fp_status status = FASTPATH_OK;
  if (framing->host != NULL) {
    status = read_host(data, framing, head, error);
  } else if (head->minor == 1) {
    status = fp_error_set(error, FASTPATH_ERR_HTTP_HOST, 400, head->head_len - 2, "HTTP/1.1 request without Host");
  }
  if (status == FASTPATH_OK) status = conclude(data, framing, head, error);
  if (status == FASTPATH_OK && unlikely(framing->other_options)) {
    status = fp_http_check_nominated(data, head, error);
  }
  if (status == FASTPATH_OK && head->minor == 1 && framing->expects_continue) {
    head->flags |= FASTPATH_HTTP_EXPECT_CONTINUE;
  }
  return status;
}

static inline fp_status fp_http_conclude_response(const uint8_t *data, const fp_http_framing *framing,
                                                  fp_http_method request_method, fp_http_head *head, fp_error *error) {
  fp_status status = conclude(data, framing, head, error);
  if (status != FASTPATH_OK) return status;

  const uint32_t framed = FASTPATH_HTTP_HAS_CONTENT_LENGTH | FASTPATH_HTTP_CHUNKED;
  bool is_tunnel = request_method == FASTPATH_HTTP_METHOD_CONNECT && head->status / 100 == 2;
  bool is_bodiless = head->status / 100 == 1 || head->status == 204;
  if (is_bodiless && !is_tunnel) {
    const fp_http_field *culprit = framing->transfer_encoding;
    if (culprit == NULL && head->content_length != 0) culprit = framing->content_length;
    if (culprit != NULL) {
      return fp_error_set(error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 502, culprit->name,
                          "body announced by a response of status %d, which has none", (int)head->status);
    }
  }
  if (is_tunnel || is_bodiless) {
    head->flags &= ~framed;
    head->content_length = 0;
  }
  if (is_tunnel || is_bodiless || head->status == 304 || request_method == FASTPATH_HTTP_METHOD_HEAD) {
    head->flags |= FASTPATH_HTTP_NO_BODY;
  } else if ((head->flags & framed) == 0) {
    head->flags |= FASTPATH_HTTP_UNTIL_CLOSE;
    head->flags &= ~(uint32_t)FASTPATH_HTTP_KEEP_ALIVE;
  }
  return FASTPATH_OK;
}

#endif
