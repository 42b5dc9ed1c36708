# Buffers for other extension modules: `from fastpath._buffer cimport Buffer, View, view_adopt`.
from libc.stdint cimport uint8_t

from fastpath.libfastpath.buffer cimport fp_buffer, fp_pool, fp_segment


cdef class BufferPool:
    cdef fp_pool *pool


cdef class View:
    cdef fp_segment *segment  # a reference; NULL for an empty view
    cdef const uint8_t *data  # NULL once released
    cdef Py_ssize_t length
    cdef Py_ssize_t exports


cdef class Room:
    cdef fp_segment *segment  # a reference: late writers write into memory that lives
    cdef uint8_t *data        # NULL once committed
    cdef Py_ssize_t length
    cdef Room following       # the next piece of the same reservation


cdef class Buffer:
    cdef fp_buffer *buffer  # NULL once released
    cdef BufferPool pool
    cdef Room room          # the first piece of the reservation, while there is one
    cdef fp_buffer *live(self) except NULL
    cdef int add(self, object data, bint front) except -1


# A view of data[0 .. length) in segment, taking over the caller's reference also when it fails.
cdef View view_adopt(fp_segment *segment, const uint8_t *data, Py_ssize_t length)
