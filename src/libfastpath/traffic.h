/* traffic.h - what was reported of all hosts of a cluster, in shards by thread. Shared, atomic count. */
#ifndef FASTPATH_INTERNAL_TRAFFIC_H
#define FASTPATH_INTERNAL_TRAFFIC_H

#include <fastpath/lb.h>
#include <fastpath/stats.h>

typedef struct fp_traffic fp_traffic;

/* NULL when out of memory. */
fp_traffic *fp_traffic_new(void);
fp_traffic *fp_traffic_ref(fp_traffic *traffic);
void fp_traffic_unref(fp_traffic *traffic); /* NULL is allowed */

/* Count a request to one of the hosts as active, and no longer; and how many there are, which requests that begin or end
   meanwhile may or may not be among. Threads: any. */
void fp_traffic_acquire(fp_traffic *traffic);
void fp_traffic_release(fp_traffic *traffic);
uint64_t fp_traffic_active(const fp_traffic *traffic);

/* How latencies are averaged while a policy goes by that. */
typedef struct fp_latency_timing {
  int64_t decay; /* nanoseconds */
  fp_clock clock;
  void *clock_data;
} fp_latency_timing;

/* This timing, as long as the traffic lives: what was used before may still be read. One thread at a time. NULL when out
   of memory. */
const fp_latency_timing *fp_traffic_keep_timing(fp_traffic *traffic, const fp_latency_timing *timing);

/* Averages go by what fp_traffic_keep_timing gave, or are left alone: NULL, at first. Threads: any. */
void fp_traffic_set_timing(fp_traffic *traffic, const fp_latency_timing *timing);
const fp_latency_timing *fp_traffic_timing(const fp_traffic *traffic);

/* As fp_host_report. Threads: any. */
void fp_traffic_record(fp_traffic *traffic, uint32_t status, fp_reset reset, int64_t latency);

void fp_traffic_get(const fp_traffic *traffic, fp_cluster_stats *stats);

#endif
