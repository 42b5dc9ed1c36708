/*
 * virtual_host.h - the routes of one virtual host, compiled. Immutable and shared by the tables that hold it.
 *
 *   path --> trie of cased paths       lowest sure rank, and lists of candidates on the way
 *            trie of folded paths
 *            trie of templates         then the candidates' programs, as long as their ranks are lower
 */
#ifndef FASTPATH_INTERNAL_VIRTUAL_HOST_H
#define FASTPATH_INTERNAL_VIRTUAL_HOST_H

#include <fastpath/route.h>
#include <stdatomic.h>

#include "candidate_index.h"
#include "match_tree.h"
#include "path_template.h"
#include "route_condition.h"
#include "route_program.h"
#include "route_trie.h"

/* A route that never wins, and the one in its way. */
typedef struct fp_shadowed_route {
  uint32_t route;
  uint32_t by;
} fp_shadowed_route;

/* A trie, and the indexes of its long lists; fp_route_list.index is one more than the place. */
typedef struct fp_path_index {
  fp_route_trie trie;
  fp_candidate_index **indexes;
  uint32_t index_count;
} fp_path_index;

/* Shared, atomic count. Fields are read by the inline functions below. */
typedef struct fp_virtual_host {
  /* What most lookups read comes first, together. */
  bool sure;               /* no conditions, no templates, no tree: ranks are all there is */
  bool one_trie;           /* of cased paths, and no regexes, templates and CONNECT routes: conditions at most */
  bool plain;              /* beyond being sure, one trie of cased paths, no shares and no TLS asked for */
  bool tests_paths;        /* there are regexes or templates, which want the path cut */
  uint8_t require_tls;     /* fp_route_require_tls */
  fp_route_program *programs; /* of the candidates */
  fp_match_tree *tree; /* finds a list of routes; `lists` has a virtual host for each, this one no routes of its own */
  /*
   * The splits: for each route the place of its entry in `ends`, 0 for none. An entry is the number of shares and
   * then, for each, the sum of the weights up to and including it. Both are NULL when no route is split.
   */
  uint32_t *splits;
  uint32_t *ends;
  fp_path_index cased;
  fp_path_index folded; /* routes that ignore letter case */
  fp_path_index templates;
  fp_condition *conditions; /* that the programs ask for */
  uint8_t *text; /* of the conditions */
  fp_route_candidate *connects; /* CONNECT routes, in order */
  fp_path_template **by_route; /* each route's template, counted; NULL when no route has one */
  fp_shadowed_route *shadowed; /* in order */
  struct fp_virtual_host **lists;
  uint32_t route_count;
  uint32_t program_count;
  uint32_t condition_count;
  uint32_t connect_count;
  uint32_t shadowed_count;
  size_t size; /* bytes allocated */
  _Atomic size_t references;
} fp_virtual_host;

/*
 * Compile `count` of the builder's routes from `first` on. FASTPATH_ERR_CONFIG_WEIGHT gives the index of the route,
 * counted from `first`, in `position`. Threads: any.
 */
fp_status fp_virtual_host_new(const fp_route_builder *builder, size_t first, size_t count, uint8_t require_tls,
                              fp_virtual_host **host, fp_error *error);

/* The same for the routes of a tree, which is counted by the virtual host. */
fp_status fp_virtual_host_new_with_tree(const fp_route_builder *builder, size_t first, fp_match_tree *tree,
                                        uint8_t require_tls, fp_virtual_host **host, fp_error *error);
void fp_virtual_host_clear_tree(fp_virtual_host *host);

fp_virtual_host *fp_virtual_host_ref(fp_virtual_host *host);
void fp_virtual_host_unref(fp_virtual_host *host); /* NULL is allowed */

/* fp_virtual_host_find in a host with a tree. */
fp_status fp_virtual_host_find_by_tree(const fp_virtual_host *host, fp_asked_request *asked, bool ignore_parameters,
                                       uint32_t *route);

/* Where a route of a host with a tree is: the virtual host of its list, in which its number is changed to. */
const fp_virtual_host *fp_virtual_host_list_of(const fp_virtual_host *host, uint32_t *route);

/* The virtual host that has a route among its own, in which its number is changed to. */
static inline const fp_virtual_host *fp_virtual_host_of(const fp_virtual_host *host, uint32_t *route) {
  return host->tree == NULL ? host : fp_virtual_host_list_of(host, route);
}

/* The share of a route that has some which a value below the sum of their weights falls into. */
uint32_t fp_virtual_host_share(const fp_virtual_host *host, uint32_t route, uint32_t value);

/* As fp_route_table_next_shadowed; route and by are set when there is one. */
void fp_virtual_host_next_shadowed(const fp_virtual_host *host, uint32_t from, uint32_t *route, uint32_t *by);

/* The same as fp_virtual_host_find for a host that is not `sure`, or with parameters to be dropped. */
fp_status fp_virtual_host_search(const fp_virtual_host *host, fp_asked_request *asked, bool ignore_parameters,
                                 uint32_t *route);

/*
 * The first rank below `best` in a list of the cased trie and those above it whose conditions hold, or `best`. An error
 * goes to `status`. For hosts that have `one_trie`.
 */
uint32_t fp_virtual_host_first_that_holds(const fp_virtual_host *host, const fp_route_list *list, uint32_t best,
                                          fp_asked_request *asked, fp_status *status);

/* The same where a walk has ended: at a rank, a list, or nothing. */
static inline uint32_t fp_virtual_host_first_at(const fp_virtual_host *host, uint32_t end, uint32_t best,
                                                fp_asked_request *asked, fp_status *status) {
  const fp_route_list *list;
  if (end == FP_ROUTE_TRIE_NONE || !fp_route_trie_is_list(end)) return end < best ? end : best;
  list = fp_route_trie_list(&host->cased.trie, end);
  return fp_virtual_host_first_that_holds(host, list, list->sure < best ? list->sure : best, asked, status);
}

/* The search where nothing but conditions is left to ask: no lists have to wait until all are known. */
static inline fp_status fp_virtual_host_search_cased(const fp_virtual_host *host, fp_asked_request *asked,
                                                     uint32_t *route) {
  const fp_span path = asked->request->path;
  /* They are asked for in a moment, and the walk waits for memory of its own. */
  FASTPATH_PREFETCH(host->programs);
  FASTPATH_PREFETCH(host->conditions);
  FASTPATH_PREFETCH(host->conditions + 1);
  const fp_route_trie_ends found = host->cased.trie.walk(&host->cased.trie, path.data, path.len);
  fp_status status = FASTPATH_OK;
  const uint32_t exact = fp_virtual_host_first_at(host, found.exact, FASTPATH_ROUTE_INDEX_NONE, asked, &status);
  *route = status < 0 ? exact : fp_virtual_host_first_at(host, found.prefix, exact, asked, &status);
  return status;
}

/* The first route that takes the request, or FASTPATH_ROUTE_INDEX_NONE. FASTPATH_OK or FASTPATH_ERR_MEMORY. */
static inline fp_status fp_virtual_host_find(const fp_virtual_host *host, fp_asked_request *asked,
                                             bool ignore_parameters, uint32_t *route) {
  const fp_span path = asked->request->path;
  uint32_t best = FASTPATH_ROUTE_INDEX_NONE;
  if (!host->sure || ignore_parameters) {
    if (host->one_trie && !ignore_parameters && path.len > 0) return fp_virtual_host_search_cased(host, asked, route);
    return fp_virtual_host_search(host, asked, ignore_parameters, route);
  }
  if (path.len > 0) {
    if (host->cased.trie.nodes != NULL) best = fp_route_trie_first(&host->cased.trie, path.data, path.len);
    if (host->folded.trie.nodes != NULL) {
      const uint32_t other = fp_route_trie_first_folded(&host->folded.trie, path.data, path.len);
      if (other < best) best = other;
    }
  }
  *route = best;
  return FASTPATH_OK;
}

/* The sum of a route's weights; 0 when it has no shares. */
static inline uint32_t fp_virtual_host_share_total(const fp_virtual_host *host, uint32_t route) {
  const uint32_t split = host->splits == NULL ? 0 : host->splits[route];
  return split == 0 ? 0 : host->ends[split + host->ends[split]];
}

#endif
