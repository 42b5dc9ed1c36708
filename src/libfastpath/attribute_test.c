#include "attribute_test.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "route_condition.h"

typedef struct value_node {
  uint8_t kind; /* fp_value_test_kind */
  uint8_t truth;
  uint32_t count; /* ANY_OF */
  uint32_t end;   /* the node after all that belongs to this one */
  double start, limit;
  fp_condition text; /* TEXT: how it compares; its value is the test's */
} value_node;

/* In one block, in this order. */
struct fp_attribute_test {
  _Atomic size_t references;
  size_t size;
  value_node *nodes;
  fp_span *path;
  fp_cidr *ranges;
  uint8_t *text;
  uint32_t node_count, path_len, range_count;
};

/* ---- compiling ---- */

typedef struct reader {
  const fp_value_test *steps;
  size_t count;
  uint8_t *text;
  fp_attribute_test *made;
  fp_error *error;
} reader;

static fp_status no_test(fp_error *error, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "%s", reason);
}

static fp_route_condition comparison_of(const fp_value_test *step) {
  return (fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_FILTER_STATE,
                              .compare = step->compare,
                              .flags = step->flags,
                              .value = step->text,
                              .denominator = 1};
}

static fp_status read_text(reader *of, const fp_value_test *step, value_node *node) {
  const fp_route_condition condition = comparison_of(step);
  fp_status status;
  if (step->compare == FASTPATH_ROUTE_COMPARE_PRESENT || step->compare >= FASTPATH_ROUTE_COMPARE_RANGE ||
      (step->flags & ~(unsigned)FASTPATH_ROUTE_VALUE_IGNORE_CASE) != 0) {
    return no_test(of->error, "no such comparison");
  }
  status = fp_condition_check_value(&condition, of->error);
  if (status >= 0) status = fp_condition_new(&condition, of->text, &node->text, of->error);
  if (status < 0) return status;
  of->text += step->text.len;
  of->made->size += fp_condition_size(&node->text);
  return FASTPATH_OK;
}

static fp_status read_test(reader *of, uint32_t depth) {
  fp_attribute_test *made = of->made;
  const fp_value_test *step;
  value_node *node;
  fp_status status = FASTPATH_OK;
  uint32_t inner = 0;
  if (made->node_count == of->count) return no_test(of->error, "the test ends too early");
  if (depth == FASTPATH_VALUE_TEST_DEPTH_MAX) {
    return fp_error_set(of->error, FASTPATH_ERR_CONFIG_CONDITION, 0, 0, "the tests of a value are nested too deeply");
  }
  step = &of->steps[made->node_count];
  node = &made->nodes[made->node_count];
  *node = (value_node){
      .kind = step->kind, .truth = step->truth, .count = step->count, .start = step->start, .limit = step->end};
  if (step->kind > FASTPATH_VALUE_TEST_ANY_OF) return no_test(of->error, "no such test of a value");
  if (step->kind == FASTPATH_VALUE_TEST_TEXT) status = read_text(of, step, node);
  if (status < 0) return status;
  made->node_count++; /* only now: what a refusal leaves behind has no regex to drop */
  if (step->kind == FASTPATH_VALUE_TEST_ANY_ITEM) inner = 1;
  if (step->kind == FASTPATH_VALUE_TEST_ANY_OF) inner = step->count;
  for (uint32_t i = 0; status >= 0 && i < inner; i++) status = read_test(of, depth + 1);
  node->end = made->node_count;
  return status;
}

/* Adds count items of a size to what a block needs. */
static bool add_room(size_t *room, size_t count, size_t size) {
  if (count > UINT32_MAX || count > (SIZE_MAX / 2 - *room) / size) return false;
  *room += count * size;
  return true;
}

static bool measure(const fp_route_condition *from, size_t *room) {
  *room = sizeof(fp_attribute_test);
  if (!add_room(room, from->test_count, sizeof(value_node)) || !add_room(room, from->path_len, sizeof(fp_span)) ||
      !add_room(room, from->range_count, sizeof(fp_cidr))) {
    return false;
  }
  for (size_t i = 0; i < from->path_len; i++) {
    if (!add_room(room, from->path[i].len, 1)) return false;
  }
  for (size_t i = 0; i < from->test_count; i++) {
    if (from->tests[i].kind == FASTPATH_VALUE_TEST_TEXT && !add_room(room, from->tests[i].text.len, 1)) return false;
  }
  return true;
}

static fp_status copy_path(fp_attribute_test *made, const fp_route_condition *from, uint8_t **text, fp_error *error) {
  for (size_t i = 0; i < from->path_len; i++) {
    const fp_span name = from->path[i];
    if (name.len == 0 || fp_condition_text_is_forbidden(name)) {
      return fp_error_set(error, FASTPATH_ERR_CONFIG_CONDITION, 0, i,
                          "a name in the path of metadata is empty, or holds NUL, CR or LF");
    }
    memcpy(*text, name.data, name.len);
    made->path[made->path_len++] = (fp_span){*text, name.len};
    *text += name.len;
  }
  return FASTPATH_OK;
}

static fp_status copy_ranges(fp_attribute_test *made, const fp_route_condition *from, fp_error *error) {
  for (size_t i = 0; i < from->range_count; i++) {
    if (from->ranges[i].family != 4 && from->ranges[i].family != 6)
      return no_test(error, "no such family of addresses");
    made->ranges[made->range_count++] = from->ranges[i];
  }
  return FASTPATH_OK;
}

fp_status fp_attribute_test_new(const fp_route_condition *from, fp_attribute_test **test, fp_error *error) {
  const bool metadata = from->kind == FASTPATH_ROUTE_CONDITION_METADATA;
  fp_attribute_test *made;
  reader of = {.steps = from->tests, .count = from->test_count, .error = error};
  fp_status status;
  size_t room;
  if (metadata && from->path_len == 0) {
    return fp_error_set(error, FASTPATH_ERR_CONFIG_CONDITION, 0, 0, "the path into the metadata is empty");
  }
  if (!measure(from, &room)) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "the condition is too large");
  made = fp_memory_alloc(room);
  if (made == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  *made = (fp_attribute_test){.size = room};
  atomic_init(&made->references, 1);
  made->nodes = (value_node *)(made + 1);
  made->path = (fp_span *)(made->nodes + from->test_count);
  made->ranges = (fp_cidr *)(made->path + from->path_len);
  made->text = of.text = (uint8_t *)(made->ranges + from->range_count);
  of.made = made;
  status = copy_path(made, from, &of.text, error);
  if (status >= 0) status = copy_ranges(made, from, error);
  if (status >= 0 && metadata) status = read_test(&of, 0);
  if (status >= 0 && made->node_count != of.count) status = no_test(error, "steps stand behind the test");
  if (status < 0) {
    fp_attribute_test_unref(made);
    return status;
  }
  *test = made;
  return FASTPATH_OK;
}

fp_attribute_test *fp_attribute_test_ref(fp_attribute_test *test) {
  atomic_fetch_add_explicit(&test->references, 1, memory_order_relaxed);
  return test;
}

void fp_attribute_test_unref(fp_attribute_test *test) {
  if (test == NULL || atomic_fetch_sub_explicit(&test->references, 1, memory_order_acq_rel) != 1) return;
  for (uint32_t i = 0; i < test->node_count; i++) {
    if (test->nodes[i].kind == FASTPATH_VALUE_TEST_TEXT) fp_condition_clear(&test->nodes[i].text);
  }
  fp_memory_free(test);
}

size_t fp_attribute_test_size(const fp_attribute_test *test) { return test->size; }

/* ---- metadata ---- */

static bool same(fp_span a, fp_span b) { return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0); }

static const fp_value *field_of(const fp_value *fields, size_t count, fp_span name) {
  for (size_t i = 0; i < count; i++) {
    if (same(fields[i].name, name)) return &fields[i];
  }
  return NULL;
}

static int passes(const fp_attribute_test *test, uint32_t number, const fp_value *value) {
  const value_node *node = &test->nodes[number];
  int passed = 0;
  switch ((fp_value_test_kind)node->kind) {
    case FASTPATH_VALUE_TEST_NULL: return value->kind == FASTPATH_VALUE_NULL;
    case FASTPATH_VALUE_TEST_NUMBER: return value->kind == FASTPATH_VALUE_NUMBER && value->number == node->start;
    case FASTPATH_VALUE_TEST_RANGE:
      return value->kind == FASTPATH_VALUE_NUMBER && value->number >= node->start && value->number < node->limit;
    case FASTPATH_VALUE_TEST_TEXT:
      return value->kind == FASTPATH_VALUE_TEXT ? fp_condition_compare(&node->text, value->text) : 0;
    case FASTPATH_VALUE_TEST_BOOL:
      return value->kind == FASTPATH_VALUE_BOOL && (value->truth != 0) == (node->truth != 0);
    case FASTPATH_VALUE_TEST_PRESENT: return node->truth != 0;
    case FASTPATH_VALUE_TEST_ANY_ITEM:
      if (value->kind != FASTPATH_VALUE_LIST) return 0;
      for (size_t i = 0; passed == 0 && i < value->count; i++) passed = passes(test, number + 1, &value->items[i]);
      return passed;
    case FASTPATH_VALUE_TEST_ANY_OF:
      for (uint32_t next = number + 1; passed == 0 && next < node->end; next = test->nodes[next].end) {
        passed = passes(test, next, value);
      }
      return passed;
  }
  return 0;
}

static bool is_inverted(const fp_condition *condition) { return (condition->flags & FASTPATH_ROUTE_INVERT) != 0; }

int fp_attribute_metadata_holds(const fp_condition *condition, const fp_route_attributes *attributes) {
  const fp_attribute_test *test = condition->attribute;
  const fp_span filter = {condition->name, condition->name_len};
  const fp_value *value =
      attributes == NULL ? NULL : field_of(attributes->metadata, attributes->metadata_count, filter);
  int passed;
  for (uint32_t i = 0; value != NULL && i < test->path_len; i++) {
    value = value->kind == FASTPATH_VALUE_STRUCT ? field_of(value->items, value->count, test->path[i]) : NULL;
  }
  passed = value == NULL ? 0 : passes(test, 0, value);
  return passed < 0 ? passed : (passed != 0) != is_inverted(condition);
}

/* ---- filter state ---- */

static const fp_filter_state *object_of(const fp_condition *condition, const fp_route_attributes *attributes) {
  const fp_span key = {condition->name, condition->name_len};
  for (size_t i = 0; attributes != NULL && i < attributes->filter_state_count; i++) {
    if (same(attributes->filter_state[i].key, key)) return &attributes->filter_state[i];
  }
  return NULL;
}

int fp_attribute_text_holds(const fp_condition *condition, const fp_route_attributes *attributes) {
  const fp_filter_state *object = object_of(condition, attributes);
  int matched;
  if (object == NULL || object->text.data == NULL) return 0;
  matched = fp_condition_compare(condition, object->text);
  return matched < 0 ? matched : (matched != 0) != is_inverted(condition);
}

static bool is_in_range(const fp_cidr *range, const fp_cidr *address) {
  const unsigned bits = range->family == 4 ? 32 : 128;
  const unsigned len = range->prefix_len < bits ? range->prefix_len : bits;
  const unsigned rest = len % 8;
  if (range->family != address->family || memcmp(range->address, address->address, len / 8) != 0) return false;
  return rest == 0 || (uint8_t)(range->address[len / 8] ^ address->address[len / 8]) >> (8 - rest) == 0;
}

int fp_attribute_address_holds(const fp_condition *condition, const fp_route_attributes *attributes) {
  const fp_attribute_test *test = condition->attribute;
  const fp_filter_state *object = object_of(condition, attributes);
  bool found = false;
  if (object == NULL || object->address.family == 0) return 0;
  for (uint32_t i = 0; !found && i < test->range_count; i++) found = is_in_range(&test->ranges[i], &object->address);
  return found != is_inverted(condition);
}
