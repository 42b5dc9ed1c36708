/* Scenarios of the failing-allocation sweep: clusters, hosts, pickers. */
#include "sweep.h"

#define ENDPOINTS 12

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

/* Hosts 10.0.0.1 .. on ports from `port` on, in two priorities, with weights that differ when `weighted`. */
static void endpoints_fill(fp_endpoint *endpoints, uint16_t port, bool weighted) {
  for (uint32_t i = 0; i < ENDPOINTS; i++) {
    endpoints[i] = (fp_endpoint){.address = span_of("10.0.0.1"),
                                 .hostname = span_of("host.example"),
                                 .weight = weighted ? i % 5 + 1 : 1,
                                 .priority = i >= ENDPOINTS - 2,
                                 .locality = i / 4,
                                 .locality_weight = 2 - i / 4,
                                 .zone = i / 4 + 1,
                                 .port = (uint16_t)(port + i),
                                 .health = i == 3   ? FASTPATH_HEALTH_DEGRADED
                                           : i == 4 ? FASTPATH_HEALTH_UNHEALTHY
                                                    : FASTPATH_HEALTH_UNKNOWN};
  }
}

static fp_host *pick(fp_picker *picker, const fp_pick_options *options) {
  fp_host *host = NULL;
  size_t index = SIZE_MAX;
  TRY(fp_picker_pick(picker, options, &host, &index), host == NULL);
  CHECK(host != NULL);
  CHECK(fp_host_set_host(fp_picker_host_set(picker), index) == host);
  return host;
}

static fp_cluster_config config_of(fp_lb_policy_id policy) {
  fp_cluster_config config = {.policy = fp_lb_policy_get(policy), .panic_threshold = 50};
  fp_lb_options_default(&config.options);
  config.options.table_size = 251;
  return config;
}

/* Every policy makes its tables and cursors, with equal weights and with others, and for each locality. */
void sweep_policies(void) {
  static const fp_lb_policy_id policies[] = {FASTPATH_LB_ROUND_ROBIN,     FASTPATH_LB_LEAST_REQUEST,
                                             FASTPATH_LB_RING_HASH,       FASTPATH_LB_RANDOM,
                                             FASTPATH_LB_MAGLEV,          FASTPATH_LB_SCHEDULED_ROUND_ROBIN,
                                             FASTPATH_LB_WEIGHTED_RANDOM, FASTPATH_LB_KETAMA,
                                             FASTPATH_LB_RENDEZVOUS,      FASTPATH_LB_PEAK_EWMA};
  fp_endpoint endpoints[ENDPOINTS];
  fp_cluster *cluster = NULL;
  fp_cluster_config config = config_of(FASTPATH_LB_ROUND_ROBIN);
  fp_error error;
  endpoints_fill(endpoints, 8000, true);
  TRY(fp_cluster_new(&config, endpoints, ENDPOINTS, &cluster, &error), cluster == NULL);
  fp_picker *picker;
  TRY_NEW(picker, fp_picker_new(cluster, 7));
  for (int round = 0; round < 40; round++) {
    const fp_pick_options options = {.has_hash = 1, .hash = (uint64_t)round << 58};
    config = config_of(policies[round / 4]);
    config.locality_weighted = policies[round / 4] != FASTPATH_LB_KETAMA && round % 4 / 2 == 1;
    config.options.hash_balance_factor = round % 2 == 0 ? 125 : 0;
    endpoints_fill(endpoints, 8000, round % 2 == 0);
    endpoints[1].hash_key = span_of("placed by this");
    TRY(fp_cluster_update(cluster, &config, endpoints, ENDPOINTS, &error), true);
    fp_host *host = pick(picker, &options);
    CHECK(fp_host_hash_key(host).len == (fp_host_port(host) == 8001 ? 14 : 13));
    CHECK_EQ(fp_host_active_requests(host), 0);
    CHECK_EQ(fp_host_report(host, 200, FASTPATH_RESET_NONE, round), FASTPATH_OK);
    uint32_t again;
    TRY(fp_picker_pick_many(picker, &options.hash, 1, &again), true);
    CHECK(again < ENDPOINTS);
  }
  /* A ring from the one before. */
  config = config_of(FASTPATH_LB_RING_HASH);
  TRY(fp_cluster_update(cluster, &config, endpoints, ENDPOINTS, &error), true);
  endpoints[0].port = 9000;
  TRY(fp_cluster_update(cluster, &config, endpoints, ENDPOINTS, &error), true);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

void sweep_cluster(void) {
  fp_endpoint endpoints[ENDPOINTS];
  fp_cluster_config config = config_of(FASTPATH_LB_ROUND_ROBIN);
  fp_cluster *cluster = NULL;
  fp_error error;
  endpoints_fill(endpoints, 8000, true);
  TRY(fp_cluster_new(&config, endpoints, ENDPOINTS, &cluster, &error), cluster == NULL);

  fp_picker *picker;
  TRY_NEW(picker, fp_picker_new(cluster, 7));
  CHECK(fp_picker_host_set(picker) == NULL);
  fp_host *kept = fp_host_ref(pick(picker, NULL));
  uint16_t port = fp_host_port(kept);
  CHECK(port >= 8000 && port < 8000 + ENDPOINTS);
  fp_host_acquire(kept);
  fp_pick_options options = {
      .excluded = (const fp_host *const[]){kept}, .excluded_count = 1, .max_attempts = FASTPATH_PICK_STRICT};
  CHECK(pick(picker, &options) != kept);

  /* A retry goes to the other priority. */
  fp_retry_priority retry;
  CHECK_EQ(fp_retry_priority_init(&retry, 0), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_retry_priority_init(&retry, 1), FASTPATH_OK);
  fp_retry_priority_attempted(&retry, kept);
  const fp_pick_options elsewhere = {.retry_priority = &retry};
  CHECK(fp_host_priority(pick(picker, &elsewhere)) != fp_host_priority(kept));

  /* An update that fails leaves the old set, and the counters of hosts that stay. */
  fp_host_set *old = fp_cluster_host_set(cluster);
  endpoints_fill(endpoints, 8000, false);
  endpoints[ENDPOINTS - 1].port = 9000;
  endpoints[0].weight = 3;
  fp_host_set *now = NULL;
  TRY(fp_cluster_update(cluster, &config, endpoints, ENDPOINTS, &error),
      (now = fp_cluster_host_set(cluster)) == old && (fp_host_set_unref(now), true));
  uint32_t indices[64];
  TRY(fp_picker_pick_many(picker, NULL, 64, indices), true);
  CHECK_EQ(fp_host_set_count(fp_picker_host_set(picker)), ENDPOINTS);
  fp_host *named = NULL;
  CHECK_EQ(fp_picker_pick_override(picker, fp_host_key(kept), &named), FASTPATH_OK);
  CHECK(named == kept);
  CHECK_EQ(fp_picker_pick_override(picker, span_of("10.0.0.1:1"), &named), FASTPATH_NONE);
  CHECK_EQ(fp_host_report(kept, 200, FASTPATH_RESET_NONE, 1000), FASTPATH_OK);
  fp_host_stats stats;
  fp_host_stats_get(kept, &stats);
  CHECK_EQ(stats.active_requests, 1);
  CHECK_EQ(stats.success, 1);
  CHECK_EQ(fp_host_release(kept), FASTPATH_OK);
  CHECK_EQ(fp_host_release(kept), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_host_address(kept).len, 8);
  CHECK_EQ(fp_host_hostname(kept).len, 12);
  CHECK_EQ(fp_host_key(kept).len, 13);
  CHECK(fp_host_weight(kept) >= 1);
  CHECK(fp_host_priority(kept) <= 1);
  CHECK(fp_host_health(kept) != FASTPATH_HEALTH_TIMEOUT);
  fp_host_set_user_data(kept, &stats);
  CHECK(fp_host_user_data(kept) == &stats);

  CHECK(fp_cluster_ref(cluster) == cluster);
  fp_cluster_unref(cluster);
  fp_picker_free(picker);
  CHECK(fp_host_set_ref(old) == old);
  fp_host_set_unref(old);
  fp_host_set_unref(old);
  fp_cluster_unref(cluster);
  CHECK_EQ(fp_host_port(kept), port); /* a host outlives its cluster */
  fp_host_unref(kept);
}

static int64_t an_hour(void *data) {
  (void)data;
  return 3600000000000;
}

/* Where load goes is worked out anew when the hosts change and when the callers do. */
void sweep_zones(void) {
  fp_endpoint endpoints[ENDPOINTS];
  fp_cluster_config config = config_of(FASTPATH_LB_ROUND_ROBIN);
  fp_cluster *callers = NULL, *cluster = NULL;
  fp_error error;
  endpoints_fill(endpoints, 7000, false);
  TRY(fp_cluster_new(&config, endpoints, 5, &callers, &error), callers == NULL);
  config.zones = (fp_zone_config){.callers = callers, .zone = 1, .routing_enabled = 100};
  config.options.slow_start_window = 1000000000;
  config.options.clock = an_hour;
  endpoints_fill(endpoints, 8000, true);
  TRY(fp_cluster_new(&config, endpoints, ENDPOINTS, &cluster, &error), cluster == NULL);
  fp_picker *picker;
  TRY_NEW(picker, fp_picker_new(cluster, 7));
  for (int i = 0; i < 8; i++) (void)pick(picker, NULL);
  config.policy = fp_lb_policy_get(FASTPATH_LB_LEAST_REQUEST);
  TRY(fp_cluster_update(cluster, &config, endpoints + 2, ENDPOINTS - 2, &error), true);
  for (int i = 0; i < 8; i++) (void)pick(picker, NULL);
  endpoints_fill(endpoints, 7000, false);
  config.zones.callers = NULL;
  TRY(fp_cluster_update(callers, &config, endpoints, ENDPOINTS, &error), true);
  for (int i = 0; i < 8; i++) (void)pick(picker, NULL);
  fp_cluster_unref(callers);
  fp_cluster_unref(cluster);
  fp_picker_free(picker);
}

void sweep_hashing(void) {
  uint64_t state = 1;
  CHECK(fp_lb_random(&state) != fp_lb_random(&state));
  CHECK(fp_hash_murmur64a((const uint8_t *)"key", 3, 0) != fp_hash_murmur64a((const uint8_t *)"key", 3, 1));
  CHECK_EQ(fp_hash_crc32((const uint8_t *)"123456789", 9, 0), 0xCBF43926);
  CHECK(fp_hash_xxh64((const uint8_t *)"key", 3, 0) != fp_hash_xxh64((const uint8_t *)"key", 3, 1));
}
