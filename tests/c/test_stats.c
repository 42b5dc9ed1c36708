/* Histograms against exact quantiles, and what clusters count. */
#include <fastpath/fastpath.h>
#include <math.h>

#include "check.h"
#include "histogram.h"
#include "memory.h"

enum {
  VALUES = 20000
};

static int compare(const void *a, const void *b) {
  const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

static void buckets_follow_one_another(void) {
  uint64_t start = 0;
  for (uint32_t i = 0; i < FASTPATH_HISTOGRAM_BUCKETS; i++) {
    const uint64_t bound = fp_histogram_bound(i);
    fp_histogram *histogram = fp_histogram_new();
    fp_histogram_counts counts = {0};
    CHECK(histogram != NULL);
    CHECK(bound > start);
    if (i + 1 < FASTPATH_HISTOGRAM_BUCKETS) CHECK(bound - start <= (start < 1024 ? 64 : start / 16));
    fp_histogram_record(histogram, start);
    fp_histogram_record(histogram, bound - 1);
    fp_histogram_add_to(histogram, &counts);
    CHECK_EQ(counts.buckets[i], 2);
    CHECK_EQ(counts.count, 2);
    fp_memory_free(histogram);
    start = bound;
  }
}

/* Latencies of many sizes: 2^10 to 2^40 ns, evenly in their logarithm. */
static void quantiles_are_within_their_bound(void) {
  static const double shares[] = {0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0};
  static uint64_t values[VALUES];
  fp_histogram *histogram = fp_histogram_new();
  fp_histogram_counts counts = {0};
  uint64_t random = 1, sum = 0;
  CHECK(histogram != NULL);
  CHECK(fp_histogram_quantile(&counts, 0.5) == 0.0);
  for (int i = 0; i < VALUES; i++) {
    values[i] = (uint64_t)exp2(10.0 + 30.0 * (double)(fp_lb_random(&random) >> 11) / 9007199254740992.0);
    sum += values[i];
    fp_histogram_record(histogram, values[i]);
  }
  fp_histogram_add_to(histogram, &counts);
  CHECK(counts.sum == sum);
  qsort(values, VALUES, sizeof *values, compare);
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
    size_t rank = (size_t)ceil(shares[i] * VALUES);
    const double exact = (double)values[rank == 0 ? 0 : rank - 1];
    const double found = fp_histogram_quantile(&counts, shares[i]);
    CHECK(fabs(found - exact) <= exact / 31.0);
  }
  fp_memory_free(histogram);
}

static void clusters_count_what_their_hosts_are_reported(void) {
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 50};
  const fp_endpoint endpoint = {.address = {(const uint8_t *)"10.0.0.1", 8}, .port = 1, .weight = 1};
  fp_cluster *cluster = NULL;
  static fp_cluster_stats stats;
  static fp_histogram_counts latencies;
  fp_host_set *set;
  fp_host *host;
  fp_lb_options_default(&config.options);
  CHECK_EQ(fp_cluster_new(&config, &endpoint, 1, &cluster, NULL), FASTPATH_OK);
  set = fp_cluster_host_set(cluster);
  host = fp_host_ref(fp_host_set_host(set, 0));
  fp_host_set_unref(set);
  CHECK_EQ(fp_host_report(host, 204, FASTPATH_RESET_NONE, 5000000), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host, 599, FASTPATH_RESET_CONNECTION, -1), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host, 0, FASTPATH_RESET_TIMEOUT, INT64_MAX), FASTPATH_OK);
  CHECK_EQ(fp_cluster_update(cluster, &config, NULL, 0, NULL), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host, 100, FASTPATH_RESET_NONE, 0), FASTPATH_OK); /* gone, and still its cluster's */
  fp_cluster_stats_get(cluster, &stats);
  CHECK_EQ(stats.statuses[100] + stats.statuses[204] + stats.statuses[599], 3);
  CHECK_EQ(stats.resets[FASTPATH_RESET_CONNECTION], 1);
  CHECK_EQ(stats.resets[FASTPATH_RESET_TIMEOUT], 1);
  CHECK_EQ(stats.latencies.count, 3);
  fp_host_latencies_get(host, &latencies);
  CHECK_EQ(latencies.count, 3);
  CHECK(fabs(fp_histogram_quantile(&latencies, 0.5) - 5e6) < 5e6 / 31.0);
  fp_cluster_unref(cluster);
  CHECK_EQ(fp_host_report(host, 200, FASTPATH_RESET_NONE, 1), FASTPATH_OK); /* a host outlives its cluster */
  fp_host_unref(host);
}

int main(void) {
  buckets_follow_one_another();
  quantiles_are_within_their_bound();
  clusters_count_what_their_hosts_are_reported();
  return 0;
}
