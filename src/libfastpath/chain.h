/* chain.h - a ring of slices, each with a reference of its own. A short one lives inside the struct. */
#ifndef FASTPATH_INTERNAL_CHAIN_H
#define FASTPATH_INTERNAL_CHAIN_H

#include <fastpath/buffer.h>

/* At least FASTPATH_BUFFER_MAX_ROOMS: an empty chain can always take what a commit adds. */
#define FP_CHAIN_INLINE 4

typedef struct fp_chain {
  fp_slice *slices; /* `capacity` entries, a power of two: `inlined`, or an allocation */
  size_t capacity;
  size_t first;
  size_t count;
  fp_slice inlined[FP_CHAIN_INLINE];
} fp_chain;

void fp_chain_init(fp_chain *chain);

/* Drops all slices and gives the ring back. The chain can be used again. See fp_segment_drop for `dead`. */
void fp_chain_clear(fp_chain *chain, fp_segment **dead);

/* Makes sure that `more` slices can be added. OK, MEMORY or OVERFLOW. */
fp_status fp_chain_ensure(fp_chain *chain, size_t more);

static inline fp_slice *fp_chain_at(const fp_chain *chain, size_t index) {
  return &chain->slices[(chain->first + index) & (chain->capacity - 1)];
}

/* The last slice, NULL when the chain is empty. */
static inline fp_slice *fp_chain_last(const fp_chain *chain) {
  return chain->count == 0 ? NULL : fp_chain_at(chain, chain->count - 1);
}

/* Add a slice, taking over the caller's reference; one that continues its neighbour is merged. Ensure space first. */
void fp_chain_push_back(fp_chain *chain, fp_segment *segment, const uint8_t *data, size_t len);
void fp_chain_push_front(fp_chain *chain, fp_segment *segment, const uint8_t *data, size_t len);

/* Remove the first slice; its reference passes to the caller. The chain must not be empty. */
fp_slice fp_chain_pop_front(fp_chain *chain);

/* Remove the first `len` bytes, of which there are that many. See fp_segment_drop for `dead`. */
void fp_chain_drain(fp_chain *chain, size_t len, fp_segment **dead);

/* Give an allocated ring back when the chain is empty. */
void fp_chain_trim(fp_chain *chain);

/* Index of the slice that holds byte `offset`, of which the chain has that many; *within is the place inside it. */
size_t fp_chain_locate(const fp_chain *chain, size_t offset, size_t *within);

#endif
