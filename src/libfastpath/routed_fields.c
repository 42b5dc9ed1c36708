#include "routed_fields.h"

#include <string.h>

#include "asked_request.h"
#include "domain.h"
#include "http_list.h"
#include "http_names.h"
#include "http_referer.h"
#include "route_headers.h"

#define IS(data, len, literal) ((len) == sizeof literal - 1 && memcmp((data), (literal), sizeof literal - 1) == 0)

/* Names that are gone, and a bit for the length of each: X(name). */
#define DROPPED(X)                              \
  X("connection")                               \
  X("keep-alive")                               \
  X("proxy-connection")                         \
  X("transfer-encoding")                        \
  X("upgrade")                                  \
  X("x-envoy-expected-rq-timeout-ms")           \
  X("x-envoy-force-trace")                      \
  X("x-envoy-hedge-on-per-try-timeout")         \
  X("x-envoy-internal")                         \
  X("x-envoy-ip-tags")                          \
  X("x-envoy-max-retries")                      \
  X("x-envoy-original-url")                     \
  X("x-envoy-retriable-header-names")           \
  X("x-envoy-retriable-status-codes")           \
  X("x-envoy-retry-grpc-on")                    \
  X("x-envoy-retry-on")                         \
  X("x-envoy-upstream-alt-stat-name")           \
  X("x-envoy-upstream-rq-per-try-timeout-ms")   \
  X("x-envoy-upstream-rq-timeout-alt-response") \
  X("x-envoy-upstream-rq-timeout-ms")           \
  X("x-forwarded-client-cert")

#define LENGTH_BIT(name) | UINT64_C(1) << (sizeof name - 1)
#define DROPPED_LENGTHS (UINT64_C(0) DROPPED(LENGTH_BIT))
#define SAME_NAME(name) || IS(lower, len, name)

/* Whether no header that is dropped has a name of this length. */
static inline bool is_of_other_length(size_t len) { return len >= 64 || (DROPPED_LENGTHS >> len & 1) == 0; }

bool fp_header_is_dropped(const uint8_t *lower, size_t len) {
  if (is_of_other_length(len)) return false;
  return false DROPPED(SAME_NAME);
}

bool fp_header_is_of_upgrade(const uint8_t *name, size_t len) {
  return IS(name, len, "connection") || IS(name, len, "upgrade");
}

/* ---- what Connection says ---- */

static const fp_http_field *next_line(const fp_route_request *request, const fp_http_field *after, uint16_t id) {
  return fp_header_next(request, after, NULL, 0, id);
}

static fp_span value_of(const fp_route_request *request, const fp_http_field *field) {
  return (fp_span){request->data + field->value, field->value_len};
}

/* Whether Connection has this member, in any letter case. */
static bool has_option(const fp_route_request *request, const uint8_t *name, size_t len) {
  const fp_http_field *field = NULL;
  while ((field = next_line(request, field, FASTPATH_HTTP_NAME_CONNECTION)) != NULL) {
    fp_span list = value_of(request, field), member;
    while (fp_list_next(&list, &member)) {
      if (member.len == len && fp_http_same_name(member.data, name, len)) return true;
    }
  }
  return false;
}

typedef enum upgrade_kind {
  UPGRADE_NONE,
  UPGRADE_H2C, /* which Envoy does as if it had not been asked for */
  UPGRADE_OTHER
} upgrade_kind;

static upgrade_kind asked_upgrade(const fp_route_request *request) {
  static const uint8_t upgrade[] = "upgrade";
  const fp_http_field *field = NULL;
  uint32_t values = 0;
  bool h2c = false;
  if (next_line(request, NULL, FASTPATH_HTTP_NAME_UPGRADE) == NULL) return UPGRADE_NONE;
  if (!has_option(request, upgrade, sizeof upgrade - 1)) return UPGRADE_NONE;
  while ((field = next_line(request, field, FASTPATH_HTTP_NAME_UPGRADE)) != NULL) {
    const fp_span value = value_of(request, field);
    if (value.len == 0) continue;
    values++;
    h2c = fp_list_is_exactly(value, "h2c");
  }
  return values == 1 && h2c ? UPGRADE_H2C : UPGRADE_OTHER;
}

void fp_request_read_connection(const fp_route_request *request, uint64_t *nominated, bool *upgrade) {
  const fp_http_field *field = NULL;
  const upgrade_kind kind = asked_upgrade(request);
  *upgrade = kind == UPGRADE_OTHER;
  *nominated = kind == UPGRADE_H2C ? fp_asked_bit(sizeof "http2-settings" - 1) : 0;
  if (kind == UPGRADE_OTHER) return;
  while ((field = next_line(request, field, FASTPATH_HTTP_NAME_CONNECTION)) != NULL) {
    fp_span list = value_of(request, field), member;
    while (fp_list_next(&list, &member)) *nominated |= fp_asked_bit(member.len);
  }
}

bool fp_header_is_nominated_in_lines(const fp_route_request *request, const uint8_t *name, size_t len) {
  const fp_span named = {name, len};
  if (fp_list_is_exactly(named, "close")) return false; /* that says something else */
  if (fp_list_is_exactly(named, "http2-settings")) return asked_upgrade(request) == UPGRADE_H2C;
  return has_option(request, name, len);
}

/* ---- values that change ---- */

fp_span fp_request_te(const fp_route_request *request) {
  static const uint8_t te[] = "te", trailers[] = "trailers";
  const size_t len = sizeof trailers - 1;
  const fp_http_field *field = NULL;
  const bool nominated = has_option(request, te, sizeof te - 1);
  bool empty = false, filled = false;
  while ((field = next_line(request, field, FASTPATH_HTTP_NAME_TE)) != NULL) {
    fp_span list = value_of(request, field), member;
    while (fp_list_next(&list, &member)) {
      if (member.len != len) continue;
      if (nominated ? fp_http_same_name(member.data, trailers, len) : memcmp(member.data, trailers, len) == 0) {
        return (fp_span){trailers, len};
      }
    }
    *(field->value_len == 0 ? &empty : &filled) = true;
  }
  return (fp_span){empty && !filled && !nominated ? trailers : NULL, 0};
}

bool fp_request_referer_is_valid(const fp_route_request *request) {
  return fp_http_referer_is_valid(request->data, request->fields, request->field_count);
}

/* ---- the fields that are left ---- */

void fp_routed_fields_init(fp_routed_fields *fields, const fp_route_request *request) {
  bool connection = false, referer = false, upgrade = false;
  *fields = (fp_routed_fields){.request = request, .te = UINT32_MAX};
  for (uint32_t i = 0; i < request->field_count; i++) {
    const uint16_t id = request->fields[i].id;
    connection |= id == FASTPATH_HTTP_NAME_CONNECTION;
    referer |= id == HTTP_NAME_REFERER;
    if (id == FASTPATH_HTTP_NAME_TE && fields->te == UINT32_MAX) fields->te = i;
  }
  if (connection) fp_request_read_connection(request, &fields->nominated, &upgrade);
  fields->upgrade = upgrade;
  fields->drops_referer = referer && !fp_request_referer_is_valid(request);
}

/* Whether a field is gone; else its value may be another one. */
static bool is_gone(const fp_routed_fields *fields, uint32_t index, fp_span *value) {
  const fp_route_request *request = fields->request;
  const fp_http_field *field = &request->fields[index];
  const uint8_t *name = request->data + field->name;
  const size_t len = field->name_len;
  uint8_t lower[64];
  if (field->id == FASTPATH_HTTP_NAME_TE && !fields->upgrade) {
    *value = index == fields->te ? fp_request_te(request) : (fp_span){NULL, 0};
    return value->data == NULL;
  }
  if (field->id == HTTP_NAME_REFERER && fields->drops_referer) return true;
  if (!is_of_other_length(len)) {
    fp_domain_lower(lower, name, len);
    if (fp_header_is_dropped(lower, len)) return !fields->upgrade || !fp_header_is_of_upgrade(lower, len);
  }
  return (fields->nominated & fp_asked_bit(len)) != 0 && fp_header_is_nominated_in_lines(request, name, len);
}

int fp_routed_fields_next(const fp_routed_fields *fields, fp_span wanted, uint32_t *at, fp_span *name, fp_span *value) {
  const fp_route_request *request = fields->request;
  const uint16_t id = wanted.data == NULL ? 0 : fp_http_name_id(wanted.data, wanted.len);
  while (*at < request->field_count) {
    const uint32_t index = (*at)++;
    const fp_http_field *field = &request->fields[index];
    const uint8_t *here = request->data + field->name;
    if (wanted.data != NULL) {
      if (field->id != id) continue;
      if (id == 0 && (field->name_len != wanted.len || !fp_header_is_named(here, wanted.data, wanted.len))) continue;
    }
    *value = value_of(request, field);
    if (is_gone(fields, index, value)) continue;
    *name = (fp_span){here, field->name_len};
    return 1;
  }
  return 0;
}

int fp_routed_field_is_joined(const uint8_t *name, size_t len) {
  uint8_t lower[64]; /* no header whose lines are joined has a longer name */
  if (len > sizeof lower) return 0;
  fp_domain_lower(lower, name, len);
  return fp_header_lines_are_joined(lower, len);
}
