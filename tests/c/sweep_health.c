/* Scenarios of the failing-allocation sweep: flags of hosts, outlier detection. */
#include "sweep.h"

void sweep_health(void) {
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_RING_HASH), .panic_threshold = 0};
  fp_endpoint endpoints[8];
  fp_cluster *cluster = NULL;
  fp_outlier_config outlier;
  fp_outlier_stats stats;
  fp_health_event event;
  fp_error error;
  int64_t next;
  fp_lb_options_default(&config.options);
  config.options.minimum_ring_size = 64;
  for (uint32_t i = 0; i < 8; i++)
    endpoints[i] =
        (fp_endpoint){.address = {(const uint8_t *)"10.0.0.1", 8}, .port = (uint16_t)(1000 + i), .weight = 1};
  TRY(fp_cluster_new(&config, endpoints, 8, &cluster, &error), cluster == NULL);
  fp_host_set *set = fp_cluster_host_set(cluster);
  fp_host *host = fp_host_set_host(set, 3);

  /* The flag stands whatever happens; the host set follows with the call that has the memory. */
  fp_status status = fp_cluster_flag_host(cluster, host, FASTPATH_HOST_FAILED_ACTIVE_CHECK, 0);
  CHECK(status == FASTPATH_OK || (status == FASTPATH_ERR_MEMORY && failing_memory_fired()));
  CHECK_EQ(fp_host_flags(host), FASTPATH_HOST_FAILED_ACTIVE_CHECK);
  if (status != FASTPATH_OK) CHECK_EQ(fp_cluster_tick(cluster, 0, &next), FASTPATH_OK);
  CHECK_EQ(fp_cluster_tick(cluster, 0, &next), FASTPATH_NONE);

  fp_outlier_config_default(&outlier);
  outlier.max_ejection_percent = 50;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &outlier, 1, 0, &error), FASTPATH_NONE);
  host = fp_host_set_host(set, 1);
  for (int i = 0; i < 5; i++) status = fp_host_report(host, 500, FASTPATH_RESET_NONE, -1);
  CHECK_EQ(status, FASTPATH_DUE);
  TRY(fp_cluster_judge_host(cluster, host, 0), fp_host_flags(host) == FASTPATH_HOST_FAILED_OUTLIER_CHECK);
  fp_cluster_outlier_stats_get(cluster, &stats);
  CHECK_EQ(stats.ejections_active, 1);
  TRY(fp_cluster_readmit_host(cluster, host, 0), fp_host_flags(host) == 0);
  CHECK_EQ(fp_cluster_next_event(cluster, &event), FASTPATH_OK);
  CHECK_EQ(event.kind, FASTPATH_HEALTH_EVENT_EJECTED);
  fp_host_unref(event.host);
  fp_host_set_unref(set);

  fp_cluster_stats *counted = malloc(sizeof *counted);
  CHECK(counted != NULL);
  CHECK_EQ(fp_host_report(host, 200, FASTPATH_RESET_NONE, 1000000), FASTPATH_OK);
  fp_cluster_stats_get(cluster, counted);
  CHECK_EQ(counted->statuses[500] + counted->statuses[200] + counted->lost, 6);
  CHECK_EQ(counted->latencies.count, counted->statuses[200]);
  fp_host_latencies_get(host, &counted->latencies);
  if (counted->latencies.count == 0) CHECK(failing_memory_fired());
  CHECK(fp_histogram_quantile(&counted->latencies, 0.5) <= 1.04e6);
  CHECK_EQ(fp_histogram_bound(0), 64);
  set = fp_cluster_host_set(cluster);
  CHECK_EQ(fp_host_set_priority_count(set), 1);
  CHECK_EQ(fp_host_set_in_panic(set, 0), 0);
  fp_host_set_unref(set);
  free(counted);
  fp_cluster_unref(cluster); /* with an event that nobody took */
}
