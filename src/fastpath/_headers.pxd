# Header fields for other Cython modules.
from fastpath._record cimport HeadRecord


cdef class Headers:
    cdef HeadRecord *record

# Takes over the caller's reference on the record, also when it fails.
cdef Headers headers_new(HeadRecord *record)
