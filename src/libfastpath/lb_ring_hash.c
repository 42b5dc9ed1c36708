/*
 * lb_ring_hash.c - a ketama ring, Envoy's point for point.
 *
 *   hashes   |--a--|-b-|----a----|--c--|--b--|     a request goes to the first point at or after its hash, and past the
 *            0                            2^64     last point to the first
 *
 * Points are sorted by hash in one pass, since hashes spread evenly: each belongs into a bucket by its top bits, with
 * about one point per bucket, and the same buckets find a request's point without a binary search.
 */
#include <fastpath/cluster.h>
#include <fastpath/hash.h>
#include <math.h>
#include <string.h>

#include "error.h"
#include "lb_policies.h"
#include "memory.h"

/* What MurmurHash2 is started with in libstdc++, and so in Envoy. */
#define MURMUR_SEED 0xC70F6907u

typedef struct point {
  uint64_t hash;
  uint32_t host;
} point;

typedef struct ring {
  uint32_t count;
  unsigned shift;   /* 64 - bits of a bucket number */
  uint32_t *starts; /* by bucket: its first point, or where it would be; one more at the end */
  uint64_t *hashes; /* by point, sorted; equal ones in the order in which hosts were configured */
  uint32_t *hosts;
} ring;

static fp_status ring_check(const fp_lb_options *options, fp_error *error) {
  if (options->maximum_ring_size > FASTPATH_LB_MAX_RING_SIZE)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the maximum ring size is above %d",
                        FASTPATH_LB_MAX_RING_SIZE);
  if (options->minimum_ring_size == 0 || options->minimum_ring_size > options->maximum_ring_size)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the minimum ring size is 0 or above the maximum");
  if (options->hash_function > FASTPATH_LB_MURMUR_HASH_2)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the hash function is none");
  return FASTPATH_OK;
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

/* The hash of the key in buffer, its "_" included, and a number, for which there is room behind it. */
static uint64_t hash_point(uint32_t hash_function, uint8_t *buffer, size_t key_len, uint32_t number) {
  uint8_t digits[10];
  size_t count = 0, len = key_len;
  do digits[count++] = (uint8_t)('0' + number % 10);
  while ((number /= 10) > 0);
  while (count > 0) buffer[len++] = digits[--count];
  return hash_function == FASTPATH_LB_XX_HASH ? fp_hash_xxh64(buffer, len, 0)
                                              : fp_hash_murmur64a(buffer, len, MURMUR_SEED);
}

/* Fills points, and counts them by bucket in starts[bucket + 1]. */
static fp_status hash_points(const fp_host_group *group, const uint32_t *ends, unsigned shift, point *points,
                             uint32_t *starts) {
  uint8_t *buffer;
  size_t longest = 0;
  for (uint32_t i = 0; i < group->count; i++) {
    const size_t len = fp_host_hash_key(group->hosts[i]).len;
    if (len > longest) longest = len;
  }
  buffer = fp_memory_alloc(longest + 12);
  if (buffer == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0, at = 0; i < group->count; i++) {
    const fp_span key = fp_host_hash_key(group->hosts[i]);
    memcpy(buffer, key.data, key.len);
    buffer[key.len] = '_';
    for (uint32_t number = 0; at < ends[i]; at++, number++) {
      points[at].hash = hash_point(group->options->hash_function, buffer, key.len + 1, number);
      points[at].host = i;
      starts[(points[at].hash >> shift) + 1]++;
    }
  }
  fp_memory_free(buffer);
  return FASTPATH_OK;
}

/* Stable: within a bucket the points come in the order in which they were made, and equal ones stay in it. */
static void sort_points(ring *self, const point *points, uint32_t *free_places) {
  const size_t buckets = (size_t)1 << (64 - self->shift);
  memcpy(free_places, self->starts, buckets * sizeof *free_places);
  for (uint32_t i = 0; i < self->count; i++) {
    const size_t bucket = (size_t)(points[i].hash >> self->shift);
    uint32_t place = free_places[bucket]++;
    for (; place > self->starts[bucket] && self->hashes[place - 1] > points[i].hash; place--) {
      self->hashes[place] = self->hashes[place - 1];
      self->hosts[place] = self->hosts[place - 1];
    }
    self->hashes[place] = points[i].hash;
    self->hosts[place] = points[i].host;
  }
}

static void ring_free(void *table) {
  ring *self = table;
  fp_memory_free(self->starts);
  fp_memory_free(self->hashes);
  fp_memory_free(self->hosts);
  fp_memory_free(self);
}

static fp_status ring_fill(ring *self, const fp_host_group *group, const uint32_t *ends) {
  const uint32_t count = ends[group->count - 1];
  const size_t buckets = (size_t)1 << (64 - self->shift);
  point *points = fp_memory_alloc(count * sizeof *points);
  uint32_t *free_places = fp_memory_alloc(buckets * sizeof *free_places);
  fp_status status = FASTPATH_ERR_MEMORY;
  self->starts = fp_memory_alloc((buckets + 1) * sizeof *self->starts);
  self->hashes = fp_memory_alloc(count * sizeof *self->hashes);
  self->hosts = fp_memory_alloc(count * sizeof *self->hosts);
  if (points != NULL && free_places != NULL && self->starts != NULL && self->hashes != NULL && self->hosts != NULL) {
    memset(self->starts, 0, (buckets + 1) * sizeof *self->starts);
    status = hash_points(group, ends, self->shift, points, self->starts);
  }
  if (status == FASTPATH_OK) {
    for (size_t i = 0; i < buckets; i++) self->starts[i + 1] += self->starts[i];
    sort_points(self, points, free_places);
  }
  fp_memory_free(points);
  fp_memory_free(free_places);
  return status;
}

static fp_status ring_new(const fp_host_group *group, void **table, fp_error *error) {
  uint32_t *ends = share_points(group);
  ring *self;
  fp_status status;
  (void)error;
  if (ends == NULL) return FASTPATH_ERR_MEMORY;
  self = fp_memory_alloc(sizeof *self);
  if (self == NULL) {
    fp_memory_free(ends);
    return FASTPATH_ERR_MEMORY;
  }
  memset(self, 0, sizeof *self);
  self->count = ends[group->count - 1];
  self->shift = 63;
  while (self->count > (uint64_t)1 << (64 - self->shift)) self->shift--;
  status = ring_fill(self, group, ends);
  fp_memory_free(ends);
  if (status < 0) {
    ring_free(self);
    return status;
  }
  *table = self;
  return FASTPATH_OK;
}

static uint32_t ring_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const ring *self = group->table;
  uint64_t at;
  (void)state;
  if (self == NULL) return 0;
  at = self->starts[request->number >> self->shift];
  while (at < self->count && self->hashes[at] < request->number) at++;
  if (at == self->count) at = 0;
  if (request->attempt > 0) at = (at + request->attempt) % self->count;
  return self->hosts[at];
}

const fp_lb_policy fp_lb_ring_hash = {
    .name = "RING_HASH",
    .number = FASTPATH_LB_REQUEST_HASH,
    .check = ring_check,
    .table_new = ring_new,
    .table_free = ring_free,
    .pick = ring_pick,
};
