# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Keys that requests are placed by, as 64-bit hashes: one by one, or many at once."""
cimport cython
from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS,
    PyBUF_FORMAT,
    PyBuffer_Release,
    PyObject_CheckBuffer,
    PyObject_GetBuffer,
)
from cpython.bytes cimport PyBytes_CheckExact
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_CheckExact

cdef extern from "Python.h":
    PyObject **PySequence_Fast_ITEMS(object items) noexcept


def xxh64(const uint8_t[::1] data not None, uint64_t seed=0):
    """XXH64 of `data`: the hash of Envoy's hash policies. `seed` and the result are 64-bit integers."""
    return fp_hash_xxh64(&data[0] if data.shape[0] else NULL, <size_t>data.shape[0], seed)


cdef uint64_t hash_of_other(object key, key_hash function) except? 0:
    cdef const char *text
    cdef const uint8_t[::1] data
    cdef Py_ssize_t size
    if isinstance(key, str):
        try:
            text = PyUnicode_AsUTF8AndSize(key, &size)
        except UnicodeEncodeError:  # surrogates: bytes that were no UTF-8
            return hash_of((<str>key).encode("utf-8", "surrogateescape"), function)
        return hash_bytes(<const uint8_t *>text, size, function)
    if isinstance(key, int):
        return key
    data = key
    return hash_bytes(&data[0] if data.shape[0] else NULL, data.shape[0], function)


cdef Py_ssize_t hash_texts(PyObject **keys, Py_ssize_t count, key_hash function, uint64_t *hashes) noexcept:
    """Hash what is ASCII or bytes, up to the first key that is not; gives how many were. Runs no other code."""
    cdef Py_ssize_t i
    cdef PyObject *key
    for i in range(count):
        key = keys[i]
        if PyUnicode_CheckExact(<object>key) and PyUnicode_IS_COMPACT_ASCII(<object>key):
            hashes[i] = hash_bytes(
                <const uint8_t *>PyUnicode_1BYTE_DATA(<object>key), PyUnicode_GET_LENGTH(<object>key), function
            )
        elif PyBytes_CheckExact(<object>key):
            hashes[i] = hash_bytes(
                <const uint8_t *>PyBytes_AS_STRING(<object>key), PyBytes_GET_SIZE(<object>key), function
            )
        else:
            return i
    return count


@cython.final
@cython.no_gc
cdef class HashKeys:
    """Hashes of many keys, in memory of their own or in the buffer that was given, which stays exported meanwhile."""

    def __init__(self):
        raise TypeError("made by the calls that take hash_keys")

    def __dealloc__(self):
        PyMem_Free(self.own)
        PyBuffer_Release(&self.view)

    cdef int hash_each(self, object keys, key_hash function) except -1:
        cdef object items = keys if type(keys) is list or type(keys) is tuple else list(keys)
        cdef Py_ssize_t i, done
        self.count = <size_t>len(items)
        self.own = <uint64_t *>PyMem_Malloc((self.count + 1) * sizeof(uint64_t))
        if self.own is NULL:
            raise MemoryError
        self.hashes = self.own
        done = hash_texts(PySequence_Fast_ITEMS(items), <Py_ssize_t>self.count, function, self.own)
        if done < <Py_ssize_t>self.count:
            items = tuple(items)  # other keys may run code of theirs, which may change a list
            for i in range(done, <Py_ssize_t>self.count):
                self.own[i] = hash_of((<tuple>items)[i], function)
        return 0


cdef HashKeys hash_keys_of(object keys, key_hash function):
    """Of an iterable of keys, or of a contiguous buffer of unsigned 64-bit integers, which are hashes already."""
    cdef HashKeys made = HashKeys.__new__(HashKeys)
    if isinstance(keys, str):
        raise TypeError("hash_keys is one string, not several keys")
    if not PyObject_CheckBuffer(keys):
        made.hash_each(keys, function)
        return made
    PyObject_GetBuffer(keys, &made.view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)
    if made.view.itemsize != 8 or made.view.format is NULL or bytes(made.view.format) not in (b"Q", b"L"):
        raise ValueError("hash_keys is not a buffer of unsigned 64-bit integers")
    made.hashes = <const uint64_t *>made.view.buf
    made.count = <size_t>made.view.len // 8
    return made
