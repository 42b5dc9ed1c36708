# cython: wraparound=False, nonecheck=True
"""What a route table looks at of a request, from what Python has."""
from cpython.mem cimport PyMem_Malloc
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from fastpath._spans cimport required_span
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.http cimport fp_http_field, fp_http_name_id
from fastpath.libfastpath.route cimport (
    FASTPATH_ROUTE_REQUEST_TLS_PRESENTED,
    FASTPATH_ROUTE_REQUEST_TLS_VALIDATED,
)


cdef int lines_from(object headers, Lines *lines) except -1:
    cdef list pairs = [tuple(pair) for pair in headers]  # the objects stay while their bytes are borrowed
    cdef size_t room = 0, at
    cdef fp_span name, value
    cdef fp_http_field *field
    if not pairs:
        return 0
    for pair in pairs:
        if len(<tuple>pair) != 2:
            raise ValueError("a header is a pair of name and value")
        required_span((<tuple>pair)[0], &name, "a header's name")
        required_span((<tuple>pair)[1], &value, "a header's value")
        if name.len > 0xffff:
            raise ValueError("a header's name is longer than 65535 bytes")
        room += name.len + value.len
    at = len(pairs) * sizeof(fp_http_field)
    if room > 0x40000000 or len(pairs) > 0x100000:
        raise ValueError("the headers are longer than 1 GiB together")
    lines.block = <uint8_t *>PyMem_Malloc(at + room + 1)
    if lines.block is NULL:
        raise MemoryError
    field = <fp_http_field *>lines.block
    for pair in pairs:
        required_span((<tuple>pair)[0], &name, "a header's name")
        required_span((<tuple>pair)[1], &value, "a header's value")
        field.name = <uint32_t>at
        field.name_len = <uint16_t>name.len
        field.value = <uint32_t>(at + name.len)
        field.value_len = <uint32_t>value.len
        field.id = fp_http_name_id(name.data, name.len)
        memcpy(lines.block + at, name.data, name.len)
        memcpy(lines.block + at + name.len, value.data, value.len)
        at += name.len + value.len
        field += 1
    lines.count = <uint32_t>len(pairs)
    return 0


cdef int tls_flags(object tls, uint32_t *flags) except -1:
    if tls is not None:
        if tls.presented:
            flags[0] |= FASTPATH_ROUTE_REQUEST_TLS_PRESENTED
        if tls.validated:
            flags[0] |= FASTPATH_ROUTE_REQUEST_TLS_VALIDATED
    return 0
