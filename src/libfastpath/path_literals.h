/*
 * path_literals.h - a hash table of whole paths.
 *
 *   hash of "/users/me" ──> slot: offset, value ──> record: 3, 9, "/users/me"
 *
 * A slot is a quarter of a cache line, and all that is needed to go on with what stands for a path, while the record,
 * which tells whether it is this path, still comes from memory. Not thread-safe while paths are put in; then "any". The
 * hash is as that of path_edges.h.
 */
#ifndef FASTPATH_INTERNAL_PATH_LITERALS_H
#define FASTPATH_INTERNAL_PATH_LITERALS_H

#include "path_edges.h"

typedef struct fp_path_literal {
  uint32_t hash;
  uint32_t offset; /* of the record; FP_PATH_NONE: the slot is empty */
  void *value;     /* the owner's */
} fp_path_literal;

/* What comes before a path's bytes in its record. */
typedef struct fp_path_literal_head {
  uint32_t index;
  uint32_t len;
} fp_path_literal_head;

/* The owner's; of zero bytes nothing may be asked. */
typedef struct fp_path_literals {
  fp_path_literal *slots;
  uint8_t *records;
  uint32_t capacity; /* of the slots: more than twice as many as paths */
  uint32_t records_len;
  size_t size; /* bytes that it takes */
} fp_path_literals;

/* Make an empty table with room for `count` paths of `bytes` together. OK; or MEMORY or OVERFLOW, and it is of zeros. */
fp_status fp_path_literals_init(fp_path_literals *literals, size_t count, size_t bytes);

/* Put in a path that is not there, for which there must be room. */
void fp_path_literals_put(fp_path_literals *literals, const fp_path_key *key, uint32_t index);

/* Give each path the value at its index. */
void fp_path_literals_set_values(fp_path_literals *literals, void *const *values);
void fp_path_literals_clear(fp_path_literals *literals);

static inline fp_path_literal_head fp_path_literals_head(const fp_path_literals *literals,
                                                         const fp_path_literal *literal) {
  fp_path_literal_head head;
  memcpy(&head, literals->records + literal->offset, sizeof head);
  return head;
}

/* Where the search for a hash begins. */
FASTPATH_INLINE uint32_t fp_path_literals_slot(const fp_path_literals *literals, uint64_t hash) {
  return (uint32_t)((hash >> 32) * literals->capacity >> 32);
}

FASTPATH_INLINE bool fp_path_literals_same(const uint8_t *a, const uint8_t *b, size_t len) {
  if (unlikely(len < 8)) return same_bytes(a, b, len);
  return likely(len <= 32) ? same_by_four(a, b, len) : memcmp(a, b, len) == 0;
}

/* What there is of a path, or NULL. Its index comes with it, FP_PATH_NONE for none. */
FASTPATH_INLINE const fp_path_literal *fp_path_literals_find(const fp_path_literals *literals, const fp_path_key *key,
                                                             uint32_t *index) {
  const uint64_t hash = fp_path_edges_hash(key);
  const fp_path_literal *slot = literals->slots + fp_path_literals_slot(literals, hash);
  for (; slot->offset != FP_PATH_NONE;
       slot = slot == literals->slots + literals->capacity - 1 ? literals->slots : slot + 1) {
    if (slot->hash != (uint32_t)hash) continue;
    const fp_path_literal_head head = fp_path_literals_head(literals, slot);
    if (likely(head.len == key->len) &&
        likely(fp_path_literals_same(literals->records + slot->offset + sizeof head, key->bytes, key->len))) {
      *index = head.index;
      return slot;
    }
  }
  *index = FP_PATH_NONE;
  return NULL;
}

#endif
