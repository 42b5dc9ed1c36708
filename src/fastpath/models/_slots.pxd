# Attributes of a class with __slots__, read where they are: a lookup by name takes ten times as long.
from cpython.object cimport PyObject

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        pass
    PyTypeObject PyMemberDescr_Type

cdef extern from *:
    """
    #include <structmember.h>

    /* Where the member is in an object of its class; -1 when that is no plain slot. */
    static Py_ssize_t slot_offset(PyObject *descriptor) {
      if (!Py_IS_TYPE(descriptor, &PyMemberDescr_Type)) return -1;
      const PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
      return member->type == T_OBJECT_EX ? member->offset : -1;
    }

    /* Borrowed; NULL when it was deleted. */
    static inline PyObject *slot_at(PyObject *object, Py_ssize_t offset) {
      return *(PyObject **)((char *)object + offset);
    }

    static inline void set_slot(PyObject *object, Py_ssize_t offset, PyObject *value) {
      PyObject **slot = (PyObject **)((char *)object + offset);
      PyObject *old = *slot;
      Py_INCREF(value);
      *slot = value;
      Py_XDECREF(old);
    }
    """
    Py_ssize_t slot_offset(object descriptor) noexcept
    PyObject *slot_at(object instance, Py_ssize_t offset) noexcept
    void set_slot(object instance, Py_ssize_t offset, object value) noexcept


cdef inline object slot_of(object instance, Py_ssize_t offset, str name):
    """The attribute of an instance of the very class that the offset was found in."""
    cdef PyObject *value = slot_at(instance, offset)
    return <object>value if value is not NULL else getattr(instance, name)
