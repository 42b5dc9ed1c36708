#include "match_tree.h"

#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "memory.h"

/* Reading the steps into a tree that has room for all of them. */
typedef struct reader {
  const fp_route_matcher_step *steps;
  size_t count;
  size_t at;      /* the next step; after an error, the one at fault */
  size_t routes;  /* how many there are */
  uint32_t depth;
  uint32_t node_count;
  uint32_t key_room;
  uint32_t key_count;
  uint8_t *text;
  fp_match_tree *tree;
  fp_error *error;
} reader;

static fp_status no_tree(reader *of, const char *reason) {
  return fp_error_set(of->error, FASTPATH_ERR_ARGUMENT, 0, 0, "%s", reason);
}

/* ---- one step ---- */

static bool is_matcher(uint8_t kind) { return kind <= FASTPATH_ROUTE_MATCHER_PREFIX_MAP; }
static bool is_map(uint8_t kind) { return is_matcher(kind) && kind != FASTPATH_ROUTE_MATCHER_LIST; }

static bool is_predicate(uint8_t kind) {
  return kind >= FASTPATH_ROUTE_MATCHER_TEST && kind <= FASTPATH_ROUTE_MATCHER_NOT;
}

static uint8_t known_flags(uint8_t kind) {
  if (is_matcher(kind)) return FASTPATH_ROUTE_MATCHER_NO_MATCH;
  return kind == FASTPATH_ROUTE_MATCHER_TEST ? FASTPATH_ROUTE_MATCHER_IGNORE_CASE : 0;
}

/* What a TEST asks, or which header a map looks at. */
static fp_route_condition condition_of(const fp_route_matcher_step *step) {
  fp_route_condition condition = {.kind = FASTPATH_ROUTE_CONDITION_HEADER,
                                  .compare = FASTPATH_ROUTE_COMPARE_PRESENT,
                                  .name = step->name,
                                  .denominator = 1};
  if (step->kind == FASTPATH_ROUTE_MATCHER_TEST) {
    condition.compare = step->compare;
    condition.value = step->value;
    if ((step->flags & FASTPATH_ROUTE_MATCHER_IGNORE_CASE) != 0) condition.flags = FASTPATH_ROUTE_VALUE_IGNORE_CASE;
  }
  return condition;
}

static fp_status add_condition(reader *of, const fp_route_matcher_step *step) {
  const fp_route_condition condition = condition_of(step);
  fp_match_tree *tree = of->tree;
  fp_status status;
  if (step->kind == FASTPATH_ROUTE_MATCHER_TEST &&
      (step->compare == FASTPATH_ROUTE_COMPARE_PRESENT || step->compare >= FASTPATH_ROUTE_COMPARE_RANGE)) {
    return no_tree(of, "no such comparison");
  }
  status = fp_condition_check(&condition, of->error);
  if (status >= 0) status = fp_condition_new(&condition, of->text, &tree->conditions[tree->condition_count], of->error);
  if (status < 0) return status;
  of->text += fp_condition_text_len(&condition);
  tree->size += fp_condition_size(&tree->conditions[tree->condition_count++]);
  return FASTPATH_OK;
}

/* NULL when there is none, which is FASTPATH_ERR_ARGUMENT. */
static const fp_route_matcher_step *next_step(reader *of) {
  const fp_route_matcher_step *step;
  if (of->at == of->count) {
    (void)no_tree(of, "the steps end too early");
    return NULL;
  }
  step = &of->steps[of->at];
  if (step->kind > FASTPATH_ROUTE_MATCHER_ROUTES || (step->flags & ~known_flags(step->kind)) != 0) {
    (void)no_tree(of, "no such step");
    return NULL;
  }
  return step;
}

/* The node for the step, which is taken. */
static fp_match_node *add_node(reader *of, const fp_route_matcher_step *step) {
  fp_match_node *node = &of->tree->nodes[of->node_count++];
  *node = (fp_match_node){.kind = step->kind, .count = step->count};
  of->at++;
  return node;
}

/* ---- what consists of several ---- */

static fp_status read_target(reader *of);

static fp_status go_deeper(reader *of) {
  if (++of->depth <= FASTPATH_ROUTE_MATCHER_DEPTH_MAX) return FASTPATH_OK;
  return no_tree(of, "the matchers are nested too deeply");
}

static fp_status read_predicate(reader *of) {
  const fp_route_matcher_step *step = next_step(of);
  fp_match_node *node;
  fp_status status = FASTPATH_OK;
  if (step == NULL) return FASTPATH_ERR_ARGUMENT;
  if (!is_predicate(step->kind)) return no_tree(of, "expected a predicate");
  if (step->kind == FASTPATH_ROUTE_MATCHER_TEST) {
    status = add_condition(of, step);
    if (status < 0) return status;
    node = add_node(of, step);
    node->number = of->tree->condition_count - 1;
  } else {
    status = go_deeper(of);
    if (status < 0) return status;
    node = add_node(of, step);
    if (step->kind == FASTPATH_ROUTE_MATCHER_NOT) node->count = 1;
    for (uint32_t i = 0; status >= 0 && i < node->count; i++) status = read_predicate(of);
    of->depth--;
  }
  node->end = of->node_count;
  return status;
}

static fp_status read_entries(reader *of, uint32_t count) {
  fp_status status = FASTPATH_OK;
  for (uint32_t i = 0; status >= 0 && i < count; i++) {
    status = read_predicate(of);
    if (status >= 0) status = read_target(of);
  }
  return status;
}

static fp_status read_key(reader *of, fp_key *key) {
  const fp_route_matcher_step *step = next_step(of);
  if (step == NULL) return FASTPATH_ERR_ARGUMENT;
  if (step->kind != FASTPATH_ROUTE_MATCHER_KEY) return no_tree(of, "expected a key");
  if (fp_condition_text_is_forbidden(step->value)) {
    return fp_error_set(of->error, FASTPATH_ERR_CONFIG_CONDITION, 0, 0, "the key holds NUL, CR or LF");
  }
  *key = (fp_key){.data = of->text, .len = (uint32_t)step->value.len, .number = of->node_count};
  if (step->value.len > 0) memcpy(of->text, step->value.data, step->value.len);
  of->text += step->value.len;
  of->at++;
  return read_target(of);
}

/* The places of a map's keys are set aside first, since maps inside it have keys too. */
static fp_status read_keys(reader *of, fp_match_node *node) {
  fp_key *keys = of->tree->keys + of->key_count;
  const size_t step = of->at - 1;
  fp_status status = FASTPATH_OK;
  if (node->count > of->key_room - of->key_count) return no_tree(of, "there are fewer keys than that");
  node->keys = of->key_count;
  of->key_count += node->count;
  for (uint32_t i = 0; status >= 0 && i < node->count; i++) status = read_key(of, &keys[i]);
  if (status < 0 || fp_key_map_build(keys, node->count)) return status;
  of->at = step;
  return fp_error_set(of->error, FASTPATH_ERR_CONFIG_CONDITION, 0, 0, "the map has the same key twice");
}

static fp_status read_matcher(reader *of) {
  const fp_route_matcher_step *step = next_step(of);
  fp_match_node *node;
  fp_status status;
  if (step == NULL) return FASTPATH_ERR_ARGUMENT;
  if (!is_matcher(step->kind)) return no_tree(of, "expected a matcher");
  status = go_deeper(of);
  if (status >= 0 && is_map(step->kind)) status = add_condition(of, step);
  if (status < 0) return status;
  node = add_node(of, step);
  if (is_map(step->kind)) {
    node->number = of->tree->condition_count - 1;
    status = read_keys(of, node);
  } else {
    status = read_entries(of, node->count);
  }
  if (status >= 0 && (step->flags & FASTPATH_ROUTE_MATCHER_NO_MATCH) != 0) {
    node->no_match = of->node_count;
    status = read_target(of);
  }
  node->end = of->node_count;
  of->depth--;
  return status;
}

static fp_status read_target(reader *of) {
  const fp_route_matcher_step *step = next_step(of);
  fp_match_tree *tree = of->tree;
  fp_match_node *node;
  if (step == NULL) return FASTPATH_ERR_ARGUMENT;
  if (step->kind != FASTPATH_ROUTE_MATCHER_ROUTES) return read_matcher(of);
  if (step->count > of->routes - tree->lists[tree->list_count]) return no_tree(of, "there are fewer routes than that");
  node = add_node(of, step);
  node->number = tree->list_count++;
  node->end = of->node_count;
  tree->lists[tree->list_count] = tree->lists[tree->list_count - 1] + step->count;
  return FASTPATH_OK;
}

static fp_status read_all(reader *of) {
  const fp_status status = read_matcher(of);
  if (status < 0) return status;
  if (of->at < of->count) return no_tree(of, "there are steps behind the tree");
  if (of->tree->lists[of->tree->list_count] < of->routes) return no_tree(of, "there are routes that nothing leads to");
  return FASTPATH_OK;
}

/* ---- room for all of it ---- */

typedef struct room {
  size_t conditions, keys, lists, text;
} room;

static fp_status measure(const fp_route_matcher_step *steps, size_t count, room *needed, fp_error *error) {
  bool fits = count < UINT32_MAX;
  for (size_t i = 0; fits && i < count; i++) {
    const size_t name = steps[i].name.len, value = steps[i].value.len;
    needed->conditions += is_map(steps[i].kind) || steps[i].kind == FASTPATH_ROUTE_MATCHER_TEST;
    needed->keys += steps[i].kind == FASTPATH_ROUTE_MATCHER_KEY;
    needed->lists += steps[i].kind == FASTPATH_ROUTE_MATCHER_ROUTES;
    fits = name < UINT32_MAX && value < UINT32_MAX && needed->text <= SIZE_MAX / 4;
    needed->text += name + value;
  }
  return fits ? FASTPATH_OK : fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "the matcher is too large");
}

static void *allocate(fp_match_tree *tree, size_t count, size_t item_size) {
  void *items = count > SIZE_MAX / item_size ? NULL : fp_memory_alloc(count == 0 ? 1 : count * item_size);
  tree->size += count * item_size;
  return items;
}

static fp_match_tree *new_tree(size_t count, const room *needed) {
  fp_match_tree *made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return NULL;
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  made->size = sizeof *made;
  made->nodes = allocate(made, count, sizeof *made->nodes);
  made->conditions = allocate(made, needed->conditions, sizeof *made->conditions);
  made->keys = allocate(made, needed->keys, sizeof *made->keys);
  made->lists = allocate(made, needed->lists + 1, sizeof *made->lists);
  made->text = allocate(made, needed->text, 1);
  if (made->nodes == NULL || made->conditions == NULL || made->keys == NULL || made->lists == NULL ||
      made->text == NULL) {
    fp_match_tree_unref(made);
    return NULL;
  }
  made->lists[0] = 0;
  return made;
}

fp_status fp_match_tree_new(const fp_route_matcher_step *steps, size_t count, size_t routes, fp_match_tree **tree,
                            size_t *step, fp_error *error) {
  reader of = {.steps = steps, .count = count, .routes = routes, .error = error};
  room needed = {0, 0, 0, 0};
  fp_status status = measure(steps, count, &needed, error);
  *step = 0;
  if (status < 0) return status;
  of.tree = new_tree(count, &needed);
  if (of.tree == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  of.key_room = (uint32_t)needed.keys;
  of.text = of.tree->text;
  status = read_all(&of);
  if (status < 0) {
    *step = of.at;
    fp_match_tree_unref(of.tree);
    return status;
  }
  *tree = of.tree;
  return FASTPATH_OK;
}

fp_match_tree *fp_match_tree_ref(fp_match_tree *tree) {
  atomic_fetch_add_explicit(&tree->references, 1, memory_order_relaxed);
  return tree;
}

void fp_match_tree_unref(fp_match_tree *tree) {
  if (tree == NULL || atomic_fetch_sub_explicit(&tree->references, 1, memory_order_acq_rel) != 1) return;
  for (uint32_t i = 0; i < tree->condition_count; i++) fp_condition_clear(&tree->conditions[i]);
  fp_memory_free(tree->nodes);
  fp_memory_free(tree->conditions);
  fp_memory_free(tree->keys);
  fp_memory_free(tree->text);
  fp_memory_free(tree->lists);
  fp_memory_free(tree);
}
