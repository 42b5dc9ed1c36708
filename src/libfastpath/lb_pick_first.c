/* lb_pick_first.c - the first host, and the next ones when it is not wanted: as gRPC's policy of that name. */
#include "lb_policies.h"

static uint32_t pick_first_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)state;
  return request->attempt % group->count;
}

const fp_lb_policy fp_lb_pick_first = {
    .name = "PICK_FIRST",
    .pick = pick_first_pick,
};
