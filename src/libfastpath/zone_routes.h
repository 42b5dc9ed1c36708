/*
 * zone_routes.h - how much of a priority's load stays in the caller's zone, and where the rest goes, as in Envoy.
 *
 *   callers' hosts   zone 1: 40 %   2: 40 %   3: 20 %      this one is in zone 1, whose hosts can take 25 of 40 parts:
 *   these hosts      zone 1: 25 %   2: 50 %   3: 25 %      62.5 % stay; of the rest, 10 in 15 go to 2 and 5 in 15 to 3
 */
#ifndef FASTPATH_INTERNAL_ZONE_ROUTES_H
#define FASTPATH_INTERNAL_ZONE_ROUTES_H

#include "host_set.h"

typedef enum fp_zone_route {
  FP_ZONE_ANYWHERE, /* zones do not count */
  FP_ZONE_NOWHERE,  /* no host is to be given */
  FP_ZONE_LOCALITY
} fp_zone_route;

/* One worker's. Zero bytes: zones do not count. */
typedef struct fp_zone_routes {
  uint32_t enabled; /* percent of picks that zones count for */
  uint32_t nowhere; /* 1: those picks get no host, because the callers are in panic */
  uint32_t staying; /* 1/10000ths of those that go to the first locality, which is the caller's own unless this is 0 */
  uint32_t count; /* localities */
  uint64_t *capacities; /* what they can take besides, added up from the first on; NULL when all stay */
} fp_zone_routes;

/* For the first priority of `set`, whose hosts the hosts of `callers` ask. MEMORY: zones do not count. */
fp_status fp_zone_routes_init(fp_zone_routes *routes, const fp_host_set *set, const fp_host_set *callers);
void fp_zone_routes_clear(fp_zone_routes *routes);

/* Where the next pick goes. Draws random numbers as Envoy does, in the same order. locality: for LOCALITY, an index. */
fp_zone_route fp_zone_routes_next(const fp_zone_routes *routes, uint64_t *random, uint32_t *locality);

#endif
