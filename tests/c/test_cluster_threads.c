/* Pickers in several threads while the cluster is updated: every host picked was published, none is read after its end,
   and what was acquired is released. */
#include <fastpath/cluster.h>
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum {
  PICKERS = 8,
  UPDATES = 3000,
  HOSTS = 24
};

static _Atomic int finished;
static fp_cluster *cluster;

static uint32_t fill(fp_endpoint *endpoints, uint32_t generation) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < HOSTS; i++) {
    if ((generation * 2654435761u >> i) & 1 && i != 0) continue; /* host 0 is always there */
    endpoints[count++] = (fp_endpoint){
        .address = {(const uint8_t *)"10.0.0.1", 8},
        .port = (uint16_t)(1000 + i),
        .weight = 1 + (generation + i) % 5,
        .priority = i % 3 == 2,
        .health = (uint8_t)((generation + i) % 7 == 0 ? FASTPATH_HEALTH_UNHEALTHY : FASTPATH_HEALTH_HEALTHY)};
  }
  return count;
}

static void *pick_until_finished(void *context) {
  fp_picker *picker = fp_picker_new(cluster, *(const uint64_t *)context);
  CHECK(picker != NULL);
  while (!atomic_load(&finished)) {
    fp_host *host = NULL, *held;
    CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), FASTPATH_OK);
    CHECK(fp_host_port(host) >= 1000 && fp_host_port(host) < 1000 + HOSTS);
    fp_host_acquire(host);
    held = fp_host_ref(host);
    {
      const fp_host *tried[] = {held};
      const fp_pick_options options = {.excluded = tried, .excluded_count = 1, .max_attempts = FASTPATH_PICK_STRICT};
      const fp_status status = fp_picker_pick(picker, &options, &host, NULL);
      CHECK(status == FASTPATH_NONE || host != held);
    }
    CHECK_EQ(fp_host_report(held, 200, FASTPATH_RESET_NONE, 5), FASTPATH_OK);
    CHECK_EQ(fp_host_release(held), FASTPATH_OK);
    fp_host_unref(held);
  }
  fp_picker_free(picker);
  return NULL;
}

/* Mostly round robin; now and then another policy, whose tables are larger. */
static fp_cluster_config config_of(uint32_t generation) {
  static const fp_lb_policy_id policies[] = {FASTPATH_LB_LEAST_REQUEST, FASTPATH_LB_RING_HASH, FASTPATH_LB_RANDOM,
                                             FASTPATH_LB_MAGLEV};
  const uint32_t turn = generation % 16;
  fp_cluster_config made = {.policy = fp_lb_policy_get(turn < 4 ? policies[turn] : FASTPATH_LB_ROUND_ROBIN),
                            .panic_threshold = 50};
  fp_lb_options_default(&made.options);
  made.options.minimum_ring_size = 64;
  made.options.table_size = 251;
  return made;
}

static void *update_many_times(void *context) {
  for (uint32_t i = 0; i < UPDATES; i++) {
    const fp_cluster_config config = config_of(*(const uint32_t *)context + i);
    fp_endpoint endpoints[HOSTS];
    const uint32_t count = fill(endpoints, *(const uint32_t *)context + i);
    CHECK_EQ(fp_cluster_update(cluster, &config, endpoints, count, NULL), FASTPATH_OK);
  }
  return NULL;
}

int main(void) {
  const fp_cluster_config config = config_of(15);
  const uint32_t starts[2] = {0, 77777};
  uint64_t seeds[PICKERS];
  pthread_t pickers[PICKERS], updaters[2];
  fp_endpoint endpoints[HOSTS];
  fp_host_set *set;
  CHECK_EQ(fp_cluster_new(&config, endpoints, fill(endpoints, 0), &cluster, NULL), FASTPATH_OK);
  for (uint64_t i = 0; i < PICKERS; i++) {
    seeds[i] = i;
    CHECK_EQ(pthread_create(&pickers[i], NULL, pick_until_finished, &seeds[i]), 0);
  }
  for (int i = 0; i < 2; i++) CHECK_EQ(pthread_create(&updaters[i], NULL, update_many_times, (void *)&starts[i]), 0);
  for (int i = 0; i < 2; i++) pthread_join(updaters[i], NULL);
  atomic_store(&finished, 1);
  for (int i = 0; i < PICKERS; i++) pthread_join(pickers[i], NULL);
  set = fp_cluster_host_set(cluster);
  for (size_t i = 0; i < fp_host_set_count(set); i++) {
    fp_host_stats stats;
    fp_host_stats_get(fp_host_set_host(set, i), &stats);
    CHECK_EQ(stats.active_requests, 0);
    CHECK_EQ(stats.requests, stats.success);
  }
  fp_host_set_unref(set);
  fp_cluster_unref(cluster);
  return 0;
}
