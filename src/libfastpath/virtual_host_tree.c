/* Virtual hosts whose routes are found by a tree: each list of routes is a virtual host of its own, without domains. */
#include <string.h>

#include "error.h"
#include "memory.h"
#include "virtual_host.h"

static fp_status build_lists(fp_virtual_host *host, const fp_route_builder *builder, size_t first, fp_error *error) {
  const fp_match_tree *tree = host->tree;
  if (tree->list_count == 0) return FASTPATH_OK;
  host->lists = fp_memory_alloc(tree->list_count * sizeof(fp_virtual_host *));
  if (host->lists == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  memset(host->lists, 0, tree->list_count * sizeof(fp_virtual_host *));
  host->size += tree->size + tree->list_count * sizeof(fp_virtual_host *);
  for (uint32_t i = 0; i < tree->list_count; i++) {
    const uint32_t start = tree->lists[i], count = tree->lists[i + 1] - start;
    const fp_status status =
        fp_virtual_host_new(builder, first + start, count, FASTPATH_ROUTE_TLS_NONE, &host->lists[i], error);
    if (status < 0) {
      if (status == FASTPATH_ERR_CONFIG_WEIGHT && error != NULL) error->position += start;
      return status;
    }
    host->size += host->lists[i]->size;
  }
  return FASTPATH_OK;
}

fp_status fp_virtual_host_new_with_tree(const fp_route_builder *builder, size_t first, fp_match_tree *tree,
                                        uint8_t require_tls, fp_virtual_host **host, fp_error *error) {
  fp_virtual_host *made;
  fp_status status = fp_virtual_host_new(builder, first, 0, require_tls, &made, error);
  if (status < 0) return status;
  made->tree = fp_match_tree_ref(tree);
  made->sure = false;
  status = build_lists(made, builder, first, error);
  if (status < 0) {
    fp_virtual_host_unref(made);
    return status;
  }
  *host = made;
  return FASTPATH_OK;
}

void fp_virtual_host_clear_tree(fp_virtual_host *host) {
  for (uint32_t i = 0; host->lists != NULL && i < host->tree->list_count; i++) fp_virtual_host_unref(host->lists[i]);
  fp_memory_free(host->lists);
  fp_match_tree_unref(host->tree);
}

const fp_virtual_host *fp_virtual_host_list_of(const fp_virtual_host *host, uint32_t *route) {
  const uint32_t *starts = host->tree->lists;
  uint32_t low = 0, high = host->tree->list_count; /* the last list that starts at or before it, empty ones aside */
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    if (starts[middle] <= *route) {
      low = middle;
    } else {
      high = middle;
    }
  }
  *route -= starts[low];
  return host->lists[low];
}

fp_status fp_virtual_host_find_by_tree(const fp_virtual_host *host, fp_asked_request *asked, bool ignore_parameters,
                                       uint32_t *route) {
  uint32_t list;
  fp_status status = fp_match_tree_find(host->tree, asked, &list);
  *route = FASTPATH_ROUTE_INDEX_NONE;
  if (status != FASTPATH_OK) return status < 0 ? status : FASTPATH_OK;
  status = fp_virtual_host_find(host->lists[list], asked, ignore_parameters, route);
  if (*route != FASTPATH_ROUTE_INDEX_NONE) *route += host->tree->lists[list];
  return status;
}

/* ---- what is shadowed ---- */

static void next_shadowed(const fp_virtual_host *host, uint32_t from, uint32_t *route, uint32_t *by) {
  for (uint32_t low = 0, high = host->shadowed_count; low < high;) {
    const uint32_t middle = low + (high - low) / 2;
    if (host->shadowed[middle].route < from) {
      low = middle + 1;
    } else {
      *route = host->shadowed[middle].route;
      *by = host->shadowed[middle].by;
      high = middle;
    }
  }
}

void fp_virtual_host_next_shadowed(const fp_virtual_host *host, uint32_t from, uint32_t *route, uint32_t *by) {
  if (host->tree == NULL) {
    next_shadowed(host, from, route, by);
    return;
  }
  for (uint32_t i = 0; i < host->tree->list_count; i++) {
    const uint32_t start = host->tree->lists[i];
    uint32_t found = FASTPATH_ROUTE_INDEX_NONE, earlier = FASTPATH_ROUTE_INDEX_NONE;
    if (host->tree->lists[i + 1] <= from) continue;
    next_shadowed(host->lists[i], from > start ? from - start : 0, &found, &earlier);
    if (found == FASTPATH_ROUTE_INDEX_NONE) continue;
    *route = found + start;
    *by = earlier + start;
    return;
  }
}
