# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Matching paths alone, for those who have no hosts and conditions.

    path ──> literals: a dict         a path that is one of them is found at the price of a dict lookup
        └──> templates: a table       with one virtual host, for "*"; what comes first is more specific
"""
cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.dict cimport PyDict_Copy, PyDict_SetItem
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memcpy, memset

from fastpath._route_builder cimport RouteTableSnapshot
from fastpath._route_request cimport path_end
from fastpath._spans cimport required_span
from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_OK, fp_span, fp_status
from fastpath.libfastpath.route cimport *

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text) noexcept
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 highest)
    void *PyUnicode_DATA(object text) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(object text) noexcept
    PyObject *PyDict_GetItemWithError(object mapping, object key) except? NULL


# What was published together; never changed.
@cython.final
@cython.internal
cdef class PathIndex:
    cdef dict literals  # of str
    cdef RouteTableSnapshot snapshot  # of the templates; None when there are none
    cdef const fp_route_table *table  # the snapshot's
    cdef tuple values  # of the templates
    cdef tuple names  # of their variables: for each a tuple
    cdef tuple forms  # and a dict that has them as its keys


@cython.final
cdef class PathMatcher:
    """Finds what stands for a path. Matching never waits for a build."""

    cdef PathIndex index

    def __cinit__(self):
        self.index = index_new({}, None)

    def publish(self, dict literals not None, RouteTableSnapshot templates, /):
        """Match by these from now on. The snapshot has one virtual host, for "*"; what its context has for routes is
        handed out."""
        self.index = index_new(literals, templates)

    def find(self, path, /):
        """What stands for a path (str or bytes), None for none."""
        cdef PathIndex index = self.index  # another thread may publish
        cdef fp_route_match found
        cdef fp_span span
        cdef PyObject *value
        if type(path) is str:
            value = PyDict_GetItemWithError(index.literals, path)
            if value is not NULL:
                return <object>value
        required_span(path, &span, "path")
        value = literal_of_part(index, path, &span)
        if value is not NULL:
            return <object>value
        if not find_template(index, span, &found):
            return None
        return index.values[found.route]

    def find_with_params(self, path, /):
        """The same, and what the template's variables stand for in a dict, of the type of `path`."""
        cdef PathIndex index = self.index
        cdef fp_route_match found
        cdef fp_span span
        cdef PyObject *value
        cdef fp_span pieces[32]  # FASTPATH_ROUTE_PARAMS_MAX
        cdef tuple names
        cdef dict params
        cdef Py_ssize_t i
        if type(path) is str:
            value = PyDict_GetItemWithError(index.literals, path)
            if value is not NULL:
                return <object>value, {}
        required_span(path, &span, "path")
        value = literal_of_part(index, path, &span)
        if value is not NULL:
            return <object>value, {}
        if not find_template(index, span, &found):
            return None
        names = <tuple>index.names[found.route]
        params = PyDict_Copy(<dict>index.forms[found.route])
        fp_route_table_params(index.table, &found, span, pieces)
        if type(path) is str and PyUnicode_IS_ASCII(path):
            for i in range(PyTuple_GET_SIZE(names)):
                PyDict_SetItem(params, <object>names[i], ascii_of(pieces[i]))
        else:
            for i in range(PyTuple_GET_SIZE(names)):
                PyDict_SetItem(params, <object>names[i], piece_of(path, pieces[i]))
        return index.values[found.route], params


cdef PathIndex index_new(dict literals, RouteTableSnapshot templates):
    cdef PathIndex index = PathIndex.__new__(PathIndex)
    index.literals = literals
    index.snapshot = templates
    if templates is not None:
        if templates.table is NULL:
            raise ValueError("the snapshot was not built")
        entry = templates.context[0]
        index.table = templates.table
        index.values = entry[1]
        index.names = tuple([names or () for names in entry[3]])
        index.forms = tuple([dict.fromkeys(names) for names in index.names])
    return index


cdef inline PyObject *literal_of_part(PathIndex index, object path, fp_span *span) except? NULL:
    """Cut the path at its query, and look once more for a literal when it was not looked for as it is now."""
    cdef size_t end = path_end(span[0])
    if end == span.len and type(path) is str:
        return NULL
    span.len = end
    return literal_of_bytes(index, span[0])


cdef PyObject *literal_of_bytes(PathIndex index, fp_span span) except? NULL:
    cdef size_t i
    for i in range(span.len):
        if span.data[i] > 0x7f:
            return NULL  # no literal is like that
    return PyDict_GetItemWithError(index.literals, ascii_of(span))


cdef inline bint find_template(PathIndex index, fp_span path, fp_route_match *found) except -1:
    cdef fp_route_request request
    cdef fp_status status
    if index.table is NULL:
        return False
    memset(&request, 0, sizeof(request))
    request.path = path
    status = fp_route_table_match(index.table, &request, found)
    if status == FASTPATH_OK:
        return True
    if status < 0:
        check(status, NULL)
    return False


cdef inline str ascii_of(fp_span span):
    cdef str made = PyUnicode_New(<Py_ssize_t>span.len, 127)
    memcpy(PyUnicode_DATA(made), span.data, span.len)
    return made


cdef inline object piece_of(object path, fp_span span):
    """Some of the bytes of a path, in an object of its type."""
    if isinstance(path, bytes):
        return PyBytes_FromStringAndSize(<const char *>span.data, <Py_ssize_t>span.len)
    return PyUnicode_DecodeUTF8(<const char *>span.data, <Py_ssize_t>span.len, NULL)
