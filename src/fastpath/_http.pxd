# Parsed heads for other Cython modules: what a Request or Response is made of, and how to make one.
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t

from fastpath.libfastpath.buffer cimport fp_segment
from fastpath.libfastpath.http cimport fp_http_field, fp_http_head, fp_http_limits
from fastpath.libfastpath.http_write cimport fp_http_header, fp_http_message


cdef enum:
    RECORD_FIELDS = 32  # fields that a pooled record has room for


# A parsed head and what keeps its bytes alive. Shared by count between an event and its Headers; immutable once made.
cdef struct HeadRecord:
    Py_ssize_t references
    PyObject *source        # the bytes object the head lies in, or NULL
    fp_segment *segment     # the segment the head lies in, or NULL
    const uint8_t *data     # the head's first byte: offsets count from here
    HeadRecord *next        # in the free list
    fp_http_head head
    fp_http_field fields[RECORD_FIELDS]  # as many as head.field_capacity says


cdef HeadRecord *record_new(uint32_t capacity) except NULL
cdef void record_unref(HeadRecord *record) noexcept

cdef class Limits:
    cdef fp_http_limits limits

# The limits of an argument that may be None: NULL then, which stands for the defaults.
cdef const fp_http_limits *limits_of(Limits limits) noexcept

cdef class Headers:
    cdef HeadRecord *record

cdef class Request:
    cdef HeadRecord *record

cdef class Response:
    cdef HeadRecord *record

cdef class InformationalResponse:
    cdef HeadRecord *record

# Each takes over the caller's reference on the record, also when it fails.
cdef Request request_new(HeadRecord *record)
cdef Headers headers_new(HeadRecord *record)
cdef object response_new(HeadRecord *record)

# The head at data, or NULL when there is not enough of it; a negative request_method asks for a request. The caller adds
# what keeps the bytes alive. `position` is added to that of a refusal.
cdef HeadRecord *parse_at(
    const uint8_t *data, size_t length, size_t position, int request_method, const fp_http_limits *limits
) except? NULL

# The record of a Request, Response or InformationalResponse; borrowed.
cdef HeadRecord *record_of(object head) except NULL
cdef int method_id(bytes method) noexcept

# Header pairs from Python as the core takes them; borrowed from `held`, which keeps the strings alive.
cdef class HeaderList:
    cdef list held
    cdef fp_http_header *items
    cdef size_t count

cdef HeaderList header_list(object pairs)
cdef bytes ascii_bytes(object value, str what)
