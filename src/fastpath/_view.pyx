"""Views: bytes that stay as they are."""
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t
from libc.string cimport memcmp

from fastpath._bytes_like cimport PySlice_AdjustIndices, holds, refuse_writable, unpack_slice
from fastpath.libfastpath.buffer cimport *

cdef const uint8_t NOTHING = 0


cdef View view_adopt(fp_segment *segment, const uint8_t *data, Py_ssize_t length):
    cdef View view
    try:
        view = View.__new__(View)
    except BaseException:
        fp_segment_unref(segment)
        raise
    view.segment = segment
    view.data = data if length > 0 else &NOTHING
    view.length = length
    return view


@cython.final
@cython.freelist(16)
@cython.no_gc
cdef class View:
    """A run of bytes that stays as it is: it keeps its memory alive, and nobody writes there.

    A read-only bytes-like object: `memoryview(view)`, `bytes(view)`, `b"".join(views)`, `os.writev(fd, views)` and
    `view == b"..."` all work, and slicing copies nothing. Comes from `Buffer.peek`, `Buffer.take` and the like. May be
    used from any thread.
    """

    def __init__(self):
        raise TypeError("views come from a Buffer")

    def __dealloc__(self):
        fp_segment_unref(self.segment)

    def release(self):
        """Give the memory back now. Later use is a ValueError; BufferError while a memoryview of the view exists."""
        if self.exports > 0:
            raise BufferError("the view is exported: release its memoryviews first")
        fp_segment_unref(self.segment)
        self.segment = NULL
        self.data = NULL

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.release()

    def tobytes(self):
        """A copy, as bytes."""
        view_require(self)
        return PyBytes_FromStringAndSize(<const char *>self.data, self.length)

    def __bytes__(self):
        return self.tobytes()

    def __len__(self):
        view_require(self)
        return self.length

    def __getitem__(self, key):
        cdef Py_ssize_t start, stop, length, index
        if isinstance(key, slice):
            unpack_slice(key, &start, &stop)
            view_require(self)
            length = PySlice_AdjustIndices(self.length, &start, &stop, 1)
            return view_adopt(fp_segment_ref(self.segment) if length > 0 else NULL, self.data + start, length)
        index = key
        view_require(self)
        if index < 0:
            index += self.length
        if not 0 <= index < self.length:
            raise IndexError("index out of range")
        return self.data[index]

    def __iter__(self):
        return iter(memoryview(self))

    def __getbuffer__(self, Py_buffer *view, int flags):
        view_require(self)
        refuse_writable(flags)
        PyBuffer_FillInfo(view, self, <void *>self.data, self.length, 1, flags)
        self.exports += 1

    def __releasebuffer__(self, Py_buffer *view):
        self.exports -= 1

    def __richcmp__(self, other, int operator):
        cdef Py_buffer theirs
        cdef int order
        view_require(self)
        try:
            PyObject_GetBuffer(other, &theirs, PyBUF_SIMPLE)
        except TypeError:
            return NotImplemented
        try:
            view_require(self)
            order = memcmp(self.data, theirs.buf, <size_t>min(self.length, theirs.len)) if theirs.len > 0 else 0
            if order == 0:
                order = (self.length > theirs.len) - (self.length < theirs.len)
        finally:
            PyBuffer_Release(&theirs)
        return holds(order, operator)

    def __hash__(self):
        return hash(self.tobytes())

    def __repr__(self):
        if self.data is NULL:
            return "<View, released>"
        return f"<View of {self.length} bytes>"
