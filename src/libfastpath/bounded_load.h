/*
 * bounded_load.h - consistent hashing that lets no host have much more than its share of the active requests (Mirrokni
 * et al., arXiv 1608.01350), Envoy's host for host.
 *
 * A host that has its share is passed over for others in a random order which the request's hash decides, so that a key
 * goes on to the same hosts, and what one host can't take does not all fall to its neighbour (arXiv 1908.08762).
 */
#ifndef FASTPATH_INTERNAL_BOUNDED_LOAD_H
#define FASTPATH_INTERNAL_BOUNDED_LOAD_H

#include <fastpath/lb.h>

/* For a policy's check, cursor_new and cursor_free. */
fp_status fp_bounded_load_check(const fp_lb_options *options, fp_error *error);
fp_status fp_bounded_load_cursor_new(const fp_host_group *group, uint64_t seed, void **cursor);
void fp_bounded_load_cursor_free(void *cursor);

/* The host to take instead of the group's number `chosen`, which has its share; that one when none has less. */
uint32_t fp_bounded_load_search(const fp_host_group *group, const fp_lb_state *state, uint64_t hash, uint32_t chosen);

/* What pick returns: of at least two hosts the one that hashing chose, or another one when that has its share. */
static inline uint32_t fp_bounded_load(const fp_host_group *group, const fp_lb_state *state, uint64_t hash,
                                       uint32_t chosen) {
  return group->options->hash_balance_factor == 0 ? chosen : fp_bounded_load_search(group, state, hash, chosen);
}

/* The same for what pick_many returns: `chosen` becomes that. */
static inline void fp_bounded_load_many(const fp_host_group *group, const fp_lb_state *state, const uint64_t *hashes,
                                        size_t count, uint32_t *chosen) {
  if (group->options->hash_balance_factor == 0) return;
  for (size_t i = 0; i < count; i++) chosen[i] = fp_bounded_load_search(group, state, hashes[i], chosen[i]);
}

#endif
