/*
 * fastpath/route_attributes.h - what is known of a request beside its head, and what conditions ask of it: dynamic
 * metadata (envoy.type.matcher.v3.MetadataMatcher) and filter state (envoy.type.matcher.v3.FilterStateMatcher).
 */
#ifndef FASTPATH_ROUTE_ATTRIBUTES_H
#define FASTPATH_ROUTE_ATTRIBUTES_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_VALUE_TEST_DEPTH_MAX 32 /* tests inside each other */

typedef enum fp_value_kind {
  FASTPATH_VALUE_NULL = 0,
  FASTPATH_VALUE_NUMBER = 1,
  FASTPATH_VALUE_TEXT = 2,
  FASTPATH_VALUE_BOOL = 3,
  FASTPATH_VALUE_STRUCT = 4,
  FASTPATH_VALUE_LIST = 5
} fp_value_kind;

/* A value as JSON has it. The caller's; all that it points to is borrowed for the call that takes it. */
typedef struct fp_value {
  uint8_t kind;  /* fp_value_kind */
  uint8_t truth; /* BOOL */
  fp_span name;  /* in a struct; of two with the same name the first counts */
  fp_span text;  /* TEXT */
  double number; /* NUMBER */
  const struct fp_value *items; /* STRUCT, LIST */
  size_t count;
} fp_value;

/* One object of the filter state. The caller's, as a value. */
typedef struct fp_filter_state {
  fp_span key;
  fp_span text;    /* as text; data NULL: it has none */
  fp_cidr address; /* family 0: it is none */
} fp_filter_state;

/* The caller's, as a value; zero bytes are nothing. Of two with the same name or key the first counts. */
typedef struct fp_route_attributes {
  const fp_value *metadata; /* a struct for each filter, by its name */
  size_t metadata_count;
  const fp_filter_state *filter_state;
  size_t filter_state_count;
} fp_route_attributes;

/* What is asked of a value (envoy.type.matcher.v3.ValueMatcher). A missing value passes no test. */
typedef enum fp_value_test_kind {
  FASTPATH_VALUE_TEST_NULL = 0,
  FASTPATH_VALUE_TEST_NUMBER = 1,   /* equal to `start` */
  FASTPATH_VALUE_TEST_RANGE = 2,    /* a number, start <= it < end */
  FASTPATH_VALUE_TEST_TEXT = 3,     /* compares with `text` */
  FASTPATH_VALUE_TEST_BOOL = 4,     /* equal to `truth` */
  FASTPATH_VALUE_TEST_PRESENT = 5,  /* it is there, and `truth` is set: otherwise the test never passes */
  FASTPATH_VALUE_TEST_ANY_ITEM = 6, /* a list, and an item of it passes the test that follows */
  FASTPATH_VALUE_TEST_ANY_OF = 7    /* it passes one of the `count` tests that follow */
} fp_value_test_kind;

/* One step of a test, in the order in which one reads it. The caller's; borrowed for the call that takes it. */
typedef struct fp_value_test {
  uint8_t kind;    /* fp_value_test_kind */
  uint8_t truth;
  uint8_t compare; /* TEXT: fp_route_compare, but neither PRESENT nor RANGE */
  uint8_t flags;   /* TEXT: FASTPATH_ROUTE_VALUE_IGNORE_CASE */
  uint32_t count;
  double start, end;
  fp_span text;
} fp_value_test;

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
