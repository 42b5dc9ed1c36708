# Compiled header operations for other Cython modules, and how a call's arguments become an fp_http_forward.
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.http_write cimport fp_http_forward, fp_http_rewrite


cdef enum:
    MAX_VALUES = 256


# What an fp_http_forward borrows. Lives on the stack of the call.
cdef struct Forwarding:
    fp_http_forward forward
    fp_span values[MAX_VALUES]


cdef class HeadRewriter:
    cdef fp_http_rewrite *compiled
    cdef size_t open_values

    cdef int prepare(
        self, Forwarding *forwarding, tuple values, bytes method, bytes path, bytes query, bytes authority,
        object content_length, object chunked, bint upgrade, bint close, bint keep_alive, bint proxy_authorization
    ) except -1
