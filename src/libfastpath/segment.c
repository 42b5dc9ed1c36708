#include "segment.h"

#include "memory.h"
#include "pool.h"

fp_segment *fp_segment_allocate(size_t capacity) {
  if (capacity > PTRDIFF_MAX - sizeof(fp_segment)) return NULL;
  fp_segment *segment = fp_memory_alloc(sizeof *segment + capacity);
  if (segment == NULL) return NULL;
  segment->data = (uint8_t *)(segment + 1);
  segment->capacity = capacity;
  return segment;
}

void fp_segment_init(fp_segment *segment, fp_segment_kind kind) {
  segment->kind = kind;
  atomic_init(&segment->references, 1);
  atomic_init(&segment->low, 0);
  atomic_init(&segment->high, 0);
}

fp_segment *fp_segment_new(size_t capacity) {
  fp_segment *segment = fp_segment_allocate(capacity);
  if (segment != NULL) fp_segment_init(segment, FP_SEGMENT_OWN);
  return segment;
}

fp_status fp_segment_new_external(const void *data, size_t len, fp_release_fn release, void *context,
                                  fp_segment **segment) {
  if (data == NULL && len > 0) return FASTPATH_ERR_ARGUMENT;
  if (len > PTRDIFF_MAX) return FASTPATH_ERR_OVERFLOW;
  fp_segment *external = fp_memory_alloc(sizeof *external);
  if (external == NULL) return FASTPATH_ERR_MEMORY;
  fp_segment_init(external, FP_SEGMENT_EXTERNAL);
  /* The cast drops const: nobody writes, since all of it counts as given out and so none can be claimed. */
  external->data = (uint8_t *)(uintptr_t)data;
  external->capacity = len;
  atomic_init(&external->high, len);
  external->release = release;
  external->context = context;
  *segment = external;
  return FASTPATH_OK;
}

fp_segment *fp_segment_ref(fp_segment *segment) {
  atomic_fetch_add_explicit(&segment->references, 1, memory_order_relaxed);
  return segment;
}

static void segment_destroy(fp_segment *segment) {
  switch (segment->kind) {
    case FP_SEGMENT_POOLED: fp_pool_give(segment); return;
    case FP_SEGMENT_EXTERNAL: {
      fp_release_fn release = segment->release;
      void *context = segment->context;
      fp_memory_free(segment);
      if (release != NULL) release(context);
      return;
    }
    case FP_SEGMENT_OWN: fp_memory_free(segment); return;
  }
}

static bool segment_drop_reference(fp_segment *segment) {
  return atomic_fetch_sub_explicit(&segment->references, 1, memory_order_acq_rel) == 1;
}

void fp_segment_unref(fp_segment *segment) {
  if (segment != NULL && segment_drop_reference(segment)) segment_destroy(segment);
}

void fp_segment_drop(fp_segment *segment, fp_segment **dead) {
  if (!segment_drop_reference(segment)) return;
  segment->next = *dead;
  *dead = segment;
}

void fp_segment_bury(fp_segment *dead) {
  while (dead != NULL) {
    fp_segment *next = dead->next;
    segment_destroy(dead);
    dead = next;
  }
}

bool fp_segment_contains(const fp_segment *segment, const uint8_t *data, size_t len) {
  uintptr_t base = (uintptr_t)segment->data;
  uintptr_t start = (uintptr_t)data;
  size_t high = atomic_load_explicit(&segment->high, memory_order_acquire);
  size_t low = atomic_load_explicit(&segment->low, memory_order_acquire);
  return start >= base && start - base >= low && start - base <= high && len <= high - (start - base);
}

/* The only holder of a reference may forget what was given out beyond its own slice: nobody can see it any more. */
static bool segment_is_sole(const fp_segment *segment) {
  return segment->kind != FP_SEGMENT_EXTERNAL && atomic_load_explicit(&segment->references, memory_order_acquire) == 1;
}

size_t fp_segment_claim_back(fp_segment *segment, size_t end, size_t wanted) {
  size_t room = segment->capacity - end;
  if (room > wanted) room = wanted;
  if (room == 0) return 0;
  if (segment_is_sole(segment)) {
    atomic_store_explicit(&segment->high, end + room, memory_order_relaxed);
    return room;
  }
  size_t expected = end;
  bool claimed = atomic_compare_exchange_strong_explicit(&segment->high, &expected, end + room, memory_order_acq_rel,
                                                         memory_order_relaxed);
  return claimed ? room : 0;
}

void fp_segment_return_back(fp_segment *segment, size_t end, size_t keep) {
  /* Fails when somebody else has claimed room behind ours meanwhile; then ours stays unused. */
  size_t expected = end;
  (void)atomic_compare_exchange_strong_explicit(&segment->high, &expected, keep, memory_order_acq_rel,
                                                memory_order_relaxed);
}

bool fp_segment_claim_front(fp_segment *segment, size_t start, size_t wanted) {
  if (segment->kind == FP_SEGMENT_EXTERNAL || wanted > start) return false;
  if (segment_is_sole(segment)) {
    atomic_store_explicit(&segment->low, start - wanted, memory_order_relaxed);
    return true;
  }
  size_t expected = start;
  return atomic_compare_exchange_strong_explicit(&segment->low, &expected, start - wanted, memory_order_acq_rel,
                                                 memory_order_relaxed);
}

void fp_segment_claim_first(fp_segment *segment, size_t offset, size_t len) {
  atomic_store_explicit(&segment->low, offset, memory_order_relaxed);
  atomic_store_explicit(&segment->high, offset + len, memory_order_relaxed);
}
