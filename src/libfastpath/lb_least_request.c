/*
 * lb_least_request.c - the host with fewer active requests, as Envoy finds it.
 *
 * Equal weights: some hosts are drawn and the least busy is taken (two: "power of two choices"), or all are looked at.
 * Unequal weights, or a host in slow start: earliest deadline first, where a host counts with weight / (active requests
 * + 1)^bias, times what slow start leaves of it, at the moment when it goes back into the schedule.
 */
#include <fastpath/cluster.h>
#include <math.h>

#include "bits.h"
#include "error.h"
#include "host.h"
#include "lb_policies.h"
#include "live_schedule.h"

#define IN_CACHE 1024u /* hosts that are near, whichever is drawn */

static fp_status least_request_check(const fp_lb_options *options, fp_error *error) {
  if (!isfinite(options->active_request_bias) || options->active_request_bias < 0)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the active request bias is negative or not finite");
  if (options->choice_count < 2)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the choice count is below 2");
  return FASTPATH_OK;
}

static double weight_of(const fp_host_group *group, uint32_t index, int64_t now) {
  const double bias = group->options->active_request_bias, weight = (double)group->weights[index];
  const uint64_t active = fp_host_active(group->hosts[index]);
  const double load = (double)(active == UINT64_MAX ? active : active + 1);
  return weight / (bias == 1.0 ? load : pow(load, bias)) * fp_live_factor(group, index, now);
}

static fp_status least_request_cursor_new(const fp_host_group *group, uint64_t seed, void **cursor) {
  *cursor = NULL;
  if (group->weights_equal && !group->slow_start) return FASTPATH_OK;
  *cursor = fp_live_schedule_new(group, seed, weight_of);
  return *cursor == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static void least_request_cursor_free(void *cursor) { fp_memory_free(cursor); }

/* A later host takes over only when it is strictly less busy. */
static uint32_t less_busy(const fp_host_group *group, uint32_t first, uint32_t second) {
  return fp_host_active(group->hosts[second]) < fp_host_active(group->hosts[first]) ? second : first;
}

/* 32 random bits as an index below count. */
static uint32_t scale(uint64_t bits, uint32_t count) { return (uint32_t)((bits & UINT32_MAX) * count >> 32); }

/*
 * Hosts lie scattered in memory, and so does what embedders keep of them; but what picks to come will draw is known
 * already, when each of them draws once. It is fetched in steps, so many picks before: where the hosts are, the hosts, and
 * what is kept of the one that will be given.
 */
enum {
  FETCH_PLACES = 8,
  FETCH_HOSTS = 5,
  FETCH_KEPT = 2
};

static void fetch_ahead(const fp_host_group *group, uint64_t random) {
  const uint64_t soon = fp_lb_random_ahead(random, FETCH_KEPT), later = fp_lb_random_ahead(random, FETCH_HOSTS);
  const uint64_t last = fp_lb_random_ahead(random, FETCH_PLACES);
  FASTPATH_PREFETCH(&group->hosts[scale(last, group->count)]);
  FASTPATH_PREFETCH(&group->hosts[scale(last >> 32, group->count)]);
  FASTPATH_PREFETCH(group->hosts[scale(later, group->count)]);
  FASTPATH_PREFETCH(group->hosts[scale(later >> 32, group->count)]);
  FASTPATH_PREFETCH(
      fp_host_owner(group->hosts[less_busy(group, scale(soon, group->count), scale(soon >> 32, group->count))]));
}

static uint32_t pick_of_few(const fp_host_group *group, uint64_t *random) {
  const uint64_t bits = fp_lb_next_random(random);
  uint32_t best = less_busy(group, scale(bits, group->count), scale(bits >> 32, group->count));
  for (uint32_t i = 2; i < group->options->choice_count; i++)
    best = less_busy(group, best, scale(fp_lb_next_random(random), group->count));
  if (group->count > IN_CACHE && group->options->choice_count == 2) fetch_ahead(group, *random);
  return best;
}

/* The least busy of all; among equals each has the same chance (reservoir sampling). */
static uint32_t pick_of_all(const fp_host_group *group, uint64_t *random) {
  uint64_t least = fp_host_active(group->hosts[0]);
  uint32_t best = 0, equals = 1;
  for (uint32_t i = 1; i < group->count; i++) {
    const uint64_t active = fp_host_active(group->hosts[i]);
    if (active > least) continue;
    if (active < least) {
      least = active;
      best = i;
      equals = 1;
    } else if (fp_lb_next_random(random) % ++equals == 0) {
      best = i;
    }
  }
  return best;
}

static uint32_t least_request_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)request;
  if (state->cursor != NULL) return fp_live_schedule_pick(state->cursor, group, weight_of);
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
