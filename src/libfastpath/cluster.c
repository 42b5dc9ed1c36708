#include <fastpath/cluster.h>

#include <fastpath/snapshot.h>
#include <pthread.h>
#include <stdatomic.h>

#include "cluster.h"
#include "error.h"
#include "host_set.h"
#include "memory.h"

struct fp_cluster {
  _Atomic size_t references;
  fp_snapshot_cell *cell;
  pthread_mutex_t updating; /* held while a host set is built from the current one; pickers never take it */
};

static void ref_set(void *set) { fp_host_set_ref(set); }

static void unref_set(void *set) { fp_host_set_unref(set); }

fp_snapshot_cell *fp_cluster_cell(fp_cluster *cluster) { return cluster->cell; }

static fp_status check_config(const fp_cluster_config *config, fp_error *error) {
  if (config->policy == NULL || config->policy->pick == NULL)
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "the policy is none");
  if (config->panic_threshold > 100)
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "the panic threshold is above 100 percent");
  return config->policy->check == NULL ? FASTPATH_OK : config->policy->check(&config->options, error);
}

fp_status fp_cluster_new(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                         fp_cluster **cluster, fp_error *error) {
  fp_cluster *made;
  fp_host_set *set;
  fp_status status = check_config(config, error);
  if (status < 0) return status;
  status = fp_host_set_new(config, endpoints, count, NULL, &set, error);
  if (status < 0) return status;
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) goto no_cluster;
  if (pthread_mutex_init(&made->updating, NULL) != 0) goto no_mutex;
  made->cell = fp_snapshot_cell_new(set, ref_set, unref_set);
  if (made->cell == NULL) goto no_cell;
  atomic_init(&made->references, 1);
  *cluster = made;
  return FASTPATH_OK;
no_cell:
  pthread_mutex_destroy(&made->updating);
no_mutex:
  fp_memory_free(made);
no_cluster:
  fp_host_set_unref(set);
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

fp_cluster *fp_cluster_ref(fp_cluster *cluster) {
  atomic_fetch_add_explicit(&cluster->references, 1, memory_order_relaxed);
  return cluster;
}

void fp_cluster_unref(fp_cluster *cluster) {
  if (cluster == NULL || atomic_fetch_sub_explicit(&cluster->references, 1, memory_order_acq_rel) != 1) return;
  fp_snapshot_cell_unref(cluster->cell);
  pthread_mutex_destroy(&cluster->updating);
  fp_memory_free(cluster);
}

fp_status fp_cluster_update(fp_cluster *cluster, const fp_cluster_config *config, const fp_endpoint *endpoints,
                            size_t count, fp_error *error) {
  fp_host_set *previous, *set;
  fp_status status = check_config(config, error);
  if (status < 0) return status;
  pthread_mutex_lock(&cluster->updating);
  previous = fp_snapshot_acquire(cluster->cell);
  status = fp_host_set_new(config, endpoints, count, previous, &set, error);
  if (status >= 0) {
    fp_host_set_apply(set);
    fp_snapshot_publish(cluster->cell, set);
  }
  pthread_mutex_unlock(&cluster->updating);
  fp_host_set_unref(previous);
  return status;
}

fp_host_set *fp_cluster_host_set(fp_cluster *cluster) { return fp_snapshot_acquire(cluster->cell); }
