# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""What happens on a connection: the events that `Connection` gives and takes, beside heads."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint32_t
from libc.string cimport memcpy

import enum

from fastpath._headers cimport Headers, headers_new
from fastpath._http cimport request_new
from fastpath._message cimport HeaderList, header_list
from fastpath._record cimport HeadRecord, record_new
from fastpath._response cimport response_new
from fastpath._trailers cimport trailer_lines, trailers_new
from fastpath._view cimport View, view_adopt
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.buffer cimport fp_segment_ref, fp_segment_unref
from fastpath.libfastpath.http cimport fp_http_field
from fastpath.libfastpath.http_connection cimport *


class Signal(enum.Enum):
    """What `Connection.next_event` says when there is no event."""

    NEED_DATA = FASTPATH_HTTP_EVENT_NEED_DATA
    PAUSED = FASTPATH_HTTP_EVENT_PAUSED

    def __repr__(self):
        return self.name

    __str__ = __repr__


NEED_DATA = Signal.NEED_DATA
PAUSED = Signal.PAUSED

cdef object need_data = Signal.NEED_DATA
cdef object paused = Signal.PAUSED


@cython.final
@cython.freelist(32)
@cython.no_gc
cdef class Data:
    """Some bytes of a body. `Data(data=b"...")` makes one to send: bytes are referenced, other such objects copied."""

    def __init__(self, *, data):
        cdef Py_buffer given
        forget_runs(self)
        if type(data) is View:
            self.length = len(data)  # which refuses a view that was released
            self.segment = fp_segment_ref((<View>data).segment)
            self.first.data = (<View>data).data
            self.first.len = <size_t>self.length
            self.count = 1
            return
        if type(data) is bytes:
            self.text = <bytes>data
        else:
            PyObject_GetBuffer(data, &given, PyBUF_SIMPLE)
            try:
                self.text = PyBytes_FromStringAndSize(<char *>given.buf, given.len)
            finally:
                PyBuffer_Release(&given)
        self.length = PyBytes_GET_SIZE(self.text)

    def __dealloc__(self):
        forget_runs(self)

    @property
    def data(self):
        """The bytes as one bytes-like object. Copies only where a chunked body came in several chunks."""
        cdef size_t i
        if self.count == 1:
            return run_view(self, &self.first)
        if self.text is None:
            self.text = b"".join([run_view(self, &self.runs[i]) for i in range(self.count)])
        return self.text

    def views(self):
        """The bytes as they lie in received memory, without any copy: a list of bytes-like objects."""
        cdef size_t i
        if self.count <= 1:
            return [self.data]
        return [run_view(self, &self.runs[i]) for i in range(self.count)]

    def __len__(self):
        return self.length

    def __bytes__(self):
        return bytes(self.data)

    def __repr__(self):
        return f"<Data of {self.length} bytes>"


cdef void forget_runs(Data data) noexcept:
    fp_segment_unref(data.segment)
    PyMem_Free(data.runs)
    data.segment = NULL
    data.runs = NULL
    data.count = 0
    data.length = 0
    data.text = None


cdef View run_view(Data data, const fp_span *run):
    return view_adopt(fp_segment_ref(data.segment), run.data, <Py_ssize_t>run.len)


cdef Data data_of(fp_http_event *event):
    cdef Data data = Data.__new__(Data)
    data.first = event.spans[0]
    if event.span_count > 1:
        data.runs = <fp_span *>PyMem_Malloc(event.span_count * sizeof(fp_span))
        if data.runs is NULL:
            raise MemoryError
        memcpy(data.runs, event.spans, event.span_count * sizeof(fp_span))
    data.segment = fp_segment_ref(event.bytes.segment)
    data.count = event.span_count
    data.length = <Py_ssize_t>event.body_len
    return data


@cython.final
cdef class EndOfMessage:
    """The end of a message. `trailers` are kept apart from the headers; `EndOfMessage(trailers=[...])` sends some."""

    def __init__(self, *, trailers=()):
        cdef HeaderList listed = header_list(trailers)
        self.trailers = trailers_new(trailer_lines(listed), True) if listed.count else NO_TRAILERS

    def __repr__(self):
        return f"<EndOfMessage with {len(self.trailers)} trailers>" if len(self.trailers) else "<EndOfMessage>"


@cython.final
cdef class ConnectionClosed:
    """The other side closed the connection between messages. Sent, it says that this side does, or will."""

    def __eq__(self, other):
        return type(other) is ConnectionClosed

    def __hash__(self):
        return hash(ConnectionClosed)

    def __repr__(self):
        return "<ConnectionClosed>"


cdef Headers NO_TRAILERS = headers_new(record_new(0))
cdef EndOfMessage END_OF_MESSAGE = EndOfMessage()
cdef ConnectionClosed CONNECTION_CLOSED = ConnectionClosed()


cdef HeadRecord *record_of_event(fp_http_event *event) except NULL:
    """The event's head or trailers with the memory they lie in."""
    cdef HeadRecord *record = record_new(event.head.field_count)
    cdef fp_http_field *fields = record.head.fields
    cdef uint32_t capacity = record.head.field_capacity
    memcpy(fields, event.head.fields, event.head.field_count * sizeof(fp_http_field))
    record.head = event.head
    record.head.fields = fields
    record.head.field_capacity = capacity
    record.segment = fp_segment_ref(event.bytes.segment)
    record.data = event.bytes.data
    return record


cdef object event_new(fp_http_event *event):
    cdef EndOfMessage end
    if event.type == FASTPATH_HTTP_EVENT_NEED_DATA:
        return need_data
    if event.type == FASTPATH_HTTP_EVENT_DATA:
        return data_of(event)
    if event.type == FASTPATH_HTTP_EVENT_REQUEST:
        return request_new(record_of_event(event))
    if event.type == FASTPATH_HTTP_EVENT_RESPONSE or event.type == FASTPATH_HTTP_EVENT_INFORMATIONAL:
        return response_new(record_of_event(event))
    if event.type == FASTPATH_HTTP_EVENT_END_OF_MESSAGE:
        if event.head.field_count == 0:
            return END_OF_MESSAGE
        end = EndOfMessage.__new__(EndOfMessage)
        end.trailers = headers_new(record_of_event(event))
        return end
    if event.type == FASTPATH_HTTP_EVENT_CONNECTION_CLOSED:
        return CONNECTION_CLOSED
    return paused
