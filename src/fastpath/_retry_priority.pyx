# cython: binding=False, always_allow_keywords=False
"""Which priorities the retries of a request go to."""

cimport cython
from libc.stdint cimport uint32_t

from fastpath._host cimport Host, live
from fastpath._status cimport check
from fastpath.libfastpath.cluster cimport fp_retry_priority_attempted, fp_retry_priority_init


@cython.final
@cython.no_gc
cdef class RetryPriority:
    """Which priorities the retries of one request go to (Envoy's retry_priority previous_priorities).

    Tell it each host that the request is sent to, and give it to `Cluster.pick` for retries: after every
    `update_frequency` attempts load is shared among the priorities that were not tried, as far as they have hosts; when
    none is left, all count again. One thread at a time.
    """

    def __cinit__(self, uint32_t update_frequency):
        if update_frequency == 0:
            raise ValueError("update_frequency is 0")
        check(fp_retry_priority_init(&self.value, update_frequency), NULL)

    def __reduce__(self):
        raise TypeError("a RetryPriority belongs to one request: it cannot be copied or pickled")

    def attempted(self, Host host not None):
        """The request was sent to this host, or was to be."""
        fp_retry_priority_attempted(&self.value, live(host))
