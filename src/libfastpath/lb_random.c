/* lb_random.c - any host with the same chance, as Envoy's random policy, which does not look at weights. */
#include "lb_policies.h"

static uint32_t random_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)state;
  return (uint32_t)(request->number % group->count);
}

const fp_lb_policy fp_lb_random_host = {
    .name = "RANDOM",
    .number = FASTPATH_LB_RANDOM_NUMBER,
    .pick = random_pick,
};
