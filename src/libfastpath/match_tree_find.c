/* Walking a tree of matchers. Each node is come to at most once. */
#include <stdbool.h>

#include "match_tree.h"

typedef struct walk {
  const fp_match_tree *tree;
  const fp_asked_request *asked;
  fp_joined_header joined; /* of the header that is looked at */
} walk;

/* Whether a test holds: 1, 0, or an error. */
static int holds(walk *of, const fp_condition *condition) {
  fp_span value;
  const fp_status status = fp_condition_header(condition, of->asked, &of->joined, &value);
  int same;
  if (status < 0) return (int)status;
  same = value.data == NULL ? 0 : fp_condition_compare(condition, value);
  fp_joined_header_clear(&of->joined);
  return same;
}

static int predicate_holds(walk *of, const fp_match_node *node) {
  const bool any = node->kind == FASTPATH_ROUTE_MATCHER_OR;
  const fp_match_node *part = node + 1;
  if (node->kind == FASTPATH_ROUTE_MATCHER_TEST) return holds(of, &of->tree->conditions[node->number]);
  if (node->kind == FASTPATH_ROUTE_MATCHER_NOT) {
    const int held = predicate_holds(of, part);
    return held < 0 ? held : !held;
  }
  for (uint32_t i = 0; i < node->count; i++) {
    const int held = predicate_holds(of, part);
    if (held < 0 || (held == 1) == any) return held;
    part = of->tree->nodes + part->end;
  }
  return !any;
}

static int decide(walk *of, const fp_match_node *node, uint32_t *list);

static int decide_by_entries(walk *of, const fp_match_node *node, uint32_t *list) {
  const fp_match_node *predicate = node + 1;
  for (uint32_t i = 0; i < node->count; i++) {
    const fp_match_node *target = of->tree->nodes + predicate->end;
    int found = predicate_holds(of, predicate);
    if (found == 1) found = decide(of, target, list);
    if (found != 0) return found;
    predicate = of->tree->nodes + target->end;
  }
  return 0;
}

static int decide_by_keys(walk *of, const fp_match_node *node, uint32_t *list) {
  const bool exact = node->kind == FASTPATH_ROUTE_MATCHER_EXACT_MAP;
  const fp_key *keys = of->tree->keys + node->keys;
  uint32_t at = FP_KEY_NONE;
  fp_span value;
  const fp_status status = fp_condition_header(&of->tree->conditions[node->number], of->asked, &of->joined, &value);
  if (status < 0) return (int)status;
  if (value.data != NULL) at = (exact ? fp_key_map_find : fp_key_map_find_prefix)(keys, node->count, value);
  fp_joined_header_clear(&of->joined);
  while (at != FP_KEY_NONE) {
    const int found = decide(of, of->tree->nodes + keys[at].number, list);
    if (found != 0) return found;
    at = exact ? FP_KEY_NONE : keys[at].parent;
  }
  return 0;
}

/* 1 when a list was found, 0 when not, or an error. */
static int decide(walk *of, const fp_match_node *node, uint32_t *list) {
  int found;
  if (node->kind == FASTPATH_ROUTE_MATCHER_ROUTES) {
    *list = node->number;
    return 1;
  }
  found = (node->kind == FASTPATH_ROUTE_MATCHER_LIST ? decide_by_entries : decide_by_keys)(of, node, list);
  return found == 0 && node->no_match != 0 ? decide(of, of->tree->nodes + node->no_match, list) : found;
}

fp_status fp_match_tree_find(const fp_match_tree *tree, const fp_asked_request *asked, uint32_t *list) {
  walk of = {.tree = tree, .asked = asked};
  const int found = decide(&of, tree->nodes, list);
  return found < 0 ? (fp_status)found : found == 1 ? FASTPATH_OK : FASTPATH_NONE;
}
