/* route_trie_avx2.c - the walk in a trie with shortcuts for x86-64 machines with AVX2 and BMI2. */
#include "cpu.h"
#include "route_trie_node.h"

#if FP_CPU_AVX2

#include "avx2_begin.h"

#define FASTPATH_BMI2 1
#include "route_trie_walk.h"

static FASTPATH_NOINLINE ends walk_on(const fp_route_trie *trie, const uint8_t *path, size_t len, uint64_t segments) {
  return walk_all(trie, path, len, segments, false);
}

static FASTPATH_NOINLINE uint32_t first_on(const fp_route_trie *trie, const uint8_t *path, size_t len,
                                           uint64_t segments) {
  return lowest(walk_all(trie, path, len, segments, false));
}

FASTPATH_INLINE uint32_t first(const fp_route_trie *trie, const uint8_t *path, size_t len, bool far) {
  const uint64_t segments = fp_route_segment_ends(path, len, far);
  const fp_route_trie_node *node = take_short_shortcut(trie, path, len, segments, false);
  return likely(node != NULL) ? lowest(ends_at(node, path, len)) : first_on(trie, path, len, segments);
}

uint32_t fp_route_trie_first_avx2(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  return first(trie, path, len, false);
}

uint32_t fp_route_trie_first_far_avx2(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  return first(trie, path, len, true);
}

ends fp_route_trie_walk_avx2(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  const uint64_t segments = fp_route_segment_ends(path, len, trie->far);
  const fp_route_trie_node *node = take_short_shortcut(trie, path, len, segments, false);
  return likely(node != NULL) ? ends_at(node, path, len) : walk_on(trie, path, len, segments);
}

#include "avx2_end.h"

#endif
