/* route_trie_avx2.c - the walk for x86-64 machines with AVX2 and BMI2. */
#include "route_trie_node.h"

#if FP_ROUTE_TRIE_AVX2

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

#include <immintrin.h>

#define FASTPATH_BMI2 1
#include "route_trie_walk.h"

static FASTPATH_NOINLINE uint32_t walk_far(const fp_route_trie *trie, const uint8_t *path, size_t len,
                                           uint64_t segments) {
  return lowest(walk_all(trie, path, len, segments, false));
}

uint32_t fp_route_trie_first_avx2(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  uint64_t segments = 0;
  if (likely(trie->level_count > 0)) {
    segments = fp_route_segment_ends(path, len, trie->far);
    const fp_route_trie_node *node = take_short_shortcut(trie, path, len, segments, false);
    if (likely(node != NULL)) return lowest(ends_at(node, path, len));
  }
  return walk_far(trie, path, len, segments);
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif
