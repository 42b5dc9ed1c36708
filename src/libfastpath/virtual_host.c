#include "virtual_host.h"

#include <stdbool.h>
#include <string.h>

#include "domain.h"
#include "error.h"
#include "memory.h"

static fp_status out_of_memory(fp_error *error) {
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

/* No path that is compared contains these: the request's path has been cut there. */
static bool can_match(const uint8_t *path, size_t len) {
  return len == 0 || (memchr(path, '?', len) == NULL && memchr(path, '#', len) == NULL);
}

/* Enters a route as keys; a separated prefix is two: the path as it is, and what begins with it and a '/'. */
static size_t add_keys(fp_route_trie_key *keys, const uint8_t *path, const fp_route_spec *route, uint32_t rank) {
  const fp_route_trie_key exact = {.data = path, .len = route->len, .rank = rank, .kind = FP_ROUTE_TRIE_EXACT};
  keys[0] = exact;
  switch ((fp_route_path_kind)route->kind) {
    case FASTPATH_ROUTE_PATH_PREFIX: keys[0].kind = FP_ROUTE_TRIE_PREFIX; return 1;
    case FASTPATH_ROUTE_PATH_EXACT: return 1;
    case FASTPATH_ROUTE_PATH_SEPARATED:
      keys[1] = exact;
      keys[1].kind = FP_ROUTE_TRIE_PREFIX;
      keys[1].len++;
      return 2;
  }
  return 0;
}

/* Builds the trie of the routes that ignore letter case, or of those that do not. */
static fp_status build_trie(fp_route_trie *trie, const uint8_t *bytes, const fp_route_spec *routes, size_t count,
                            bool ignore_case) {
  fp_route_trie_key *keys;
  uint8_t *folded = NULL;
  size_t room = 0, folded_len = 0, at = 0, added = 0;
  fp_status status;
  for (size_t i = 0; i < count; i++) {
    if (routes[i].ignore_case != ignore_case) continue;
    room += routes[i].kind == FASTPATH_ROUTE_PATH_SEPARATED ? 2 : 1;
    folded_len += (size_t)routes[i].len + 1;
  }
  if (room == 0) return FASTPATH_OK;
  keys = fp_memory_alloc(room * sizeof *keys);
  if (keys == NULL) return FASTPATH_ERR_MEMORY;
  if (ignore_case) {
    folded = fp_memory_alloc(folded_len);
    if (folded == NULL) {
      fp_memory_free(keys);
      return FASTPATH_ERR_MEMORY;
    }
  }
  for (size_t i = 0; i < count; i++) {
    const uint8_t *path = bytes + routes[i].offset;
    if (routes[i].ignore_case != ignore_case || !can_match(path, routes[i].len)) continue;
    if (ignore_case) {
      fp_domain_lower(folded + at, path, (size_t)routes[i].len + 1);
      path = folded + at;
      at += (size_t)routes[i].len + 1;
    }
    added += add_keys(keys + added, path, &routes[i], (uint32_t)i);
  }
  status = fp_route_trie_build(trie, keys, added);
  fp_memory_free(folded);
  fp_memory_free(keys);
  return status;
}

static fp_status build_splits(fp_virtual_host *host, const fp_route_spec *routes, size_t count, const uint32_t *weights,
                              fp_error *error) {
  size_t room = 1, at = 1; /* place 0 says "none" */
  for (size_t i = 0; i < count; i++) {
    if (routes[i].share_count > 0) room += 1 + (size_t)routes[i].share_count;
  }
  if (room == 1) return FASTPATH_OK;
  if (room > UINT32_MAX) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many weighted clusters");
  host->splits = fp_memory_alloc(count * sizeof *host->splits);
  host->ends = fp_memory_alloc(room * sizeof *host->ends);
  if (host->splits == NULL || host->ends == NULL) return out_of_memory(error);
  host->size += (count + room) * sizeof *host->splits;
  host->ends[0] = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t shares = routes[i].share_count;
    uint32_t end = 0;
    host->splits[i] = 0;
    if (shares == 0) continue;
    host->splits[i] = (uint32_t)at;
    host->ends[at++] = shares;
    for (uint32_t share = 0; share < shares; share++) {
      end += weights[routes[i].shares + share]; /* the builder has checked that the sum fits */
      host->ends[at++] = end;
    }
    if (end == 0) {
      return fp_error_set(error, FASTPATH_ERR_CONFIG_WEIGHT, 0, i, "the weights of the clusters are all 0");
    }
  }
  return FASTPATH_OK;
}

fp_status fp_virtual_host_new(const uint8_t *bytes, const fp_route_spec *routes, size_t count, const uint32_t *weights,
                              fp_virtual_host **host, fp_error *error) {
  fp_virtual_host *made = fp_memory_alloc(sizeof *made);
  fp_status status;
  if (made == NULL) return out_of_memory(error);
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  status = build_splits(made, routes, count, weights, error);
  if (status >= 0) {
    status = build_trie(&made->cased, bytes, routes, count, false);
    if (status >= 0) status = build_trie(&made->folded, bytes, routes, count, true);
    if (status == FASTPATH_ERR_MEMORY) (void)out_of_memory(error);
    if (status == FASTPATH_ERR_OVERFLOW) (void)fp_error_set(error, status, 0, 0, "too many routes for one table");
  }
  if (status < 0) {
    fp_virtual_host_unref(made);
    return status;
  }
  made->size += sizeof *made + made->cased.block_size + made->folded.block_size;
  *host = made;
  return FASTPATH_OK;
}

fp_virtual_host *fp_virtual_host_ref(fp_virtual_host *host) {
  atomic_fetch_add_explicit(&host->references, 1, memory_order_relaxed);
  return host;
}

void fp_virtual_host_unref(fp_virtual_host *host) {
  if (host == NULL || atomic_fetch_sub_explicit(&host->references, 1, memory_order_acq_rel) != 1) return;
  fp_route_trie_clear(&host->cased);
  fp_route_trie_clear(&host->folded);
  fp_memory_free(host->splits);
  fp_memory_free(host->ends);
  fp_memory_free(host);
}

uint32_t fp_virtual_host_share(const fp_virtual_host *host, uint32_t route, uint32_t value) {
  const uint32_t *ends = host->ends + host->splits[route] + 1;
  uint32_t low = 0, high = ends[-1] - 1; /* the first share that ends above the value lies in low .. high */
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (ends[middle] > value) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
