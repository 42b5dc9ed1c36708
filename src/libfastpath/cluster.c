#include "cluster.h"

#include <string.h>

#include "error.h"
#include "host.h"
#include "host_set.h"
#include "lb_policies.h"
#include "memory.h"

static void ref_set(void *set) { fp_host_set_ref(set); }

static void unref_set(void *set) { fp_host_set_unref(set); }

fp_snapshot_cell *fp_cluster_cell(fp_cluster *cluster) { return cluster->cell; }

static fp_status check_config(const fp_cluster_config *config, fp_error *error) {
  if (config->policy == NULL || config->policy->pick == NULL)
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "the policy is none");
  if (config->panic_threshold > 100)
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "the panic threshold is above 100 percent");
  if (config->zones.routing_enabled > 100)
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "zone routing is enabled for more than 100 percent");
  if (config->initial_flags & ~(uint32_t)FP_HOST_CHECK_FLAGS)
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "an initial flag is none of those that checks set");
  if (fp_slow_start_check(&config->options) != NULL)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "%s", fp_slow_start_check(&config->options));
  return config->policy->check == NULL ? FASTPATH_OK : config->policy->check(&config->options, error);
}

/* What averages of latencies go by under this config; NULL for no averages. */
static fp_status find_timing(fp_traffic *traffic, const fp_cluster_config *config, const fp_latency_timing **timing,
                             fp_error *error) {
  const fp_lb_options *options = &config->options;
  *timing = NULL;
  if (config->policy != &fp_lb_peak_ewma) return FASTPATH_OK;
  *timing =
      fp_traffic_keep_timing(traffic, &(fp_latency_timing){options->decay_time, options->clock, options->clock_data});
  return *timing != NULL ? FASTPATH_OK : fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

/* Endpoints of one priority stand as their hosts do, unless one is there twice: that saves most of the searching. */
static const fp_host *host_of(const fp_host_set *set, size_t index, const fp_endpoint *endpoint) {
  const fp_host *likely = fp_host_set_host(set, index);
  return likely != NULL && fp_host_is(likely, endpoint) ? likely : fp_host_set_find(set, endpoint);
}

/* The endpoints with the strings of the set's hosts, so that they live as long, and references to their labels, which
   hosts may have others of. NULL when out of memory. */
static fp_endpoint *remember(const fp_host_set *set, const fp_endpoint *endpoints, size_t count) {
  fp_endpoint *copy = fp_memory_alloc((count + 1) * sizeof *copy);
  for (size_t i = 0; copy != NULL && i < count; i++) {
    const fp_host *host = host_of(set, i, &endpoints[i]);
    copy[i] = endpoints[i];
    copy[i].address = fp_host_address(host);
    copy[i].hostname = fp_host_hostname(host);
    copy[i].hash_key = endpoints[i].hash_key.len > 0 ? fp_host_hash_key(host) : (fp_span){NULL, 0};
    if (copy[i].labels != NULL) fp_labels_ref(copy[i].labels);
  }
  return copy;
}

static void forget(fp_endpoint *copy, size_t count) {
  for (size_t i = 0; copy != NULL && i < count; i++) fp_labels_unref(copy[i].labels);
  fp_memory_free(copy);
}

/* Builds a host set and what is remembered of it; `previous` may be NULL. Nothing of either is published. */
static fp_status build(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                       const fp_host_set *previous, fp_host_set **set, fp_endpoint **copy, fp_error *error) {
  const fp_status status = fp_host_set_new(config, endpoints, count, previous, set, error);
  if (status < 0) return status;
  *copy = remember(*set, endpoints, count);
  if (*copy != NULL) return FASTPATH_OK;
  fp_host_set_unref(*set);
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

static void adopt(fp_cluster *cluster, const fp_cluster_config *config, const fp_latency_timing *timing,
                  fp_endpoint *endpoints, size_t count, const fp_host_set *set) {
  forget(cluster->endpoints, cluster->endpoint_count);
  cluster->config = *config;
  cluster->endpoints = endpoints;
  cluster->endpoint_count = count;
  cluster->stale = false;
  fp_traffic_set_timing(cluster->traffic, timing);
  for (size_t i = fp_host_set_count(set); i-- > 0;) {
    fp_host *host = fp_host_set_host(set, i);
    if (fp_host_join(host, cluster->traffic)) fp_outlier_detector_watch(&cluster->detector, host);
  }
  fp_outlier_detector_recount(&cluster->detector, set);
}

fp_status fp_cluster_new(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                         fp_cluster **cluster, fp_error *error) {
  fp_cluster *made;
  fp_host_set *set;
  fp_endpoint *copy;
  const fp_latency_timing *timing;
  fp_status status = check_config(config, error);
  if (status < 0) return status;
  status = build(config, endpoints, count, NULL, &set, &copy, error);
  if (status < 0) return status;
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) goto no_cluster;
  memset(made, 0, sizeof *made);
  if (pthread_mutex_init(&made->updating, NULL) != 0) goto no_mutex;
  made->traffic = fp_traffic_new();
  if (made->traffic == NULL) goto no_traffic;
  if (find_timing(made->traffic, config, &timing, error) < 0) goto no_cell;
  made->cell = fp_snapshot_cell_new(set, ref_set, unref_set);
  if (made->cell == NULL) goto no_cell;
  atomic_init(&made->references, 1);
  fp_host_set_apply(set);
  adopt(made, config, timing, copy, count, set);
  *cluster = made;
  return FASTPATH_OK;
no_cell:
  fp_traffic_unref(made->traffic);
no_traffic:
  pthread_mutex_destroy(&made->updating);
no_mutex:
  fp_memory_free(made);
no_cluster:
  forget(copy, count);
  fp_host_set_unref(set);
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

fp_cluster *fp_cluster_ref(fp_cluster *cluster) {
  atomic_fetch_add_explicit(&cluster->references, 1, memory_order_relaxed);
  return cluster;
}

void fp_cluster_unref(fp_cluster *cluster) {
  fp_health_event event;
  if (cluster == NULL || atomic_fetch_sub_explicit(&cluster->references, 1, memory_order_acq_rel) != 1) return;
  while (fp_outlier_detector_take_event(&cluster->detector, &event)) fp_host_unref(event.host);
  fp_snapshot_cell_unref(cluster->cell);
  fp_traffic_unref(cluster->traffic);
  pthread_mutex_destroy(&cluster->updating);
  forget(cluster->endpoints, cluster->endpoint_count);
  fp_memory_free(cluster);
}

/* Builds and publishes; the caller holds `updating`. */
static fp_status publish(fp_cluster *cluster, const fp_cluster_config *config, const fp_endpoint *endpoints,
                         size_t count, fp_error *error) {
  fp_host_set *previous = fp_snapshot_acquire(cluster->cell), *set;
  fp_endpoint *copy;
  const fp_latency_timing *timing;
  fp_status status = find_timing(cluster->traffic, config, &timing, error);
  if (status >= 0) status = build(config, endpoints, count, previous, &set, &copy, error);
  if (status >= 0) {
    fp_host_set_apply(set);
    adopt(cluster, config, timing, copy, count, set);
    fp_snapshot_publish(cluster->cell, set);
  }
  fp_host_set_unref(previous);
  return status;
}

fp_status fp_cluster_update(fp_cluster *cluster, const fp_cluster_config *config, const fp_endpoint *endpoints,
                            size_t count, fp_error *error) {
  fp_status status = check_config(config, error);
  if (status >= 0 && config->zones.callers == cluster)
    status = fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "the cluster is that of its own callers");
  if (status < 0) return status;
  pthread_mutex_lock(&cluster->updating);
  status = publish(cluster, config, endpoints, count, error);
  pthread_mutex_unlock(&cluster->updating);
  return status;
}

fp_status fp_cluster_republish(fp_cluster *cluster) {
  const fp_cluster_config config = cluster->config;
  cluster->stale = true;
  return publish(cluster, &config, cluster->endpoints, cluster->endpoint_count, NULL);
}

fp_host_set *fp_cluster_host_set(fp_cluster *cluster) { return fp_snapshot_acquire(cluster->cell); }

void fp_cluster_stats_get(const fp_cluster *cluster, fp_cluster_stats *stats) {
  fp_traffic_get(cluster->traffic, stats);
}
