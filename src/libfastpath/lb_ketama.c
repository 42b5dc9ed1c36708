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
#include "ring.h"

#define POINTS_PER_WEIGHT 160u
#define MAX_POINTS 8388608u

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

/* CRC-32 is half as long as a ring's hashes. */
static uint64_t on_ring(uint32_t hash) { return (uint64_t)hash << 32; }

static void make_points(const fp_host_group *group, uint64_t *hashes, uint32_t *ends) {
  uint32_t made = 0;
  for (uint32_t i = 0; i < group->count; i++) {
    const uint32_t base = hash_host(fp_host_hash_key(group->hosts[i]));
    uint32_t hash = 0;
    ends[i] = made + group->weights[i] * POINTS_PER_WEIGHT;
    while (made < ends[i]) {
      const uint8_t previous[4] = {(uint8_t)hash, (uint8_t)(hash >> 8), (uint8_t)(hash >> 16), (uint8_t)(hash >> 24)};
      hash = fp_hash_crc32(previous, sizeof previous, base);
      hashes[made++] = on_ring(hash);
    }
  }
}

static void ring_free(void *table) { fp_ring_free(table); }

static fp_status ring_new(const fp_host_group *group, void **table, fp_error *error) {
  uint64_t count = 0;
  uint64_t *hashes;
  uint32_t *ends;
  fp_ring *made = NULL;
  if (group->shares != NULL) /* its points come in whole weights */
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "ketama takes no locality weights");
  for (uint32_t i = 0; i < group->count; i++) count += (uint64_t)group->weights[i] * POINTS_PER_WEIGHT;
  if (count > MAX_POINTS)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the weights add up to more than %u",
                        MAX_POINTS / POINTS_PER_WEIGHT);
  hashes = fp_memory_alloc((size_t)count * sizeof *hashes);
  ends = fp_memory_alloc(group->count * sizeof *ends);
  if (hashes != NULL && ends != NULL) {
    make_points(group, hashes, ends);
    made = fp_ring_new(&(fp_ring_points){hashes, ends, group->count});
  }
  fp_memory_free(hashes);
  fp_memory_free(ends);
  if (made == NULL) return FASTPATH_ERR_MEMORY;
  fp_ring_make_unique(made);
  *table = made;
  return FASTPATH_OK;
}

static uint32_t ring_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  (void)state;
  return group->table == NULL ? 0 : fp_ring_host(group->table, on_ring((uint32_t)request->number), request->attempt);
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
