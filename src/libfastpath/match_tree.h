/*
 * match_tree.h - a tree of matchers, compiled: from a request's headers to the number of a list of routes.
 *
 *   nodes, as one reads the tree         LIST :method == GET --> ROUTES 0
 *     0 LIST   end 5                     |    else
 *     1 TEST   end 2                     `--- PREFIX_MAP x-user: "a" --> ROUTES 1
 *     2 ROUTES end 3
 *     3 PREFIX_MAP end 5, keys 0..1
 *     4 ROUTES end 5
 *
 * A node's `end` is the node after all that belongs to it, so that what is passed over costs one step.
 */
#ifndef FASTPATH_INTERNAL_MATCH_TREE_H
#define FASTPATH_INTERNAL_MATCH_TREE_H

#include <fastpath/route_matcher.h>
#include <stdatomic.h>

#include "key_map.h"
#include "route_condition.h"

typedef struct fp_match_node {
  uint8_t kind;      /* fp_route_matcher_kind, but no KEY */
  uint32_t count;    /* entries, predicates, keys */
  uint32_t end;
  uint32_t no_match; /* a node, 0 for none: the root is nobody's target */
  uint32_t number;   /* of the list of ROUTES; of the condition of TEST and maps */
  uint32_t keys;     /* maps: the first of them; their numbers are nodes */
} fp_match_node;

/* Shared, atomic count; immutable. */
typedef struct fp_match_tree {
  fp_match_node *nodes;
  fp_condition *conditions; /* a map's has only a header */
  fp_key *keys;
  uint8_t *text;   /* of conditions and keys */
  uint32_t *lists; /* the first route of each, and after the last one how many there are */
  uint32_t list_count;
  uint32_t condition_count;
  size_t size; /* bytes allocated */
  _Atomic size_t references;
} fp_match_tree;

/* Errors and `step` as fp_route_builder_set_matcher; the virtual host has `routes` routes. */
fp_status fp_match_tree_new(const fp_route_matcher_step *steps, size_t count, size_t routes, fp_match_tree **tree,
                            size_t *step, fp_error *error);
fp_match_tree *fp_match_tree_ref(fp_match_tree *tree);
void fp_match_tree_unref(fp_match_tree *tree); /* NULL is allowed */

/* FASTPATH_OK and the number of a list, FASTPATH_NONE, or FASTPATH_ERR_MEMORY. Threads: any. */
fp_status fp_match_tree_find(const fp_match_tree *tree, const fp_asked_request *asked, uint32_t *list);

#endif
