# Buffers for other extension modules: `from fastpath._buffer cimport Buffer`.
from libc.stdint cimport uint8_t

from fastpath._buffer_pool cimport BufferPool
from fastpath.libfastpath.buffer cimport fp_buffer, fp_segment


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
