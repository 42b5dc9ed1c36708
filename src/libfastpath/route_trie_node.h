/* route_trie_node.h - a node of the trie and the comparisons on it, by SSE2, NEON or plain C. */
#ifndef FASTPATH_INTERNAL_ROUTE_TRIE_NODE_H
#define FASTPATH_INTERNAL_ROUTE_TRIE_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "path_template.h"
#include "route_trie.h"

#if defined(__SSE2__) && !defined(FASTPATH_PORTABLE)
#include <emmintrin.h>
#define FP_ROUTE_TRIE_SSE2 1
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(FASTPATH_PORTABLE)
#include <arm_neon.h>
#define FP_ROUTE_TRIE_NEON 1
#endif

enum {
  FP_ROUTE_TRIE_LABEL_MAX = 14, /* less than what is compared at once */
  FP_ROUTE_TRIE_FIRST_MAX = 24,
  FP_ROUTE_TRIE_BEFORE_MAX = 32, /* of a key that is in the node, and how long it may be */
  FP_ROUTE_TRIE_MAP_SIZE = 256 /* child's place + 1 by byte, 0 for none */
};

struct fp_route_trie_node {
  /*
   * The lowest rank that ends here, FP_ROUTE_TRIE_NONE, or FP_ROUTE_TRIE_LIST and where a list begins. Without tokens
   * `prefix` stands for all prefixes down to here, so that a walk need not look at what it passes.
   */
  uint32_t prefix;
  uint32_t exact;
  uint32_t child;      /* index of the first child */
  uint16_t label_mask; /* a bit for each of the label's bytes */
  uint8_t label_len;
  uint8_t child_count; /* at most 255: no key holds NUL */
  union {
    struct {
      union {
        uint8_t first[FP_ROUTE_TRIE_FIRST_MAX]; /* in order; the rest repeats the first one, which is found before it */
        uint64_t map; /* above 24 children: offset into the maps */
      };
      uint32_t key; /* of a node that shortcuts lead to: offset into the keys, unless it is in here */
    };
    uint8_t before[FP_ROUTE_TRIE_BEFORE_MAX]; /* without children: what comes before the label, up to its beginning */
  };
  uint8_t label[FP_ROUTE_TRIE_LABEL_MAX]; /* padded with zeros */
  uint8_t key_within; /* where the key begins in here, up to the label's end; 0: not in here */
  uint8_t depth; /* of a node that shortcuts lead to: how long its key is */
};

_Static_assert(sizeof(fp_route_trie_node) == 64, "a node is one cache line");

static inline uint8_t fp_route_trie_fold(uint8_t byte) {
  return (uint8_t)(byte - 'A') < 26 ? (uint8_t)(byte | 0x20) : byte;
}

/*
 * Whether the bytes at `text`, folded if asked, begin with the node's label. 16 bytes of text must be readable; those
 * after its end are zeros, which no label holds.
 */
static inline bool fp_route_trie_label_matches(const fp_route_trie_node *node, const uint8_t *text, bool folded);

/* The place among the children of the one that `byte` leads to, or -1. For nodes with 1 to 24 children. */
static inline int fp_route_trie_find_first(const fp_route_trie_node *node, uint8_t byte);

/* How many of the 16 bytes at `text` stand before the first '/'. */
static inline unsigned fp_route_trie_before_slash(const uint8_t *text);

/* The token that leads to the child at `place`, or 0 when it is none: tokens come first in their order. */
static inline uint8_t fp_route_trie_token(const fp_route_trie *trie, const fp_route_trie_node *node, unsigned place) {
  if (node->child_count <= FP_ROUTE_TRIE_FIRST_MAX) {
    return place < node->child_count && node->first[place] <= FP_TEMPLATE_TOKEN_ANY ? node->first[place] : 0;
  }
  for (uint8_t token = FP_TEMPLATE_TOKEN_PCHAR; token <= FP_TEMPLATE_TOKEN_ANY; token++) {
    if (trie->maps[node->map + token] == place + 1) return token;
  }
  return 0;
}

/* Sets how a trie is walked on this machine; the others are for one with AVX2, BMI and BMI2 where shortcuts are. */
void fp_route_trie_choose_walk(fp_route_trie *trie);
uint32_t fp_route_trie_first_avx2(const fp_route_trie *trie, const uint8_t *path, size_t len);
uint32_t fp_route_trie_first_far_avx2(const fp_route_trie *trie, const uint8_t *path, size_t len);
fp_route_trie_ends fp_route_trie_walk_avx2(const fp_route_trie *trie, const uint8_t *path, size_t len);

#if FP_ROUTE_TRIE_SSE2

/* Whether 16 bytes at the beginning, and 16 bytes at `second`, are the same. */
static inline bool fp_route_trie_same_16(const uint8_t *a, const uint8_t *b, size_t second) {
  const __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                                     _mm_loadu_si128((const __m128i *)(const void *)b));
  const __m128i high = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(a + second)),
                                      _mm_loadu_si128((const __m128i *)(const void *)(b + second)));
  return _mm_movemask_epi8(_mm_and_si128(low, high)) == 0xffff;
}

static inline bool fp_route_trie_label_matches(const fp_route_trie_node *node, const uint8_t *text, bool folded) {
  __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
  const __m128i label = _mm_load_si128((const __m128i *)(const void *)node->label); /* and more, not in the mask */
  unsigned equal;
  if (folded) {
    /* 'A'..'Z' moved to the bottom of the signed range, so that one comparison finds them */
    const __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char)(0x80 - 'A')));
    const __m128i capital = _mm_cmplt_epi8(moved, _mm_set1_epi8((char)(-128 + 26)));
    bytes = _mm_or_si128(bytes, _mm_and_si128(capital, _mm_set1_epi8(0x20)));
  }
  equal = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, label));
  return (equal & node->label_mask) == node->label_mask;
}

static inline int fp_route_trie_find_first(const fp_route_trie_node *node, uint8_t byte) {
  const __m128i wanted = _mm_set1_epi8((char)byte);
  const __m128i low = _mm_load_si128((const __m128i *)(const void *)node->first);
  const __m128i high = _mm_loadl_epi64((const __m128i *)(const void *)(node->first + 16));
  const unsigned hits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(low, wanted)) |
                        ((unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(high, wanted)) & 0xff) << 16;
  return hits == 0 ? -1 : __builtin_ctz(hits);
}

static inline unsigned fp_route_trie_before_slash(const uint8_t *text) {
  const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
  const unsigned hits = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('/')));
  return (unsigned)__builtin_ctz(hits | 0x10000u);
}

#elif FP_ROUTE_TRIE_NEON

/* Four bits for each of the sixteen bytes that are all ones. */
static inline uint64_t fp_route_trie_nibbles(uint8x16_t equal) {
  return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(equal), 4)), 0);
}

static inline bool fp_route_trie_label_matches(const fp_route_trie_node *node, const uint8_t *text, bool folded) {
  uint8x16_t bytes = vld1q_u8(text);
  uint64_t differ;
  if (folded) {
    const uint8x16_t capital = vcltq_u8(vsubq_u8(bytes, vdupq_n_u8('A')), vdupq_n_u8(26));
    bytes = vorrq_u8(bytes, vandq_u8(capital, vdupq_n_u8(0x20)));
  }
  differ = ~fp_route_trie_nibbles(vceqq_u8(bytes, vld1q_u8(node->label)));
  return (differ & (((uint64_t)1 << (4 * node->label_len)) - 1)) == 0;
}

static inline int fp_route_trie_find_first(const fp_route_trie_node *node, uint8_t byte) {
  uint64_t hits = fp_route_trie_nibbles(vceqq_u8(vld1q_u8(node->first), vdupq_n_u8(byte)));
  if (hits != 0) return __builtin_ctzll(hits) >> 2;
  hits = vget_lane_u64(vreinterpret_u64_u8(vceq_u8(vld1_u8(node->first + 16), vdup_n_u8(byte))), 0);
  return hits == 0 ? -1 : 16 + (__builtin_ctzll(hits) >> 3);
}

static inline unsigned fp_route_trie_before_slash(const uint8_t *text) {
  const uint64_t hits = fp_route_trie_nibbles(vceqq_u8(vld1q_u8(text), vdupq_n_u8('/')));
  return hits == 0 ? 16 : (unsigned)__builtin_ctzll(hits) >> 2;
}

#else

static inline bool fp_route_trie_label_matches(const fp_route_trie_node *node, const uint8_t *text, bool folded) {
  for (unsigned i = 0; i < node->label_len; i++) {
    if ((folded ? fp_route_trie_fold(text[i]) : text[i]) != node->label[i]) return false;
  }
  return true;
}

static inline int fp_route_trie_find_first(const fp_route_trie_node *node, uint8_t byte) {
  for (int i = 0; i < node->child_count; i++) {
    if (node->first[i] == byte) return i;
  }
  return -1;
}

static inline unsigned fp_route_trie_before_slash(const uint8_t *text) {
  unsigned count = 0;
  while (count < 16 && text[count] != '/') count++;
  return count;
}

#endif
#endif
