#include "priority_hosts.h"

#include <math.h>
#include <string.h>

#include "host.h"
#include "host_group.h"
#include "lb_policies.h"
#include "memory.h"
#include "subset_rules.h"

#define OVERPROVISIONING_FACTOR 140

fp_priority_hosts *fp_priority_hosts_new(const fp_cluster_config *config, uint32_t number, uint32_t capacity) {
  fp_priority_hosts *priority = fp_memory_alloc(sizeof *priority);
  if (priority == NULL) return NULL;
  memset(priority, 0, sizeof *priority);
  atomic_init(&priority->references, 1);
  priority->policy = config->policy;
  priority->options = config->options;
  priority->locality_weighted =
      config->locality_weighted && (config->subset_rules == NULL || config->subset_rules->locality_weight_aware);
  priority->by_zone =
      config->zones.callers != NULL && number == 0 && config->policy->number != FASTPATH_LB_REQUEST_HASH;
  priority->overprovisioning_factor =
      config->overprovisioning_factor == 0 ? OVERPROVISIONING_FACTOR : config->overprovisioning_factor;
  priority->entries = fp_memory_alloc((capacity == 0 ? 1 : (size_t)capacity) * sizeof *priority->entries);
  if (priority->entries == NULL) {
    fp_priority_hosts_unref(priority);
    return NULL;
  }
  return priority;
}

fp_priority_hosts *fp_priority_hosts_ref(fp_priority_hosts *priority) {
  atomic_fetch_add_explicit(&priority->references, 1, memory_order_relaxed);
  return priority;
}

/* When every host is healthy, the same group serves as both. */
static int shares_group(const fp_priority_hosts *priority) {
  return priority->groups[FP_HOST_SOURCE_ALL].hosts == priority->groups[FP_HOST_SOURCE_HEALTHY].hosts;
}

void fp_priority_hosts_unref(fp_priority_hosts *priority) {
  if (priority == NULL || atomic_fetch_sub_explicit(&priority->references, 1, memory_order_acq_rel) != 1) return;
  if (!shares_group(priority)) fp_host_group_clear(&priority->groups[FP_HOST_SOURCE_HEALTHY], priority->policy);
  fp_host_group_clear(&priority->groups[FP_HOST_SOURCE_DEGRADED], priority->policy);
  fp_host_group_clear(&priority->groups[FP_HOST_SOURCE_ALL], priority->policy);
  for (int source = 0; source < FP_LOCALITY_SOURCES; source++)
    fp_localities_clear(&priority->localities[source], priority->policy);
  fp_locality_list_clear(&priority->places);
  for (uint32_t i = 0; i < priority->count; i++) {
    fp_host_unref(priority->entries[i].host);
    fp_labels_unref(priority->entries[i].labels);
  }
  fp_memory_free(priority->entries);
  fp_memory_free(priority);
}

void fp_priority_hosts_add(fp_priority_hosts *priority, fp_host *host, const fp_endpoint *endpoint, uint32_t number) {
  const uint32_t at = priority->count++;
  priority->entries[at] = (fp_host_entry){.host = host,
                                          .weight = endpoint->weight,
                                          .locality = endpoint->locality,
                                          .zone = endpoint->zone,
                                          .locality_weight = endpoint->locality_weight,
                                          .health = fp_host_health_now(host, (fp_health_status)endpoint->health),
                                          .endpoint = number,
                                          .position = at,
                                          .labels = endpoint->labels == NULL ? NULL : fp_labels_ref(endpoint->labels)};
}

void fp_priority_hosts_copy(fp_priority_hosts *priority, const fp_host_entry *entry) {
  fp_host_entry *copy = &priority->entries[priority->count++];
  *copy = *entry;
  fp_host_ref(copy->host);
  if (copy->labels != NULL) fp_labels_ref(copy->labels);
}

static int has_localities(const fp_priority_hosts *priority) {
  return priority->locality_weighted || priority->by_zone;
}

/* One that is not placed yet is no part: its entries say where they are. */
static int places_equal(const fp_locality_list *a, const fp_locality_list *b) {
  if (a->count == 0 || b->count == 0) return 1;
  if (a->count != b->count) return 0;
  for (uint32_t i = 0; i < a->count; i++)
    if (a->numbers[i] != b->numbers[i] || a->zones[i] != b->zones[i]) return 0;
  return 1;
}

static int has_same_policy(const fp_priority_hosts *a, const fp_priority_hosts *b) {
  return a->policy == b->policy && fp_lb_options_equal(&a->options, &b->options);
}

int fp_priority_hosts_equal(const fp_priority_hosts *a, const fp_priority_hosts *b) {
  const int by_locality = has_localities(a);
  if (!has_same_policy(a, b) || a->count != b->count || a->locality_weighted != b->locality_weighted ||
      a->by_zone != b->by_zone || a->overprovisioning_factor != b->overprovisioning_factor ||
      a->locality_weight_sum != b->locality_weight_sum || !places_equal(&a->places, &b->places))
    return 0;
  for (uint32_t i = 0; i < a->count; i++) {
    const fp_host_entry *left = &a->entries[i], *right = &b->entries[i];
    if (left->host != right->host || left->weight != right->weight || left->health != right->health ||
        left->position != right->position || left->zone != right->zone)
      return 0;
    if (by_locality && left->locality != right->locality) return 0;
    if (a->locality_weighted && left->locality_weight != right->locality_weight) return 0;
  }
  return 1;
}

static int has_source(const fp_host_entry *entry, fp_host_source source) {
  switch (source) {
    case FP_HOST_SOURCE_ALL: return 1;
    case FP_HOST_SOURCE_DEGRADED: return fp_health_is_degraded(entry->health);
    case FP_HOST_SOURCE_HEALTHY: break;
  }
  return fp_health_is_healthy(entry->health);
}

uint32_t fp_priority_hosts_count(const fp_priority_hosts *priority, fp_host_source source) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < priority->count; i++) count += has_source(&priority->entries[i], source) ? 1u : 0u;
  return count;
}

uint64_t fp_priority_hosts_weight(const fp_priority_hosts *priority, fp_host_source source) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < priority->count; i++)
    sum += has_source(&priority->entries[i], source) ? priority->entries[i].weight : 0;
  return sum;
}

static fp_locality_member *members_new(const fp_priority_hosts *priority) {
  fp_locality_member *members = fp_memory_alloc((priority->count == 0 ? 1 : priority->count) * sizeof *members);
  if (members == NULL) return NULL;
  for (uint32_t i = 0; i < priority->count; i++) {
    const fp_host_entry *entry = &priority->entries[i];
    members[i] = (fp_locality_member){.host = entry->host,
                                      .weight = entry->weight,
                                      .position = entry->position,
                                      .entry = i,
                                      .locality = entry->locality,
                                      .zone = entry->zone,
                                      .locality_weight = entry->locality_weight,
                                      .wanted = 1};
  }
  fp_locality_members_sort(members, priority->count);
  return members;
}

/* How many members, from `start` on, are of one locality. */
static uint32_t locality_size(const fp_locality_member *members, uint32_t start, uint32_t count) {
  uint32_t size = 1;
  while (start + size < count && members[start + size].locality == members[start].locality) size++;
  return size;
}

fp_status fp_priority_hosts_measure(fp_priority_hosts *priority) {
  fp_locality_member *members = members_new(priority);
  if (members == NULL) return FASTPATH_ERR_MEMORY;
  priority->locality_weight_sum = fp_localities_weight(members, priority->count);
  for (uint32_t start = 0, size; start < priority->count; start += size) {
    size = locality_size(members, start, priority->count);
    for (uint32_t i = start; i < start + size; i++) priority->entries[members[i].entry].locality_size = size;
  }
  fp_memory_free(members);
  return FASTPATH_OK;
}

/* In single precision and with halves away from zero, as Envoy has it. */
static uint32_t scaled(uint32_t weight, uint32_t size, uint32_t whole) {
  const float result = roundf((float)((uint64_t)weight * size) / (float)whole);
  return result < (float)UINT32_MAX ? (uint32_t)result : UINT32_MAX;
}

fp_status fp_priority_hosts_scale(fp_priority_hosts *priority) {
  fp_locality_member *members = members_new(priority);
  if (members == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t start = 0, size; start < priority->count; start += size) {
    size = locality_size(members, start, priority->count);
    for (uint32_t i = start; i < start + size; i++) {
      fp_host_entry *entry = &priority->entries[members[i].entry];
      entry->locality_weight = scaled(entry->locality_weight, size, entry->locality_size);
    }
  }
  fp_memory_free(members);
  return FASTPATH_OK;
}

/* members: NULL when localities do not share the hash policy's load. */
static fp_status make_group(fp_priority_hosts *priority, fp_host_source source, const fp_locality_member *members,
                            const fp_priority_hosts *previous, fp_error *error) {
  fp_host_group *group = &priority->groups[source];
  const uint32_t count = fp_priority_hosts_count(priority, source);
  const fp_status status = fp_host_group_init(group, count, members != NULL, priority->slow_start, &priority->options);
  if (status < 0) return status;
  if (members != NULL) {
    const uint64_t known = priority->locality_weight_sum;
    fp_localities_add_shares(group, members, priority->count,
                             known > 0 ? known : fp_localities_weight(members, priority->count));
  } else {
    for (uint32_t i = 0; i < priority->count; i++) {
      const fp_host_entry *entry = &priority->entries[i];
      if (has_source(entry, source)) fp_host_group_add(group, entry->host, entry->weight, entry->position, 0.0);
    }
  }
  return fp_host_group_finish(group, priority->policy, previous == NULL ? NULL : &previous->groups[source], error);
}

static void want(fp_locality_member *members, const fp_priority_hosts *priority, fp_host_source source) {
  for (uint32_t i = 0; i < priority->count; i++)
    members[i].wanted = has_source(&priority->entries[members[i].entry], source) ? 1 : 0;
}

/* members: as for make_group, all wanted. */
static fp_status make_groups(fp_priority_hosts *priority, fp_locality_member *members,
                             const fp_priority_hosts *previous, fp_error *error) {
  const int all_healthy = fp_priority_hosts_count(priority, FP_HOST_SOURCE_HEALTHY) == priority->count;
  fp_status status = make_group(priority, FP_HOST_SOURCE_ALL, members, previous, error);
  if (status < 0) return status;
  if (all_healthy) {
    priority->groups[FP_HOST_SOURCE_HEALTHY] = priority->groups[FP_HOST_SOURCE_ALL];
    return FASTPATH_OK;
  }
  if (members != NULL) want(members, priority, FP_HOST_SOURCE_HEALTHY);
  status = make_group(priority, FP_HOST_SOURCE_HEALTHY, members, previous, error);
  if (status < 0) return status;
  if (priority->policy->number == FASTPATH_LB_REQUEST_HASH) return FASTPATH_OK; /* never uses degraded hosts */
  return make_group(priority, FP_HOST_SOURCE_DEGRADED, NULL, previous, error);
}

static fp_status make_localities(fp_priority_hosts *priority, fp_locality_member *members, fp_error *error) {
  fp_status status = FASTPATH_OK;
  for (int source = 0; status >= 0 && source < FP_LOCALITY_SOURCES; source++) {
    fp_localities *made = &priority->localities[source];
    want(members, priority, (fp_host_source)source);
    status = fp_localities_init(made, &priority->places, members, priority->count, priority->slow_start,
                                priority->policy, &priority->options, error);
    if (status >= 0 && priority->locality_weighted)
      status =
          fp_localities_weigh(made, &priority->places, members, priority->count, priority->overprovisioning_factor);
  }
  return status;
}

fp_status fp_priority_hosts_place(fp_priority_hosts *priority, const fp_priority_hosts *whole) {
  fp_locality_member *members;
  fp_status status;
  if (!has_localities(priority)) return FASTPATH_OK;
  if (whole != NULL) return fp_locality_list_copy(&priority->places, &whole->places);
  members = members_new(priority);
  if (members == NULL) return FASTPATH_ERR_MEMORY;
  status = fp_locality_list_init(&priority->places, members, priority->count);
  fp_memory_free(members);
  return status;
}

fp_status fp_priority_hosts_finish(fp_priority_hosts *priority, fp_slow_start slow_start,
                                   const fp_priority_hosts *previous, fp_error *error) {
  const int by_hash = priority->policy->number == FASTPATH_LB_REQUEST_HASH;
  fp_locality_member *members;
  fp_status status;
  priority->slow_start = slow_start;
  if (previous != NULL && !has_same_policy(priority, previous)) previous = NULL;
  if (!has_localities(priority)) return make_groups(priority, NULL, previous, error);
  members = members_new(priority);
  if (members == NULL) return FASTPATH_ERR_MEMORY;
  status = priority->places.numbers != NULL ? FASTPATH_OK
                                            : fp_locality_list_init(&priority->places, members, priority->count);
  if (status >= 0) status = make_groups(priority, by_hash ? members : NULL, previous, error);
  if (status >= 0 && !by_hash) status = make_localities(priority, members, error);
  fp_memory_free(members);
  return status;
}
