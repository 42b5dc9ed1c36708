#include "route_headers.h"

#include <string.h>

#include "bits.h"
#include "http_chars.h"
#include "http_list.h"
#include "http_names.h"
#include "memory.h"

/* ---- header lines ---- */

bool fp_header_is_named_in_other_case(const uint8_t *here, const uint8_t *name, size_t len) {
  return fp_http_same_name(here, name, len);
}

static inline const fp_http_field *next_by_id(const fp_http_field *field, const fp_http_field *end, uint16_t id) {
  for (; field < end; field++) {
    if (field->id == id) return field;
  }
  return NULL;
}

const fp_http_field *fp_header_next(const fp_route_request *request, const fp_http_field *after, const uint8_t *name,
                                    size_t len, uint16_t id) {
  const fp_http_field *field, *end;
  if (request->field_count == 0) return NULL; /* the fields may be NULL, to which nothing can be added */
  field = after == NULL ? request->fields : after + 1;
  end = request->fields + request->field_count;
  if (id != 0) return next_by_id(field, end, id);
  for (; field < end; field++) {
    if (field->name_len != len || field->id != 0) continue;
    if (fp_header_is_named(request->data + field->name, name, len)) return field;
  }
  return NULL;
}

size_t fp_header_line_count(const fp_route_request *request, const uint8_t *name, size_t len, uint16_t id) {
  const fp_http_field *field = NULL;
  size_t count = 0;
  while ((field = fp_header_next(request, field, name, len, id)) != NULL) count++;
  return count;
}

fp_status fp_header_join(fp_joined_header *joined, const fp_route_request *request, const uint8_t *name, size_t len,
                         uint16_t id, bool with_empty, fp_span *value) {
  const fp_http_field *field = NULL;
  size_t room = 0, at = 0;
  bool first = true;
  uint8_t *out = joined->own;
  while ((field = fp_header_next(request, field, name, len, id)) != NULL) room += (size_t)field->value_len + 1;
  joined->block = NULL;
  if (room > sizeof joined->own) {
    joined->block = out = fp_memory_alloc(room);
    if (out == NULL) return FASTPATH_ERR_MEMORY;
  }
  while ((field = fp_header_next(request, field, name, len, id)) != NULL) {
    if (field->value_len == 0 && !with_empty) continue;
    if (!first) out[at++] = ',';
    first = false;
    memcpy(out + at, request->data + field->value, field->value_len);
    at += field->value_len;
  }
  *value = (fp_span){out, at};
  return FASTPATH_OK;
}

void fp_joined_header_clear(fp_joined_header *joined) { fp_memory_free(joined->block); }

bool fp_request_is_grpc(const fp_asked_request *asked) {
  const fp_route_request *request = asked->request;
  static const uint8_t name[] = "content-type", type[] = "application/grpc";
  const size_t type_len = sizeof type - 1;
  const uint16_t id = HTTP_NAME_CONTENT_TYPE;
  const fp_http_field *field = NULL;
  fp_span value = {NULL, 0};
  bool list = false; /* further lines stand behind a ',' */
  if (request->path.len == 0 || !fp_asked_may_have(asked, sizeof name - 1, id) ||
      fp_header_is_nominated(asked, name, sizeof name - 1))
    return false;
  while ((field = fp_header_next(request, field, name, sizeof name - 1, id)) != NULL) {
    if (value.len > 0 && field->value_len > 0) list = true;
    if (value.len == 0) value = (fp_span){request->data + field->value, field->value_len};
  }
  if (value.len < type_len || memcmp(value.data, type, type_len) != 0) return false;
  return value.len == type_len ? !list : value.data[type_len] == '+';
}

/* What the lines of x-forwarded-proto come to: its value, or "," in the place of a list; data NULL without one. */
static fp_span forwarded_proto(const fp_route_request *request) {
  static const uint8_t name[] = "x-forwarded-proto";
  const size_t len = sizeof name - 1;
  const uint16_t id = HTTP_NAME_X_FORWARDED_PROTO;
  const fp_http_field *field = NULL;
  fp_span value = {NULL, 0};
  while ((field = fp_header_next(request, field, name, len, id)) != NULL) {
    if (value.len > 0 && field->value_len > 0) return (fp_span){(const uint8_t *)",", 1};
    if (value.len == 0) value = (fp_span){request->data + field->value, field->value_len};
  }
  return value;
}

fp_span fp_request_scheme(const fp_route_request *request) {
  if ((request->flags & FASTPATH_ROUTE_REQUEST_TARGET_HTTPS) != 0) return (fp_span){(const uint8_t *)"https", 5};
  if ((request->flags & FASTPATH_ROUTE_REQUEST_TARGET_HTTP) != 0) return (fp_span){(const uint8_t *)"http", 4};
  const fp_span value = forwarded_proto(request);
  if (value.data != NULL && fp_list_is_exactly(value, "https")) return (fp_span){(const uint8_t *)"https", 5};
  return value.data != NULL && fp_list_is_exactly(value, "http") ? (fp_span){(const uint8_t *)"http", 4}
                                                                 : request->scheme;
}

fp_span fp_request_forwarded_proto(const fp_route_request *request) {
  const fp_span value = forwarded_proto(request);
  if (value.data != NULL) return value;
  return request->scheme.len == 0 ? (fp_span){NULL, 0} : request->scheme; /* only a header can be there and empty */
}

/* ---- query parameters ---- */

bool fp_query_parameter(const fp_route_request *request, const uint8_t *name, size_t len, fp_span *value) {
  const fp_span path = request->path;
  const uint8_t *end = path.data + path.len;
  const uint8_t *at = path.len == 0 ? NULL : memchr(path.data, '?', path.len);
  while (at != NULL) {
    const uint8_t *start = at + 1, *next, *stop, *equals;
    if (start == end) return false;
    next = memchr(start, '&', (size_t)(end - start));
    stop = next == NULL ? end : next;
    equals = start == stop ? NULL : memchr(start, '=', (size_t)(stop - start));
    if (equals == NULL) equals = stop;
    if ((size_t)(equals - start) == len && memcmp(start, name, len) == 0) {
      const uint8_t *first = equals == stop ? stop : equals + 1;
      *value = (fp_span){first, (size_t)(stop - first)};
      return true;
    }
    at = next;
  }
  return false;
}

/* ---- cookies ---- */

/* One "name=value" of a Cookie line; blanks before the name do not count. */
static bool pair_is(fp_span pair, const uint8_t *name, size_t len, fp_span *value) {
  const uint8_t *equals;
  while (pair.len > 0 && pair.data[0] == ' ') {
    pair.data++;
    pair.len--;
  }
  equals = pair.len == 0 ? NULL : memchr(pair.data, '=', pair.len);
  if (equals == NULL || (size_t)(equals - pair.data) != len || memcmp(pair.data, name, len) != 0) return false;
  value->data = equals + 1;
  value->len = pair.len - len - 1;
  if (value->len >= 2 && value->data[0] == '"' && value->data[value->len - 1] == '"') {
    value->data++;
    value->len -= 2;
  }
  return true;
}

bool fp_cookie(const fp_asked_request *asked, const uint8_t *name, size_t len, fp_span *value) {
  const fp_route_request *request = asked->request;
  static const uint8_t cookie[] = "cookie";
  const uint16_t id = HTTP_NAME_COOKIE;
  const fp_http_field *field = NULL;
  if (!fp_asked_may_have(asked, sizeof cookie - 1, id) || fp_header_is_nominated(asked, cookie, sizeof cookie - 1))
    return false;
  while ((field = fp_header_next(request, field, cookie, sizeof cookie - 1, id)) != NULL) {
    fp_span rest = {request->data + field->value, field->value_len};
    while (rest.len > 0) {
      const uint8_t *semicolon = memchr(rest.data, ';', rest.len);
      const size_t pair_len = semicolon == NULL ? rest.len : (size_t)(semicolon - rest.data);
      const size_t skip = semicolon == NULL ? pair_len : pair_len + 1;
      if (pair_is((fp_span){rest.data, pair_len}, name, len, value)) return true;
      rest.data += skip;
      rest.len -= skip;
    }
  }
  return false;
}

/* ---- headers that are one list ---- */

bool fp_header_lines_are_joined(const uint8_t *name, size_t len) {
  static const char *const joined[] = {"accept",
                                       "accept-encoding",
                                       "access-control-request-headers",
                                       "access-control-request-method",
                                       "access-control-request-private-network",
                                       "authorization",
                                       "cache-control",
                                       "cdn-loop",
                                       "connection",
                                       "content-encoding",
                                       "content-type",
                                       "expect",
                                       "grpc-accept-encoding",
                                       "grpc-timeout",
                                       "if-match",
                                       "if-modified-since",
                                       "if-none-match",
                                       "if-range",
                                       "if-unmodified-since",
                                       "origin",
                                       "pragma",
                                       "proxy-status",
                                       "referer",
                                       "te",
                                       "upgrade",
                                       "user-agent",
                                       "via",
                                       "x-client-trace-id",
                                       "x-envoy-attempt-count",
                                       "x-envoy-decorator-operation",
                                       "x-envoy-downstream-service-cluster",
                                       "x-envoy-downstream-service-node",
                                       "x-envoy-external-address",
                                       "x-envoy-is-timeout-retry",
                                       "x-envoy-original-host",
                                       "x-envoy-original-path",
                                       "x-envoy-upstream-stream-duration-ms",
                                       "x-forwarded-for",
                                       "x-forwarded-host",
                                       "x-forwarded-port",
                                       "x-forwarded-proto",
                                       "x-request-id"};
  for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
    if (strlen(joined[i]) == len && memcmp(joined[i], name, len) == 0) return true;
  }
  return false;
}
