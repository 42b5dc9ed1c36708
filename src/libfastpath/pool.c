#include "pool.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "memory.h"
#include "segment.h"

#define BLOCK_SIZE_MIN ((size_t)64)
#define BLOCK_SIZE_MAX ((size_t)1 << 30)

struct fp_pool {
  atomic_size_t references; /* the users' and one for each block in use */
  atomic_size_t in_use;
  atomic_size_t cached; /* written with the flag held */
  size_t block_size;
  size_t max_cached;
  /*
   * Guards `free`. It is only ever tried, never waited for: whoever finds it taken goes to the allocator. So no thread
   * spins behind a preempted one, and in the child of a fork a flag left set costs speed and nothing else.
   */
  atomic_flag busy;
  fp_segment *free;
};

fp_status fp_pool_new(size_t block_size, size_t max_cached, fp_pool **pool) {
  if (block_size < BLOCK_SIZE_MIN || block_size > BLOCK_SIZE_MAX) return FASTPATH_ERR_ARGUMENT;
  fp_pool *created = fp_memory_alloc(sizeof *created);
  if (created == NULL) return FASTPATH_ERR_MEMORY;
  atomic_init(&created->references, 1);
  atomic_init(&created->in_use, 0);
  atomic_init(&created->cached, 0);
  created->block_size = block_size;
  created->max_cached = max_cached;
  atomic_flag_clear(&created->busy);
  created->free = NULL;
  *pool = created;
  return FASTPATH_OK;
}

fp_pool *fp_pool_ref(fp_pool *pool) {
  if (pool != NULL) atomic_fetch_add_explicit(&pool->references, 1, memory_order_relaxed);
  return pool;
}

void fp_pool_unref(fp_pool *pool) {
  if (pool == NULL || atomic_fetch_sub_explicit(&pool->references, 1, memory_order_acq_rel) != 1) return;
  for (fp_segment *segment = pool->free; segment != NULL;) {
    fp_segment *next = segment->next;
    fp_memory_free(segment);
    segment = next;
  }
  fp_memory_free(pool);
}

size_t fp_pool_block_size(const fp_pool *pool) { return pool->block_size; }

size_t fp_pool_cached(const fp_pool *pool) { return atomic_load_explicit(&pool->cached, memory_order_relaxed); }

size_t fp_pool_in_use(const fp_pool *pool) { return atomic_load_explicit(&pool->in_use, memory_order_relaxed); }

static bool pool_try_lock(fp_pool *pool) {
  return !atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire);
}

static void pool_unlock(fp_pool *pool) { atomic_flag_clear_explicit(&pool->busy, memory_order_release); }

static void pool_set_cached(fp_pool *pool, size_t cached) {
  atomic_store_explicit(&pool->cached, cached, memory_order_relaxed);
}

fp_segment *fp_pool_take(fp_pool *pool) {
  fp_segment *segment = NULL;
  if (pool_try_lock(pool)) {
    segment = pool->free;
    if (segment != NULL) {
      pool->free = segment->next;
      pool_set_cached(pool, fp_pool_cached(pool) - 1);
    }
    pool_unlock(pool);
  }
  if (segment == NULL) segment = fp_segment_allocate(pool->block_size);
  if (segment == NULL) return NULL;
  fp_segment_init(segment, FP_SEGMENT_POOLED);
  segment->pool = fp_pool_ref(pool);
  atomic_fetch_add_explicit(&pool->in_use, 1, memory_order_relaxed);
  return segment;
}

void fp_pool_give(fp_segment *segment) {
  fp_pool *pool = segment->pool;
  bool kept = false;
  if (pool_try_lock(pool)) {
    if (fp_pool_cached(pool) < pool->max_cached) {
      segment->next = pool->free;
      pool->free = segment;
      pool_set_cached(pool, fp_pool_cached(pool) + 1);
      kept = true;
    }
    pool_unlock(pool);
  }
  if (!kept) fp_memory_free(segment);
  atomic_fetch_sub_explicit(&pool->in_use, 1, memory_order_relaxed);
  fp_pool_unref(pool);
}
