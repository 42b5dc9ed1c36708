# What objects that are like bytes have in common.
from cpython.buffer cimport PyBUF_WRITABLE
from cpython.object cimport Py_EQ, Py_GT, Py_LE, Py_LT, Py_NE


cdef extern from "Python.h":
    int PySlice_Unpack(object slice, Py_ssize_t *start, Py_ssize_t *stop, Py_ssize_t *step) except -1
    Py_ssize_t PySlice_AdjustIndices(Py_ssize_t length, Py_ssize_t *start, Py_ssize_t *stop, Py_ssize_t step)

# An argument's __index__ or __buffer__ may do anything, also release the very object that it is an argument of. So
# methods look at arguments first and at their own memory afterwards.

cdef inline int unpack_slice(object key, Py_ssize_t *start, Py_ssize_t *stop) except -1:
    cdef Py_ssize_t step
    PySlice_Unpack(key, start, stop, &step)
    if step != 1:
        raise ValueError("bytes are sliced in steps of 1 only")
    return 0


cdef inline int refuse_writable(int flags) except -1:
    if flags & PyBUF_WRITABLE == PyBUF_WRITABLE:
        raise BufferError("these bytes are read-only")
    return 0


cdef inline bint holds(int order, int operator) noexcept:
    """Whether `a <operator> b`, when a compares to b as order does to 0."""
    if operator == Py_EQ:
        return order == 0
    if operator == Py_NE:
        return order != 0
    if operator == Py_LT:
        return order < 0
    if operator == Py_LE:
        return order <= 0
    if operator == Py_GT:
        return order > 0
    return order >= 0
