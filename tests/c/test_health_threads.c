/* Reports from several threads while hosts are ejected, come back, and the cluster is updated: no more hosts are
   ejected than may be, and the gauge is what flags say. */
#include <fastpath/fastpath.h>
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum {
  REPORTERS = 6,
  ROUNDS = 4000,
  HOSTS = 20,
  SHARE = 30
};

static _Atomic int finished;
static _Atomic int64_t now;
static fp_cluster *cluster;

static void *report_until_finished(void *context) {
  uint64_t random = *(const uint64_t *)context;
  fp_picker *picker = fp_picker_new(cluster, random);
  CHECK(picker != NULL);
  while (!atomic_load(&finished)) {
    fp_host *host = NULL;
    fp_status status;
    CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), FASTPATH_OK);
    status = fp_host_report(host, fp_lb_random(&random) % 3 == 0 ? 200 : 503,
                            fp_lb_random(&random) % 5 == 0 ? FASTPATH_RESET_CONNECTION : FASTPATH_RESET_NONE, 5);
    if (status == FASTPATH_DUE) CHECK(fp_cluster_judge_host(cluster, host, atomic_load(&now)) >= 0);
  }
  fp_picker_free(picker);
  return NULL;
}

static uint32_t fill(fp_endpoint *endpoints, uint32_t generation) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < HOSTS; i++) {
    if (i == generation % HOSTS) continue;
    endpoints[count++] = (fp_endpoint){.address = {(const uint8_t *)"10.0.0.1", 8},
                                       .hostname = {(const uint8_t *)"name", 4},
                                       .port = (uint16_t)(1000 + i),
                                       .weight = 1 + i % 3};
  }
  return count;
}

int main(void) {
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 50};
  fp_outlier_config outlier;
  fp_endpoint endpoints[HOSTS];
  pthread_t reporters[REPORTERS];
  uint64_t seeds[REPORTERS], events = 0;
  fp_outlier_stats stats;
  fp_lb_options_default(&config.options);
  CHECK_EQ(fp_cluster_new(&config, endpoints, fill(endpoints, 0), &cluster, NULL), FASTPATH_OK);
  fp_outlier_config_default(&outlier);
  outlier.interval = outlier.base_ejection_time = 1;
  outlier.max_ejection_percent = SHARE;
  outlier.success_rate_request_volume = 1;
  outlier.split_external_local_origin_errors = 1;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &outlier, 1, 0, NULL), FASTPATH_NONE);
  for (uint64_t i = 0; i < REPORTERS; i++) {
    seeds[i] = i;
    CHECK_EQ(pthread_create(&reporters[i], NULL, report_until_finished, &seeds[i]), 0);
  }
  for (uint32_t i = 0; i < ROUNDS; i++) {
    fp_host_set *set;
    fp_health_event event;
    int64_t next;
    CHECK(fp_cluster_tick(cluster, atomic_fetch_add(&now, 500000), &next) >= 0);
    if (i % 8 == 0) CHECK_EQ(fp_cluster_update(cluster, &config, endpoints, fill(endpoints, i / 8), NULL), FASTPATH_OK);
    set = fp_cluster_host_set(cluster);
    CHECK(fp_cluster_flag_host(cluster, fp_host_set_host(set, i % (HOSTS - 1)),
                               i % 2 ? FASTPATH_HOST_FAILED_ACTIVE_CHECK : 0,
                               i % 2 ? 0 : FASTPATH_HOST_FAILED_ACTIVE_CHECK) >= 0);
    fp_host_set_unref(set);
    while (fp_cluster_next_event(cluster, &event) == FASTPATH_OK) {
      fp_host_unref(event.host);
      events++;
    }
    fp_cluster_outlier_stats_get(cluster, &stats);
    CHECK(stats.ejections_active * 100 <= (uint64_t)SHARE * (HOSTS - 1));
  }
  atomic_store(&finished, 1);
  for (int i = 0; i < REPORTERS; i++) pthread_join(reporters[i], NULL);
  fp_cluster_outlier_stats_get(cluster, &stats);
  CHECK(stats.ejections_enforced_total > 0);
  CHECK(events > 0);
  fp_cluster_unref(cluster);
  return 0;
}
