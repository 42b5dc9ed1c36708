/*
 * lb_least_connection.c - the host with the least load of all, as Linux's IPVS looks for it; of equals the first.
 *
 *   LEAST_CONNECTION            lc     active requests
 *   WEIGHTED_LEAST_CONNECTION   wlc    active requests / weight
 *   SHORTEST_EXPECTED_DELAY     sed    (active requests + 1) / weight
 *   NEVER_QUEUE                 nq     the first that is idle; when none is, as sed
 *
 * Active requests stand for IPVS's active connections; there are no inactive ones.
 */
#include <fastpath/cluster.h>

#include "host.h"
#include "lb_policies.h"

/* 32 bits, so that products with a weight fit; more requests than that count as so many. */
static uint64_t active(const fp_host_group *group, uint32_t index) {
  const uint64_t requests = fp_host_active(group->hosts[index]);
  return requests < UINT32_MAX ? requests : UINT32_MAX - 1;
}

/* The least (active + more) / weight, compared without dividing. */
static uint32_t least_by_weight(const fp_host_group *group, uint64_t more) {
  uint32_t best = 0;
  uint64_t load = active(group, 0) + more;
  for (uint32_t i = 1; i < group->count; i++) {
    const uint64_t other = active(group, i) + more;
    if (load * group->weights[i] <= other * group->weights[best]) continue;
    best = i;
    load = other;
  }
  return best;
}

static uint32_t least_connection_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  uint32_t best = 0;
  uint64_t load = active(group, 0);
  (void)state, (void)request;
  for (uint32_t i = 1; i < group->count && load > 0; i++) {
    const uint64_t other = active(group, i);
    if (other >= load) continue;
    best = i;
    load = other;
  }
  return best;
}

static uint32_t weighted_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)state, (void)request;
  return least_by_weight(group, 0);
}

static uint32_t shortest_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)state, (void)request;
  return least_by_weight(group, 1);
}

static uint32_t never_queue_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)state, (void)request;
  for (uint32_t i = 0; i < group->count; i++)
    if (active(group, i) == 0) return i;
  return least_by_weight(group, 1);
}

const fp_lb_policy fp_lb_least_connection = {.name = "LEAST_CONNECTION", .pick = least_connection_pick};
const fp_lb_policy fp_lb_weighted_least_connection = {.name = "WEIGHTED_LEAST_CONNECTION", .pick = weighted_pick};
const fp_lb_policy fp_lb_shortest_expected_delay = {.name = "SHORTEST_EXPECTED_DELAY", .pick = shortest_pick};
const fp_lb_policy fp_lb_never_queue = {.name = "NEVER_QUEUE", .pick = never_queue_pick};
