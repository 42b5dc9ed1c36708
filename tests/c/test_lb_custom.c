/* A policy of the embedder's own: what it sees, what it may answer, and what becomes of errors. */
#include <fastpath/cluster.h>

#include "check.h"

typedef struct behaviour {
  uint32_t answer;
  fp_status cursor_status;
  uint32_t cursors; /* that live */
  uint32_t picks;
  uint32_t count; /* of the group last asked about */
  uint32_t attempt;
} behaviour;

static fp_status cursor_new(const fp_host_group *group, uint64_t seed, void **cursor) {
  behaviour *self = group->options->context;
  CHECK(group->count >= 2);
  CHECK_EQ(seed, 7);
  if (self->cursor_status < 0) return self->cursor_status;
  self->cursors++;
  *cursor = self;
  return FASTPATH_OK;
}

static void cursor_free(void *cursor) { ((behaviour *)cursor)->cursors--; }

static uint32_t pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  behaviour *self = group->options->context;
  CHECK((state->cursor == self) == (group->count >= 2));
  self->picks++;
  self->count = group->count;
  self->attempt = request->attempt;
  return self->answer == 100 ? request->attempt % group->count : self->answer;
}

static const fp_lb_policy policy = {
    .name = "CUSTOM", .cursor_new = cursor_new, .cursor_free = cursor_free, .pick = pick};

static uint32_t fill(fp_endpoint *endpoints, uint32_t count, uint32_t unhealthy) {
  for (uint32_t i = 0; i < count; i++)
    endpoints[i] = (fp_endpoint){.address = {(const uint8_t *)"10.0.0.1", 8},
                                 .port = (uint16_t)(i + 1),
                                 .weight = i + 1,
                                 .health = i < unhealthy ? FASTPATH_HEALTH_UNHEALTHY : FASTPATH_HEALTH_HEALTHY};
  return count;
}

int main(void) {
  behaviour mine = {.answer = 1};
  fp_cluster_config config = {.policy = &policy, .panic_threshold = 50};
  fp_endpoint endpoints[4];
  fp_cluster *cluster;
  fp_host *host = NULL;
  size_t index;
  uint32_t indices[3];
  fp_error error;
  fp_lb_options_default(&config.options);
  CHECK(config.options.context == NULL);
  config.options.context = &mine;
  CHECK_EQ(fp_cluster_new(&config, endpoints, fill(endpoints, 4, 1), &cluster, &error), FASTPATH_OK);
  fp_picker *picker = fp_picker_new(cluster, 7);
  CHECK(picker != NULL);

  /* Only healthy hosts are in question; the index counts among them. */
  CHECK_EQ(fp_picker_pick(picker, NULL, &host, &index), FASTPATH_OK);
  CHECK_EQ(fp_host_port(host), 3);
  CHECK_EQ(index, 2);
  CHECK_EQ(mine.count, 3);

  /* What is no index is no host. */
  static const struct {
    uint32_t answer;
    fp_status status;
  } cases[] = {{3, FASTPATH_ERR_STATE},
               {FASTPATH_LB_FAILED, FASTPATH_ERR_STATE},
               {FASTPATH_LB_NO_HOST, FASTPATH_NONE},
               {UINT32_MAX - 2, FASTPATH_ERR_STATE},
               {2, FASTPATH_OK}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const fp_pick_options options = {
        .excluded = (const fp_host *const[]){host}, .excluded_count = 1, .max_attempts = FASTPATH_PICK_STRICT};
    mine.answer = cases[i].answer;
    CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), cases[i].status);
    CHECK_EQ(fp_picker_pick_many(picker, NULL, 3, indices), cases[i].status);
    if (cases[i].status == FASTPATH_OK) continue;
    CHECK_EQ(fp_host_port(host), 3); /* not written */
    CHECK_EQ(fp_picker_pick(picker, &options, &host, NULL), cases[i].status);
  }

  /* Excluded hosts are asked about again, with the number of the attempt. */
  mine.answer = 100;
  const fp_host *excluded[2] = {fp_host_set_host(fp_picker_host_set(picker), 1),
                                fp_host_set_host(fp_picker_host_set(picker), 2)};
  const fp_pick_options options = {.excluded = excluded, .excluded_count = 2, .max_attempts = 5};
  CHECK_EQ(fp_picker_pick(picker, &options, &host, NULL), FASTPATH_OK);
  CHECK_EQ(fp_host_port(host), 4);
  CHECK_EQ(mine.attempt, 2);

  /* An error of a cursor is the pick's, and the next pick tries again. */
  CHECK_EQ(mine.cursors, 1);
  CHECK_EQ(fp_cluster_update(cluster, &config, endpoints, fill(endpoints, 4, 0), &error), FASTPATH_OK);
  mine.cursor_status = FASTPATH_ERR_OVERFLOW;
  CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), FASTPATH_ERR_OVERFLOW);
  CHECK_EQ(mine.cursors, 0);
  mine.cursor_status = FASTPATH_OK;
  CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), FASTPATH_OK);
  CHECK_EQ(mine.cursors, 1);

  /* Another context is another group; a single host needs no cursor. */
  behaviour other = {.answer = 0};
  config.options.context = &other;
  CHECK_EQ(fp_cluster_update(cluster, &config, endpoints, fill(endpoints, 4, 0), &error), FASTPATH_OK);
  CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), FASTPATH_OK);
  CHECK_EQ(mine.cursors, 0);
  CHECK_EQ(other.cursors, 1);
  CHECK_EQ(fp_cluster_update(cluster, &config, endpoints, fill(endpoints, 1, 0), &error), FASTPATH_OK);
  CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), FASTPATH_OK);
  CHECK_EQ(other.cursors, 0);
  CHECK_EQ(other.picks, 2);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
  return 0;
}
