/* virtual_host.h - the routes of one virtual host, compiled. Immutable and shared by the tables that hold it. */
#ifndef FASTPATH_INTERNAL_VIRTUAL_HOST_H
#define FASTPATH_INTERNAL_VIRTUAL_HOST_H

#include <fastpath/route.h>
#include <stdatomic.h>

#include "route_trie.h"

/* One route as it was added: the path at `offset` of the bytes given along, and a '/' after it. */
typedef struct fp_route_spec {
  size_t offset;
  uint32_t len;
  uint32_t shares;      /* index of the first of its shares */
  uint32_t share_count;
  uint8_t kind;         /* fp_route_path_kind */
  uint8_t ignore_case;
} fp_route_spec;

/* Shared, atomic count. Fields are read by the inline functions below. */
typedef struct fp_virtual_host {
  fp_route_trie cased;
  fp_route_trie folded; /* routes that ignore letter case */
  /*
   * The splits: for each route the place of its entry in `ends`, 0 for none. An entry is the number of shares and
   * then, for each, the sum of the weights up to and including it. Both are NULL when no route is split.
   */
  uint32_t *splits;
  uint32_t *ends;
  size_t size; /* bytes allocated */
  _Atomic size_t references;
} fp_virtual_host;

/*
 * Compile routes. `weights` are the weights of all shares, indexed by the routes' `shares`. FASTPATH_ERR_CONFIG_WEIGHT
 * gives the index of the route in `position`. Threads: any.
 */
fp_status fp_virtual_host_new(const uint8_t *bytes, const fp_route_spec *routes, size_t count, const uint32_t *weights,
                              fp_virtual_host **host, fp_error *error);
fp_virtual_host *fp_virtual_host_ref(fp_virtual_host *host);
void fp_virtual_host_unref(fp_virtual_host *host); /* NULL is allowed */

/* The share of a route that has some which a value below the sum of their weights falls into. */
uint32_t fp_virtual_host_share(const fp_virtual_host *host, uint32_t route, uint32_t value);

/* The first route that takes the path, or FASTPATH_ROUTE_INDEX_NONE. */
static inline uint32_t fp_virtual_host_find(const fp_virtual_host *host, const uint8_t *path, size_t len) {
  uint32_t best = FASTPATH_ROUTE_INDEX_NONE;
  if (host->cased.nodes != NULL) best = fp_route_trie_first(&host->cased, path, len, best);
  if (host->folded.nodes != NULL) best = fp_route_trie_first_folded(&host->folded, path, len, best);
  return best;
}

/* The sum of a route's weights; 0 when it has no shares. */
static inline uint32_t fp_virtual_host_share_total(const fp_virtual_host *host, uint32_t route) {
  const uint32_t split = host->splits == NULL ? 0 : host->splits[route];
  return split == 0 ? 0 : host->ends[split + host->ends[split]];
}

#endif
