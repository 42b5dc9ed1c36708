# Mirror of fastpath/hash.h; what each means is told there.
from libc.stdint cimport uint8_t, uint32_t, uint64_t


cdef extern from "fastpath/hash.h" nogil:
    uint64_t fp_hash_xxh64(const uint8_t *data, size_t len, uint64_t seed)
    uint64_t fp_hash_murmur64a(const uint8_t *data, size_t len, uint64_t seed)
    uint32_t fp_hash_crc32(const uint8_t *data, size_t len, uint32_t crc)
