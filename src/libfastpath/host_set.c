#include "host_set.h"

#include <string.h>

#include "error.h"
#include "host.h"
#include "lb_policies.h"
#include "memory.h"

fp_priority_hosts *fp_priority_hosts_ref(fp_priority_hosts *priority) {
  atomic_fetch_add_explicit(&priority->references, 1, memory_order_relaxed);
  return priority;
}

static void free_tables(fp_priority_hosts *priority) {
  for (int source = 0; source < FP_HOST_SOURCES; source++) {
    const void *table = priority->groups[source].table;
    /* "all" and "healthy" share one table when every host is healthy. */
    if (source == FP_HOST_SOURCE_ALL && table == priority->groups[FP_HOST_SOURCE_HEALTHY].table) continue;
    if (table != NULL) priority->policy->table_free((void *)table);
  }
}

void fp_priority_hosts_unref(fp_priority_hosts *priority) {
  if (priority == NULL || atomic_fetch_sub_explicit(&priority->references, 1, memory_order_acq_rel) != 1) return;
  free_tables(priority);
  for (uint32_t i = 0; i < priority->groups[FP_HOST_SOURCE_ALL].count; i++)
    fp_host_unref(priority->groups[FP_HOST_SOURCE_ALL].hosts[i]);
  fp_memory_free(priority->hosts);
  fp_memory_free(priority->weights);
  fp_memory_free(priority->positions);
  fp_memory_free(priority->health);
  fp_memory_free(priority);
}

/* The hosts of `all` with this health, behind those that are already in the arrays; `used` moves on. */
static void fill_group(fp_priority_hosts *priority, fp_host_source source, uint32_t *used) {
  const fp_host_group *all = &priority->groups[FP_HOST_SOURCE_ALL];
  fp_host_group *group = &priority->groups[source];
  const uint32_t start = *used;
  for (uint32_t i = 0; i < all->count; i++) {
    const uint8_t health = priority->health[i];
    if (source == FP_HOST_SOURCE_HEALTHY ? !fp_health_is_healthy(health) : !fp_health_is_degraded(health)) continue;
    priority->hosts[*used] = all->hosts[i];
    priority->weights[*used] = all->weights[i];
    priority->positions[*used] = i;
    ++*used;
  }
  group->count = *used - start;
  group->hosts = priority->hosts + start;
  group->weights = priority->weights + start;
  group->positions = priority->positions + start;
  group->options = &priority->options;
}

static uint32_t weights_equal(const fp_host_group *group) {
  for (uint32_t i = 1; i < group->count; i++)
    if (group->weights[i] != group->weights[0]) return 0;
  return 1;
}

static fp_status make_table(const fp_lb_policy *policy, fp_host_group *group, fp_error *error) {
  void *table = NULL;
  fp_status status;
  group->weights_equal = weights_equal(group);
  if (policy->table_new == NULL || group->count < 2) return FASTPATH_OK;
  status = policy->table_new(group, &table, error);
  if (status >= 0) group->table = table;
  return status;
}

/* Splits what groups[ALL] holds by health, and makes the tables. */
static fp_status finish_priority(fp_priority_hosts *priority, fp_error *error) {
  fp_host_group *groups = priority->groups;
  uint32_t used = groups[FP_HOST_SOURCE_ALL].count, healthy = 0;
  fp_status status = make_table(priority->policy, &groups[FP_HOST_SOURCE_ALL], error);
  if (status < 0) return status;
  for (uint32_t i = 0; i < used; i++) healthy += fp_health_is_healthy(priority->health[i]) ? 1u : 0u;
  if (healthy == used) {
    groups[FP_HOST_SOURCE_HEALTHY] = groups[FP_HOST_SOURCE_ALL];
    groups[FP_HOST_SOURCE_DEGRADED].weights_equal = 1;
    return FASTPATH_OK;
  }
  fill_group(priority, FP_HOST_SOURCE_HEALTHY, &used);
  fill_group(priority, FP_HOST_SOURCE_DEGRADED, &used);
  status = make_table(priority->policy, &groups[FP_HOST_SOURCE_HEALTHY], error);
  if (status < 0) return status;
  return make_table(priority->policy, &groups[FP_HOST_SOURCE_DEGRADED], error);
}

/* An empty priority with room for `count` hosts in each role. */
static fp_priority_hosts *priority_new(const fp_cluster_config *config, uint32_t count) {
  const size_t room = count == 0 ? 1 : 2 * (size_t)count; /* all hosts, then the healthy and the degraded of them */
  fp_priority_hosts *priority = fp_memory_alloc(sizeof *priority);
  if (priority == NULL) return NULL;
  memset(priority, 0, sizeof *priority);
  atomic_init(&priority->references, 1);
  priority->policy = config->policy;
  priority->options = config->options;
  priority->hosts = fp_memory_alloc(room * sizeof *priority->hosts);
  priority->weights = fp_memory_alloc(room * sizeof *priority->weights);
  priority->positions = fp_memory_alloc(room * sizeof *priority->positions);
  priority->health = fp_memory_alloc(room);
  priority->groups[FP_HOST_SOURCE_ALL] = (fp_host_group){.hosts = priority->hosts,
                                                         .weights = priority->weights,
                                                         .positions = priority->positions,
                                                         .options = &priority->options};
  if (priority->hosts == NULL || priority->weights == NULL || priority->positions == NULL || priority->health == NULL) {
    fp_priority_hosts_unref(priority);
    return NULL;
  }
  return priority;
}

static int same_priority(const fp_priority_hosts *a, const fp_priority_hosts *b) {
  const fp_host_group *left = &a->groups[FP_HOST_SOURCE_ALL], *right = &b->groups[FP_HOST_SOURCE_ALL];
  return a->policy == b->policy && fp_lb_options_equal(&a->options, &b->options) && left->count == right->count &&
         memcmp(left->hosts, right->hosts, left->count * sizeof *left->hosts) == 0 &&
         memcmp(left->weights, right->weights, left->count * sizeof *left->weights) == 0 &&
         memcmp(a->health, b->health, left->count) == 0;
}

fp_host_set *fp_host_set_ref(fp_host_set *set) {
  atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
  return set;
}

void fp_host_set_unref(fp_host_set *set) {
  if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1) return;
  for (uint32_t i = 0; set->priorities != NULL && i < set->priority_count; i++)
    fp_priority_hosts_unref(set->priorities[i]);
  fp_host_index_clear(&set->index);
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
  return set->priorities[priority]->groups[FP_HOST_SOURCE_ALL].hosts[index - set->offsets[priority]];
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
    if (i == 0 || endpoint->locality != endpoints[i - 1].locality) sum = 0;
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
    fp_priority_hosts *priority = set->priorities[endpoint->priority];
    fp_host_group *all = &priority->groups[FP_HOST_SOURCE_ALL];
    fp_host **slot = fp_host_index_slot(&set->index, endpoint);
    fp_host *host = NULL;
    if (*slot != NULL) continue; /* the first of several counts */
    if (previous != NULL) host = *fp_host_index_slot(&previous->index, endpoint);
    if (host != NULL && fp_host_agrees(host, endpoint)) {
      fp_host_ref(host);
    } else {
      host = fp_host_new(endpoint, initial_flags);
      if (host == NULL) return FASTPATH_ERR_MEMORY;
    }
    *slot = host;
    priority->hosts[all->count] = host;
    priority->weights[all->count] = endpoint->weight;
    priority->positions[all->count] = all->count;
    priority->health[all->count] = fp_host_health_now(host, (fp_health_status)endpoint->health);
    all->count++;
    set->count++;
  }
  return FASTPATH_OK;
}

static void compute_loads(fp_host_set *set, uint32_t panic_threshold) {
  uint32_t offset = 0;
  for (uint32_t i = 0; i < set->priority_count; i++) {
    const fp_host_group *groups = set->priorities[i]->groups;
    set->offsets[i] = offset;
    offset += groups[FP_HOST_SOURCE_ALL].count;
    set->loads[i].total = groups[FP_HOST_SOURCE_ALL].count;
    set->loads[i].healthy = groups[FP_HOST_SOURCE_HEALTHY].count;
    set->loads[i].degraded = groups[FP_HOST_SOURCE_DEGRADED].count;
  }
  fp_priority_load_compute(set->loads, set->priority_count, panic_threshold);
  set->sole_priority = set->priority_count;
  for (uint32_t i = 0; i < set->priority_count; i++) {
    if (set->loads[i].healthy_load != 100 && set->loads[i].degraded_load != 100) continue;
    set->sole_priority = i;
    set->sole_source = set->loads[i].panic                 ? FP_HOST_SOURCE_ALL
                       : set->loads[i].healthy_load == 100 ? FP_HOST_SOURCE_HEALTHY
                                                           : FP_HOST_SOURCE_DEGRADED;
  }
}

static fp_status set_fill(fp_host_set *set, const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                          const fp_host_set *previous, fp_error *error) {
  fp_status status;
  uint32_t counts[FASTPATH_CLUSTER_MAX_PRIORITY + 1] = {0};
  set->policy = config->policy;
  set->priority_count = 1;
  for (size_t i = 0; i < count; i++) {
    counts[endpoints[i].priority]++;
    if (endpoints[i].priority >= set->priority_count) set->priority_count = endpoints[i].priority + 1;
  }
  status = fp_host_index_init(&set->index, count);
  if (status < 0) return status;
  set->priorities = fp_memory_alloc(set->priority_count * sizeof *set->priorities);
  if (set->priorities == NULL) return FASTPATH_ERR_MEMORY;
  memset(set->priorities, 0, set->priority_count * sizeof *set->priorities);
  set->offsets = fp_memory_alloc(set->priority_count * sizeof *set->offsets);
  set->loads = fp_memory_alloc(set->priority_count * sizeof *set->loads);
  if (set->offsets == NULL || set->loads == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0; i < set->priority_count; i++) {
    set->priorities[i] = priority_new(config, counts[i]);
    if (set->priorities[i] == NULL) return FASTPATH_ERR_MEMORY;
  }
  status = add_hosts(set, endpoints, count, config->initial_flags, previous);
  if (status < 0) return status;
  for (uint32_t i = 0; i < set->priority_count; i++) {
    if (previous != NULL && i < previous->priority_count &&
        same_priority(set->priorities[i], previous->priorities[i])) {
      fp_priority_hosts_unref(set->priorities[i]);
      set->priorities[i] = fp_priority_hosts_ref(previous->priorities[i]);
    } else {
      status = finish_priority(set->priorities[i], error);
      if (status < 0) return status;
    }
  }
  compute_loads(set, config->panic_threshold);
  return FASTPATH_OK;
}

fp_status fp_host_set_new(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                          const fp_host_set *previous, fp_host_set **set, fp_error *error) {
  fp_host_set *made;
  fp_status status = check_endpoints(endpoints, count, error);
  if (status < 0) return status;
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  status = set_fill(made, config, endpoints, count, previous, error);
  if (status < 0) {
    fp_host_set_unref(made);
    if (status == FASTPATH_ERR_MEMORY) (void)fp_error_set(error, status, 0, 0, "out of memory");
    return status;
  }
  *set = made;
  return FASTPATH_OK;
}

void fp_host_set_apply(const fp_host_set *set) {
  for (uint32_t i = 0; i < set->priority_count; i++) {
    const fp_priority_hosts *priority = set->priorities[i];
    const fp_host_group *all = &priority->groups[FP_HOST_SOURCE_ALL];
    for (uint32_t j = 0; j < all->count; j++)
      fp_host_set_attributes(all->hosts[j], all->weights[j], i, fp_health_configured(priority->health[j]));
  }
}
