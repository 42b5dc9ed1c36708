# cython: binding=False, boundscheck=False, wraparound=False
"""Fields of frozen instances: object.__setattr__ would take ten times as long, and there are millions to be set."""
cimport cython
from cpython.object cimport PyObject_TypeCheck, PyTypeObject
from libc.stdlib cimport calloc, free

from fastpath.models._slots cimport set_slot, slot_offset

cdef extern from "Python.h":
    object PyType_GenericAlloc(type kind, Py_ssize_t items)


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

    def make(self, *values):
        """An instance with these fields and no others, without asking its constructor."""
        instance = PyType_GenericAlloc(self.kind, 0)
        self.put(instance, values)
        return instance
