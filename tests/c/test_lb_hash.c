/* Ring and Maglev table against the plain loops that define them, through the cluster's own calls. */
#include <fastpath/cluster.h>
#include <fastpath/hash.h>
#include <math.h>

#include "check.h"

#define MAX_HOSTS 120
#define MAX_POINTS 40000

typedef struct {
  fp_endpoint endpoints[MAX_HOSTS];
  char addresses[MAX_HOSTS][16];
  char keys[MAX_HOSTS][24];
  uint32_t count;
} hosts;

static uint64_t random_state = 7;

static uint32_t below(uint32_t limit) { return (uint32_t)(fp_lb_random(&random_state) % limit); }

static void fill(hosts *self, uint32_t count, uint32_t weight_limit) {
  self->count = count;
  for (uint32_t i = 0; i < count; i++) {
    const int len = sprintf(self->addresses[i], "10.%u.%u.%u", below(3), below(256), i);
    sprintf(self->keys[i], "%s:%u", self->addresses[i], 80 + i);
    self->endpoints[i] = (fp_endpoint){.address = {(const uint8_t *)self->addresses[i], (size_t)len},
                                       .port = (uint16_t)(80 + i),
                                       .weight = 1 + below(weight_limit)};
    if (below(8) == 0) self->endpoints[i].hash_key = (fp_span){(const uint8_t *)"same", 4}; /* ties on the ring */
    if (below(8) == 0) { /* alike for long */
      const int key_len = sprintf(self->keys[i], "a name that says: %u", below(1000));
      self->endpoints[i].hash_key = (fp_span){(const uint8_t *)self->keys[i], (size_t)key_len};
    }
  }
}

/* Envoy's key: what was configured, else address and port. */
static fp_span key_of(const hosts *self, uint32_t i) {
  if (self->endpoints[i].hash_key.len > 0) return self->endpoints[i].hash_key;
  return (fp_span){(const uint8_t *)self->keys[i], strlen(self->keys[i])};
}

static double share_of(const hosts *self, uint32_t i) {
  uint64_t sum = 0;
  for (uint32_t j = 0; j < self->count; j++) sum += self->endpoints[j].weight;
  return (double)self->endpoints[i].weight / (double)sum;
}

typedef struct {
  uint64_t hash;
  uint32_t host;
  uint32_t order;
} point;

static int by_hash(const void *left, const void *right) {
  const point *a = left, *b = right;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  return a->order < b->order ? -1 : 1;
}

static point ring[MAX_POINTS];

static uint32_t ring_model(const hosts *self, const fp_lb_options *options) {
  double least = 1.0, scale, current = 0.0, target = 0.0;
  uint32_t count = 0;
  for (uint32_t i = 0; i < self->count; i++) least = share_of(self, i) < least ? share_of(self, i) : least;
  scale = fmin(ceil(least * options->minimum_ring_size) / least, options->maximum_ring_size);
  for (uint32_t i = 0; i < self->count; i++) {
    const fp_span key = key_of(self, i);
    target += scale * share_of(self, i);
    for (uint32_t number = 0; current < target; number++, current++) {
      char text[64];
      const int len = sprintf(text, "%.*s_%u", (int)key.len, (const char *)key.data, number);
      const uint8_t *bytes = (const uint8_t *)text;
      CHECK(count < MAX_POINTS);
      ring[count].hash = options->hash_function == FASTPATH_LB_XX_HASH
                             ? fp_hash_xxh64(bytes, (size_t)len, 0)
                             : fp_hash_murmur64a(bytes, (size_t)len, 0xC70F6907u);
      ring[count].host = i;
      ring[count].order = count;
      count++;
    }
  }
  qsort(ring, count, sizeof ring[0], by_hash);
  return count;
}

static uint32_t ring_model_pick(uint32_t count, uint64_t hash, uint32_t attempt) {
  uint32_t at = 0;
  while (at < count && ring[at].hash < hash) at++;
  return ring[(at % count + attempt) % count].host;
}

static const hosts *sorting;

static int by_key(const void *left, const void *right) {
  const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  const fp_span x = key_of(sorting, a), y = key_of(sorting, b);
  const int order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);
  if (order != 0) return order;
  if (x.len != y.len) return x.len < y.len ? -1 : 1;
  return a < b ? -1 : 1;
}

static int32_t table[70000];

static void maglev_model(const hosts *self, uint32_t size) {
  uint32_t sorted[MAX_HOSTS], taken = 0;
  uint64_t offset[MAX_HOSTS], skip[MAX_HOSTS], next[MAX_HOSTS] = {0};
  double target[MAX_HOSTS] = {0}, most = 0.0, share[MAX_HOSTS];
  for (uint32_t i = 0; i < self->count; i++) {
    const fp_span key = key_of(self, i);
    sorted[i] = i;
    share[i] = share_of(self, i);
    if (share[i] > most) most = share[i];
    offset[i] = fp_hash_xxh64(key.data, key.len, 0) % size;
    skip[i] = fp_hash_xxh64(key.data, key.len, 1) % (size - 1) + 1;
  }
  sorting = self;
  qsort(sorted, self->count, sizeof sorted[0], by_key);
  for (uint32_t i = 0; i < size; i++) table[i] = -1;
  for (uint32_t iteration = 1; taken < size; iteration++) {
    for (uint32_t i = 0; i < self->count && taken < size; i++) {
      const uint32_t host = sorted[i];
      if (iteration * share[host] < target[host]) continue;
      target[host] += most;
      while (table[(offset[host] + skip[host] * next[host]) % size] >= 0) next[host]++;
      table[(offset[host] + skip[host] * next[host]) % size] = (int32_t)host;
      taken++;
    }
  }
}

static fp_cluster *cluster_of(const hosts *self, fp_lb_policy_id policy, const fp_lb_options *options) {
  const fp_cluster_config config = {.policy = fp_lb_policy_get(policy), .panic_threshold = 50, .options = *options};
  fp_cluster *cluster;
  CHECK_EQ(fp_cluster_new(&config, self->endpoints, self->count, &cluster, NULL), FASTPATH_OK);
  return cluster;
}

/* The host that a request with this hash gets when the `attempt` choices before are not wanted. */
static size_t pick_index(fp_picker *picker, uint64_t hash) {
  const fp_pick_options options = {.has_hash = 1, .hash = hash};
  fp_host *host;
  size_t index;
  CHECK_EQ(fp_picker_pick(picker, &options, &host, &index), FASTPATH_OK);
  return index;
}

static size_t pick_again(fp_picker *picker, uint64_t hash, uint32_t attempts) {
  fp_host_set *set = fp_picker_host_set(picker);
  const fp_host *all[MAX_HOSTS];
  fp_pick_options options = {.excluded = all, .max_attempts = attempts, .has_hash = 1, .hash = hash};
  fp_host *host;
  size_t index;
  for (size_t i = 0; i < fp_host_set_count(set); i++) all[i] = fp_host_set_host(set, i);
  options.excluded_count = fp_host_set_count(set);
  CHECK_EQ(fp_picker_pick(picker, &options, &host, &index), FASTPATH_OK);
  return index;
}

static void test_rings_are_the_models(void) {
  static const uint32_t limits[] = {1, 2, 5, 100, 1000000};
  static hosts some;
  for (int round = 0; round < 150; round++) {
    fp_lb_options options;
    fp_cluster *cluster;
    fp_picker *picker;
    uint32_t points;
    fp_lb_options_default(&options);
    options.minimum_ring_size = 1 + below(2048);
    options.maximum_ring_size = options.minimum_ring_size + below(4096);
    options.hash_function = round % 2 == 0 ? FASTPATH_LB_XX_HASH : FASTPATH_LB_MURMUR_HASH_2;
    fill(&some, 2 + below(round % 5 == 0 ? MAX_HOSTS - 2 : 10), limits[below(5)]);
    points = ring_model(&some, &options);
    cluster = cluster_of(&some, FASTPATH_LB_RING_HASH, &options);
    picker = fp_picker_new(cluster, 0);
    for (int i = 0; i < 300; i++) {
      /* Hashes at a point, beside it, and anywhere. */
      const uint64_t hash = i % 2 == 0 ? ring[below(points)].hash + (uint64_t)(i % 3) - 1 : fp_lb_random(&random_state);
      const uint32_t attempt = 1 + below(5);
      CHECK_EQ(pick_index(picker, hash), ring_model_pick(points, hash, 0));
      CHECK_EQ(pick_again(picker, hash, attempt), ring_model_pick(points, hash, attempt));
    }
    CHECK_EQ(pick_index(picker, 0), ring_model_pick(points, 0, 0));
    CHECK_EQ(pick_index(picker, UINT64_MAX), ring_model_pick(points, UINT64_MAX, 0));
    fp_picker_free(picker);
    fp_cluster_unref(cluster);
  }
}

/* Some of the hosts of `all`, mostly in their order, and some with another weight. */
static void choose_some(hosts *some, const hosts *all, int in_order) {
  some->count = 0;
  for (uint32_t i = 0; i < all->count; i++) {
    if (below(8) == 0) continue;
    some->endpoints[some->count] = all->endpoints[i];
    if (below(20) == 0) some->endpoints[some->count].weight = 1 + below(3);
    memcpy(some->keys[some->count++], all->keys[i], sizeof all->keys[i]);
  }
  for (uint32_t i = 1; !in_order && i < some->count; i++) {
    const uint32_t other = below(i + 1);
    const fp_endpoint endpoint = some->endpoints[i];
    char key[sizeof some->keys[0]];
    memcpy(key, some->keys[i], sizeof key);
    some->endpoints[i] = some->endpoints[other];
    memcpy(some->keys[i], some->keys[other], sizeof key);
    some->endpoints[other] = endpoint;
    memcpy(some->keys[other], key, sizeof key);
  }
}

/* Whatever a ring was before: hosts come and go, get more points or fewer, change places, and share hashes. */
static void test_updated_rings_are_the_models(void) {
  static hosts all, some;
  for (int round = 0; round < 40; round++) {
    fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_RING_HASH), .panic_threshold = 50};
    fp_cluster *cluster;
    fp_picker *picker;
    fp_lb_options_default(&config.options);
    config.options.minimum_ring_size = 1000 + below(3000);
    config.options.hash_function = round % 4 == 0 ? FASTPATH_LB_MURMUR_HASH_2 : FASTPATH_LB_XX_HASH;
    fill(&all, round % 3 == 0 ? 4 : MAX_HOSTS - below(80), 1);
    cluster = cluster_of(&all, FASTPATH_LB_RING_HASH, &config.options);
    picker = fp_picker_new(cluster, 0);
    for (int update = 0; update < 25; update++) {
      uint32_t points;
      choose_some(&some, &all, update % 5 != 0);
      if (some.count < 2) continue;
      CHECK_EQ(fp_cluster_update(cluster, &config, some.endpoints, some.count, NULL), FASTPATH_OK);
      points = ring_model(&some, &config.options);
      for (uint32_t i = 0; i < points; i += 1 + below(8)) {
        const uint64_t hash = ring[i].hash + i % 3 - 1;
        CHECK_EQ(pick_index(picker, hash), ring_model_pick(points, hash, 0));
        if (i % 16 == 0) CHECK_EQ(pick_again(picker, hash, 3), ring_model_pick(points, hash, 3));
      }
      CHECK_EQ(pick_index(picker, UINT64_MAX), ring_model_pick(points, UINT64_MAX, 0));
    }
    fp_picker_free(picker);
    fp_cluster_unref(cluster);
  }
}

static void test_maglev_tables_are_the_models(void) {
  static const uint32_t sizes[] = {127, 509, 1021, 8191, 65537}, small[] = {13, 17, 23, 31, 61},
                        limits[] = {1, 2, 5, 100, 100000, UINT32_MAX / MAX_HOSTS};
  static hosts some;
  for (int round = 0; round < 120; round++) {
    fp_lb_options options;
    fp_cluster *cluster;
    fp_picker *picker;
    fp_lb_options_default(&options);
    options.table_size = round < 60 ? sizes[round % 5] : small[round % 5];
    fill(&some, 2 + below(round < 60 && round % 4 == 0 ? MAX_HOSTS - 2 : 10), limits[below(6)]);
    maglev_model(&some, options.table_size);
    cluster = cluster_of(&some, FASTPATH_LB_MAGLEV, &options);
    picker = fp_picker_new(cluster, 0);
    for (uint32_t i = 0; i < options.table_size; i++) CHECK_EQ(pick_index(picker, i), table[i]);
    for (int i = 0; i < 300; i++) {
      const uint64_t hash = fp_lb_random(&random_state);
      const uint32_t attempt = 1 + below(5);
      CHECK_EQ(pick_index(picker, hash), table[hash % options.table_size]);
      CHECK_EQ(pick_again(picker, hash, attempt), table[(hash ^ (0 - (uint64_t)attempt)) % options.table_size]);
    }
    fp_picker_free(picker);
    fp_cluster_unref(cluster);
  }
}

/* A host that leaves takes only its own share of requests along: nobody else's request moves on a ring. */
static void test_a_ring_moves_only_the_requests_of_the_host_that_left(void) {
  static hosts some;
  fp_lb_options options;
  fp_cluster *cluster;
  fp_picker *picker;
  static size_t before[5000];
  fp_lb_options_default(&options);
  some.count = 0;
  fill(&some, 50, 1);
  for (uint32_t i = 0; i < some.count; i++) some.endpoints[i].hash_key.len = 0;
  options.minimum_ring_size = 50 * 100; /* a hundred points each, with 49 hosts as with 50 */
  cluster = cluster_of(&some, FASTPATH_LB_RING_HASH, &options);
  picker = fp_picker_new(cluster, 0);
  for (uint64_t i = 0; i < 5000; i++) before[i] = pick_index(picker, fp_hash_xxh64((const uint8_t *)&i, 8, 0));
  options.minimum_ring_size = 49 * 100;
  {
    const fp_cluster_config config = {
        .policy = fp_lb_policy_get(FASTPATH_LB_RING_HASH), .panic_threshold = 50, .options = options};
    CHECK_EQ(fp_cluster_update(cluster, &config, some.endpoints, 49, NULL), FASTPATH_OK);
  }
  for (uint64_t i = 0; i < 5000; i++) {
    const size_t after = pick_index(picker, fp_hash_xxh64((const uint8_t *)&i, 8, 0));
    CHECK(before[i] == 49 || before[i] == after);
  }
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

static void test_a_request_without_a_hash_goes_anywhere(void) {
  static hosts some;
  fp_lb_options options;
  fp_cluster *cluster;
  fp_picker *picker;
  int seen[4] = {0};
  fp_lb_options_default(&options);
  fill(&some, 4, 1);
  cluster = cluster_of(&some, FASTPATH_LB_MAGLEV, &options);
  picker = fp_picker_new(cluster, 0);
  for (int i = 0; i < 400; i++) {
    fp_host *host;
    CHECK_EQ(fp_picker_pick(picker, NULL, &host, NULL), FASTPATH_OK);
    seen[fp_host_port(host) - 80]++;
  }
  for (int i = 0; i < 4; i++) CHECK(seen[i] > 50);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
}

/* Twisted a whole block at a time, and a whole list shuffled: neither of which the policies do. */
typedef struct {
  uint32_t words[624];
  uint32_t at;
} twister;

static uint32_t twister_next(twister *self) {
  uint32_t value;
  if (self->at == 624) {
    for (uint32_t i = 0; i < 624; i++) {
      const uint32_t mixed = (self->words[i] & 0x80000000u) | (self->words[(i + 1) % 624] & 0x7fffffffu);
      self->words[i] = self->words[(i + 397) % 624] ^ mixed >> 1 ^ (mixed & 1) * 0x9908b0dfu;
    }
    self->at = 0;
  }
  value = self->words[self->at++];
  value ^= value >> 11;
  value ^= value << 7 & 0x9d2c5680u;
  value ^= value << 15 & 0xefc60000u;
  return value ^ value >> 18;
}

/* The next host in the hash's order, which is `order` once `count` were drawn. */
static void shuffle(uint32_t *order, uint32_t count, uint32_t seed) {
  twister random = {.words = {seed}, .at = 624};
  for (uint32_t i = 1; i < 624; i++)
    random.words[i] = 1812433253u * (random.words[i - 1] ^ random.words[i - 1] >> 30) + i;
  for (uint32_t i = 0; i < count; i++) order[i] = i;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t left = count - i;
    uint32_t drawn, kept;
    do drawn = (uint32_t)(twister_next(&random) / (4294967296u / left));
    while (drawn >= left);
    kept = order[i];
    order[i] = order[i + drawn];
    order[i + drawn] = kept;
  }
}

static size_t bounded_model(const hosts *self, const uint32_t *active, uint32_t total, uint32_t factor, uint64_t hash,
                            size_t chosen) {
  uint32_t order[MAX_HOSTS];
  double load[MAX_HOSTS];
  size_t best = chosen;
  for (uint32_t i = 0; i < self->count; i++) {
    const uint32_t slots = (uint32_t)ceil(((total + 1) * factor + 99) / 100 * share_of(self, i));
    load[i] = (double)active[i] / (slots == 0 ? 1 : slots);
  }
  shuffle(order, self->count, (uint32_t)hash);
  if (load[chosen] <= 1) return chosen;
  for (uint32_t i = 0; i < self->count; i++) {
    if (load[order[i]] <= 1) return order[i];
    if (load[order[i]] < load[best]) best = order[i];
  }
  return best;
}

static void test_a_host_with_its_share_is_passed_over(void) {
  static hosts some;
  uint32_t moved = 0;
  twister known = {.words = {5489}, .at = 624};
  for (uint32_t i = 1; i < 624; i++) known.words[i] = 1812433253u * (known.words[i - 1] ^ known.words[i - 1] >> 30) + i;
  CHECK_EQ(twister_next(&known), 3499211612u); /* as the C++ standard has it */
  for (int round = 0; round < 40; round++) {
    const fp_lb_policy_id policy = round % 2 == 0 ? FASTPATH_LB_RING_HASH : FASTPATH_LB_MAGLEV;
    fp_lb_options options, unbound;
    fp_cluster *cluster, *free_cluster;
    fp_picker *picker, *free_picker;
    fp_host_set *set;
    uint32_t active[MAX_HOSTS] = {0}, total = 0;
    fp_lb_options_default(&unbound);
    unbound.table_size = 509;
    options = unbound;
    options.hash_balance_factor = 100 + below(150);
    fill(&some, 2 + below(round % 4 == 0 ? MAX_HOSTS - 2 : 8), round % 3 == 0 ? 1 : 20);
    cluster = cluster_of(&some, policy, &options);
    free_cluster = cluster_of(&some, policy, &unbound);
    picker = fp_picker_new(cluster, 0);
    free_picker = fp_picker_new(free_cluster, 0);
    set = fp_cluster_host_set(cluster);
    for (int i = 0; i < 400; i++) {
      const uint64_t hash = fp_hash_xxh64((const uint8_t *)&(uint32_t){below(6)}, 4, 0);
      const size_t usual = pick_index(free_picker, hash), index = pick_index(picker, hash);
      CHECK_EQ(index, bounded_model(&some, active, total, options.hash_balance_factor, hash, usual));
      moved += index != usual;
      fp_host_acquire(fp_host_set_host(set, index));
      active[index]++;
      total++;
      for (uint32_t at = below(some.count); below(5) < 2 && active[at] > 0; total--, active[at]--)
        CHECK_EQ(fp_host_release(fp_host_set_host(set, at)), FASTPATH_OK);
    }
    fp_host_set_unref(set);
    fp_picker_free(picker);
    fp_picker_free(free_picker);
    fp_cluster_unref(cluster);
    fp_cluster_unref(free_cluster);
  }
  CHECK(moved > 1000);
}

static void check_refused(fp_lb_policy_id policy, const fp_lb_options *options, uint32_t count) {
  static hosts some;
  fp_error error;
  fp_cluster *cluster;
  const fp_cluster_config config = {.policy = fp_lb_policy_get(policy), .panic_threshold = 50, .options = *options};
  fill(&some, count, 1);
  CHECK_EQ(fp_cluster_new(&config, some.endpoints, count, &cluster, &error), FASTPATH_ERR_CONFIG);
  CHECK(error.position == SIZE_MAX);
}

static void test_sizes_that_make_no_sense_are_refused(void) {
  static const uint32_t no_primes[] = {0, 1, 4, 65535, 65536, 5000012};
  fp_lb_options options;
  for (size_t i = 0; i < sizeof no_primes / sizeof no_primes[0]; i++) {
    fp_lb_options_default(&options);
    options.table_size = no_primes[i];
    check_refused(FASTPATH_LB_MAGLEV, &options, 2);
  }
  options.table_size = 3;
  check_refused(FASTPATH_LB_MAGLEV, &options, 4);
  options.table_size = 5000011; /* the largest there may be */
  options.maximum_ring_size = FASTPATH_LB_MAX_RING_SIZE + 1;
  check_refused(FASTPATH_LB_RING_HASH, &options, 2);
  options.maximum_ring_size = 1023; /* below the minimum of 1024 */
  check_refused(FASTPATH_LB_RING_HASH, &options, 2);
  fp_lb_options_default(&options);
  options.minimum_ring_size = 0;
  check_refused(FASTPATH_LB_RING_HASH, &options, 2);
  fp_lb_options_default(&options);
  options.hash_function = 2;
  check_refused(FASTPATH_LB_RING_HASH, &options, 2);
  fp_lb_options_default(&options);
  options.hash_balance_factor = 99;
  check_refused(FASTPATH_LB_RING_HASH, &options, 2);
  check_refused(FASTPATH_LB_MAGLEV, &options, 2);
}

int main(void) {
  test_rings_are_the_models();
  test_updated_rings_are_the_models();
  test_maglev_tables_are_the_models();
  test_a_ring_moves_only_the_requests_of_the_host_that_left();
  test_a_request_without_a_hash_goes_anywhere();
  test_a_host_with_its_share_is_passed_over();
  test_sizes_that_make_no_sense_are_refused();
  return 0;
}
