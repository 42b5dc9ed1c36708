/*
 * fastpath/hash.h - the hash that load balancing keys use.
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

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
