# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""The chunked transfer coding by itself (RFC 9112 section 7.1): for bodies that are read without a Connection."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from fastpath._limits cimport Limits, limits_of
from fastpath._message cimport header_list
from fastpath._segments cimport segment_within
from fastpath._status cimport check
from fastpath._trailers cimport trailer_lines, trailers_new
from fastpath._view cimport view_adopt
from fastpath.libfastpath.base cimport FASTPATH_OK, FASTPATH_PAUSED, fp_error, fp_span, fp_status
from fastpath.libfastpath.buffer cimport *
from fastpath.libfastpath.chunked cimport *

cdef extern from "Python.h":
    int _PyBytes_Resize(PyObject **text, Py_ssize_t size) except -1

cdef enum:
    STACK_ROOM = 4096
    SPANS = 64


@cython.final
cdef class ChunkedDecoder:
    """Reads a chunked body that comes in pieces, strictly and within `Limits`.

    `decode(data)` gives the body bytes in data as one copy, `decode_views(data)` as uncopied runs. When `finished`,
    `trailers` holds what came behind the body and `unused_data` what belongs to the next message. A refusal is a
    RemoteProtocolError, from then on each time; `position` counts from the first byte of the body's framing.
    """

    cdef fp_chunked decoder
    cdef bytes pending
    cdef readonly bint finished
    cdef readonly object trailers
    cdef readonly bytes unused_data

    def __cinit__(self, Limits limits=None):
        fp_chunked_init(&self.decoder, limits_of(limits))
        self.unused_data = b""

    def decode(self, data, /):
        """The body bytes in `data` (bytes-like), joined."""
        cdef bytes text = self.whole(data)
        cdef uint8_t small[STACK_ROOM]
        cdef const uint8_t *source = <const uint8_t *>PyBytes_AS_STRING(text)
        cdef size_t length = <size_t>PyBytes_GET_SIZE(text)
        cdef size_t made = 0
        cdef PyObject *joined
        if self.finished:
            self.unused_data += text
            return b""
        if length <= STACK_ROOM:
            made = self.join(text, source, length, small)
            return PyBytes_FromStringAndSize(<char *>small, <Py_ssize_t>made)
        body = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length)
        made = self.join(text, source, length, <uint8_t *>PyBytes_AS_STRING(body))
        # Only a bytes object that nobody else has may be resized: hand the reference over.
        joined = <PyObject *>body
        Py_INCREF(body)
        body = None
        _PyBytes_Resize(&joined, <Py_ssize_t>made)
        body = <object>joined
        Py_DECREF(body)
        return body

    def decode_views(self, data, /):
        """The body bytes in `data` as a list of views into it; what is not `bytes` is copied once."""
        cdef bytes text = self.whole(data)
        cdef const uint8_t *source = <const uint8_t *>PyBytes_AS_STRING(text)
        cdef size_t length = <size_t>PyBytes_GET_SIZE(text)
        cdef size_t consumed = 0
        cdef size_t i
        cdef fp_span spans[SPANS]
        cdef fp_chunked_part part
        cdef fp_error error
        cdef fp_status status = FASTPATH_PAUSED
        cdef fp_segment *segment
        cdef list views = []
        if self.finished:
            self.unused_data += text
            return views
        part.spans = spans
        part.span_capacity = SPANS
        segment = segment_within(text, source, <Py_ssize_t>length)
        try:
            while status == FASTPATH_PAUSED:
                status = fp_chunked_decode(&self.decoder, source + consumed, length - consumed, &part, &error)
                check(status, &error)
                consumed += part.consumed
                for i in range(part.span_count):
                    views.append(view_adopt(fp_segment_ref(segment), spans[i].data, <Py_ssize_t>spans[i].len))
            self.settle(text, consumed, status, &part)
        finally:
            fp_segment_unref(segment)
        return views

    def finish(self):
        """The input ends here: RemoteProtocolError unless the body had ended."""
        cdef fp_error error
        check(fp_chunked_eof(&self.decoder, &error), &error)

    cdef bytes whole(self, object data):
        """What is left from before and the new bytes, as bytes that cannot change."""
        cdef Py_buffer given
        cdef bytes text
        if type(data) is bytes:
            text = <bytes>data
        else:
            PyObject_GetBuffer(data, &given, PyBUF_SIMPLE)
            try:
                text = PyBytes_FromStringAndSize(<char *>given.buf, given.len)
            finally:
                PyBuffer_Release(&given)
        return text if self.pending is None else self.pending + text

    cdef size_t join(self, bytes text, const uint8_t *source, size_t length, uint8_t *target) except? <size_t>-1:
        cdef fp_chunked_part part
        cdef fp_error error
        cdef fp_status status = FASTPATH_PAUSED
        cdef size_t consumed = 0
        cdef size_t made = 0
        while status == FASTPATH_PAUSED:
            status = fp_chunked_join(
                &self.decoder, source + consumed, length - consumed, target + made, &part, &error
            )
            check(status, &error)
            consumed += part.consumed
            made += part.body_len
        self.settle(text, consumed, status, &part)
        return made

    cdef int settle(self, bytes text, size_t consumed, fp_status status, fp_chunked_part *part) except -1:
        """Keeps what this input leaves over: an unfinished trailer section, or what lies behind the body."""
        rest = text[consumed:]
        if status != FASTPATH_OK:
            self.pending = rest or None
            return 0
        self.pending = None
        self.trailers = trailers_new(
            PyBytes_FromStringAndSize(<const char *>part.trailers.data, <Py_ssize_t>part.trailers.len), False
        )
        self.unused_data = rest
        self.finished = True
        return 0

    def __repr__(self):
        return f"<ChunkedDecoder{', finished' if self.finished else ''}>"


def encode_chunk(data, /):
    """One chunk: size, CRLF, the bytes (bytes-like, at least one), CRLF."""
    cdef Py_buffer given
    cdef uint8_t line[FASTPATH_CHUNK_HEADER_MAX]
    cdef size_t length
    cdef bytes chunk
    cdef char *target
    PyObject_GetBuffer(data, &given, PyBUF_SIMPLE)
    try:
        if given.len == 0:
            raise ValueError("an empty chunk would end the body")
        length = fp_chunk_header(line, <size_t>given.len, 1)
        chunk = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length + given.len + 2)
        target = PyBytes_AS_STRING(chunk)
        memcpy(target, line, length)
        memcpy(target + length, given.buf, <size_t>given.len)
        memcpy(target + length + given.len, "\r\n", 2)
        return chunk
    finally:
        PyBuffer_Release(&given)


def encode_last_chunk(trailers=(), /):
    """The end of a chunked body, with trailers if there are any. LocalProtocolError for one that must not be sent."""
    return b"0\r\n" + trailer_lines(header_list(trailers)) + b"\r\n"
