#include <fastpath/lb.h>

#include "lb_policies.h"

const fp_lb_policy *fp_lb_policy_get(fp_lb_policy_id id) {
  switch (id) {
    case FASTPATH_LB_ROUND_ROBIN: return &fp_lb_round_robin;
    case FASTPATH_LB_LEAST_REQUEST: return &fp_lb_least_request;
    case FASTPATH_LB_RING_HASH: return &fp_lb_ring_hash;
    case FASTPATH_LB_RANDOM: return &fp_lb_random_host;
    case FASTPATH_LB_MAGLEV: return &fp_lb_maglev;
    case FASTPATH_LB_SCHEDULED_ROUND_ROBIN: return &fp_lb_scheduled_round_robin;
    case FASTPATH_LB_WEIGHTED_RANDOM: return &fp_lb_weighted_random;
    case FASTPATH_LB_PICK_FIRST: return &fp_lb_pick_first;
    case FASTPATH_LB_LEAST_CONNECTION: return &fp_lb_least_connection;
    case FASTPATH_LB_WEIGHTED_LEAST_CONNECTION: return &fp_lb_weighted_least_connection;
    case FASTPATH_LB_SHORTEST_EXPECTED_DELAY: return &fp_lb_shortest_expected_delay;
    case FASTPATH_LB_NEVER_QUEUE: return &fp_lb_never_queue;
    case FASTPATH_LB_KETAMA: return &fp_lb_ketama;
    case FASTPATH_LB_RENDEZVOUS: return &fp_lb_rendezvous;
    case FASTPATH_LB_PEAK_EWMA: return &fp_lb_peak_ewma;
  }
  return NULL;
}

void fp_lb_options_default(fp_lb_options *options) {
  *options = (fp_lb_options){
      .active_request_bias = 1.0,
      .choice_count = 2,
      .full_scan = 0,
      .minimum_ring_size = 1024,
      .maximum_ring_size = FASTPATH_LB_MAX_RING_SIZE,
      .hash_function = FASTPATH_LB_XX_HASH,
      .table_size = 65537,
      .slow_start_aggression = 1.0,
      .slow_start_min_weight = 0.1,
      .decay_time = 10000000000,
      .default_latency = 10000000,
      .latency_penalty = 1000000000000,
  };
}

static int same(double a, double b) { return !(a < b) && !(a > b); }

int fp_lb_options_equal(const fp_lb_options *a, const fp_lb_options *b) {
  return same(a->active_request_bias, b->active_request_bias) && a->choice_count == b->choice_count &&
         a->context == b->context && a->full_scan == b->full_scan && a->minimum_ring_size == b->minimum_ring_size &&
         a->maximum_ring_size == b->maximum_ring_size && a->hash_function == b->hash_function &&
         a->table_size == b->table_size && a->hash_balance_factor == b->hash_balance_factor &&
         a->slow_start_window == b->slow_start_window && same(a->slow_start_aggression, b->slow_start_aggression) &&
         same(a->slow_start_min_weight, b->slow_start_min_weight) && a->decay_time == b->decay_time &&
         a->default_latency == b->default_latency && a->latency_penalty == b->latency_penalty && a->clock == b->clock &&
         a->clock_data == b->clock_data;
}

uint64_t fp_lb_random(uint64_t *state) { return fp_lb_next_random(state); }
