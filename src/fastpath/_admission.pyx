"""What is let in: one to one over fastpath/admission.h. Times are in seconds here."""

from collections import namedtuple

cimport cython
from libc.math cimport isfinite
from libc.stdint cimport INT64_MAX, int64_t, uint32_t, uint64_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from fastpath._status cimport check
from fastpath.libfastpath.admission cimport *
from fastpath.libfastpath.base cimport FASTPATH_OK, fp_error

BreakerStats = namedtuple("BreakerStats", "active max remaining overflow")

cdef dict _RESOURCES = {
    "connections": FASTPATH_BREAKER_CONNECTIONS,
    "pending_requests": FASTPATH_BREAKER_PENDING_REQUESTS,
    "requests": FASTPATH_BREAKER_REQUESTS,
    "retries": FASTPATH_BREAKER_RETRIES,
}


cdef int64_t now_of(object clock) except? -1:
    """Nanoseconds: of the clock, or of the system's monotonic one when there is none."""
    cdef timespec now
    cdef double seconds
    if clock is None:
        clock_gettime(CLOCK_MONOTONIC, &now)
        return <int64_t>now.tv_sec * 1000000000 + now.tv_nsec
    seconds = clock()
    if not -4e9 < seconds < 9e9:
        raise ValueError(f"the clock says {seconds}")
    return <int64_t>(seconds * 1e9)


cdef uint64_t nanoseconds(double seconds) except? 0:
    if not isfinite(seconds) or not 0 < seconds < 9e9:
        raise ValueError(f"{seconds} is not a time in seconds above 0")
    return max(<uint64_t>(seconds * 1e9), <uint64_t>1)


@cython.final
cdef class TokenBucket:
    """Lets in `max_tokens` at once, and `tokens_per_fill` more within each `fill_interval` (seconds).

    Tokens flow back all the time, as in Envoy, and not all at an interval's end. ConfigError (a ValueError) for buckets
    that hold or get nothing, or more than a token a nanosecond. `clock` gives seconds; None: the system's monotonic
    one. Any thread may call any method. Source: envoy.type.v3.TokenBucket.
    """
    cdef fp_token_bucket *ptr
    cdef object clock

    def __cinit__(self, uint64_t max_tokens, uint64_t tokens_per_fill=1, double fill_interval=1.0, *, clock=None):
        cdef fp_error error
        self.clock = clock
        check(fp_token_bucket_new(
            max_tokens, tokens_per_fill, nanoseconds(fill_interval), now_of(clock), &self.ptr, &error
        ), &error)

    def __dealloc__(self):
        fp_token_bucket_free(self.ptr)

    def take(self, uint64_t tokens=1):
        """Take that many tokens, or none. Whether they were there."""
        return fp_token_bucket_take(self.ptr, tokens, now_of(self.clock)) == FASTPATH_OK

    @property
    def available(self):
        """Whole tokens that are there."""
        return fp_token_bucket_available(self.ptr, now_of(self.clock))

    def wait_time(self, uint64_t tokens=1):
        """Seconds until that many are there, if nobody takes any; infinite for more than the bucket holds."""
        cdef int64_t time = fp_token_bucket_wait(self.ptr, tokens, now_of(self.clock))
        return float("inf") if time == INT64_MAX else <double>time / 1e9


@cython.final
cdef class SlidingWindow:
    """Lets in at most `limit` (1 to 1048575) within any `window` seconds, as far as two counters can tell.

    What came in the window before counts by the share of it that the sliding one still covers. ConfigError,
    `clock` and threads as for TokenBucket.
    """
    cdef fp_sliding_window *ptr
    cdef object clock

    def __cinit__(self, uint32_t limit, double window, *, clock=None):
        cdef fp_error error
        self.clock = clock
        check(fp_sliding_window_new(limit, nanoseconds(window), now_of(clock), &self.ptr, &error), &error)

    def __dealloc__(self):
        fp_sliding_window_free(self.ptr)

    def take(self, uint32_t count=1):
        """Count that many, or none. Whether they were let in."""
        return fp_sliding_window_take(self.ptr, count, now_of(self.clock)) == FASTPATH_OK

    @property
    def count(self):
        """What counts now, rounded up."""
        return fp_sliding_window_count(self.ptr, now_of(self.clock))


@cython.final
cdef class InFlightLimit:
    """Lets in at most `limit` (0 to 2^32-1) at a time. Any thread may call any method."""
    cdef fp_circuit_breaker *ptr

    def __cinit__(self, uint32_t limit):
        cdef fp_breaker_thresholds thresholds
        fp_breaker_thresholds_default(&thresholds)
        thresholds.max[<int>FASTPATH_BREAKER_REQUESTS] = limit
        check(fp_circuit_breaker_new(&thresholds, &self.ptr, NULL), NULL)

    def __dealloc__(self):
        fp_circuit_breaker_unref(self.ptr)

    def acquire(self):
        """Let one more in. False, and nothing has changed, when there are as many as there may be."""
        return fp_circuit_breaker_acquire(self.ptr, FASTPATH_BREAKER_REQUESTS) == FASTPATH_OK

    def release(self):
        """One is done. RuntimeError when none was in."""
        check(fp_circuit_breaker_release(self.ptr, FASTPATH_BREAKER_REQUESTS), NULL)

    @property
    def active(self):
        """How many are in."""
        cdef fp_breaker_stats stats
        fp_circuit_breaker_stats_get(self.ptr, FASTPATH_BREAKER_REQUESTS, &stats)
        return stats.active


cdef fp_breaker_resource resource_of(str name) except *:
    number = _RESOURCES.get(name)
    if number is None:
        raise ValueError(f"{name!r} is none of {', '.join(_RESOURCES)}")
    return <fp_breaker_resource><int>number


@cython.final
cdef class CircuitBreaker:
    """How much of a cluster may be in use at once, by resource: "connections", "pending_requests", "requests",
    "retries". Made from a models.CircuitBreakerThresholds. Any thread may call any method.
    """
    cdef fp_circuit_breaker *ptr

    def __cinit__(self, thresholds not None):
        cdef fp_breaker_thresholds values
        cdef fp_error error
        fill(&values, thresholds)
        check(fp_circuit_breaker_new(&values, &self.ptr, &error), &error)

    def __dealloc__(self):
        fp_circuit_breaker_unref(self.ptr)

    def configure(self, thresholds):
        """Other thresholds from now on; what is active stays so, even above them."""
        cdef fp_breaker_thresholds values
        cdef fp_error error
        fill(&values, thresholds)
        check(fp_circuit_breaker_configure(self.ptr, &values, &error), &error)

    def acquire(self, str resource not None):
        """One more. False when the breaker is open, which counts as an overflow."""
        return fp_circuit_breaker_acquire(self.ptr, resource_of(resource)) == FASTPATH_OK

    def add(self, str resource not None):
        """One more, whatever the limit: for what has to be, such as a host's only connection."""
        fp_circuit_breaker_add(self.ptr, resource_of(resource))

    def release(self, str resource not None):
        """One less. RuntimeError when none was active."""
        check(fp_circuit_breaker_release(self.ptr, resource_of(resource)), NULL)

    def stats(self, str resource not None):
        """A BreakerStats. With a retry budget the `max` of retries follows the requests."""
        cdef fp_breaker_stats stats
        fp_circuit_breaker_stats_get(self.ptr, resource_of(resource), &stats)
        remaining = stats.max - stats.active if stats.max > stats.active else 0
        return BreakerStats(stats.active, stats.max, remaining, stats.overflow)


cdef int fill(fp_breaker_thresholds *values, object thresholds) except -1:
    fp_breaker_thresholds_default(values)
    values.max[<int>FASTPATH_BREAKER_CONNECTIONS] = thresholds.max_connections
    values.max[<int>FASTPATH_BREAKER_PENDING_REQUESTS] = thresholds.max_pending_requests
    values.max[<int>FASTPATH_BREAKER_REQUESTS] = thresholds.max_requests
    values.max[<int>FASTPATH_BREAKER_RETRIES] = thresholds.max_retries
    budget = thresholds.retry_budget
    if budget is not None:
        values.has_retry_budget = 1
        values.budget_percent = budget.budget_percent
        values.min_retry_concurrency = budget.min_retry_concurrency
    return 0
