# Parsed heads before they are Python objects. Inline: each parse takes a record, each object that dies gives one back.
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t

from fastpath._objects cimport Py_DECREF, PyBytes_FromStringAndSize
from fastpath.libfastpath.buffer cimport fp_segment, fp_segment_unref
from fastpath.libfastpath.http cimport FASTPATH_HTTP_HAS_CONTENT_LENGTH, fp_http_field, fp_http_head

cdef extern from *:
    """
    /* Without the GIL the free list would need a lock, which costs more than it saves. */
    #ifdef Py_GIL_DISABLED
    #define FASTPATH_FREE_RECORDS 0
    #else
    #define FASTPATH_FREE_RECORDS 64
    #endif
    """
    const int FREE_RECORDS "FASTPATH_FREE_RECORDS"

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


cdef struct FreeRecords:
    HeadRecord *first
    int count

cdef FreeRecords free_records


cdef inline HeadRecord *record_new(uint32_t capacity) except NULL:
    cdef HeadRecord *record
    cdef size_t size = sizeof(HeadRecord)
    if capacity <= RECORD_FIELDS and free_records.count > 0:
        record = free_records.first
        free_records.first = record.next
        free_records.count -= 1
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


cdef inline void record_unref(HeadRecord *record) noexcept:
    record.references -= 1
    if record.references != 0:
        return
    if record.source is not NULL:
        Py_DECREF(record.source)
    else:
        fp_segment_unref(record.segment)
    if record.head.field_capacity == RECORD_FIELDS and free_records.count < FREE_RECORDS:
        record.next = free_records.first
        free_records.first = record
        free_records.count += 1
    else:
        PyMem_Free(record)


cdef inline HeadRecord *live(HeadRecord *record) except NULL:
    if record is NULL:
        raise RuntimeError("this object was made without calling its type")
    return record


cdef inline bytes span(HeadRecord *record, uint32_t offset, uint32_t length):
    cdef PyObject *made = PyBytes_FromStringAndSize(<const char *>record.data + offset, length)
    result = <bytes>made
    Py_DECREF(made)
    return result


cdef inline object length_of(HeadRecord *record):
    return record.head.content_length if record.head.flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH else None


cdef inline bint has(HeadRecord *record, uint32_t flag) except -1:
    return (live(record).head.flags & flag) != 0
