/*
 * lb_wrr.c - round robin as Envoy does it: by turns when weights are equal, else earliest deadline first; with a host in
 * slow start, by the weights of the moment.
 */
#include "lb_policies.h"
#include "live_schedule.h"

static double weight_of(const fp_host_group *group, uint32_t index, int64_t now) {
  return (double)group->weights[index] * fp_live_factor(group, index, now);
}

static fp_status wrr_table_new(const fp_host_group *group, void **table, fp_error *error) {
  (void)error;
  if (group->weights_equal || group->slow_start) {
    *table = NULL;
    return FASTPATH_OK;
  }
  *table = fp_edf_table_new(group->weights, group->count);
  return *table == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static void wrr_table_free(void *table) { fp_edf_table_free(table); }

static fp_status wrr_cursor_new(const fp_host_group *group, uint64_t seed, void **cursor) {
  *cursor = NULL;
  if (group->table == NULL && !group->slow_start) return FASTPATH_OK;
  *cursor = group->slow_start ? (void *)fp_live_schedule_new(group, seed, weight_of) : fp_edf_new(group->table, seed);
  return *cursor == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

/* Either kind is one block. */
static void wrr_cursor_free(void *cursor) { fp_memory_free(cursor); }

/* counter % count without dividing: offset goes along, and starts over where the counter wraps. */
static uint32_t take_turn(const fp_host_group *group, fp_lb_state *state) {
  const uint32_t index = state->offset;
  state->counter++;
  state->offset = index + 1 == group->count || state->counter == 0 ? 0 : index + 1;
  return index;
}

/* Apart, so that the other ways to pick do not pay for its registers. */
static __attribute__((noinline)) uint32_t pick_live(const fp_host_group *group, fp_live_schedule *schedule) {
  return fp_live_schedule_pick(schedule, group, weight_of);
}

static uint32_t wrr_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)request;
  if (state->cursor == NULL) return take_turn(group, state);
  return group->slow_start ? pick_live(group, state->cursor) : fp_edf_pick(state->cursor);
}

const fp_lb_policy fp_lb_round_robin = {
    .name = "ROUND_ROBIN",
    .table_new = wrr_table_new,
    .table_free = wrr_table_free,
    .cursor_new = wrr_cursor_new,
    .cursor_free = wrr_cursor_free,
    .pick = wrr_pick,
};
