/* Weighted round robin against the plain heap it is to equal, over weights that make ties, extremes and many classes. */
#include <fastpath/cluster.h>

#include "check.h"
#include "edf.h"
#include "memory.h"

#define MAX_HOSTS 300
#define MAX_PICKS_AHEAD 429496729u

/* Envoy's schedule as it is described: a heap of (deadline, order), with a linear search for a heap. */
typedef struct {
  double deadline[MAX_HOSTS];
  uint64_t order[MAX_HOSTS];
  const uint32_t *weights;
  uint32_t count;
  uint64_t next_order;
} model;

static uint32_t model_pick(model *self) {
  uint32_t least = 0;
  for (uint32_t i = 1; i < self->count; i++) {
    if (self->deadline[i] < self->deadline[least] ||
        (self->deadline[i] == self->deadline[least] && self->order[i] < self->order[least]))
      least = i;
  }
  self->deadline[least] += 1.0 / (double)self->weights[least];
  self->order[least] = self->next_order++;
  return least;
}

static void model_init(model *self, const uint32_t *weights, uint32_t count, uint64_t seed) {
  const uint32_t picks = (uint32_t)seed % MAX_PICKS_AHEAD;
  double sum = 0.0;
  uint32_t done = 0;
  self->weights = weights;
  self->count = count;
  for (uint32_t i = 0; i < count; i++) sum += (double)weights[i] + 1e-13;
  for (uint32_t i = 0; i < count; i++) {
    const double weight = (double)weights[i] + 1e-13;
    uint32_t share = (uint32_t)(weight * picks / sum);
    if (share > 0 && share / weight >= picks / sum) share--;
    self->deadline[i] = (share + 1) / weight;
    self->order[i] = i;
    done += share;
  }
  self->next_order = count;
  for (; done < picks; done++) (void)model_pick(self);
}

static uint64_t random_state = 20240607;

static uint32_t below(uint32_t limit) { return (uint32_t)(fp_lb_random(&random_state) % limit); }

static void compare(const uint32_t *weights, uint32_t count, uint64_t seed, uint32_t picks) {
  static model expected;
  fp_edf_table *table = fp_edf_table_new(weights, count);
  fp_edf *edf = fp_edf_new(table, seed);
  model_init(&expected, weights, count, seed);
  for (uint32_t i = 0; i < picks; i++) CHECK_EQ(fp_edf_pick(edf), model_pick(&expected));
  fp_memory_free(edf);
  fp_edf_table_free(table);
}

static void test_random_weights_give_the_models_order(void) {
  static const uint32_t limits[] = {1, 2, 3, 7, 100, 65536, UINT32_MAX};
  uint32_t weights[MAX_HOSTS];
  for (int round = 0; round < 400; round++) {
    const uint32_t count = 1 + below(round < 300 ? 24 : MAX_HOSTS);
    const uint32_t limit = limits[below(7)];
    for (uint32_t i = 0; i < count; i++) weights[i] = 1 + below(limit);
    compare(weights, count, fp_lb_random(&random_state), 6000);
  }
}

static void test_adversarial_weights_give_the_models_order(void) {
  const uint32_t multiples[] = {25, 75}, powers[] = {1, 2, 4, 8, 16, 32, 64, 128}, thirds[] = {3, 1, 6, 2, 9, 3, 1, 3};
  const uint32_t extremes[] = {1, UINT32_MAX - 1}, large[] = {UINT32_MAX / 3, UINT32_MAX / 3 - 1, 1, 1, UINT32_MAX / 3};
  const uint32_t primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31}, one[] = {7}, coprime[] = {99991, 99989, 99971};
  for (uint64_t seed = 0; seed < 40; seed++) {
    compare(multiples, 2, seed, 5000);
    compare(powers, 8, seed, 5000);
    compare(thirds, 8, seed, 5000);
    compare(extremes, 2, seed, 5000);
    compare(large, 5, seed, 5000);
    compare(primes, 11, seed, 5000);
    compare(one, 1, seed, 100);
    compare(coprime, 3, seed, 5000);
  }
}

static void test_seeds_at_the_bounds_are_taken_as_envoy_takes_them(void) {
  const uint32_t weights[] = {1, 2, 3, 4, 5};
  const uint64_t seeds[] = {MAX_PICKS_AHEAD - 1, MAX_PICKS_AHEAD, UINT32_MAX, (uint64_t)1 << 32, UINT64_MAX};
  for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) compare(weights, 5, seeds[i], 5000);
}

/* After k picks no host is further from its share than one pick per class of weights would make it. */
static void test_shares_follow_weights(void) {
  const uint32_t weights[] = {1, 10, 10, 29, 50};
  fp_edf_table *table = fp_edf_table_new(weights, 5);
  fp_edf *edf = fp_edf_new(table, 99);
  uint32_t taken[5] = {0};
  for (uint32_t i = 0; i < 100000; i++) taken[fp_edf_pick(edf)]++;
  for (uint32_t i = 0; i < 5; i++) {
    CHECK(taken[i] >= weights[i] * 1000 - 2);
    CHECK(taken[i] <= weights[i] * 1000 + 2);
  }
  fp_memory_free(edf);
  fp_edf_table_free(table);
}

int main(void) {
  test_random_weights_give_the_models_order();
  test_adversarial_weights_give_the_models_order();
  test_seeds_at_the_bounds_are_taken_as_envoy_takes_them();
  test_shares_follow_weights();
  return 0;
}
