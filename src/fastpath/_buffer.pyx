"""Zero-copy buffers over the C core: `Buffer`, and the `Room` to receive into.

Bytes that a view shows never change and never move, whatever happens to the buffer afterwards: each view holds the
memory it shows. A `Buffer` belongs to one thread at a time; views and pools may be used from any thread.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.memoryview cimport PyMemoryView_Check
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

import os

from fastpath._buffer_pool cimport BufferPool
from fastpath._bytes_like cimport PySlice_AdjustIndices, holds, refuse_writable, unpack_slice
from fastpath._segments cimport REFERENCE_THRESHOLD, segment_within
from fastpath._status cimport check
from fastpath._view cimport View, view_adopt, view_require
from fastpath.libfastpath.base cimport FASTPATH_ERR_BUSY, FASTPATH_NONE, fp_span, fp_status
from fastpath.libfastpath.buffer cimport *


cdef extern from "Python.h":
    PyObject *PyMemoryView_GET_BASE(object view)  # borrowed; NULL for memory without an owner

# A read is not worth its system call when there is less room than this behind the last bytes.
cdef size_t RECEIVE_LEAST = 2048
# POSIX promises no more buffers than 16 in one call; Linux and the BSDs take 1024.
cdef Py_ssize_t VECTORS_MAX = 1024

cdef inline int settle(fp_status status) except -1:
    """check(), with words for the one refusal that callers meet often."""
    if status == FASTPATH_ERR_BUSY:
        raise BufferError("the buffer is exported: release its memoryviews first")
    return check(status, NULL)


cdef inline int require_within(Py_ssize_t n, Py_ssize_t length) except -1:
    if n < 0:
        raise ValueError(f"{n} is negative")
    if n > length:
        raise ValueError(f"{n} bytes wanted, there are {length}")
    return 0


cdef View view_of_slice(const fp_slice *slice):
    return view_adopt(fp_segment_ref(slice.segment) if slice.len > 0 else NULL, slice.data, <Py_ssize_t>slice.len)


@cython.final
@cython.freelist(16)
@cython.no_gc
cdef class Room:
    """Writable memory to receive into, reserved in a `Buffer` until its next `commit`.

    For `socket.recv_into`, `os.readv` and transports; not to be written to after the commit. Its memory stays valid
    for as long as somebody holds a memoryview of it.
    """

    def __init__(self):
        raise TypeError("rooms come from a Buffer")

    def __dealloc__(self):
        fp_segment_unref(self.segment)

    def __len__(self):
        return self.length if self.data is not NULL else 0

    def __getbuffer__(self, Py_buffer *view, int flags):
        if self.data is NULL:
            raise ValueError("the room was committed")
        PyBuffer_FillInfo(view, self, self.data, self.length, 0, flags)

    def __repr__(self):
        return f"<Room for {self.length} bytes>" if self.data is not NULL else "<Room, committed>"


cdef int add_bytes(fp_buffer *buffer, bytes owner, const void *data, Py_ssize_t length, bint front) except -1:
    """Bytes of an immutable owner: referenced when that pays."""
    cdef fp_segment *segment
    cdef fp_slice run
    cdef fp_status status
    if length < REFERENCE_THRESHOLD:
        if front:
            return settle(fp_buffer_prepend(buffer, data, <size_t>length))
        return settle(fp_buffer_append(buffer, data, <size_t>length))
    segment = segment_within(owner, data, length)
    run.segment, run.data, run.len = segment, <const uint8_t *>data, <size_t>length
    status = fp_buffer_prepend_slice(buffer, &run) if front else fp_buffer_append_slice(buffer, &run)
    fp_segment_unref(segment)
    return settle(status)


cdef int add_run(fp_buffer *buffer, fp_segment *segment, const uint8_t *data, Py_ssize_t length, bint front) except -1:
    cdef fp_slice run
    run.segment, run.data, run.len = segment, data, <size_t>length
    return settle(fp_buffer_prepend_slice(buffer, &run) if front else fp_buffer_append_slice(buffer, &run))


cdef int add_buffer(fp_buffer *buffer, Buffer other, bint front) except -1:
    cdef fp_buffer *source = other.live()
    cdef fp_slice run
    cdef size_t index, added = 0
    cdef fp_status status
    if source is buffer:
        other = share_part(other, 0, <Py_ssize_t>fp_buffer_length(source))
        source = other.buffer
    if not front:
        return settle(fp_buffer_share(buffer, source, 0, fp_buffer_length(source)))
    for index in range(fp_buffer_slice_count(source), 0, -1):
        fp_buffer_slice(source, index - 1, &run)
        status = fp_buffer_prepend_slice(buffer, &run)
        if <int>status < 0:
            fp_buffer_drain(buffer, added)
            settle(status)
        added += run.len
    return 0


cdef Buffer share_part(Buffer source, Py_ssize_t start, Py_ssize_t length):
    """Another buffer of the same pool over the same memory."""
    cdef Buffer part = Buffer(pool=source.pool)
    settle(fp_buffer_share(part.buffer, source.live(), <size_t>start, <size_t>length))
    return part


cdef list first_views(fp_buffer *buffer, Py_ssize_t count):
    cdef fp_slice run
    cdef Py_ssize_t index
    cdef list result = []
    for index in range(count):
        fp_buffer_slice(buffer, <size_t>index, &run)
        result.append(view_of_slice(&run))
    return result


cdef Room reserve_pieces(Buffer self, size_t least, size_t pieces):
    cdef fp_room rooms[FASTPATH_BUFFER_MAX_ROOMS]
    cdef size_t count, index
    cdef Room room, first = None
    check(fp_buffer_reserve_rooms(self.live(), least, rooms, pieces, &count), NULL)
    close_rooms(self)
    for index in range(count, 0, -1):
        room = Room.__new__(Room)
        room.segment = fp_segment_ref(fp_buffer_room_segment(self.buffer, index - 1))
        room.data = rooms[index - 1].data
        room.length = <Py_ssize_t>rooms[index - 1].len
        room.following = first
        first = room
    self.room = first
    return first


cdef void close_rooms(Buffer self) noexcept:
    cdef Room room = self.room
    self.room = None
    while room is not None:
        room.data = NULL
        room = room.following


@cython.no_gc
cdef class Buffer:
    """A growable run of bytes, held as a chain of shared segments: what goes through it is seldom copied.

    Buffer(data=b"", *, pool=None): with a pool, blocks come from there; otherwise from the allocator.

    Immutable bytes of 1 KiB or more are referenced, not copied, and so are views and other buffers; everything else is
    copied, bytearrays too, since their owner may write to them at any time. Sizes and offsets are in bytes.

    `memoryview(buffer)` shows all of it at once, read-only, coalescing it first. As with a bytearray, whatever would
    change the buffer while such a memoryview exists raises BufferError and changes nothing. Views from `peek`, `take`
    and `views` don't have this effect: they hold their own memory.

    Use after `release()` is a ValueError. One thread at a time.
    """

    __hash__ = None

    def __init__(self, data=b"", *, BufferPool pool=None):
        if self.buffer is not NULL:
            self.release()
        self.buffer = fp_buffer_new(pool.pool if pool is not None else NULL)
        if self.buffer is NULL:
            raise MemoryError
        self.pool = pool
        self.add(data, False)

    def __dealloc__(self):
        fp_buffer_free(self.buffer)

    cdef fp_buffer *live(self) except NULL:
        if self.buffer is NULL:
            raise ValueError("the buffer was released")
        return self.buffer

    def release(self):
        """Give all memory back now, as far as no view holds it. Calling it again is fine."""
        if self.buffer is NULL:
            return
        if fp_buffer_exports(self.buffer) > 0:
            raise BufferError("the buffer is exported: release its memoryviews first")
        close_rooms(self)
        fp_buffer_free(self.buffer)
        self.buffer = NULL

    def __enter__(self):
        self.live()
        return self

    def __exit__(self, *exc_info):
        self.release()

    # ---- adding

    def append(self, data):
        """Add bytes at the end. A memoryview that is not contiguous is a BufferError."""
        self.add(data, False)

    def prepend(self, data):
        """Add bytes at the beginning."""
        self.add(data, True)

    def __iadd__(self, data):
        self.add(data, False)
        return self

    cdef int add(self, object data, bint front) except -1:
        cdef fp_buffer *buffer = self.live()
        cdef Py_buffer given
        cdef PyObject *base
        if type(data) is bytes:
            return add_bytes(buffer, <bytes>data, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), front)
        if type(data) is View:
            view_require(<View>data)
            return add_run(buffer, (<View>data).segment, (<View>data).data, (<View>data).length, front)
        if isinstance(data, Buffer):
            return add_buffer(self.live(), <Buffer>data, front)
        PyObject_GetBuffer(data, &given, PyBUF_SIMPLE)
        try:
            buffer = self.live()
            if PyMemoryView_Check(data):
                base = PyMemoryView_GET_BASE(data)
                if base is not NULL and type(<object>base) is bytes:
                    return add_bytes(buffer, <bytes>base, given.buf, given.len, front)
                if base is not NULL and type(<object>base) is View:
                    return add_run(buffer, (<View>base).segment, <const uint8_t *>given.buf, given.len, front)
            if front:
                return settle(fp_buffer_prepend(buffer, given.buf, <size_t>given.len))
            return settle(fp_buffer_append(buffer, given.buf, <size_t>given.len))
        finally:
            PyBuffer_Release(&given)

    def move_from(self, Buffer source not None, n=None):
        """Move the first n bytes (default: all) of another buffer to the end of this one, without copying."""
        cdef Py_ssize_t length = -1 if n is None else n
        cdef fp_buffer *buffer = self.live()
        cdef fp_buffer *other = source.live()
        if n is None:
            length = <Py_ssize_t>fp_buffer_length(other)
        if source is self:
            raise ValueError("a buffer cannot be moved into itself")
        require_within(length, <Py_ssize_t>fp_buffer_length(other))
        settle(fp_buffer_move(buffer, other, <size_t>length))

    # ---- removing

    def drain(self, Py_ssize_t n):
        """Remove the first n bytes: what was parsed, or what a short write took."""
        cdef fp_buffer *buffer = self.live()
        require_within(n, <Py_ssize_t>fp_buffer_length(buffer))
        settle(fp_buffer_drain(buffer, <size_t>n))

    def clear(self):
        """Remove all bytes."""
        settle(fp_buffer_clear(self.live()))

    def take(self, Py_ssize_t n):
        """Remove the first n bytes and return them as one view, copying only when they span segments."""
        cdef fp_buffer *buffer = self.live()
        cdef fp_slice taken
        require_within(n, <Py_ssize_t>fp_buffer_length(buffer))
        if n == 0:
            return view_adopt(NULL, NULL, 0)
        settle(fp_buffer_take(buffer, <size_t>n, &taken))
        return view_adopt(taken.segment, taken.data, n)

    def split(self, Py_ssize_t n):
        """Remove the first n bytes and return them as a buffer of the same pool, without copying."""
        cdef fp_buffer *buffer = self.live()
        cdef Buffer head
        require_within(n, <Py_ssize_t>fp_buffer_length(buffer))
        head = Buffer.__new__(Buffer)
        settle(fp_buffer_split(buffer, <size_t>n, &head.buffer))
        head.pool = self.pool
        return head

    # ---- looking

    def __len__(self):
        return <Py_ssize_t>fp_buffer_length(self.live())

    def peek(self, n=None):
        """The first n bytes (default: all) as one view, which stay in the buffer; copies when they span segments."""
        cdef Py_ssize_t length = -1 if n is None else n
        cdef fp_buffer *buffer = self.live()
        cdef fp_slice run
        if n is None:
            length = <Py_ssize_t>fp_buffer_length(buffer)
        require_within(length, <Py_ssize_t>fp_buffer_length(buffer))
        settle(fp_buffer_coalesce(buffer, <size_t>length, &run))
        return view_of_slice(&run)

    def coalesce(self, n=None):
        """Make the first n bytes (default: all) contiguous."""
        cdef Py_ssize_t length = -1 if n is None else n
        cdef fp_buffer *buffer = self.live()
        if n is None:
            length = <Py_ssize_t>fp_buffer_length(buffer)
        require_within(length, <Py_ssize_t>fp_buffer_length(buffer))
        settle(fp_buffer_coalesce(buffer, <size_t>length, NULL))

    def views(self):
        """All bytes as a list of views, one for each run of memory, none empty; copies nothing."""
        cdef fp_buffer *buffer = self.live()
        return first_views(buffer, <Py_ssize_t>fp_buffer_slice_count(buffer))

    def find(self, sub, Py_ssize_t start=0):
        """Offset of the first `sub` (bytes-like, or a byte's value) at or after start, or -1. Linear time."""
        cdef fp_buffer *buffer = self.live()
        cdef Py_buffer wanted
        cdef uint8_t byte
        cdef size_t position
        cdef fp_status status
        if start < 0:
            start = max(0, start + <Py_ssize_t>fp_buffer_length(buffer))
        if isinstance(sub, int):
            if not 0 <= sub <= 255:
                raise ValueError("a byte's value is within 0 to 255")
            byte = sub
            status = fp_buffer_find_byte(self.live(), byte, <size_t>start, &position)
        else:
            PyObject_GetBuffer(sub, &wanted, PyBUF_SIMPLE)
            try:
                status = fp_buffer_find(self.live(), wanted.buf, <size_t>wanted.len, <size_t>start, &position)
            finally:
                PyBuffer_Release(&wanted)
        return -1 if settle(status) == FASTPATH_NONE else <Py_ssize_t>position

    def __contains__(self, sub):
        return self.find(sub) >= 0

    def __getitem__(self, key):
        """buffer[i] is a byte's value; buffer[a:b] another buffer over the same memory, without copying."""
        cdef Py_ssize_t start, stop, taken, length
        cdef uint8_t byte
        if isinstance(key, slice):
            unpack_slice(key, &start, &stop)
            taken = PySlice_AdjustIndices(<Py_ssize_t>fp_buffer_length(self.live()), &start, &stop, 1)
            return share_part(self, start, taken)
        start = key
        length = <Py_ssize_t>fp_buffer_length(self.live())
        if start < 0:
            start += length
        if not 0 <= start < length:
            raise IndexError("index out of range")
        settle(fp_buffer_copy_out(self.buffer, <size_t>start, &byte, 1))
        return byte

    def __iter__(self):
        """The values of the bytes that are there now; changes while iterating don't show."""
        return iter(self.tobytes())

    def tobytes(self):
        """A copy, as bytes."""
        cdef fp_buffer *buffer = self.live()
        cdef size_t length = fp_buffer_length(buffer)
        cdef bytes result = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length)
        settle(fp_buffer_copy_out(buffer, 0, PyBytes_AS_STRING(result), length))
        return result

    def __bytes__(self):
        return self.tobytes()

    def __richcmp__(self, other, int operator):
        cdef Py_buffer theirs
        cdef int order
        self.live()
        if isinstance(other, Buffer):
            order = fp_buffer_compare(self.live(), (<Buffer>other).live())
        else:
            try:
                PyObject_GetBuffer(other, &theirs, PyBUF_SIMPLE)
            except TypeError:
                return NotImplemented
            try:
                order = fp_buffer_compare_bytes(self.live(), theirs.buf, <size_t>theirs.len)
            finally:
                PyBuffer_Release(&theirs)
        return holds(order, operator)

    def __getbuffer__(self, Py_buffer *view, int flags):
        cdef fp_span span
        refuse_writable(flags)
        settle(fp_buffer_export(self.live(), &span))
        PyBuffer_FillInfo(view, self, <void *>span.data, <Py_ssize_t>span.len, 1, flags)

    def __releasebuffer__(self, Py_buffer *view):
        fp_buffer_unexport(self.buffer)

    def __repr__(self):
        if self.buffer is NULL:
            return "<Buffer, released>"
        return f"<Buffer of {fp_buffer_length(self.buffer)} bytes in {fp_buffer_slice_count(self.buffer)} runs>"

    # ---- receiving

    def reserve(self, Py_ssize_t n):
        """A `Room` of at least n bytes to write to; then `commit` says how many were written.

        What is reserved stays reserved until the next commit or reserve; other calls don't disturb it.
        """
        if n < 1:
            raise ValueError(f"{n} bytes cannot be reserved")
        return reserve_pieces(self, <size_t>n, 1)

    def commit(self, Py_ssize_t n):
        """Append the first n bytes of what was reserved and give back the rest. 0 gives all back."""
        cdef fp_buffer *buffer = self.live()
        cdef Room room = self.room
        cdef Py_ssize_t reserved = 0
        while room is not None:
            reserved += room.length
            room = room.following
        if not 0 <= n <= reserved:
            raise ValueError(f"{n} bytes cannot be committed: {reserved} are reserved")
        settle(fp_buffer_commit(buffer, <size_t>n))
        close_rooms(self)

    def readv_buffers(self, Py_ssize_t n):
        """Up to 4 `Room`s that hold at least n bytes together, for os.readv or socket.recvmsg_into; then `commit`."""
        cdef list result = []
        cdef Room room
        if n < 1:
            raise ValueError(f"{n} bytes cannot be reserved")
        room = reserve_pieces(self, <size_t>n, FASTPATH_BUFFER_MAX_ROOMS)
        while room is not None:
            result.append(room)
            room = room.following
        return result

    def get_buffer(self, Py_ssize_t sizehint=-1):
        """For asyncio.BufferedProtocol.get_buffer: a `Room` to receive into, of a block's size at most.

        The hint is not followed, since blocks have their size. An empty buffer holds no block between reads.
        """
        cdef size_t least = RECEIVE_LEAST
        if self.pool is not None:
            least = min(least, fp_pool_block_size(self.pool.pool))
        return reserve_pieces(self, least, 1)

    def buffer_updated(self, Py_ssize_t nbytes):
        """For asyncio.BufferedProtocol.buffer_updated: what was received is part of the buffer now."""
        self.commit(nbytes)

    def receive_from(self, source):
        """Receive once from a socket or a file descriptor; returns how many bytes came, 0 at the end of the stream.

        What the call raises (BlockingIOError, TimeoutError, ...) passes through and leaves the buffer as it was.
        """
        cdef Room room
        cdef Py_ssize_t received = 0
        if fp_buffer_exports(self.live()) > 0:
            raise BufferError("the buffer is exported: release its memoryviews first")
        room = self.get_buffer()
        try:
            received = os.readv(source, [room]) if isinstance(source, int) else source.recv_into(room)
        finally:
            self.commit(received)
        return received

    # ---- sending

    def writev_buffers(self, Py_ssize_t limit=VECTORS_MAX):
        """The first `limit` runs of bytes as views, for os.writev or socket.sendmsg; then `drain` what was sent."""
        cdef fp_buffer *buffer = self.live()
        if limit < 0:
            raise ValueError(f"{limit} is negative")
        return first_views(buffer, min(limit, <Py_ssize_t>fp_buffer_slice_count(buffer)))

    def send_to(self, target):
        """Send once to a socket or a file descriptor and drain what was taken; returns how many bytes that was.

        For a TLS socket, which takes one run of bytes at a time, this is the first run only.
        """
        cdef fp_buffer *buffer = self.live()
        cdef list views
        cdef Py_ssize_t sent
        if fp_buffer_exports(buffer) > 0:
            raise BufferError("the buffer is exported: release its memoryviews first")
        if fp_buffer_length(buffer) == 0:
            return 0
        views = self.writev_buffers()
        if isinstance(target, int):
            sent = os.writev(target, views)
        elif len(views) == 1:
            sent = target.send(views[0])
        else:
            try:
                sent = target.sendmsg(views)
            except NotImplementedError:
                sent = target.send(views[0])
        self.drain(sent)
        return sent
