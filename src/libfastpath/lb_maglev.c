/*
 * lb_maglev.c - Maglev's table, Envoy's slot for slot (Eisenbud et al., NSDI 2016, listing 1, with weights).
 *
 * Every host has a permutation of the slots. In each iteration every host whose turn it is by its weight takes the next
 * free slot of its permutation, until all are taken. Hosts take turns in the order of their keys.
 */
#include <fastpath/cluster.h>
#include <fastpath/hash.h>
#include <string.h>

#include "bits.h"
#include "bounded_load.h"
#include "error.h"
#include "lb_policies.h"
#include "maglev_table.h"
#include "memory.h"
#include "tournament.h"

typedef struct maglev {
  uint32_t size;
  uint32_t slots[]; /* hosts */
} maglev;

/* A host while hosts are put in order. */
typedef struct builder {
  uint64_t start; /* of the key, behind what all keys begin with, its first byte the lowest: decides most comparisons */
  uint32_t host;
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

static size_t common_length(fp_span a, fp_span b) {
  const size_t least = a.len < b.len ? a.len : b.len;
  size_t len = 0;
  while (len < least && a.data[len] == b.data[len]) len++;
  return len;
}

/* Eight bytes from `at` on, which is no further than the end; zeros behind it. */
static uint64_t word_at(fp_span key, size_t at) {
  uint64_t word = 0;
  if (key.len - at >= 8) return load64(key.data + at);
  if (key.len >= 8 && key.len > at) return load64(key.data + key.len - 8) >> 8 * (at + 8 - key.len);
  for (size_t i = at; i < key.len; i++) word |= (uint64_t)key.data[i] << 8 * (i - at);
  return word;
}

static int is_before(const fp_span *keys, const builder *a, const builder *b) {
  const fp_span left = keys[a->host], right = keys[b->host];
  const int order = memcmp(left.data, right.data, left.len < right.len ? left.len : right.len);
  return order != 0 ? order < 0 : left.len < right.len;
}

/* Stable merge sort by the whole key; the result is in builders. */
static void sort_by_key(const fp_span *keys, builder *builders, builder *scratch, uint32_t count) {
  for (uint64_t width = 1; width < count; width *= 2) {
    for (uint64_t start = 0; start < count; start += 2 * width) {
      const uint64_t middle = start + width < count ? start + width : count;
      const uint64_t end = middle + width < count ? middle + width : count;
      uint64_t left = start, right = middle;
      for (uint64_t at = start; at < end; at++) {
        const int take_right = left == middle || (right < end && is_before(keys, &builders[right], &builders[left]));
        scratch[at] = builders[take_right ? right++ : left++];
      }
    }
    memcpy(builders, scratch, count * sizeof *builders);
  }
}

typedef uint32_t byte_counts[8][256];

/* How often each byte stands at each place of the starts. */
static void count_bytes(const builder *builders, uint32_t count, byte_counts counts) {
  memset(counts, 0, sizeof(byte_counts));
  for (uint32_t i = 0; i < count; i++)
    for (unsigned place = 0; place < 8; place++) counts[place][builders[i].start >> 8 * place & 255]++;
}

/* Stable, into scratch, by the byte at one place, whose counts become where each is put. */
static void sort_by_byte(const builder *builders, builder *scratch, uint32_t count, unsigned place, uint32_t *counts) {
  for (uint32_t byte = 0, put = 0; byte < 256; byte++) {
    const uint32_t next = put + counts[byte];
    counts[byte] = put;
    put = next;
  }
  for (uint32_t i = 0; i < count; i++) scratch[counts[builders[i].start >> 8 * place & 255]++] = builders[i];
}

/* By key, in one of the two arrays, which is returned: by the start, from its last byte on, then those of the same. */
static builder *sort_hosts(const fp_span *keys, builder *builders, builder *scratch, uint32_t count) {
  byte_counts counts;
  count_bytes(builders, count, counts);
  for (unsigned place = 8; place-- > 0;) {
    builder *sorted = scratch;
    if (counts[place][builders[0].start >> 8 * place & 255] == count) continue; /* all have the same one */
    sort_by_byte(builders, scratch, count, place, counts[place]);
    scratch = builders;
    builders = sorted;
  }
  for (uint32_t start = 0, end; start < count; start = end) {
    for (end = start + 1; end < count && builders[end].start == builders[start].start;) end++;
    sort_by_key(keys, builders + start, scratch, end - start);
  }
  return builders;
}

/* How a host goes through the slots. */
static fp_maglev_taker taker_of(fp_span key, uint32_t host, uint32_t size) {
  return (fp_maglev_taker){.next = (uint32_t)(fp_hash_xxh64(key.data, key.len, 0) % size),
                           .skip = (uint32_t)(fp_hash_xxh64(key.data, key.len, 1) % (size - 1)) + 1,
                           .host = host};
}

/* Hosts in the order of their keys, which is that of their turns. */
static fp_status fill_takers(const fp_host_group *group, fp_maglev_taker *takers) {
  const uint32_t count = group->count;
  fp_span *keys = fp_memory_alloc(count * (sizeof *keys + 2 * sizeof(builder)));
  builder *builders, *sorted;
  fp_span common = {NULL, 0};
  if (keys == NULL) return FASTPATH_ERR_MEMORY;
  builders = (builder *)(void *)(keys + count);
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = fp_host_hash_key(group->hosts[i]);
    if (i == 0) common = keys[i];
    common.len = common_length(common, keys[i]);
  }
  for (uint32_t i = 0; i < count; i++) builders[i] = (builder){word_at(keys[i], common.len), i};
  sorted = sort_hosts(keys, builders, builders + count, count);
  for (uint32_t i = 0; i < count; i++)
    takers[i] = taker_of(keys[sorted[i].host], sorted[i].host, group->options->table_size);
  fp_memory_free(keys);
  return FASTPATH_OK;
}

/* What a host's turns go by. */
typedef struct pace {
  double weight; /* share of the sum */
  double target; /* it is passed over while iteration * weight is below this */
} pace;

/* The first iteration after `iteration` that is not passed over: the least with iteration * weight >= target, exactly as
   the doubles have it. */
static uint64_t next_turn(const pace *self, uint64_t iteration) {
  const double estimate = self->target / self->weight;
  uint64_t turn = estimate < (double)UINT32_MAX ? (uint64_t)estimate : UINT32_MAX;
  if (turn <= iteration) turn = iteration + 1;
  while (turn > iteration + 1 && (double)(turn - 1) * self->weight >= self->target) turn--;
  while (turn < UINT32_MAX && (double)turn * self->weight < self->target) turn++;
  return turn;
}

/* By weight. Who takes the next slot is who has the earliest turn; within an iteration, takers go in order. */
static fp_status take_turns(const fp_host_group *group, fp_maglev_filling *filling, fp_maglev_taker *takers) {
  pace *paces = fp_memory_alloc(group->count * sizeof *paces);
  void *memory = fp_memory_alloc(fp_tournament_size(group->count));
  fp_tournament turns;
  double most = 0.0;
  if (paces != NULL && memory != NULL) {
    fp_tournament_init(&turns, group->count, memory);
    for (uint32_t i = 0; i < group->count; i++) {
      paces[i] = (pace){fp_lb_share(group, takers[i].host, group->weight_sum), 0.0};
      if (paces[i].weight > most) most = paces[i].weight;
      turns.deadlines[i] = 1;
      turns.orders[i] = i;
    }
    fp_tournament_start(&turns);
    while (filling->left > 0) {
      pace *own = &paces[turns.winner];
      fp_maglev_take(filling, &takers[turns.winner]);
      own->target += most;
      fp_tournament_replay(&turns, next_turn(own, turns.deadlines[turns.winner]), turns.winner);
    }
  }
  fp_memory_free(paces);
  fp_memory_free(memory);
  return filling->left > 0 ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static fp_status table_fill(const fp_host_group *group, uint32_t *slots) {
  fp_maglev_taker *takers = fp_memory_alloc(group->count * sizeof *takers);
  fp_maglev_filling filling;
  fp_status status = fp_maglev_filling_init(&filling, slots, group->options->table_size);
  if (takers == NULL) status = FASTPATH_ERR_MEMORY;
  if (status >= 0) status = fill_takers(group, takers);
  if (status >= 0 && group->weights_equal) fp_maglev_take_in_order(&filling, takers, group->count);
  if (status >= 0 && !group->weights_equal) status = take_turns(group, &filling, takers);
  fp_maglev_filling_clear(&filling);
  fp_memory_free(takers);
  return status;
}

static fp_status maglev_new(const fp_host_group *group, void **table, fp_error *error) {
  const uint32_t size = group->options->table_size, count = group->count;
  maglev *self;
  fp_status status;
  if (count > size)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the table of %u slots is too small for %u hosts",
                        size, count);
  self = fp_memory_alloc(sizeof *self + size * sizeof self->slots[0]);
  if (self == NULL) return FASTPATH_ERR_MEMORY;
  self->size = size;
  status = table_fill(group, self->slots);
  if (status >= 0) {
    *table = self;
  } else {
    fp_memory_free(self);
  }
  return status;
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
