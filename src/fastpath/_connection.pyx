# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""One HTTP/1.1 connection without I/O: bytes in, events out, bytes to send out. The names are h11's."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint32_t

import enum

from fastpath._buffer cimport Buffer
from fastpath._events cimport ConnectionClosed, Data, EndOfMessage, event_new
from fastpath._head cimport record_of
from fastpath._http cimport Request
from fastpath._limits cimport Limits, limits_of
from fastpath._message cimport HeaderList, header_list
from fastpath._record cimport HeadRecord
from fastpath._rewrite cimport Forwarding, HeadRewriter
from fastpath._segments cimport REFERENCE_THRESHOLD, segment_within
from fastpath._status cimport check, check_local
from fastpath.libfastpath.base cimport FASTPATH_ERR_MEMORY, fp_error, fp_status
from fastpath.libfastpath.buffer cimport *
from fastpath.libfastpath.http cimport *
from fastpath.libfastpath.http_connection cimport *
from fastpath.libfastpath.http_write cimport fp_http_header, fp_http_message

cdef enum:
    STACK_FIELDS = 128


class Role(enum.Enum):
    """Which side of a connection one is."""

    CLIENT = FASTPATH_HTTP_CLIENT
    SERVER = FASTPATH_HTTP_SERVER


class State(enum.Enum):
    """Where one side of a connection stands; see `Connection`."""

    IDLE = FASTPATH_HTTP_IDLE
    SEND_RESPONSE = FASTPATH_HTTP_SEND_RESPONSE
    SEND_BODY = FASTPATH_HTTP_SEND_BODY
    DONE = FASTPATH_HTTP_DONE
    MUST_CLOSE = FASTPATH_HTTP_MUST_CLOSE
    CLOSED = FASTPATH_HTTP_CLOSED
    MIGHT_SWITCH_PROTOCOL = FASTPATH_HTTP_MIGHT_SWITCH_PROTOCOL
    SWITCHED_PROTOCOL = FASTPATH_HTTP_SWITCHED_PROTOCOL
    ERROR = FASTPATH_HTTP_ERROR


CLIENT = Role.CLIENT
SERVER = Role.SERVER

cdef tuple states = tuple(State)
cdef object client = Role.CLIENT
cdef object server = Role.SERVER


# What `send` writes into before it makes bytes of it. Shared: a buffer holds a block only while it is in use.
cdef fp_pool *scratch = NULL
check(fp_pool_new(4096, 64, &scratch), NULL)


@cython.final
@cython.no_gc
cdef class Connection:
    """One side's view of an HTTP/1.1 connection.

        receive_data(bytes) ──> next_event() ──> Request, Data ..., EndOfMessage | NEED_DATA | PAUSED | ConnectionClosed
        send(event)         ──> bytes for the socket

    A server sees IDLE ─ Request seen ─> SEND_RESPONSE ─ Response ─> SEND_BODY ─ EndOfMessage ─> DONE, a client IDLE ─
    Request ─> SEND_BODY ─ EndOfMessage ─> DONE; when both are DONE, `start_next_cycle` begins the next message, or the
    state is MUST_CLOSE. What is refused raises RemoteProtocolError, from then on each time; `position` counts from the
    first byte received. What must not be sent raises LocalProtocolError and changes nothing.

    Bodies are not copied: `Data.data` shows the memory that was received, and keeps it alive. One thread at a time; a
    call from inside a call is a RuntimeError.
    """

    cdef fp_http_connection *connection
    cdef fp_buffer *out
    cdef Buffer inbox
    cdef uint32_t capacity
    cdef bint is_client
    cdef bint busy
    cdef bint eof
    cdef bytes trailing

    def __cinit__(self, role, *, Limits limits=None, pool=None):
        cdef fp_http_limits defaults
        cdef const fp_http_limits *chosen = limits_of(limits)
        if role is not client and role is not server:
            raise TypeError("role: CLIENT or SERVER")
        fp_http_limits_default(&defaults)
        if chosen is NULL:
            chosen = &defaults
        self.capacity = max(chosen.max_headers, chosen.max_trailers)
        self.is_client = role is client
        self.connection = fp_http_connection_new(
            FASTPATH_HTTP_CLIENT if self.is_client else FASTPATH_HTTP_SERVER, chosen
        )
        self.out = fp_buffer_new(scratch)
        self.inbox = Buffer(pool=pool)
        if self.connection is NULL or self.out is NULL:
            raise MemoryError

    def __dealloc__(self):
        fp_http_connection_free(self.connection)
        fp_buffer_free(self.out)

    cdef int enter(self) except -1:
        if self.busy:
            raise RuntimeError("the connection is in use further up the stack")
        self.busy = True
        return 0

    # ---- receiving

    def receive_data(self, data):
        """Take bytes that arrived; an empty one says that the peer's stream has ended.

        bytes are referenced, a `Buffer` is emptied without copying, other bytes-like objects are copied.
        """
        self.enter()
        try:
            if type(data) is bytes:
                self.take_bytes(<bytes>data)
            elif isinstance(data, Buffer):
                self.take_buffer(<Buffer>data)
            else:
                self.take_copy(data)
        finally:
            self.busy = False

    cdef int take_bytes(self, bytes data) except -1:
        cdef const uint8_t *text = <const uint8_t *>PyBytes_AS_STRING(data)
        cdef size_t length = <size_t>PyBytes_GET_SIZE(data)
        cdef fp_error error
        cdef fp_status status
        cdef fp_segment *segment
        if length == 0:
            return self.take_eof()
        if length < <size_t>REFERENCE_THRESHOLD:
            return check(fp_http_connection_receive_copy(self.connection, text, length, &error), &error)
        segment = segment_within(data, text, <Py_ssize_t>length)
        status = fp_http_connection_receive(self.connection, segment, text, length, &error)
        fp_segment_unref(segment)
        return check(status, &error)

    cdef int take_copy(self, object data) except -1:
        cdef fp_error error
        cdef Py_buffer given
        PyObject_GetBuffer(data, &given, PyBUF_SIMPLE)
        try:
            if given.len == 0:
                return self.take_eof()
            return check(
                fp_http_connection_receive_copy(
                    self.connection, <const uint8_t *>given.buf, <size_t>given.len, &error
                ),
                &error,
            )
        finally:
            PyBuffer_Release(&given)

    cdef int take_buffer(self, Buffer data) except -1:
        cdef fp_error error
        cdef fp_buffer *source = data.live()
        if fp_buffer_length(source) == 0:
            return self.take_eof()
        return check(fp_http_connection_receive_buffer(self.connection, source, &error), &error)

    cdef int take_eof(self) except -1:
        cdef fp_error error
        self.eof = True
        return check(fp_http_connection_receive_eof(self.connection, &error), &error)

    def get_buffer(self, Py_ssize_t sizehint=-1, /):
        """Memory to receive into, for asyncio's BufferedProtocol and `socket.recv_into`."""
        return self.inbox.get_buffer(sizehint)

    def buffer_updated(self, Py_ssize_t nbytes, /):
        """The first `nbytes` of what `get_buffer` gave have been received."""
        cdef fp_error error
        cdef fp_status status
        self.enter()
        try:
            self.inbox.buffer_updated(nbytes)
            if nbytes > 0:
                status = fp_http_connection_receive_buffer(self.connection, self.inbox.live(), &error)
                if <int>status < 0 and status != FASTPATH_ERR_MEMORY:
                    fp_buffer_clear(self.inbox.live())  # refused for good: whoever goes on receiving fills no memory
                check(status, &error)
        finally:
            self.busy = False

    def next_event(self):
        """The next event, or NEED_DATA, or PAUSED: nothing more until `start_next_cycle` or a protocol switch."""
        cdef fp_http_event event
        cdef fp_http_field fields[STACK_FIELDS]
        cdef fp_error error
        cdef fp_status status
        self.enter()
        try:
            event.head.fields = fields
            event.head.field_capacity = STACK_FIELDS
            if self.capacity > STACK_FIELDS:
                event.head.fields = <fp_http_field *>PyMem_Malloc(self.capacity * sizeof(fp_http_field))
                event.head.field_capacity = self.capacity
                if event.head.fields is NULL:
                    raise MemoryError
            try:
                status = fp_http_connection_next_event(self.connection, &event, &error)
                check(status, &error)
                return event_new(&event)
            finally:
                if event.head.fields is not &fields[0]:
                    PyMem_Free(event.head.fields)
        finally:
            self.busy = False

    # ---- sending

    def send(self, event):
        """The bytes that say the event: any of those that `next_event` gives.

        A response without framing fields is sent chunked (or, to an HTTP/1.0 client, until close). Where a copy of the
        body is not wanted, use `send_into` or `send_with_data_passthrough`.
        """
        self.enter()
        try:
            self.emit(event, self.out)
            return self.take_out()
        finally:
            fp_buffer_clear(self.out)
            self.busy = False

    def send_into(self, Buffer buffer not None, event):
        """As `send`, appending to a `Buffer`; Data of 1 KiB or more is referenced, not copied."""
        self.enter()
        try:
            self.emit(event, buffer.live())
        finally:
            self.busy = False

    def send_with_data_passthrough(self, event):
        """As `send`, as a list of bytes-like objects for `writelines` or `sendmsg`; Data is passed through uncopied."""
        cdef Buffer buffer = Buffer()
        self.send_into(buffer, event)
        return buffer.views()

    def forward(
        self, head, HeadRewriter rewriter not None, *, values=(), bytes method=None, bytes path=None, bytes query=None,
        bytes authority=None, content_length=None, chunked=None, bint upgrade=False, bint close=False,
        bint keep_alive=False, bint proxy_authorization=False,
    ):
        """Send a head that another connection received, rewritten: the bytes. Arguments as for `HeadRewriter.rewrite`.

        The body's framing suits this connection's peer: what ran until close becomes chunked for an HTTP/1.1 client,
        what was chunked runs until close for an HTTP/1.0 one.
        """
        cdef Forwarding forwarding
        cdef tuple filled = tuple(values)
        rewriter.prepare(
            &forwarding, filled, method, path, query, authority, content_length, chunked, upgrade, close, keep_alive,
            proxy_authorization,
        )
        self.enter()
        try:
            self.emit_forward(head, &forwarding, self.out)
            return self.take_out()
        finally:
            fp_buffer_clear(self.out)
            self.busy = False

    def forward_into(
        self, Buffer buffer not None, head, HeadRewriter rewriter not None, *, values=(), bytes method=None,
        bytes path=None, bytes query=None, bytes authority=None, content_length=None, chunked=None, bint upgrade=False,
        bint close=False, bint keep_alive=False, bint proxy_authorization=False,
    ):
        """As `forward`, appending to a `Buffer`."""
        cdef Forwarding forwarding
        cdef tuple filled = tuple(values)
        rewriter.prepare(
            &forwarding, filled, method, path, query, authority, content_length, chunked, upgrade, close, keep_alive,
            proxy_authorization,
        )
        self.enter()
        try:
            self.emit_forward(head, &forwarding, buffer.live())
        finally:
            self.busy = False

    cdef int emit(self, object event, fp_buffer *out) except -1:
        cdef fp_error error
        kind = type(event)
        if kind is Data:
            return self.emit_data(<Data>event, out)
        if kind is EndOfMessage:
            return self.emit_end(<EndOfMessage>event, out)
        if kind is ConnectionClosed:
            return check_local(fp_http_connection_send_close(self.connection, &error), &error)
        return self.emit_head(record_of(event), kind is Request, out)

    cdef int emit_head(self, HeadRecord *record, bint is_request, fp_buffer *out) except -1:
        cdef fp_http_head *head = &record.head
        cdef fp_http_header few[STACK_FIELDS]
        cdef fp_http_header *headers = few
        cdef fp_http_message message
        cdef fp_error error
        cdef fp_status status
        cdef size_t i
        if head.field_count > STACK_FIELDS:
            headers = <fp_http_header *>PyMem_Malloc(head.field_count * sizeof(fp_http_header))
            if headers is NULL:
                raise MemoryError
        for i in range(head.field_count):
            headers[i].name.data = record.data + head.fields[i].name
            headers[i].name.len = head.fields[i].name_len
            headers[i].value.data = record.data + head.fields[i].value
            headers[i].value.len = head.fields[i].value_len
        message.headers = headers
        message.header_count = head.field_count
        message.minor = head.minor
        if is_request:
            message.method.data = record.data + head.method_off
            message.method.len = head.method_len
            message.target.data = record.data + head.target_off
            message.target.len = head.target_len
            status = fp_http_connection_send_request(self.connection, &message, out, &error)
        else:
            message.status = head.status
            message.reason.data = record.data + head.reason_off
            message.reason.len = head.reason_len
            status = fp_http_connection_send_response(self.connection, &message, out, &error)
        if headers is not few:
            PyMem_Free(headers)
        return check_local(status, &error)

    cdef int emit_end(self, EndOfMessage end, fp_buffer *out) except -1:
        cdef HeaderList listed
        cdef fp_error error
        if end.trailers.record.head.field_count == 0:
            return check_local(fp_http_connection_send_end(self.connection, NULL, 0, out, &error), &error)
        listed = header_list(end.trailers)
        return check_local(
            fp_http_connection_send_end(self.connection, listed.items, listed.count, out, &error), &error
        )

    cdef int emit_forward(self, object head, Forwarding *forwarding, fp_buffer *out) except -1:
        cdef HeadRecord *record = record_of(head)
        cdef fp_error error
        cdef fp_status status
        if type(head) is Request:
            status = fp_http_connection_forward_request(
                self.connection, record.data, &record.head, &forwarding.forward, out, &error
            )
        else:
            status = fp_http_connection_forward_response(
                self.connection, record.data, &record.head, &forwarding.forward, out, &error
            )
        check_local(status, &error)
        return 0

    cdef int emit_data(self, Data data, fp_buffer *out) except -1:
        cdef fp_segment *segment
        cdef size_t i
        if data.count == 1:
            return self.emit_run(data.segment, data.first.data, data.first.len, out)
        if data.count > 1:
            for i in range(data.count):
                try:
                    self.emit_run(data.segment, data.runs[i].data, data.runs[i].len, out)
                except BaseException:
                    # Part of it may have been promised to the peer already.
                    if i > 0:
                        fp_http_connection_send_failed(self.connection)
                    raise
            return 0
        if data.text is None:
            return 0
        if data.length < REFERENCE_THRESHOLD or out is self.out:
            return self.emit_run(NULL, <const uint8_t *>PyBytes_AS_STRING(data.text), <size_t>data.length, out)
        segment = segment_within(data.text, PyBytes_AS_STRING(data.text), data.length)
        try:
            return self.emit_run(
                segment, <const uint8_t *>PyBytes_AS_STRING(data.text), <size_t>data.length, out
            )
        finally:
            fp_segment_unref(segment)

    cdef int emit_run(self, fp_segment *segment, const uint8_t *data, size_t length, fp_buffer *out) except -1:
        cdef fp_error error
        return check_local(fp_http_connection_send_data(self.connection, segment, data, length, out, &error), &error)

    cdef bytes take_out(self):
        """What was just emitted, as bytes."""
        cdef size_t length = fp_buffer_length(self.out)
        cdef bytes text
        try:
            text = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length)
            fp_buffer_copy_out(self.out, 0, PyBytes_AS_STRING(text), length)
            return text
        except BaseException:
            fp_http_connection_send_failed(self.connection)
            raise

    def send_failed(self):
        """Bytes that `send` gave could not be written: this side is in ERROR."""
        fp_http_connection_send_failed(self.connection)

    # ---- between messages

    def start_next_cycle(self):
        """Both sides are DONE: the next message may begin. LocalProtocolError or RuntimeError otherwise."""
        cdef fp_error error
        self.enter()
        cdef fp_status status = fp_http_connection_start_next_cycle(self.connection, &error)
        self.busy = False
        check_local(status, &error)

    def reset(self):
        """As new, for another stream: everything held is dropped, refusals are forgotten."""
        self.enter()
        fp_http_connection_reset(self.connection)
        fp_buffer_clear(self.out)
        fp_buffer_clear(self.inbox.live())
        self.eof = False
        self.trailing = None
        self.busy = False

    @property
    def our_role(self):
        """CLIENT or SERVER: this side."""
        return client if self.is_client else server

    @property
    def their_role(self):
        """CLIENT or SERVER: the other side."""
        return server if self.is_client else client

    @property
    def our_state(self):
        """The `State` of this side."""
        return states[<int>fp_http_connection_our_state(self.connection)]

    @property
    def their_state(self):
        """The `State` of the other side."""
        return states[<int>fp_http_connection_their_state(self.connection)]

    @property
    def their_http_version(self):
        """`b"1.1"` or `b"1.0"`, as in the peer's last head; None before the first."""
        cdef int minor = fp_http_connection_their_minor(self.connection)
        return None if minor < 0 else b"1.1" if minor else b"1.0"

    @property
    def client_is_waiting_for_100_continue(self):
        """Whether the client sent `Expect: 100-continue` and waits for an answer before it sends the body."""
        return fp_http_connection_waiting_for_continue(self.connection) != 0

    @property
    def they_are_waiting_for_100_continue(self):
        """Whether the peer is a client that waits for 100 Continue."""
        return not self.is_client and fp_http_connection_waiting_for_continue(self.connection) != 0

    @property
    def reusable(self):
        """Whether this client connection may serve another request: idle or done, kept alive, with nothing unread."""
        return fp_http_connection_reusable(self.connection) != 0

    @property
    def buffered(self):
        """Bytes received and not yet given out. Whoever bounds memory stops reading above a bound."""
        return fp_http_connection_held(self.connection)

    @property
    def trailing_data(self):
        """`(bytes, closed)` after a switch of protocols or the end: what was received and is no more HTTP.

        RuntimeError before that.
        """
        cdef bytes text = self.take_trailing()
        self.trailing = text if self.trailing is None else self.trailing + text
        return self.trailing, self.eof

    cdef bytes take_trailing(self):
        cdef fp_error error
        self.enter()
        try:
            check(fp_http_connection_take_held(self.connection, self.out, &error), &error)
            return self.take_out()
        finally:
            fp_buffer_clear(self.out)
            self.busy = False

    def take_trailing_data_into(self, Buffer buffer not None):
        """Moves the bytes of `trailing_data` to a `Buffer`, uncopied: the first ones of a tunnel."""
        cdef fp_error error
        self.enter()
        cdef fp_status status
        try:
            status = fp_http_connection_take_held(self.connection, buffer.live(), &error)
            check(status, &error)
        finally:
            self.busy = False

    def __repr__(self):
        return f"<Connection {self.our_role.name}: we {self.our_state.name}, they {self.their_state.name}>"
