# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Parsed HTTP/1 heads as Python objects that make no other object until they are asked.

    Request ──┐                       ┌──> the bytes object or the segment that the head lies in
              ├──> HeadRecord (spans) ┤
    Headers ──┘                       └──> nothing else

A head is only ever read from bytes that cannot change: from `bytes` and from segments in place, from anything else out
of one copy of the head.
"""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.object cimport PyObject
from libc.stdint cimport SIZE_MAX, uint8_t, uint32_t

from fastpath._head cimport FramedHead
from fastpath._limits cimport Limits, limits_of
from fastpath._message cimport HeaderList, ascii_bytes, header_list, minor_version, record_from_message
from fastpath._names cimport known_methods, method_id
from fastpath._objects cimport *
from fastpath._record cimport RECORD_FIELDS, HeadRecord, has, length_of, live, record_new, record_unref, span
from fastpath._response cimport response_new
from fastpath._status cimport check
from fastpath.libfastpath.base cimport (
    FASTPATH_ERR_HTTP_TOO_MANY_HEADERS,
    FASTPATH_NEED_MORE,
    FASTPATH_OK,
    fp_error,
    fp_status,
)
from fastpath.libfastpath.http cimport *
from fastpath.libfastpath.http_write cimport fp_http_message

cdef PyObject **methods = known_methods()


# --- Request -------------------------------------------------------------------------------------------------------

@cython.final
cdef class Request(FramedHead):
    """A request head.

    Made by `parse_request` and `Connection.next_event`, or from its parts to be sent:
    `Request(method=b"GET", target=b"/", headers=[(b"Host", b"a.example")])`. Immutable. Strings are bytes, as received.
    """

    def __init__(self, *, method, target, headers=(), http_version=b"1.1"):
        cdef fp_http_message message
        cdef HeaderList listed = header_list(headers)
        cdef bytes method_text = ascii_bytes(method, "method")
        cdef bytes target_text = ascii_bytes(target, "target")
        message.method.data = method_text
        message.method.len = len(method_text)
        message.target.data = target_text
        message.target.len = len(target_text)
        message.minor = minor_version(http_version)
        message.headers = listed.items
        message.header_count = listed.count
        cdef HeadRecord *record = record_from_message(&message, True)
        if self.record is not NULL:
            record_unref(self.record)
        self.record = record

    @property
    def method(self):
        """The method: `b"GET"`."""
        return method_of(live(self.record))

    @property
    def target(self):
        """The request-target as it stands (RFC 9112 section 3.2)."""
        cdef HeadRecord *record = live(self.record)
        return span(record, record.head.target_off, record.head.target_len)

    @property
    def path(self):
        """The target's path, without the query; `b"*"` for `OPTIONS *`, empty for CONNECT."""
        cdef HeadRecord *record = live(self.record)
        return span(record, record.head.path_off, record.head.path_len)

    @property
    def query(self):
        """What follows the target's first `?`; None when there is no `?`."""
        cdef HeadRecord *record = live(self.record)
        if record.head.query_off == 0:
            return None
        return span(record, record.head.query_off, record.head.query_len)

    @property
    def authority(self):
        """Whom the request is for: the target's authority where it has one, else Host's value (RFC 9112, 3.2.2)."""
        cdef HeadRecord *record = live(self.record)
        return span(record, record.head.authority_off, record.head.authority_len)

    def routing_key(self):
        """`(method, path, authority)`: what choosing a route needs, in one call. The path is without the query."""
        cdef HeadRecord *record = live(self.record)
        cdef PyObject *made = PyTuple_New(3)
        result = <tuple>made
        Py_DECREF(made)
        cdef PyObject *method
        if record.head.method != FASTPATH_HTTP_METHOD_UNKNOWN:
            method = methods[record.head.method]
            Py_INCREF(method)
        else:
            method = PyBytes_FromStringAndSize(
                <const char *>record.data + record.head.method_off, record.head.method_len
            )
        PyTuple_SET_ITEM(made, 0, method)
        PyTuple_SET_ITEM(
            made, 1, PyBytes_FromStringAndSize(<const char *>record.data + record.head.path_off, record.head.path_len)
        )
        PyTuple_SET_ITEM(
            made,
            2,
            PyBytes_FromStringAndSize(
                <const char *>record.data + record.head.authority_off, record.head.authority_len
            ),
        )
        return result

    @property
    def has_body(self):
        """Whether a body follows: it is chunked, or Content-Length is more than 0."""
        cdef HeadRecord *record = live(self.record)
        return bool(record.head.flags & FASTPATH_HTTP_CHUNKED or length_of(record))

    @property
    def expect_continue(self):
        """Whether the client waits for `100 Continue` before it sends the body."""
        return has(self.record, FASTPATH_HTTP_EXPECT_CONTINUE)

    def __repr__(self):
        cdef HeadRecord *record = live(self.record)
        return f"<Request {self.method.decode()} {self.target!r} with {record.head.field_count} headers>"


cdef Request request_new(HeadRecord *record):
    cdef Request request
    try:
        request = Request.__new__(Request)
    except BaseException:
        record_unref(record)
        raise
    request.record = record
    return request


cdef inline bytes method_of(HeadRecord *record):
    if record.head.method != FASTPATH_HTTP_METHOD_UNKNOWN:
        return <bytes>methods[record.head.method]
    return span(record, record.head.method_off, record.head.method_len)


# --- Parsing -------------------------------------------------------------------------------------------------------

cdef HeadRecord *parse_at(
    const uint8_t *data, size_t length, size_t position, int request_method, const fp_http_limits *limits
) except? NULL:
    """The head at data, for a negative request_method that of a request; NULL when there is not enough of it.

    A refusal counts its position from `position` bytes before data.
    """
    cdef HeadRecord *record = record_new(RECORD_FIELDS)
    cdef fp_error error
    cdef fp_status status
    while True:
        if request_method < 0:
            status = fp_http_parse_request(data, length, limits, &record.head, &error)
        else:
            status = fp_http_parse_response(
                data, length, <fp_http_method>request_method, limits, &record.head, &error
            )
        if status == FASTPATH_OK:
            record.data = data
            return record
        if status == FASTPATH_ERR_HTTP_TOO_MANY_HEADERS and record.head.field_capacity < allowed_headers(limits):
            # Rare: start again with room for all that the limits allow.
            record_unref(record)
            record = record_new(allowed_headers(limits))
            continue
        record_unref(record)
        if status != FASTPATH_NEED_MORE:
            error.position += position if error.position != SIZE_MAX else 0
            check(status, &error)
        return NULL


cdef uint32_t allowed_headers(const fp_http_limits *limits) noexcept:
    cdef fp_http_limits defaults
    if limits is not NULL:
        return limits.max_headers
    fp_http_limits_default(&defaults)
    return defaults.max_headers


cdef HeadRecord *parse_from(object data, int request_method, const fp_http_limits *limits) except? NULL:
    """As parse_at, for what Python has; the record keeps the bytes."""
    cdef HeadRecord *record
    cdef Py_buffer view
    cdef bytes copy
    if PyBytes_CheckExact(data):
        record = parse_at(
            <const uint8_t *>PyBytes_AS_STRING(<PyObject *>data),
            PyBytes_GET_SIZE(<PyObject *>data),
            0,
            request_method,
            limits,
        )
        if record is not NULL:
            Py_INCREF(<PyObject *>data)
            record.source = <PyObject *>data
        return record
    PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
    try:
        record = parse_at(<const uint8_t *>view.buf, view.len, 0, request_method, limits)
        if record is not NULL:
            try:
                copy = (<const char *>view.buf)[: record.head.head_len]
            except BaseException:
                record_unref(record)
                raise
            Py_INCREF(<PyObject *>copy)
            record.source = <PyObject *>copy
            record.data = copy
        return record
    finally:
        PyBuffer_Release(&view)


def parse_request(data, /):
    """The request head that `data` (bytes-like, contiguous) starts with, or None when there is not enough of it.

    Raises RemoteProtocolError for what must be refused. Limits are the defaults of `Limits`; see `HeadParser`.
    """
    cdef HeadRecord *record = parse_from(data, -1, NULL)
    if record is NULL:
        return None
    return request_new(record)


def parse_response(data, request_method=b"GET", /):
    """The response head that `data` starts with, or None when there is not enough of it.

    The method of the request that it answers decides how its body is framed (RFC 9112 section 6.3).
    """
    cdef HeadRecord *record = parse_from(data, method_id(request_method), NULL)
    if record is NULL:
        return None
    return response_new(record)


@cython.final
cdef class HeadParser:
    """`parse_request` and `parse_response` under limits of your own: `HeadParser(Limits(max_headers=20))`."""

    cdef readonly Limits limits

    def __init__(self, Limits limits=None):
        self.limits = Limits() if limits is None else limits

    def parse_request(self, data, /):
        """As the function of this name."""
        cdef HeadRecord *record = parse_from(data, -1, limits_of(self.limits))
        if record is NULL:
            return None
        return request_new(record)

    def parse_response(self, data, request_method=b"GET", /):
        """As the function of this name."""
        cdef HeadRecord *record = parse_from(data, method_id(request_method), limits_of(self.limits))
        if record is NULL:
            return None
        return response_new(record)
