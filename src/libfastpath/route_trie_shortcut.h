/*
 * route_trie_shortcut.h - from the beginning of a path straight to a node deep in the trie.
 *
 *   path                /api/v1/users/77/orders?page=2
 *   ends of segments    ^   ^  ^     ^  ^      ^      ^    a bit of a word for each
 *                       |-level 3----|                     its hash --> slot --> node, whose key says if it is the one
 *
 * A key's segments end where the key has a '/' and where it ends itself. Of the keys' beginnings up to the end of a
 * segment, those of one or two levels have a slot: the levels are chosen so that they spare most keys most of the way.
 * A slot that is not found says nothing, the walk then begins at the root. What is compared is at least 8 bytes long, so
 * that words which overlap cover it without a branch and without a byte too much.
 */
#ifndef FASTPATH_INTERNAL_ROUTE_TRIE_SHORTCUT_H
#define FASTPATH_INTERNAL_ROUTE_TRIE_SHORTCUT_H

#include "bits.h"
#include "route_trie_node.h"

enum {
  FP_ROUTE_SHORTCUT_MIN = 8,    /* bytes */
  FP_ROUTE_SHORTCUT_NEAR = 31,  /* ends up to here are found by half the work */
  FP_ROUTE_SHORTCUT_REACH = 62, /* and not beyond here */
  FP_ROUTE_SHORTCUT_PROBES = 16
};

/* A bit for each of the 16 bytes at `text` that is '/' or '?'. */
static inline uint64_t fp_route_segment_ends_16(const uint8_t *text);

/* The same for the 8 bytes at `text`. */
static inline uint64_t fp_route_segment_ends_8(const uint8_t *text);

/*
 * A bit for each of the first 64 bytes (not `far`: 32) of a text at which a segment ends, and for the text's end if that
 * is below 64. None when it is shorter than 8.
 */
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
  return likely(len < 64) ? ends | UINT64_C(1) << len : ends;
}

/*
 * The end of the segment of a level, from 0 on; beyond FP_ROUTE_SHORTCUT_REACH when there is none. A trie asks for the
 * same level again and again, so that the jump is foreseen; the one instruction that does all of it (PDEP) takes as long
 * as a memory access on some machines.
 */
static inline size_t fp_route_segment_end(uint64_t ends, uint32_t level) {
  for (; unlikely(level >= 8); level--) ends &= ends - 1;
  switch (level) {
    case 7: ends &= ends - 1; /* fallthrough */
    case 6: ends &= ends - 1; /* fallthrough */
    case 5: ends &= ends - 1; /* fallthrough */
    case 4: ends &= ends - 1; /* fallthrough */
    case 3: ends &= ends - 1; /* fallthrough */
    case 2: ends &= ends - 1; /* fallthrough */
    case 1: ends &= ends - 1; /* fallthrough */
    default: break;
  }
  return first_bit_or_any(ends);
}

FASTPATH_INLINE uint64_t fp_route_shortcut_load(const uint8_t *at, bool folded) {
  const uint64_t word = load64(at);
  return folded ? lower_word(word) : word;
}

/* Of 8 to 32 bytes. */
FASTPATH_INLINE uint64_t fp_route_shortcut_mix(const uint8_t *text, size_t len, bool folded) {
  const size_t second = second_of_four(len);
  const uint8_t *const last = text + len - 8;
  const uint64_t a = fp_route_shortcut_load(text, folded) +
                     fp_route_shortcut_load(last - second, folded) * UINT64_C(0x9e3779b97f4a7c15);
  const uint64_t b = fp_route_shortcut_load(last, folded) +
                     fp_route_shortcut_load(text + second, folded) * UINT64_C(0xd1b54a32d192ed03);
  return fold_product(a, b);
}

/* Of the first `len` bytes, 8 to 62. */
FASTPATH_INLINE uint64_t fp_route_shortcut_hash(const uint8_t *text, size_t len, bool folded) {
  if (likely(len <= 32)) return fp_route_shortcut_mix(text, len, folded);
  return fp_route_shortcut_mix(text, 32, folded) * UINT64_C(0x8cb92ba72f3d8dd7) +
         fp_route_shortcut_mix(text + len - 32, 32, folded);
}

/* The slot where the search for a hash begins. */
static inline size_t fp_route_shortcut_slot(const fp_route_trie *trie, uint64_t hash) {
  return (size_t)(hash >> trie->slot_shift);
}

/* Whether a slot holds a hash, as far as it tells. An empty slot, 0, may as well. */
static inline bool fp_route_shortcut_holds(const fp_route_trie *trie, uint32_t slot, uint64_t hash) {
  return ((slot ^ (uint32_t)hash) & trie->slot_tag) == 0;
}

#if FP_ROUTE_TRIE_SSE2

/* Sixteen times what makes a '?' of a '/' and of nothing else, and '?'. In memory, or a compiler would make them anew. */
FASTPATH_HIDDEN extern const __m128i fp_route_end_bytes[2];

static inline unsigned fp_route_is_end(__m128i bytes) {
  bytes = _mm_or_si128(bytes, fp_route_end_bytes[0]);
  return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, fp_route_end_bytes[1]));
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
  return equal_bytes(load64(text) | UINT64_C(0x0101010101010101) * ('/' ^ '?'), '?');
}

static inline uint64_t fp_route_segment_ends_16(const uint8_t *text) {
  return fp_route_segment_ends_8(text) | fp_route_segment_ends_8(text + 8) << 8;
}

#endif
#endif
