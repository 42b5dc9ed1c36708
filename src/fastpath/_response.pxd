# Responses for other Cython modules.
from fastpath._head cimport FramedHead, Head
from fastpath._record cimport HeadRecord


cdef class Response(FramedHead):
    pass


cdef class InformationalResponse(Head):
    pass


# The type that the status asks for. Takes over the caller's reference on the record, also when it fails.
cdef object response_new(HeadRecord *record)
