/* naive_condition.h - whether a condition holds, from its definition in fastpath/route.h, a byte at a time. */
#ifndef FASTPATH_TESTS_NAIVE_CONDITION_H
#define FASTPATH_TESTS_NAIVE_CONDITION_H

#include <errno.h>
#include <fastpath/route.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "naive_regex.h"

enum {
  NAIVE_VALUE_MAX = 4096
};

static uint8_t naive_lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte; }

static bool naive_same(const uint8_t *a, const uint8_t *b, size_t len, bool ignore_case) {
  for (size_t i = 0; i < len; i++) {
    if (ignore_case ? naive_lower(a[i]) != naive_lower(b[i]) : a[i] != b[i]) return false;
  }
  return true;
}

static bool naive_is(fp_span text, const char *word, bool ignore_case) {
  return text.len == strlen(word) && naive_same(text.data, (const uint8_t *)word, text.len, ignore_case);
}

/* ---- one value ---- */

static bool naive_in_range(fp_span text, int64_t start, int64_t end) {
  char digits[NAIVE_VALUE_MAX];
  long long number;
  size_t i = 0;
  if (text.len == 0 || text.len >= sizeof digits) return false;
  memcpy(digits, text.data, text.len);
  digits[text.len] = '\0';
  if (digits[0] == '-' || digits[0] == '+') i = 1;
  if (i == text.len || strspn(digits + i, "0123456789") != text.len - i) return false;
  errno = 0;
  number = strtoll(digits, NULL, 10);
  return errno == 0 && number >= start && number < end;
}

static bool naive_value_matches(const fp_route_condition *with, fp_span value) {
  const bool fold = (with->flags & FASTPATH_ROUTE_VALUE_IGNORE_CASE) != 0;
  const size_t len = with->value.len;
  switch ((fp_route_compare)with->compare) {
    case FASTPATH_ROUTE_COMPARE_PRESENT: return true;
    case FASTPATH_ROUTE_COMPARE_EXACT: return value.len == len && naive_same(value.data, with->value.data, len, fold);
    case FASTPATH_ROUTE_COMPARE_PREFIX: return value.len >= len && naive_same(value.data, with->value.data, len, fold);
    case FASTPATH_ROUTE_COMPARE_SUFFIX:
      return value.len >= len && naive_same(value.data + value.len - len, with->value.data, len, fold);
    case FASTPATH_ROUTE_COMPARE_CONTAINS:
      for (size_t at = 0; at + len <= value.len; at++) {
        if (naive_same(value.data + at, with->value.data, len, fold)) return true;
      }
      return false;
    case FASTPATH_ROUTE_COMPARE_REGEX: return naive_regex_matches(with->value, value);
    case FASTPATH_ROUTE_COMPARE_RANGE: return naive_in_range(value, with->start, with->end);
  }
  return false;
}

/* ---- headers ---- */

static fp_span naive_field_name(const fp_route_request *request, uint32_t i) {
  return (fp_span){request->data + request->fields[i].name, request->fields[i].name_len};
}

static fp_span naive_field_value(const fp_route_request *request, uint32_t i) {
  return (fp_span){request->data + request->fields[i].value, request->fields[i].value_len};
}

/* Whether a line of Connection names this header: then it is for one hop, and gone. */
static bool naive_is_nominated(const fp_route_request *request, const char *name) {
  for (uint32_t i = 0; i < request->field_count; i++) {
    const fp_span list = naive_field_value(request, i);
    if (!naive_is(naive_field_name(request, i), "connection", true)) continue;
    for (size_t start = 0, end; start <= list.len; start = end + 1) {
      size_t first = start, last;
      for (end = start; end < list.len && list.data[end] != ',';) end++;
      for (last = end; first < last && (list.data[first] == ' ' || list.data[first] == '\t');) first++;
      while (last > first && (list.data[last - 1] == ' ' || list.data[last - 1] == '\t')) last--;
      if (naive_is((fp_span){list.data + first, last - first}, name, true)) return true;
    }
  }
  return false;
}

/* What Envoy keeps as one value, of the names that tests use. */
static bool naive_is_joined(const char *name) {
  static const char *const names[] = {"accept",       "via",     "user-agent",        "connection",
                                      "content-type", "upgrade", "x-forwarded-proto", "x-request-id"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return false;
}

/* Whether another protocol is asked for, of those that tests use. */
static bool naive_asks_upgrade(const fp_route_request *request) {
  for (uint32_t i = 0; i < request->field_count; i++) {
    if (naive_is(naive_field_name(request, i), "upgrade", true)) return naive_is_nominated(request, "upgrade");
  }
  return false;
}

/* What does not reach the routes, of the names that tests use. */
static bool naive_is_gone(const fp_route_request *request, const char *name) {
  if (strcmp(name, "x-envoy-internal") == 0) return true;
  if (naive_asks_upgrade(request)) return false;
  return strcmp(name, "connection") == 0 || strcmp(name, "upgrade") == 0 || naive_is_nominated(request, name);
}

/* The values of a header one by one; those of a joined one together. Returns how many of them there are, at most 64. */
static size_t naive_values(const fp_route_request *request, const char *name, fp_span *values, uint8_t *room) {
  size_t count = 0, len = 0;
  for (uint32_t i = 0; i < request->field_count; i++) {
    const fp_span value = naive_field_value(request, i);
    if (!naive_is(naive_field_name(request, i), name, true)) continue;
    if (!naive_is_joined(name)) {
      values[count++] = value;
      continue;
    }
    if (len > 0 && value.len > 0) room[len++] = ',';
    if (value.len > 0) memcpy(room + len, value.data, value.len);
    len += value.len;
    values[0] = (fp_span){room, len};
    count = 1;
  }
  return count;
}

static fp_span naive_text(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

/* data NULL: the request has none. */
static fp_span naive_forwarded_proto(const fp_route_request *request, uint8_t *room) {
  fp_span value = {NULL, 0};
  (void)naive_values(request, "x-forwarded-proto", &value, room);
  return value;
}

static fp_span naive_scheme(const fp_route_request *request, uint8_t *room) {
  if (request->flags & FASTPATH_ROUTE_REQUEST_TARGET_HTTPS) return naive_text("https");
  if (request->flags & FASTPATH_ROUTE_REQUEST_TARGET_HTTP) return naive_text("http");
  const fp_span proto = naive_forwarded_proto(request, room);
  if (proto.data != NULL && naive_is(proto, "https", true)) return naive_text("https");
  if (proto.data != NULL && naive_is(proto, "http", true)) return naive_text("http");
  return request->scheme;
}

/* The values of a header or pseudo header, as naive_values. */
static size_t naive_header_values(fp_span header, const fp_route_request *request, fp_span *values, uint8_t *room) {
  char name[64];
  size_t count = 0;
  for (size_t i = 0; i < header.len; i++) name[i] = (char)naive_lower(header.data[i]);
  name[header.len] = '\0';
  if (strcmp(name, ":method") == 0) {
    values[0] = request->method;
  } else if (strcmp(name, ":path") == 0) {
    values[0] = request->path.len == 0 ? (fp_span){NULL, 0} : request->path;
  } else if (strcmp(name, ":authority") == 0 || strcmp(name, "host") == 0) {
    values[0] = request->authority;
  } else if (strcmp(name, ":scheme") == 0) {
    values[0] = naive_scheme(request, room);
  } else if (!naive_is_gone(request, name)) {
    count = naive_values(request, name, values, room);
  }
  if (name[0] == ':' || strcmp(name, "host") == 0) count = values[0].data != NULL;
  if (strcmp(name, "x-forwarded-proto") == 0 && naive_forwarded_proto(request, room).data == NULL) {
    values[0] = request->scheme;
    count = request->scheme.len > 0;
  }
  return count;
}

static bool naive_header_holds(const fp_route_condition *with, const fp_route_request *request) {
  const bool invert = (with->flags & FASTPATH_ROUTE_INVERT) != 0;
  uint8_t room[NAIVE_VALUE_MAX];
  fp_span values[64];
  size_t count = naive_header_values(with->name, request, values, room);
  bool matched = false;
  if (count == 0 && (with->flags & FASTPATH_ROUTE_MISSING_AS_EMPTY)) values[count++] = naive_text("");
  if (with->compare == FASTPATH_ROUTE_COMPARE_PRESENT) return (count > 0) != invert;
  for (size_t i = 0; i < count; i++) matched = matched || naive_value_matches(with, values[i]);
  return count > 0 && matched != invert;
}

/* ---- the others ---- */

static bool naive_query_holds(const fp_route_condition *with, const fp_route_request *request) {
  const bool invert = (with->flags & FASTPATH_ROUTE_INVERT) != 0;
  const fp_span path = request->path;
  fp_span value = {NULL, 0};
  size_t start = 0, end;
  while (start < path.len && path.data[start] != '?') start++;
  for (start++; start < path.len && value.data == NULL; start = end + 1) {
    size_t equals = start;
    for (end = start; end < path.len && path.data[end] != '&';) end++;
    while (equals < end && path.data[equals] != '=') equals++;
    if (equals - start != with->name.len || !naive_same(path.data + start, with->name.data, equals - start, false)) {
      continue;
    }
    value = equals == end ? naive_text("") : (fp_span){path.data + equals + 1, end - equals - 1};
  }
  if (value.data == NULL && (with->flags & FASTPATH_ROUTE_MISSING_AS_EMPTY)) value = naive_text("");
  if (with->compare == FASTPATH_ROUTE_COMPARE_PRESENT) return (value.data != NULL) != invert;
  return value.data != NULL && naive_value_matches(with, value) != invert;
}

static bool naive_cookie_holds(const fp_route_condition *with, const fp_route_request *request) {
  const bool invert = (with->flags & FASTPATH_ROUTE_INVERT) != 0;
  for (uint32_t i = 0; i < request->field_count && !naive_is_gone(request, "cookie"); i++) {
    const fp_span line = naive_field_value(request, i);
    if (!naive_is(naive_field_name(request, i), "cookie", true)) continue;
    for (size_t start = 0, end; start < line.len; start = end + 1) {
      size_t equals;
      fp_span value;
      for (end = start; end < line.len && line.data[end] != ';';) end++;
      while (start < end && line.data[start] == ' ') start++;
      for (equals = start; equals < end && line.data[equals] != '=';) equals++;
      if (equals == end || equals - start != with->name.len ||
          !naive_same(line.data + start, with->name.data, with->name.len, false)) {
        continue;
      }
      value = (fp_span){line.data + equals + 1, end - equals - 1};
      if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"') {
        value = (fp_span){value.data + 1, value.len - 2};
      }
      return naive_value_matches(with, value) != invert;
    }
  }
  return invert;
}

static bool naive_is_grpc(const fp_route_request *request) {
  uint8_t room[NAIVE_VALUE_MAX];
  fp_span type = {NULL, 0};
  if (request->path.len == 0 || naive_is_gone(request, "content-type")) return false;
  if (naive_values(request, "content-type", &type, room) == 0) return false;
  return naive_is(type, "application/grpc", false) ||
         (type.len > 16 && naive_is((fp_span){type.data, 17}, "application/grpc+", false));
}

/* ---- metadata and filter state ---- */

static bool naive_equal(fp_span a, fp_span b) { return a.len == b.len && naive_same(a.data, b.data, a.len, false); }

/* Takes one test off the steps, and says whether the value, NULL when it is missing, passes it. */
static bool naive_passes(const fp_value_test **steps, const fp_value *value) {
  const fp_value_test *step = (*steps)++, *rest;
  const int kind = value == NULL ? -1 : value->kind;
  bool passed = false;
  switch ((fp_value_test_kind)step->kind) {
    case FASTPATH_VALUE_TEST_NULL: return kind == FASTPATH_VALUE_NULL;
    case FASTPATH_VALUE_TEST_NUMBER: return kind == FASTPATH_VALUE_NUMBER && value->number == step->start;
    case FASTPATH_VALUE_TEST_RANGE:
      return kind == FASTPATH_VALUE_NUMBER && !(value->number < step->start) && value->number < step->end;
    case FASTPATH_VALUE_TEST_TEXT: {
      const fp_route_condition with = {.compare = step->compare, .flags = step->flags, .value = step->text};
      return kind == FASTPATH_VALUE_TEXT && naive_value_matches(&with, value->text);
    }
    case FASTPATH_VALUE_TEST_BOOL: return kind == FASTPATH_VALUE_BOOL && !value->truth == !step->truth;
    case FASTPATH_VALUE_TEST_PRESENT: return value != NULL && step->truth;
    case FASTPATH_VALUE_TEST_ANY_ITEM:
      rest = *steps;
      (void)naive_passes(steps, NULL); /* it is read even if the list is empty, or none */
      for (size_t i = 0; kind == FASTPATH_VALUE_LIST && i < value->count; i++) {
        const fp_value_test *again = rest;
        passed = naive_passes(&again, &value->items[i]) || passed;
      }
      return passed;
    case FASTPATH_VALUE_TEST_ANY_OF:
      for (uint32_t i = 0; i < step->count; i++) passed = naive_passes(steps, value) || passed;
      return passed;
  }
  return false;
}

static const fp_value *naive_field(const fp_value *fields, size_t count, fp_span name) {
  for (size_t i = 0; i < count; i++) {
    if (naive_equal(fields[i].name, name)) return &fields[i];
  }
  return NULL;
}

static bool naive_metadata_holds(const fp_route_condition *with, const fp_route_request *request) {
  const fp_route_attributes *has = request->attributes;
  const fp_value_test *steps = with->tests;
  const fp_value *value = has == NULL ? NULL : naive_field(has->metadata, has->metadata_count, with->name);
  for (size_t i = 0; i < with->path_len && value != NULL; i++) {
    const bool is_struct = value->kind == FASTPATH_VALUE_STRUCT;
    value = is_struct ? naive_field(value->items, value->count, with->path[i]) : NULL;
  }
  return naive_passes(&steps, value);
}

static bool naive_lies_in(const fp_cidr *range, const fp_cidr *address) {
  const unsigned bits = range->family == 4 ? 32 : 128;
  if (range->family != address->family) return false;
  for (unsigned i = 0; i < range->prefix_len && i < bits; i++) {
    if ((range->address[i / 8] ^ address->address[i / 8]) >> (7 - i % 8) & 1) return false;
  }
  return true;
}

static bool naive_filter_state_holds(const fp_route_condition *with, const fp_route_request *request) {
  const fp_route_attributes *has = request->attributes;
  const bool invert = (with->flags & FASTPATH_ROUTE_INVERT) != 0;
  bool found = false;
  for (size_t i = 0; has != NULL && i < has->filter_state_count; i++) {
    const fp_filter_state *object = &has->filter_state[i];
    if (!naive_equal(object->key, with->name)) continue;
    if (with->kind == FASTPATH_ROUTE_CONDITION_FILTER_STATE) {
      return object->text.data != NULL && naive_value_matches(with, object->text) != invert;
    }
    for (size_t j = 0; j < with->range_count; j++) found = found || naive_lies_in(&with->ranges[j], &object->address);
    return object->address.family != 0 && found != invert;
  }
  return false;
}

static inline bool naive_condition_holds(const fp_route_condition *with, const fp_route_request *request) {
  const bool invert = (with->flags & FASTPATH_ROUTE_INVERT) != 0;
  switch ((fp_route_condition_kind)with->kind) {
    case FASTPATH_ROUTE_CONDITION_HEADER: return naive_header_holds(with, request);
    case FASTPATH_ROUTE_CONDITION_QUERY: return naive_query_holds(with, request);
    case FASTPATH_ROUTE_CONDITION_COOKIE: return naive_cookie_holds(with, request);
    case FASTPATH_ROUTE_CONDITION_GRPC: return naive_is_grpc(request) != invert;
    case FASTPATH_ROUTE_CONDITION_FRACTION: return request->random % with->denominator < with->numerator;
    case FASTPATH_ROUTE_CONDITION_TLS_PRESENTED:
      return ((request->flags & FASTPATH_ROUTE_REQUEST_TLS_PRESENTED) != 0) != invert;
    case FASTPATH_ROUTE_CONDITION_TLS_VALIDATED:
      return ((request->flags & FASTPATH_ROUTE_REQUEST_TLS_VALIDATED) != 0) != invert;
    case FASTPATH_ROUTE_CONDITION_METADATA: return naive_metadata_holds(with, request) != invert;
    case FASTPATH_ROUTE_CONDITION_FILTER_STATE:
    case FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS: return naive_filter_state_holds(with, request);
  }
  return false;
}

#endif
