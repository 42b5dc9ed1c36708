/*
 * fastpath/route_matcher.h - a virtual host whose routes are found by a tree of matchers (xds.type.matcher.v3.Matcher)
 * instead of by going through them in order.
 *
 *   LIST          its entries in order: a predicate over request headers, and where it leads
 *   EXACT_MAP     by the value of one header
 *   PREFIX_MAP    by the longest key that the value of one header begins with, then by shorter ones
 *
 * Where nothing under an entry is found, the matcher goes on, and at last it does what its NO_MATCH says. What is found
 * is a list of routes; the first of these whose own path and conditions hold is the answer, and when none does there is
 * none.
 */
#ifndef FASTPATH_ROUTE_MATCHER_H
#define FASTPATH_ROUTE_MATCHER_H

#include <fastpath/base.h>
#include <fastpath/route.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_ROUTE_MATCHER_DEPTH_MAX 100 /* matchers and predicates inside each other */

/*
 * The steps of a tree are written in the order in which one reads it:
 *
 *   matcher   = LIST, count times (predicate, target), and a target when it has NO_MATCH
 *             | EXACT_MAP or PREFIX_MAP, count times (KEY, target), and a target when it has NO_MATCH
 *   predicate = TEST | AND, count times predicate | OR, count times predicate | NOT, predicate
 *   target    = matcher | ROUTES
 */
typedef enum fp_route_matcher_kind {
  FASTPATH_ROUTE_MATCHER_LIST = 0,
  FASTPATH_ROUTE_MATCHER_EXACT_MAP = 1,
  FASTPATH_ROUTE_MATCHER_PREFIX_MAP = 2,
  FASTPATH_ROUTE_MATCHER_KEY = 3,
  FASTPATH_ROUTE_MATCHER_TEST = 4,
  FASTPATH_ROUTE_MATCHER_AND = 5,
  FASTPATH_ROUTE_MATCHER_OR = 6,
  FASTPATH_ROUTE_MATCHER_NOT = 7,
  FASTPATH_ROUTE_MATCHER_ROUTES = 8 /* the next `count` routes of the virtual host */
} fp_route_matcher_kind;

/* Bits of fp_route_matcher_step.flags. */
enum {
  FASTPATH_ROUTE_MATCHER_NO_MATCH = 1 << 0, /* a target for when nothing else was found stands behind the entries */
  FASTPATH_ROUTE_MATCHER_IGNORE_CASE = 1 << 1 /* TEST: of ASCII letters in the value; nothing to regexes */
};

/*
 * One step. The caller's; its bytes are borrowed for the call that takes it. Several lines of a header are one value
 * with ',' between them. A header that is missing fails a TEST, and makes a map do what its NO_MATCH says.
 */
typedef struct fp_route_matcher_step {
  uint8_t kind;    /* fp_route_matcher_kind */
  uint8_t compare; /* TEST: fp_route_compare, but neither PRESENT nor RANGE */
  uint8_t flags;
  uint32_t count;  /* entries, predicates or routes */
  fp_span name;    /* TEST and maps: the header, as in fp_route_condition */
  fp_span value;   /* TEST: what is compared; KEY */
} fp_route_matcher_step;

/*
 * Give the current virtual host a tree over the routes that it has; it takes no routes after that. Routes go on being
 * numbered as they were added. On error `step` (may be NULL) is set to the index of the step at fault.
 *
 * Errors: CONFIG_CONDITION and CONFIG_REGEX as fp_route_builder_add_condition, and CONFIG_CONDITION for a map with the
 * same key twice; ARGUMENT (the steps are no tree, the depth is above FASTPATH_ROUTE_MATCHER_DEPTH_MAX, the routes are
 * not those that the virtual host has), STATE (no virtual host, a shared one, or one with a tree), OVERFLOW (too many
 * steps or bytes), MEMORY.
 */
fp_status fp_route_builder_set_matcher(fp_route_builder *builder, const fp_route_matcher_step *steps, size_t count,
                                       size_t *step, fp_error *error);

/*
 * How many lists of routes the tree of a virtual host leads to, 0 when it has no tree; the routes of the list `index`
 * are those from *first up to and without *end. Threads: any.
 */
uint32_t fp_route_table_list_count(const fp_route_table *table, uint32_t virtual_host);
void fp_route_table_list(const fp_route_table *table, uint32_t virtual_host, uint32_t index, uint32_t *first,
                         uint32_t *end);

/*
 * Which of the lists the tree of a virtual host chooses for a request, whatever the lists' routes say: OK, or NONE.
 * Errors: MEMORY, ARGUMENT (no such virtual host, or one without a tree). Threads: any.
 */
fp_status fp_route_table_choose_list(const fp_route_table *table, uint32_t virtual_host,
                                     const fp_route_request *request, uint32_t *index);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
