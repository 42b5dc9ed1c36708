# cython: binding=False, boundscheck=False, wraparound=False
"""Fields of frozen instances: object.__setattr__ would take ten times as long, and there are millions to be set."""
cimport cython
from cpython.object cimport PyObject, PyObject_TypeCheck, PyTypeObject
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdlib cimport calloc, free

from fastpath.models._slots cimport set_slot, slot_offset

cdef extern from "Python.h":
    object PyType_GenericAlloc(type kind, Py_ssize_t items)
    bint PyObject_GC_IsTracked(PyObject *instance) noexcept
    void PyObject_GC_UnTrack(PyObject *instance) noexcept


cdef inline void untrack_first_items(PyObject *value) noexcept:
    """A tuple, the tuple that is its first item, and so on, up to one that has been seen to."""
    while PyTuple_CheckExact(<object>value) and PyTuple_GET_SIZE(<object>value) and PyObject_GC_IsTracked(value):
        PyObject_GC_UnTrack(value)
        value = PyTuple_GET_ITEM(<object>value, 0)


@cython.final
cdef class Fields:
    """The places of some fields in instances of a class with __slots__."""
    cdef type kind
    cdef Py_ssize_t count
    cdef Py_ssize_t *offsets

    def __cinit__(self, type kind not None, tuple names not None):
        self.kind = kind
        self.count = len(names)
        self.offsets = <Py_ssize_t *>calloc(<size_t>self.count + 1, sizeof(Py_ssize_t))
        if self.offsets is NULL:
            raise MemoryError
        for index, name in enumerate(names):
            self.offsets[index] = slot_offset(getattr(kind, name))
            if self.offsets[index] < 0:
                raise TypeError(f"{kind.__name__}.{name} is not a slot")

    def __dealloc__(self):
        free(self.offsets)

    cdef int put(self, object instance, tuple values) except -1:
        cdef Py_ssize_t index
        if len(values) != self.count:
            raise TypeError(f"{self.count} values are expected, not {len(values)}")
        for index in range(self.count):
            set_slot(instance, self.offsets[index], values[index])
        return 0

    def fill(self, object instance, *values):
        """Set the fields of an instance that is frozen for everybody else."""
        if not PyObject_TypeCheck(instance, <PyTypeObject *>self.kind):
            raise TypeError(f"a {self.kind.__name__} is expected, not a {type(instance).__name__}")
        self.put(instance, values)

    def make_leaf(self, *values):
        """An instance with these fields and no others, without asking its constructor.

        Python's cyclic collector, whose time goes with the objects that it knows, does not learn of it, nor of a first
        value that is a tuple, whose first item is one, and so on: nothing that the values hold may lead back to it.
        """
        instance = PyType_GenericAlloc(self.kind, 0)
        self.put(instance, values)
        PyObject_GC_UnTrack(<PyObject *>instance)
        if values:
            untrack_first_items(PyTuple_GET_ITEM(values, 0))
        return instance
