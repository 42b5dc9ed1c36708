/* Reports, flags, updates and times in any order: who is ejected is what events tell, no more than may be. */
#include <fastpath/fastpath.h>
#include <string.h>

#include "fuzz_check.h"

#define MAX_HOSTS 16

typedef struct input {
  const uint8_t *data;
  size_t left;
} input;

static uint32_t take(input *in) {
  if (in->left == 0) return 0;
  in->left--;
  return *in->data++;
}

static fp_outlier_config take_config(input *in) {
  fp_outlier_config config;
  uint32_t *const counts[] = {
      &config.consecutive_5xx,
      &config.consecutive_gateway_failure,
      &config.consecutive_local_origin_failure,
      &config.success_rate_minimum_hosts,
      &config.success_rate_request_volume,
      &config.failure_percentage_minimum_hosts,
      &config.failure_percentage_request_volume,
  };
  fp_outlier_config_default(&config);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) *counts[i] = take(in) % 8;
  config.success_rate_stdev_factor = take(in) * 16;
  config.failure_percentage_threshold = take(in) % 102;
  config.max_ejection_percent = take(in) % 102;
  config.always_eject_one_host = take(in) % 2;
  config.split_external_local_origin_errors = take(in) % 2;
  config.interval = take(in) % 4 == 0 ? UINT64_MAX : take(in);
  config.base_ejection_time = take(in);
  config.max_ejection_time = take(in) % 4 == 0 ? UINT64_MAX : take(in) * 256;
  config.max_ejection_time_jitter = take(in) % 4 == 0 ? UINT64_MAX : take(in);
  for (int type = 0; type < FASTPATH_OUTLIER_TYPES; type++) config.enforcing[type] = take(in) % 102;
  return config;
}

static size_t take_endpoints(input *in, fp_endpoint *endpoints) {
  const size_t count = take(in) % (MAX_HOSTS + 1);
  const uint32_t varied = take(in);
  for (size_t i = 0; i < count; i++)
    endpoints[i] = (fp_endpoint){.address = {(const uint8_t *)"10.0.0.1", 8},
                                 .port = (uint16_t)(1000 + (varied % 2 ? i / 2 : i)),
                                 .weight = 1 + varied % 3,
                                 .priority = varied % 5 == 0 ? (uint32_t)i % 2 : 0,
                                 .health = (uint8_t)(varied % 7 == i ? FASTPATH_HEALTH_DRAINING : 0)};
  return count;
}

static void check_ejections(fp_cluster *cluster) {
  fp_host_set *set = fp_cluster_host_set(cluster);
  fp_outlier_stats stats;
  uint64_t ejected = 0, enforced = 0;
  for (size_t i = 0; i < fp_host_set_count(set); i++)
    ejected += (fp_host_flags(fp_host_set_host(set, i)) & FASTPATH_HOST_FAILED_OUTLIER_CHECK) != 0;
  fp_cluster_outlier_stats_get(cluster, &stats);
  FUZZ_CHECK(stats.ejections_active == ejected);
  for (int type = 0; type < FASTPATH_OUTLIER_TYPES; type++) {
    FUZZ_CHECK(stats.ejections_enforced[type] <= stats.ejections_detected[type]);
    enforced += stats.ejections_enforced[type];
  }
  FUZZ_CHECK(enforced == stats.ejections_enforced_total);
  fp_host_set_unref(set);
}

/* One thing that may happen to a host. */
static void happen(fp_cluster *cluster, input *in, int64_t *now) {
  fp_host_set *set = fp_cluster_host_set(cluster);
  const size_t count = fp_host_set_count(set);
  fp_host *host = count == 0 ? NULL : fp_host_set_host(set, take(in) % count);
  const uint32_t what = take(in);
  int64_t next;
  switch (host == NULL ? 0 : what % 5) {
    case 0:
      /* Forward a little or a lot, and back. */
      if (what % 3 == 0 || *now > INT64_MAX / 2)
        *now -= (int64_t)take(in) << 20;
      else
        *now += (int64_t)take(in) << what % 48;
      FUZZ_CHECK(fp_cluster_tick(cluster, *now, &next) >= 0);
      break;
    case 1: FUZZ_CHECK(fp_cluster_flag_host(cluster, host, what & 0x109, ~what & 0x109) >= 0); break;
    case 2:
      FUZZ_CHECK(fp_cluster_readmit_host(cluster, host, *now) >= 0);
      FUZZ_CHECK(!(fp_host_flags(host) & FASTPATH_HOST_FAILED_OUTLIER_CHECK));
      break;
    default: {
      const uint32_t status = take(in) % 2 ? 100 + take(in) * 2 % 500 : 0;
      const fp_reset reset = status == 0 ? (fp_reset)(1 + what % 3) : (fp_reset)(what / 5 % 4);
      for (uint32_t i = take(in) % 16; i > 0; i--) {
        const fp_status result = fp_host_report(host, status, reset, (int64_t)what << what % 40);
        FUZZ_CHECK(result == FASTPATH_OK || result == FASTPATH_DUE);
        if (result == FASTPATH_DUE) FUZZ_CHECK(fp_cluster_judge_host(cluster, host, *now) >= 0);
      }
    }
  }
  fp_host_set_unref(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, size};
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 50};
  fp_endpoint endpoints[MAX_HOSTS];
  fp_cluster *cluster;
  int64_t now = 0;
  fp_lb_options_default(&config.options);
  if (fp_cluster_new(&config, endpoints, take_endpoints(&in, endpoints), &cluster, NULL) < 0) return 0;
  while (in.left > 0) {
    const uint32_t what = take(&in);
    fp_health_event event;
    if (what % 16 == 0) {
      fp_outlier_config outlier = take_config(&in);
      FUZZ_CHECK(fp_cluster_detect_outliers(cluster, what % 64 == 0 ? NULL : &outlier, what, now, NULL) >= 0 ||
                 what % 64 != 0);
    } else if (what % 16 == 1) {
      FUZZ_CHECK(fp_cluster_update(cluster, &config, endpoints, take_endpoints(&in, endpoints), NULL) >= 0);
    } else if (what % 16 == 2) {
      while (fp_cluster_next_event(cluster, &event) == FASTPATH_OK) fp_host_unref(event.host);
    } else {
      happen(cluster, &in, &now);
    }
    check_ejections(cluster);
  }
  fp_cluster_unref(cluster);
  return 0;
}
