/*
 * route_trie_shortcut.h - from the beginning of a path straight to a node deep in the trie.
 *
 *   path      /api/v1/users/77/orders?page=2
 *   ends of   ^   ^  ^     ^  ^      ^          bit by bit in one word
 *   segments      '--------'
 *                  level 3: its hash --> slot --> node, whose key says whether it was the right one
 *
 * A key's segments end where the key has a '/' and where it ends itself. Of the keys' beginnings up to the end of a
 * segment, those of one or two levels have a slot: the levels are chosen so that they spare most keys most of the way.
 * A slot that is not found says nothing, the walk then begins at the root. What is compared is at least 8 bytes long, so
 * that words which overlap cover it without a branch and without a byte too much.
 */
#ifndef FASTPATH_INTERNAL_ROUTE_TRIE_SHORTCUT_H
#define FASTPATH_INTERNAL_ROUTE_TRIE_SHORTCUT_H

#include <stddef.h>

#include "bits.h"
#include "route_trie_node.h"

enum {
  FP_ROUTE_SHORTCUT_MIN = 8,    /* bytes */
  FP_ROUTE_SHORTCUT_NEAR = 31,  /* ends up to here are found by half the work */
  FP_ROUTE_SHORTCUT_REACH = 63, /* and not beyond here */
  FP_ROUTE_SHORTCUT_PROBES = 16
};

/* The bytes of text up to the label's end of a node that a shortcut leads to. */
static inline const uint8_t *fp_route_shortcut_key(const fp_route_trie *trie, const fp_route_trie_node *node) {
  const size_t before = (size_t)node->depth - node->label_len;
  if (node->child_count > 0 || before > FP_ROUTE_TRIE_BEFORE_MAX) return trie->keys + node->key;
  return (const uint8_t *)node + offsetof(fp_route_trie_node, label) - before;
}

/* A bit for each of the 16 bytes at `text` that is '/' or '?'. */
static inline uint64_t fp_route_segment_ends_16(const uint8_t *text);

/* The same for the 8 bytes at `text`. */
static inline uint64_t fp_route_segment_ends_8(const uint8_t *text);

/* A bit for each byte of a text at which a segment ends, and for its end, if that is one of the first 64 or (not `far`) 32. */
FASTPATH_INLINE uint64_t fp_route_segment_ends(const uint8_t *text, size_t len, bool far) {
  uint64_t ends;
  if (unlikely(len < 16)) {
    if (len < 8) return 0;
    return fp_route_segment_ends_8(text) | fp_route_segment_ends_8(text + len - 8) << (len - 8) | UINT64_C(1) << len;
  }
  /* The last 16 bytes come again and again when there are no others: that changes nothing. */
  const size_t last = len - 16, second = last < 16 ? last : 16;
  ends = fp_route_segment_ends_16(text) | fp_route_segment_ends_16(text + second) << second;
  if (far) {
    const size_t third = last < 32 ? last : 32, fourth = last < 48 ? last : 48;
    ends |= fp_route_segment_ends_16(text + third) << third | fp_route_segment_ends_16(text + fourth) << fourth;
  }
  return len < 64 ? ends | UINT64_C(1) << len : ends;
}

/* The end of the segment of a level, 0 when there is none. */
static inline size_t fp_route_segment_end(uint64_t ends, unsigned level) {
  for (; level > 0; level--) ends &= ends - 1;
  return ends == 0 ? 0 : first_bit(ends);
}

FASTPATH_INLINE uint64_t fp_route_shortcut_load(const uint8_t *at, bool folded) {
  const uint64_t word = load64(at);
  return folded ? lower_word(word) : word;
}

/* Four words that cover 8 to 32 bytes: where the two in the middle begin; the last one ends at the end. */
static inline size_t fp_route_shortcut_word(size_t at, size_t len) { return len - 8 < at ? len - 8 : at; }

FASTPATH_INLINE uint64_t fp_route_shortcut_mix(const uint8_t *text, size_t len, bool folded) {
  const uint64_t first = fp_route_shortcut_load(text, folded);
  const uint64_t second = fp_route_shortcut_load(text + fp_route_shortcut_word(8, len), folded);
  const uint64_t third = fp_route_shortcut_load(text + fp_route_shortcut_word(16, len), folded);
  const uint64_t fourth = fp_route_shortcut_load(text + len - 8, folded);
  const unsigned __int128 low = (unsigned __int128)(first ^ UINT64_C(0x9e3779b97f4a7c15)) * (second ^ UINT64_C(0xd1b54a32d192ed03));
  const unsigned __int128 high = (unsigned __int128)(third ^ UINT64_C(0x8cb92ba72f3d8dd7)) * (fourth ^ UINT64_C(0xabc98388fb8fac03));
  const unsigned __int128 both = low ^ (high + len);
  return (uint64_t)both ^ (uint64_t)(both >> 64);
}

/* Of the first `len` bytes, 8 to 63. */
FASTPATH_INLINE uint64_t fp_route_shortcut_hash(const uint8_t *text, size_t len, bool folded) {
  if (likely(len <= 32)) return fp_route_shortcut_mix(text, len, folded);
  const uint64_t begin = fp_route_shortcut_mix(text, 32, folded);
  return begin * UINT64_C(0x9e3779b97f4a7c15) + fp_route_shortcut_mix(text + len - 32, 32, folded) + len;
}

FASTPATH_INLINE uint64_t fp_route_shortcut_differ(const uint8_t *key, const uint8_t *text, size_t len, bool folded) {
  const size_t second = fp_route_shortcut_word(8, len), third = fp_route_shortcut_word(16, len), fourth = len - 8;
  return (load64(key) ^ fp_route_shortcut_load(text, folded)) |
         (load64(key + second) ^ fp_route_shortcut_load(text + second, folded)) |
         (load64(key + third) ^ fp_route_shortcut_load(text + third, folded)) |
         (load64(key + fourth) ^ fp_route_shortcut_load(text + fourth, folded));
}

/* Whether the first `len` bytes of text, 8 or more, are those of the key. */
FASTPATH_INLINE bool fp_route_shortcut_equal(const uint8_t *key, const uint8_t *text, size_t len, bool folded) {
  uint64_t differ = 0;
  size_t at = 0;
  if (likely(len <= 32)) return fp_route_shortcut_differ(key, text, len, folded) == 0;
  for (; at + 32 < len; at += 32) differ |= fp_route_shortcut_differ(key + at, text + at, 32, folded);
  return (differ | fp_route_shortcut_differ(key + len - 32, text + len - 32, 32, folded)) == 0;
}

/* The slot where the search for a hash begins. */
static inline size_t fp_route_shortcut_slot(const fp_route_trie *trie, uint64_t hash) {
  return (size_t)((hash >> 32) * trie->slot_count >> 32);
}

/* What a slot holds of a hash besides the node. */
static inline uint32_t fp_route_shortcut_tag(const fp_route_trie *trie, uint64_t hash) {
  return (uint32_t)hash & ~trie->slot_node;
}

/* The node that the beginning of a path leads to, whose label has been compared, or NULL. */
FASTPATH_INLINE const fp_route_trie_node *fp_route_shortcut_find(const fp_route_trie *trie, const uint8_t *path,
                                                                 size_t len, bool folded) {
  const uint64_t ends = fp_route_segment_ends(path, len, trie->far);
  for (unsigned i = 0; i < trie->level_count; i++) {
    const size_t end = fp_route_segment_end(ends, trie->levels[i]);
    if (end < FP_ROUTE_SHORTCUT_MIN) continue;
    const uint64_t hash = fp_route_shortcut_hash(path, end, folded);
    const uint32_t tag = fp_route_shortcut_tag(trie, hash);
    const uint32_t *slot = trie->slots + fp_route_shortcut_slot(trie, hash);
    for (unsigned probe = 0; probe < FP_ROUTE_SHORTCUT_PROBES && *slot != 0; probe++, slot++) {
      if ((*slot & ~trie->slot_node) != tag) continue;
      const fp_route_trie_node *node = trie->nodes + (*slot & trie->slot_node);
      if (node->depth <= len && fp_route_shortcut_equal(fp_route_shortcut_key(trie, node), path, node->depth, folded)) {
        return node;
      }
    }
  }
  return NULL;
}

#if FP_ROUTE_TRIE_SSE2

static inline unsigned fp_route_is_end(__m128i bytes) {
  bytes = _mm_or_si128(bytes, _mm_set1_epi8('/' ^ '?')); /* which makes a '?' of a '/', and of nothing else */
  return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('?')));
}

static inline uint64_t fp_route_segment_ends_16(const uint8_t *text) {
  return fp_route_is_end(_mm_loadu_si128((const __m128i *)(const void *)text));
}

static inline uint64_t fp_route_segment_ends_8(const uint8_t *text) {
  return fp_route_is_end(_mm_loadl_epi64((const __m128i *)(const void *)text)) & 0xff;
}

#elif FP_ROUTE_TRIE_NEON

static inline uint64_t fp_route_segment_ends_8(const uint8_t *text) {
  static const uint8_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x8_t bytes = vorr_u8(vld1_u8(text), vdup_n_u8('/' ^ '?'));
  return vaddv_u8(vand_u8(vceq_u8(bytes, vdup_n_u8('?')), vld1_u8(bits)));
}

static inline uint64_t fp_route_segment_ends_16(const uint8_t *text) {
  return fp_route_segment_ends_8(text) | fp_route_segment_ends_8(text + 8) << 8;
}

#else

static inline uint64_t fp_route_segment_ends_8(const uint8_t *text) {
  const uint64_t ones = 0x0101010101010101u;
  const uint64_t differ = (load64(text) | ones * ('/' ^ '?')) ^ ones * '?';
  const uint64_t equal = ~(((differ & 0x7f * ones) + 0x7f * ones) | differ) & 0x80 * ones; /* the top bit of each zero */
  return (equal >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline uint64_t fp_route_segment_ends_16(const uint8_t *text) {
  return fp_route_segment_ends_8(text) | fp_route_segment_ends_8(text + 8) << 8;
}

#endif
#endif
