# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Several requests in one piece of data, as a client that pipelines sends them."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from libc.stdint cimport SIZE_MAX, uint8_t

from fastpath._http cimport parse_at, request_new
from fastpath._limits cimport Limits, limits_of
from fastpath._record cimport HeadRecord
from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_OK, FASTPATH_PAUSED, fp_error, fp_span, fp_status
from fastpath.libfastpath.chunked cimport *
from fastpath.libfastpath.http cimport (
    FASTPATH_HTTP_CHUNKED,
    FASTPATH_HTTP_HAS_CONTENT_LENGTH,
    FASTPATH_HTTP_KEEP_ALIVE,
    FASTPATH_HTTP_METHOD_CONNECT,
    FASTPATH_HTTP_UPGRADE,
)

cdef enum:
    SPANS = 64


@cython.final
cdef class RequestIterator:
    """The complete requests that some data starts with, one by one; see `iter_requests`.

    `body` is the decoded body of the request that came last, `consumed` the number of bytes up to its end: what lies
    behind is to be given again when there is more of it.
    """

    cdef bytes source
    cdef Limits limits
    cdef size_t offset
    cdef size_t body_start
    cdef size_t body_length  # of what lies at body_start, framing included
    cdef bint chunked
    cdef bint ended

    def __init__(self):
        raise TypeError("request iterators come from iter_requests")

    def __reduce__(self):
        raise TypeError("a request iterator cannot be copied or pickled")

    def __iter__(self):
        return self

    def __next__(self):
        cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(self.source)
        cdef size_t length = <size_t>PyBytes_GET_SIZE(self.source)
        cdef HeadRecord *record
        cdef size_t start, body
        if self.ended:
            raise StopIteration
        record = parse_at(data + self.offset, length - self.offset, self.offset, -1, limits_of(self.limits))
        if record is NULL:
            raise StopIteration
        record.source = <PyObject *>self.source
        Py_INCREF(self.source)
        request = request_new(record)
        start = self.offset + record.head.head_len
        body = 0
        if record.head.flags & FASTPATH_HTTP_CHUNKED:
            body = self.length_of_chunked(data, start, length - start)
            if body == 0:
                raise StopIteration
        elif record.head.flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH:
            if record.head.content_length > length - start:
                raise StopIteration
            body = <size_t>record.head.content_length
        self.chunked = record.head.flags & FASTPATH_HTTP_CHUNKED != 0
        self.body_start = start
        self.body_length = body
        self.offset = start + body
        # What comes next is not for us when the client closes, or no HTTP when it wants to switch.
        self.ended = (
            record.head.flags & FASTPATH_HTTP_KEEP_ALIVE == 0
            or record.head.flags & FASTPATH_HTTP_UPGRADE != 0
            or record.head.method == FASTPATH_HTTP_METHOD_CONNECT
        )
        return request

    cdef size_t length_of_chunked(self, const uint8_t *data, size_t start, size_t length) except? 0:
        """Bytes of the chunked body at data[start], framing and trailers included; 0 when it is not complete."""
        cdef fp_chunked decoder
        cdef fp_span spans[SPANS]
        cdef fp_chunked_part part
        cdef fp_error error
        cdef fp_status status = FASTPATH_PAUSED
        cdef size_t consumed = 0
        fp_chunked_init(&decoder, limits_of(self.limits))
        part.spans = spans
        part.span_capacity = SPANS
        while status == FASTPATH_PAUSED:
            status = fp_chunked_decode(&decoder, data + start + consumed, length - consumed, &part, &error)
            if <int>status < 0:
                error.position += start if error.position != SIZE_MAX else 0
                check(status, &error)
            consumed += part.consumed
        return consumed if status == FASTPATH_OK else 0

    @property
    def body(self):
        """The decoded body of the request that came last: bytes, empty when it has none."""
        cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(self.source) + self.body_start
        cdef fp_chunked decoder
        cdef fp_chunked_part part
        cdef fp_error error
        cdef fp_span spans[SPANS]
        cdef fp_status status = FASTPATH_PAUSED
        cdef size_t consumed = 0
        cdef size_t i
        cdef list pieces = []
        if not self.chunked:
            return PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>self.body_length)
        fp_chunked_init(&decoder, limits_of(self.limits))
        part.spans = spans
        part.span_capacity = SPANS
        while status == FASTPATH_PAUSED:
            status = fp_chunked_decode(&decoder, data + consumed, self.body_length - consumed, &part, &error)
            check(status, &error)
            for i in range(part.span_count):
                pieces.append(PyBytes_FromStringAndSize(<const char *>spans[i].data, <Py_ssize_t>spans[i].len))
            consumed += part.consumed
        return b"".join(pieces)

    @property
    def consumed(self):
        """Bytes of the data up to the end of the request that came last."""
        return self.offset

    def __repr__(self):
        return f"<RequestIterator at byte {self.offset} of {len(self.source)}>"


def iter_requests(data, /, Limits limits=None):
    """An iterator over the complete requests that `data` (bytes-like, contiguous) starts with: gives `Request`s.

        requests = iter_requests(data)
        for request in requests:
            handle(request, requests.body)
        data = data[requests.consumed:]

    It ends before a request that is not complete, body included, and after one that closes the connection or asks to
    switch protocols. Raises RemoteProtocolError at what must be refused; `position` counts from the start of data. For
    bodies that should not wait until they are complete, use a Connection.
    """
    cdef RequestIterator iterator = RequestIterator.__new__(RequestIterator)
    cdef Py_buffer given
    if type(data) is bytes:
        iterator.source = <bytes>data
    else:
        PyObject_GetBuffer(data, &given, PyBUF_SIMPLE)
        try:
            iterator.source = PyBytes_FromStringAndSize(<const char *>given.buf, given.len)
        finally:
            PyBuffer_Release(&given)
    iterator.limits = limits
    return iterator
