/*
 * fastpath/hash.h - the hashes that load balancing goes by.
 */
#ifndef FASTPATH_HASH_H
#define FASTPATH_HASH_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* XXH64 of len bytes (xxHash specification, 64-bit variant). data may be NULL when len is 0. Threads: any. */
uint64_t fp_hash_xxh64(const uint8_t *data, size_t len, uint64_t seed);

/* MurmurHash64A of len bytes: what std::hash of libstdc++ is, with the seed 0xC70F6907. As above otherwise. */
uint64_t fp_hash_murmur64a(const uint8_t *data, size_t len, uint64_t seed);

/* CRC-32 of len bytes (that of zlib, nginx and IEEE 802.3), going on from `crc`, which is 0 at first. As above otherwise. */
uint32_t fp_hash_crc32(const uint8_t *data, size_t len, uint32_t crc);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
