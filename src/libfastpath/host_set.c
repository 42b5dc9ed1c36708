#include "host_set.h"

#include <string.h>

#include "error.h"
#include "host.h"
#include "memory.h"
#include "subset_rules.h"
#include "subsets.h"

#define DEFAULT_OVERRIDE_STATUSES \
  (1u << FASTPATH_HEALTH_UNKNOWN | 1u << FASTPATH_HEALTH_HEALTHY | 1u << FASTPATH_HEALTH_DEGRADED)

fp_host_set *fp_host_set_ref(fp_host_set *set) {
  atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
  return set;
}

void fp_host_set_unref(fp_host_set *set) {
  if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1) return;
  for (uint32_t i = 0; set->priorities != NULL && i < set->priority_count; i++)
    fp_priority_hosts_unref(set->priorities[i]);
  fp_subsets_free(set->subsets);
  fp_host_index_clear(&set->index);
  fp_cluster_unref(set->zones.callers);
  fp_memory_free(set->priorities);
  fp_memory_free(set->offsets);
  fp_memory_free(set->loads);
  fp_memory_free(set);
}

uint32_t fp_host_set_priority_count(const fp_host_set *set) { return set->priority_count; }

uint32_t fp_host_set_in_panic(const fp_host_set *set, uint32_t priority) {
  return priority < set->priority_count && set->loads[priority].panic ? 1 : 0;
}

size_t fp_host_set_count(const fp_host_set *set) { return set->count; }

fp_host *fp_host_set_host(const fp_host_set *set, size_t index) {
  uint32_t priority = set->priority_count - 1;
  if (index >= set->count) return NULL;
  while (set->offsets[priority] > index) priority--;
  return set->priorities[priority]->entries[index - set->offsets[priority]].host;
}

fp_host *fp_host_set_find(const fp_host_set *set, const fp_endpoint *endpoint) {
  return *fp_host_index_slot(&set->index, endpoint);
}

static fp_status check_endpoints(const fp_endpoint *endpoints, size_t count, fp_error *error) {
  uint64_t sum = 0;
  if (count > INT32_MAX) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, count, "too many endpoints");
  for (size_t i = 0; i < count; i++) {
    const fp_endpoint *endpoint = &endpoints[i];
    if (endpoint->address.len == 0) return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, i, "the address is empty");
    if (endpoint->priority > FASTPATH_CLUSTER_MAX_PRIORITY)
      return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, i, "the priority is above %d", FASTPATH_CLUSTER_MAX_PRIORITY);
    if (endpoint->health > FASTPATH_HEALTH_DEGRADED)
      return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, i, "the health status is none");
    if (endpoint->weight == 0) return fp_error_set(error, FASTPATH_ERR_CONFIG_WEIGHT, 0, i, "the weight is 0");
    if (i == 0 || endpoint->locality != endpoints[i - 1].locality || endpoint->priority != endpoints[i - 1].priority)
      sum = 0;
    sum += endpoint->weight;
    if (sum > UINT32_MAX)
      return fp_error_set(error, FASTPATH_ERR_CONFIG_WEIGHT, 0, i, "the locality's weights add up to more than 2^32-1");
  }
  return FASTPATH_OK;
}

/* Fills the index and the priorities' lists of all hosts. `previous` may be NULL. */
static fp_status add_hosts(fp_host_set *set, const fp_endpoint *endpoints, size_t count, uint32_t initial_flags,
                           const fp_host_set *previous) {
  for (size_t i = 0; i < count; i++) {
    const fp_endpoint *endpoint = &endpoints[i];
    fp_host **slot = fp_host_index_slot(&set->index, endpoint);
    fp_host *host = NULL;
    if (*slot != NULL) continue; /* the first of several counts */
    if (previous != NULL) host = *fp_host_index_slot(&previous->index, endpoint);
    host = host != NULL && fp_host_agrees(host, endpoint) ? fp_host_ref(host) : fp_host_new(endpoint, initial_flags);
    if (host == NULL) return FASTPATH_ERR_MEMORY;
    *slot = host;
    fp_priority_hosts_add(set->priorities[endpoint->priority], host, endpoint, (uint32_t)i);
    set->count++;
  }
  return FASTPATH_OK;
}

static fp_priority_load load_of(const fp_priority_hosts *priority, uint32_t weighted) {
  fp_priority_load load = {.overprovisioning_factor = priority->overprovisioning_factor,
                           .total = priority->count,
                           .healthy = fp_priority_hosts_count(priority, FP_HOST_SOURCE_HEALTHY),
                           .degraded = fp_priority_hosts_count(priority, FP_HOST_SOURCE_DEGRADED)};
  load.total_weight = weighted ? fp_priority_hosts_weight(priority, FP_HOST_SOURCE_ALL) : load.total;
  load.healthy_weight = weighted ? fp_priority_hosts_weight(priority, FP_HOST_SOURCE_HEALTHY) : load.healthy;
  load.degraded_weight = weighted ? fp_priority_hosts_weight(priority, FP_HOST_SOURCE_DEGRADED) : load.degraded;
  return load;
}

static void compute_loads(fp_host_set *set, const fp_cluster_config *config) {
  for (uint32_t i = 0; i < set->priority_count; i++)
    set->loads[i] = load_of(set->priorities[i], config->weighted_priority_health);
  fp_priority_load_compute(set->loads, set->priority_count, config->panic_threshold);
  set->sole_priority = set->priority_count;
  for (uint32_t i = 0; i < set->priority_count; i++) {
    if (set->loads[i].healthy_load != 100 && set->loads[i].degraded_load != 100) continue;
    set->sole_priority = i;
    if (set->loads[i].panic && set->fail_on_panic) set->sole_priority = set->priority_count;
    set->sole_source = set->loads[i].panic                 ? FP_HOST_SOURCE_ALL
                       : set->loads[i].healthy_load == 100 ? FP_HOST_SOURCE_HEALTHY
                                                           : FP_HOST_SOURCE_DEGRADED;
  }
}

/* A set of empty priorities with room for so many hosts each. NULL when out of memory. */
static fp_host_set *set_alloc(const fp_cluster_config *config, const uint32_t *counts, uint32_t priority_count) {
  fp_host_set *set = fp_memory_alloc(sizeof *set);
  if (set == NULL) return NULL;
  memset(set, 0, sizeof *set);
  atomic_init(&set->references, 1);
  set->policy = config->policy;
  set->override_statuses = config->override_statuses == 0 ? DEFAULT_OVERRIDE_STATUSES : config->override_statuses;
  set->panic_threshold = config->panic_threshold;
  set->fail_on_panic = config->fail_on_panic && config->policy->number != FASTPATH_LB_REQUEST_HASH;
  set->zones = config->zones;
  if (set->zones.callers != NULL) fp_cluster_ref(set->zones.callers);
  set->made_at = FP_NEVER;
  set->latest_start = FP_NEVER;
  set->priority_count = priority_count;
  set->offsets = fp_memory_alloc(priority_count * sizeof *set->offsets);
  set->loads = fp_memory_alloc(priority_count * sizeof *set->loads);
  set->priorities = fp_memory_alloc(priority_count * sizeof *set->priorities);
  if (set->priorities != NULL) memset(set->priorities, 0, priority_count * sizeof *set->priorities);
  if (set->offsets == NULL || set->loads == NULL || set->priorities == NULL) goto out_of_memory;
  for (uint32_t i = 0; i < priority_count; i++) {
    set->priorities[i] = fp_priority_hosts_new(config, i, counts[i]);
    if (set->priorities[i] == NULL) goto out_of_memory;
  }
  return set;
out_of_memory:
  fp_host_set_unref(set);
  return NULL;
}

/* When a host's slow start began, or begins with this set; FP_NEVER when it is not healthy. */
static int64_t start_of(const fp_host_set *set, const fp_host_entry *entry) {
  const int64_t since = fp_host_healthy_since(entry->host);
  if (!fp_health_is_healthy(entry->health)) return FP_NEVER;
  return since == FP_NEVER ? set->made_at : since;
}

/* Finds the latest start, which counts even when its host is gone again. */
static fp_slow_start begin_slow_start(fp_host_set *set, const fp_lb_options *options, const fp_host_set *previous) {
  if (set->made_at == FP_NEVER) return (fp_slow_start){0, 0};
  set->latest_start = previous == NULL || previous->latest_start == FP_NEVER ? set->made_at : previous->latest_start;
  for (uint32_t i = 0; i < set->priority_count; i++) {
    for (uint32_t j = 0; j < set->priorities[i]->count; j++) {
      const int64_t start = start_of(set, &set->priorities[i]->entries[j]);
      if (start > set->latest_start && fp_slow_start_has(options, start, set->made_at)) set->latest_start = start;
    }
  }
  return (fp_slow_start){set->made_at, fp_slow_start_has(options, set->latest_start, set->made_at) ? 1 : 0};
}

/* Takes over the priorities that are as in `previous`, finishes the others, and shares out the load. */
static fp_status set_finish(fp_host_set *set, const fp_cluster_config *config, const fp_host_set *previous,
                            fp_error *error) {
  const fp_slow_start slow_start = begin_slow_start(set, &config->options, previous);
  for (uint32_t i = 0; i < set->priority_count; i++) {
    fp_priority_hosts *before = previous != NULL && i < previous->priority_count ? previous->priorities[i] : NULL;
    if (before != NULL && fp_priority_hosts_equal(set->priorities[i], before)) {
      fp_priority_hosts_unref(set->priorities[i]);
      set->priorities[i] = fp_priority_hosts_ref(before);
    } else {
      const fp_status status = fp_priority_hosts_finish(set->priorities[i], slow_start, before, error);
      if (status < 0) return status;
    }
  }
  compute_loads(set, config);
  return FASTPATH_OK;
}

static void number_hosts(fp_host_set *set) {
  uint32_t offset = 0;
  for (uint32_t i = 0; i < set->priority_count; i++) {
    set->offsets[i] = offset;
    offset += set->priorities[i]->count;
  }
}

static fp_status set_fill(fp_host_set *set, const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                          const fp_host_set *previous, fp_error *error) {
  fp_status status = fp_host_index_init(&set->index, count);
  if (status >= 0) status = add_hosts(set, endpoints, count, config->initial_flags, previous);
  if (status < 0) return status;
  number_hosts(set);
  if (fp_slow_start_wanted(&config->options)) set->made_at = fp_slow_start_now(&config->options);
  for (uint32_t i = 0; status >= 0 && i < set->priority_count && config->subset_rules != NULL; i++) {
    if (set->priorities[i]->locality_weighted) status = fp_priority_hosts_measure(set->priorities[i]);
    if (status >= 0) status = fp_priority_hosts_place(set->priorities[i], NULL);
  }
  /* Before priorities are taken over from `previous`, whose labels may be others. */
  if (status >= 0 && config->subset_rules != NULL)
    status = fp_subsets_new(set, config, previous == NULL ? NULL : previous->subsets, &set->subsets, error);
  return status < 0 ? status : set_finish(set, config, previous, error);
}

fp_status fp_host_set_new(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                          const fp_host_set *previous, fp_host_set **set, fp_error *error) {
  uint32_t counts[FASTPATH_CLUSTER_MAX_PRIORITY + 1] = {0}, priority_count = 1;
  fp_host_set *made;
  fp_status status = check_endpoints(endpoints, count, error);
  if (status < 0) return status;
  for (size_t i = 0; i < count; i++) {
    counts[endpoints[i].priority]++;
    if (endpoints[i].priority >= priority_count) priority_count = endpoints[i].priority + 1;
  }
  made = set_alloc(config, counts, priority_count);
  status = made == NULL ? FASTPATH_ERR_MEMORY : set_fill(made, config, endpoints, count, previous, error);
  if (status < 0) {
    fp_host_set_unref(made);
    if (status == FASTPATH_ERR_MEMORY) (void)fp_error_set(error, status, 0, 0, "out of memory");
    return status;
  }
  *set = made;
  return FASTPATH_OK;
}

fp_status fp_host_set_new_part(const fp_host_set *whole, const fp_cluster_config *config, const fp_host_place *places,
                               uint32_t count, int single, const fp_host_set *previous, fp_host_set **set,
                               fp_error *error) {
  uint32_t counts[FASTPATH_CLUSTER_MAX_PRIORITY + 1] = {0};
  fp_host_set *made;
  fp_status status = FASTPATH_OK;
  for (uint32_t i = 0; i < count; i++) counts[places[i].priority]++;
  made = set_alloc(config, counts, whole->priority_count);
  if (made == NULL) return FASTPATH_ERR_MEMORY;
  made->count = count;
  made->made_at = whole->made_at;
  memcpy(made->offsets, whole->offsets, whole->priority_count * sizeof *made->offsets);
  for (uint32_t i = 0; i < count; i++) {
    fp_host_entry entry = whole->priorities[places[i].priority]->entries[places[i].entry];
    if (single) entry.health = FASTPATH_HEALTH_HEALTHY;
    fp_priority_hosts_copy(made->priorities[places[i].priority], &entry);
  }
  for (uint32_t i = 0; status >= 0 && i < made->priority_count; i++) {
    status = fp_priority_hosts_place(made->priorities[i], whole->priorities[i]);
    if (status < 0 || !made->priorities[i]->locality_weighted) continue;
    if (config->subset_rules->scale_locality_weight)
      status = fp_priority_hosts_scale(made->priorities[i]);
    else
      made->priorities[i]->locality_weight_sum = whole->priorities[i]->locality_weight_sum;
  }
  if (status >= 0) status = set_finish(made, config, previous, error);
  if (status < 0) {
    fp_host_set_unref(made);
    return status;
  }
  *set = made;
  return FASTPATH_OK;
}

void fp_host_set_apply(const fp_host_set *set) {
  for (uint32_t i = 0; i < set->priority_count; i++) {
    const fp_priority_hosts *priority = set->priorities[i];
    for (uint32_t j = 0; j < priority->count; j++) {
      const fp_host_entry *entry = &priority->entries[j];
      if (set->made_at != FP_NEVER && fp_host_healthy_since(entry->host) == FP_NEVER)
        fp_host_set_healthy_since(entry->host, start_of(set, entry));
      fp_host_set_attributes(entry->host, entry->weight, i, fp_health_configured(entry->health));
    }
  }
}
