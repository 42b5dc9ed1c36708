# Strings for the names that everyone uses: borrowed, they live as long as the process.
from cpython.object cimport PyObject


cdef struct KnownName:
    PyObject *lower  # b"content-length"
    PyObject *usual  # b"Content-Length"


# By the id of a field's name (from 1), and by fp_http_method. Ask once, at import.
cdef const KnownName *known_names() noexcept
cdef PyObject **known_methods() noexcept

cdef int method_id(bytes method) noexcept
