from fastpath.libfastpath.cluster cimport fp_retry_priority


cdef class RetryPriority:
    cdef fp_retry_priority value
