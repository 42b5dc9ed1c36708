/* Least request and random: against the rules that define them. */
#include <fastpath/cluster.h>
#include <math.h>

#include "check.h"

#define MAX_HOSTS 40
#define MAX_PICKS_AHEAD 429496729u

typedef struct {
  fp_cluster *cluster;
  fp_host_set *set;
  fp_picker *picker;
  uint32_t count;
} fixture;

static uint64_t random_state = 11;

static uint32_t below(uint32_t limit) { return (uint32_t)(fp_lb_random(&random_state) % limit); }

static fp_cluster_config config_of(fp_lb_policy_id policy) {
  fp_cluster_config config = {.policy = fp_lb_policy_get(policy), .panic_threshold = 50};
  fp_lb_options_default(&config.options);
  return config;
}

static void start(fixture *self, const fp_cluster_config *config, const uint32_t *weights, uint32_t count) {
  fp_endpoint endpoints[MAX_HOSTS];
  for (uint32_t i = 0; i < count; i++)
    endpoints[i] =
        (fp_endpoint){.address = {(const uint8_t *)"10.0.0.1", 8}, .port = (uint16_t)(i + 1), .weight = weights[i]};
  CHECK_EQ(fp_cluster_new(config, endpoints, count, &self->cluster, NULL), FASTPATH_OK);
  self->set = fp_cluster_host_set(self->cluster);
  self->picker = NULL;
  self->count = count;
}

static void end(fixture *self) {
  fp_picker_free(self->picker);
  fp_host_set_unref(self->set);
  fp_cluster_unref(self->cluster);
}

static uint32_t pick(fixture *self) {
  fp_host *host;
  size_t index;
  CHECK_EQ(fp_picker_pick(self->picker, NULL, &host, &index), FASTPATH_OK);
  return (uint32_t)index;
}

static void set_active(fixture *self, uint32_t index, uint64_t active) {
  fp_host *host = fp_host_set_host(self->set, index);
  while (fp_host_active_requests(host) < active) fp_host_acquire(host);
  while (fp_host_active_requests(host) > active) CHECK_EQ(fp_host_release(host), FASTPATH_OK);
}

static void test_of_two_hosts_the_busier_wins_only_when_drawn_twice(void) {
  const uint32_t weights[] = {1, 1};
  const fp_cluster_config config = config_of(FASTPATH_LB_LEAST_REQUEST);
  fixture self;
  uint32_t busy = 0;
  start(&self, &config, weights, 2);
  self.picker = fp_picker_new(self.cluster, 3);
  set_active(&self, 0, 1);
  for (int i = 0; i < 40000; i++) busy += pick(&self) == 0;
  CHECK(busy > 9600 && busy < 10400); /* a quarter, within 4.5 sigma */
  end(&self);
}

static void test_more_choices_find_the_idle_host_more_often(void) {
  const uint32_t weights[] = {1, 1, 1, 1};
  fp_cluster_config config = config_of(FASTPATH_LB_LEAST_REQUEST);
  fixture self;
  uint32_t idle = 0;
  config.options.choice_count = 5;
  start(&self, &config, weights, 4);
  self.picker = fp_picker_new(self.cluster, 3);
  for (uint32_t i = 0; i < 3; i++) set_active(&self, i, 2);
  for (int i = 0; i < 40000; i++) idle += pick(&self) == 3;
  CHECK(fabs(idle / 40000.0 - (1 - pow(0.75, 5))) < 4.5 * sqrt(0.24 * 0.76 / 40000)); /* drawn at least once in five */
  end(&self);
}

static void test_a_full_scan_gives_the_least_busy_and_each_of_equals(void) {
  const uint32_t weights[] = {3, 3, 3, 3, 3};
  const uint64_t active[] = {2, 1, 5, 1, 1};
  fp_cluster_config config = config_of(FASTPATH_LB_LEAST_REQUEST);
  fixture self;
  int seen[5] = {0};
  config.options.full_scan = 1;
  start(&self, &config, weights, 5);
  self.picker = fp_picker_new(self.cluster, 3);
  for (uint32_t i = 0; i < 5; i++) set_active(&self, i, active[i]);
  for (int i = 0; i < 30000; i++) seen[pick(&self)]++;
  CHECK_EQ(seen[0] + seen[2], 0);
  CHECK(seen[1] > 9600 && seen[3] > 9600 && seen[4] > 9600);
  end(&self);
}

/* Envoy's schedule with weights that change with the load, as a list that is searched. */
typedef struct {
  double deadline[MAX_HOSTS];
  uint64_t order[MAX_HOSTS], next_order;
} model;

static double weight_of(const fixture *self, const uint32_t *weights, uint32_t i, double bias) {
  const uint64_t active = fp_host_active_requests(fp_host_set_host(self->set, i));
  return bias == 1.0 ? weights[i] / (double)(active + 1) : weights[i] / pow((double)(active + 1), bias);
}

static uint32_t model_pick(model *list, const fixture *self, const uint32_t *weights, double bias) {
  uint32_t least = 0;
  for (uint32_t i = 1; i < self->count; i++) {
    if (list->deadline[i] < list->deadline[least] ||
        (list->deadline[i] == list->deadline[least] && list->order[i] < list->order[least]))
      least = i;
  }
  list->deadline[least] += 1.0 / weight_of(self, weights, least, bias);
  list->order[least] = list->next_order++;
  return least;
}

static void model_start(model *list, const fixture *self, const uint32_t *weights, double bias, uint64_t seed) {
  const uint32_t picks = (uint32_t)seed % MAX_PICKS_AHEAD;
  double sum = 0.0;
  uint32_t done = 0;
  for (uint32_t i = 0; i < self->count; i++) sum += weight_of(self, weights, i, bias) + 1e-13;
  for (uint32_t i = 0; i < self->count; i++) {
    const double weight = weight_of(self, weights, i, bias) + 1e-13;
    uint32_t share = (uint32_t)(weight * picks / sum);
    if (share > 0 && share / weight >= picks / sum) share--;
    list->deadline[i] = (share + 1) / weight;
    list->order[i] = i;
    done += share;
  }
  list->next_order = self->count;
  for (; done < picks; done++) (void)model_pick(list, self, weights, bias);
}

static void test_unequal_weights_follow_the_schedule_by_weight_and_load(void) {
  static const double biases[] = {1.0, 0.0, 0.5, 2.0};
  for (int round = 0; round < 120; round++) {
    fp_cluster_config config = config_of(FASTPATH_LB_LEAST_REQUEST);
    const uint64_t seed = fp_lb_random(&random_state);
    const uint32_t count = 2 + below(MAX_HOSTS - 2);
    uint32_t weights[MAX_HOSTS];
    fixture self;
    model expected;
    config.options.active_request_bias = biases[round % 4];
    for (uint32_t i = 0; i < count; i++) weights[i] = 1 + below(round % 2 == 0 ? 4 : 1000);
    weights[0] = 5000;
    start(&self, &config, weights, count);
    for (uint32_t i = 0; i < count; i++) set_active(&self, i, below(4));
    self.picker = fp_picker_new(self.cluster, seed);
    model_start(&expected, &self, weights, config.options.active_request_bias, seed);
    for (int i = 0; i < 1500; i++) {
      CHECK_EQ(pick(&self), model_pick(&expected, &self, weights, config.options.active_request_bias));
      if (i % 3 == 0) set_active(&self, below(count), below(20));
    }
    end(&self);
  }
}

static void test_random_takes_every_host_alike_whatever_its_weight(void) {
  const uint32_t weights[] = {1, 100, 1, 1000};
  const fp_cluster_config config = config_of(FASTPATH_LB_RANDOM);
  fixture self;
  int seen[4] = {0};
  start(&self, &config, weights, 4);
  self.picker = fp_picker_new(self.cluster, 3);
  for (int i = 0; i < 40000; i++) seen[pick(&self)]++;
  for (int i = 0; i < 4; i++) CHECK(seen[i] > 9600 && seen[i] < 10400);
  end(&self);
}

static void test_random_tries_another_host_when_one_is_excluded(void) {
  const uint32_t weights[] = {1, 1, 1};
  const fp_cluster_config config = config_of(FASTPATH_LB_RANDOM);
  fixture self;
  fp_pick_options options = {.excluded_count = 1, .max_attempts = 1};
  const fp_host *excluded;
  int again = 0;
  start(&self, &config, weights, 3);
  self.picker = fp_picker_new(self.cluster, 3);
  excluded = fp_host_set_host(self.set, 1);
  options.excluded = &excluded;
  for (int i = 0; i < 9000; i++) {
    fp_host *host;
    CHECK_EQ(fp_picker_pick(self.picker, &options, &host, NULL), FASTPATH_OK);
    again += host == excluded;
  }
  CHECK(again > 850 && again < 1150); /* drawn twice in a row: a ninth */
  end(&self);
}

static void test_options_that_make_no_sense_are_refused(void) {
  const double biases[] = {-0.1, NAN, INFINITY};
  fp_cluster_config config;
  fp_cluster *cluster;
  fp_error error;
  for (int i = 0; i < 3; i++) {
    config = config_of(FASTPATH_LB_LEAST_REQUEST);
    config.options.active_request_bias = biases[i];
    CHECK_EQ(fp_cluster_new(&config, NULL, 0, &cluster, &error), FASTPATH_ERR_CONFIG);
  }
  config = config_of(FASTPATH_LB_LEAST_REQUEST);
  config.options.choice_count = 1;
  CHECK_EQ(fp_cluster_new(&config, NULL, 0, &cluster, &error), FASTPATH_ERR_CONFIG);
}

int main(void) {
  test_of_two_hosts_the_busier_wins_only_when_drawn_twice();
  test_more_choices_find_the_idle_host_more_often();
  test_a_full_scan_gives_the_least_busy_and_each_of_equals();
  test_unequal_weights_follow_the_schedule_by_weight_and_load();
  test_random_takes_every_host_alike_whatever_its_weight();
  test_random_tries_another_host_when_one_is_excluded();
  test_options_that_make_no_sense_are_refused();
  return 0;
}
