"""The first bytes of a connection: PROXY headers, ClientHellos, which HTTP. `fastpath.connections` names the parts."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t

from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_NEED_MORE, FASTPATH_NONE, fp_error, fp_span, fp_status
from fastpath.libfastpath.inspect cimport *


cdef inline bytes bytes_of(const uint8_t *data, size_t length):
    return PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>length)


cdef inline object optional(fp_span span):
    return None if span.data is NULL else bytes_of(span.data, span.len)


cdef object unfinished(fp_status status):
    """None while more is needed, False for "no"."""
    return None if status == FASTPATH_NEED_MORE else False


def parse_proxy_header(const uint8_t[::1] data not None):
    """(version, family, datagram, local, source, source port, destination, destination port, length, TLVs), None or
    False."""
    cdef fp_proxy_header header
    cdef fp_error error
    cdef size_t length = <size_t>data.shape[0]
    cdef const uint8_t *start = &data[0] if length != 0 else NULL
    cdef fp_status status = <fp_status>check(fp_proxy_header_parse(start, length, &header, &error), &error)
    cdef size_t size
    if status == FASTPATH_NEED_MORE or status == FASTPATH_NONE:
        return unfinished(status)
    size = 4 if header.family == FASTPATH_PROXY_IPV4 else 16 if header.family == FASTPATH_PROXY_IPV6 else 0
    return (
        header.version, header.family, bool(header.datagram), bool(header.local),
        bytes_of(header.source, size), header.source_port, bytes_of(header.destination, size), header.destination_port,
        header.len, bytes_of(start + header.tlvs_offset, header.tlvs_len),
    )


def parse_client_hello(const uint8_t[::1] data not None):
    """(legacy version, highest version, server name, protocols, cipher suites, extensions, length), None or False."""
    cdef fp_client_hello hello
    cdef fp_error error
    cdef fp_status status
    cdef fp_span rest, name
    cdef list protocols = []
    cdef size_t length = <size_t>data.shape[0]
    cdef const uint8_t *start = &data[0] if length != 0 else NULL
    cdef uint8_t *scratch = <uint8_t *>PyMem_Malloc(FASTPATH_CLIENT_HELLO_MAX)
    if scratch is NULL:
        raise MemoryError
    try:
        status = <fp_status>check(fp_client_hello_parse(start, length, scratch, &hello, &error), &error)
        if status == FASTPATH_NEED_MORE or status == FASTPATH_NONE:
            return unfinished(status)
        rest = hello.alpn
        while fp_alpn_next(&rest, &name):
            protocols.append(bytes_of(name.data, name.len))
        return (
            hello.legacy_version, hello.max_version, optional(hello.server_name), tuple(protocols),
            bytes_of(hello.cipher_suites.data, hello.cipher_suites.len),
            bytes_of(hello.extensions.data, hello.extensions.len), hello.len,
        )
    finally:
        PyMem_Free(scratch)


def detect_http(const uint8_t[::1] data not None):
    """10, 11 or 20 for HTTP/1.0, HTTP/1.1 and HTTP/2, None or False."""
    cdef fp_http_version version
    cdef size_t length = <size_t>data.shape[0]
    cdef fp_status status = fp_http_detect(&data[0] if length != 0 else NULL, length, &version)
    if status == FASTPATH_NEED_MORE or status == FASTPATH_NONE:
        return unfinished(status)
    return <int>version
