/* Scenarios of the failing-allocation sweep: subsets of a cluster's hosts. */
#include "sweep.h"

#define ENDPOINTS 12

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static fp_labels *labels_of(const char *version, const char *stage) {
  const fp_label pairs[] = {{span_of("version"), span_of(version)},
                            {span_of("stage"), stage == NULL ? (fp_span){NULL, 0} : span_of(stage)}};
  fp_labels *labels;
  TRY_NEW(labels, fp_labels_new(pairs, stage == NULL ? 1 : 2));
  return labels;
}

static fp_subset_rules *rules_of(const fp_labels *default_subset, uint32_t scale) {
  const fp_span keys[] = {span_of("version"), span_of("stage")};
  const fp_subset_selector selectors[] = {
      {.keys = keys, .key_count = 1},
      {.keys = keys, .key_count = 1}, /* again: passed over */
      {.keys = keys,
       .key_count = 2,
       .fallback_keys = keys,
       .fallback_key_count = 1,
       .fallback = FASTPATH_SUBSET_KEYS_SUBSET},
  };
  const fp_subset_config config = {.selectors = selectors,
                                   .selector_count = 3,
                                   .default_subset = default_subset,
                                   .fallback = FASTPATH_SUBSET_DEFAULT_SUBSET,
                                   .locality_weight_aware = 1,
                                   .scale_locality_weight = scale};
  fp_subset_rules *rules = NULL;
  fp_error error;
  TRY(fp_subset_rules_new(&config, &rules, &error), rules == NULL);
  return rules;
}

static uint16_t pick(fp_picker *picker, const fp_labels *wanted) {
  const fp_pick_options options = {.metadata_match = wanted};
  fp_host *host = NULL;
  size_t index = SIZE_MAX;
  TRY(fp_picker_pick(picker, &options, &host, &index), host == NULL);
  CHECK(host != NULL);
  CHECK(fp_host_set_host(fp_picker_host_set(picker), index) == host);
  return fp_host_port(host);
}

void sweep_subsets(void) {
  fp_labels *odd = labels_of("1", "prod"), *even = labels_of("2", "prod"), *other = labels_of("1", "dev");
  fp_labels *two = labels_of("2", NULL), *none = labels_of("3", NULL);
  fp_endpoint endpoints[ENDPOINTS];
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 50};
  fp_cluster *cluster = NULL;
  fp_picker *picker;
  fp_error error;
  for (uint32_t i = 0; i < ENDPOINTS; i++)
    endpoints[i] = (fp_endpoint){.address = span_of("10.0.0.1"),
                                 .weight = i + 1,
                                 .locality = i / 4,
                                 .locality_weight = i / 4 + 1,
                                 .port = (uint16_t)(i + 1),
                                 .labels = (i + 1) % 2 == 0 ? even : odd};
  fp_lb_options_default(&config.options);
  config.locality_weighted = 1;
  config.subset_rules = rules_of(two, 1);
  CHECK(fp_subset_rules_ref(config.subset_rules) == config.subset_rules);
  TRY(fp_cluster_new(&config, endpoints, ENDPOINTS, &cluster, &error), cluster == NULL);
  fp_subset_rules_unref(config.subset_rules);
  TRY_NEW(picker, fp_picker_new(cluster, 7));
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(pick(picker, odd) % 2, 1);
    CHECK_EQ(pick(picker, even) % 2, 0);
    CHECK_EQ(pick(picker, other) % 2, 1);
    CHECK_EQ(pick(picker, none) % 2, 0);
  }

  /* Other rules, and other labels of the same hosts. */
  fp_subset_rules_unref(config.subset_rules);
  config.subset_rules = rules_of(NULL, 0);
  endpoints[0].labels = endpoints[2].labels = NULL;
  endpoints[4].labels = other;
  TRY(fp_cluster_update(cluster, &config, endpoints, ENDPOINTS, &error), pick(picker, odd) % 2 == 1);
  CHECK_EQ(pick(picker, other), 5);
  CHECK(pick(picker, odd) > 5);
  CHECK(pick(picker, none) > 0);
  fp_subset_rules_unref(config.subset_rules);
  config.subset_rules = NULL;
  TRY(fp_cluster_update(cluster, &config, endpoints, ENDPOINTS, &error), pick(picker, other) == 5);
  CHECK(pick(picker, other) > 0);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
  CHECK(fp_labels_ref(odd) == odd);
  fp_labels_unref(odd);
  fp_labels_unref(odd);
  fp_labels_unref(even);
  fp_labels_unref(other);
  fp_labels_unref(two);
  fp_labels_unref(none);
}
