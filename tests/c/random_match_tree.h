/*
 * random_match_tree.h - random trees of matchers, and which list of routes they lead to, from the definition in
 * fastpath/route_matcher.h: every way is gone, and of those that lead somewhere the right one is taken.
 */
#ifndef FASTPATH_TESTS_RANDOM_MATCH_TREE_H
#define FASTPATH_TESTS_RANDOM_MATCH_TREE_H

#include <fastpath/route_matcher.h>
#include <stdlib.h>

#include "random_request.h"

enum {
  TREE_STEPS_MAX = 600,
  TREE_NONE = -1
};

typedef struct {
  random_table *make; /* for its text; it has no routes */
  fp_route_matcher_step steps[TREE_STEPS_MAX];
  size_t count;
  uint32_t lists, routes;
} random_tree;

/* ---- making one ---- */

static fp_route_matcher_step *add_step(random_tree *tree, fp_route_matcher_kind kind, uint32_t count) {
  fp_route_matcher_step *step = &tree->steps[tree->count++];
  *step = (fp_route_matcher_step){.kind = (uint8_t)kind, .count = count};
  return step;
}

static fp_span random_tree_header(random_tree *tree) {
  random_source *from = tree->make->from;
  return keep_word(tree->make->table, random_header_names[below(from, one_in(from, 3) ? RANDOM_HEADER_NAMES : 4)]);
}

static void random_predicate(random_tree *tree, int depth) {
  random_source *from = tree->make->from;
  const size_t sort = depth == 0 ? 0 : below(from, 6);
  random_text value, sample;
  if (sort >= 3) {
    static const fp_route_matcher_kind kinds[] = {FASTPATH_ROUTE_MATCHER_AND, FASTPATH_ROUTE_MATCHER_OR,
                                                  FASTPATH_ROUTE_MATCHER_NOT};
    const uint32_t count = sort == 5 ? 1 : (uint32_t)below(from, 4);
    add_step(tree, kinds[sort - 3], sort == 5 ? 0 : count);
    for (uint32_t i = 0; i < count; i++) random_predicate(tree, depth - 1);
    return;
  }
  fp_route_matcher_step *step = add_step(tree, FASTPATH_ROUTE_MATCHER_TEST, 0);
  step->compare = (uint8_t)(FASTPATH_ROUTE_COMPARE_EXACT + below(from, 5));
  step->flags = one_in(from, 4) ? FASTPATH_ROUTE_MATCHER_IGNORE_CASE : 0;
  step->name = random_tree_header(tree);
  random_value_text(from, &value);
  if (step->compare == FASTPATH_ROUTE_COMPARE_REGEX) random_regex(from, "ab", &value, &sample);
  step->value = keep(tree->make->table, value.text, value.len);
}

static void random_target(random_tree *tree, int depth);

static bool has_key(const fp_span *keys, uint32_t count, fp_span key) {
  for (uint32_t i = 0; i < count; i++) {
    if (naive_equal(keys[i], key)) return true;
  }
  return false;
}

static void random_matcher(random_tree *tree, int depth) {
  random_source *from = tree->make->from;
  const size_t first = tree->count, kind = below(from, 3);
  uint32_t count = (uint32_t)below(from, 5);
  fp_span keys[4];
  add_step(tree, (fp_route_matcher_kind)kind, 0);
  if (kind != FASTPATH_ROUTE_MATCHER_LIST) tree->steps[first].name = random_tree_header(tree);
  for (uint32_t i = 0; i < count; i++) {
    random_text value;
    if (kind == FASTPATH_ROUTE_MATCHER_LIST) {
      random_predicate(tree, 3);
      random_target(tree, depth - 1);
      continue;
    }
    random_value_text(from, &value);
    keys[i] = keep(tree->make->table, value.text, value.len);
    if (has_key(keys, i, keys[i])) {
      count = i;
      break;
    }
    add_step(tree, FASTPATH_ROUTE_MATCHER_KEY, 0)->value = keys[i];
    random_target(tree, depth - 1);
  }
  tree->steps[first].count = count;
  if (one_in(from, 2)) {
    tree->steps[first].flags = FASTPATH_ROUTE_MATCHER_NO_MATCH;
    random_target(tree, depth - 1);
  }
}

static void random_target(random_tree *tree, int depth) {
  if (depth > 0 && tree->count + 200 < TREE_STEPS_MAX && !one_in(tree->make->from, 3)) {
    random_matcher(tree, depth);
    return;
  }
  const uint32_t routes = (uint32_t)below(tree->make->from, 3);
  add_step(tree, FASTPATH_ROUTE_MATCHER_ROUTES, routes);
  tree->routes += routes;
  tree->lists++;
}

/* ---- what it leads to ---- */

typedef struct {
  const fp_route_matcher_step *step; /* the next one */
  const fp_route_request *request;
  int lists; /* that were read so far */
} naive_walk;

/* The whole value of a header, its lines joined; false when it is missing. */
static bool naive_whole_value(const naive_walk *walk, fp_span header, uint8_t *whole, fp_span *value) {
  uint8_t room[NAIVE_VALUE_MAX];
  fp_span values[64];
  const size_t count = naive_header_values(header, walk->request, values, room);
  size_t len = 0;
  for (size_t i = 0; i < count; i++) {
    if (i > 0) whole[len++] = ',';
    if (values[i].len > 0) memcpy(whole + len, values[i].data, values[i].len);
    len += values[i].len;
  }
  *value = (fp_span){whole, len};
  return count > 0;
}

static bool naive_predicate(naive_walk *walk) {
  const fp_route_matcher_step *step = walk->step++;
  uint8_t whole[NAIVE_VALUE_MAX];
  fp_span value;
  bool all = true, any = false;
  if (step->kind == FASTPATH_ROUTE_MATCHER_TEST) {
    const bool fold = (step->flags & FASTPATH_ROUTE_MATCHER_IGNORE_CASE) != 0;
    const fp_route_condition with = {
        .compare = step->compare, .flags = fold ? FASTPATH_ROUTE_VALUE_IGNORE_CASE : 0, .value = step->value};
    return naive_whole_value(walk, step->name, whole, &value) && naive_value_matches(&with, value);
  }
  if (step->kind == FASTPATH_ROUTE_MATCHER_NOT) return !naive_predicate(walk);
  for (uint32_t i = 0; i < step->count; i++) {
    const bool holds = naive_predicate(walk);
    all = all && holds;
    any = any || holds;
  }
  return step->kind == FASTPATH_ROUTE_MATCHER_AND ? all : any;
}

/* The number of the list, or TREE_NONE. Everything of the target is read, whatever comes of it. */
static int naive_target(naive_walk *walk) {
  const fp_route_matcher_step *step = walk->step++;
  uint8_t whole[NAIVE_VALUE_MAX];
  fp_span value = {NULL, 0};
  bool there = false;
  int found = TREE_NONE, best = -1;
  if (step->kind == FASTPATH_ROUTE_MATCHER_ROUTES) return walk->lists++;
  if (step->kind != FASTPATH_ROUTE_MATCHER_LIST) there = naive_whole_value(walk, step->name, whole, &value);
  for (uint32_t i = 0; i < step->count; i++) {
    const fp_span key = walk->step->value;
    bool fits;
    if (step->kind == FASTPATH_ROUTE_MATCHER_LIST) {
      fits = naive_predicate(walk) && best < 0;
    } else {
      walk->step++;
      fits = there && naive_begins(value, key, false) && (int)key.len > best;
      if (step->kind == FASTPATH_ROUTE_MATCHER_EXACT_MAP) fits = fits && key.len == value.len;
    }
    const int target = naive_target(walk);
    if (!fits || target == TREE_NONE) continue;
    found = target;
    best = (int)key.len;
    if (step->kind == FASTPATH_ROUTE_MATCHER_LIST) best = 0;
  }
  if ((step->flags & FASTPATH_ROUTE_MATCHER_NO_MATCH) != 0) {
    const int target = naive_target(walk);
    if (found == TREE_NONE) found = target;
  }
  return found;
}

/* ---- the comparison ---- */

/* Makes a tree, and requests for it; returns how many of these were led to a list, or -1 when an answer was wrong. */
static int compare_match_tree(random_source *from, naive_table *naive, int requests) {
  static random_request request;
  static random_tree tree;
  random_table make = {.from = from, .table = naive, .letters = "/a"};
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  int led = 0;
  naive->hosts[0] = (naive_host){.domains = {naive_text("*")}, .domain_count = 1};
  naive->host_count = 1;
  naive->text_len = 0;
  tree = (random_tree){.make = &make};
  random_matcher(&tree, 4);
  if (builder == NULL || fp_route_builder_add_virtual_host(builder, NULL) < 0) return -1;
  for (uint32_t i = 0; i < tree.routes; i++) {
    if (fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, NULL, 0, 0, NULL) < 0) return -1;
  }
  if (fp_route_builder_set_matcher(builder, tree.steps, tree.count, NULL, NULL) < 0) return -1;
  if (fp_route_builder_build(builder, 0, &table, NULL) < 0) return -1;
  fp_route_builder_free(builder);
  for (int i = 0; i < requests && led >= 0; i++) {
    naive_walk walk = {.step = tree.steps};
    uint32_t list = 0;
    random_request_new(&make, &request);
    walk.request = &request.request;
    const int expected = naive_target(&walk);
    const fp_status status = fp_route_table_choose_list(table, 0, &request.request, &list);
    if (status != (expected == TREE_NONE ? FASTPATH_NONE : FASTPATH_OK)) led = -1;
    if (led >= 0 && expected != TREE_NONE) led = list == (uint32_t)expected ? led + 1 : -1;
    random_request_free(&request);
  }
  fp_route_table_unref(table);
  return led;
}

#endif
