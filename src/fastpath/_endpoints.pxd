from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.cluster cimport fp_endpoint


cdef class EndpointArray:
    cdef fp_endpoint *items
    cdef readonly size_t count
    cdef size_t room
    cdef list kept  # what the items' strings and labels are in

    cdef int reserve(self, size_t more) except -1
    cdef int take_text(self, object text, fp_span *span) except -1
    cdef bint read(self, object endpoint, bint by_hostname, fp_endpoint *item) except -1
    cdef EndpointArray copy(self)
