#include "host_group.h"

#include <string.h>

#include "memory.h"

/* One block holds all arrays, those of the largest items first. */
fp_status fp_host_group_init(fp_host_group *group, uint32_t capacity, int with_shares, fp_slow_start slow_start,
                             const fp_lb_options *options) {
  const size_t room = capacity == 0 ? 1 : capacity;
  const size_t per_host = sizeof(fp_host *) + 2 * sizeof(uint32_t) + (with_shares ? sizeof(double) : 0);
  double *shares;
  fp_host **hosts;
  uint32_t *numbers;
  if (room > SIZE_MAX / per_host) return FASTPATH_ERR_OVERFLOW;
  shares = fp_memory_alloc(room * per_host);
  if (shares == NULL) return FASTPATH_ERR_MEMORY;
  hosts = (fp_host **)(with_shares ? shares + room : shares);
  numbers = (uint32_t *)(hosts + room);
  *group = (fp_host_group){.slow_start = slow_start.going_on,
                           .made_at = slow_start.now,
                           .hosts = hosts,
                           .shares = with_shares ? shares : NULL,
                           .weights = numbers,
                           .positions = numbers + room,
                           .options = options};
  return FASTPATH_OK;
}

void fp_host_group_add(fp_host_group *group, fp_host *host, uint32_t weight, uint32_t position, double share) {
  const uint32_t at = group->count++;
  ((fp_host **)group->hosts)[at] = host;
  ((uint32_t *)group->weights)[at] = weight;
  ((uint32_t *)group->positions)[at] = position;
  if (group->shares != NULL) ((double *)group->shares)[at] = share;
}

static uint32_t weights_equal(const fp_host_group *group) {
  for (uint32_t i = 1; i < group->count; i++) {
    if (group->shares != NULL ? group->shares[i] < group->shares[0] || group->shares[i] > group->shares[0]
                              : group->weights[i] != group->weights[0])
      return 0;
  }
  return 1;
}

static uint32_t is_whole(const fp_host_group *group) {
  for (uint32_t i = 0; i < group->count; i++)
    if (group->positions[i] != i) return 0;
  return 1;
}

fp_status fp_host_group_finish(fp_host_group *group, const fp_lb_policy *policy, const fp_host_group *previous,
                               fp_error *error) {
  void *table = NULL;
  fp_status status;
  group->weights_equal = weights_equal(group);
  group->whole = is_whole(group);
  for (uint32_t i = 0; i < group->count; i++) group->weight_sum += group->weights[i];
  if (policy->table_new == NULL || group->count < 2) return FASTPATH_OK;
  status = policy->table_update != NULL && previous != NULL && previous->table != NULL
               ? policy->table_update(group, previous, &table, error)
               : policy->table_new(group, &table, error);
  if (status >= 0) group->table = table;
  return status;
}

void fp_host_group_clear(fp_host_group *group, const fp_lb_policy *policy) {
  if (group->table != NULL) policy->table_free((void *)group->table);
  fp_memory_free(group->shares != NULL ? (void *)group->shares : (void *)group->hosts);
  memset(group, 0, sizeof *group);
}
