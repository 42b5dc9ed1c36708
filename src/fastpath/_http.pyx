# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, always_allow_keywords=False
"""Parsed HTTP/1 heads as Python objects that make no other object until they are asked.

    Request ──┐                       ┌──> the bytes object or the segment that the head lies in
              ├──> HeadRecord (spans) ┤
    Headers ──┘                       └──> nothing else

A head is only ever read from bytes that cannot change: from `bytes` and from segments in place, from anything else out
of one copy of the head.
"""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from libc.stdint cimport SIZE_MAX, uint8_t, uint16_t, uint32_t

from fastpath._status cimport check, check_local
from fastpath.libfastpath.base cimport (
    FASTPATH_ERR_HTTP_TOO_MANY_HEADERS,
    FASTPATH_NEED_MORE,
    FASTPATH_OK,
    fp_error,
    fp_status,
)
from fastpath.libfastpath.buffer cimport fp_segment_unref
from fastpath.libfastpath.http cimport *
from fastpath.libfastpath.http_write cimport fp_http_message, fp_http_write_request, fp_http_write_response

from fastpath.errors import LocalProtocolError

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* Without the GIL the free list would need a lock, which costs more than it saves. */
    #ifdef Py_GIL_DISABLED
    #define FASTPATH_FREE_RECORDS 0
    #else
    #define FASTPATH_FREE_RECORDS 64
    #endif

    /* memcmp for the names of fields, most of which are so short that the call would cost more than the work. */
    static inline int fastpath_same_bytes(const void *first, const void *second, size_t length) {
      const char *a = (const char *)first, *b = (const char *)second;
      uint64_t x, y;
      uint32_t v, w;
      if (length < 4) return memcmp(a, b, length) == 0;
      if (length < 8) {
        memcpy(&v, a, 4), memcpy(&w, b, 4);
        if (v != w) return 0;
        memcpy(&v, a + length - 4, 4), memcpy(&w, b + length - 4, 4);
        return v == w;
      }
      for (size_t i = 0; i + 8 < length; i += 8) {
        memcpy(&x, a + i, 8), memcpy(&y, b + i, 8);
        if (x != y) return 0;
      }
      memcpy(&x, a + length - 8, 8), memcpy(&y, b + length - 8, 8);
      return x == y;
    }
    """
    const int FREE_RECORDS "FASTPATH_FREE_RECORDS"
    bint same_bytes "fastpath_same_bytes"(const void *first, const void *second, size_t length) noexcept nogil

# Owned references as they are, for the loops that build a message's worth of small objects.
cdef extern from "Python.h":
    PyObject *PyBytes_FromStringAndSize(const char *text, Py_ssize_t size) except NULL
    char *PyBytes_AS_STRING(PyObject *value) noexcept
    Py_ssize_t PyBytes_GET_SIZE(PyObject *value) noexcept
    bint PyBytes_CheckExact(object value) noexcept
    PyObject *PyTuple_New(Py_ssize_t size) except NULL
    void PyTuple_SET_ITEM(PyObject *target, Py_ssize_t index, PyObject *item) noexcept
    PyObject *PyList_New(Py_ssize_t size) except NULL
    void PyList_SET_ITEM(PyObject *target, Py_ssize_t index, PyObject *item) noexcept
    void Py_INCREF(PyObject *value) noexcept
    void Py_DECREF(PyObject *value) noexcept


# --- records -------------------------------------------------------------------------------------------------------

cdef HeadRecord *free_records = NULL
cdef int free_count = 0


cdef HeadRecord *record_new(uint32_t capacity) except NULL:
    global free_records, free_count
    cdef HeadRecord *record
    cdef size_t size = sizeof(HeadRecord)
    if capacity <= RECORD_FIELDS and free_count > 0:
        record = free_records
        free_records = record.next
        free_count -= 1
    else:
        if capacity <= RECORD_FIELDS:
            capacity = RECORD_FIELDS
        else:
            size += (capacity - RECORD_FIELDS) * sizeof(fp_http_field)
        record = <HeadRecord *>PyMem_Malloc(size)
        if record is NULL:
            raise MemoryError
        record.head.fields = record.fields
        record.head.field_capacity = capacity
    record.references = 1
    record.source = NULL
    record.segment = NULL
    record.head.field_count = 0
    return record


cdef void record_unref(HeadRecord *record) noexcept:
    global free_records, free_count
    record.references -= 1
    if record.references != 0:
        return
    if record.source is not NULL:
        Py_DECREF(record.source)
    else:
        fp_segment_unref(record.segment)
    if record.head.field_capacity == RECORD_FIELDS and free_count < FREE_RECORDS:
        record.next = free_records
        free_records = record
        free_count += 1
    else:
        PyMem_Free(record)


cdef inline HeadRecord *live(HeadRecord *record) except NULL:
    if record is NULL:
        raise RuntimeError("this object was made without calling its type")
    return record


cdef HeadRecord *record_of(object head) except NULL:
    if type(head) is Request:
        return live((<Request>head).record)
    if type(head) is Response:
        return live((<Response>head).record)
    if type(head) is InformationalResponse:
        return live((<InformationalResponse>head).record)
    raise TypeError(f"expected a Request or a Response, not {type(head).__name__}")


cdef inline bytes span(HeadRecord *record, uint32_t offset, uint32_t length):
    cdef PyObject *made = PyBytes_FromStringAndSize(<const char *>record.data + offset, length)
    result = <bytes>made
    Py_DECREF(made)
    return result


# --- names ---------------------------------------------------------------------------------------------------------

# The usual spelling on the wire, where it is not the lower-case name with its words capitalised.
_SPELLINGS = {
    b"etag": b"ETag",
    b"te": b"TE",
    b"dnt": b"DNT",
    b"www-authenticate": b"WWW-Authenticate",
    b"sec-websocket-accept": b"Sec-WebSocket-Accept",
    b"sec-websocket-extensions": b"Sec-WebSocket-Extensions",
    b"sec-websocket-key": b"Sec-WebSocket-Key",
    b"sec-websocket-protocol": b"Sec-WebSocket-Protocol",
    b"sec-websocket-version": b"Sec-WebSocket-Version",
    b"x-xss-protection": b"X-XSS-Protection",
}


cdef struct KnownName:
    PyObject *lower
    PyObject *usual


cdef KnownName *known_names = NULL
cdef PyObject *known_methods[FASTPATH_HTTP_METHOD_PATCH + 1]
cdef bytes HTTP_1_0 = b"1.0"
cdef bytes HTTP_1_1 = b"1.1"
cdef dict METHOD_IDS = {
    b"GET": FASTPATH_HTTP_METHOD_GET,
    b"HEAD": FASTPATH_HTTP_METHOD_HEAD,
    b"POST": FASTPATH_HTTP_METHOD_POST,
    b"PUT": FASTPATH_HTTP_METHOD_PUT,
    b"DELETE": FASTPATH_HTTP_METHOD_DELETE,
    b"CONNECT": FASTPATH_HTTP_METHOD_CONNECT,
    b"OPTIONS": FASTPATH_HTTP_METHOD_OPTIONS,
    b"TRACE": FASTPATH_HTTP_METHOD_TRACE,
    b"PATCH": FASTPATH_HTTP_METHOD_PATCH,
}


cdef int intern_names() except -1:
    """Make the strings that live as long as the module: written once, while it is imported."""
    global known_names
    cdef uint16_t count = fp_http_name_count()
    cdef size_t length
    cdef const char *text
    known_names = <KnownName *>PyMem_Malloc((count + 1) * sizeof(KnownName))
    if known_names is NULL:
        raise MemoryError
    for index in range(1, count + 1):
        text = fp_http_name(<uint16_t>index, &length)
        lower = <bytes>text[:length]
        usual = _SPELLINGS.get(lower) or b"-".join([word.capitalize() for word in lower.split(b"-")])
        known_names[index].lower = <PyObject *>lower
        known_names[index].usual = <PyObject *>usual
        Py_INCREF(known_names[index].lower)
        Py_INCREF(known_names[index].usual)
    for method, number in METHOD_IDS.items():
        known_methods[<int>number] = <PyObject *>method
        Py_INCREF(<PyObject *>method)
    return 0


intern_names()


cdef inline PyObject *name_on_wire(HeadRecord *record, const fp_http_field *field) except NULL:
    """The field's name as received; a new reference."""
    cdef const uint8_t *text = record.data + field.name
    cdef PyObject *known
    if field.id != 0:
        known = known_names[field.id].lower if text[0] & 0x20 else known_names[field.id].usual
        if same_bytes(PyBytes_AS_STRING(known), text, field.name_len):
            Py_INCREF(known)
            return known
    return PyBytes_FromStringAndSize(<const char *>text, field.name_len)


cdef inline PyObject *name_in_lower_case(HeadRecord *record, const fp_http_field *field) except NULL:
    """The field's name in lower case; a new reference."""
    cdef PyObject *name
    cdef const uint8_t *text
    cdef uint8_t *target
    cdef uint8_t letter
    cdef uint32_t i
    if field.id != 0:
        name = known_names[field.id].lower
        Py_INCREF(name)
        return name
    text = record.data + field.name
    name = PyBytes_FromStringAndSize(NULL, field.name_len)
    target = <uint8_t *>PyBytes_AS_STRING(name)
    for i in range(field.name_len):
        letter = text[i]
        target[i] = letter | 0x20 if letter - 65u < 26u else letter
    return name


cdef inline PyObject *value_of(HeadRecord *record, const fp_http_field *field) except NULL:
    return PyBytes_FromStringAndSize(<const char *>record.data + field.value, field.value_len)


cdef inline bint names_equal(const uint8_t *a, const uint8_t *b, size_t length) noexcept nogil:
    """Whether two names that are not well known agree but for the case of their letters."""
    cdef size_t i
    cdef uint8_t x, y
    for i in range(length):
        x = a[i]
        y = b[i]
        if x != y and ((x ^ y) != 0x20 or (x | 0x20) - 97u >= 26u):
            return False
    return True


# --- Headers -------------------------------------------------------------------------------------------------------

@cython.final
@cython.freelist(64)
cdef class Headers:
    """The header fields of one message, in the order and the spelling they had on the wire.

    Names are looked up without regard to case; a name that stands on several lines has several values, none of which is
    ever dropped or joined. Iteration gives `(name, value)` pairs of bytes. A view: it keeps the message's bytes alive.
    """

    def __dealloc__(self):
        if self.record is not NULL:
            record_unref(self.record)

    def __len__(self):
        return live(self.record).head.field_count

    def __iter__(self):
        return iter(header_pairs(live(self.record), False))

    def __contains__(self, bytes name not None):
        return next_field(live(self.record), name, 0) >= 0

    def __getitem__(self, bytes name not None):
        cdef HeadRecord *record = live(self.record)
        cdef Py_ssize_t index = next_field(record, name, 0)
        if index < 0:
            raise KeyError(name)
        return span(record, record.head.fields[index].value, record.head.fields[index].value_len)

    def get(self, bytes name not None, default=None, /):
        """The first value of that name, or the default."""
        cdef HeadRecord *record = live(self.record)
        cdef Py_ssize_t index = next_field(record, name, 0)
        if index < 0:
            return default
        return span(record, record.head.fields[index].value, record.head.fields[index].value_len)

    def get_all(self, bytes name not None, /):
        """Every value of that name, in order: a list, empty when there is none."""
        cdef HeadRecord *record = live(self.record)
        cdef Py_ssize_t index = next_field(record, name, 0)
        cdef list values = []
        while index >= 0:
            values.append(span(record, record.head.fields[index].value, record.head.fields[index].value_len))
            index = next_field(record, name, index + 1)
        return values

    def items(self):
        """All fields as a list of `(name, value)`, names as on the wire."""
        return header_pairs(live(self.record), False)

    def lower_items(self):
        """All fields as a list of `(name, value)`, names in lower case."""
        return header_pairs(live(self.record), True)

    def flat(self):
        """All fields as one tuple `(name, value, name, value, …)`, names as on the wire."""
        cdef HeadRecord *record = live(self.record)
        cdef Py_ssize_t count = record.head.field_count
        cdef const fp_http_field *field = record.head.fields
        cdef PyObject *made = PyTuple_New(2 * count)
        result = <tuple>made
        Py_DECREF(made)
        cdef Py_ssize_t i
        for i in range(count):
            PyTuple_SET_ITEM(made, 2 * i, name_on_wire(record, field))
            PyTuple_SET_ITEM(made, 2 * i + 1, value_of(record, field))
            field += 1
        return result

    def __eq__(self, other):
        if type(other) is not Headers:
            return NotImplemented
        return header_pairs(live(self.record), False) == header_pairs(live((<Headers>other).record), False)

    __hash__ = None

    def __repr__(self):
        # Names only: values hold credentials, and representations end up in logs.
        names = [name.decode("latin-1") for name, _ in header_pairs(live(self.record), False)]
        return f"<Headers {', '.join(names)}>"


cdef Headers headers_new(HeadRecord *record):
    cdef Headers headers
    try:
        headers = Headers.__new__(Headers)
    except:
        record_unref(record)
        raise
    headers.record = record
    return headers


cdef list header_pairs(HeadRecord *record, bint lower):
    cdef Py_ssize_t count = record.head.field_count
    cdef const fp_http_field *field = record.head.fields
    cdef PyObject *made = PyList_New(count)
    result = <list>made
    Py_DECREF(made)
    cdef PyObject *pair
    cdef Py_ssize_t i
    for i in range(count):
        pair = PyTuple_New(2)
        PyList_SET_ITEM(made, i, pair)
        PyTuple_SET_ITEM(pair, 0, name_in_lower_case(record, field) if lower else name_on_wire(record, field))
        PyTuple_SET_ITEM(pair, 1, value_of(record, field))
        field += 1
    return result


cdef Py_ssize_t next_field(HeadRecord *record, bytes name, Py_ssize_t start) noexcept:
    """Index of the first field of that name at or after start, or -1."""
    cdef const uint8_t *text = <const uint8_t *>PyBytes_AS_STRING(<PyObject *>name)
    cdef size_t length = PyBytes_GET_SIZE(<PyObject *>name)
    cdef uint16_t id = fp_http_name_id(text, length)
    cdef const fp_http_field *field = record.head.fields
    cdef Py_ssize_t i
    if id != 0:
        for i in range(start, <Py_ssize_t>record.head.field_count):
            if field[i].id == id:
                return i
    else:
        for i in range(start, <Py_ssize_t>record.head.field_count):
            if (
                field[i].name_len == length
                and field[i].id == 0
                and names_equal(record.data + field[i].name, text, length)
            ):
                return i
    return -1


# --- Request -------------------------------------------------------------------------------------------------------

@cython.final
@cython.freelist(64)
cdef class Request:
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

    def __dealloc__(self):
        if self.record is not NULL:
            record_unref(self.record)

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
        """Whom the request is for: the target's authority where it has one, else Host's value (RFC 9112 section 3.2.2)."""
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
            method = known_methods[record.head.method]
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
    def version(self):
        """`b"1.1"` or `b"1.0"`."""
        return HTTP_1_1 if live(self.record).head.minor else HTTP_1_0

    @property
    def headers(self):
        """The header fields: a `Headers` view."""
        cdef HeadRecord *record = live(self.record)
        record.references += 1
        return headers_new(record)

    @property
    def content_length(self):
        """The body's length in bytes where Content-Length gives it, else None."""
        return length_of(live(self.record))

    @property
    def chunked(self):
        """Whether the body comes in the chunked transfer coding."""
        return has(self.record, FASTPATH_HTTP_CHUNKED)

    @property
    def has_body(self):
        """Whether a body follows: it is chunked, or Content-Length is more than 0."""
        cdef HeadRecord *record = live(self.record)
        return bool(record.head.flags & FASTPATH_HTTP_CHUNKED or length_of(record))

    @property
    def keep_alive(self):
        """Whether the client allows another request after this one on the same connection."""
        return has(self.record, FASTPATH_HTTP_KEEP_ALIVE)

    @property
    def upgrade(self):
        """Whether the client asks to switch to another protocol (Connection: upgrade, with an Upgrade field)."""
        return has(self.record, FASTPATH_HTTP_UPGRADE)

    @property
    def expect_continue(self):
        """Whether the client waits for `100 Continue` before it sends the body."""
        return has(self.record, FASTPATH_HTTP_EXPECT_CONTINUE)

    @property
    def head_length(self):
        """Bytes that the head takes, empty lines before it included: where the body starts."""
        return live(self.record).head.head_len

    def __bytes__(self):
        return span(live(self.record), 0, live(self.record).head.head_len)

    def __repr__(self):
        cdef HeadRecord *record = live(self.record)
        return f"<Request {self.method.decode()} {self.target!r} with {record.head.field_count} headers>"


cdef Request request_new(HeadRecord *record):
    cdef Request request
    try:
        request = Request.__new__(Request)
    except:
        record_unref(record)
        raise
    request.record = record
    return request


cdef inline bytes method_of(HeadRecord *record):
    if record.head.method != FASTPATH_HTTP_METHOD_UNKNOWN:
        return <bytes>known_methods[record.head.method]
    return span(record, record.head.method_off, record.head.method_len)


cdef inline object length_of(HeadRecord *record):
    return record.head.content_length if record.head.flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH else None


cdef inline bint has(HeadRecord *record, uint32_t flag) except -1:
    return (live(record).head.flags & flag) != 0


cdef int method_id(bytes method) noexcept:
    cdef object number = METHOD_IDS.get(method)
    return FASTPATH_HTTP_METHOD_UNKNOWN if number is None else <int>number


# --- Response ------------------------------------------------------------------------------------------------------
# Two types, as in h11, so that nobody takes an interim response for the final one. Neither has a base: a common one
# would cost each its free list.

@cython.final
@cython.freelist(64)
cdef class Response:
    """A final response head (status 200 and above, or a 101 that was asked for).

    Made by `parse_response` and `Connection.next_event`, or from its parts to be sent:
    `Response(status_code=200, headers=[(b"Content-Length", b"5")])`. Immutable. Strings are bytes, as received.
    """

    def __init__(self, *, status_code, headers=(), reason=None, http_version=b"1.1"):
        cdef HeadRecord *record = record_of_response(status_code, headers, reason, http_version)
        if record.head.status < 200 and record.head.status != 101:
            record_unref(record)
            raise LocalProtocolError("a final response has a status of 200 or above", code="http_status_line")
        if self.record is not NULL:
            record_unref(self.record)
        self.record = record

    def __dealloc__(self):
        if self.record is not NULL:
            record_unref(self.record)

    @property
    def status_code(self):
        """The status: 200 .. 599, or 101."""
        return live(self.record).head.status

    @property
    def reason(self):
        """The reason phrase; may be empty."""
        return reason_of(live(self.record))

    @property
    def version(self):
        """`b"1.1"` or `b"1.0"`."""
        return HTTP_1_1 if live(self.record).head.minor else HTTP_1_0

    @property
    def headers(self):
        """The header fields: a `Headers` view."""
        cdef HeadRecord *record = live(self.record)
        record.references += 1
        return headers_new(record)

    @property
    def content_length(self):
        """The Content-Length in bytes, else None. An answer to HEAD may have one and no body."""
        return length_of(live(self.record))

    @property
    def chunked(self):
        """Whether the body comes in the chunked transfer coding."""
        return has(self.record, FASTPATH_HTTP_CHUNKED)

    @property
    def until_close(self):
        """Whether the body runs to the end of the stream."""
        return has(self.record, FASTPATH_HTTP_UNTIL_CLOSE)

    @property
    def keep_alive(self):
        """Whether the server allows another request after this response on the same connection."""
        return has(self.record, FASTPATH_HTTP_KEEP_ALIVE)

    @property
    def upgrade(self):
        """Whether the server switches to another protocol (Connection: upgrade, with an Upgrade field)."""
        return has(self.record, FASTPATH_HTTP_UPGRADE)

    @property
    def head_length(self):
        """Bytes that the head takes: where the body starts."""
        return live(self.record).head.head_len

    def __bytes__(self):
        return span(live(self.record), 0, live(self.record).head.head_len)

    def __repr__(self):
        cdef HeadRecord *record = live(self.record)
        return f"<Response {record.head.status} with {record.head.field_count} headers>"


@cython.final
cdef class InformationalResponse:
    """An interim response (1xx): the final one still follows. `InformationalResponse(status_code=100)` makes one."""

    def __init__(self, *, status_code, headers=(), reason=None, http_version=b"1.1"):
        cdef HeadRecord *record = record_of_response(status_code, headers, reason, http_version)
        if record.head.status >= 200:
            record_unref(record)
            raise LocalProtocolError("an interim response has a status below 200", code="http_status_line")
        if self.record is not NULL:
            record_unref(self.record)
        self.record = record

    def __dealloc__(self):
        if self.record is not NULL:
            record_unref(self.record)

    @property
    def status_code(self):
        """The status: 100 .. 199."""
        return live(self.record).head.status

    @property
    def reason(self):
        """The reason phrase; may be empty."""
        return reason_of(live(self.record))

    @property
    def version(self):
        """`b"1.1"` or `b"1.0"`."""
        return HTTP_1_1 if live(self.record).head.minor else HTTP_1_0

    @property
    def headers(self):
        """The header fields: a `Headers` view."""
        cdef HeadRecord *record = live(self.record)
        record.references += 1
        return headers_new(record)

    @property
    def head_length(self):
        """Bytes that the head takes."""
        return live(self.record).head.head_len

    def __bytes__(self):
        return span(live(self.record), 0, live(self.record).head.head_len)

    def __repr__(self):
        cdef HeadRecord *record = live(self.record)
        return f"<InformationalResponse {record.head.status} with {record.head.field_count} headers>"


cdef inline bytes reason_of(HeadRecord *record):
    return span(record, record.head.reason_off, record.head.reason_len)


cdef object response_new(HeadRecord *record):
    cdef Response final
    cdef InformationalResponse interim
    try:
        if record.head.status >= 200 or record.head.status == 101:
            final = Response.__new__(Response)
            final.record = record
            return final
        interim = InformationalResponse.__new__(InformationalResponse)
        interim.record = record
        return interim
    except:
        record_unref(record)
        raise


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
            except:
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


# --- Heads from their parts ----------------------------------------------------------------------------------------

cdef HeadRecord *record_from_message(const fp_http_message *message, bint is_request) except NULL:
    """Writes the head, then reads it: what can be made can be sent, and has one representation."""
    cdef size_t length = 0
    cdef fp_error error
    cdef fp_status status
    cdef bytes text
    cdef HeadRecord *record
    cdef fp_http_limits limits
    status = write_head(message, is_request, NULL, 0, &length, &error)
    check_local(status, &error)
    made = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length)
    text = <bytes>made
    Py_DECREF(made)
    status = write_head(message, is_request, <uint8_t *>PyBytes_AS_STRING(made), length, &length, &error)
    check_local(status, &error)
    # Limits are for what strangers send.
    fp_http_limits_default(&limits)
    limits.max_headers = 65535
    limits.max_head = limits.max_line = 1 << 30
    record = record_new(<uint32_t>message.header_count)
    if is_request:
        status = fp_http_parse_request(text, length, &limits, &record.head, &error)
    else:
        status = fp_http_parse_response(text, length, FASTPATH_HTTP_METHOD_GET, &limits, &record.head, &error)
    if status != FASTPATH_OK:
        record_unref(record)
        check_local(status, &error)
        raise LocalProtocolError("the head is not complete")
    record.data = text
    record.source = made
    Py_INCREF(made)
    return record


cdef inline fp_status write_head(
    const fp_http_message *message, bint is_request, uint8_t *dst, size_t capacity, size_t *length, fp_error *error
) noexcept:
    if is_request:
        return fp_http_write_request(message, dst, capacity, length, error)
    return fp_http_write_response(message, dst, capacity, length, error)


cdef HeadRecord *record_of_response(object status_code, object headers, object reason, object version) except NULL:
    cdef fp_http_message message
    cdef HeaderList listed = header_list(headers)
    cdef bytes reason_text
    cdef int status = status_code
    if not 100 <= status <= 599:
        raise LocalProtocolError("a status is between 100 and 599", code="http_status_line")
    message.status = <uint16_t>status
    message.minor = minor_version(version)
    message.headers = listed.items
    message.header_count = listed.count
    message.reason.data = NULL
    message.reason.len = 0
    if reason is not None:
        reason_text = ascii_bytes(reason, "reason")
        message.reason.data = reason_text
        message.reason.len = len(reason_text)
    return record_from_message(&message, False)


cdef uint8_t minor_version(object version) except 255:
    if version == b"1.1" or version == "1.1":
        return 1
    if version == b"1.0" or version == "1.0":
        return 0
    raise LocalProtocolError("the version is 1.0 or 1.1", code="http_version", status=505)


cdef bytes ascii_bytes(object value, str what):
    if type(value) is bytes:
        return <bytes>value
    if isinstance(value, str):
        return value.encode("ascii")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{what}: expected bytes or str, not {type(value).__name__}")


@cython.final
cdef class HeaderList:
    def __dealloc__(self):
        PyMem_Free(self.items)


cdef HeaderList header_list(object pairs):
    """Header pairs as the core takes them. `pairs`: Headers, or an iterable of (name, value), bytes or ASCII str."""
    cdef HeaderList listed = HeaderList()
    cdef HeadRecord *record
    cdef const fp_http_field *field
    cdef size_t i
    cdef bytes text
    if type(pairs) is Headers:
        record = live((<Headers>pairs).record)
        listed.held = [pairs]
        listed.count = record.head.field_count
        listed.items = <fp_http_header *>PyMem_Malloc((listed.count + 1) * sizeof(fp_http_header))
        if listed.items is NULL:
            raise MemoryError
        for i in range(listed.count):
            field = &record.head.fields[i]
            listed.items[i].name.data = record.data + field.name
            listed.items[i].name.len = field.name_len
            listed.items[i].value.data = record.data + field.value
            listed.items[i].value.len = field.value_len
        return listed
    listed.held = []
    for name, value in pairs:
        listed.held.append(ascii_bytes(name, "header name"))
        listed.held.append(ascii_bytes(value, "header value"))
    listed.count = len(listed.held) // 2
    if listed.count > 65535:
        raise LocalProtocolError("more than 65535 headers", code="http_too_many_headers", status=431)
    listed.items = <fp_http_header *>PyMem_Malloc((listed.count + 1) * sizeof(fp_http_header))
    if listed.items is NULL:
        raise MemoryError
    for i in range(listed.count):
        text = listed.held[2 * i]
        listed.items[i].name.data = text
        listed.items[i].name.len = len(text)
        text = listed.held[2 * i + 1]
        listed.items[i].value.data = text
        listed.items[i].value.len = len(text)
    return listed


# --- Limits --------------------------------------------------------------------------------------------------------

cdef uint32_t limit(object value, uint32_t default, uint32_t most, str name) except? 0xFFFFFFFF:
    if value is None:
        return default
    if not 0 <= value <= most:
        raise ValueError(f"{name}: {value} is not between 0 and {most}")
    return <uint32_t>value


@cython.final
cdef class Limits:
    """How much of a message is read before it is refused; None stands for the default. Immutable.

    max_headers         fields in a head (100, at most 65535)
    max_head            bytes of a head (65536, at most 2**30)
    max_line            bytes of one line (16384)
    max_chunk_overhead  bytes of chunk framing beyond those of the body so far; bytes of extensions (16384)
    max_trailers        fields in a trailer section (100)
    max_trailer_bytes   bytes of a trailer section (16384)
    max_interim         1xx responses before a final one (16)
    max_leading_blank   empty lines before a start line (1)
    """

    def __cinit__(
        self, *, max_headers=None, max_head=None, max_line=None, max_chunk_overhead=None, max_trailers=None,
        max_trailer_bytes=None, max_interim=None, max_leading_blank=None,
    ):
        cdef fp_http_limits made
        fp_http_limits_default(&made)
        made.max_headers = limit(max_headers, made.max_headers, 65535, "max_headers")
        made.max_head = limit(max_head, made.max_head, 1 << 30, "max_head")
        made.max_line = limit(max_line, made.max_line, 1 << 30, "max_line")
        made.max_chunk_overhead = limit(max_chunk_overhead, made.max_chunk_overhead, 1 << 30, "max_chunk_overhead")
        made.max_trailers = limit(max_trailers, made.max_trailers, 65535, "max_trailers")
        made.max_trailer_bytes = limit(max_trailer_bytes, made.max_trailer_bytes, 1 << 30, "max_trailer_bytes")
        made.max_interim = limit(max_interim, made.max_interim, 1 << 30, "max_interim")
        made.max_leading_blank = limit(max_leading_blank, made.max_leading_blank, 1 << 30, "max_leading_blank")
        self.limits = made

    @property
    def max_headers(self):
        return self.limits.max_headers

    @property
    def max_head(self):
        return self.limits.max_head

    @property
    def max_line(self):
        return self.limits.max_line

    @property
    def max_chunk_overhead(self):
        return self.limits.max_chunk_overhead

    @property
    def max_trailers(self):
        return self.limits.max_trailers

    @property
    def max_trailer_bytes(self):
        return self.limits.max_trailer_bytes

    @property
    def max_interim(self):
        return self.limits.max_interim

    @property
    def max_leading_blank(self):
        return self.limits.max_leading_blank

    def __eq__(self, other):
        return limits_tuple(self) == limits_tuple(other) if type(other) is Limits else NotImplemented

    def __hash__(self):
        return hash(limits_tuple(self))

    def __reduce__(self):
        return _limits_from, limits_tuple(self)

    def __repr__(self):
        return "Limits(%s)" % ", ".join(f"{name}={value}" for name, value in zip(_LIMIT_NAMES, limits_tuple(self)))


_LIMIT_NAMES = (
    "max_headers", "max_head", "max_line", "max_chunk_overhead", "max_trailers", "max_trailer_bytes", "max_interim",
    "max_leading_blank",
)


def _limits_from(*values):
    return Limits(**dict(zip(_LIMIT_NAMES, values)))


cdef tuple limits_tuple(Limits value):
    cdef fp_http_limits *limits = &value.limits
    return (
        limits.max_headers, limits.max_head, limits.max_line, limits.max_chunk_overhead, limits.max_trailers,
        limits.max_trailer_bytes, limits.max_interim, limits.max_leading_blank,
    )


cdef const fp_http_limits *limits_of(Limits limits) noexcept:
    return NULL if limits is None else &limits.limits
