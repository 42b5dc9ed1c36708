/*
 * ring.c - putting points in order.
 *
 * Their hashes say where they go: first into parts, which fit into the cache, then into the buckets of a part; what is left
 * to sort are the few of one bucket.
 */
#include "ring.h"

#include <stdbool.h>
#include <string.h>

#include "host_match.h"
#include "memory.h"

#define MIN_PART_BUCKET_BITS 9 /* a part has at least so many buckets, unless there are fewer */
#define MAX_PART_BITS 9

/* What a ring is sorted with. */
typedef struct workshop {
  unsigned part_shift;                /* a part's number is a hash, shifted by this */
  uint32_t ends[1u << MAX_PART_BITS]; /* by part: how many points it has; then where they end */
  uint64_t *hashes;                   /* room for those of a part */
  uint32_t *hosts;
} workshop;

static size_t bucket_count(const fp_ring *ring) { return (size_t)1 << (64 - ring->shift); }

/* One block holds all arrays. There are half as many buckets as points, or more. */
static fp_ring *ring_alloc(uint32_t count) {
  unsigned shift = 63;
  size_t buckets;
  fp_ring *ring;
  while (count > (uint64_t)2 << (64 - shift)) shift--;
  buckets = (size_t)1 << (64 - shift);
  ring = fp_memory_alloc(sizeof *ring + (count + FP_RING_STRIDE) * sizeof *ring->hashes + count * sizeof *ring->hosts +
                         (buckets + 1) * sizeof *ring->starts);
  if (ring == NULL) return NULL;
  ring->count = count;
  ring->shift = shift;
  ring->hashes = (uint64_t *)(ring + 1);
  ring->hosts = (uint32_t *)(ring->hashes + count + FP_RING_STRIDE);
  ring->starts = ring->hosts + count;
  return ring;
}

void fp_ring_free(fp_ring *ring) { fp_memory_free(ring); }

/* Behind the last point, where nothing that is looked for is later. */
static void end_hashes(fp_ring *ring) {
  for (uint32_t i = 0; i < FP_RING_STRIDE; i++) ring->hashes[ring->count + i] = UINT64_MAX;
}

static inline void put_point(const fp_ring *ring, uint32_t place, uint64_t hash, uint32_t host) {
  ring->hashes[place] = hash;
  ring->hosts[place] = host;
}

/* Counts become the places at which each begins, from `place` on. */
static void counts_to_places(uint32_t *counts, size_t count, uint32_t place) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t next = place + counts[i];
    counts[i] = place;
    place = next;
  }
}

/* Into their parts, in the order in which they come. */
static void part_points(const fp_ring *ring, const fp_ring_points *points, workshop *work) {
  counts_to_places(work->ends, (size_t)1 << (64 - work->part_shift), 0);
  for (uint32_t host = 0, at = 0; host < points->host_count; host++) {
    for (; at < points->ends[host]; at++) {
      const uint64_t hash = points->hashes[at];
      put_point(ring, work->ends[hash >> work->part_shift]++, hash, host);
    }
  }
}

/* Moves a point before those that it should not be behind. */
static inline void sink_point(const fp_ring *ring, uint32_t place) {
  const uint64_t hash = ring->hashes[place];
  const uint32_t host = ring->hosts[place];
  for (; place > 0; place--) {
    const uint64_t before = ring->hashes[place - 1];
    if (before < hash || (before == hash && ring->hosts[place - 1] <= host)) break;
    put_point(ring, place, before, ring->hosts[place - 1]);
  }
  put_point(ring, place, hash, host);
}

/* Puts the points from start to end, which are those of `buckets` buckets from `first` on, in order. */
static void sort_part(const fp_ring *ring, uint32_t start, uint32_t end, size_t first, size_t buckets,
                      const workshop *work) {
  const uint64_t within = buckets - 1;
  const uint32_t count = end - start;
  uint32_t *ends = ring->starts + first + 1; /* where a bucket ends the next one starts */
  memcpy(work->hashes, ring->hashes + start, count * sizeof *work->hashes);
  memcpy(work->hosts, ring->hosts + start, count * sizeof *work->hosts);
  memset(ends, 0, buckets * sizeof *ends);
  for (uint32_t i = 0; i < count; i++) ends[work->hashes[i] >> ring->shift & within]++;
  counts_to_places(ends, buckets, start);
  for (uint32_t i = 0; i < count; i++)
    put_point(ring, ends[work->hashes[i] >> ring->shift & within]++, work->hashes[i], work->hosts[i]);
  for (uint32_t i = start + 1; i < end; i++)
    if (ring->hashes[i - 1] > ring->hashes[i]) sink_point(ring, i);
}

/* Counts the points of each part, and makes room for those of the largest. False when out of memory. */
static bool workshop_open(workshop *work, const fp_ring *ring, const fp_ring_points *points) {
  const unsigned bucket_bits = 64 - ring->shift;
  unsigned part_bits = bucket_bits > MIN_PART_BUCKET_BITS ? bucket_bits - MIN_PART_BUCKET_BITS : 1;
  size_t largest = 1;
  if (part_bits > MAX_PART_BITS) part_bits = MAX_PART_BITS;
  work->part_shift = 64 - part_bits;
  memset(work->ends, 0, sizeof work->ends);
  for (uint32_t i = 0; i < ring->count; i++) work->ends[points->hashes[i] >> work->part_shift]++;
  for (uint32_t i = 0; i < (1u << part_bits); i++)
    if (work->ends[i] > largest) largest = work->ends[i];
  work->hashes = fp_memory_alloc(largest * (sizeof *work->hashes + sizeof *work->hosts));
  work->hosts = work->hashes == NULL ? NULL : (uint32_t *)(work->hashes + largest);
  return work->hashes != NULL;
}

fp_ring *fp_ring_new(const fp_ring_points *points) {
  fp_ring *ring = ring_alloc(points->host_count == 0 ? 0 : points->ends[points->host_count - 1]);
  workshop work;
  size_t part_buckets;
  if (ring == NULL) return NULL;
  if (!workshop_open(&work, ring, points)) {
    fp_ring_free(ring);
    return NULL;
  }
  part_buckets = (size_t)1 << (work.part_shift - ring->shift);
  part_points(ring, points, &work);
  ring->starts[0] = 0;
  for (uint32_t start = 0, part = 0; part < 1u << (64 - work.part_shift); start = work.ends[part++])
    sort_part(ring, start, work.ends[part], part * part_buckets, part_buckets, &work);
  fp_memory_free(work.hashes);
  end_hashes(ring);
  return ring;
}

/* Fills in the index of points that are in order. */
static void index_points(const fp_ring *ring) {
  const size_t buckets = bucket_count(ring);
  size_t bucket = 0;
  for (uint32_t i = 0; i < ring->count; i++)
    while (bucket <= ring->hashes[i] >> ring->shift) ring->starts[bucket++] = i;
  while (bucket <= buckets) ring->starts[bucket++] = ring->count;
}

void fp_ring_make_unique(fp_ring *ring) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < ring->count; i++)
    if (kept == 0 || ring->hashes[kept - 1] != ring->hashes[i])
      put_point(ring, kept++, ring->hashes[i], ring->hosts[i]);
  ring->count = kept;
  end_hashes(ring);
  index_points(ring);
}

/* A ring while it is made from the one before. */
typedef struct weaving {
  const fp_ring *before;
  const fp_ring_change *change;
  fp_ring *made;
  uint32_t read; /* points of the one before that were looked at */
  uint32_t written;
} weaving;

/* Takes over the points before `end`. */
static void keep_points(weaving *self, uint32_t end) {
  const uint32_t count = end - self->read;
  const uint32_t *from = self->before->hosts + self->read, *places = self->change->places;
  uint32_t *to = self->made->hosts + self->written;
  memcpy(self->made->hashes + self->written, self->before->hashes + self->read, count * sizeof *self->made->hashes);
  for (uint32_t i = 0; i < count; i++) to[i] = places[from[i]];
  self->read = end;
  self->written += count;
}

/* Where the point is in the ring before, which has it among those that were not looked at. */
static uint32_t place_of_removed(const weaving *self, uint32_t number) {
  const fp_ring *removed = self->change->removed;
  uint32_t place = fp_ring_find(self->before, removed->hashes[number]);
  if (place < self->read) place = self->read;
  while (self->before->hosts[place] != removed->hosts[number]) place++;
  return place;
}

/* Before which point of the ring before the added one goes: of those with its hash, behind the ones of earlier hosts. */
static uint32_t place_of_added(const weaving *self, uint32_t number) {
  const fp_ring *before = self->before, *added = self->change->added;
  const uint64_t hash = added->hashes[number];
  uint32_t place = fp_ring_find(before, hash);
  if (place < self->read) place = self->read;
  for (; place < before->count && before->hashes[place] == hash; place++) {
    const uint32_t now = self->change->places[before->hosts[place]];
    if (now != FP_HOST_NOWHERE && now >= added->hosts[number]) break; /* those of hosts that left say nothing */
  }
  return place;
}

/* Fills in buckets before `end`, of which each starts so many points later than before; fewer is a sum that wraps. */
static void shift_starts(const weaving *self, size_t *bucket, size_t end, uint32_t later) {
  for (; *bucket < end; ++*bucket) self->made->starts[*bucket] = self->before->starts[*bucket] + later;
}

/* What index_points would, without a look at each point. */
static void shift_index(const weaving *self) {
  const fp_ring *added = self->change->added, *removed = self->change->removed;
  const unsigned shift = self->made->shift;
  uint32_t next_added = 0, next_removed = 0;
  size_t bucket = 0;
  while (next_added < added->count || next_removed < removed->count) {
    const uint32_t later = next_added - next_removed;
    if (next_removed == removed->count ||
        (next_added < added->count && added->hashes[next_added] <= removed->hashes[next_removed]))
      shift_starts(self, &bucket, (size_t)(added->hashes[next_added++] >> shift) + 1, later);
    else
      shift_starts(self, &bucket, (size_t)(removed->hashes[next_removed++] >> shift) + 1, later);
  }
  shift_starts(self, &bucket, bucket_count(self->made) + 1, next_added - next_removed);
}

fp_ring *fp_ring_changed(const fp_ring *before, const fp_ring_change *change) {
  const fp_ring *added = change->added, *removed = change->removed;
  weaving self = {.before = before, .change = change};
  fp_ring *made = ring_alloc(before->count - removed->count + added->count);
  uint32_t next_added = 0, next_removed = 0;
  if (made == NULL) return NULL;
  self.made = made;
  while (next_added < added->count || next_removed < removed->count) {
    const uint32_t add = next_added < added->count ? place_of_added(&self, next_added) : UINT32_MAX;
    const uint32_t leave = next_removed < removed->count ? place_of_removed(&self, next_removed) : UINT32_MAX;
    keep_points(&self, add <= leave ? add : leave);
    if (add <= leave) {
      put_point(made, self.written++, added->hashes[next_added], added->hosts[next_added]);
      next_added++;
    } else {
      self.read++;
      next_removed++;
    }
  }
  keep_points(&self, before->count);
  end_hashes(made);
  if (made->shift == before->shift) {
    shift_index(&self);
  } else {
    index_points(made);
  }
  return made;
}
