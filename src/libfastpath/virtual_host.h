/* virtual_host.h - the routes of one virtual host, compiled. Immutable and shared by the tables that hold it. */
#ifndef FASTPATH_INTERNAL_VIRTUAL_HOST_H
#define FASTPATH_INTERNAL_VIRTUAL_HOST_H

#include <fastpath/route.h>

/* One route as it was added: the path at `offset` of the bytes given along. */
typedef struct fp_route_spec {
  size_t offset;
  uint32_t len;
  uint32_t shares;      /* index of the first of its shares */
  uint32_t share_count;
  uint8_t kind;         /* fp_route_path_kind */
  uint8_t ignore_case;
} fp_route_spec;

typedef struct fp_virtual_host fp_virtual_host;

/*
 * Compile routes. `weights` are the weights of all shares, indexed by the routes' `shares`. FASTPATH_ERR_CONFIG_WEIGHT
 * gives the index of the route in `position`. Threads: any.
 */
fp_status fp_virtual_host_new(const uint8_t *bytes, const fp_route_spec *routes, size_t count, const uint32_t *weights,
                              fp_virtual_host **host, fp_error *error);
fp_virtual_host *fp_virtual_host_ref(fp_virtual_host *host);
void fp_virtual_host_unref(fp_virtual_host *host); /* NULL is allowed */

size_t fp_virtual_host_size(const fp_virtual_host *host);

/* The first route that takes the path, or FASTPATH_ROUTE_INDEX_NONE. */
uint32_t fp_virtual_host_find(const fp_virtual_host *host, const uint8_t *path, size_t len);

/* The sum of a route's weights (0 when it has no shares), and the share that a value below the sum falls into. */
uint32_t fp_virtual_host_share_total(const fp_virtual_host *host, uint32_t route);
uint32_t fp_virtual_host_share(const fp_virtual_host *host, uint32_t route, uint32_t value);

#endif
