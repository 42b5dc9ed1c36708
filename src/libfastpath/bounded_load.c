#include "bounded_load.h"

#include <math.h>

#include "error.h"
#include "host.h"
#include "lb_policies.h"
#include "memory.h"

#define MT_SIZE 624
#define MT_SHIFT 397

/* MT19937 (Matsumoto and Nishimura 1998), one number after the other as they are asked for: few are. */
typedef struct mersenne_twister {
  uint32_t words[MT_SIZE];
  uint32_t next;
} mersenne_twister;

static void seed_twister(mersenne_twister *self, uint32_t seed) {
  self->words[0] = seed;
  for (uint32_t i = 1; i < MT_SIZE; i++) {
    const uint32_t last = self->words[i - 1];
    self->words[i] = 1812433253u * (last ^ last >> 30) + i;
  }
  self->next = 0;
}

static uint32_t twist(mersenne_twister *self) {
  const uint32_t at = self->next, after = at + 1 == MT_SIZE ? 0 : at + 1;
  const uint32_t other = at + MT_SHIFT < MT_SIZE ? at + MT_SHIFT : at + MT_SHIFT - MT_SIZE;
  const uint32_t mixed = (self->words[at] & 0x80000000u) | (self->words[after] & 0x7fffffffu);
  uint32_t value = self->words[other] ^ mixed >> 1 ^ (mixed & 1 ? 0x9908b0dfu : 0);
  self->words[at] = value;
  self->next = after;
  value ^= value >> 11;
  value ^= value << 7 & 0x9d2c5680u;
  value ^= value << 15 & 0xefc60000u;
  return value ^ value >> 18;
}

/* Evenly below the limit: the parts that 2^32 falls into are equal, and what is left over is drawn again. */
static uint32_t draw_below(mersenne_twister *random, uint32_t limit) {
  const uint64_t part = (UINT64_C(1) << 32) / limit;
  uint64_t drawn;
  do {
    drawn = twist(random) / part;
  } while (drawn >= limit);
  return (uint32_t)drawn;
}

/* A worker's list of a group's places. Between picks it is in order, so that a search touches no more than it looks at. */
typedef struct shuffling {
  uint32_t *swapped; /* count entries: what each place so far was swapped with */
  uint32_t places[];
} shuffling;

fp_status fp_bounded_load_check(const fp_lb_options *options, fp_error *error) {
  if (options->hash_balance_factor == 0 || options->hash_balance_factor >= 100) return FASTPATH_OK;
  return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the hash balance factor is below 100 percent");
}

fp_status fp_bounded_load_cursor_new(const fp_host_group *group, uint64_t seed, void **cursor) {
  shuffling *made;
  (void)seed;
  if (group->options->hash_balance_factor == 0) return FASTPATH_OK;
  made = fp_memory_alloc(sizeof *made + 2 * (size_t)group->count * sizeof made->places[0]);
  if (made == NULL) return FASTPATH_ERR_MEMORY;
  made->swapped = made->places + group->count;
  for (uint32_t i = 0; i < group->count; i++) made->places[i] = i;
  *cursor = made;
  return FASTPATH_OK;
}

void fp_bounded_load_cursor_free(void *cursor) { fp_memory_free(cursor); }

static void swap(uint32_t *places, uint32_t a, uint32_t b) {
  const uint32_t place = places[a];
  places[a] = places[b];
  places[b] = place;
}

/* Active requests for each that the host may have; above 1 it has too many. slots: of all hosts together. */
static double overload(const fp_host_group *group, uint32_t index, uint64_t slots) {
  const double own = ceil((double)slots * fp_lb_share(group, index, group->weight_sum));
  return (double)fp_host_active(group->hosts[index]) / (own < 1.0 ? 1.0 : own);
}

uint32_t fp_bounded_load_search(const fp_host_group *group, const fp_lb_state *state, uint64_t hash, uint32_t chosen) {
  const uint64_t active = fp_host_cluster_active(group->hosts[chosen]), factor = group->options->hash_balance_factor;
  const uint64_t slots = (((active < UINT32_MAX ? active : UINT32_MAX - 1) + 1) * factor + 99) / 100;
  shuffling *order = state->cursor;
  mersenne_twister random;
  uint32_t best = chosen, looked_at = 0;
  double least = overload(group, chosen, slots);
  if (least <= 1.0) return chosen;
  seed_twister(&random, (uint32_t)hash);
  while (looked_at < group->count && least > 1.0) {
    const uint32_t other = looked_at + draw_below(&random, group->count - looked_at);
    uint32_t place;
    double its;
    swap(order->places, looked_at, other);
    order->swapped[looked_at] = other;
    place = order->places[looked_at++];
    if (place == chosen) continue;
    its = overload(group, place, slots);
    if (its < least) {
      best = place;
      least = its;
    }
  }
  while (looked_at-- > 0) swap(order->places, looked_at, order->swapped[looked_at]);
  return best;
}
