# Views for other extension modules: `from fastpath._view cimport View, view_adopt`.
from libc.stdint cimport uint8_t

from fastpath.libfastpath.buffer cimport fp_segment


cdef class View:
    cdef fp_segment *segment  # a reference; NULL for an empty view
    cdef const uint8_t *data  # NULL once released
    cdef Py_ssize_t length
    cdef Py_ssize_t exports


# A view of data[0 .. length) in segment, taking over the caller's reference also when it fails.
cdef View view_adopt(fp_segment *segment, const uint8_t *data, Py_ssize_t length)


cdef inline int view_require(View view) except -1:
    if view.data is NULL:
        raise ValueError("the view was released")
    return 0
