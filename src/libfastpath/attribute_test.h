/* attribute_test.h - what a condition asks of a request's metadata or filter state, compiled. */
#ifndef FASTPATH_INTERNAL_ATTRIBUTE_TEST_H
#define FASTPATH_INTERNAL_ATTRIBUTE_TEST_H

#include <fastpath/route.h>

struct fp_condition;

/* Shared, atomic count; immutable. */
typedef struct fp_attribute_test fp_attribute_test;

/*
 * Copies the path, tests and ranges of a condition. Errors: CONFIG_CONDITION, CONFIG_REGEX, ARGUMENT, OVERFLOW, MEMORY.
 */
fp_status fp_attribute_test_new(const fp_route_condition *from, fp_attribute_test **test, fp_error *error);
fp_attribute_test *fp_attribute_test_ref(fp_attribute_test *test);
void fp_attribute_test_unref(fp_attribute_test *test); /* NULL is allowed */
size_t fp_attribute_test_size(const fp_attribute_test *test);

/* Whether the condition, which has such a test, holds: 1, 0, or an error (MEMORY). `attributes` may be NULL. */
int fp_attribute_metadata_holds(const struct fp_condition *condition, const fp_route_attributes *attributes);
int fp_attribute_address_holds(const struct fp_condition *condition, const fp_route_attributes *attributes);

/* The same of a condition on the text of an object. */
int fp_attribute_text_holds(const struct fp_condition *condition, const fp_route_attributes *attributes);

#endif
