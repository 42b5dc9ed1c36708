/* Clusters: identity of hosts, snapshots, priorities and panic, exclusion, refusals. */
#include <fastpath/cluster.h>
#include <string.h>

#include "check.h"
#include "priority_load.h"

static const fp_endpoint plain = {.address = {(const uint8_t *)"10.0.0.1", 8}, .weight = 1};

static fp_endpoint endpoint(uint16_t port, uint32_t weight, fp_health_status health, uint32_t priority) {
  fp_endpoint made = plain;
  made.port = port;
  made.weight = weight;
  made.health = (uint8_t)health;
  made.priority = priority;
  return made;
}

static fp_endpoint well(uint16_t port, uint32_t weight) { return endpoint(port, weight, FASTPATH_HEALTH_UNKNOWN, 0); }

static fp_cluster_config config(uint32_t panic_threshold) {
  fp_cluster_config made = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = panic_threshold};
  fp_lb_options_default(&made.options);
  return made;
}

static fp_cluster *cluster_of(const fp_endpoint *endpoints, size_t count, uint32_t panic_threshold) {
  const fp_cluster_config settings = config(panic_threshold);
  fp_cluster *cluster = NULL;
  CHECK_EQ(fp_cluster_new(&settings, endpoints, count, &cluster, NULL), FASTPATH_OK);
  return cluster;
}

static void update(fp_cluster *cluster, const fp_endpoint *endpoints, size_t count, uint32_t panic_threshold) {
  const fp_cluster_config settings = config(panic_threshold);
  CHECK_EQ(fp_cluster_update(cluster, &settings, endpoints, count, NULL), FASTPATH_OK);
}

static uint16_t pick_port(fp_picker *picker, const fp_pick_options *options) {
  fp_host *host = NULL;
  CHECK_EQ(fp_picker_pick(picker, options, &host, NULL), FASTPATH_OK);
  return fp_host_port(host);
}

static int no_host(fp_picker *picker, const fp_pick_options *options) {
  fp_host *host = NULL;
  return fp_picker_pick(picker, options, &host, NULL) == FASTPATH_NONE && host == NULL;
}

static void test_equal_weights_take_turns_from_the_seed_on(void) {
  const fp_endpoint endpoints[] = {well(1, 5), well(2, 5), well(3, 5)};
  fp_cluster *cluster = cluster_of(endpoints, 3, 50);
  fp_picker *picker = fp_picker_new(cluster, 4); /* 4 % 3: starts with the second */
  for (int i = 0; i < 9; i++) CHECK_EQ(pick_port(picker, NULL), (i + 1) % 3 + 1);
  fp_picker_free(picker);
  picker = fp_picker_new(cluster, UINT64_MAX); /* UINT64_MAX % 3 is 0; then the counter wraps, to 0 again */
  CHECK_EQ(pick_port(picker, NULL), 1);
  CHECK_EQ(pick_port(picker, NULL), 1);
  CHECK_EQ(pick_port(picker, NULL), 2);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void test_an_empty_cluster_has_no_host(void) {
  fp_cluster *cluster = cluster_of(NULL, 0, 50);
  fp_picker *picker = fp_picker_new(cluster, 1);
  uint32_t index;
  CHECK(no_host(picker, NULL));
  CHECK_EQ(fp_picker_pick_many(picker, NULL, 1, &index), FASTPATH_NONE);
  CHECK_EQ(fp_picker_pick_many(picker, NULL, 0, &index), FASTPATH_OK);
  CHECK_EQ(fp_host_set_count(fp_picker_host_set(picker)), 0);
  CHECK(fp_host_set_host(fp_picker_host_set(picker), 0) == NULL);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void test_unhealthy_hosts_get_nothing_until_panic(void) {
  fp_endpoint endpoints[] = {well(1, 1), well(2, 1), endpoint(3, 9, FASTPATH_HEALTH_UNHEALTHY, 0),
                             endpoint(4, 9, FASTPATH_HEALTH_DRAINING, 0)};
  fp_cluster *cluster = cluster_of(endpoints, 4, 50);
  fp_picker *picker = fp_picker_new(cluster, 0);
  for (int i = 0; i < 100; i++) CHECK(pick_port(picker, NULL) <= 2);
  endpoints[1].health = FASTPATH_HEALTH_TIMEOUT; /* one in four is below half: all are used */
  update(cluster, endpoints, 4, 50);
  {
    int seen[5] = {0};
    for (int i = 0; i < 100; i++) seen[pick_port(picker, NULL)]++;
    CHECK(seen[1] > 0 && seen[2] > 0 && seen[3] > seen[1] && seen[4] > seen[2]);
  }
  update(cluster, endpoints, 4, 0); /* panic switched off */
  for (int i = 0; i < 100; i++) CHECK_EQ(pick_port(picker, NULL), 1);
  endpoints[0].health = FASTPATH_HEALTH_UNHEALTHY;
  update(cluster, endpoints, 4, 0);
  CHECK(no_host(picker, NULL));
  update(cluster, endpoints, 4, 1);
  CHECK(!no_host(picker, NULL));
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void test_load_fails_over_to_the_next_priority_and_to_degraded_hosts(void) {
  /* Half of priority 0 is healthy: 70 % of the load; degraded hosts make up for 28 of the other 30, priority 1 for the
     rest of what is healthy first. */
  const fp_endpoint endpoints[] = {endpoint(1, 1, FASTPATH_HEALTH_HEALTHY, 0),
                                   endpoint(2, 1, FASTPATH_HEALTH_UNHEALTHY, 0),
                                   endpoint(3, 1, FASTPATH_HEALTH_HEALTHY, 1)};
  const fp_endpoint degraded[] = {endpoint(1, 1, FASTPATH_HEALTH_HEALTHY, 0),
                                  endpoint(2, 1, FASTPATH_HEALTH_DEGRADED, 0)};
  int seen[4] = {0};
  fp_cluster *cluster = cluster_of(endpoints, 3, 50);
  fp_picker *picker = fp_picker_new(cluster, 7);
  for (int i = 0; i < 20000; i++) seen[pick_port(picker, NULL)]++;
  CHECK_EQ(seen[2], 0);
  CHECK(seen[1] > 13700 && seen[1] < 14300); /* 4.5 sigma around 70 % */
  update(cluster, degraded, 2, 50);
  memset(seen, 0, sizeof seen);
  for (int i = 0; i < 20000; i++) seen[pick_port(picker, NULL)]++;
  CHECK(seen[1] > 13700 && seen[1] < 14300);
  CHECK_EQ(seen[1] + seen[2], 20000);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void check_load(const fp_priority_load *load, uint32_t healthy, uint32_t degraded, uint32_t panic) {
  CHECK_EQ(load->healthy_load, healthy);
  CHECK_EQ(load->degraded_load, degraded);
  CHECK_EQ(load->panic, panic);
}

static fp_priority_load load(uint32_t total, uint32_t healthy, uint32_t degraded) {
  return (fp_priority_load){.overprovisioning_factor = 140,
                            .total = total,
                            .healthy = healthy,
                            .degraded = degraded,
                            .total_weight = total,
                            .healthy_weight = healthy,
                            .degraded_weight = degraded};
}

static void test_priority_loads_are_envoys(void) {
  fp_priority_load one[] = {load(10, 8, 0)};
  fp_priority_load spill[] = {load(10, 5, 0), load(10, 10, 0)};
  fp_priority_load scaled[] = {load(100, 20, 0), load(100, 20, 0)};
  fp_priority_load count[] = {load(3, 0, 0), load(1, 0, 0)};
  fp_priority_load empty[] = {load(0, 0, 0), load(0, 0, 0)};
  fp_priority_load gap[] = {load(0, 0, 0), load(4, 4, 0)};
  fp_priority_load mixed[] = {load(10, 3, 3), load(10, 1, 0)};
  fp_priority_load off[] = {load(3, 0, 0), load(1, 0, 0)};
  fp_priority_load_compute(one, 1, 50);
  check_load(&one[0], 100, 0, 0);
  fp_priority_load_compute(spill, 2, 50);
  check_load(&spill[0], 70, 0, 0);
  check_load(&spill[1], 30, 0, 0);
  fp_priority_load_compute(scaled, 2, 10); /* 28 % and 28 %, scaled to 56 */
  check_load(&scaled[0], 50, 0, 0);
  check_load(&scaled[1], 50, 0, 0);
  fp_priority_load_compute(scaled, 2, 50); /* both below half: by number of hosts */
  check_load(&scaled[0], 50, 0, 1);
  check_load(&scaled[1], 50, 0, 1);
  fp_priority_load_compute(count, 2, 50);
  check_load(&count[0], 75, 0, 1);
  check_load(&count[1], 25, 0, 1);
  fp_priority_load_compute(empty, 2, 50);
  check_load(&empty[0], 100, 0, 1);
  fp_priority_load_compute(gap, 2, 50);
  check_load(&gap[0], 0, 0, 0);
  check_load(&gap[1], 100, 0, 0);
  fp_priority_load_compute(mixed, 2, 50); /* 42 + 42 degraded + 14 of 98; 2 from rounding go to priority 0 */
  check_load(&mixed[0], 44, 42, 0);
  check_load(&mixed[1], 14, 0, 1);
  fp_priority_load_compute(off, 2, 0);
  check_load(&off[0], 100, 0, 0);
  check_load(&off[1], 0, 0, 0);
}

static void test_hosts_keep_identity_and_counters_through_updates(void) {
  const fp_endpoint before[] = {well(1, 1), well(2, 1)};
  fp_endpoint after[] = {well(2, 7), well(3, 1)};
  fp_cluster *cluster = cluster_of(before, 2, 50);
  fp_host_set *old = fp_cluster_host_set(cluster), *fresh;
  fp_host *stays = fp_host_set_host(old, 1), *goes = fp_host_set_host(old, 0);
  fp_host_stats stats;
  fp_host_acquire(stays);
  CHECK_EQ(fp_host_report(stays, 503, FASTPATH_RESET_NONE, 1000), FASTPATH_OK);
  after[0].health = FASTPATH_HEALTH_DEGRADED;
  update(cluster, after, 2, 50);
  fresh = fp_cluster_host_set(cluster);
  CHECK(fp_host_set_host(fresh, 0) == stays);
  CHECK_EQ(fp_host_weight(stays), 7);
  CHECK_EQ(fp_host_health(stays), FASTPATH_HEALTH_DEGRADED);
  fp_host_stats_get(stays, &stats);
  CHECK_EQ(stats.active_requests, 1);
  CHECK_EQ(stats.error, 1);
  CHECK_EQ(stats.latency_total, 1000);
  CHECK_EQ(fp_host_port(goes), 1); /* the old set still holds it */
  after[0].hostname = (fp_span){(const uint8_t *)"other", 5};
  update(cluster, after, 2, 50);
  fp_host_set_unref(fresh);
  fresh = fp_cluster_host_set(cluster);
  CHECK(fp_host_set_host(fresh, 0) != stays); /* behind another name it is another server */
  fp_host_set_unref(fresh);
  fp_host_set_unref(old);
  fp_cluster_unref(cluster);
}

static void test_a_priority_that_did_not_change_goes_on_where_it_was(void) {
  fp_endpoint endpoints[] = {well(1, 1), well(2, 3), well(3, 5), endpoint(4, 1, FASTPATH_HEALTH_UNKNOWN, 1)};
  fp_cluster *one = cluster_of(endpoints, 4, 50), *other = cluster_of(endpoints, 4, 50);
  fp_picker *undisturbed = fp_picker_new(one, 5), *updated = fp_picker_new(other, 5);
  for (uint16_t i = 0; i < 500; i++) {
    CHECK_EQ(pick_port(updated, NULL), pick_port(undisturbed, NULL));
    endpoints[3].port = (uint16_t)(i + 100);
    update(other, endpoints, 4, 50);
  }
  fp_picker_free(undisturbed);
  fp_picker_free(updated);
  fp_cluster_unref(one);
  fp_cluster_unref(other);
}

static void test_of_duplicates_the_first_counts(void) {
  const fp_endpoint endpoints[] = {well(1, 1), well(2, 1), well(1, 50), endpoint(2, 1, FASTPATH_HEALTH_UNHEALTHY, 3)};
  fp_cluster *cluster = cluster_of(endpoints, 4, 50);
  fp_host_set *set = fp_cluster_host_set(cluster);
  CHECK_EQ(fp_host_set_count(set), 2);
  CHECK_EQ(fp_host_weight(fp_host_set_host(set, 0)), 1);
  CHECK_EQ(fp_host_priority(fp_host_set_host(set, 1)), 0);
  CHECK_EQ(fp_host_health(fp_host_set_host(set, 1)), FASTPATH_HEALTH_UNKNOWN);
  fp_host_set_unref(set);
  fp_cluster_unref(cluster);
}

static void test_excluded_hosts_are_passed_over(void) {
  const fp_endpoint endpoints[] = {well(1, 1), well(2, 1), well(3, UINT32_MAX - 9),
                                   endpoint(4, 1, FASTPATH_HEALTH_UNKNOWN, 1)};
  fp_cluster *cluster = cluster_of(endpoints, 4, 50);
  fp_picker *picker = fp_picker_new(cluster, 0);
  fp_host_set *set = fp_cluster_host_set(cluster);
  const fp_host *tried[] = {fp_host_set_host(set, 2), fp_host_set_host(set, 0), fp_host_set_host(set, 1),
                            fp_host_set_host(set, 3)};
  fp_pick_options options = {.excluded = tried, .excluded_count = 1, .max_attempts = FASTPATH_PICK_STRICT};
  {
    int seen[5] = {0}; /* the schedule comes to none but 3 for billions of picks: the others are drawn */
    for (int i = 0; i < 1000; i++) seen[pick_port(picker, &options)]++;
    CHECK(seen[1] > 400 && seen[2] > 400 && seen[1] + seen[2] == 1000);
  }
  options.excluded_count = 2;
  CHECK_EQ(pick_port(picker, &options), 2);
  options.excluded_count = 3; /* only the next priority is left */
  CHECK_EQ(pick_port(picker, &options), 4);
  options.excluded_count = 4;
  CHECK(no_host(picker, &options));
  options.max_attempts = 3; /* as Envoy: after some attempts take what comes */
  CHECK_EQ(pick_port(picker, &options), 3);
  fp_host_set_unref(set);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void test_attempts_are_counted_as_envoy_counts_them(void) {
  const fp_endpoint endpoints[] = {well(1, 1), well(2, 1), well(3, 1)};
  fp_cluster *cluster = cluster_of(endpoints, 3, 50);
  fp_picker *picker = fp_picker_new(cluster, 0);
  fp_host_set *set = fp_cluster_host_set(cluster);
  const fp_host *tried[] = {fp_host_set_host(set, 0), fp_host_set_host(set, 1)};
  fp_pick_options options = {.excluded = tried, .excluded_count = 2, .max_attempts = 1};
  CHECK_EQ(pick_port(picker, &options), 2); /* 1 is refused, 2 is taken although it was tried */
  CHECK_EQ(pick_port(picker, &options), 3);
  options.max_attempts = 0;
  CHECK_EQ(pick_port(picker, &options), 1);
  fp_host_set_unref(set);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void check_refused(const fp_endpoint *endpoints, size_t count, fp_status status, size_t position) {
  const fp_endpoint good = well(1, 1);
  const fp_cluster_config settings = config(50);
  fp_cluster *cluster = NULL;
  fp_picker *picker;
  fp_error error;
  CHECK_EQ(fp_cluster_new(&settings, endpoints, count, &cluster, &error), status);
  CHECK(cluster == NULL);
  CHECK_EQ(error.position, position);
  cluster = cluster_of(&good, 1, 50);
  picker = fp_picker_new(cluster, 0);
  CHECK_EQ(fp_cluster_update(cluster, &settings, endpoints, count, &error), status);
  CHECK_EQ(pick_port(picker, NULL), 1); /* what was live stays live */
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void test_bad_endpoints_are_refused(void) {
  fp_endpoint endpoints[] = {well(1, 1), well(2, 1)};
  endpoints[1].weight = 0;
  check_refused(endpoints, 2, FASTPATH_ERR_CONFIG_WEIGHT, 1);
  endpoints[1].weight = UINT32_MAX;
  check_refused(endpoints, 2, FASTPATH_ERR_CONFIG_WEIGHT, 1);
  endpoints[1].locality = 1; /* the sum is per locality */
  fp_cluster_unref(cluster_of(endpoints, 2, 50));
  endpoints[1].priority = FASTPATH_CLUSTER_MAX_PRIORITY + 1;
  check_refused(endpoints, 2, FASTPATH_ERR_CONFIG, 1);
  endpoints[1].priority = FASTPATH_CLUSTER_MAX_PRIORITY;
  fp_cluster_unref(cluster_of(endpoints, 2, 50));
  endpoints[1].health = FASTPATH_HEALTH_DEGRADED + 1;
  check_refused(endpoints, 2, FASTPATH_ERR_CONFIG, 1);
  endpoints[0].address.len = 0;
  check_refused(endpoints, 2, FASTPATH_ERR_CONFIG, 0);
}

static void test_bad_settings_are_refused(void) {
  const fp_cluster_config no_policy = {.panic_threshold = 50}, above = config(101);
  fp_cluster *cluster;
  CHECK_EQ(fp_cluster_new(&no_policy, NULL, 0, &cluster, NULL), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_cluster_new(&above, NULL, 0, &cluster, NULL), FASTPATH_ERR_ARGUMENT);
  CHECK(fp_lb_policy_get((fp_lb_policy_id)99) == NULL);
}

static void test_counters_stay_within_bounds(void) {
  const fp_endpoint one = well(1, 1);
  fp_cluster *cluster = cluster_of(&one, 1, 50);
  fp_host_set *set = fp_cluster_host_set(cluster);
  fp_host *host = fp_host_set_host(set, 0);
  fp_host_stats stats;
  CHECK_EQ(fp_host_release(host), FASTPATH_ERR_STATE);
  fp_host_acquire(host);
  CHECK_EQ(fp_host_release(host), FASTPATH_OK);
  CHECK_EQ(fp_host_release(host), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_host_report(host, 0, FASTPATH_RESET_NONE, -1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_host_report(host, 99, FASTPATH_RESET_NONE, -1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_host_report(host, 600, FASTPATH_RESET_NONE, -1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_host_report(host, 200, (fp_reset)9, -1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_host_report(host, 0, FASTPATH_RESET_CONNECT_FAILURE, -1), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host, 200, FASTPATH_RESET_CONNECTION, -1), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host, 0, FASTPATH_RESET_TIMEOUT, -1), FASTPATH_OK);
  for (int i = 0; i < 3; i++) CHECK_EQ(fp_host_report(host, 200, FASTPATH_RESET_NONE, INT64_MAX), FASTPATH_OK);
  fp_host_stats_get(host, &stats);
  CHECK_EQ(stats.active_requests, 0);
  CHECK_EQ(stats.requests, 1);
  CHECK_EQ(stats.success, 3);
  CHECK_EQ(stats.error, 3);
  CHECK_EQ(stats.connect_failures, 1);
  CHECK_EQ(stats.connection_resets, 1);
  CHECK_EQ(stats.timeouts, 1);
  CHECK_EQ(stats.latency_count, 3);
  CHECK(stats.latency_total == UINT64_MAX);
  fp_host_set_unref(set);
  fp_cluster_unref(cluster);
}

static void test_hosts_have_a_key_as_envoy_writes_it(void) {
  fp_endpoint endpoints[] = {well(80, 1), well(443, 1)};
  fp_cluster *cluster;
  fp_host_set *set;
  endpoints[1].address = (fp_span){(const uint8_t *)"2001:db8::1", 11};
  cluster = cluster_of(endpoints, 2, 50);
  set = fp_cluster_host_set(cluster);
  CHECK_BYTES(fp_host_key(fp_host_set_host(set, 0)).data, fp_host_key(fp_host_set_host(set, 0)).len, "10.0.0.1:80");
  CHECK_BYTES(fp_host_key(fp_host_set_host(set, 1)).data, fp_host_key(fp_host_set_host(set, 1)).len,
              "[2001:db8::1]:443");
  fp_host_set_unref(set);
  fp_cluster_unref(cluster);
}

static void test_indices_lead_to_the_hosts_picked(void) {
  const fp_endpoint endpoints[] = {
      endpoint(1, 2, FASTPATH_HEALTH_UNKNOWN, 1), endpoint(2, 1, FASTPATH_HEALTH_UNHEALTHY, 0),
      endpoint(3, 3, FASTPATH_HEALTH_UNKNOWN, 1), endpoint(4, 1, FASTPATH_HEALTH_UNKNOWN, 0)};
  fp_cluster *cluster = cluster_of(endpoints, 4, 50);
  fp_picker *picker = fp_picker_new(cluster, 3), *twin = fp_picker_new(cluster, 3);
  uint32_t indices[200];
  CHECK(fp_picker_host_set(picker) == NULL);
  CHECK_EQ(fp_picker_pick_many(picker, NULL, 200, indices), FASTPATH_OK);
  for (int i = 0; i < 200; i++) {
    fp_host *host;
    size_t index;
    CHECK_EQ(fp_picker_pick(twin, NULL, &host, &index), FASTPATH_OK);
    CHECK_EQ(index, indices[i]);
    CHECK(fp_host_set_host(fp_picker_host_set(picker), index) == host);
    CHECK(fp_host_port(host) != 2);
  }
  fp_picker_free(picker);
  fp_picker_free(twin);
  fp_cluster_unref(cluster);
}

static void test_a_picker_outlives_its_cluster(void) {
  const fp_endpoint one = well(1, 1);
  fp_cluster *cluster = cluster_of(&one, 1, 50);
  fp_picker *picker = fp_picker_new(fp_cluster_ref(cluster), 0);
  fp_cluster_unref(cluster);
  fp_cluster_unref(cluster);
  CHECK_EQ(pick_port(picker, NULL), 1);
  fp_picker_free(picker);
}

static fp_endpoint in_zone(uint16_t port, uint32_t zone) {
  fp_endpoint made = well(port, 1);
  made.zone = zone;
  made.locality = zone;
  return made;
}

/* How many of 10000 picks go to each port below 8. */
static void count_ports(fp_picker *picker, uint32_t *counts) {
  memset(counts, 0, 8 * sizeof *counts);
  for (int i = 0; i < 10000; i++) counts[pick_port(picker, NULL)]++;
}

static int about(uint32_t count, uint32_t expected) { return count + 225 > expected && count < expected + 225; }

/* Of the callers half are in zone 1, of the hosts a quarter: half of what zone 1 asks stays, the rest goes to zone 2, whose
   callers ask less than it can take. */
static void test_load_stays_in_its_zone_as_far_as_that_can_take_it(void) {
  const fp_endpoint callers_of[] = {in_zone(1, 1), in_zone(2, 2)};
  const fp_endpoint endpoints[] = {in_zone(1, 1), in_zone(2, 2), in_zone(3, 2), in_zone(4, 2)};
  fp_cluster *callers = cluster_of(callers_of, 2, 50), *cluster = NULL;
  fp_cluster_config settings = config(50);
  fp_picker *picker;
  fp_error error;
  uint32_t counts[8];
  settings.zones = (fp_zone_config){.callers = callers, .zone = 1, .routing_enabled = 100, .min_cluster_size = 4};
  CHECK_EQ(fp_cluster_new(&settings, endpoints, 4, &cluster, NULL), FASTPATH_OK);
  picker = fp_picker_new(cluster, 5);
  count_ports(picker, counts);
  CHECK(about(counts[1], 5000) && about(counts[2], 1667) && about(counts[3], 1667) && about(counts[4], 1667));
  {
    const fp_endpoint few_here[] = {in_zone(1, 1), in_zone(2, 2), in_zone(3, 2), in_zone(4, 2), in_zone(5, 2)};
    update(callers, few_here, 5, 50); /* a fifth of the callers is in zone 1: it can take all of that */
  }
  count_ports(picker, counts);
  CHECK_EQ(counts[1], 10000);
  settings.zones.min_cluster_size = 5;
  CHECK_EQ(fp_cluster_update(cluster, &settings, endpoints, 4, NULL), FASTPATH_OK);
  count_ports(picker, counts);
  CHECK_EQ(counts[1], 2500);
  settings.zones.callers = cluster;
  CHECK_EQ(fp_cluster_update(cluster, &settings, endpoints, 4, &error), FASTPATH_ERR_ARGUMENT);
  settings.zones = (fp_zone_config){.callers = callers, .zone = 1, .routing_enabled = 101};
  CHECK_EQ(fp_cluster_update(cluster, &settings, endpoints, 4, &error), FASTPATH_ERR_ARGUMENT);
  fp_picker_free(picker);
  fp_cluster_unref(callers);
  fp_cluster_unref(cluster);
}

static int64_t told(void *time) { return *(int64_t *)time; }

static void test_a_host_that_joins_gets_its_load_by_and_by(void) {
  const int64_t second = 1000000000;
  const fp_endpoint endpoints[] = {well(1, 1), well(2, 1)};
  int64_t now = 100 * second;
  fp_cluster_config settings = config(50);
  fp_cluster *cluster = NULL;
  fp_picker *picker;
  uint32_t counts[8];
  settings.options.slow_start_window = 10 * second;
  settings.options.clock = told;
  settings.options.clock_data = &now;
  CHECK_EQ(fp_cluster_new(&settings, endpoints, 1, &cluster, NULL), FASTPATH_OK);
  picker = fp_picker_new(cluster, 0);
  now += 20 * second;
  CHECK_EQ(fp_cluster_update(cluster, &settings, endpoints, 2, NULL), FASTPATH_OK);
  count_ports(picker, counts);
  CHECK(counts[2] > 880 && counts[2] < 930); /* 0.1 of 1.1 */
  now += 5 * second;
  count_ports(picker, counts);
  CHECK(counts[2] > 3300 && counts[2] < 3360); /* 0.5 of 1.5 */
  now -= 8 * second; /* a clock that goes back makes no time pass */
  count_ports(picker, counts);
  CHECK(counts[2] > 880 && counts[2] < 930);
  now += 60 * second;
  count_ports(picker, counts);
  CHECK(counts[2] > 4990 && counts[2] < 5010);
  settings.options.slow_start_aggression = 0;
  CHECK_EQ(fp_cluster_update(cluster, &settings, endpoints, 2, NULL), FASTPATH_ERR_CONFIG);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

int main(void) {
  test_load_stays_in_its_zone_as_far_as_that_can_take_it();
  test_a_host_that_joins_gets_its_load_by_and_by();
  test_equal_weights_take_turns_from_the_seed_on();
  test_an_empty_cluster_has_no_host();
  test_unhealthy_hosts_get_nothing_until_panic();
  test_load_fails_over_to_the_next_priority_and_to_degraded_hosts();
  test_priority_loads_are_envoys();
  test_hosts_keep_identity_and_counters_through_updates();
  test_a_priority_that_did_not_change_goes_on_where_it_was();
  test_of_duplicates_the_first_counts();
  test_excluded_hosts_are_passed_over();
  test_attempts_are_counted_as_envoy_counts_them();
  test_bad_endpoints_are_refused();
  test_bad_settings_are_refused();
  test_counters_stay_within_bounds();
  test_hosts_have_a_key_as_envoy_writes_it();
  test_indices_lead_to_the_hosts_picked();
  test_a_picker_outlives_its_cluster();
  return 0;
}
