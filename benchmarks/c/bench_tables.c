/*
 * What a hash policy makes for hosts that are there: bench_tables HOSTS ROUNDS
 *
 * Prints for each round the nanoseconds of one Maglev table of 65537 slots.
 */
#define _POSIX_C_SOURCE 200809L
#include <fastpath/cluster.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

int main(int argc, char **argv) {
  const uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
  const uint32_t rounds = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
  const fp_lb_policy *policy = fp_lb_policy_get(FASTPATH_LB_MAGLEV);
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_RANDOM)};
  fp_endpoint *endpoints = calloc(count + 1, sizeof *endpoints);
  char (*addresses)[16] = calloc(count + 1, sizeof *addresses);
  fp_host **hosts = calloc(count + 1, sizeof(fp_host *));
  uint32_t *weights = calloc(count + 1, sizeof *weights);
  fp_cluster *cluster;
  fp_host_set *set;
  if (endpoints == NULL || addresses == NULL || hosts == NULL || weights == NULL || count == 0) return 2;
  for (uint32_t i = 0; i < count; i++) {
    const int len = snprintf(addresses[i], sizeof addresses[i], "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
    endpoints[i] = (fp_endpoint){.address = {(const uint8_t *)addresses[i], (size_t)len}, .port = 80, .weight = 1};
    weights[i] = 1;
  }
  fp_lb_options_default(&config.options);
  if (fp_cluster_new(&config, endpoints, count, &cluster, NULL) != FASTPATH_OK) return 1;
  set = fp_cluster_host_set(cluster);
  for (uint32_t i = 0; i < count; i++) hosts[i] = fp_host_set_host(set, i);
  for (uint32_t round = 0; round < rounds; round++) {
    const fp_host_group group = {.count = count,
                                 .weights_equal = 1,
                                 .hosts = hosts,
                                 .weights = weights,
                                 .options = &config.options,
                                 .weight_sum = count};
    const double start = now();
    void *table;
    if (policy->table_new(&group, &table, NULL) != FASTPATH_OK) return 1;
    printf("%.0f\n", 1e9 * (now() - start));
    policy->table_free(table);
  }
  fp_host_set_unref(set);
  fp_cluster_unref(cluster);
  free(endpoints);
  free(addresses);
  free(hosts);
  free(weights);
  return 0;
}
