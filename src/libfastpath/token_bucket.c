/*
 * token_bucket.c - the bucket is one number: the time since which tokens have been flowing into an empty bucket. To take
 * some is to move that time on; what flowed in before a full bucket's time is spilt.
 */
#include <fastpath/admission.h>

#include <stdatomic.h>

#include "error.h"
#include "memory.h"

#define MAX_INTERVAL (UINT64_C(1) << 53)

struct fp_token_bucket {
  _Atomic int64_t empty_at;
  uint64_t max_tokens;
  double per_token; /* nanoseconds */
  double full;      /* nanoseconds to fill it */
};

fp_status fp_token_bucket_new(uint64_t max_tokens, uint64_t tokens, uint64_t interval, int64_t now,
                              fp_token_bucket **bucket, fp_error *error) {
  fp_token_bucket *made;
  if (now < INT64_MIN / 2) return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, SIZE_MAX, "the clock is below -2^62");
  if (max_tokens == 0 || tokens == 0 || interval == 0)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "a token bucket without tokens, or without time");
  if (interval > MAX_INTERVAL || tokens > interval || max_tokens > MAX_INTERVAL ||
      (double)max_tokens * ((double)interval / (double)tokens) > (double)(INT64_MAX / 4))
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "a token bucket too fast or too slow to count");
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  made->max_tokens = max_tokens;
  made->per_token = (double)interval / (double)tokens;
  made->full = (double)max_tokens * made->per_token;
  atomic_init(&made->empty_at, now - (int64_t)made->full - 1);
  *bucket = made;
  return FASTPATH_OK;
}

void fp_token_bucket_free(fp_token_bucket *bucket) { fp_memory_free(bucket); }

/* Nanoseconds that tokens have been flowing, at most what fills the bucket. */
static double flown(const fp_token_bucket *bucket, int64_t empty_at, int64_t now) {
  const double time = (double)now - (double)empty_at;
  /* Exact where it matters: a difference that is small is computed in integers. */
  if (time >= bucket->full + 4096.0) return bucket->full;
  if (now <= empty_at) return 0.0;
  {
    const double exact = (double)((uint64_t)now - (uint64_t)empty_at);
    return exact < bucket->full ? exact : bucket->full;
  }
}

/* A hair's breadth, so that rounding never withholds a token whose time has come. */
static double needed(const fp_token_bucket *bucket, uint64_t tokens) {
  return (double)tokens * bucket->per_token - 0.5;
}

fp_status fp_token_bucket_take(fp_token_bucket *bucket, uint64_t tokens, int64_t now) {
  int64_t empty_at = atomic_load_explicit(&bucket->empty_at, memory_order_relaxed), next;
  do {
    const double time = flown(bucket, empty_at, now);
    if (tokens > bucket->max_tokens || time < needed(bucket, tokens)) return FASTPATH_NONE;
    if (tokens == 0) return FASTPATH_OK;
    next = now - (int64_t)(time - (double)tokens * bucket->per_token);
  } while (!atomic_compare_exchange_weak_explicit(&bucket->empty_at, &empty_at, next, memory_order_relaxed,
                                                  memory_order_relaxed));
  return FASTPATH_OK;
}

uint64_t fp_token_bucket_available(const fp_token_bucket *bucket, int64_t now) {
  const double time = flown(bucket, atomic_load_explicit(&bucket->empty_at, memory_order_relaxed), now);
  const uint64_t tokens = (uint64_t)((time + 0.5) / bucket->per_token);
  return tokens < bucket->max_tokens ? tokens : bucket->max_tokens;
}

int64_t fp_token_bucket_wait(const fp_token_bucket *bucket, uint64_t tokens, int64_t now) {
  const double missing =
      needed(bucket, tokens) - flown(bucket, atomic_load_explicit(&bucket->empty_at, memory_order_relaxed), now);
  if (tokens > bucket->max_tokens) return INT64_MAX;
  return missing <= 0.0 ? 0 : (int64_t)missing + 1;
}
