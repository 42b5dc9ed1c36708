# Limits for other Cython modules.
from fastpath.libfastpath.http cimport fp_http_limits


cdef class Limits:
    cdef fp_http_limits limits


cdef inline const fp_http_limits *limits_of(Limits limits) noexcept:
    """Of an argument that may be None: NULL then, which stands for the defaults."""
    return NULL if limits is None else &limits.limits
