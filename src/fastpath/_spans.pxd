# The bytes of strings as spans, and back.
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint8_t

from fastpath.libfastpath.base cimport fp_span


cdef inline int text_span(object value, fp_span *span, str what) except -1:
    """The bytes of a str (UTF-8) or bytes; None has no bytes, not even an address. Borrowed from the value."""
    cdef Py_ssize_t length = 0
    cdef const char *data
    if isinstance(value, str):
        data = PyUnicode_AsUTF8AndSize(value, &length)
    elif isinstance(value, bytes):
        data = PyBytes_AS_STRING(value)
        length = PyBytes_GET_SIZE(value)
    elif value is None:
        data = NULL
    else:
        raise TypeError(f"{what} must be str, bytes or None, not {type(value).__name__}")
    span.data = <const uint8_t *>data
    span.len = <size_t>length
    return 0


cdef inline int required_span(object value, fp_span *span, str what) except -1:
    if value is None:
        raise TypeError(f"{what} must be str or bytes, not None")
    return text_span(value, span, what)


cdef inline bytes bytes_of(fp_span span):
    return PyBytes_FromStringAndSize(<const char *>span.data, <Py_ssize_t>span.len)
