/* lb_policies.h - the built-in policies, each in a file of its own, and what they can be told. */
#ifndef FASTPATH_INTERNAL_LB_POLICIES_H
#define FASTPATH_INTERNAL_LB_POLICIES_H

#include <fastpath/lb.h>

extern const fp_lb_policy fp_lb_round_robin;
extern const fp_lb_policy fp_lb_least_request;
extern const fp_lb_policy fp_lb_ring_hash;
extern const fp_lb_policy fp_lb_random_host;
extern const fp_lb_policy fp_lb_maglev;
extern const fp_lb_policy fp_lb_scheduled_round_robin;
extern const fp_lb_policy fp_lb_weighted_random;
extern const fp_lb_policy fp_lb_pick_first;
extern const fp_lb_policy fp_lb_least_connection;
extern const fp_lb_policy fp_lb_weighted_least_connection;
extern const fp_lb_policy fp_lb_shortest_expected_delay;
extern const fp_lb_policy fp_lb_never_queue;
extern const fp_lb_policy fp_lb_ketama;
extern const fp_lb_policy fp_lb_rendezvous;
extern const fp_lb_policy fp_lb_peak_ewma;

/* What part of the load a host gets. sum: of the group's weights. */
static inline double fp_lb_share(const fp_host_group *group, uint32_t index, uint64_t sum) {
  return group->shares != NULL ? group->shares[index] : (double)group->weights[index] / (double)sum;
}

int fp_lb_options_equal(const fp_lb_options *a, const fp_lb_options *b);

/* What the state will give `ahead` numbers after the one that it gave last. */
static inline uint64_t fp_lb_random_ahead(uint64_t state, uint64_t ahead) {
  uint64_t value = state + ahead * 0x9E3779B97F4A7C15u;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
  value = (value ^ value >> 27) * 0x94D049BB133111EBu;
  return value ^ value >> 31;
}

/* As fp_lb_random. */
static inline uint64_t fp_lb_next_random(uint64_t *state) {
  const uint64_t value = fp_lb_random_ahead(*state, 1);
  *state += 0x9E3779B97F4A7C15u;
  return value;
}

#endif
