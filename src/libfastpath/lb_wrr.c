/* lb_wrr.c - round robin as Envoy does it: by turns when weights are equal, else earliest deadline first. */
#include "edf.h"
#include "lb_policies.h"

static fp_status wrr_table_new(const fp_host_group *group, void **table, fp_error *error) {
  (void)error;
  if (group->weights_equal) {
    *table = NULL;
    return FASTPATH_OK;
  }
  *table = fp_edf_table_new(group->weights, group->count);
  return *table == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static void wrr_table_free(void *table) { fp_edf_table_free(table); }

static fp_status wrr_cursor_new(const fp_host_group *group, uint64_t seed, void **cursor) {
  if (group->table == NULL) {
    *cursor = NULL;
    return FASTPATH_OK;
  }
  *cursor = fp_edf_new(group->table, seed);
  return *cursor == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static void wrr_cursor_free(void *cursor) { fp_edf_free(cursor); }

/* counter % count without dividing: offset goes along, and starts over where the counter wraps. */
static uint32_t take_turn(const fp_host_group *group, fp_lb_state *state) {
  const uint32_t index = state->offset;
  state->counter++;
  state->offset = index + 1 == group->count || state->counter == 0 ? 0 : index + 1;
  return index;
}

static uint32_t wrr_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)request;
  return state->cursor != NULL ? fp_edf_pick(state->cursor) : take_turn(group, state);
}

const fp_lb_policy fp_lb_round_robin = {
    .name = "ROUND_ROBIN",
    .table_new = wrr_table_new,
    .table_free = wrr_table_free,
    .cursor_new = wrr_cursor_new,
    .cursor_free = wrr_cursor_free,
    .pick = wrr_pick,
};
