/* http_framing.c - collecting the fields that frame a message from a head that llhttp has read. */
#include "http_framing.h"

#include "error.h"
#include "http_framing_rules.h"

enum {
  NOMINATED_TE_MAX = 255
};

/* A field that may stand once. */
static fp_status take_single(const fp_http_field *field, const char *name, fp_status code, const fp_http_head *head,
                             const fp_http_field **place, fp_error *error) {
  if (*place != NULL) return fp_error_set(error, code, answer(head), field->name, "more than one %s", name);
  *place = field;
  return FASTPATH_OK;
}

static fp_status collect(const uint8_t *data, const fp_http_head *head, fp_http_framing *framing, fp_error *error) {
  fp_status status = FASTPATH_OK;
  for (uint32_t i = 0; i < head->field_count && status == FASTPATH_OK; i++) {
    const fp_http_field *field = &head->fields[i];
    switch (field->id) {
      case FASTPATH_HTTP_NAME_HOST:
        if (head->status != 0) break; /* means nothing in a response */
        status = take_single(field, "Host", FASTPATH_ERR_HTTP_HOST, head, &framing->host, error);
        break;
      case FASTPATH_HTTP_NAME_CONTENT_LENGTH:
        status = take_single(field, "Content-Length", FASTPATH_ERR_HTTP_CONTENT_LENGTH, head, &framing->content_length,
                             error);
        break;
      case FASTPATH_HTTP_NAME_TRANSFER_ENCODING:
        status = take_single(field, "Transfer-Encoding", FASTPATH_ERR_HTTP_TRANSFER_ENCODING, head,
                             &framing->transfer_encoding, error);
        break;
      case FASTPATH_HTTP_NAME_CONNECTION: fp_http_read_connection(data, field, framing); break;
      case FASTPATH_HTTP_NAME_UPGRADE: framing->has_upgrade = true; break;
      case FASTPATH_HTTP_NAME_EXPECT: fp_http_read_expect(data, field, framing); break;
      default: break;
    }
  }
  return status;
}

/* A CONNECT has no body (RFC 9110 9.3.6): others forward it without the one that is announced, and take what follows for
   the tunnel or for the next request. The scan leaves every CONNECT to llhttp, so that only this place has to look. */
static fp_status check_connect(const fp_http_framing *framing, const fp_http_head *head, fp_error *error) {
  const fp_http_field *culprit = framing->transfer_encoding;
  if (head->method != FASTPATH_HTTP_METHOD_CONNECT) return FASTPATH_OK;
  if (culprit == NULL && head->content_length != 0) culprit = framing->content_length;
  if (culprit == NULL) return FASTPATH_OK;
  return fp_error_set(error, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 400, culprit->name,
                      "body announced by a CONNECT, which has none");
}

/* The bytes of a header's lines as one list. */
static size_t list_len(const fp_http_head *head, uint16_t id) {
  size_t len = 0;
  for (uint32_t i = 0; i < head->field_count; i++) {
    const size_t here = head->fields[i].id == id ? head->fields[i].value_len : 0;
    if (here > 0) len += here + (len > 0);
  }
  return len;
}

static const char *why_not_nominated(const fp_http_head *head, fp_span name) {
  if (name.data[0] == ':' || fp_list_is_exactly(name, "host") || fp_list_is_exactly(name, "x-forwarded-for") ||
      fp_list_is_exactly(name, "x-forwarded-host") || fp_list_is_exactly(name, "x-forwarded-proto")) {
    return "Connection names a field that is for every hop";
  }
  if (fp_list_is_exactly(name, "te") && list_len(head, FASTPATH_HTTP_NAME_TE) > NOMINATED_TE_MAX) {
    return "Connection names a TE that is too long";
  }
  return NULL;
}

fp_status fp_http_check_nominated(const uint8_t *data, const fp_http_head *head, fp_error *error) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < head->field_count; i++) {
    const fp_http_field *field = &head->fields[i];
    fp_span list = {data + field->value, field->value_len}, name;
    if (field->id != FASTPATH_HTTP_NAME_CONNECTION) continue;
    while (fp_list_next(&list, &name)) {
      const char *reason = ++count > FP_HTTP_OPTIONS_MAX ? "Connection names too much" : why_not_nominated(head, name);
      if (reason != NULL) {
        return fp_error_set(error, FASTPATH_ERR_HTTP_HEADER_VALUE, 400, (size_t)(name.data - data), "%s", reason);
      }
    }
  }
  return FASTPATH_OK;
}

fp_status fp_http_check_request_fields(const uint8_t *data, fp_http_head *head, fp_error *error) {
  fp_http_framing framing = {0};
  fp_status status = collect(data, head, &framing, error);
  if (status == FASTPATH_OK) status = fp_http_conclude_request(data, &framing, head, error);
  return status == FASTPATH_OK ? check_connect(&framing, head, error) : status;
}

fp_status fp_http_check_response_fields(const uint8_t *data, fp_http_method request_method, fp_http_head *head,
                                        fp_error *error) {
  fp_http_framing framing = {0};
  fp_status status = collect(data, head, &framing, error);
  return status == FASTPATH_OK ? fp_http_conclude_response(data, &framing, request_method, head, error) : status;
}
