/* cluster.h - what the files of a cluster share, and its cell, for its pickers. */
#ifndef FASTPATH_INTERNAL_CLUSTER_H
#define FASTPATH_INTERNAL_CLUSTER_H

#include <fastpath/cluster.h>
#include <fastpath/snapshot.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "outlier_detector.h"
#include "traffic.h"

struct fp_cluster {
  _Atomic size_t references;
  fp_snapshot_cell *cell;
  pthread_mutex_t updating; /* held while a host set is built from the current one; pickers never take it */
  /* Guarded by `updating`. What the current host set was made from; strings are those of its hosts. */
  fp_cluster_config config;
  fp_endpoint *endpoints;
  size_t endpoint_count;
  fp_traffic *traffic; /* set once, for good */
  bool stale; /* flags have changed since the current host set was built */
  fp_outlier_detector detector;
};

/* Borrowed. Its snapshots are host sets. */
fp_snapshot_cell *fp_cluster_cell(fp_cluster *cluster);

/*
 * Build the host set again, because the flags of hosts have changed, and publish it. The caller holds `updating`.
 * FASTPATH_ERR_MEMORY: the cluster is stale, and stays so until this works.
 */
fp_status fp_cluster_republish(fp_cluster *cluster);

#endif
