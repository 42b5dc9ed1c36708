# Events for other extension modules.
from fastpath._headers cimport Headers
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.buffer cimport fp_segment
from fastpath.libfastpath.http_connection cimport fp_http_event


cdef class Data:
    cdef bytes text            # the bytes, when they were given or have been joined
    cdef fp_segment *segment   # what holds the runs; a reference
    cdef fp_span first         # the first run
    cdef fp_span *runs         # all runs, when they are several
    cdef size_t count          # of the runs
    cdef Py_ssize_t length     # of the body bytes


cdef class EndOfMessage:
    cdef readonly Headers trailers


cdef class ConnectionClosed:
    pass


# The Python object for what fp_http_connection_next_event gave.
cdef object event_new(fp_http_event *event)
