/* Peak EWMA: averages against the rule that defines them, and what is made of them. */
#include <fastpath/cluster.h>
#include <fastpath/health.h>
#include <math.h>

#include "check.h"

#define HOSTS 6
#define MS 1000000LL

typedef struct {
  fp_cluster *cluster;
  fp_host_set *set;
  fp_picker *picker;
  fp_cluster_config config;
  int64_t now;
} fixture;

static uint64_t random_state = 5;

static uint32_t below(uint32_t limit) { return (uint32_t)(fp_lb_random(&random_state) % limit); }

static int64_t told(void *data) { return *(const int64_t *)data; }

static uint32_t fill(fp_endpoint *endpoints, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    endpoints[i] = (fp_endpoint){
        .address = {(const uint8_t *)"10.0.0.1", 8}, .port = (uint16_t)(i + 1), .weight = i == 0 ? 1000 : 1};
  return count;
}

static void start(fixture *self, uint32_t count) {
  fp_endpoint endpoints[HOSTS];
  self->now = 5 * MS;
  self->config = (fp_cluster_config){.policy = fp_lb_policy_get(FASTPATH_LB_PEAK_EWMA), .panic_threshold = 50};
  fp_lb_options_default(&self->config.options);
  self->config.options.clock = told;
  self->config.options.clock_data = &self->now;
  self->config.options.decay_time = 1000 * MS;
  CHECK_EQ(fp_cluster_new(&self->config, endpoints, fill(endpoints, count), &self->cluster, NULL), FASTPATH_OK);
  self->set = fp_cluster_host_set(self->cluster);
  self->picker = fp_picker_new(self->cluster, 1);
  CHECK(self->picker != NULL);
}

static void end(fixture *self) {
  fp_picker_free(self->picker);
  fp_host_set_unref(self->set);
  fp_cluster_unref(self->cluster);
}

static fp_host *host_of(fixture *self, uint32_t index) { return fp_host_set_host(self->set, index); }

static void report(fixture *self, uint32_t index, int64_t latency) {
  CHECK_EQ(fp_host_report(host_of(self, index), 200, FASTPATH_RESET_NONE, latency), FASTPATH_OK);
}

static uint32_t pick(fixture *self) {
  fp_host *host;
  size_t index;
  CHECK_EQ(fp_picker_pick(self->picker, NULL, &host, &index), FASTPATH_OK);
  return (uint32_t)index;
}

/* Of two hosts both are always drawn, so that one pick tells which costs less. */
static void check_cheaper(fixture *self, uint32_t index) {
  for (int i = 0; i < 20; i++) CHECK_EQ(pick(self), index);
}

static void test_the_rule(void) {
  fixture self;
  double average[2] = {-1, -1};
  int64_t last[2] = {0, 0};
  uint32_t told_apart = 0;
  start(&self, 2);
  for (int round = 0; round < 20000; round++) {
    const uint32_t index = below(2), act = below(8);
    double cost[2];
    if (act < 3) {
      const int64_t latency = 1 + (int64_t)below(1u << below(28));
      const double w = exp(-(double)(self.now - last[index]) / (1000.0 * MS));
      report(&self, index, latency);
      average[index] =
          (double)latency >= average[index] ? (double)latency : average[index] * w + (double)latency * (1 - w);
      last[index] = self.now;
    } else if (act < 5) {
      fp_host_acquire(host_of(&self, index));
    } else if (act < 7) {
      (void)fp_host_release(host_of(&self, index));
    } else {
      self.now += MS * below(1u << below(12));
    }
    for (uint32_t i = 0; i < 2; i++) {
      const double active = (double)fp_host_active_requests(host_of(&self, i));
      const double w = exp(-(double)(self.now - last[i]) / (1000.0 * MS));
      const double latency = average[i] >= 0 ? average[i] * w : active > 0 ? 1e12 : 1e7;
      cost[i] = latency * (active + 1);
    }
    if (fabs(cost[0] - cost[1]) <= 1e-3 * fmax(cost[0], cost[1])) continue; /* a float has room for so much */
    told_apart++;
    CHECK_EQ(pick(&self), cost[1] < cost[0] ? 1 : 0);
  }
  CHECK(told_apart > 10000);
  end(&self);
}

/* The cheapest of n is taken whenever it is drawn, the next one when the cheapest is not, and the last one never. */
static void test_two_are_drawn_of_many(void) {
  fixture self;
  uint32_t seen[HOSTS] = {0};
  const uint32_t picks = 60000;
  start(&self, HOSTS);
  for (uint32_t i = 0; i < HOSTS; i++) report(&self, i, (i + 1) * MS);
  for (uint32_t i = 0; i < picks; i++) seen[pick(&self)]++;
  for (uint32_t i = 0; i < HOSTS; i++) {
    const double share = 2.0 * (HOSTS - 1 - i) / (HOSTS * (HOSTS - 1));
    CHECK(fabs(seen[i] - picks * share) <= 4.5 * sqrt(picks * share * (1 - share)));
  }
  end(&self);
}

static void test_what_is_not_known(void) {
  fixture self;
  start(&self, 2);
  report(&self, 0, 11 * MS);
  check_cheaper(&self, 1); /* 10 ms for an idle host */
  fp_host_acquire(host_of(&self, 1));
  check_cheaper(&self, 0); /* it owes an answer */
  CHECK_EQ(fp_host_report(host_of(&self, 1), 0, FASTPATH_RESET_CONNECT_FAILURE, 1), FASTPATH_OK);
  CHECK_EQ(fp_host_report(host_of(&self, 1), 0, FASTPATH_RESET_CONNECTION, 1), FASTPATH_OK);
  check_cheaper(&self, 0); /* which these are none of */
  CHECK_EQ(fp_host_report(host_of(&self, 1), 0, FASTPATH_RESET_TIMEOUT, 3 * MS), FASTPATH_OK);
  check_cheaper(&self, 1);
  report(&self, 0, 0);
  check_cheaper(&self, 1); /* a peak stays, */
  self.now += 3600000 * MS;
  CHECK_EQ(fp_host_release(host_of(&self, 1)), FASTPATH_OK);
  report(&self, 1, 2 * MS);
  check_cheaper(&self, 0); /* but not for good */
  end(&self);
}

/* Neither a clock that went a little back nor one that started anew keeps a host out for good. */
static void test_a_clock_that_goes_back(void) {
  fixture self;
  start(&self, 2);
  self.now = 100000 * MS;
  report(&self, 0, 50 * MS);
  report(&self, 1, 20 * MS);
  self.now -= 50 * MS;
  check_cheaper(&self, 1);
  report(&self, 1, 60 * MS);
  check_cheaper(&self, 0);
  self.now = INT64_MIN;
  CHECK(pick(&self) < 2);
  self.now = INT64_MAX;
  report(&self, 0, INT64_MAX);
  report(&self, 1, MS);
  check_cheaper(&self, 1);
  end(&self);
}

/* Averages outlive updates; while another policy is in use, or the options are refused, nothing is added to them. */
static void test_updates(void) {
  fixture self;
  fp_endpoint endpoints[HOSTS];
  fp_error error;
  start(&self, 2);
  report(&self, 0, 50 * MS);
  report(&self, 1, 20 * MS);
  self.config.policy = fp_lb_policy_get(FASTPATH_LB_RANDOM);
  CHECK_EQ(fp_cluster_update(self.cluster, &self.config, endpoints, fill(endpoints, 2), NULL), FASTPATH_OK);
  report(&self, 1, 9000 * MS);
  self.config.policy = fp_lb_policy_get(FASTPATH_LB_PEAK_EWMA);
  for (int64_t decay = 2000; decay > 0; decay -= 1000) {
    self.config.options.decay_time = decay * MS;
    CHECK_EQ(fp_cluster_update(self.cluster, &self.config, endpoints, fill(endpoints, 2), NULL), FASTPATH_OK);
    check_cheaper(&self, 1);
  }
  self.config.options.decay_time = MS - 1;
  CHECK_EQ(fp_cluster_update(self.cluster, &self.config, endpoints, fill(endpoints, 2), &error), FASTPATH_ERR_CONFIG);
  self.config.options.decay_time = MS;
  self.config.options.latency_penalty = -1;
  CHECK_EQ(fp_cluster_update(self.cluster, &self.config, endpoints, fill(endpoints, 2), &error), FASTPATH_ERR_CONFIG);
  CHECK_EQ(error.position, SIZE_MAX);
  check_cheaper(&self, 1);
  report(&self, 1, 70 * MS);
  check_cheaper(&self, 0);
  end(&self);
}

int main(void) {
  test_the_rule();
  test_two_are_drawn_of_many();
  test_what_is_not_known();
  test_a_clock_that_goes_back();
  test_updates();
  return 0;
}
