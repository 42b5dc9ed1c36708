# Owned references as they are, for the loops that build a message's worth of small objects.
from cpython.object cimport PyObject


cdef extern from "Python.h":
    PyObject *PyBytes_FromStringAndSize(const char *text, Py_ssize_t size) except NULL
    char *PyBytes_AS_STRING(PyObject *value) noexcept
    Py_ssize_t PyBytes_GET_SIZE(PyObject *value) noexcept
    bint PyBytes_CheckExact(object value) noexcept
    PyObject *PyTuple_New(Py_ssize_t size) except NULL
    void PyTuple_SET_ITEM(PyObject *target, Py_ssize_t index, PyObject *item) noexcept
    PyObject *PyList_New(Py_ssize_t size) except NULL
    void PyList_SET_ITEM(PyObject *target, Py_ssize_t index, PyObject *item) noexcept
    void Py_INCREF(PyObject *value) noexcept
    void Py_DECREF(PyObject *value) noexcept
