/* Pickers in several threads while the cluster is updated: every host picked was published, none is read after its end,
   and what was acquired is released. As many updates as there are, one after the other; or, with a number of seconds as
   argument, a thousand per second for so long. */
#define _DEFAULT_SOURCE /* what pace.h needs */
#include <fastpath/cluster.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "pace.h"

enum {
  PICKERS = 8,
  UPDATERS = 2,
  UPDATES = 3000, /* by each */
  UPDATES_PER_SECOND = 500,
  HOSTS = 24,
  VERSIONS = 2
};

static _Atomic int finished;
static fp_cluster *cluster;
static fp_cluster *callers; /* whose hosts say how load is spread over zones */
static fp_labels *versions[VERSIONS];
static fp_subset_rules *rules;
static uint32_t updates = UPDATES;
static int64_t interval; /* from update to update of one thread, in ns */
static _Atomic uint64_t picks;

/* Host 0 is always there, and healthy: else a pick may end in a zone where nobody is, as in Envoy. */
static uint32_t fill(fp_endpoint *endpoints, uint32_t generation) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < HOSTS; i++) {
    if ((generation * 2654435761u >> i) & 1 && i != 0) continue;
    endpoints[count++] = (fp_endpoint){
        .address = {(const uint8_t *)"10.0.0.1", 8},
        .port = (uint16_t)(1000 + i),
        .weight = 1 + (generation + i) % 5,
        .priority = i % 3 == 2,
        .locality = i % 4,
        .locality_weight = i % 4 + 1,
        .zone = i % 4 + 1,
        .labels = versions[i % VERSIONS],
        .health = (uint8_t)(i != 0 && (generation + i) % 7 == 0 ? FASTPATH_HEALTH_UNHEALTHY : FASTPATH_HEALTH_HEALTHY)};
  }
  return count;
}

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static void make_rules(void) {
  const fp_span key = span_of("version");
  const fp_subset_selector selector = {.keys = &key, .key_count = 1};
  const fp_subset_config config = {.selectors = &selector,
                                   .selector_count = 1,
                                   .fallback = FASTPATH_SUBSET_ANY_ENDPOINT,
                                   .locality_weight_aware = 1,
                                   .scale_locality_weight = 1};
  for (int i = 0; i < VERSIONS; i++) {
    const fp_label label = {key, span_of(i == 0 ? "a" : "b")};
    versions[i] = fp_labels_new(&label, 1);
    CHECK(versions[i] != NULL);
  }
  CHECK_EQ(fp_subset_rules_new(&config, &rules, NULL), FASTPATH_OK);
}

static void *pick_until_finished(void *context) {
  fp_picker *picker = fp_picker_new(cluster, *(const uint64_t *)context);
  uint64_t done = 0;
  CHECK(picker != NULL);
  step_back();
  while (!atomic_load(&finished)) {
    fp_host *host = NULL, *held;
    CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), FASTPATH_OK);
    CHECK(fp_host_port(host) >= 1000 && fp_host_port(host) < 1000 + HOSTS);
    fp_host_acquire(host);
    held = fp_host_ref(host);
    {
      const fp_host *tried[] = {held};
      const fp_pick_options options = {.excluded = tried, .excluded_count = 1, .max_attempts = FASTPATH_PICK_STRICT};
      const fp_status status = fp_picker_pick(picker, &options, &host, NULL);
      CHECK(status == FASTPATH_NONE || host != held);
    }
    {
      const fp_pick_options options = {.metadata_match = versions[0]}; /* host 0 is always of this version */
      CHECK_EQ(fp_picker_pick(picker, &options, &host, NULL), FASTPATH_OK);
      CHECK(fp_host_port(host) >= 1000 && fp_host_port(host) < 1000 + HOSTS);
    }
    CHECK_EQ(fp_host_report(held, 200, FASTPATH_RESET_NONE, 5), FASTPATH_OK);
    CHECK_EQ(fp_host_release(held), FASTPATH_OK);
    fp_host_unref(held);
    done++;
  }
  atomic_fetch_add(&picks, done);
  fp_picker_free(picker);
  return NULL;
}

/* Mostly round robin; now and then another policy, whose tables are larger. */
static fp_cluster_config config_of(uint32_t generation) {
  static const fp_lb_policy_id policies[] = {FASTPATH_LB_LEAST_REQUEST, FASTPATH_LB_RING_HASH, FASTPATH_LB_RANDOM,
                                             FASTPATH_LB_MAGLEV, FASTPATH_LB_PEAK_EWMA};
  const uint32_t turn = generation % 16;
  fp_cluster_config made = {.policy = fp_lb_policy_get(turn < 5 ? policies[turn] : FASTPATH_LB_ROUND_ROBIN),
                            .panic_threshold = 50,
                            .locality_weighted = generation / 3 % 2,
                            .zones = {generation % 8 < 6 ? callers : NULL, 1, 90, 1, generation & 1, 0, 0},
                            .subset_rules = generation % 4 < 2 ? rules : NULL};
  fp_lb_options_default(&made.options);
  made.options.minimum_ring_size = 64;
  made.options.table_size = 251;
  made.options.decay_time = generation % 32 < 16 ? 1000000 : 2000000;
  made.options.slow_start_window = generation % 5 < 2 ? 50000000 : 0;
  return made;
}

/* All of them in one priority, as the hosts of callers are. */
static void update_callers(uint32_t generation) {
  const fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_RANDOM)};
  fp_endpoint endpoints[HOSTS];
  const uint32_t count = fill(endpoints, generation * 31 + 7);
  for (uint32_t i = 0; i < count; i++) endpoints[i].priority = 0;
  if (callers != NULL)
    CHECK_EQ(fp_cluster_update(callers, &config, endpoints, count, NULL), FASTPATH_OK);
  else
    CHECK_EQ(fp_cluster_new(&config, endpoints, count, &callers, NULL), FASTPATH_OK);
}

static void *update_many_times(void *context) {
  const int64_t start = nanoseconds();
  for (uint32_t i = 0; i < updates; i++) {
    const fp_cluster_config config = config_of(*(const uint32_t *)context + i);
    fp_endpoint endpoints[HOSTS];
    const uint32_t count = fill(endpoints, *(const uint32_t *)context + i);
    CHECK_EQ(fp_cluster_update(cluster, &config, endpoints, count, NULL), FASTPATH_OK);
    update_callers(*(const uint32_t *)context + i);
    sleep_until(start + (i + 1) * interval);
  }
  return NULL;
}

int main(int count, char **arguments) {
  fp_cluster_config config;
  const uint32_t starts[UPDATERS] = {0, 77777};
  uint64_t seeds[PICKERS];
  pthread_t pickers[PICKERS], updaters[UPDATERS];
  fp_endpoint endpoints[HOSTS];
  fp_host_set *set;
  const int64_t start = nanoseconds();
  if (count > 1) {
    updates = UPDATES_PER_SECOND * (uint32_t)strtoul(arguments[1], NULL, 10);
    interval = 1000000000 / UPDATES_PER_SECOND;
  }
  make_rules();
  update_callers(0);
  config = config_of(15);
  CHECK_EQ(fp_cluster_new(&config, endpoints, fill(endpoints, 0), &cluster, NULL), FASTPATH_OK);
  for (uint64_t i = 0; i < PICKERS; i++) {
    seeds[i] = i;
    CHECK_EQ(pthread_create(&pickers[i], NULL, pick_until_finished, &seeds[i]), 0);
  }
  for (int i = 0; i < UPDATERS; i++)
    CHECK_EQ(pthread_create(&updaters[i], NULL, update_many_times, (void *)&starts[i]), 0);
  for (int i = 0; i < UPDATERS; i++) pthread_join(updaters[i], NULL);
  atomic_store(&finished, 1);
  for (int i = 0; i < PICKERS; i++) pthread_join(pickers[i], NULL);
  printf("%" PRIu32 " updates and %" PRIu64 " picks in %.1f s\n", UPDATERS * updates, atomic_load(&picks),
         (double)(nanoseconds() - start) / 1e9);
  set = fp_cluster_host_set(cluster);
  for (size_t i = 0; i < fp_host_set_count(set); i++) {
    fp_host_stats stats;
    fp_host_stats_get(fp_host_set_host(set, i), &stats);
    CHECK_EQ(stats.active_requests, 0);
    CHECK_EQ(stats.requests, stats.success);
  }
  fp_host_set_unref(set);
  fp_cluster_unref(cluster);
  fp_cluster_unref(callers);
  fp_subset_rules_unref(rules);
  for (int i = 0; i < VERSIONS; i++) fp_labels_unref(versions[i]);
  return 0;
}
