/*
 * lb_scheduled.c - weighted round robin from a schedule that is made once: a pick reads the next entry.
 *
 *   weights 3, 1, 2      a  c  a  b  c  a      a round has as many entries as the weights add up to; the n-th of a
 *                        |--|--|--|--|--|      host's w turns is due (n + 1/2) / w of the way through the round
 *
 * The order is smooth, and its own: neither Envoy's earliest deadline first nor nginx's.
 */
#include <string.h>

#include "lb_policies.h"
#include "memory.h"

/* Weights are divided by what they have in common, and scaled down when a round would still be longer. */
#define MAX_ROUND 1048576u

typedef struct schedule {
  uint32_t round;
  uint32_t hosts[]; /* round entries */
} schedule;

static uint32_t common_divisor(uint32_t a, uint32_t b) {
  while (b != 0) {
    const uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* How many turns each host has in a round, in turns; gives the round's length. */
static uint32_t share_turns(const fp_host_group *group, uint32_t *turns) {
  uint64_t sum = 0, round = 0;
  uint32_t divisor = group->weights[0];
  for (uint32_t i = 0; i < group->count; i++) {
    sum += group->weights[i];
    divisor = common_divisor(divisor, group->weights[i]);
  }
  for (uint32_t i = 0; i < group->count; i++) {
    turns[i] = sum / divisor <= MAX_ROUND ? group->weights[i] / divisor
                                          : (uint32_t)((double)group->weights[i] / (double)sum * MAX_ROUND);
    if (turns[i] == 0) turns[i] = 1;
    round += turns[i];
  }
  return (uint32_t)round; /* at most MAX_ROUND and one for each host */
}

static uint32_t due(uint32_t turn, uint32_t turns, uint32_t round) {
  return (uint32_t)((2 * (uint64_t)turn + 1) * round / (2 * (uint64_t)turns));
}

/* Turns in the order in which they are due, hosts that are due together in configured order. places is zero, and has
   one entry more than the round. */
static void fill(schedule *self, const uint32_t *turns, uint32_t count, uint32_t *places) {
  const uint32_t round = self->round;
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t turn = 0; turn < turns[i]; turn++) places[due(turn, turns[i], round) + 1]++;
  for (uint32_t at = 0; at < round; at++) places[at + 1] += places[at];
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t turn = 0; turn < turns[i]; turn++) self->hosts[places[due(turn, turns[i], round)]++] = i;
}

static fp_status scheduled_table_new(const fp_host_group *group, void **table, fp_error *error) {
  uint32_t *turns = fp_memory_alloc(group->count * sizeof *turns), *places;
  schedule *self;
  uint32_t round;
  (void)error;
  if (turns == NULL) return FASTPATH_ERR_MEMORY;
  round = share_turns(group, turns);
  places = fp_memory_alloc((round + (size_t)1) * sizeof *places);
  self = fp_memory_alloc(sizeof *self + round * sizeof self->hosts[0]);
  if (places != NULL && self != NULL) {
    memset(places, 0, (round + (size_t)1) * sizeof *places);
    self->round = round;
    fill(self, turns, group->count, places);
  }
  fp_memory_free(turns);
  if (places == NULL || self == NULL) {
    fp_memory_free(places);
    fp_memory_free(self);
    return FASTPATH_ERR_MEMORY;
  }
  fp_memory_free(places);
  *table = self;
  return FASTPATH_OK;
}

static void scheduled_table_free(void *table) { fp_memory_free(table); }

/* Where a worker stands. */
static fp_status scheduled_cursor_new(const fp_host_group *group, uint64_t seed, void **cursor) {
  const schedule *self = group->table;
  uint32_t *at = fp_memory_alloc(sizeof *at);
  if (at == NULL) return FASTPATH_ERR_MEMORY;
  *at = (uint32_t)(seed % self->round);
  *cursor = at;
  return FASTPATH_OK;
}

static void scheduled_cursor_free(void *cursor) { fp_memory_free(cursor); }

static uint32_t scheduled_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const schedule *self = group->table;
  uint32_t *at = state->cursor, now;
  (void)request;
  if (at == NULL) return 0;
  now = *at;
  *at = now + 1 == self->round ? 0 : now + 1;
  return self->hosts[now];
}

const fp_lb_policy fp_lb_scheduled_round_robin = {
    .name = "SCHEDULED_ROUND_ROBIN",
    .table_new = scheduled_table_new,
    .table_free = scheduled_table_free,
    .cursor_new = scheduled_cursor_new,
    .cursor_free = scheduled_cursor_free,
    .pick = scheduled_pick,
};
