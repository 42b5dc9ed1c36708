# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Matching paths alone, for those who have no hosts and conditions."""
import sys

from fastpath.errors import ConfigError

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_SetItem
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy

from fastpath._spans cimport required_span
from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_OK, fp_error, fp_span, fp_status
from fastpath.libfastpath.path_router cimport *

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text) noexcept
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 highest)
    void *PyUnicode_DATA(object text) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(object text) noexcept
    PyObject **PySequence_Fast_ITEMS(object items) noexcept


# What was published together; never changed.
@cython.final
@cython.internal
cdef class PathIndex:
    cdef fp_path_router *router
    cdef tuple values  # of the templates
    cdef tuple names  # of their variables: for each a tuple

    def __dealloc__(self):
        fp_path_router_free(self.router)


@cython.final
cdef class PathMatcher:
    """Finds what stands for a path. Matching never waits for a build."""

    cdef PathIndex index

    def __cinit__(self):
        self.publish((), ())

    def publish(self, tuple templates not None, tuple values not None, /):
        """Match by these templates from now on; the first one that takes a path wins.

        ConfigError, with the template as its path, when one is refused; then what was there stays."""
        self.index = index_new(templates, values)

    @property
    def size(self):
        """Bytes that the templates take."""
        return fp_path_router_size(self.index.router)

    def find(self, path, /):
        """What stands for a path (str or bytes), None for none."""
        cdef PathIndex index = self.index  # another thread may publish
        cdef fp_span span
        cdef void *found = NULL
        cdef fp_status status
        path_span(path, &span)
        status = fp_path_router_find_value(index.router, span, &found)
        if status != FASTPATH_OK:
            check(status, NULL)
            return None
        return <object>found

    def find_with_params(self, path, /):
        """The same, and what the template's variables stand for in a dict, of the type of `path`."""
        cdef PathIndex index = self.index
        cdef fp_span span
        cdef fp_span pieces[32]  # FASTPATH_ROUTE_PARAMS_MAX
        cdef uint32_t found = 0
        cdef fp_status status
        cdef PyObject *names
        cdef dict params
        cdef Py_ssize_t i
        path_span(path, &span)
        status = fp_path_router_match(index.router, span, &found, pieces)
        if status != FASTPATH_OK:
            check(status, NULL)
            return None
        names = PyTuple_GET_ITEM(<object><PyObject *>index.names, <Py_ssize_t>found)  # borrowed: the index stays
        params = {}
        if type(path) is str and PyUnicode_IS_COMPACT_ASCII(path):
            for i in range(PyTuple_GET_SIZE(<object>names)):
                PyDict_SetItem(params, <object>PyTuple_GET_ITEM(<object>names, i), ascii_of(pieces[i]))
        else:
            for i in range(PyTuple_GET_SIZE(<object>names)):
                PyDict_SetItem(params, <object>PyTuple_GET_ITEM(<object>names, i), piece_of(path, pieces[i]))
        return <object>PyTuple_GET_ITEM(<object><PyObject *>index.values, <Py_ssize_t>found), params


cdef PathIndex index_new(tuple templates, tuple values):
    cdef PathIndex index = PathIndex.__new__(PathIndex)
    cdef Py_ssize_t count = PyTuple_GET_SIZE(templates), i
    cdef fp_error error
    cdef fp_status status
    cdef size_t failed = 0
    cdef fp_span *spans
    if PyTuple_GET_SIZE(values) != count:
        raise ValueError("there must be a value for each template")
    spans = <fp_span *>PyMem_Malloc((<size_t>count + 1) * sizeof(fp_span))
    if spans is NULL:
        raise MemoryError
    try:
        for i in range(count):
            required_span(templates[i], &spans[i], "a template")
        with nogil:
            status = fp_path_router_new(spans, <size_t>count, &index.router, &failed, &error)
    finally:
        PyMem_Free(spans)
    try:
        check(status, &error)
    except ConfigError as refused:
        path = templates[failed] if failed < <size_t>count else ""
        raise ConfigError(refused.reason, path=path, code=refused.code, index=refused.index) from None
    index.values = values  # which stay where they are
    fp_path_router_set_values(index.router, <void *const *>PySequence_Fast_ITEMS(values))
    index.names = all_names(index.router, <uint32_t>count)
    return index


cdef tuple all_names(const fp_path_router *router, uint32_t count):
    """Of each template its names. Those with the same ones share a tuple: few stay in the processor's cache."""
    cdef dict known = {}
    cdef list names = []
    cdef uint32_t i
    for i in range(count):
        own = names_of(router, i)
        names.append(known.setdefault(own, own))
    return tuple(names)


cdef tuple names_of(const fp_path_router *router, uint32_t template_index):
    cdef uint32_t count = fp_path_router_variable_count(router, template_index), i
    cdef fp_span name
    cdef list names
    if count == 0:
        return ()
    names = []
    for i in range(count):
        name = fp_path_router_variable_name(router, template_index, i)
        names.append(sys.intern(name.data[:name.len].decode("ascii")))
    return tuple(names)


cdef inline int path_span(object path, fp_span *span) except -1:
    if type(path) is str and PyUnicode_IS_COMPACT_ASCII(path):
        span.data = <const uint8_t *>PyUnicode_DATA(path)
        span.len = <size_t>PyUnicode_GET_LENGTH(path)
        return 0
    return required_span(path, span, "path")


cdef inline str ascii_of(fp_span span):
    cdef str made = PyUnicode_New(<Py_ssize_t>span.len, 127)
    memcpy(PyUnicode_DATA(made), span.data, span.len)
    return made


cdef inline object piece_of(object path, fp_span span):
    """Some of the bytes of a path, in an object of its type."""
    if isinstance(path, bytes):
        return PyBytes_FromStringAndSize(<const char *>span.data, <Py_ssize_t>span.len)
    return PyUnicode_DecodeUTF8(<const char *>span.data, <Py_ssize_t>span.len, NULL)
