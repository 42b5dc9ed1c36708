/* Random endpoints and updates: refusals leave what was live, every pick is a host of the set that may carry load, the
   same picks come from a second picker with the same seed, and nothing is counted below zero. */
#include <fastpath/cluster.h>
#include <string.h>

#include "fuzz_check.h"

#define MAX_ENDPOINTS 64

typedef struct {
  const uint8_t *data;
  size_t left;
} input;

static uint32_t take(input *in) {
  if (in->left == 0) return 0;
  in->left--;
  return *in->data++;
}

static size_t take_endpoints(input *in, fp_endpoint *endpoints, char (*names)[4]) {
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
                                 .locality = (uint32_t)i / 8};
  }
  return count;
}

static int may_carry_load(const fp_host *host, uint32_t panic_threshold) {
  switch (fp_host_health(host)) {
    case FASTPATH_HEALTH_UNKNOWN:
    case FASTPATH_HEALTH_HEALTHY:
    case FASTPATH_HEALTH_DEGRADED: return 1;
    default: return panic_threshold > 0;
  }
}

static void pick_some(fp_picker *picker, fp_picker *twin, uint32_t panic_threshold, uint32_t strictness) {
  const fp_host *tried[8];
  fp_pick_options options = {.excluded = tried, .max_attempts = strictness % 2 ? FASTPATH_PICK_STRICT : strictness % 5};
  for (int i = 0; i < 40; i++) {
    fp_host *host = NULL, *same = NULL;
    size_t index = SIZE_MAX, other = SIZE_MAX;
    const fp_status status = fp_picker_pick(picker, &options, &host, &index);
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
    FUZZ_CHECK(fp_host_release(host) == FASTPATH_OK);
    FUZZ_CHECK(fp_host_release(host) == FASTPATH_ERR_STATE);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {data, size};
  fp_cluster_config config = {fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), take(&in) % 101};
  fp_endpoint endpoints[MAX_ENDPOINTS];
  char names[MAX_ENDPOINTS][4];
  fp_cluster *cluster;
  fp_picker *picker, *twin;
  uint32_t live_threshold = config.panic_threshold;
  const uint64_t seed = (uint64_t)take(&in) << 56 | take(&in);
  if (fp_cluster_new(&config, endpoints, take_endpoints(&in, endpoints, names), &cluster, NULL) < 0) return 0;
  picker = fp_picker_new(cluster, seed);
  twin = fp_picker_new(cluster, seed);
  do {
    fp_error error = {0};
    fp_host_set *before, *after;
    size_t count;
    pick_some(picker, twin, live_threshold, take(&in));
    config.panic_threshold = take(&in) % 101;
    count = take_endpoints(&in, endpoints, names);
    before = fp_cluster_host_set(cluster);
    if (fp_cluster_update(cluster, &config, endpoints, count, &error) < 0) {
      FUZZ_CHECK(error.position < count);
      after = fp_cluster_host_set(cluster);
      FUZZ_CHECK(before == after);
      fp_host_set_unref(after);
    } else {
      live_threshold = config.panic_threshold;
    }
    fp_host_set_unref(before);
  } while (in.left > 0);
  pick_some(picker, twin, live_threshold, 1);
  fp_picker_free(picker);
  fp_picker_free(twin);
  fp_cluster_unref(cluster);
  return 0;
}
