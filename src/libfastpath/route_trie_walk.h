/* route_trie_walk.h - the way through a trie without tokens, to be compiled for different vector instructions. */
#ifndef FASTPATH_INTERNAL_ROUTE_TRIE_WALK_H
#define FASTPATH_INTERNAL_ROUTE_TRIE_WALK_H

#include "bits.h"
#include "route_trie_node.h"
#include "route_trie_shortcut.h"

/*
 * A comparison reads a whole label's worth of bytes, which must not reach past the end of the caller's text. So the last
 * bytes are compared in a copy that zeros follow.
 */
enum {
  TAIL = 16,
  TAIL_ROOM = 2 * TAIL
};

/* The node that `byte` leads to, or NULL. */
static inline const fp_route_trie_node *child_of(const fp_route_trie *trie, const fp_route_trie_node *node,
                                                 uint8_t byte) {
  int place;
  if ((uint8_t)(node->child_count - 1) < FP_ROUTE_TRIE_FIRST_MAX) {
    place = fp_route_trie_find_first(node, byte);
  } else {
    place = node->child_count == 0 ? -1 : trie->maps[node->map + byte] - 1;
  }
  return place < 0 ? NULL : trie->nodes + node->child + (unsigned)place;
}

/* A path whose last bytes are read from a copy. */
typedef struct {
  uintptr_t path;
  uintptr_t of_tail; /* where the path would begin if it ended where the copy does: to count from, never to read */
  size_t tail_start;
  uint8_t tail[TAIL_ROOM];
} padded;

static inline void pad(padded *text, const uint8_t *path, size_t len) {
  const size_t tail_len = len < TAIL ? len : TAIL;
  memset(text->tail, 0, sizeof text->tail);
  text->tail_start = len - tail_len;
  text->path = (uintptr_t)path;
  text->of_tail = (uintptr_t)text->tail - text->tail_start;
  copy_16(text->tail, path + text->tail_start, tail_len);
}

/* Where to read the path from `at` on. Without a branch: where the change comes differs from path to path. */
static inline const uint8_t *text_at(const padded *text, size_t at) {
  return (const uint8_t *)((at < text->tail_start ? text->path : text->of_tail) + at);
}

typedef fp_route_trie_ends ends;

static inline uint32_t lowest(ends found) { return found.prefix < found.exact ? found.prefix : found.exact; }

static inline bool is_end(const uint8_t *path, size_t len, size_t at) {
  return at == len || path[at] == '?' || path[at] == '#';
}

/* ---- shortcuts ---- */

/* Whether 8 to 32 bytes are the same, those of a text folded if asked. */
FASTPATH_INLINE bool is_same(const uint8_t *key, const uint8_t *text, size_t len, bool folded) {
#if FP_ROUTE_TRIE_SSE2
  if (likely(!folded && len >= 16)) return fp_route_trie_same_16(key, text, len - 16);
#endif
  if (!folded) return same_by_four(key, text, len);
  const size_t second = second_of_four(len), last = len - 8;
  return ((load64(key) ^ fp_route_shortcut_load(text, true)) |
          (load64(key + second) ^ fp_route_shortcut_load(text + second, true)) |
          (load64(key + last - second) ^ fp_route_shortcut_load(text + last - second, true)) |
          (load64(key + last) ^ fp_route_shortcut_load(text + last, true))) == 0;
}

/* Whether the first bytes of a path are those of a node that shortcuts lead to. */
FASTPATH_INLINE bool leads_to(const fp_route_trie *trie, const fp_route_trie_node *node, const uint8_t *path,
                              size_t len, bool folded) {
  const size_t depth = node->depth;
  const uint8_t *key = node->key_within == 0 ? trie->keys + node->key : (const uint8_t *)node + node->key_within;
  if (depth > len) return false;
  for (size_t at = 0; at + 32 < depth; at += 32) {
    if (!is_same(key + at, path + at, 32, folded)) return false;
  }
  return depth < 32 ? is_same(key, path, depth, folded) : is_same(key + depth - 32, path + depth - 32, 32, folded);
}

/* The node that a shortcut leads to, whose label has been compared, or NULL. */
FASTPATH_INLINE const fp_route_trie_node *take_shortcut(const fp_route_trie *trie, const uint8_t *path, size_t len,
                                                        uint64_t segments, bool folded) {
  for (unsigned i = 0; i < trie->level_count; i++) {
    const size_t end = fp_route_segment_end(segments, trie->levels[i]);
    if (end < FP_ROUTE_SHORTCUT_MIN || end > FP_ROUTE_SHORTCUT_REACH) continue;
    const uint64_t hash = fp_route_shortcut_hash(path, end, folded);
    const uint32_t *slot = trie->slots + fp_route_shortcut_slot(trie, hash);
    for (unsigned probe = 0; probe < FP_ROUTE_SHORTCUT_PROBES && slot[probe] != 0; probe++) {
      const fp_route_trie_node *node = trie->nodes + (slot[probe] & ~trie->slot_tag);
      if (fp_route_shortcut_holds(trie, slot[probe], hash) && leads_to(trie, node, path, len, folded)) return node;
    }
  }
  return NULL;
}

/*
 * The same in the common case, with little to do and hardly a branch that depends on the path: by the first level, in
 * one of the first two slots, to a node that holds its key and has no children. NULL says nothing.
 */
FASTPATH_INLINE const fp_route_trie_node *take_short_shortcut(const fp_route_trie *trie, const uint8_t *path,
                                                              size_t len, uint64_t segments, bool folded) {
  const size_t end = fp_route_segment_end(segments, trie->levels[0]);
  if (unlikely(end - FP_ROUTE_SHORTCUT_MIN > 32 - FP_ROUTE_SHORTCUT_MIN)) return NULL;
  const uint64_t hash = fp_route_shortcut_mix(path, end, folded);
  const uint32_t *slot = trie->slots + fp_route_shortcut_slot(trie, hash);
  slot += fp_route_shortcut_holds(trie, slot[1], hash);
  if (unlikely(!fp_route_shortcut_holds(trie, *slot, hash))) return NULL;
  const fp_route_trie_node *node = trie->nodes + (*slot & ~trie->slot_tag);
  const size_t depth = node->depth;
  if (unlikely(node->key_within == 0 || depth > len)) return NULL;
  return likely(is_same((const uint8_t *)node + node->key_within, path, depth, folded)) ? node : NULL;
}

/* What takes a path whose first bytes are those of a node without children. */
FASTPATH_INLINE ends ends_at(const fp_route_trie_node *node, const uint8_t *path, size_t len) {
  const bool exact = node->exact != FP_ROUTE_TRIE_NONE && is_end(path, len, node->depth);
  return (ends){node->prefix, exact ? node->exact : FP_ROUTE_TRIE_NONE};
}

/* ---- walks without tokens ---- */

/* From a node whose label ends at `at`. */
FASTPATH_INLINE ends walk_down(const fp_route_trie *trie, const fp_route_trie_node *node, const padded *text,
                               const uint8_t *path, size_t len, size_t at, bool folded) {
  while (node->child_count > 0) {
    const uint8_t *next = text_at(text, at);
    const fp_route_trie_node *child = child_of(trie, node, folded ? fp_route_trie_fold(*next) : *next);
    if (child == NULL) break;
    /* At the path's end there is no child, so that 16 bytes can be read after this one. */
    if (!fp_route_trie_label_matches(child, next + 1, folded)) return (ends){node->prefix, FP_ROUTE_TRIE_NONE};
    node = child;
    at += 1 + (size_t)node->label_len;
  }
  return (ends){node->prefix, is_end(path, len, at) ? node->exact : FP_ROUTE_TRIE_NONE};
}

FASTPATH_INLINE ends walk_all(const fp_route_trie *trie, const uint8_t *path, size_t len, uint64_t segments,
                              bool folded) {
  const fp_route_trie_node *node = take_shortcut(trie, path, len, segments, folded);
  padded text;
  pad(&text, path, len);
  if (node != NULL) return walk_down(trie, node, &text, path, len, node->depth, folded);
  node = trie->nodes;
  if (!fp_route_trie_label_matches(node, text_at(&text, 0), folded)) {
    return (ends){FP_ROUTE_TRIE_NONE, FP_ROUTE_TRIE_NONE};
  }
  return walk_down(trie, node, &text, path, len, node->label_len, folded);
}

#endif
