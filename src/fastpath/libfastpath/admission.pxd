# Mirror of fastpath/admission.h; what each means is told there.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_status


cdef extern from "fastpath/admission.h" nogil:
    const int FASTPATH_SLIDING_WINDOW_MAX
    const int FASTPATH_BREAKER_RESOURCES

    ctypedef struct fp_token_bucket:
        pass

    fp_status fp_token_bucket_new(uint64_t max_tokens, uint64_t tokens, uint64_t interval, int64_t now,
                                  fp_token_bucket **bucket, fp_error *error)
    void fp_token_bucket_free(fp_token_bucket *bucket)
    fp_status fp_token_bucket_take(fp_token_bucket *bucket, uint64_t tokens, int64_t now)
    uint64_t fp_token_bucket_available(const fp_token_bucket *bucket, int64_t now)
    int64_t fp_token_bucket_wait(const fp_token_bucket *bucket, uint64_t tokens, int64_t now)

    ctypedef struct fp_sliding_window:
        pass

    fp_status fp_sliding_window_new(uint32_t limit, uint64_t window, int64_t now, fp_sliding_window **made,
                                    fp_error *error)
    void fp_sliding_window_free(fp_sliding_window *window)
    fp_status fp_sliding_window_take(fp_sliding_window *window, uint32_t count, int64_t now)
    uint32_t fp_sliding_window_count(const fp_sliding_window *window, int64_t now)

    ctypedef enum fp_breaker_resource:
        FASTPATH_BREAKER_CONNECTIONS
        FASTPATH_BREAKER_PENDING_REQUESTS
        FASTPATH_BREAKER_REQUESTS
        FASTPATH_BREAKER_RETRIES

    ctypedef struct fp_breaker_thresholds:
        uint32_t max[4]
        uint32_t has_retry_budget
        double budget_percent
        uint32_t min_retry_concurrency

    ctypedef struct fp_breaker_stats:
        uint64_t active
        uint64_t max
        uint64_t overflow

    ctypedef struct fp_circuit_breaker:
        pass

    void fp_breaker_thresholds_default(fp_breaker_thresholds *thresholds)
    fp_status fp_circuit_breaker_new(const fp_breaker_thresholds *thresholds, fp_circuit_breaker **breaker,
                                     fp_error *error)
    fp_circuit_breaker *fp_circuit_breaker_ref(fp_circuit_breaker *breaker)
    void fp_circuit_breaker_unref(fp_circuit_breaker *breaker)
    fp_status fp_circuit_breaker_configure(fp_circuit_breaker *breaker, const fp_breaker_thresholds *thresholds,
                                           fp_error *error)
    fp_status fp_circuit_breaker_acquire(fp_circuit_breaker *breaker, fp_breaker_resource resource)
    void fp_circuit_breaker_add(fp_circuit_breaker *breaker, fp_breaker_resource resource)
    fp_status fp_circuit_breaker_release(fp_circuit_breaker *breaker, fp_breaker_resource resource)
    void fp_circuit_breaker_stats_get(const fp_circuit_breaker *breaker, fp_breaker_resource resource,
                                      fp_breaker_stats *stats)
