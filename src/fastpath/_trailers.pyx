"""The trailer section of a chunked body (RFC 9112 section 7.1.2), which Connection and the chunked coder share."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from libc.stdint cimport uint8_t, uint32_t

from fastpath._headers cimport Headers, headers_new
from fastpath._message cimport HeaderList
from fastpath._record cimport HeadRecord, record_new, record_unref
from fastpath._status cimport check, check_local
from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status
from fastpath.libfastpath.chunked cimport fp_chunked_trailers
from fastpath.libfastpath.http_write cimport fp_http_write_trailers


cdef bytes trailer_lines(HeaderList trailers):
    cdef size_t length = 0
    cdef fp_error error
    check_local(fp_http_write_trailers(trailers.items, trailers.count, NULL, 0, &length, &error), &error)
    cdef bytes section = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length)
    check_local(
        fp_http_write_trailers(
            trailers.items, trailers.count, <uint8_t *>PyBytes_AS_STRING(section), length, &length, &error
        ),
        &error,
    )
    return section[:PyBytes_GET_SIZE(section) - 2]


cdef Headers trailers_new(bytes lines, bint ours):
    cdef fp_error error
    cdef fp_status status
    cdef fp_span text
    cdef HeadRecord *record = record_new(<uint32_t>lines.count(b"\n"))
    text.data = <const uint8_t *>PyBytes_AS_STRING(lines)
    text.len = <size_t>PyBytes_GET_SIZE(lines)
    try:
        status = fp_chunked_trailers(
            text, record.head.fields, record.head.field_capacity, &record.head.field_count, &error
        )
        check_local(status, &error) if ours else check(status, &error)
    except BaseException:
        record_unref(record)
        raise
    record.data = text.data
    record.source = <PyObject *>lines
    Py_INCREF(lines)
    return headers_new(record)
