/*
 * lb_weighted_random.c - any host, with the chance that its weight gives it, in constant time.
 *
 * Walker's alias method with Vose's construction: as many urns as hosts, each of the same chance, and in each at most
 * two hosts. One number picks the urn and the host in it.
 */
#include "lb_policies.h"
#include "memory.h"

/* The urn's own host for numbers below the limit, of 2^32; else the other. */
typedef struct urn {
  uint64_t limit;
  uint32_t other;
} urn;

#define FULL (UINT64_C(1) << 32)

/* Weights times count are exact in 64 bits, and an urn holds `sum` of them. small and large are stacks of hosts. */
static void fill(urn *urns, const fp_host_group *group, uint64_t *left, uint32_t *stack) {
  const uint32_t count = group->count;
  uint32_t small = 0, large = count; /* stack[0 .. small - 1] and stack[large .. count - 1] */
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += group->weights[i];
  for (uint32_t i = 0; i < count; i++) {
    left[i] = (uint64_t)group->weights[i] * count;
    if (left[i] < sum) {
      stack[small++] = i;
    } else {
      stack[--large] = i;
    }
  }
  while (small > 0 && large < count) {
    const uint32_t own = stack[--small], other = stack[large];
    urns[own] = (urn){(uint64_t)((double)left[own] / (double)sum * (double)FULL), other};
    left[other] -= sum - left[own];
    if (left[other] >= sum) continue;
    large++;
    stack[small++] = other;
  }
  for (; small > 0; small--) urns[stack[small - 1]] = (urn){FULL, stack[small - 1]};
  for (; large < count; large++) urns[stack[large]] = (urn){FULL, stack[large]};
}

static fp_status weighted_random_table_new(const fp_host_group *group, void **table, fp_error *error) {
  urn *urns;
  uint64_t *left;
  uint32_t *stack;
  (void)error;
  *table = NULL;
  if (group->weights_equal) return FASTPATH_OK;
  urns = fp_memory_alloc(group->count * sizeof *urns);
  left = fp_memory_alloc(group->count * sizeof *left);
  stack = fp_memory_alloc(group->count * sizeof *stack);
  if (urns != NULL && left != NULL && stack != NULL) {
    fill(urns, group, left, stack);
    *table = urns;
  } else {
    fp_memory_free(urns);
  }
  fp_memory_free(left);
  fp_memory_free(stack);
  return *table == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static void weighted_random_table_free(void *table) { fp_memory_free(table); }

static uint32_t weighted_random_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const urn *urns = group->table;
  const uint32_t at = (uint32_t)((request->number >> 32) * group->count >> 32);
  (void)state;
  return urns == NULL || (request->number & UINT32_MAX) < urns[at].limit ? at : urns[at].other;
}

const fp_lb_policy fp_lb_weighted_random = {
    .name = "WEIGHTED_RANDOM",
    .number = FASTPATH_LB_RANDOM_NUMBER,
    .table_new = weighted_random_table_new,
    .table_free = weighted_random_table_free,
    .pick = weighted_random_pick,
};
