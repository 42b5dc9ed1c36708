/* route_condition.h - what a route asks of a request beside its path, compiled. */
#ifndef FASTPATH_INTERNAL_ROUTE_CONDITION_H
#define FASTPATH_INTERNAL_ROUTE_CONDITION_H

#include <fastpath/regex.h>
#include <fastpath/route.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "attribute_test.h"
#include "bits.h"
#include "route_headers.h"

/* Where the value of a header comes from. */
typedef enum fp_header_source {
  FP_HEADER_FIELD,
  FP_HEADER_GONE, /* never there */
  FP_HEADER_METHOD,
  FP_HEADER_PATH,
  FP_HEADER_AUTHORITY,
  FP_HEADER_SCHEME,
  FP_HEADER_TE,
  FP_HEADER_OF_UPGRADE, /* there when another protocol is asked for */
  FP_HEADER_REFERER,    /* there when it is valid */
  FP_HEADER_FORWARDED_PROTO /* the connection's scheme when there is no line of it */
} fp_header_source;

/* What most conditions are, which is told in few steps: an exact value of the method, or of a header's line. */
typedef enum fp_condition_shape {
  FP_CONDITION_ANY,
  FP_CONDITION_EXACT_METHOD,
  FP_CONDITION_EXACT_LINE
} fp_condition_shape;

/* A compiled condition. Its bytes are its owner's, its regex and its test are counted. */
typedef struct fp_condition {
  uint8_t kind;    /* fp_route_condition_kind */
  uint8_t compare; /* fp_route_compare */
  uint8_t flags;
  uint8_t source;  /* fp_header_source */
  uint8_t joined;  /* lines of this header are one list */
  uint8_t shape;   /* fp_condition_shape */
  uint16_t name_id; /* of a well-known header, else 0 */
  uint32_t name_len;
  uint32_t value_len;
  const uint8_t *name; /* of a header in lower case; of metadata the filter, of filter state the key */
  const uint8_t *value; /* in lower case when case is ignored */
  uint64_t name_beginning; /* load_beginning of the two */
  uint64_t value_beginning;
  union {
    uint64_t line;                /* of an exact line: fp_line_shape */
    fp_regex *regex;              /* of REGEX */
    fp_attribute_test *attribute; /* of METADATA and FILTER_STATE_ADDRESS */
    struct {
      int64_t start, end;
    } range;
    struct {
      uint32_t numerator, denominator;
    } fraction;
  };
} fp_condition;

_Static_assert(sizeof(fp_condition) == 64, "a condition is one cache line");

/* Whether it holds NUL, CR or LF. */
bool fp_condition_text_is_forbidden(fp_span text);

/* A regex of a route, over bytes as Envoy has them. Errors: CONFIG_REGEX, MEMORY. */
fp_status fp_condition_regex(const uint8_t *pattern, size_t len, fp_regex **regex, fp_error *error);

/* Whether this is a condition at all, before anything of it is copied. Errors: CONFIG_CONDITION, ARGUMENT. */
fp_status fp_condition_check(const fp_route_condition *from, fp_error *error);

/* How many bytes of text it needs once it has been checked. */
size_t fp_condition_text_len(const fp_route_condition *from);

/*
 * Compile what has been checked; name and value of the result point to copies in `text`, which has room for
 * fp_condition_text_len bytes. Errors as fp_route_builder_add_condition.
 */
fp_status fp_condition_new(const fp_route_condition *from, uint8_t *text, fp_condition *made, fp_error *error);

/* The value's part of the check, for comparisons that have no name. */
fp_status fp_condition_check_value(const fp_route_condition *from, fp_error *error);

void fp_condition_share(const fp_condition *condition); /* counts what a copy of it holds: its regex or its test */
void fp_condition_clear(const fp_condition *condition); /* drops them */
size_t fp_condition_size(const fp_condition *condition); /* bytes that they hold */

/* Whether this value is what the condition compares with: 1, 0, or an error (MEMORY). Threads: any. */
int fp_condition_compare(const fp_condition *with, fp_span value);

/*
 * The whole value of the header that a condition asks for, its lines put together with ',' between them; data NULL when
 * it is missing. It may lie in `joined`, which is to be cleared unless the answer is FASTPATH_ERR_MEMORY. Threads: any.
 */
fp_status fp_condition_header(const fp_condition *condition, const fp_asked_request *asked, fp_joined_header *joined,
                              fp_span *value);

/* The same for its first line only, unless its lines are one list. */
fp_status fp_condition_first_line(const fp_condition *condition, const fp_asked_request *asked,
                                  fp_joined_header *joined, fp_span *value);

/* What a line's lengths and its id are, in one word: most lines differ in it from the one that is looked for. */
static inline uint64_t fp_line_shape(const fp_http_field *field) {
  uint64_t word;
  _Static_assert(offsetof(fp_http_field, value_len) + sizeof word == sizeof *field, "two lengths and an id");
  memcpy(&word, (const uint8_t *)field + offsetof(fp_http_field, value_len), sizeof word);
  return word;
}

/* fp_condition_holds for those of any shape. */
int fp_condition_holds_any(const fp_condition *condition, fp_asked_request *asked);

/* Whether a value, of which data is NULL when it is missing, is exactly the condition's. */
static inline bool fp_condition_is_exactly(const fp_condition *condition, const uint8_t *data, size_t len) {
  return data != NULL && len == condition->value_len &&
         same_beginning(data, condition->value_beginning, condition->value, len);
}

/* Whether as many bytes as its name has are that, in any letter case. */
static inline bool fp_condition_names(const fp_condition *condition, const uint8_t *here) {
  return likely(same_beginning(here, condition->name_beginning, condition->name, condition->name_len)) ||
         fp_header_is_named_in_other_case(here, condition->name, condition->name_len);
}

/* Whether a line of the condition's header has exactly its value. */
static inline bool fp_condition_has_line(const fp_condition *condition, const fp_asked_request *asked) {
  const fp_route_request *request = asked->request;
  const uint8_t *const name = condition->name;
  const size_t len = condition->name_len;
  if (!fp_asked_may_have(asked, len, condition->name_id) || fp_header_is_nominated(asked, name, len)) return false;
  const fp_http_field *field = request->fields;
  for (uint32_t left = request->field_count; left > 0; left--, field++) {
    if (likely(fp_line_shape(field) != condition->line)) continue;
    if (condition->name_id == 0 && !fp_condition_names(condition, request->data + field->name)) continue;
    if (same_beginning(request->data + field->value, condition->value_beginning, condition->value, field->value_len)) {
      return true;
    }
  }
  return false;
}

/* 1 when it holds, 0 when not, or an error (MEMORY). Threads: one for each `asked`. */
static inline int fp_condition_holds(const fp_condition *condition, fp_asked_request *asked) {
  if (condition->shape == FP_CONDITION_EXACT_LINE) return fp_condition_has_line(condition, asked);
  if (condition->shape != FP_CONDITION_EXACT_METHOD) return fp_condition_holds_any(condition, asked);
  return fp_condition_is_exactly(condition, asked->request->method.data, asked->request->method.len);
}

#endif
