/*
 * lb_least_request.c - the host with fewer active requests, as Envoy finds it.
 *
 * Equal weights: some hosts are drawn and the least busy is taken (two: "power of two choices"), or all are looked at.
 * Unequal weights: earliest deadline first, where a host counts with weight / (active requests + 1)^bias at the moment
 * when it goes back into the schedule.
 */
#include <fastpath/cluster.h>
#include <math.h>

#include "edf.h"
#include "error.h"
#include "lb_policies.h"
#include "memory.h"
#include "tournament.h"

typedef struct schedule {
  fp_tournament hosts;
  uint64_t next_order;
} schedule;

static fp_status least_request_check(const fp_lb_options *options, fp_error *error) {
  if (!isfinite(options->active_request_bias) || options->active_request_bias < 0)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the active request bias is negative or not finite");
  if (options->choice_count < 2)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the choice count is below 2");
  return FASTPATH_OK;
}

static double weight_of(const fp_host_group *group, uint32_t index) {
  const double bias = group->options->active_request_bias, weight = (double)group->weights[index];
  const uint64_t active = fp_host_active_requests(group->hosts[index]);
  const double load = (double)(active == UINT64_MAX ? active : active + 1);
  return weight / (bias == 1.0 ? load : pow(load, bias));
}

static uint32_t schedule_pick(schedule *self, const fp_host_group *group) {
  const uint32_t index = self->hosts.winner;
  const double now = fp_tournament_deadline(self->hosts.deadlines[index]);
  fp_tournament_replay(&self->hosts, fp_tournament_bits(now + 1.0 / weight_of(group, index)), self->next_order++);
  return index;
}

/* As fp_edf_new, with the weights that the hosts have at this moment. */
static void schedule_start(schedule *self, const fp_host_group *group, uint32_t picks) {
  double sum = 0.0;
  uint32_t done = 0;
  /* The deadlines hold the weights until the sum is known: they must not change between the two passes. */
  for (uint32_t i = 0; i < group->count; i++) {
    const double weight = weight_of(group, i) + FP_EDF_WEIGHT_NUDGE;
    self->hosts.deadlines[i] = fp_tournament_bits(weight);
    sum += weight;
  }
  for (uint32_t i = 0; i < group->count; i++) {
    const double weight = fp_tournament_deadline(self->hosts.deadlines[i]);
    const uint32_t share = fp_edf_share(weight, picks, sum);
    self->hosts.deadlines[i] = fp_tournament_bits((share + 1) / weight);
    self->hosts.orders[i] = i;
    done += share;
  }
  self->next_order = group->count;
  fp_tournament_start(&self->hosts);
  for (; done < picks; done++) (void)schedule_pick(self, group);
}

static fp_status least_request_cursor_new(const fp_host_group *group, uint64_t seed, void **cursor) {
  schedule *made = NULL;
  if (!group->weights_equal) {
    made = fp_memory_alloc(sizeof *made + fp_tournament_size(group->count));
    if (made == NULL) return FASTPATH_ERR_MEMORY;
    fp_tournament_init(&made->hosts, group->count, made + 1);
    schedule_start(made, group, (uint32_t)seed % FP_EDF_MAX_PICKS_AHEAD);
  }
  *cursor = made;
  return FASTPATH_OK;
}

static void least_request_cursor_free(void *cursor) { fp_memory_free(cursor); }

/* A later host takes over only when it is strictly less busy. */
static uint32_t less_busy(const fp_host_group *group, uint32_t first, uint32_t second) {
  return fp_host_active_requests(group->hosts[second]) < fp_host_active_requests(group->hosts[first]) ? second : first;
}

/* 32 random bits as an index below count. */
static uint32_t scale(uint64_t bits, uint32_t count) { return (uint32_t)((bits & UINT32_MAX) * count >> 32); }

static uint32_t pick_of_few(const fp_host_group *group, uint64_t *random) {
  const uint64_t bits = fp_lb_random(random);
  uint32_t best = less_busy(group, scale(bits, group->count), scale(bits >> 32, group->count));
  for (uint32_t i = 2; i < group->options->choice_count; i++)
    best = less_busy(group, best, scale(fp_lb_random(random), group->count));
  return best;
}

/* The least busy of all; among equals each has the same chance (reservoir sampling). */
static uint32_t pick_of_all(const fp_host_group *group, uint64_t *random) {
  uint64_t least = fp_host_active_requests(group->hosts[0]);
  uint32_t best = 0, equals = 1;
  for (uint32_t i = 1; i < group->count; i++) {
    const uint64_t active = fp_host_active_requests(group->hosts[i]);
    if (active > least) continue;
    if (active < least) {
      least = active;
      best = i;
      equals = 1;
    } else if (fp_lb_random(random) % ++equals == 0) {
      best = i;
    }
  }
  return best;
}

static uint32_t least_request_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)request;
  if (state->cursor != NULL) return schedule_pick(state->cursor, group);
  if (group->options->full_scan) return pick_of_all(group, state->random);
  return pick_of_few(group, state->random);
}

const fp_lb_policy fp_lb_least_request = {
    .name = "LEAST_REQUEST",
    .check = least_request_check,
    .cursor_new = least_request_cursor_new,
    .cursor_free = least_request_cursor_free,
    .pick = least_request_pick,
};
