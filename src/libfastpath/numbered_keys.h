/* numbered_keys.h - hashes of "key_0", "key_1", ..., of which a host has as many as it has points on a ring. */
#ifndef FASTPATH_INTERNAL_NUMBERED_KEYS_H
#define FASTPATH_INTERNAL_NUMBERED_KEYS_H

#include <fastpath/lb.h>

#define FP_NUMBERED_KEY_ROOM 8 /* bytes that an underscore and a number may take */

/*
 * Fills in hashes[0] to hashes[end - first - 1]. Numbers have at most seven digits.
 *   text   the key of key_len bytes, and FP_NUMBERED_KEY_ROOM to write to behind it
 */
void fp_numbered_keys_hash(fp_lb_hash_function function, uint8_t *text, size_t key_len, uint32_t first, uint32_t end,
                           uint64_t *hashes);

#endif
