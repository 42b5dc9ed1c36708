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

static fp_status list_alloc(fp_locality_list *list, uint32_t room) {
  const size_t size = room == 0 ? 1 : room;
  *list =
      (fp_locality_list){0, fp_memory_alloc(size * sizeof *list->numbers), fp_memory_alloc(size * sizeof *list->zones)};
  if (list->numbers != NULL && list->zones != NULL) return FASTPATH_OK;
  fp_locality_list_clear(list);
  return FASTPATH_ERR_MEMORY;
}

fp_status fp_locality_list_init(fp_locality_list *list, const fp_locality_member *members, uint32_t count) {
  uint32_t localities = 0;
  fp_status status;
  for (uint32_t start = 0; start < count; start = locality_end(members, start, count)) localities++;
  status = list_alloc(list, localities);
  if (status < 0) return status;
  for (uint32_t start = 0; start < count; start = locality_end(members, start, count)) {
    list->numbers[list->count] = members[start].locality;
    list->zones[list->count++] = members[start].zone;
  }
  return FASTPATH_OK;
}

fp_status fp_locality_list_copy(fp_locality_list *list, const fp_locality_list *from) {
  const fp_status status = list_alloc(list, from->count);
  if (status < 0) return status;
  for (uint32_t i = 0; i < from->count; i++) {
    list->numbers[i] = from->numbers[i];
    list->zones[i] = from->zones[i];
  }
  list->count = from->count;
  return FASTPATH_OK;
}

void fp_locality_list_clear(fp_locality_list *list) {
  fp_memory_free(list->numbers);
  fp_memory_free(list->zones);
  memset(list, 0, sizeof *list);
}

static double effective_weight(uint32_t weight, uint32_t wanted, uint32_t total, uint32_t overprovisioning_factor) {
  const double available = overprovisioning_factor / 100.0 * (1.0 * wanted / total);
  return weight * (available < 1.0 ? available : 1.0);
}

static fp_status fill_group(fp_host_group *group, const fp_locality_member *members, uint32_t count,
                            fp_slow_start slow_start, const fp_lb_policy *policy, const fp_lb_options *options,
                            fp_error *error) {
  const fp_status status = fp_host_group_init(group, count_wanted(members, 0, count), 0, slow_start, options);
  if (status < 0) return status;
  for (uint32_t i = 0; i < count; i++) {
    if (members[i].wanted) fp_host_group_add(group, members[i].host, members[i].weight, members[i].position, 0.0);
  }
  return fp_host_group_finish(group, policy, NULL, error);
}

fp_status fp_localities_init(fp_localities *localities, const fp_locality_list *list, const fp_locality_member *members,
                             uint32_t count, fp_slow_start slow_start, const fp_lb_policy *policy,
                             const fp_lb_options *options, fp_error *error) {
  fp_status status = FASTPATH_OK;
  uint32_t start = 0;
  memset(localities, 0, sizeof *localities);
  if (list->count == 0) return FASTPATH_OK;
  localities->groups = fp_memory_alloc(list->count * sizeof *localities->groups);
  if (localities->groups == NULL) return FASTPATH_ERR_MEMORY;
  memset(localities->groups, 0, list->count * sizeof *localities->groups);
  localities->count = list->count;
  for (uint32_t i = 0; status >= 0 && i < list->count; i++) {
    const int present = start < count && members[start].locality == list->numbers[i];
    const uint32_t end = present ? locality_end(members, start, count) : start;
    status = fill_group(&localities->groups[i], members + start, end - start, slow_start, policy, options, error);
    start = end;
  }
  if (status < 0) fp_localities_clear(localities, policy);
  return status;
}

fp_status fp_localities_weigh(fp_localities *localities, const fp_locality_list *list,
                              const fp_locality_member *members, uint32_t count, uint32_t overprovisioning_factor) {
  uint32_t start = 0;
  if (list->count == 0) return FASTPATH_OK;
  localities->weights = fp_memory_alloc(list->count * sizeof *localities->weights);
  localities->turns = fp_memory_alloc(list->count * sizeof *localities->turns);
  if (localities->weights == NULL || localities->turns == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0; i < list->count && start < count; i++) {
    const uint32_t end = locality_end(members, start, count), weight = members[start].locality_weight;
    const uint32_t wanted = localities->groups[i].count, total = end - start;
    if (members[start].locality != list->numbers[i]) continue; /* none of it is here */
    start = end;
    if (wanted == 0 || weight == 0) continue;
    localities->weights[localities->turn_count] = effective_weight(weight, wanted, total, overprovisioning_factor);
    localities->turns[localities->turn_count++] = i;
  }
  return FASTPATH_OK;
}

void fp_localities_clear(fp_localities *localities, const fp_lb_policy *policy) {
  for (uint32_t i = 0; i < localities->count; i++) fp_host_group_clear(&localities->groups[i], policy);
  fp_memory_free(localities->weights);
  fp_memory_free(localities->turns);
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
