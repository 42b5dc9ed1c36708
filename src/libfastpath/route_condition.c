#include "route_condition.h"

#include <stdbool.h>
#include <string.h>

#include "bits.h"
#include "domain.h"
#include "error.h"
#include "memory.h"
#include "route_headers.h"
#include "text_find.h"

/* ---- compiling ---- */

static fp_status refuse(fp_error *error, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_CONFIG_CONDITION, 0, 0, "%s", reason);
}

bool fp_condition_text_is_forbidden(fp_span text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] == '\0' || text.data[i] == '\r' || text.data[i] == '\n') return true;
  }
  return false;
}

static bool is(const fp_condition *condition, const char *name) {
  return condition->name_len == strlen(name) && memcmp(condition->name, name, condition->name_len) == 0;
}

static void find_source(fp_condition *made) {
  made->source = FP_HEADER_FIELD;
  if (is(made, ":method")) {
    made->source = FP_HEADER_METHOD;
  } else if (is(made, ":path")) {
    made->source = FP_HEADER_PATH;
  } else if (is(made, ":authority") || is(made, "host")) {
    made->source = FP_HEADER_AUTHORITY;
  } else if (is(made, ":scheme")) {
    made->source = FP_HEADER_SCHEME;
  } else if (made->name[0] == ':') {
    made->source = FP_HEADER_GONE; /* no request has it */
  } else {
    made->name_id = fp_http_name_id(made->name, made->name_len);
    made->joined = fp_header_lines_are_joined(made->name, made->name_len);
    if (is(made, "x-forwarded-proto")) {
      made->source = FP_HEADER_FORWARDED_PROTO;
    } else if (is(made, "te")) {
      made->source = FP_HEADER_TE;
    } else if (is(made, "referer")) {
      made->source = FP_HEADER_REFERER;
    } else if (fp_header_is_of_upgrade(made->name, made->name_len)) {
      made->source = FP_HEADER_OF_UPGRADE;
    } else if (fp_header_is_dropped(made->name, made->name_len)) {
      made->source = FP_HEADER_GONE;
    }
  }
}

/* After its value has been read. */
static fp_condition_shape shape_of(const fp_condition *made) {
  const bool plain = made->kind == FASTPATH_ROUTE_CONDITION_HEADER && made->compare == FASTPATH_ROUTE_COMPARE_EXACT &&
                     made->flags == 0 && !made->joined;
  if (plain && made->source == FP_HEADER_METHOD) return FP_CONDITION_EXACT_METHOD;
  return plain && made->source == FP_HEADER_FIELD ? FP_CONDITION_EXACT_LINE : FP_CONDITION_ANY;
}

/* Those that look for something by its name. */
static bool is_named(uint8_t kind) {
  return kind <= FASTPATH_ROUTE_CONDITION_COOKIE || kind >= FASTPATH_ROUTE_CONDITION_METADATA;
}

static bool has_test(uint8_t kind) {
  return kind == FASTPATH_ROUTE_CONDITION_METADATA || kind == FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS;
}

/* Those of them that compare a text; the others have a test, or are about presence. */
static bool is_compared(uint8_t kind) { return is_named(kind) && !has_test(kind); }

fp_status fp_condition_check_value(const fp_route_condition *from, fp_error *error) {
  if (from->value.len > UINT32_MAX) return refuse(error, "the value is too long");
  if (from->compare != FASTPATH_ROUTE_COMPARE_REGEX && fp_condition_text_is_forbidden(from->value)) {
    return refuse(error, "the value holds NUL, CR or LF");
  }
  return FASTPATH_OK;
}

fp_status fp_condition_check(const fp_route_condition *from, fp_error *error) {
  const unsigned known = FASTPATH_ROUTE_INVERT | FASTPATH_ROUTE_MISSING_AS_EMPTY | FASTPATH_ROUTE_VALUE_IGNORE_CASE;
  const bool range = from->compare == FASTPATH_ROUTE_COMPARE_RANGE;
  if (from->kind > FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS || from->compare > FASTPATH_ROUTE_COMPARE_RANGE ||
      (from->flags & ~known) != 0 || (range && from->kind != FASTPATH_ROUTE_CONDITION_HEADER) ||
      (from->kind == FASTPATH_ROUTE_CONDITION_FRACTION && from->denominator == 0)) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "no such condition");
  }
  if (!is_named(from->kind)) return FASTPATH_OK;
  if (from->name.len == 0) return refuse(error, "the name is empty");
  if (from->name.len > UINT16_MAX) return refuse(error, "the name is too long");
  if (fp_condition_text_is_forbidden(from->name)) return refuse(error, "the name holds NUL, CR or LF");
  return is_compared(from->kind) ? fp_condition_check_value(from, error) : FASTPATH_OK;
}

size_t fp_condition_text_len(const fp_route_condition *from) {
  return is_named(from->kind) ? from->name.len + (is_compared(from->kind) ? from->value.len : 0) : 0;
}

fp_status fp_condition_regex(const uint8_t *pattern, size_t len, fp_regex **regex, fp_error *error) {
  fp_regex_limits limits;
  fp_regex_limits_default(&limits);
  limits.encoding = FASTPATH_REGEX_LATIN1;
  return fp_regex_new(pattern, len, &limits, regex, error);
}

/* What is compared, and how. */
static fp_status read_value(const fp_route_condition *from, uint8_t *text, fp_condition *made, fp_error *error) {
  made->value = text;
  made->value_len = (uint32_t)from->value.len;
  if ((from->flags & FASTPATH_ROUTE_VALUE_IGNORE_CASE) != 0 && from->compare != FASTPATH_ROUTE_COMPARE_REGEX) {
    fp_domain_lower(text, from->value.data, from->value.len);
  } else if (from->value.len > 0) {
    memcpy(text, from->value.data, from->value.len);
  }
  if (from->compare == FASTPATH_ROUTE_COMPARE_RANGE) {
    made->range.start = from->start;
    made->range.end = from->end;
  } else if (from->compare == FASTPATH_ROUTE_COMPARE_REGEX) {
    return fp_condition_regex(from->value.data, from->value.len, &made->regex, error);
  }
  return FASTPATH_OK;
}

fp_status fp_condition_new(const fp_route_condition *from, uint8_t *text, fp_condition *made, fp_error *error) {
  fp_status status = FASTPATH_OK;
  fp_condition result = {.kind = from->kind, .compare = from->compare, .flags = from->flags};
  if (is_named(from->kind)) {
    result.name = text;
    result.name_len = (uint32_t)from->name.len;
    if (from->kind == FASTPATH_ROUTE_CONDITION_HEADER) {
      fp_domain_lower(text, from->name.data, from->name.len);
      find_source(&result);
    } else if (from->name.len > 0) {
      memcpy(text, from->name.data, from->name.len);
    }
  }
  if (is_compared(from->kind)) {
    status = read_value(from, text + from->name.len, &result, error);
  } else {
    result.compare = FASTPATH_ROUTE_COMPARE_PRESENT;
    if (has_test(from->kind)) status = fp_attribute_test_new(from, &result.attribute, error);
  }
  if (from->kind == FASTPATH_ROUTE_CONDITION_FRACTION) {
    result.fraction.numerator = from->numerator;
    result.fraction.denominator = from->denominator;
  }
  result.name_beginning = load_beginning(result.name, result.name_len);
  result.value_beginning = load_beginning(result.value, result.value_len);
  result.shape = (uint8_t)shape_of(&result);
  if (result.shape == FP_CONDITION_EXACT_LINE) {
    const fp_http_field line = {
        .name_len = (uint16_t)result.name_len, .id = result.name_id, .value_len = result.value_len};
    result.line = fp_line_shape(&line);
  }
  if (status >= 0) *made = result;
  return status;
}

static bool has_regex(const fp_condition *condition) { return condition->compare == FASTPATH_ROUTE_COMPARE_REGEX; }

void fp_condition_share(const fp_condition *condition) {
  if (has_regex(condition)) (void)fp_regex_ref(condition->regex);
  if (has_test(condition->kind)) (void)fp_attribute_test_ref(condition->attribute);
}

void fp_condition_clear(const fp_condition *condition) {
  if (has_regex(condition)) fp_regex_unref(condition->regex);
  if (has_test(condition->kind)) fp_attribute_test_unref(condition->attribute);
}

size_t fp_condition_size(const fp_condition *condition) {
  if (has_test(condition->kind)) return fp_attribute_test_size(condition->attribute);
  return has_regex(condition) ? fp_regex_size(condition->regex) : 0;
}

/* ---- comparing one value ---- */

static inline uint8_t folded(uint8_t byte) { return (uint8_t)(byte - 'A') < 26 ? (uint8_t)(byte | 0x20) : byte; }

static inline bool equal(const uint8_t *a, const uint8_t *lower, size_t len, bool fold) {
  if (!fold) return same_bytes(a, lower, len);
  for (size_t i = 0; i < len; i++) {
    if (folded(a[i]) != lower[i]) return false;
  }
  return true;
}

/* A decimal number of 64 bits, with a sign or without. */
static bool read_number(fp_span text, int64_t *number) {
  const bool negative = text.len > 0 && text.data[0] == '-';
  const uint64_t most = (uint64_t)INT64_MAX + negative;
  uint64_t value = 0;
  size_t at = text.len > 0 && (negative || text.data[0] == '+') ? 1 : 0;
  if (at == text.len) return false;
  for (; at < text.len; at++) {
    const uint8_t digit = (uint8_t)(text.data[at] - '0');
    if (digit > 9 || value > (most - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *number = negative ? (int64_t)(~value + 1) : (int64_t)value;
  return true;
}

int fp_condition_compare(const fp_condition *with, fp_span value) {
  const bool fold = (with->flags & FASTPATH_ROUTE_VALUE_IGNORE_CASE) != 0;
  const size_t len = with->value_len;
  int64_t number;
  switch ((fp_route_compare)with->compare) {
    case FASTPATH_ROUTE_COMPARE_PRESENT: return 1;
    case FASTPATH_ROUTE_COMPARE_EXACT: return value.len == len && equal(value.data, with->value, len, fold);
    case FASTPATH_ROUTE_COMPARE_PREFIX: return value.len >= len && equal(value.data, with->value, len, fold);
    case FASTPATH_ROUTE_COMPARE_SUFFIX:
      return value.len >= len && (len == 0 || equal(value.data + (value.len - len), with->value, len, fold));
    case FASTPATH_ROUTE_COMPARE_CONTAINS: return fp_text_contains(value, (fp_span){with->value, len}, fold);
    case FASTPATH_ROUTE_COMPARE_REGEX: {
      const fp_status status = fp_regex_full_match(with->regex, value.data, value.len);
      return status < 0 ? (int)status : status == FASTPATH_OK;
    }
    case FASTPATH_ROUTE_COMPARE_RANGE:
      return read_number(value, &number) && number >= with->range.start && number < with->range.end;
  }
  return 0;
}

/* ---- conditions ---- */

/* `found` values were seen, of which one matched or none did; or an error. */
static int verdict(const fp_condition *condition, bool found, int matched) {
  const bool invert = (condition->flags & FASTPATH_ROUTE_INVERT) != 0;
  const bool as_empty = (condition->flags & FASTPATH_ROUTE_MISSING_AS_EMPTY) != 0;
  if (condition->compare == FASTPATH_ROUTE_COMPARE_PRESENT) return (found || as_empty) != invert;
  if (!found) {
    if (!as_empty) return 0;
    matched = fp_condition_compare(condition, (fp_span){(const uint8_t *)"", 0});
  }
  return matched < 0 ? matched : (matched != 0) != invert;
}

/* The next line of the condition's header, as fp_header_next. */
static inline const fp_http_field *next_line(const fp_condition *condition, const fp_route_request *request,
                                             const fp_http_field *after) {
  return fp_header_next(request, after, condition->name, condition->name_len, condition->name_id);
}

/* The first line of the condition's header, or NULL: also when Connection names it. */
static inline const fp_http_field *first_line(const fp_condition *condition, const fp_asked_request *asked) {
  if (!fp_asked_may_have(asked, condition->name_len, condition->name_id)) return NULL;
  if (fp_header_is_nominated(asked, condition->name, condition->name_len)) return NULL;
  return next_line(condition, asked->request, NULL);
}

static inline fp_span value_of(const fp_route_request *request, const fp_http_field *field) {
  return (fp_span){request->data + field->value, field->value_len};
}

/* Whether the lines of the request say it, rather than what Envoy makes of the request. */
static inline bool is_in_lines(const fp_condition *condition, const fp_asked_request *asked) {
  switch ((fp_header_source)condition->source) {
    case FP_HEADER_FIELD: return true;
    case FP_HEADER_TE:
    case FP_HEADER_OF_UPGRADE: return asked->upgrade;
    case FP_HEADER_REFERER: return fp_request_referer_is_valid(asked->request);
    case FP_HEADER_FORWARDED_PROTO:
      return fp_asked_may_have(asked, condition->name_len, condition->name_id) &&
             next_line(condition, asked->request, NULL) != NULL;
    default: return false;
  }
}

/* What is no header line; data NULL when it is missing. */
static fp_span pseudo_header(const fp_condition *condition, const fp_route_request *request) {
  switch ((fp_header_source)condition->source) {
    case FP_HEADER_METHOD: return request->method;
    case FP_HEADER_PATH: return request->path.len > 0 ? request->path : (fp_span){NULL, 0};
    case FP_HEADER_AUTHORITY: return request->authority;
    case FP_HEADER_SCHEME: return fp_request_scheme(request);
    case FP_HEADER_TE: return fp_request_te(request);
    case FP_HEADER_FORWARDED_PROTO: return fp_request_forwarded_proto(request);
    case FP_HEADER_OF_UPGRADE:
    case FP_HEADER_REFERER:
    case FP_HEADER_FIELD:
    case FP_HEADER_GONE: break;
  }
  return (fp_span){NULL, 0};
}

fp_status fp_condition_header(const fp_condition *condition, const fp_asked_request *asked, fp_joined_header *joined,
                              fp_span *value) {
  const fp_route_request *request = asked->request;
  const fp_http_field *line;
  joined->block = NULL;
  *value = (fp_span){NULL, 0};
  if (!is_in_lines(condition, asked)) {
    *value = pseudo_header(condition, request);
    return FASTPATH_OK;
  }
  line = first_line(condition, asked);
  if (line == NULL) return FASTPATH_OK;
  if (next_line(condition, request, line) != NULL) {
    return fp_header_join(joined, request, condition->name, condition->name_len, condition->name_id, !condition->joined,
                          value);
  }
  *value = value_of(request, line);
  return FASTPATH_OK;
}

fp_status fp_condition_first_line(const fp_condition *condition, const fp_asked_request *asked,
                                  fp_joined_header *joined, fp_span *value) {
  const fp_http_field *line;
  if (condition->joined || !is_in_lines(condition, asked)) {
    return fp_condition_header(condition, asked, joined, value);
  }
  joined->block = NULL;
  line = first_line(condition, asked);
  *value = line == NULL ? (fp_span){NULL, 0} : value_of(asked->request, line);
  return FASTPATH_OK;
}

/* The lines put together, of which there are several. */
static FASTPATH_NOINLINE int joined_holds(const fp_condition *condition, const fp_route_request *request) {
  fp_joined_header joined;
  fp_span value;
  int matched;
  const fp_status status =
      fp_header_join(&joined, request, condition->name, condition->name_len, condition->name_id, false, &value);
  if (status < 0) return (int)status;
  matched = fp_condition_compare(condition, value);
  fp_joined_header_clear(&joined);
  return verdict(condition, true, matched);
}

static int field_holds(const fp_condition *condition, const fp_asked_request *asked) {
  const fp_route_request *request = asked->request;
  const fp_http_field *line = first_line(condition, asked);
  int matched;
  if (line == NULL) return verdict(condition, false, 0);
  if (condition->joined && next_line(condition, request, line) != NULL) return joined_holds(condition, request);
  matched = fp_condition_compare(condition, value_of(request, line));
  while (matched == 0 && (line = next_line(condition, request, line)) != NULL) {
    matched = fp_condition_compare(condition, value_of(request, line));
  }
  return verdict(condition, true, matched);
}

static int header_holds(const fp_condition *condition, const fp_asked_request *asked) {
  fp_span value;
  if (is_in_lines(condition, asked)) return field_holds(condition, asked);
  value = pseudo_header(condition, asked->request);
  return verdict(condition, value.data != NULL, value.data == NULL ? 0 : fp_condition_compare(condition, value));
}

static bool same_lookup(const fp_lookup *lookup, const fp_condition *condition) {
  return lookup->kind == condition->kind && lookup->name_len == condition->name_len &&
         memcmp(lookup->name, condition->name, condition->name_len) == 0;
}

/* The query parameter or cookie that the condition asks for; data NULL when it is missing. */
static fp_span look_up(const fp_condition *condition, fp_asked_request *asked) {
  fp_lookup *made;
  fp_span value;
  bool found;
  for (uint32_t i = 0; i < asked->lookup_count && i < FP_LOOKUPS_MAX; i++) {
    if (same_lookup(&asked->lookups[i], condition)) return asked->lookups[i].value;
  }
  found = condition->kind == FASTPATH_ROUTE_CONDITION_QUERY
              ? fp_query_parameter(asked->request, condition->name, condition->name_len, &value)
              : fp_cookie(asked, condition->name, condition->name_len, &value);
  made = &asked->lookups[asked->lookup_count++ % FP_LOOKUPS_MAX];
  *made = (fp_lookup){.kind = condition->kind,
                      .name_len = condition->name_len,
                      .name = condition->name,
                      .value = found ? value : (fp_span){NULL, 0}};
  return made->value;
}

static int query_holds(const fp_condition *condition, fp_asked_request *asked) {
  const fp_span value = look_up(condition, asked);
  return verdict(condition, value.data != NULL, value.data == NULL ? 0 : fp_condition_compare(condition, value));
}

/* A missing cookie fails, and holds when inverted. */
static int cookie_holds(const fp_condition *condition, fp_asked_request *asked) {
  const fp_span value = look_up(condition, asked);
  const int matched = value.data == NULL ? 0 : fp_condition_compare(condition, value);
  return matched < 0 ? matched : (matched != 0) != ((condition->flags & FASTPATH_ROUTE_INVERT) != 0);
}

int fp_condition_holds_any(const fp_condition *condition, fp_asked_request *asked) {
  const fp_route_request *request = asked->request;
  const bool invert = (condition->flags & FASTPATH_ROUTE_INVERT) != 0;
  switch ((fp_route_condition_kind)condition->kind) {
    case FASTPATH_ROUTE_CONDITION_HEADER: return header_holds(condition, asked);
    case FASTPATH_ROUTE_CONDITION_QUERY: return query_holds(condition, asked);
    case FASTPATH_ROUTE_CONDITION_COOKIE: return cookie_holds(condition, asked);
    case FASTPATH_ROUTE_CONDITION_GRPC: return fp_request_is_grpc(asked) != invert;
    case FASTPATH_ROUTE_CONDITION_FRACTION:
      return request->random % condition->fraction.denominator < condition->fraction.numerator;
    case FASTPATH_ROUTE_CONDITION_TLS_PRESENTED:
      return ((request->flags & FASTPATH_ROUTE_REQUEST_TLS_PRESENTED) != 0) != invert;
    case FASTPATH_ROUTE_CONDITION_TLS_VALIDATED:
      return ((request->flags & FASTPATH_ROUTE_REQUEST_TLS_VALIDATED) != 0) != invert;
    case FASTPATH_ROUTE_CONDITION_METADATA: return fp_attribute_metadata_holds(condition, request->attributes);
    case FASTPATH_ROUTE_CONDITION_FILTER_STATE: return fp_attribute_text_holds(condition, request->attributes);
    case FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS:
      return fp_attribute_address_holds(condition, request->attributes);
  }
  return 0;
}
