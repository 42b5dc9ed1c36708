# The pool for other extension modules.
from fastpath.libfastpath.buffer cimport fp_pool


cdef class BufferPool:
    cdef fp_pool *pool
