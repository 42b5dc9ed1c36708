/*
 * lb_ketama.c - the ring of nginx's `hash $key consistent` and of pingora, point for point.
 *
 * A host of weight w has 160 * w points: CRC-32 of host, a zero byte, port and the point before (4 bytes, lowest
 * first; 0 before the first). A request goes to the first point at or after the CRC-32 of its key, and past the last to
 * the first; when the host there is not wanted, to the next point.
 */
#include <fastpath/cluster.h>
#include <fastpath/hash.h>
#include <string.h>

#include "error.h"
#include "lb_policies.h"
#include "memory.h"
#include "sort.h"

#define POINTS_PER_WEIGHT 160u
#define MAX_POINTS 8388608u
#define NUMBER_BITS 23u /* of a point's number, below MAX_POINTS */

typedef struct ring {
  uint32_t count;
  uint32_t *hashes; /* sorted, each once: of equal ones the first counts */
  uint32_t *hosts;
} ring;

/* By hash, and then in the order in which they were made: hash and number in one word. */
static int compare_points(const void *a, const void *b, const void *context) {
  uint64_t left, right;
  (void)context;
  memcpy(&left, a, sizeof left);
  memcpy(&right, b, sizeof right);
  return left < right ? -1 : left > right;
}

/* The key's length without the port behind it, which is digits after the last colon. */
static size_t name_length(fp_span key) {
  size_t at = key.len;
  while (at > 0 && key.data[at - 1] >= '0' && key.data[at - 1] <= '9') at--;
  return at > 0 && key.data[at - 1] == ':' ? at - 1 : key.len;
}

static uint32_t hash_host(fp_span key) {
  const size_t name = name_length(key), port = name < key.len ? name + 1 : name;
  uint32_t hash = fp_hash_crc32(key.data, name, 0);
  hash = fp_hash_crc32((const uint8_t *)"", 1, hash);
  return fp_hash_crc32(key.data + port, key.len - port, hash);
}

static void make_points(const fp_host_group *group, uint64_t *points, uint32_t *hosts) {
  uint64_t made = 0;
  for (uint32_t i = 0; i < group->count; i++) {
    const uint32_t base = hash_host(fp_host_hash_key(group->hosts[i]));
    uint32_t hash = 0;
    for (uint64_t left = (uint64_t)group->weights[i] * POINTS_PER_WEIGHT; left > 0; left--, made++) {
      const uint8_t previous[4] = {(uint8_t)hash, (uint8_t)(hash >> 8), (uint8_t)(hash >> 16), (uint8_t)(hash >> 24)};
      hash = fp_hash_crc32(previous, sizeof previous, base);
      points[made] = (uint64_t)hash << NUMBER_BITS | made;
      hosts[made] = i;
    }
  }
}

static void ring_fill(ring *self, const uint64_t *points, const uint32_t *hosts, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t hash = (uint32_t)(points[i] >> NUMBER_BITS);
    if (self->count > 0 && self->hashes[self->count - 1] == hash) continue;
    self->hashes[self->count] = hash;
    self->hosts[self->count++] = hosts[points[i] & (MAX_POINTS - 1)];
  }
}

static void ring_free(void *table) {
  ring *self = table;
  fp_memory_free(self->hashes);
  fp_memory_free(self->hosts);
  fp_memory_free(self);
}

static ring *ring_alloc(uint32_t count) {
  ring *self = fp_memory_alloc(sizeof *self);
  if (self == NULL) return NULL;
  self->count = 0;
  self->hashes = fp_memory_alloc(count * sizeof *self->hashes);
  self->hosts = fp_memory_alloc(count * sizeof *self->hosts);
  if (self->hashes != NULL && self->hosts != NULL) return self;
  ring_free(self);
  return NULL;
}

static fp_status ring_new(const fp_host_group *group, void **table, fp_error *error) {
  uint64_t count = 0;
  uint64_t *points;
  uint32_t *hosts;
  ring *self;
  if (group->shares != NULL) /* its points come in whole weights */
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "ketama takes no locality weights");
  for (uint32_t i = 0; i < group->count; i++) count += (uint64_t)group->weights[i] * POINTS_PER_WEIGHT;
  if (count > MAX_POINTS)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the weights add up to more than %u",
                        MAX_POINTS / POINTS_PER_WEIGHT);
  points = fp_memory_alloc((size_t)count * sizeof *points);
  hosts = fp_memory_alloc((size_t)count * sizeof *hosts);
  self = ring_alloc((uint32_t)count);
  if (points != NULL && hosts != NULL && self != NULL) {
    make_points(group, points, hosts);
    fp_sort(points, (size_t)count, sizeof *points, compare_points, NULL);
    ring_fill(self, points, hosts, (uint32_t)count);
  } else if (self != NULL) {
    ring_free(self);
    self = NULL;
  }
  fp_memory_free(points);
  fp_memory_free(hosts);
  *table = self;
  return self == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static uint32_t ring_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const ring *self = group->table;
  const uint32_t hash = (uint32_t)request->number;
  uint32_t low = 0, high;
  (void)state;
  if (self == NULL) return 0;
  for (high = self->count; low < high;) {
    const uint32_t middle = low + (high - low) / 2;
    if (self->hashes[middle] < hash) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return self->hosts[(low + (uint64_t)request->attempt) % self->count];
}

static uint64_t hash_key(const uint8_t *data, size_t len) { return fp_hash_crc32(data, len, 0); }

const fp_lb_policy fp_lb_ketama = {
    .name = "KETAMA",
    .number = FASTPATH_LB_REQUEST_HASH,
    .hash = hash_key,
    .table_new = ring_new,
    .table_free = ring_free,
    .pick = ring_pick,
};
