# What Python gives to make a message from, as the core takes it.
from libc.stdint cimport uint8_t

from fastpath._record cimport HeadRecord
from fastpath.libfastpath.http_write cimport fp_http_header, fp_http_message


# A new record of the head that the message makes.
cdef HeadRecord *record_from_message(const fp_http_message *message, bint is_request) except NULL

# Header pairs; borrowed from `held`, which keeps the strings alive.
cdef class HeaderList:
    cdef list held
    cdef fp_http_header *items
    cdef size_t count

cdef HeaderList header_list(object pairs)
cdef bytes ascii_bytes(object value, str what)
cdef uint8_t minor_version(object version) except 255
