# What requests and responses have in common.
from fastpath._record cimport HeadRecord


cdef class Head:
    cdef HeadRecord *record


cdef class FramedHead(Head):
    pass


# The record of a Request, Response or InformationalResponse; borrowed.
cdef HeadRecord *record_of(object head) except NULL
