# Segments over the memory of Python objects.
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF

from fastpath._status cimport check
from fastpath.libfastpath.buffer cimport fp_segment, fp_segment_new_external


cdef enum:
    # Below this, copying bytes beats referencing them.
    REFERENCE_THRESHOLD = 1024


cdef inline void release_object(void *context) noexcept with gil:
    Py_DECREF(<object>context)


# A segment over data[0 .. length), which lies in the bytes object: the segment holds it.
cdef inline fp_segment *segment_within(bytes owner, const void *data, Py_ssize_t length) except NULL:
    cdef fp_segment *segment
    check(fp_segment_new_external(data, <size_t>length, release_object, <void *>owner, &segment), NULL)
    Py_INCREF(owner)
    return segment
