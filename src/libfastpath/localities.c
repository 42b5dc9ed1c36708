#include "localities.h"

#include <string.h>

#include "host_group.h"
#include "memory.h"
#include "sort.h"

static int by_locality(const void *a, const void *b, const void *context) {
  const fp_locality_member *left = a, *right = b;
  (void)context;
  if (left->locality != right->locality) return left->locality < right->locality ? -1 : 1;
  return left->entry < right->entry ? -1 : left->entry > right->entry;
}

void fp_locality_members_sort(fp_locality_member *members, uint32_t count) {
  fp_sort(members, count, sizeof *members, by_locality, NULL);
}

/* Where the locality that begins at `start` ends. */
static uint32_t locality_end(const fp_locality_member *members, uint32_t start, uint32_t count) {
  uint32_t end = start + 1;
  while (end < count && members[end].locality == members[start].locality) end++;
  return end;
}

static uint32_t count_wanted(const fp_locality_member *members, uint32_t start, uint32_t end) {
  uint32_t wanted = 0;
  for (uint32_t i = start; i < end; i++) wanted += members[i].wanted;
  return wanted;
}

static uint32_t count_localities(const fp_locality_member *members, uint32_t count) {
  uint32_t localities = 0;
  for (uint32_t start = 0; start < count; start = locality_end(members, start, count)) localities++;
  return localities;
}

static double effective_weight(uint32_t weight, uint32_t wanted, uint32_t total, uint32_t overprovisioning_factor) {
  const double available = overprovisioning_factor / 100.0 * (1.0 * wanted / total);
  return weight * (available < 1.0 ? available : 1.0);
}

static fp_status add_locality(fp_localities *localities, const fp_locality_member *members, uint32_t count,
                              uint32_t wanted, const fp_lb_policy *policy, const fp_lb_options *options,
                              fp_error *error) {
  fp_host_group *group = &localities->groups[localities->count];
  fp_status status = fp_host_group_init(group, wanted, 0, options);
  if (status < 0) return status;
  localities->count++;
  for (uint32_t i = 0; i < count; i++) {
    if (members[i].wanted) fp_host_group_add(group, members[i].host, members[i].weight, members[i].position, 0.0);
  }
  return fp_host_group_finish(group, policy, error);
}

fp_status fp_localities_init(fp_localities *localities, const fp_locality_member *members, uint32_t count,
                             uint32_t overprovisioning_factor, const fp_lb_policy *policy, const fp_lb_options *options,
                             fp_error *error) {
  const size_t room = count_localities(members, count);
  fp_status status = FASTPATH_OK;
  memset(localities, 0, sizeof *localities);
  if (room == 0) return FASTPATH_OK;
  localities->weights = fp_memory_alloc(room * sizeof *localities->weights);
  localities->groups = fp_memory_alloc(room * sizeof *localities->groups);
  if (localities->weights == NULL || localities->groups == NULL) status = FASTPATH_ERR_MEMORY;
  for (uint32_t start = 0, end; status >= 0 && start < count; start = end) {
    uint32_t wanted;
    end = locality_end(members, start, count);
    wanted = count_wanted(members, start, end);
    if (wanted == 0 || members[start].locality_weight == 0) continue;
    localities->weights[localities->count] =
        effective_weight(members[start].locality_weight, wanted, end - start, overprovisioning_factor);
    status = add_locality(localities, members + start, end - start, wanted, policy, options, error);
  }
  if (status < 0) fp_localities_clear(localities, policy);
  return status;
}

void fp_localities_clear(fp_localities *localities, const fp_lb_policy *policy) {
  for (uint32_t i = 0; i < localities->count; i++) fp_host_group_clear(&localities->groups[i], policy);
  fp_memory_free(localities->weights);
  fp_memory_free(localities->groups);
  memset(localities, 0, sizeof *localities);
}

uint64_t fp_localities_weight(const fp_locality_member *members, uint32_t count) {
  uint64_t sum = 0;
  for (uint32_t start = 0; start < count; start = locality_end(members, start, count))
    sum += members[start].locality_weight;
  return sum;
}

void fp_localities_add_shares(fp_host_group *group, const fp_locality_member *members, uint32_t count, uint64_t sum) {
  for (uint32_t start = 0, end; start < count; start = end) {
    uint64_t host_sum = 0;
    double locality_share;
    end = locality_end(members, start, count);
    if (members[start].locality_weight == 0) continue;
    locality_share = (double)members[start].locality_weight / (double)sum;
    for (uint32_t i = start; i < end; i++) host_sum += members[i].wanted ? members[i].weight : 0;
    for (uint32_t i = start; i < end; i++) {
      const fp_locality_member *member = &members[i];
      if (!member->wanted) continue;
      fp_host_group_add(group, member->host, member->weight, member->position,
                        member->weight * locality_share / (double)host_sum);
    }
  }
}
