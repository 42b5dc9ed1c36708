/*
 * A load balancing policy in C, for clusters of Python: the host of a group that the request's hash, and how often it
 * was tried, point at; never one with more active requests than group->options->context says.
 *
 *   cc -shared -fPIC native_policy.c $(pkg-config --cflags --libs "$(python -c 'import fastpath; print(fastpath.get_library_dir())')/pkgconfig/fastpath.pc") -o native_policy.so
 *
 * custom_policy.py loads it.
 */
#include <fastpath/fastpath.h>

static uint32_t pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const uint64_t *limit = group->options->context;
  (void)state;
  for (uint32_t i = 0; i < group->count; i++) {
    const uint32_t at = (uint32_t)((request->number + request->attempt + i) % group->count);
    if (limit == NULL || fp_host_active_requests(group->hosts[at]) < *limit) return at;
  }
  return FASTPATH_LB_NO_HOST;
}

extern const fp_lb_policy policy;
const fp_lb_policy policy = {.name = "HASH_WITH_LIMIT", .number = FASTPATH_LB_REQUEST_HASH, .pick = pick};
