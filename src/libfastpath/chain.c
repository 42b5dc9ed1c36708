#include "chain.h"

#include "memory.h"
#include "segment.h"

_Static_assert(FP_CHAIN_INLINE >= FASTPATH_BUFFER_MAX_ROOMS, "a commit into an emptied chain must find space");
_Static_assert((FP_CHAIN_INLINE & (FP_CHAIN_INLINE - 1)) == 0, "ring capacities are powers of two");

void fp_chain_init(fp_chain *chain) {
  chain->slices = chain->inlined;
  chain->capacity = FP_CHAIN_INLINE;
  chain->first = 0;
  chain->count = 0;
}

void fp_chain_clear(fp_chain *chain, fp_segment **dead) {
  for (size_t i = 0; i < chain->count; i++) fp_segment_drop(fp_chain_at(chain, i)->segment, dead);
  chain->count = 0;
  fp_chain_trim(chain);
}

void fp_chain_trim(fp_chain *chain) {
  if (chain->count > 0) return;
  if (chain->slices != chain->inlined) fp_memory_free(chain->slices);
  fp_chain_init(chain);
}

fp_status fp_chain_ensure(fp_chain *chain, size_t more) {
  size_t capacity = chain->capacity;
  if (more <= capacity - chain->count) return FASTPATH_OK;
  if (more > PTRDIFF_MAX / sizeof(fp_slice) / 2 - chain->count) return FASTPATH_ERR_OVERFLOW;
  while (capacity < chain->count + more) capacity *= 2;
  fp_slice *slices = fp_memory_alloc(capacity * sizeof *slices);
  if (slices == NULL) return FASTPATH_ERR_MEMORY;
  for (size_t i = 0; i < chain->count; i++) slices[i] = *fp_chain_at(chain, i);
  if (chain->slices != chain->inlined) fp_memory_free(chain->slices);
  chain->slices = slices;
  chain->capacity = capacity;
  chain->first = 0;
  return FASTPATH_OK;
}

void fp_chain_push_back(fp_chain *chain, fp_segment *segment, const uint8_t *data, size_t len) {
  fp_slice *last = fp_chain_last(chain);
  if (last != NULL && last->segment == segment && last->data + last->len == data) {
    last->len += len;
    fp_segment_unref(segment);
    return;
  }
  *fp_chain_at(chain, chain->count) = (fp_slice){segment, data, len};
  chain->count++;
}

void fp_chain_push_front(fp_chain *chain, fp_segment *segment, const uint8_t *data, size_t len) {
  fp_slice *front = fp_chain_at(chain, 0);
  if (chain->count > 0 && front->segment == segment && data + len == front->data) {
    front->data = data;
    front->len += len;
    fp_segment_unref(segment);
    return;
  }
  chain->first = (chain->first - 1) & (chain->capacity - 1);
  *fp_chain_at(chain, 0) = (fp_slice){segment, data, len};
  chain->count++;
}

fp_slice fp_chain_pop_front(fp_chain *chain) {
  fp_slice slice = *fp_chain_at(chain, 0);
  chain->first = (chain->first + 1) & (chain->capacity - 1);
  chain->count--;
  return slice;
}

void fp_chain_drain(fp_chain *chain, size_t len, fp_segment **dead) {
  while (len > 0) {
    fp_slice *front = fp_chain_at(chain, 0);
    if (front->len > len) {
      front->data += len;
      front->len -= len;
      return;
    }
    len -= front->len;
    fp_segment_drop(fp_chain_pop_front(chain).segment, dead);
  }
}

size_t fp_chain_locate(const fp_chain *chain, size_t offset, size_t *within) {
  size_t index = 0;
  while (index < chain->count && offset >= fp_chain_at(chain, index)->len) {
    offset -= fp_chain_at(chain, index)->len;
    index++;
  }
  *within = offset;
  return index;
}
