/* Random endpoints and updates: refusals leave what was live, every pick is a host of the set that may carry load, the
   same picks come from a second picker with the same seed, and nothing is counted below zero. */
#include <fastpath/cluster.h>
#include <string.h>

#include "fuzz_check.h"

#define MAX_ENDPOINTS 64
#define LABELS 8

typedef struct {
  const uint8_t *data;
  size_t left;
} input;

static uint32_t take(input *in) {
  if (in->left == 0) return 0;
  in->left--;
  return *in->data++;
}

/* Two keys with two values each, in all combinations. */
static void labels_fill(fp_labels **labels) {
  for (int i = 0; i < LABELS; i++) {
    const fp_label pairs[] = {
        {{(const uint8_t *)"version", 7}, {(const uint8_t *)(i & 1 ? "1" : "2"), 1}},
        {{(const uint8_t *)"stage", 5}, {(const uint8_t *)(i & 2 ? "a" : "b"), 1}},
    };
    labels[i] = fp_labels_new(pairs, i & 4 ? 1 : 2);
  }
}

static fp_subset_rules *take_rules(input *in, const fp_labels *default_subset) {
  const fp_span keys[] = {{(const uint8_t *)"stage", 5}, {(const uint8_t *)"version", 7}};
  const uint32_t shape = take(in);
  const fp_subset_selector selectors[] = {
      {.keys = keys, .key_count = 2, .fallback_keys = keys + 1, .fallback_key_count = 1, .fallback = 4},
      {.keys = keys + 1, .key_count = 1, .fallback = shape / 16 % 4},
  };
  const fp_subset_config config = {.selectors = selectors,
                                   .selector_count = 2,
                                   .default_subset = default_subset,
                                   .fallback = shape % 4,
                                   .panic_mode_any = shape & 1,
                                   .locality_weight_aware = shape >> 2 & 1,
                                   .scale_locality_weight = shape >> 3 & 1,
                                   .allow_redundant_keys = shape >> 7};
  fp_subset_rules *rules = NULL;
  FUZZ_CHECK(fp_subset_rules_new(&config, &rules, NULL) == FASTPATH_OK);
  return rules;
}

static size_t take_endpoints(input *in, fp_endpoint *endpoints, char (*names)[4], fp_labels **labels) {
  const size_t count = take(in) % MAX_ENDPOINTS;
  for (size_t i = 0; i < count; i++) {
    const uint32_t shape = take(in), weight = take(in);
    memcpy(names[i], "a:b", 4);
    names[i][0] = (char)('a' + shape % 3);
    endpoints[i] = (fp_endpoint){.address = {(const uint8_t *)names[i], shape == 255 ? 0u : 1u + shape / 128 * 2},
                                 .port = (uint16_t)(take(in) % 32),
                                 .weight = weight < 250 ? weight : UINT32_MAX >> (weight - 250),
                                 .priority = shape % 16 == 0 ? take(in) : 0,
                                 .health = (uint8_t)(shape / 8 % 7),
                                 .locality = (uint32_t)i / 8,
                                 .locality_weight = weight % 5,
                                 .zone = (uint32_t)i / 8 + 1,
                                 .labels = shape % 9 == LABELS ? NULL : labels[shape % LABELS]};
  }
  return count;
}

static const fp_lb_policy *any_policy(input *in) {
  static const fp_lb_policy_id policies[] = {FASTPATH_LB_ROUND_ROBIN,
                                             FASTPATH_LB_LEAST_REQUEST,
                                             FASTPATH_LB_RING_HASH,
                                             FASTPATH_LB_RANDOM,
                                             FASTPATH_LB_MAGLEV,
                                             FASTPATH_LB_SCHEDULED_ROUND_ROBIN,
                                             FASTPATH_LB_WEIGHTED_RANDOM,
                                             FASTPATH_LB_PICK_FIRST,
                                             FASTPATH_LB_LEAST_CONNECTION,
                                             FASTPATH_LB_WEIGHTED_LEAST_CONNECTION,
                                             FASTPATH_LB_SHORTEST_EXPECTED_DELAY,
                                             FASTPATH_LB_NEVER_QUEUE,
                                             FASTPATH_LB_KETAMA,
                                             FASTPATH_LB_RENDEZVOUS,
                                             FASTPATH_LB_PEAK_EWMA};
  return fp_lb_policy_get(policies[take(in) % (sizeof policies / sizeof policies[0])]);
}

static int64_t told_time(void *data) { return *(const int64_t *)data; }

/* Sizes stay small, so that most of the time is not spent on tables. */
static void take_options(input *in, fp_lb_options *options) {
  static const double biases[] = {1.0, 0.0, 0.5, 2.0, 1000.0, -1.0};
  static const double aggressions[] = {1.0, 0.5, 2.0, 1000.0, 0.001, -1.0};
  static const uint32_t sizes[] = {2, 3, 7, 67, 251, 509, 4};
  fp_lb_options_default(options);
  options->active_request_bias = biases[take(in) % 6];
  options->choice_count = 1 + take(in) % 5;
  options->full_scan = take(in) % 2;
  options->minimum_ring_size = take(in);
  options->maximum_ring_size = take(in) * 4;
  options->hash_function = take(in) % 3;
  options->table_size = sizes[take(in) % 7];
  options->slow_start_window = take(in) % 3 == 0 ? (int64_t)take(in) * 1000000 : 0;
  options->slow_start_aggression = aggressions[take(in) % 6];
  options->slow_start_min_weight = take(in) % 102 / 100.0;
  options->clock = told_time;
}

/* Whose hosts are spread over other zones; NULL when there are none. */
static fp_cluster *take_callers(input *in) {
  const fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_RANDOM)};
  fp_endpoint endpoints[8];
  fp_cluster *callers = NULL;
  const size_t count = take(in) % 9;
  for (size_t i = 0; i < count; i++)
    endpoints[i] = (fp_endpoint){.address = {(const uint8_t *)"c", 1},
                                 .port = (uint16_t)i,
                                 .weight = 1 + take(in),
                                 .zone = 1 + take(in) % 8,
                                 .health = (uint8_t)(take(in) % 6)};
  if (count > 0) FUZZ_CHECK(fp_cluster_new(&config, endpoints, count, &callers, NULL) == FASTPATH_OK);
  return callers;
}

static int may_carry_load(const fp_host *host, uint32_t panic_threshold) {
  switch (fp_host_health(host)) {
    case FASTPATH_HEALTH_UNKNOWN:
    case FASTPATH_HEALTH_HEALTHY:
    case FASTPATH_HEALTH_DEGRADED: return 1;
    default: return panic_threshold > 0;
  }
}

static void pick_some(fp_picker *picker, fp_picker *twin, uint32_t panic_threshold, uint32_t strictness,
                      fp_labels **labels) {
  const fp_host *tried[8];
  fp_pick_options options = {.excluded = tried, .max_attempts = strictness % 2 ? FASTPATH_PICK_STRICT : strictness % 5};
  for (int i = 0; i < 40; i++) {
    fp_host *host = NULL, *same = NULL;
    size_t index = SIZE_MAX, other = SIZE_MAX;
    fp_status status;
    options.has_hash = i % 3 != 0;
    options.metadata_match = i % 5 == 0 ? NULL : labels[(uint32_t)i % LABELS];
    options.hash = (uint64_t)i * 0x9E3779B97F4A7C15u;
    status = fp_picker_pick(picker, &options, &host, &index);
    FUZZ_CHECK(fp_picker_pick(twin, &options, &same, &other) == status);
    FUZZ_CHECK(status == FASTPATH_OK || status == FASTPATH_NONE);
    FUZZ_CHECK(host == same && index == other);
    if (status == FASTPATH_NONE) return;
    FUZZ_CHECK(fp_host_set_host(fp_picker_host_set(picker), index) == host);
    FUZZ_CHECK(may_carry_load(host, panic_threshold));
    for (size_t j = 0; j < options.excluded_count; j++)
      FUZZ_CHECK(options.max_attempts != FASTPATH_PICK_STRICT || tried[j] != host);
    if (options.excluded_count < 8) tried[options.excluded_count++] = host;
    fp_host_acquire(host);
    FUZZ_CHECK(fp_host_report(host, 200, FASTPATH_RESET_NONE, (int64_t)index << (i % 8) * 8) >= 0);
    FUZZ_CHECK(fp_host_release(host) == FASTPATH_OK);
    FUZZ_CHECK(fp_host_release(host) == FASTPATH_ERR_STATE);
  }
}

/* A table that was made of the one before is the one that is made of nothing: a cluster of the same endpoints agrees. */
static void compare_with_new(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                             fp_picker *picker) {
  fp_cluster *made;
  fp_picker *other;
  if (config->policy->number != FASTPATH_LB_REQUEST_HASH) return;
  if (fp_cluster_new(config, endpoints, count, &made, NULL) < 0) return;
  other = fp_picker_new(made, 0);
  for (uint64_t i = 0; i < 64; i++) {
    const fp_pick_options options = {.has_hash = 1, .hash = i * 0x9E3779B97F4A7C15u};
    fp_host *host = NULL;
    size_t index = SIZE_MAX, same = SIZE_MAX;
    const fp_status status = fp_picker_pick(picker, &options, &host, &index);
    FUZZ_CHECK(fp_picker_pick(other, &options, &host, &same) == status && index == same);
  }
  fp_picker_free(other);
  fp_cluster_unref(made);
}

/* Many at once are the same as one after the other. */
static void pick_many(fp_picker *picker, fp_picker *twin, int hashed) {
  uint64_t hashes[16];
  uint32_t indices[16];
  fp_status status;
  for (uint64_t i = 0; i < 16; i++) hashes[i] = i * 0x9E3779B97F4A7C15u;
  status = fp_picker_pick_many(picker, hashed ? hashes : NULL, 16, indices);
  for (size_t i = 0; i < 16; i++) {
    const fp_pick_options options = {.has_hash = (uint32_t)hashed, .hash = hashes[i]};
    fp_host *host;
    size_t index;
    if (fp_picker_pick(twin, &options, &host, &index) != FASTPATH_OK) { /* the first that finds none ends them all */
      FUZZ_CHECK(status == FASTPATH_NONE);
      return;
    }
    FUZZ_CHECK(status == FASTPATH_NONE || indices[i] == index);
  }
  FUZZ_CHECK(status == FASTPATH_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, size};
  fp_cluster_config config = {.policy = any_policy(&in), .panic_threshold = take(&in) % 101};
  fp_endpoint endpoints[MAX_ENDPOINTS];
  char names[MAX_ENDPOINTS][4];
  fp_labels *labels[LABELS];
  fp_cluster *cluster;
  fp_picker *picker, *twin;
  int64_t now = 0;
  uint32_t live_threshold = config.panic_threshold;
  const uint64_t seed = (uint64_t)take(&in) << 56 | take(&in);
  take_options(&in, &config.options);
  config.options.clock_data = &now;
  config.zones = (fp_zone_config){.callers = take_callers(&in),
                                  .zone = 1 + take(&in) % 8,
                                  .routing_enabled = take(&in) % 101,
                                  .min_cluster_size = take(&in) % 8,
                                  .by_weight = take(&in) % 2,
                                  .force_local = take(&in) % 2,
                                  .force_local_min = take(&in) % 4};
  config.fail_on_panic = take(&in) % 2;
  labels_fill(labels);
  config.overprovisioning_factor = take(&in);
  config.locality_weighted = config.overprovisioning_factor & 1;
  config.weighted_priority_health = config.overprovisioning_factor >> 1 & 1;
  if (take(&in) % 4 != 0) config.subset_rules = take_rules(&in, labels[take(&in) % LABELS]);
  if (fp_cluster_new(&config, endpoints, take_endpoints(&in, endpoints, names, labels), &cluster, NULL) < 0) goto done;
  picker = fp_picker_new(cluster, seed);
  twin = fp_picker_new(cluster, seed);
  do {
    fp_error error = {0};
    fp_host_set *before, *after;
    size_t count;
    pick_some(picker, twin, live_threshold, take(&in), labels);
    pick_many(picker, twin, live_threshold % 2 == 0);
    now += (int64_t)take(&in) * 500000;
    config.panic_threshold = take(&in) % 101;
    if (take(&in) % 4 == 0) config.policy = any_policy(&in);
    count = take_endpoints(&in, endpoints, names, labels);
    before = fp_cluster_host_set(cluster);
    if (fp_cluster_update(cluster, &config, endpoints, count, &error) < 0) {
      FUZZ_CHECK(error.position < count || error.position == SIZE_MAX);
      after = fp_cluster_host_set(cluster);
      FUZZ_CHECK(before == after);
      fp_host_set_unref(after);
    } else {
      live_threshold = config.panic_threshold;
      compare_with_new(&config, endpoints, count, picker);
    }
    fp_host_set_unref(before);
  } while (in.left > 0);
  pick_some(picker, twin, live_threshold, 1, labels);
  fp_picker_free(picker);
  fp_picker_free(twin);
  fp_cluster_unref(cluster);
done:
  fp_cluster_unref(config.zones.callers);
  fp_subset_rules_unref(config.subset_rules);
  for (int i = 0; i < LABELS; i++) fp_labels_unref(labels[i]);
  return 0;
}
