# What a route table looks at of a request, from what Python has.
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memchr

from fastpath._record cimport HeadRecord
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.http cimport FASTPATH_HTTP_ABSOLUTE_FORM, fp_http_head
from fastpath.libfastpath.route cimport (
    FASTPATH_ROUTE_REQUEST_TARGET_HTTP,
    FASTPATH_ROUTE_REQUEST_TARGET_HTTPS,
    fp_route_request,
)


cdef struct Lines:
    # Header lines that were given as objects, copied into one piece of memory: fields first, then their bytes.
    uint8_t *block
    uint32_t count


# Copies pairs of names and values; whoever calls frees the block, also after an exception.
cdef int lines_from(object headers, Lines *lines) except -1

cdef int tls_flags(object tls, uint32_t *flags) except -1


cdef inline void request_of(const HeadRecord *record, fp_route_request *request) noexcept nogil:
    """What a table looks at, as spans into a parsed head. The connection's scheme is left alone."""
    cdef const fp_http_head *head = &record.head
    request.data = record.data
    request.fields = head.fields
    request.field_count = head.field_count
    request.method.data = record.data + head.method_off
    request.method.len = head.method_len
    request.authority.data = record.data + head.authority_off if head.authority_len != 0 else NULL
    request.authority.len = head.authority_len
    request.path.data = record.data + head.path_off
    request.path.len = head.path_len
    if head.query_off != 0:
        request.path.len = <size_t>(head.query_off + head.query_len - head.path_off)
    request.flags &= ~<uint32_t>(FASTPATH_ROUTE_REQUEST_TARGET_HTTP | FASTPATH_ROUTE_REQUEST_TARGET_HTTPS)
    if head.flags & FASTPATH_HTTP_ABSOLUTE_FORM:
        request.flags |= (
            FASTPATH_ROUTE_REQUEST_TARGET_HTTP if record.data[head.target_off + 4] == c":"
            else FASTPATH_ROUTE_REQUEST_TARGET_HTTPS
        )
        if head.path_len == 0 and head.query_off == 0:
            # RFC 9110 section 4.2.3: an empty path means the root. To Envoy a query alone is no path.
            request.path.data = <const uint8_t *>b"/"
            request.path.len = 1


cdef inline size_t path_end(fp_span path) noexcept nogil:
    """Where the path's query begins."""
    cdef size_t end = path.len
    cdef const void *mark = memchr(path.data, c"?", end) if end != 0 else NULL
    if mark is not NULL:
        end = <size_t>(<const uint8_t *>mark - path.data)
    mark = memchr(path.data, c"#", end) if end != 0 else NULL
    return end if mark is NULL else <size_t>(<const uint8_t *>mark - path.data)
