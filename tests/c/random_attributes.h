/*
 * random_attributes.h - metadata and filter state of requests, and conditions on them, of few names and values. What is
 * drawn is drawn in statements of its own: the parts of an initialiser have no order.
 */
#ifndef FASTPATH_TESTS_RANDOM_ATTRIBUTES_H
#define FASTPATH_TESTS_RANDOM_ATTRIBUTES_H

#include "naive_router.h"
#include "random_bytes.h"

enum {
  RANDOM_VALUES_MAX = 64,
  RANDOM_OBJECTS = 2
};

/* What a request has, with all that it borrows. */
typedef struct {
  fp_route_attributes attributes;
  fp_value values[RANDOM_VALUES_MAX];
  size_t value_count;
  fp_filter_state objects[RANDOM_OBJECTS];
} random_attributes;

static fp_span random_attribute_word(random_source *from) {
  static const char *const words[] = {"a", "b", "ab", "A"};
  return naive_text(random_word_of(from, words, sizeof words / sizeof *words));
}

/* ---- what a request has ---- */

static void random_items(random_source *from, random_attributes *made, fp_value *of, size_t most, int depth);

static void random_value(random_source *from, random_attributes *made, fp_value *value, int depth) {
  *value = (fp_value){.kind = (uint8_t)below(from, depth > 0 ? 6 : 4)};
  value->truth = (uint8_t)below(from, 2);
  value->name = random_attribute_word(from);
  value->text = random_attribute_word(from);
  value->number = (double)below(from, 3);
  if (value->kind >= FASTPATH_VALUE_STRUCT) random_items(from, made, value, 4, depth - 1);
}

static void random_items(random_source *from, random_attributes *made, fp_value *of, size_t most, int depth) {
  fp_value *items = made->values + made->value_count;
  const size_t count = below(from, most);
  if (count > RANDOM_VALUES_MAX - made->value_count) return;
  made->value_count += count;
  of->items = items;
  of->count = count;
  for (size_t i = 0; i < count; i++) random_value(from, made, &items[i], depth);
}

static fp_cidr random_cidr(random_source *from) {
  fp_cidr made = {.family = one_in(from, 3) ? 6 : 4};
  made.prefix_len = (uint8_t)below(from, 34);
  made.address[0] = (uint8_t)(10 + below(from, 2));
  made.address[1] = (uint8_t)(below(from, 2) << 7);
  made.address[3] = (uint8_t)below(from, 4);
  return made;
}

static void random_attributes_new(random_source *from, random_attributes *made) {
  fp_value root = {.kind = FASTPATH_VALUE_STRUCT};
  made->value_count = 0;
  random_items(from, made, &root, 3, 3);
  for (size_t i = 0; i < root.count; i++) {
    fp_value *filter = &made->values[i]; /* where the root's items are */
    if (filter->kind != FASTPATH_VALUE_LIST) filter->kind = FASTPATH_VALUE_STRUCT;
  }
  for (size_t i = 0; i < RANDOM_OBJECTS; i++) {
    made->objects[i] = (fp_filter_state){.key = random_attribute_word(from)};
    made->objects[i].address = random_cidr(from);
    if (!one_in(from, 8)) made->objects[i].text = random_attribute_word(from);
    if (one_in(from, 3)) made->objects[i].address.family = 0;
  }
  made->attributes = (fp_route_attributes){root.items, root.count, made->objects, below(from, RANDOM_OBJECTS + 1)};
}

/* ---- what is asked of it ---- */

static void random_test(random_source *from, naive_table *table, int depth) {
  fp_value_test *step = &table->tests[table->test_count++];
  const bool deeper = depth > 0 && table->test_count + 16 < NAIVE_PARTS_MAX;
  *step = (fp_value_test){.kind = (uint8_t)below(from, deeper ? 8 : 6)};
  step->truth = !one_in(from, 4);
  step->compare = (uint8_t)(1 + below(from, 4));
  step->flags = one_in(from, 4) ? FASTPATH_ROUTE_VALUE_IGNORE_CASE : 0;
  step->start = (double)below(from, 3);
  step->end = (double)below(from, 4);
  step->text = random_attribute_word(from);
  if (step->kind == FASTPATH_VALUE_TEST_TEXT && one_in(from, 4)) {
    step->compare = FASTPATH_ROUTE_COMPARE_REGEX;
    step->text = naive_text("a+b*");
  }
  if (step->kind == FASTPATH_VALUE_TEST_ANY_ITEM) random_test(from, table, depth - 1);
  if (step->kind == FASTPATH_VALUE_TEST_ANY_OF) {
    step->count = (uint32_t)below(from, 4);
    for (uint32_t i = step->count; i > 0; i--) random_test(from, table, depth - 1);
  }
}

/* Makes the condition one on metadata or filter state; otherwise it stays what it is. */
static void random_attribute_condition(random_source *from, naive_table *table, fp_route_condition *made) {
  const size_t parts = table->key_count > table->test_count ? table->key_count : table->test_count;
  if (parts + 64 > NAIVE_PARTS_MAX || table->range_count + 3 > NAIVE_PARTS_MAX) return;
  *made = (fp_route_condition){.kind = (uint8_t)(FASTPATH_ROUTE_CONDITION_METADATA + below(from, 3)), .denominator = 1};
  made->compare = (uint8_t)(1 + below(from, 4));
  made->flags = one_in(from, 3) ? FASTPATH_ROUTE_INVERT : 0;
  made->name = random_attribute_word(from);
  if (made->kind == FASTPATH_ROUTE_CONDITION_METADATA) {
    made->path = table->keys + table->key_count;
    made->path_len = 1 + below(from, 3);
    for (size_t i = 0; i < made->path_len; i++) table->keys[table->key_count++] = random_attribute_word(from);
    made->tests = table->tests + table->test_count;
    random_test(from, table, 3);
    made->test_count = (size_t)(table->tests + table->test_count - made->tests);
  } else if (made->kind == FASTPATH_ROUTE_CONDITION_FILTER_STATE) {
    made->value = random_attribute_word(from);
  } else {
    made->ranges = table->ranges + table->range_count;
    made->range_count = below(from, 3);
    for (size_t i = 0; i < made->range_count; i++) table->ranges[table->range_count++] = random_cidr(from);
  }
}

#endif
