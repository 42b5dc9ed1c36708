# Responses for other Cython modules.
from fastpath._record cimport HeadRecord


cdef class Response:
    cdef HeadRecord *record

cdef class InformationalResponse:
    cdef HeadRecord *record

# The type that the status asks for. Takes over the caller's reference on the record, also when it fails.
cdef object response_new(HeadRecord *record)
