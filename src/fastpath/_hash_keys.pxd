# What requests are placed by: keys that Python gives, as the 64-bit hashes that the core takes.
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint8_t, uint64_t

from fastpath.libfastpath.hash cimport fp_hash_xxh64

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text) noexcept
    const char *PyUnicode_1BYTE_DATA(object text) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(object text) noexcept


# How bytes become a hash: fp_lb_policy.hash.
ctypedef uint64_t (*key_hash)(const uint8_t *data, size_t size) noexcept nogil


cdef inline uint64_t hash_bytes(const uint8_t *data, Py_ssize_t size, key_hash function) noexcept:
    return fp_hash_xxh64(data, <size_t>size, 0) if function is NULL else function(data, <size_t>size)


cdef uint64_t hash_of_other(object key, key_hash function) except? 0


cdef inline uint64_t hash_of(object key, key_hash function) except? 0:
    """The hash of a str (as UTF-8) or bytes-like object, XXH64 when function is NULL; an integer is a hash already."""
    if type(key) is str and PyUnicode_IS_COMPACT_ASCII(key):
        return hash_bytes(<const uint8_t *>PyUnicode_1BYTE_DATA(key), PyUnicode_GET_LENGTH(key), function)
    if type(key) is bytes:
        return hash_bytes(<const uint8_t *>PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key), function)
    return hash_of_other(key, function)


@cython.final
cdef class HashKeys:
    cdef const uint64_t *hashes  # count of them
    cdef size_t count
    cdef uint64_t *own      # what hashes are when keys were given one by one, else NULL
    cdef Py_buffer view     # else where they are

    cdef int hash_each(self, object keys, key_hash function) except -1


cdef HashKeys hash_keys_of(object keys, key_hash function)
