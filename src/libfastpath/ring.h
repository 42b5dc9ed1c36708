/*
 * ring.h - points on a circle, each of which leads to a host, found by hash.
 *
 *   hashes   |--a--|-b-|----a----|--c--|--b--|     a request goes to the first point at or after its hash, and past the
 *            0                            2^64     last point to the first
 *
 * Hashes spread evenly: an index by their top bits, about as many as there are points, finds a request's point without a
 * search.
 */
#ifndef FASTPATH_INTERNAL_RING_H
#define FASTPATH_INTERNAL_RING_H

#include <stddef.h>
#include <stdint.h>

#include "bits.h"

/* Hashes looked at together: as many of the greatest follow the last point. */
#define FP_RING_STRIDE 4

/* Immutable once made. */
typedef struct fp_ring {
  uint32_t count;
  unsigned shift;   /* 64 - bits of a bucket's number */
  uint64_t *hashes; /* sorted; STRIDE more behind the last */
  uint32_t *hosts;  /* by the same place; of points with the same hash in ascending order */
  uint32_t *starts; /* by bucket: its first point, or where it would be; one more at the end */
} fp_ring;

/* Points before they are in order: hashes of host 0, then of host 1, ... Borrowed. */
typedef struct fp_ring_points {
  uint64_t *hashes;
  const uint32_t *ends; /* by host: where its points end and those of the next one begin */
  uint32_t host_count;
} fp_ring_points;

/* NULL when out of memory. */
fp_ring *fp_ring_new(const fp_ring_points *points);

/* Of points with the same hash only the first stays. */
void fp_ring_make_unique(fp_ring *ring);

/* How a ring differs from one before. */
typedef struct fp_ring_change {
  const uint32_t *places; /* by host before: its number now; FP_HOST_NOWHERE for one that is gone */
  const fp_ring *added;   /* by hosts now */
  const fp_ring *removed; /* points of the one before, by its hosts */
} fp_ring_change;

/* The ring that fp_ring_new makes of the points which there are now, in one pass over those before. NULL when out of memory. */
fp_ring *fp_ring_changed(const fp_ring *before, const fp_ring_change *change);

void fp_ring_free(fp_ring *ring); /* NULL is allowed */

/* The first point at or after the hash, or count. Hashes of a bucket are few, and compared without a branch. */
static inline uint32_t fp_ring_find(const fp_ring *ring, uint64_t hash) {
  uint32_t at = ring->starts[hash >> ring->shift];
  FASTPATH_PREFETCH(ring->hosts + at); /* who asks for the point wants its host */
  for (;;) {
    const uint64_t *hashes = ring->hashes + at;
    const unsigned before = (unsigned)(hashes[0] < hash) + (hashes[1] < hash) + (hashes[2] < hash) + (hashes[3] < hash);
    at += before;
    if (before < FP_RING_STRIDE) return at;
  }
}

/* The host of the point `further` behind the one that the hash goes to. There must be points. */
static inline uint32_t fp_ring_host(const fp_ring *ring, uint64_t hash, uint32_t further) {
  uint64_t at = fp_ring_find(ring, hash);
  if (at == ring->count) at = 0;
  if (further > 0) at = (at + further) % ring->count;
  return ring->hosts[at];
}

#endif
