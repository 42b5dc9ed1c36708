/*
 * lb_ring_hash.c - a ketama ring, Envoy's point for point.
 *
 * Each host has points by its weight, which are the hashes of its key with a number: "key_0", "key_1", ... A ring that
 * takes the place of another one is that one with the points of hosts that came or went, or got more or fewer.
 */
#include <fastpath/cluster.h>
#include <math.h>
#include <string.h>

#include "bounded_load.h"
#include "error.h"
#include "host_match.h"
#include "lb_policies.h"
#include "memory.h"
#include "numbered_keys.h"
#include "ring.h"

#define WORTH_A_CHANGE 4 /* a ring is changed when less than this part of its points is: a quarter */

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

static size_t longest_key(const fp_host_group *group) {
  size_t longest = 0;
  for (uint32_t i = 0; i < group->count; i++) {
    const size_t len = fp_host_hash_key(group->hosts[i]).len;
    if (len > longest) longest = len;
  }
  return longest;
}

/* A group's hosts with their points, and those of another group that are hosts of this one. */
typedef struct members {
  const fp_host_group *group;
  uint32_t *ends;         /* running sums of points; see share_points */
  const uint32_t *others; /* by host: its place in the other group, or FP_HOST_NOWHERE. NULL: there is no other group */
  const uint32_t *other_ends;
} members;

static uint32_t points_of(const uint32_t *ends, uint32_t host) { return ends[host] - (host == 0 ? 0 : ends[host - 1]); }

/* The first of a host's points that it does not have in the other group. */
static uint32_t first_new(const members *self, uint32_t host) {
  const uint32_t count = points_of(self->ends, host);
  uint32_t known;
  if (self->others == NULL || self->others[host] == FP_HOST_NOWHERE) return 0;
  known = points_of(self->other_ends, self->others[host]);
  return known < count ? known : count;
}

static uint32_t count_new(const members *self) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < self->group->count; i++) count += points_of(self->ends, i) - first_new(self, i);
  return count;
}

/* ends: by host, filled in. hashes: room for count_new. */
static fp_status hash_new(const members *self, uint64_t *hashes, uint32_t *ends) {
  const fp_lb_hash_function function = (fp_lb_hash_function)self->group->options->hash_function;
  uint8_t *text = fp_memory_alloc(longest_key(self->group) + FP_NUMBERED_KEY_ROOM);
  uint32_t at = 0;
  if (text == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0; i < self->group->count; i++) {
    const uint32_t first = first_new(self, i), end = points_of(self->ends, i);
    if (first < end) {
      const fp_span key = fp_host_hash_key(self->group->hosts[i]);
      memcpy(text, key.data, key.len);
      fp_numbered_keys_hash(function, text, key.len, first, end, hashes + at);
      at += end - first;
    }
    ends[i] = at;
  }
  fp_memory_free(text);
  return FASTPATH_OK;
}

/* Of all points that hosts do not have in the other group; NULL when out of memory. */
static fp_ring *ring_of_new(const members *self) {
  uint64_t *hashes = fp_memory_alloc((count_new(self) + (size_t)1) * sizeof *hashes);
  uint32_t *ends = fp_memory_alloc(self->group->count * sizeof *ends);
  fp_ring *made = NULL;
  if (hashes != NULL && ends != NULL && hash_new(self, hashes, ends) >= 0)
    made = fp_ring_new(&(fp_ring_points){hashes, ends, self->group->count});
  fp_memory_free(ends);
  fp_memory_free(hashes);
  return made;
}

static fp_status ring_new(const fp_host_group *group, void **table, fp_error *error) {
  const members all = {.group = group, .ends = share_points(group)};
  fp_ring *made = all.ends == NULL ? NULL : ring_of_new(&all);
  (void)error;
  fp_memory_free(all.ends);
  *table = made;
  return made == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

/* The ring of `now`, from that of `before`; NULL when out of memory. */
static fp_ring *ring_from(const fp_ring *ring, const members *before, const members *now) {
  fp_ring *removed = ring_of_new(before), *added = removed == NULL ? NULL : ring_of_new(now), *made = NULL;
  if (added != NULL) made = fp_ring_changed(ring, &(fp_ring_change){before->others, added, removed});
  fp_ring_free(removed);
  fp_ring_free(added);
  return made;
}

/* Made of the one before unless so much differs that it is more work. NULL when out of memory. */
static fp_ring *ring_after(const fp_host_group *previous, const fp_host_group *group, const fp_host_match *match) {
  const fp_ring *ring = previous->table;
  members before = {previous, share_points(previous), match->now, NULL};
  members now = {group, share_points(group), match->before, before.ends};
  fp_ring *made = NULL;
  before.other_ends = now.ends;
  if (before.ends != NULL && now.ends != NULL) {
    if (match->in_order && count_new(&before) + count_new(&now) < ring->count / WORTH_A_CHANGE) {
      made = ring_from(ring, &before, &now);
    } else {
      now.others = NULL;
      made = ring_of_new(&now);
    }
  }
  fp_memory_free(before.ends);
  fp_memory_free(now.ends);
  return made;
}

static fp_status ring_update(const fp_host_group *group, const fp_host_group *previous, void **table, fp_error *error) {
  fp_host_match match;
  fp_ring *made;
  (void)error;
  if (fp_host_match_init(&match, previous, group) < 0) return FASTPATH_ERR_MEMORY;
  made = ring_after(previous, group, &match);
  fp_host_match_clear(&match);
  *table = made;
  return made == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

static void ring_free(void *table) { fp_ring_free(table); }

static uint32_t ring_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const fp_ring *self = group->table;
  if (self == NULL) return 0;
  return fp_bounded_load(group, state, request->number, fp_ring_host(self, request->number, request->attempt));
}

static void ring_pick_many(const fp_host_group *group, fp_lb_state *state, const uint64_t *numbers, size_t count,
                           uint32_t *indices) {
  const fp_ring *self = group->table;
  if (self == NULL) {
    memset(indices, 0, count * sizeof *indices);
    return;
  }
  for (size_t i = 0; i < count; i++) indices[i] = fp_ring_host(self, numbers[i], 0);
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
    .table_update = ring_update,
};
