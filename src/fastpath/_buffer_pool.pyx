"""The pool that blocks of buffers come from."""
cimport cython

from fastpath._status cimport check
from fastpath.libfastpath.buffer cimport *


@cython.final
@cython.no_gc
cdef class BufferPool:
    """Blocks of memory of one size, kept for reuse and shared by any number of buffers, in any threads.

    `block_size` is in bytes (64 to 2**30). Up to `max_blocks` free blocks are kept; more are given back to the
    system. Blocks in use are not bounded by the pool: bound the buffers. A pool's memory lives until the last block
    that some view or buffer still uses is gone, also after the pool object.
    """

    def __cinit__(self, *, Py_ssize_t block_size=16384, Py_ssize_t max_blocks=256):
        if block_size < 64 or block_size > 1 << 30:
            raise ValueError(f"block_size is {block_size}, not within 64 to 2**30 bytes")
        if max_blocks < 0:
            raise ValueError(f"max_blocks is negative: {max_blocks}")
        check(fp_pool_new(<size_t>block_size, <size_t>max_blocks, &self.pool), NULL)

    def __dealloc__(self):
        fp_pool_unref(self.pool)

    @property
    def block_size(self):
        """Bytes in a block."""
        return fp_pool_block_size(self.pool)

    @property
    def cached(self):
        """Free blocks that the pool holds."""
        return fp_pool_cached(self.pool)

    @property
    def in_use(self):
        """Blocks that some buffer or view holds."""
        return fp_pool_in_use(self.pool)

    def __repr__(self):
        return f"<BufferPool of {self.block_size}-byte blocks: {self.in_use} in use, {self.cached} cached>"
