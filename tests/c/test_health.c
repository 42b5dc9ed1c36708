/* Flags of hosts and outlier detection, with a clock that the test turns. */
#include <fastpath/fastpath.h>

#include "check.h"

#define SECOND INT64_C(1000000000)

static fp_cluster *cluster_of(uint32_t count) {
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 0};
  fp_endpoint endpoints[128];
  fp_cluster *cluster = NULL;
  fp_lb_options_default(&config.options);
  for (uint32_t i = 0; i < count; i++)
    endpoints[i] =
        (fp_endpoint){.address = {(const uint8_t *)"10.0.0.1", 8}, .port = (uint16_t)(1000 + i), .weight = 1};
  CHECK_EQ(fp_cluster_new(&config, endpoints, count, &cluster, NULL), FASTPATH_OK);
  return cluster;
}

/* Borrowed: the cluster keeps its hosts. */
static fp_host *host_at(fp_cluster *cluster, size_t index) {
  fp_host_set *set = fp_cluster_host_set(cluster);
  fp_host *host = fp_host_set_host(set, index);
  fp_host_set_unref(set);
  return host;
}

static int is_ejected(fp_cluster *cluster, size_t index) {
  return (fp_host_flags(host_at(cluster, index)) & FASTPATH_HOST_FAILED_OUTLIER_CHECK) != 0;
}

/* Reports a status, and lets the host be judged when that is due. */
static void report(fp_cluster *cluster, size_t index, uint32_t status, int count, int64_t now) {
  for (int i = 0; i < count; i++) {
    fp_host *host = host_at(cluster, index);
    const fp_status due = fp_host_report(host, status, FASTPATH_RESET_NONE, -1);
    CHECK(due == FASTPATH_OK || due == FASTPATH_DUE);
    if (due == FASTPATH_DUE) CHECK(fp_cluster_judge_host(cluster, host, now) >= 0);
  }
}

static fp_outlier_stats stats_of(fp_cluster *cluster) {
  fp_outlier_stats stats;
  fp_cluster_outlier_stats_get(cluster, &stats);
  return stats;
}

static int ports_picked(fp_picker *picker, uint32_t count) {
  int ports = 0;
  for (uint32_t i = 0; i < 4 * count; i++) {
    fp_host *host = NULL;
    if (fp_picker_pick(picker, NULL, &host, NULL) == FASTPATH_NONE) return 0;
    ports |= 1 << (fp_host_port(host) - 1000);
  }
  return ports;
}

static void flags_decide_who_is_picked(void) {
  fp_cluster *cluster = cluster_of(3);
  fp_picker *picker = fp_picker_new(cluster, 0);
  fp_host *host = host_at(cluster, 1);
  CHECK_EQ(ports_picked(picker, 3), 7);
  CHECK_EQ(fp_cluster_flag_host(cluster, host, FASTPATH_HOST_FAILED_ACTIVE_CHECK, 0), FASTPATH_OK);
  CHECK_EQ(fp_cluster_flag_host(cluster, host, FASTPATH_HOST_FAILED_ACTIVE_CHECK, 0), FASTPATH_NONE);
  CHECK_EQ(ports_picked(picker, 3), 5);
  CHECK(host_at(cluster, 1) == host);
  CHECK_EQ(fp_cluster_flag_host(cluster, host, FASTPATH_HOST_DEGRADED_ACTIVE_CHECK, FASTPATH_HOST_FAILED_ACTIVE_CHECK),
           FASTPATH_OK);
  CHECK_EQ(ports_picked(picker, 100), 7); /* 2 healthy hosts of 3 take 93 %, the degraded one the rest */
  CHECK_EQ(fp_cluster_flag_host(cluster, host, 0, FASTPATH_HOST_DEGRADED_ACTIVE_CHECK), FASTPATH_OK);
  CHECK_EQ(ports_picked(picker, 3), 7);
  CHECK_EQ(fp_cluster_flag_host(cluster, host, FASTPATH_HOST_FAILED_OUTLIER_CHECK, 0), FASTPATH_ERR_ARGUMENT);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void five_failures_in_a_row_eject(void) {
  fp_cluster *cluster = cluster_of(3);
  fp_picker *picker = fp_picker_new(cluster, 0);
  fp_outlier_config config;
  fp_health_event event;
  int64_t next;
  fp_outlier_config_default(&config);
  config.max_ejection_percent = 50;
  config.interval = 200;
  config.base_ejection_time = 2000;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, NULL), FASTPATH_NONE);
  report(cluster, 2, 503, 4, 0);
  report(cluster, 2, 404, 1, 0);
  report(cluster, 2, 500, 4, 0);
  CHECK(!is_ejected(cluster, 2));
  report(cluster, 2, 500, 1, 1);
  CHECK(is_ejected(cluster, 2));
  CHECK_EQ(ports_picked(picker, 3), 3);
  CHECK_EQ(fp_cluster_next_event(cluster, &event), FASTPATH_OK);
  CHECK_EQ(event.kind, FASTPATH_HEALTH_EVENT_EJECTED);
  CHECK(event.host == host_at(cluster, 2));
  fp_host_unref(event.host);
  CHECK_EQ(fp_cluster_next_event(cluster, &event), FASTPATH_NONE);
  /* 2 of 3 would be more than 50 %. */
  report(cluster, 1, 500, 5, 2);
  CHECK(!is_ejected(cluster, 1));
  CHECK_EQ(stats_of(cluster).ejections_overflow, 1);
  /* It comes back with the first interval that ends after 2 s, and not before. */
  CHECK_EQ(fp_cluster_tick(cluster, 2 * SECOND, &next), FASTPATH_NONE);
  CHECK_EQ(next, 2 * SECOND + SECOND / 5);
  CHECK_EQ(fp_cluster_tick(cluster, next - 1, &next), FASTPATH_NONE);
  CHECK(is_ejected(cluster, 2));
  CHECK_EQ(fp_cluster_tick(cluster, next, &next), FASTPATH_OK);
  CHECK(!is_ejected(cluster, 2));
  CHECK_EQ(ports_picked(picker, 3), 7);
  CHECK_EQ(stats_of(cluster).ejections_active, 0);
  CHECK_EQ(stats_of(cluster).ejections_enforced[FASTPATH_OUTLIER_CONSECUTIVE_5XX], 1);
  CHECK_EQ(stats_of(cluster).ejections_detected[FASTPATH_OUTLIER_CONSECUTIVE_5XX], 2);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

/* Seconds from the ejection until it ends. */
static int64_t seconds_ejected(fp_cluster *cluster, int64_t *now) {
  const int64_t start = *now;
  int64_t next;
  report(cluster, 0, 500, 5, *now);
  CHECK(is_ejected(cluster, 0));
  while (is_ejected(cluster, 0)) {
    *now += SECOND;
    CHECK(fp_cluster_tick(cluster, *now, &next) >= 0);
    CHECK(*now < start + 1000 * SECOND);
  }
  return (*now - start) / SECOND;
}

static void ejection_times_grow_and_shrink(void) {
  fp_cluster *cluster = cluster_of(10);
  fp_outlier_config config;
  int64_t now = 0, next;
  fp_outlier_config_default(&config);
  config.interval = 1000;
  config.base_ejection_time = 10000;
  config.max_ejection_time = 25000;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, now, NULL), FASTPATH_NONE);
  CHECK_EQ(seconds_ejected(cluster, &now), 10);
  CHECK_EQ(seconds_ejected(cluster, &now), 20);
  CHECK_EQ(seconds_ejected(cluster, &now), 25);
  CHECK_EQ(seconds_ejected(cluster, &now), 25);
  /* The multiplier is 4, which 40 s < 25 s + 10 s would not let grow; two quiet intervals take two away. */
  for (int i = 0; i < 2; i++) CHECK_EQ(fp_cluster_tick(cluster, now += SECOND, &next), FASTPATH_NONE);
  CHECK_EQ(seconds_ejected(cluster, &now), 25);
  for (int i = 0; i < 2; i++) CHECK_EQ(fp_cluster_tick(cluster, now += SECOND, &next), FASTPATH_NONE);
  CHECK_EQ(seconds_ejected(cluster, &now), 20);
  fp_cluster_unref(cluster);
}

static void success_rates_are_compared(void) {
  fp_cluster *cluster = cluster_of(20);
  fp_outlier_config config;
  int64_t next;
  fp_outlier_config_default(&config);
  config.consecutive_5xx = 0;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, NULL), FASTPATH_NONE);
  for (size_t i = 0; i < 20; i++) {
    report(cluster, i, 200, i == 7 ? 50 : 100, 0);
    report(cluster, i, 500, i == 7 ? 50 : 0, 0);
  }
  CHECK_EQ(fp_cluster_tick(cluster, 10 * SECOND, &next), FASTPATH_OK);
  for (size_t i = 0; i < 20; i++) CHECK_EQ(is_ejected(cluster, i), i == 7);
  CHECK_EQ(stats_of(cluster).ejections_enforced[FASTPATH_OUTLIER_SUCCESS_RATE], 1);
  CHECK_EQ(next, 20 * SECOND);
  fp_cluster_unref(cluster);
}

static void failures_are_compared_when_that_is_enforced(void) {
  fp_cluster *cluster = cluster_of(20);
  fp_outlier_config config;
  int64_t next;
  fp_outlier_config_default(&config);
  config.consecutive_5xx = config.success_rate_minimum_hosts = 0;
  config.success_rate_stdev_factor = UINT32_MAX;
  config.enforcing[FASTPATH_OUTLIER_FAILURE_PERCENTAGE] = 100;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, NULL), FASTPATH_NONE);
  for (size_t i = 0; i < 20; i++) {
    report(cluster, i, 500, i < 5 ? 85 : 84, 0);
    report(cluster, i, 200, i < 5 ? 15 : 16, 0);
  }
  CHECK_EQ(fp_cluster_tick(cluster, 10 * SECOND, &next), FASTPATH_OK);
  CHECK_EQ(stats_of(cluster).ejections_active, 2); /* 10 % of 20 */
  CHECK_EQ(stats_of(cluster).ejections_overflow, 3);
  CHECK_EQ(stats_of(cluster).ejections_detected[FASTPATH_OUTLIER_FAILURE_PERCENTAGE], 5);
  fp_cluster_unref(cluster);
}

static void resets_count_apart_when_split(void) {
  fp_cluster *cluster = cluster_of(10);
  fp_outlier_config config;
  fp_host *host = host_at(cluster, 0);
  fp_outlier_config_default(&config);
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, NULL), FASTPATH_NONE);
  for (int i = 0; i < 4; i++) CHECK_EQ(fp_host_report(host, 0, FASTPATH_RESET_CONNECT_FAILURE, -1), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host, 500, FASTPATH_RESET_NONE, -1), FASTPATH_DUE); /* the fifth of either kind */
  config.split_external_local_origin_errors = 1;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, NULL), FASTPATH_NONE);
  host = host_at(cluster, 1);
  for (int i = 0; i < 4; i++) CHECK_EQ(fp_host_report(host, 0, FASTPATH_RESET_CONNECT_FAILURE, -1), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host, 500, FASTPATH_RESET_NONE, -1), FASTPATH_OK); /* which is a connection, too */
  for (int i = 0; i < 4; i++) CHECK_EQ(fp_host_report(host, 0, FASTPATH_RESET_CONNECT_FAILURE, -1), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host, 0, FASTPATH_RESET_CONNECT_FAILURE, -1), FASTPATH_DUE);
  CHECK_EQ(fp_cluster_judge_host(cluster, host, 1), FASTPATH_OK);
  CHECK_EQ(stats_of(cluster).ejections_enforced[FASTPATH_OUTLIER_CONSECUTIVE_LOCAL_ORIGIN_FAILURE], 1);
  fp_cluster_unref(cluster);
}

static void ejections_survive_updates_and_end_with_detection(void) {
  fp_cluster *cluster = cluster_of(3);
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_MAGLEV), .panic_threshold = 0};
  const fp_endpoint endpoints[] = {{.address = {(const uint8_t *)"10.0.0.1", 8}, .port = 1000, .weight = 2},
                                   {.address = {(const uint8_t *)"10.0.0.1", 8}, .port = 1001, .weight = 1}};
  fp_outlier_config outlier;
  fp_health_event event;
  fp_host *gone;
  int64_t next;
  fp_lb_options_default(&config.options);
  fp_outlier_config_default(&outlier);
  outlier.max_ejection_percent = 100;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &outlier, 1, 0, NULL), FASTPATH_NONE);
  report(cluster, 0, 500, 5, 0);
  report(cluster, 2, 500, 5, 0);
  gone = fp_host_ref(host_at(cluster, 2));
  CHECK_EQ(stats_of(cluster).ejections_active, 2);
  CHECK_EQ(fp_cluster_update(cluster, &config, endpoints, 2, NULL), FASTPATH_OK);
  CHECK_EQ(stats_of(cluster).ejections_active, 1);
  CHECK(is_ejected(cluster, 0) && !is_ejected(cluster, 1));
  CHECK_EQ(fp_cluster_readmit_host(cluster, gone, 0), FASTPATH_NONE);
  CHECK_EQ(fp_cluster_flag_host(cluster, gone, FASTPATH_HOST_FAILED_ACTIVE_CHECK, 0), FASTPATH_NONE);
  fp_host_unref(gone);
  CHECK_EQ(fp_cluster_detect_outliers(cluster, NULL, 0, 5, NULL), FASTPATH_OK);
  CHECK(!is_ejected(cluster, 0));
  CHECK_EQ(fp_cluster_tick(cluster, INT64_MAX, &next), FASTPATH_NONE);
  CHECK_EQ(next, INT64_MAX);
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(fp_cluster_next_event(cluster, &event), FASTPATH_OK);
    CHECK_EQ(event.kind, i < 2 ? FASTPATH_HEALTH_EVENT_EJECTED : FASTPATH_HEALTH_EVENT_READMITTED);
    fp_host_unref(event.host);
  }
  fp_cluster_unref(cluster);
}

static void clocks_may_jump(void) {
  fp_cluster *cluster = cluster_of(10);
  fp_outlier_config config;
  int64_t next;
  fp_outlier_config_default(&config);
  config.base_ejection_time = config.max_ejection_time = UINT64_MAX;
  config.max_ejection_time_jitter = UINT64_MAX;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, INT64_MIN, NULL), FASTPATH_NONE);
  report(cluster, 0, 500, 5, INT64_MIN + 5);
  CHECK_EQ(fp_cluster_tick(cluster, INT64_MAX, &next), FASTPATH_NONE);
  CHECK_EQ(next, INT64_MAX);
  CHECK_EQ(fp_cluster_tick(cluster, 0, &next), FASTPATH_NONE); /* back: as if it stood still */
  CHECK(is_ejected(cluster, 0));
  fp_cluster_unref(cluster);
}

static void what_makes_no_sense_is_refused(void) {
  fp_cluster *cluster = cluster_of(1);
  fp_outlier_config config;
  fp_error error;
  fp_outlier_config_default(&config);
  config.max_ejection_time = config.base_ejection_time - 1;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, &error), FASTPATH_ERR_CONFIG);
  fp_outlier_config_default(&config);
  config.interval = 0;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, &error), FASTPATH_ERR_CONFIG);
  fp_outlier_config_default(&config);
  config.max_ejection_percent = 101;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, &error), FASTPATH_ERR_CONFIG);
  fp_outlier_config_default(&config);
  config.enforcing[FASTPATH_OUTLIER_SUCCESS_RATE] = 101;
  CHECK_EQ(fp_cluster_detect_outliers(cluster, &config, 1, 0, &error), FASTPATH_ERR_CONFIG);
  fp_cluster_unref(cluster);
  {
    fp_cluster_config with_flags = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN),
                                    .initial_flags = FASTPATH_HOST_FAILED_OUTLIER_CHECK};
    fp_lb_options_default(&with_flags.options);
    CHECK_EQ(fp_cluster_new(&with_flags, NULL, 0, &cluster, &error), FASTPATH_ERR_ARGUMENT);
  }
}

int main(void) {
  flags_decide_who_is_picked();
  five_failures_in_a_row_eject();
  ejection_times_grow_and_shrink();
  success_rates_are_compared();
  failures_are_compared_when_that_is_enforced();
  resets_count_apart_when_split();
  ejections_survive_updates_and_end_with_detection();
  clocks_may_jump();
  what_makes_no_sense_is_refused();
  return 0;
}
