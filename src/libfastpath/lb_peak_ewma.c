/*
 * lb_peak_ewma.c - of two hosts that are drawn, the one that should answer sooner.
 *
 *   cost = latency * (active requests + 1)
 *
 * Latency is the host's moving average, which rises with a slow answer at once and falls by and by (latency_average.h). A
 * host that nothing is known of counts with default_latency while it is idle, and with latency_penalty while it owes an
 * answer, so that others are asked before it gets a second request. Weights do not count.
 */
#include <fastpath/cluster.h>

#include "clock.h"
#include "error.h"
#include "host.h"
#include "lb_policies.h"

#define LEAST_DECAY 1000000

static fp_status peak_ewma_check(const fp_lb_options *options, fp_error *error) {
  if (options->decay_time < LEAST_DECAY)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the decay time is below a millisecond");
  if (options->default_latency < 0 || options->latency_penalty < 0)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "a latency that hosts count with is negative");
  return FASTPATH_OK;
}

static double cost_of(const fp_host_group *group, uint32_t index, int64_t now) {
  const fp_lb_options *options = group->options;
  const fp_host *host = group->hosts[index];
  const uint64_t active = fp_host_active(host);
  double latency = fp_host_latency(host, now, options->decay_time);
  if (latency < 0) latency = (double)(active == 0 ? options->default_latency : options->latency_penalty);
  return latency * ((double)active + 1.0);
}

static uint32_t peak_ewma_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const uint64_t bits = fp_lb_random(state->random);
  const uint32_t first = (uint32_t)((bits & UINT32_MAX) * group->count >> 32);
  uint32_t second;
  int64_t now;
  (void)request;
  if (group->count == 1) return 0;
  /* Any but the first. */
  second = (uint32_t)((bits >> 32) * (group->count - 1) >> 32);
  second += second >= first ? 1 : 0;
  now = fp_clock_now(group->options->clock, group->options->clock_data);
  return cost_of(group, second, now) < cost_of(group, first, now) ? second : first;
}

const fp_lb_policy fp_lb_peak_ewma = {.name = "PEAK_EWMA", .check = peak_ewma_check, .pick = peak_ewma_pick};
