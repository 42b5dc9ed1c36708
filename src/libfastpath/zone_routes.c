#include "zone_routes.h"

#include <stdbool.h>
#include <string.h>

#include "host.h"
#include "memory.h"
#include "sort.h"

#define WHOLE 10000u

/* How many callers there are in a zone; or, of hosts, how much they can take. */
typedef struct zone_size {
  uint32_t zone;
  uint64_t size;
} zone_size;

/* The callers' zones, each once, sorted. */
typedef struct caller_zones {
  zone_size *items;
  uint32_t count;
  uint64_t sum;
} caller_zones;

static int by_zone(const void *a, const void *b, const void *context) {
  const zone_size *left = a, *right = b;
  (void)context;
  return left->zone < right->zone ? -1 : left->zone > right->zone;
}

static fp_status caller_zones_init(caller_zones *zones, const fp_priority_hosts *callers, uint32_t by_weight) {
  uint32_t count = 0;
  *zones = (caller_zones){.items = fp_memory_alloc((callers->count + 1) * sizeof *zones->items)};
  if (zones->items == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0; i < callers->count; i++) {
    const fp_host_entry *entry = &callers->entries[i];
    const uint64_t size = by_weight ? entry->weight : 1;
    zones->items[i] = (zone_size){entry->zone, fp_health_is_healthy(entry->health) ? size : 0};
    zones->sum += zones->items[i].size;
  }
  fp_sort(zones->items, callers->count, sizeof *zones->items, by_zone, NULL);
  for (uint32_t i = 0; i < callers->count; i++) {
    if (count > 0 && zones->items[count - 1].zone == zones->items[i].zone)
      zones->items[count - 1].size += zones->items[i].size;
    else
      zones->items[count++] = zones->items[i];
  }
  zones->count = count;
  return FASTPATH_OK;
}

static const zone_size *find(const caller_zones *zones, uint32_t zone) {
  uint32_t low = 0, high = zones->count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (zones->items[middle].zone < zone)
      low = middle + 1;
    else
      high = middle;
  }
  return low < zones->count && zones->items[low].zone == zone ? &zones->items[low] : NULL;
}

/* A sum of weights is at most 2^63. */
static uint64_t part_of(uint64_t size, uint64_t sum) {
  if (sum == 0) return 0;
  return size > UINT64_MAX / WHOLE ? size / (sum / WHOLE) : WHOLE * size / sum;
}

static uint64_t size_of(const fp_host_group *group, uint32_t by_weight) {
  uint64_t size = 0;
  if (!by_weight) return group->count;
  for (uint32_t i = 0; i < group->count; i++) size += group->weights[i];
  return size;
}

static bool too_few_callers(const fp_host_set *callers, uint32_t threshold) {
  const fp_priority_hosts *hosts = callers->priorities[0];
  const double healthy = 100.0 * fp_priority_hosts_count(hosts, FP_HOST_SOURCE_HEALTHY);
  const double degraded = 100.0 * fp_priority_hosts_count(hosts, FP_HOST_SOURCE_DEGRADED);
  return hosts->count == 0 ? threshold > 0 : healthy / hosts->count + degraded / hosts->count < threshold;
}

/* The first locality is the caller's own where there are hosts: numbers are given so. */
static bool has_own(const fp_host_set *set) { return set->priorities[0]->places.zones[0] == set->zones.zone; }

static bool is_small(const fp_host_set *set) {
  return fp_priority_hosts_count(set->priorities[0], FP_HOST_SOURCE_HEALTHY) < set->zones.min_cluster_size;
}

/* What each locality is asked of its own callers, and can take, in 1/10000ths of all. */
static void measure(const fp_host_set *set, const caller_zones *callers, uint32_t place, uint64_t sum, uint64_t *asked,
                    uint64_t *taken) {
  const fp_priority_hosts *hosts = set->priorities[0];
  const fp_host_group *group = &hosts->localities[FP_HOST_SOURCE_HEALTHY].groups[place];
  const zone_size *zone = find(callers, hosts->places.zones[place]);
  *asked = group->count == 0 || zone == NULL ? 0 : part_of(zone->size, callers->sum);
  *taken = part_of(size_of(group, set->zones.by_weight), sum);
}

static fp_status spread(fp_zone_routes *routes, const fp_host_set *set, const caller_zones *callers) {
  const fp_localities *localities = &set->priorities[0]->localities[FP_HOST_SOURCE_HEALTHY];
  const bool own = has_own(set);
  uint64_t sum = 0, asked, taken, capacity = 0;
  for (uint32_t i = 0; i < localities->count; i++) sum += size_of(&localities->groups[i], set->zones.by_weight);
  measure(set, callers, 0, sum, &asked, &taken);
  routes->enabled = set->zones.routing_enabled;
  routes->count = localities->count;
  if (own && ((taken > 0 && taken >= asked) ||
              (set->zones.force_local && localities->groups[0].count >= set->zones.force_local_min))) {
    routes->staying = WHOLE;
    return FASTPATH_OK;
  }
  routes->capacities = fp_memory_alloc(localities->count * sizeof *routes->capacities);
  if (routes->capacities == NULL) return FASTPATH_ERR_MEMORY;
  routes->staying = own && asked > 0 ? (uint32_t)(taken * WHOLE / asked) : 0;
  for (uint32_t i = 0; i < localities->count; i++) {
    measure(set, callers, i, sum, &asked, &taken);
    if ((i > 0 || !own) && taken > asked) capacity += taken - asked;
    routes->capacities[i] = capacity;
  }
  return FASTPATH_OK;
}

fp_status fp_zone_routes_init(fp_zone_routes *routes, const fp_host_set *set, const fp_host_set *callers) {
  caller_zones zones;
  fp_status status;
  memset(routes, 0, sizeof *routes);
  if (!set->priorities[0]->by_zone || set->zones.zone == 0 || set->zones.routing_enabled == 0) return FASTPATH_OK;
  if (set->priorities[0]->places.count < 2 || is_small(set)) return FASTPATH_OK;
  status = caller_zones_init(&zones, callers->priorities[0], set->zones.by_weight);
  if (status < 0) return status;
  if (find(&zones, set->zones.zone) != NULL && (zones.count >= 2 || set->zones.force_local)) {
    if (!too_few_callers(callers, set->panic_threshold)) {
      status = spread(routes, set, &zones);
    } else if (set->fail_on_panic) {
      routes->enabled = set->zones.routing_enabled;
      routes->nowhere = 1;
    }
  }
  fp_memory_free(zones.items);
  if (status < 0) fp_zone_routes_clear(routes);
  return status;
}

void fp_zone_routes_clear(fp_zone_routes *routes) {
  fp_memory_free(routes->capacities);
  memset(routes, 0, sizeof *routes);
}

fp_zone_route fp_zone_routes_next(const fp_zone_routes *routes, uint64_t *random, uint32_t *locality) {
  uint64_t sum, ticket;
  if (routes->enabled == 0 || (routes->enabled < 100 && fp_lb_random(random) % 100 >= routes->enabled))
    return FP_ZONE_ANYWHERE;
  if (routes->nowhere) return FP_ZONE_NOWHERE;
  *locality = 0;
  if (routes->capacities == NULL || fp_lb_random(random) % WHOLE < routes->staying) return FP_ZONE_LOCALITY;
  sum = routes->capacities[routes->count - 1];
  if (sum == 0) { /* rounding left nothing over */
    *locality = (uint32_t)(fp_lb_random(random) % routes->count);
    return FP_ZONE_LOCALITY;
  }
  ticket = fp_lb_random(random) % sum;
  while (ticket >= routes->capacities[*locality]) ++*locality;
  return FP_ZONE_LOCALITY;
}
