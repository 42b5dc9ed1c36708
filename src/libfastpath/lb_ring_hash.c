/*
 * lb_ring_hash.c - a ketama ring, Envoy's point for point.
 *
 *   hashes   |--a--|-b-|----a----|--c--|--b--|     a request goes to the first point at or after its hash, and past the
 *            0                            2^64     last point to the first
 *
 * Hashes spread evenly. An index by as many top bits as there are about points finds a request's point without a search,
 * and says where points go when the ring is built: what is left to sort are the few of one bucket. Points are put into
 * parts first whose buckets fit into the cache.
 */
#include <fastpath/cluster.h>
#include <fastpath/hash.h>
#include <math.h>
#include <string.h>

#include "bounded_load.h"
#include "error.h"
#include "lb_policies.h"
#include "memory.h"
#include "xxh64.h"

/* What MurmurHash2 is started with in libstdc++, and so in Envoy. */
#define MURMUR_SEED 0xC70F6907u

#define PART_BUCKET_BITS 9 /* so many buckets make a part, unless there would be too many parts */
#define MAX_PART_BITS 11

/* Hashes looked at together: as many points follow the last one, later than any request. */
#define STRIDE 4

/* Hashes and the hosts that they lead to, side by side. */
typedef struct points {
  uint64_t *hashes;
  uint32_t *hosts;
} points;

typedef struct ring {
  uint32_t count;
  unsigned shift;   /* 64 - bits of a bucket number */
  uint32_t *starts; /* by bucket: its first point, or where it would be; one more at the end */
  points points;    /* sorted by hash; equal ones in the order in which hosts were configured */
} ring;

/* A point while the ring is built. */
typedef struct point {
  uint64_t hash;
  uint32_t host;
} point;

/* What a ring is sorted with. */
typedef struct workshop {
  point *points;
  unsigned part_shift;                       /* a part's number is a bucket's, shifted by this */
  uint32_t ends[(1u << MAX_PART_BITS) + 1]; /* by part: how many points it has; then where they go */
} workshop;

static fp_status ring_check(const fp_lb_options *options, fp_error *error) {
  if (options->maximum_ring_size > FASTPATH_LB_MAX_RING_SIZE)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the maximum ring size is above %d",
                        FASTPATH_LB_MAX_RING_SIZE);
  if (options->minimum_ring_size == 0 || options->minimum_ring_size > options->maximum_ring_size)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the minimum ring size is 0 or above the maximum");
  if (options->hash_function > FASTPATH_LB_MURMUR_HASH_2)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the hash function is none");
  return fp_bounded_load_check(options, error);
}

/* How many points each host gets, as running sums: host i's points end at ends[i]. NULL when out of memory. Envoy adds
   points one by one while `current < target`; the outcome of that is the target, rounded up. */
static uint32_t *share_points(const fp_host_group *group) {
  uint32_t *ends = fp_memory_alloc(group->count * sizeof *ends);
  uint64_t sum = 0;
  double least = 1.0, scale, target = 0.0, current = 0.0;
  if (ends == NULL) return NULL;
  for (uint32_t i = 0; i < group->count; i++) sum += group->weights[i];
  for (uint32_t i = 0; i < group->count; i++) {
    const double weight = fp_lb_share(group, i, sum);
    if (weight < least) least = weight;
  }
  scale = ceil(least * group->options->minimum_ring_size) / least;
  if (scale > group->options->maximum_ring_size) scale = group->options->maximum_ring_size;
  for (uint32_t i = 0; i < group->count; i++) {
    target += scale * fp_lb_share(group, i, sum);
    if (current < target) current = ceil(target);
    ends[i] = (uint32_t)current;
  }
  return ends;
}

/* The number behind a key, in decimal, which counts up in place. */
typedef struct decimal {
  uint8_t *first; /* most significant digit */
  size_t len;
} decimal;

static void count_up(decimal *number) {
  size_t at = number->len;
  while (at > 0 && number->first[at - 1] == '9') number->first[--at] = '0';
  if (at > 0) {
    number->first[at - 1]++;
  } else {
    number->first[0] = '1';
    number->first[number->len++] = '0';
  }
}

static uint64_t hash_text(uint32_t hash_function, const uint8_t *text, size_t len) {
  return hash_function == FASTPATH_LB_XX_HASH ? fp_xxh64(text, len, 0) : fp_hash_murmur64a(text, len, MURMUR_SEED);
}

static size_t longest_key(const fp_host_group *group) {
  size_t longest = 0;
  for (uint32_t i = 0; i < group->count; i++) {
    const size_t len = fp_host_hash_key(group->hosts[i]).len;
    if (len > longest) longest = len;
  }
  return longest;
}

/* Fills the ring with the hashes of "key_0", "key_1", ... for each host in turn, and counts those of each part. */
static fp_status make_points(ring *self, const fp_host_group *group, const uint32_t *ends, workshop *work) {
  uint8_t *text = fp_memory_alloc(longest_key(group) + sizeof "_4294967295");
  if (text == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0, at = 0; i < group->count; i++) {
    const fp_span key = fp_host_hash_key(group->hosts[i]);
    decimal number = {text + key.len + 1, 1};
    memcpy(text, key.data, key.len);
    memcpy(text + key.len, "_0", 2);
    for (; at < ends[i]; at++, count_up(&number)) {
      const uint64_t hash = hash_text(group->options->hash_function, text, key.len + 1 + number.len);
      self->points.hashes[at] = hash;
      self->points.hosts[at] = i;
      work->ends[hash >> self->shift >> work->part_shift]++;
    }
  }
  fp_memory_free(text);
  return FASTPATH_OK;
}

/* Counts become the places at which each begins, from `place` on. */
static void counts_to_places(uint32_t *counts, size_t count, uint32_t place) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t next = place + counts[i];
    counts[i] = place;
    place = next;
  }
}

static inline void put_point(points to, uint32_t place, uint64_t hash, uint32_t host) {
  to.hashes[place] = hash;
  to.hosts[place] = host;
}

/* Points of few buckets: all are in order when those of one bucket are. Equal ones stay as they are. */
static void sort_neighbours(points sorted, uint32_t start, uint32_t end) {
  for (uint32_t i = start + 1; i < end; i++) {
    const uint64_t hash = sorted.hashes[i];
    const uint32_t host = sorted.hosts[i];
    uint32_t place = i;
    if (sorted.hashes[i - 1] <= hash) continue;
    for (; place > start && sorted.hashes[place - 1] > hash; place--)
      put_point(sorted, place, sorted.hashes[place - 1], sorted.hosts[place - 1]);
    put_point(sorted, place, hash, host);
  }
}

/* Puts a part's points, which are in the workshop from start to end, in order there in the ring. ends: zero for each of its
   buckets; they end as the places at which each bucket does. */
static void sort_part(ring *self, const point *made, uint32_t start, uint32_t end, uint32_t *ends, size_t buckets) {
  const uint64_t within = buckets - 1;
  for (uint32_t i = start; i < end; i++) ends[made[i].hash >> self->shift & within]++;
  counts_to_places(ends, buckets, start);
  for (uint32_t i = start; i < end; i++)
    put_point(self->points, ends[made[i].hash >> self->shift & within]++, made[i].hash, made[i].host);
  sort_neighbours(self->points, start, end);
}

/* Stable: equal points stay in the order in which they were made. */
static void sort_points(ring *self, workshop *work) {
  const size_t buckets = (size_t)1 << (64 - self->shift), part_buckets = (size_t)1 << work->part_shift;
  uint32_t start = 0;
  counts_to_places(work->ends, buckets >> work->part_shift, 0);
  for (uint32_t i = 0; i < self->count; i++) {
    const uint64_t hash = self->points.hashes[i];
    work->points[work->ends[hash >> self->shift >> work->part_shift]++] = (point){hash, self->points.hosts[i]};
  }
  memset(self->starts, 0, (buckets + 1) * sizeof *self->starts);
  for (size_t first = 0; first < buckets; first += part_buckets) {
    const uint32_t end = work->ends[first >> work->part_shift];
    sort_part(self, work->points, start, end, self->starts + first + 1, part_buckets);
    start = end;
  }
  for (uint32_t i = 0; i < STRIDE; i++) self->points.hashes[self->count + i] = UINT64_MAX;
}

static fp_status points_alloc(points *made, size_t count) {
  made->hashes = fp_memory_alloc((count + STRIDE) * sizeof *made->hashes);
  made->hosts = fp_memory_alloc(count * sizeof *made->hosts);
  return made->hashes == NULL || made->hosts == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static void points_free(points gone) {
  fp_memory_free(gone.hashes);
  fp_memory_free(gone.hosts);
}

static void ring_free(void *table) {
  ring *self = table;
  fp_memory_free(self->starts);
  points_free(self->points);
  fp_memory_free(self);
}

static fp_status ring_fill(ring *self, const fp_host_group *group, const uint32_t *ends, workshop *work) {
  const size_t buckets = (size_t)1 << (64 - self->shift);
  fp_status status = points_alloc(&self->points, self->count);
  work->points = fp_memory_alloc(self->count * sizeof *work->points);
  self->starts = fp_memory_alloc((buckets + 1) * sizeof *self->starts);
  if (status < 0 || work->points == NULL || self->starts == NULL) return FASTPATH_ERR_MEMORY;
  status = make_points(self, group, ends, work);
  if (status >= 0) sort_points(self, work);
  return status;
}

/* A ring without its points yet. NULL when out of memory. */
static ring *ring_alloc(uint32_t count) {
  ring *self = fp_memory_alloc(sizeof *self);
  if (self == NULL) return NULL;
  memset(self, 0, sizeof *self);
  self->count = count;
  self->shift = 63;
  while (count > (uint64_t)1 << (64 - self->shift)) self->shift--;
  return self;
}

static unsigned part_shift(unsigned bucket_bits) {
  if (bucket_bits <= PART_BUCKET_BITS) return bucket_bits;
  return bucket_bits <= PART_BUCKET_BITS + MAX_PART_BITS ? PART_BUCKET_BITS : bucket_bits - MAX_PART_BITS;
}

static fp_status ring_new(const fp_host_group *group, void **table, fp_error *error) {
  uint32_t *ends = share_points(group);
  workshop *work = fp_memory_alloc(sizeof *work);
  ring *made = ends == NULL ? NULL : ring_alloc(ends[group->count - 1]);
  fp_status status = FASTPATH_ERR_MEMORY;
  (void)error;
  if (made != NULL && work != NULL) {
    memset(work, 0, sizeof *work);
    work->part_shift = part_shift(64 - made->shift);
    status = ring_fill(made, group, ends, work);
    fp_memory_free(work->points);
  }
  fp_memory_free(work);
  fp_memory_free(ends);
  if (status >= 0) {
    *table = made;
  } else if (made != NULL) {
    ring_free(made);
  }
  return status;
}

/* The first point at or after the hash, or count. Hashes of a bucket are few, and compared without a branch. */
static inline uint32_t ring_find(const ring *self, uint64_t hash) {
  uint32_t at = self->starts[hash >> self->shift];
  for (;;) {
    const uint64_t *hashes = self->points.hashes + at;
    const unsigned before = (unsigned)(hashes[0] < hash) + (hashes[1] < hash) + (hashes[2] < hash) + (hashes[3] < hash);
    at += before;
    if (before < STRIDE) return at;
  }
}

static uint32_t ring_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const ring *self = group->table;
  uint64_t at;
  if (self == NULL) return 0;
  at = ring_find(self, request->number);
  if (at == self->count) at = 0;
  if (request->attempt > 0) at = (at + request->attempt) % self->count;
  return fp_bounded_load(group, state, request->number, self->points.hosts[at]);
}

static void ring_pick_many(const fp_host_group *group, fp_lb_state *state, const uint64_t *numbers, size_t count,
                           uint32_t *indices) {
  const ring *self = group->table;
  if (self == NULL) {
    memset(indices, 0, count * sizeof *indices);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const uint32_t at = ring_find(self, numbers[i]);
    indices[i] = self->points.hosts[at == self->count ? 0 : at];
  }
  fp_bounded_load_many(group, state, numbers, count, indices);
}

const fp_lb_policy fp_lb_ring_hash = {
    .name = "RING_HASH",
    .number = FASTPATH_LB_REQUEST_HASH,
    .check = ring_check,
    .table_new = ring_new,
    .table_free = ring_free,
    .cursor_new = fp_bounded_load_cursor_new,
    .cursor_free = fp_bounded_load_cursor_free,
    .pick = ring_pick,
    .pick_many = ring_pick_many,
};
