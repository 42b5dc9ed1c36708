# Requests and parsing for other Cython modules.
from libc.stdint cimport uint8_t

from fastpath._head cimport FramedHead
from fastpath._record cimport HeadRecord
from fastpath.libfastpath.http cimport fp_http_limits


cdef class Request(FramedHead):
    pass

# Takes over the caller's reference on the record, also when it fails.
cdef Request request_new(HeadRecord *record)

# The head at data, or NULL when there is not enough of it; a negative request_method asks for a request. The caller
# adds what keeps the bytes alive. `position` is added to that of a refusal.
cdef HeadRecord *parse_at(
    const uint8_t *data, size_t length, size_t position, int request_method, const fp_http_limits *limits
) except? NULL

# As parse_at, for bytes-like data, whose bytes the record keeps. NULL limits stand for the defaults.
cdef HeadRecord *parse_from(object data, int request_method, const fp_http_limits *limits) except? NULL
