/*
 * fastpath/stats.h - what happened at a cluster and its hosts: answers by status, and how long they took.
 *
 * fp_host_report counts both. A cluster's numbers are kept in shards, so that threads do not write to the same cache
 * lines, and include those of hosts that are gone; nothing is allocated for clusters and hosts that nobody reports of.
 *
 * Latencies are counted in log-linear buckets: 16 of equal width for each power of two, from 1.024 us to 36 minutes,
 * and of 64 ns below. A quantile is the middle of its bucket: at most 1/32 (3.2 %) off, or 32 ns.
 */
#ifndef FASTPATH_STATS_H
#define FASTPATH_STATS_H

#include <fastpath/base.h>
#include <fastpath/cluster.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_HISTOGRAM_BUCKETS 512

/* The caller's. Nanoseconds. */
typedef struct fp_histogram_counts {
  uint64_t count;
  uint64_t sum;
  uint64_t buckets[512]; /* FASTPATH_HISTOGRAM_BUCKETS; what is above the last is in the last */
} fp_histogram_counts;

/* The caller's. No counter goes back. */
typedef struct fp_cluster_stats {
  uint64_t statuses[600]; /* reported, by status; the first 100 are 0 */
  uint64_t resets[4];     /* by fp_reset; the first is 0 */
  uint64_t lost;          /* reports without the memory to count them */
  fp_histogram_counts latencies;
} fp_cluster_stats;

/* The least value above a bucket; UINT64_MAX for the last. Threads: any. */
uint64_t fp_histogram_bound(uint32_t bucket);

/* Below which a share of 0 to 1 of the values lie, in nanoseconds; 0 without any. Threads: any. */
double fp_histogram_quantile(const fp_histogram_counts *counts, double share);

/* Each counter is read atomically; together they are not of one moment. Threads: any. */
void fp_host_latencies_get(const fp_host *host, fp_histogram_counts *counts);
void fp_cluster_stats_get(const fp_cluster *cluster, fp_cluster_stats *stats);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
