/*
 * path_edges.h - a hash table from a place and some bytes to a place.
 *
 *   from, bytes            to
 *   0     "users"          1        an edge is half a cache line, with bytes up to 16 in it;
 *   1     "me"             2        of longer ones the rest lies in a text of the owner's
 *
 * An edge that is never there costs as much as one that is. Not thread-safe while edges are put in; then "any". The hash
 * is the same in every process: what is put in is the configuration's, and what is looked up puts nothing in.
 */
#ifndef FASTPATH_INTERNAL_PATH_EDGES_H
#define FASTPATH_INTERNAL_PATH_EDGES_H

#include "path_text.h"

#define FP_PATH_NONE UINT32_MAX

typedef struct fp_path_edge {
  uint64_t first; /* as in a key */
  uint64_t last;
  uint32_t from;
  uint32_t to; /* FP_PATH_NONE: the slot is empty */
  uint32_t offset; /* of the bytes in the text */
  uint32_t len;
} fp_path_edge;

_Static_assert(sizeof(fp_path_edge) == 32, "an edge is half a cache line");

/* The owner's; zero bytes are an empty table. */
typedef struct fp_path_edges {
  fp_path_edge *slots;
  uint32_t capacity; /* a power of two, at least twice `count` */
  uint32_t count;
  uint8_t shift; /* what is left of a hash is a slot */
} fp_path_edges;

/* Make room for `count` edges. OK, or MEMORY or OVERFLOW, when nothing has changed. `text` as in fp_path_edges_find. */
fp_status fp_path_edges_reserve(fp_path_edges *edges, const uint8_t *text, size_t count);

/*
 * Put in an edge that is not there, whose bytes stand at `offset` in `text`. It must not have to grow more often than
 * fp_path_edges_reserve allows: there must be room.
 */
void fp_path_edges_put(fp_path_edges *edges, const uint8_t *text, uint32_t offset, uint32_t len, uint32_t from,
                       uint32_t to);
void fp_path_edges_clear(fp_path_edges *edges);

FASTPATH_INLINE uint64_t fp_path_edges_hash(const fp_path_key *key) {
  uint64_t hash =
      fold_product(key->first ^ UINT64_C(0x9e3779b97f4a7c15), key->last ^ (key->len + UINT64_C(0xd1b54a32d192ed03)));
  if (key->len > 16) {
    hash ^= fold_product(load64(key->bytes + 8) ^ UINT64_C(0x8cb92ba72f3d8dd7),
                         load64(key->bytes + key->len - 16) ^ UINT64_C(0xa0761d6478bd642f));
    for (size_t at = 16; at + 16 < key->len; at += 8) {
      hash = fold_product(hash ^ load64(key->bytes + at), UINT64_C(0xe7037ed1a0b428db));
    }
  }
  return hash;
}

/* The slot where the search for an edge begins. The hash does not wait for `from`, which a walk learns late. */
FASTPATH_INLINE uint32_t fp_path_edges_slot(const fp_path_edges *edges, uint32_t from, const fp_path_key *key) {
  return (uint32_t)((fp_path_edges_hash(key) + from * UINT64_C(0x9e3779b97f4a7c15)) >> edges->shift);
}

/* Whether more than 16 bytes are the same; the first and the last 8 are known to be. */
FASTPATH_INLINE bool fp_path_edges_same(const uint8_t *a, const uint8_t *b, size_t len) {
  if (likely(len <= 32)) {
    return ((load64(a + 8) ^ load64(b + 8)) | (load64(a + len - 16) ^ load64(b + len - 16))) == 0;
  }
  return memcmp(a + 8, b + 8, len - 16) == 0;
}

/* Where an edge leads, or FP_PATH_NONE. `text` is what the offsets of edges count from. There must be edges. */
FASTPATH_INLINE uint32_t fp_path_edges_find(const fp_path_edges *edges, const uint8_t *text, uint32_t from,
                                            const fp_path_key *key) {
  for (uint32_t slot = fp_path_edges_slot(edges, from, key);; slot = (slot + 1) & (edges->capacity - 1)) {
    const fp_path_edge *edge = &edges->slots[slot];
    if (edge->first == key->first && edge->last == key->last && edge->from == from && edge->len == key->len &&
        (key->len <= 16 || fp_path_edges_same(text + edge->offset, key->bytes, key->len))) {
      return edge->to; /* which is FP_PATH_NONE in an empty slot */
    }
    if (edge->to == FP_PATH_NONE) return FP_PATH_NONE;
  }
}

#endif
