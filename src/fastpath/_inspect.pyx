"""The first bytes of a connection: PROXY headers, ClientHellos, which HTTP. `fastpath.connections` names the parts.

Each call takes all bytes that have arrived, and gives None while more are needed, False for "no".
"""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memset

from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_NEED_MORE, FASTPATH_NONE, fp_error, fp_span, fp_status
from fastpath.libfastpath.inspect cimport *


cdef inline bytes bytes_of(const uint8_t *data, size_t length):
    return PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>length)


cdef inline bytes content_of(fp_span span):
    return b"" if span.data is NULL else bytes_of(span.data, span.len)


cdef inline object unfinished(fp_status status):
    return None if status == FASTPATH_NEED_MORE else False


def parse_proxy_header(const uint8_t[::1] data not None):
    """(version, family, datagram, local, source, source port, destination, destination port, length, TLVs)."""
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


cdef object hello_of(fp_client_hello *hello):
    cdef fp_span rest = hello.alpn
    cdef fp_span name
    cdef list protocols = []
    while fp_alpn_next(&rest, &name):
        protocols.append(bytes_of(name.data, name.len))
    return (
        None if hello.server_name.data is NULL else content_of(hello.server_name),
        tuple(protocols), hello.max_version, hello.legacy_version, content_of(hello.cipher_suites),
        content_of(hello.versions), content_of(hello.groups), content_of(hello.signature_algorithms),
        content_of(hello.point_formats), content_of(hello.extensions), hello.len,
    )


@cython.final
cdef class ClientHelloReader:
    """Remembers how far it has come; see fp_client_hello_read."""
    cdef fp_client_hello_reader reader
    cdef size_t max_size
    cdef uint8_t *scratch  # while the verdict is open

    def __cinit__(self, size_t max_size=0):
        memset(&self.reader, 0, sizeof(self.reader))
        self.max_size = max_size

    def __dealloc__(self):
        PyMem_Free(self.scratch)

    def read(self, const uint8_t[::1] data not None):
        """(server name, protocols, highest version, legacy version, cipher suites, versions, groups, signature
        algorithms, point formats, extensions, length)."""
        cdef fp_client_hello hello
        cdef fp_error error
        cdef fp_status status
        cdef size_t length = <size_t>data.shape[0]
        cdef const uint8_t *start = &data[0] if length != 0 else NULL
        if self.scratch is NULL:
            self.scratch = <uint8_t *>PyMem_Malloc(FASTPATH_CLIENT_HELLO_MAX)
            if self.scratch is NULL:
                raise MemoryError
        status = fp_client_hello_read(&self.reader, start, length, self.max_size, self.scratch, &hello, &error)
        if status == FASTPATH_NEED_MORE:
            return None
        try:
            check(status, &error)
            return False if status == FASTPATH_NONE else hello_of(&hello)
        finally:
            PyMem_Free(self.scratch)
            self.scratch = NULL


def iter_extensions(bytes extensions not None):
    """[(type, content), …]."""
    cdef fp_span rest, content
    cdef uint16_t kind
    cdef list found = []
    rest.data = extensions
    rest.len = <size_t>len(extensions)
    while fp_tls_extension_next(&rest, &kind, &content):
        found.append((kind, bytes_of(content.data, content.len)))
    return found


@cython.final
cdef class HttpDetector:
    """Remembers how far it has looked for the end of the request line; see fp_http_detect."""
    cdef size_t looked

    def read(self, const uint8_t[::1] data not None):
        """10, 11 or 20 for HTTP/1.0, HTTP/1.1 and HTTP/2."""
        cdef fp_http_version version
        cdef fp_error error
        cdef size_t length = <size_t>data.shape[0]
        cdef const uint8_t *start = &data[0] if length != 0 else NULL
        cdef fp_status status = <fp_status>check(
            fp_http_detect(start, length, &self.looked, &version, &error), &error
        )
        if status == FASTPATH_NEED_MORE or status == FASTPATH_NONE:
            return unfinished(status)
        return <int>version
