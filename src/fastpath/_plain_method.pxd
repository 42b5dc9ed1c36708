# Methods whose most frequent calls do not go through Cython's wrapper, which for one with many keywords takes as long
# as a short method itself. A plain method looks at what it is called with, and leaves other calls to the wrapped one.
from cpython.object cimport PyObject

cdef extern from "Python.h":
    object PyObject_Vectorcall(object call, PyObject *const *arguments, size_t count, PyObject *names)
    object PyDescr_NewMethod(PyTypeObject *type, PyMethodDef *method)
    void PyType_Modified(type changed)
    const int METH_FASTCALL
    const int METH_KEYWORDS
    ctypedef object (*PyCFunction)(object self, object arguments)
    ctypedef struct PyMethodDef:
        const char *ml_name
        PyCFunction ml_meth
        int ml_flags
        const char *ml_doc
    ctypedef struct PyTypeObject:
        PyObject *tp_dict

# `arguments` are `count` positional ones, and then those whose names are in the tuple `names`, NULL for none.
ctypedef object (*PlainMethod)(object self, PyObject *const *arguments, Py_ssize_t count, PyObject *names)


# Gives a type of this library's a plain method. The definition and its texts must stay.
cdef inline int add_plain_method(
    type owner, PyMethodDef *method, const char *name, PlainMethod call, bytes doc
) except -1:
    method[0] = PyMethodDef(name, <PyCFunction><void *>call, METH_FASTCALL | METH_KEYWORDS, <const char *>doc)
    (<dict>(<PyTypeObject *>owner).tp_dict)[name.decode()] = PyDescr_NewMethod(<PyTypeObject *>owner, method)
    PyType_Modified(owner)
    return 0
