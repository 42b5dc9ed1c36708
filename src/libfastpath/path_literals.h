/*
 * path_literals.h - a hash table of whole paths.
 *
 *   hash of "/users/me" ──> mark ──> slot: value, hash, 3, 9, "/users/me"
 *
 * A slot is a cache line, with what stands for the path and the path itself, so that one comes with the other from
 * memory; of a path of over 40 bytes the bytes lie in a text. Which slot it is the marks tell, a byte for each slot, which
 * are few enough to stay near: the table can be filled well, and what is not there costs no slot. Not thread-safe while
 * paths are put in; then "any". The hash is as that of path_edges.h.
 */
#ifndef FASTPATH_INTERNAL_PATH_LITERALS_H
#define FASTPATH_INTERNAL_PATH_LITERALS_H

#include "path_edges.h"

enum {
  FP_PATH_LITERAL_ROOM = 40
};

typedef struct fp_path_literal {
  void *value; /* the owner's */
  uint32_t hash;
  uint32_t index;
  uint32_t len;
  uint32_t offset; /* in the text, of what is longer than the room here */
  uint8_t bytes[FP_PATH_LITERAL_ROOM];
} fp_path_literal;

_Static_assert(sizeof(fp_path_literal) == 64, "a slot is a cache line");

/* The owner's; of zero bytes nothing may be asked. */
typedef struct fp_path_literals {
  fp_path_literal *slots; /* in the block, at the beginning of a cache line */
  uint8_t *block;
  uint8_t *marks; /* of a path's hash, 0: the slot is empty */
  uint8_t *text;
  uint32_t capacity; /* of the slots: some more than there are paths */
  uint32_t text_len;
  size_t size; /* bytes that it takes */
} fp_path_literals;

/*
 * Make an empty table with room for `count` paths, of which the ones longer than a slot's room have `bytes` together. OK;
 * or MEMORY or OVERFLOW, and it is of zeros.
 */
fp_status fp_path_literals_init(fp_path_literals *literals, size_t count, size_t bytes);

/* Put in a path that is not there, for which there must be room. */
void fp_path_literals_put(fp_path_literals *literals, const fp_path_key *key, uint32_t index);

/* Give each path the value at its index. */
void fp_path_literals_set_values(fp_path_literals *literals, void *const *values);
void fp_path_literals_clear(fp_path_literals *literals);

/* Where the search for a hash begins. */
FASTPATH_INLINE uint32_t fp_path_literals_slot(const fp_path_literals *literals, uint64_t hash) {
  return (uint32_t)((hash >> 32) * literals->capacity >> 32);
}

FASTPATH_INLINE uint8_t fp_path_literals_mark(uint64_t hash) { return (uint8_t)(hash | 1); }

FASTPATH_INLINE uint32_t fp_path_literals_next(const fp_path_literals *literals, uint32_t at) {
  return at + 1 < literals->capacity ? at + 1 : 0;
}

/* Whether a slot has the path. */
FASTPATH_INLINE bool fp_path_literals_holds(const fp_path_literals *literals, const fp_path_literal *slot,
                                            uint64_t hash, const fp_path_key *key) {
  const size_t len = key->len;
  if (unlikely(slot->hash != (uint32_t)hash || slot->len != len)) return false;
  if (likely(len - 8 <= 32 - 8)) return same_by_four(slot->bytes, key->bytes, len);
  if (len < 8) return same_bytes(slot->bytes, key->bytes, len);
  return memcmp(len <= FP_PATH_LITERAL_ROOM ? slot->bytes : literals->text + slot->offset, key->bytes, len) == 0;
}

/* What there is of a path, or NULL. Its index comes with it, FP_PATH_NONE for none. */
FASTPATH_INLINE const fp_path_literal *fp_path_literals_find(const fp_path_literals *literals, const fp_path_key *key,
                                                             uint32_t *index) {
  const uint64_t hash = fp_path_edges_hash(key);
  const uint8_t mark = fp_path_literals_mark(hash);
  uint32_t at = fp_path_literals_slot(literals, hash);
  for (; literals->marks[at] != 0; at = fp_path_literals_next(literals, at)) {
    const fp_path_literal *slot = &literals->slots[at];
    if (literals->marks[at] != mark || !fp_path_literals_holds(literals, slot, hash, key)) continue;
    *index = slot->index;
    return slot;
  }
  *index = FP_PATH_NONE;
  return NULL;
}

#endif
