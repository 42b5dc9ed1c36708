/* cluster_health.c - changes of flags under the cluster's lock, and the host set that follows from them. */
#include <fastpath/health.h>

#include "cluster.h"
#include "host.h"
#include "host_set.h"

/* The current host set, with a reference, and the lock. */
static fp_host_set *enter(fp_cluster *cluster) {
  pthread_mutex_lock(&cluster->updating);
  return fp_cluster_host_set(cluster);
}

/* Publishes what has changed, now or when that did not work before. NONE when nothing has. */
static fp_status leave(fp_cluster *cluster, fp_host_set *set, bool changed) {
  const fp_status status = changed || cluster->stale ? fp_cluster_republish(cluster) : FASTPATH_NONE;
  pthread_mutex_unlock(&cluster->updating);
  fp_host_set_unref(set);
  return status;
}

static bool has(const fp_host_set *set, const fp_host *host) {
  const fp_endpoint endpoint = {.address = fp_host_address(host), .port = fp_host_port(host)};
  return fp_host_set_find(set, &endpoint) == host;
}

fp_status fp_cluster_flag_host(fp_cluster *cluster, fp_host *host, uint32_t set_flags, uint32_t clear) {
  fp_host_set *set;
  bool changed = false;
  if ((set_flags | clear) & ~(uint32_t)FP_HOST_CHECK_FLAGS) return FASTPATH_ERR_ARGUMENT;
  set = enter(cluster);
  if (has(set, host)) {
    const uint32_t before = fp_host_flags(host);
    const fp_lb_options *options = &cluster->config.options;
    if (clear & before & FASTPATH_HOST_FAILED_ACTIVE_CHECK && fp_slow_start_wanted(options))
      fp_host_set_healthy_since(host, fp_slow_start_now(options));
    fp_host_change_flags(host, set_flags, clear);
    changed = fp_host_flags(host) != before;
  }
  return leave(cluster, set, changed);
}

fp_status fp_cluster_detect_outliers(fp_cluster *cluster, const fp_outlier_config *config, uint64_t seed, int64_t now,
                                     fp_error *error) {
  const fp_status status = config == NULL ? FASTPATH_OK : fp_outlier_detector_check(config, error);
  fp_host_set *set;
  if (status < 0) return status;
  set = enter(cluster);
  return leave(cluster, set, fp_outlier_detector_start(&cluster->detector, config, seed, set, now));
}

fp_status fp_cluster_judge_host(fp_cluster *cluster, fp_host *host, int64_t now) {
  fp_host_set *set = enter(cluster);
  return leave(cluster, set, has(set, host) && fp_outlier_detector_judge(&cluster->detector, host, set, now));
}

fp_status fp_cluster_readmit_host(fp_cluster *cluster, fp_host *host, int64_t now) {
  fp_host_set *set = enter(cluster);
  return leave(cluster, set, has(set, host) && fp_outlier_detector_readmit(&cluster->detector, host, now));
}

fp_status fp_cluster_tick(fp_cluster *cluster, int64_t now, int64_t *next) {
  fp_host_set *set = enter(cluster);
  const bool changed = fp_outlier_detector_tick(&cluster->detector, set, now);
  *next = cluster->detector.on ? cluster->detector.next : INT64_MAX;
  return leave(cluster, set, changed);
}

void fp_cluster_outlier_stats_get(fp_cluster *cluster, fp_outlier_stats *stats) {
  pthread_mutex_lock(&cluster->updating);
  *stats = cluster->detector.stats;
  pthread_mutex_unlock(&cluster->updating);
}

fp_status fp_cluster_next_event(fp_cluster *cluster, fp_health_event *event) {
  bool taken;
  pthread_mutex_lock(&cluster->updating);
  taken = fp_outlier_detector_take_event(&cluster->detector, event);
  pthread_mutex_unlock(&cluster->updating);
  return taken ? FASTPATH_OK : FASTPATH_NONE;
}
