/*
 * lb_maglev.c - Maglev's table, Envoy's slot for slot (Eisenbud et al., NSDI 2016, listing 1, with weights).
 *
 * Every host has a permutation of the slots. In each iteration every host whose turn it is by its weight takes the next
 * free slot of its permutation, until all are taken. Hosts take turns in the order of their keys.
 */
#include <fastpath/cluster.h>
#include <fastpath/hash.h>
#include <string.h>

#include "bounded_load.h"
#include "error.h"
#include "lb_policies.h"
#include "memory.h"
#include "tournament.h"

typedef struct maglev {
  uint32_t size;
  uint32_t slots[]; /* hosts */
} maglev;

/* A host while the table is built. */
typedef struct builder {
  fp_span key;
  double weight; /* share of the sum */
  double target; /* it is passed over while iteration * weight is below this */
  uint32_t host;
  uint32_t next; /* slot of its permutation */
  uint32_t skip;
} builder;

static int is_prime(uint32_t number) {
  if (number < 2 || (number % 2 == 0 && number != 2)) return 0;
  for (uint32_t divisor = 3; divisor <= number / divisor; divisor += 2)
    if (number % divisor == 0) return 0;
  return 1;
}

static fp_status maglev_check(const fp_lb_options *options, fp_error *error) {
  if (options->table_size > FASTPATH_LB_MAX_TABLE_SIZE)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the table size is above %d",
                        FASTPATH_LB_MAX_TABLE_SIZE);
  if (!is_prime(options->table_size))
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the table size is not a prime");
  return fp_bounded_load_check(options, error);
}

static int is_before(fp_span a, fp_span b) {
  const int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
  return order != 0 ? order < 0 : a.len < b.len;
}

/* Stable merge sort by key; the result is in builders. */
static void sort_by_key(builder *builders, builder *scratch, uint32_t count) {
  for (uint64_t width = 1; width < count; width *= 2) {
    for (uint64_t start = 0; start < count; start += 2 * width) {
      const uint64_t middle = start + width < count ? start + width : count;
      const uint64_t end = middle + width < count ? middle + width : count;
      uint64_t left = start, right = middle;
      for (uint64_t at = start; at < end; at++) {
        const int take_right = left == middle || (right < end && is_before(builders[right].key, builders[left].key));
        scratch[at] = builders[take_right ? right++ : left++];
      }
    }
    memcpy(builders, scratch, count * sizeof *builders);
  }
}

static void fill_builders(const fp_host_group *group, builder *builders) {
  const uint32_t size = group->options->table_size;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < group->count; i++) sum += group->weights[i];
  for (uint32_t i = 0; i < group->count; i++) {
    const fp_span key = fp_host_hash_key(group->hosts[i]);
    builders[i] = (builder){.key = key,
                            .weight = fp_lb_share(group, i, sum),
                            .host = i,
                            .next = (uint32_t)(fp_hash_xxh64(key.data, key.len, 0) % size),
                            .skip = (uint32_t)(fp_hash_xxh64(key.data, key.len, 1) % (size - 1)) + 1};
  }
}

/* The table while slots are free: a bit for each that is taken, since many are tried, and bits stay in the cache. */
typedef struct filling {
  maglev *table;
  uint64_t *taken;
} filling;

static inline uint32_t slot_after(uint32_t slot, uint32_t skip, uint32_t size) {
  const uint32_t next = slot + skip;
  return next < size ? next : next - size;
}

static void take_slot(const filling *self, builder *taker) {
  const uint32_t size = self->table->size, skip = taker->skip;
  uint32_t slot = taker->next;
  while (self->taken[slot / 64] >> slot % 64 & 1) slot = slot_after(slot, skip, size);
  self->taken[slot / 64] |= (uint64_t)1 << slot % 64;
  self->table->slots[slot] = taker->host;
  taker->next = slot_after(slot, skip, size);
}

static void take_in_order(const filling *self, builder *builders, uint32_t count) {
  for (uint32_t taken = 0, at = 0; taken < self->table->size; taken++) {
    take_slot(self, &builders[at]);
    at = at + 1 == count ? 0 : at + 1;
  }
}

/* The first iteration after `iteration` that is not passed over: the least with iteration * weight >= target, exactly as
   the doubles have it. */
static uint64_t next_turn(const builder *taker, uint64_t iteration) {
  const double estimate = taker->target / taker->weight;
  uint64_t turn = estimate < (double)UINT32_MAX ? (uint64_t)estimate : UINT32_MAX;
  if (turn <= iteration) turn = iteration + 1;
  while (turn > iteration + 1 && (double)(turn - 1) * taker->weight >= taker->target) turn--;
  while (turn < UINT32_MAX && (double)turn * taker->weight < taker->target) turn++;
  return turn;
}

/* By weight. Who takes the next slot is who has the earliest turn; within an iteration, builders go in order. */
static void take_turns(const filling *self, builder *builders, uint32_t count, fp_tournament *turns) {
  double most = 0.0;
  for (uint32_t i = 0; i < count; i++) {
    if (builders[i].weight > most) most = builders[i].weight;
    turns->deadlines[i] = 1;
    turns->orders[i] = i;
  }
  fp_tournament_start(turns);
  for (uint32_t taken = 0; taken < self->table->size; taken++) {
    builder *taker = &builders[turns->winner];
    const uint64_t iteration = turns->deadlines[turns->winner];
    take_slot(self, taker);
    taker->target += most;
    fp_tournament_replay(turns, next_turn(taker, iteration), turns->winner);
  }
}

static fp_status maglev_new(const fp_host_group *group, void **table, fp_error *error) {
  const uint32_t size = group->options->table_size, count = group->count;
  maglev *self;
  builder *builders;
  uint64_t *taken;
  void *memory;
  fp_tournament turns;
  if (count > size)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the table of %u slots is too small for %u hosts",
                        size, count);
  self = fp_memory_alloc(sizeof *self + size * sizeof self->slots[0]);
  builders = fp_memory_alloc(2 * (size_t)count * sizeof *builders);
  memory = fp_memory_alloc(fp_tournament_size(count));
  taken = fp_memory_alloc((size / 64 + 1) * sizeof *taken);
  if (self == NULL || builders == NULL || memory == NULL || taken == NULL) {
    fp_memory_free(self);
    fp_memory_free(taken);
    fp_memory_free(builders);
    fp_memory_free(memory);
    return FASTPATH_ERR_MEMORY;
  }
  self->size = size;
  memset(taken, 0, (size / 64 + 1) * sizeof *taken);
  fill_builders(group, builders);
  sort_by_key(builders, builders + count, count);
  if (group->weights_equal) {
    take_in_order(&(filling){self, taken}, builders, count);
  } else {
    fp_tournament_init(&turns, count, memory);
    take_turns(&(filling){self, taken}, builders, count, &turns);
  }
  fp_memory_free(taken);
  fp_memory_free(builders);
  fp_memory_free(memory);
  *table = self;
  return FASTPATH_OK;
}

static void maglev_free(void *table) { fp_memory_free(table); }

/* The usual size is a constant, which divides faster. */
static inline uint32_t host_at(const maglev *self, uint64_t hash) {
  return self->slots[self->size == 65537 ? hash % 65537 : hash % self->size];
}

static uint32_t maglev_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const maglev *self = group->table;
  if (self == NULL) return 0;
  return fp_bounded_load(group, state, request->number,
                         host_at(self, request->number ^ (0 - (uint64_t)request->attempt)));
}

static void maglev_pick_many(const fp_host_group *group, fp_lb_state *state, const uint64_t *numbers, size_t count,
                             uint32_t *indices) {
  const maglev *self = group->table;
  if (self == NULL) {
    memset(indices, 0, count * sizeof *indices);
    return;
  }
  for (size_t i = 0; i < count; i++) indices[i] = host_at(self, numbers[i]);
  fp_bounded_load_many(group, state, numbers, count, indices);
}

const fp_lb_policy fp_lb_maglev = {
    .name = "MAGLEV",
    .number = FASTPATH_LB_REQUEST_HASH,
    .check = maglev_check,
    .table_new = maglev_new,
    .table_free = maglev_free,
    .cursor_new = fp_bounded_load_cursor_new,
    .cursor_free = fp_bounded_load_cursor_free,
    .pick = maglev_pick,
    .pick_many = maglev_pick_many,
};
