/*
 * segment.h - the memory under slices.
 *
 * A segment remembers the part of it that was ever given out, [low, high). Claiming free room next to it is one
 * compare-and-swap on one of the two marks, which succeeds only for the one whose slice ends exactly at the mark.
 */
#ifndef FASTPATH_INTERNAL_SEGMENT_H
#define FASTPATH_INTERNAL_SEGMENT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <fastpath/buffer.h>

typedef enum fp_segment_kind {
  FP_SEGMENT_OWN,
  FP_SEGMENT_POOLED,
  FP_SEGMENT_EXTERNAL
} fp_segment_kind;

struct fp_segment {
  atomic_size_t references;
  atomic_size_t low;
  atomic_size_t high;
  uint8_t *data; /* own and pooled: right behind this struct. External memory is never written to */
  size_t capacity;
  fp_segment *next;      /* in a pool's free list, or among the dead */
  fp_pool *pool;         /* pooled only */
  fp_release_fn release; /* external only, as context */
  void *context;
  fp_segment_kind kind;
};

/* A segment with `capacity` bytes of free room of its own. NULL when out of memory or when the size overflows. */
fp_segment *fp_segment_new(size_t capacity);

/* Memory for a segment with room behind it; only `data` and `capacity` are set. NULL as above. */
fp_segment *fp_segment_allocate(size_t capacity);

/* Makes a segment fresh: one reference, nothing given out. */
void fp_segment_init(fp_segment *segment, fp_segment_kind kind);

/*
 * Drop a reference like fp_segment_unref, but let the caller bring its own state in order before release callbacks run,
 * which may call back into it: a segment nobody references any more is put on the list *dead.
 */
void fp_segment_drop(fp_segment *segment, fp_segment **dead);
void fp_segment_bury(fp_segment *dead);

/* Where in the segment a pointer into it stands. */
static inline size_t fp_segment_offset(const fp_segment *segment, const uint8_t *data) {
  return (size_t)(data - segment->data);
}

/* Whether data[0 .. len) are bytes that the segment has given out. Safe for any pointer. */
bool fp_segment_contains(const fp_segment *segment, const uint8_t *data, size_t len);

/*
 * Claim up to `wanted` bytes of free room that begin at `end`, where a slice of the caller's ends; returns how many, 0
 * when the room belongs to somebody else. The caller holds a reference for this slice, which touches no other of its.
 */
size_t fp_segment_claim_back(fp_segment *segment, size_t end, size_t wanted);

/* Give back [keep, end) of a claim that ended at `end`. */
void fp_segment_return_back(fp_segment *segment, size_t end, size_t keep);

/* Claim all `wanted` bytes of free room that end at `start`, where a slice of the caller's begins, or none. */
bool fp_segment_claim_front(fp_segment *segment, size_t start, size_t wanted);

/* The first claim on a fresh segment: `len` bytes at `offset`, which leaves headroom in front of them. */
void fp_segment_claim_first(fp_segment *segment, size_t offset, size_t len);

#endif
