/*
 * fastpath/admission.h - what is let in: token buckets, rates over a sliding window, circuit breakers.
 *
 * All of it is lock-free, may be shared by any number of threads, and knows no clock: `now` is nanoseconds of a clock
 * of the caller's, the same one in every call. One that goes backwards counts as standing still.
 */
#ifndef FASTPATH_ADMISSION_H
#define FASTPATH_ADMISSION_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* ---- token buckets (envoy.type.v3.TokenBucket) ---- */

/* One owner for its end; any thread in between. */
typedef struct fp_token_bucket fp_token_bucket;

/*
 * A full bucket of `max_tokens`, to which `tokens` flow back within `interval` nanoseconds: continuously, as in Envoy,
 * and not all at the interval's end. Errors: FASTPATH_ERR_CONFIG when one of them is 0, an interval is above 2^53, or
 * more than a token a nanosecond would come; FASTPATH_ERR_ARGUMENT for `now` below -2^62; FASTPATH_ERR_MEMORY.
 */
fp_status fp_token_bucket_new(uint64_t max_tokens, uint64_t tokens, uint64_t interval, int64_t now,
                              fp_token_bucket **bucket, fp_error *error);
void fp_token_bucket_free(fp_token_bucket *bucket); /* NULL is allowed */

/* Take that many, or none: FASTPATH_NONE. Threads: any. */
fp_status fp_token_bucket_take(fp_token_bucket *bucket, uint64_t tokens, int64_t now);

/* Whole tokens that are there. Threads: any. */
uint64_t fp_token_bucket_available(const fp_token_bucket *bucket, int64_t now);

/* Nanoseconds until that many are there, if nobody takes any; INT64_MAX for more than the bucket holds. Threads: any. */
int64_t fp_token_bucket_wait(const fp_token_bucket *bucket, uint64_t tokens, int64_t now);

/* ---- rates over a sliding window ---- */

#define FASTPATH_SLIDING_WINDOW_MAX 1048575

/* One owner for its end; any thread in between. */
typedef struct fp_sliding_window fp_sliding_window;

/*
 * At most `limit` within any `window` nanoseconds, as far as two counters can tell: those of the window before count by
 * the share of it that the sliding one still covers, as if they had come evenly. A clock that goes back by more than 16
 * windows begins anew. Errors: FASTPATH_ERR_CONFIG when one is
 * 0, limit is above FASTPATH_SLIDING_WINDOW_MAX or window above 2^53; FASTPATH_ERR_MEMORY.
 */
fp_status fp_sliding_window_new(uint32_t limit, uint64_t window, int64_t now, fp_sliding_window **made,
                                fp_error *error);
void fp_sliding_window_free(fp_sliding_window *window); /* NULL is allowed */

/* Count that many, or none: FASTPATH_NONE. Threads: any. */
fp_status fp_sliding_window_take(fp_sliding_window *window, uint32_t count, int64_t now);

/* What counts now, rounded up. Threads: any. */
uint32_t fp_sliding_window_count(const fp_sliding_window *window, int64_t now);

/* ---- circuit breakers (envoy.config.cluster.v3.CircuitBreakers.Thresholds) ---- */

typedef enum fp_breaker_resource {
  FASTPATH_BREAKER_CONNECTIONS = 0,
  FASTPATH_BREAKER_PENDING_REQUESTS = 1,
  FASTPATH_BREAKER_REQUESTS = 2,
  FASTPATH_BREAKER_RETRIES = 3
} fp_breaker_resource;

#define FASTPATH_BREAKER_RESOURCES 4

/* Fill with fp_breaker_thresholds_default and change what is needed. */
typedef struct fp_breaker_thresholds {
  uint32_t max[FASTPATH_BREAKER_RESOURCES]; /* by resource: 1024, 1024, 1024, 3 */
  uint32_t has_retry_budget;                /* 1: retries are bounded by what follows, and not by max */
  double budget_percent;                    /* of active and pending requests; 20. 0 to 100 */
  uint32_t min_retry_concurrency;           /* at least so many; 3 */
} fp_breaker_thresholds;

typedef struct fp_breaker_stats {
  uint64_t active;
  uint64_t max;      /* of now: with a budget, that of retries follows the requests */
  uint64_t overflow; /* refused so far */
} fp_breaker_stats;

/* Shared, atomic count. */
typedef struct fp_circuit_breaker fp_circuit_breaker;

void fp_breaker_thresholds_default(fp_breaker_thresholds *thresholds);

/* Errors: FASTPATH_ERR_CONFIG for a budget that is no percentage; FASTPATH_ERR_MEMORY. */
fp_status fp_circuit_breaker_new(const fp_breaker_thresholds *thresholds, fp_circuit_breaker **breaker,
                                 fp_error *error);
fp_circuit_breaker *fp_circuit_breaker_ref(fp_circuit_breaker *breaker);
void fp_circuit_breaker_unref(fp_circuit_breaker *breaker); /* NULL is allowed */

/* Other thresholds from now on; what is active stays so, even above them. Errors as fp_circuit_breaker_new. Threads:
   any. */
fp_status fp_circuit_breaker_configure(fp_circuit_breaker *breaker, const fp_breaker_thresholds *thresholds,
                                       fp_error *error);

/* One more of the resource, or FASTPATH_NONE, which counts as an overflow. Threads: any. */
fp_status fp_circuit_breaker_acquire(fp_circuit_breaker *breaker, fp_breaker_resource resource);

/* One more, whatever the limit: for what has to be, such as a host's only connection. Threads: any. */
void fp_circuit_breaker_add(fp_circuit_breaker *breaker, fp_breaker_resource resource);

/* One less. Without its acquire it is FASTPATH_ERR_STATE and changes nothing. Threads: any. */
fp_status fp_circuit_breaker_release(fp_circuit_breaker *breaker, fp_breaker_resource resource);

/* Each value is read atomically; together they are not of one moment. Threads: any. */
void fp_circuit_breaker_stats_get(const fp_circuit_breaker *breaker, fp_breaker_resource resource,
                                  fp_breaker_stats *stats);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
