#include "condition_lists.h"

#include <string.h>

#include "bits.h"
#include "memory.h"

typedef struct {
  uint32_t hash;
  uint32_t route; /* its place plus 1; 0: an empty slot */
} slot;

static size_t text_len(const fp_condition *condition) { return (size_t)condition->name_len + condition->value_len; }

static const uint8_t *text_of(const fp_route_builder *builder, const fp_condition_spec *spec) {
  return (const uint8_t *)builder->text.items + spec->offset;
}

static uint32_t hash_of(const fp_route_builder *builder, const fp_route_spec *route) {
  const fp_condition_spec *specs = (const fp_condition_spec *)builder->conditions.items + route->conditions;
  uint64_t hash = (uint64_t)route->condition_count << 1 | fp_route_spec_tests_path(route);
  for (uint32_t i = 0; i < route->condition_count; i++) {
    const fp_condition *condition = &specs[i].condition;
    const uint8_t *text = text_of(builder, &specs[i]);
    size_t len = text_len(condition);
    hash = mix_word(hash, condition->kind | (uint64_t)condition->compare << 8 | (uint64_t)condition->flags << 16);
    hash = mix_word(hash, len);
    for (; len > 8; text += 8, len -= 8) hash = mix_word(hash, load64(text));
    if (len > 0) hash = mix_word(hash, load_short(text, len));
  }
  return (uint32_t)(hash >> 32);
}

/* What comparing takes beside the text. A regex is the same when its pattern is, which is the value. */
static bool same_operands(const fp_condition *a, const fp_condition *b) {
  switch ((fp_route_condition_kind)a->kind) {
    case FASTPATH_ROUTE_CONDITION_METADATA:
    case FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS: return a->attribute == b->attribute;
    case FASTPATH_ROUTE_CONDITION_FRACTION:
      return a->fraction.numerator == b->fraction.numerator && a->fraction.denominator == b->fraction.denominator;
    case FASTPATH_ROUTE_CONDITION_HEADER:
    case FASTPATH_ROUTE_CONDITION_QUERY:
    case FASTPATH_ROUTE_CONDITION_COOKIE:
    case FASTPATH_ROUTE_CONDITION_GRPC:
    case FASTPATH_ROUTE_CONDITION_TLS_PRESENTED:
    case FASTPATH_ROUTE_CONDITION_TLS_VALIDATED:
    case FASTPATH_ROUTE_CONDITION_FILTER_STATE: break;
  }
  return a->compare != FASTPATH_ROUTE_COMPARE_RANGE ||
         (a->range.start == b->range.start && a->range.end == b->range.end);
}

static bool same_conditions(const fp_route_builder *builder, const fp_route_spec *a, const fp_route_spec *b) {
  const fp_condition_spec *specs = builder->conditions.items;
  if (a->condition_count != b->condition_count || fp_route_spec_tests_path(a) != fp_route_spec_tests_path(b)) {
    return false;
  }
  for (uint32_t i = 0; i < a->condition_count; i++) {
    const fp_condition_spec *left = &specs[a->conditions + i], *right = &specs[b->conditions + i];
    const fp_condition *one = &left->condition, *other = &right->condition;
    if (one->kind != other->kind || one->compare != other->compare || one->flags != other->flags ||
        one->name_len != other->name_len || one->value_len != other->value_len ||
        !same_bytes(text_of(builder, left), text_of(builder, right), text_len(one)) || !same_operands(one, other)) {
      return false;
    }
  }
  return true;
}

fp_status fp_condition_lists_find(const fp_route_builder *builder, const fp_route_spec *routes, size_t count,
                                  uint32_t *first_with) {
  size_t with_conditions = 0, room = 16;
  slot *slots;
  for (size_t i = 0; i < count; i++) {
    first_with[i] = (uint32_t)i;
    with_conditions += routes[i].condition_count > 0;
  }
  if (with_conditions < 2) return FASTPATH_OK;
  while (room < 2 * with_conditions) room *= 2;
  slots = fp_memory_alloc(room * sizeof *slots);
  if (slots == NULL) return FASTPATH_ERR_MEMORY;
  memset(slots, 0, room * sizeof *slots);
  for (size_t i = 0; i < count; i++) {
    if (routes[i].condition_count == 0) continue;
    const uint32_t hash = hash_of(builder, &routes[i]);
    size_t at = hash & (room - 1);
    while (slots[at].route != 0 &&
           (slots[at].hash != hash || !same_conditions(builder, &routes[slots[at].route - 1], &routes[i]))) {
      at = (at + 1) & (room - 1);
    }
    if (slots[at].route == 0) slots[at] = (slot){hash, (uint32_t)i + 1};
    first_with[i] = slots[at].route - 1;
  }
  fp_memory_free(slots);
  return FASTPATH_OK;
}
