#include "route_trie.h"

#include "bits.h"
#include "cpu.h"
#include "memory.h"
#include "path_template.h"
#include "route_trie_walk.h"

#if FP_ROUTE_TRIE_SSE2
#define EIGHT(byte) ((long long)(0x0101010101010101 * (byte)))
const __m128i fp_route_end_bytes[2] = {{EIGHT('/' ^ '?'), EIGHT('/' ^ '?')}, {EIGHT('?'), EIGHT('?')}};
#endif

/* ---- without tokens ---- */

static FASTPATH_NOINLINE ends walk_cased(const fp_route_trie *trie, const uint8_t *path, size_t len,
                                         uint64_t segments) {
  return walk_all(trie, path, len, segments, false);
}

static FASTPATH_NOINLINE ends walk_folded(const fp_route_trie *trie, const uint8_t *path, size_t len,
                                          uint64_t segments) {
  return walk_all(trie, path, len, segments, true);
}

FASTPATH_INLINE ends walk(const fp_route_trie *trie, const uint8_t *path, size_t len, bool folded) {
  uint64_t segments = 0;
  if (trie->level_count > 0) {
    segments = fp_route_segment_ends(path, len, trie->far);
    const fp_route_trie_node *node = take_short_shortcut(trie, path, len, segments, folded);
    if (likely(node != NULL)) return ends_at(node, path, len);
  }
  return folded ? walk_folded(trie, path, len, segments) : walk_cased(trie, path, len, segments);
}

static uint32_t first_cased(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  return lowest(walk(trie, path, len, false));
}

uint32_t fp_route_trie_first_folded(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  return lowest(walk(trie, path, len, true));
}

static ends walk_plainly(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  return walk(trie, path, len, false);
}

void fp_route_trie_choose_walk(fp_route_trie *trie) {
  trie->first = first_cased;
  trie->walk = walk_plainly;
#if FP_CPU_AVX2
  if (trie->level_count > 0 && fp_cpu_has_avx2()) {
    trie->first = trie->far ? fp_route_trie_first_far_avx2 : fp_route_trie_first_avx2;
    trie->walk = fp_route_trie_walk_avx2;
  }
#endif
}

fp_route_trie_ends fp_route_trie_walk_folded(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  return walk(trie, path, len, true);
}

/* ---- walking with segments: the literal way first, the others wait their turn ---- */

typedef struct {
  const fp_route_trie_node *node;
  size_t at;
} turn;

/* Bytes of the path that a token takes, and the one at `to` that it does not. */
typedef struct {
  size_t from, to;
} run;

typedef struct {
  turn *turns;
  size_t count, room;
  turn own[24];
  run runs[2]; /* the last one of each token: many ways may lead through one segment */
} turns;

static inline fp_status add_turn(turns *waiting, const fp_route_trie_node *node, size_t at) {
  if (waiting->count == waiting->room) {
    const bool on_stack = waiting->turns == waiting->own;
    turn *more = fp_memory_resize(on_stack ? NULL : waiting->turns, 2 * waiting->room * sizeof *more);
    if (more == NULL) return FASTPATH_ERR_MEMORY;
    if (on_stack) memcpy(more, waiting->own, sizeof waiting->own);
    waiting->turns = more;
    waiting->room *= 2;
  }
  waiting->turns[waiting->count++] = (turn){node, at};
  return FASTPATH_OK;
}

/* Where the next '/' stands, or the end. */
static inline size_t slash_after(const padded *text, size_t len, size_t at) {
  while (at < len) {
    const unsigned before = fp_route_trie_before_slash(text_at(text, at));
    at += before;
    if (before < TAIL) return at;
  }
  return len;
}

/* As fp_path_template_segment_end. */
static inline size_t segment_end(turns *waiting, uint8_t token, const padded *text, const uint8_t *path, size_t len,
                                 size_t at) {
  run *known = &waiting->runs[token - FP_TEMPLATE_TOKEN_PCHAR];
  if (at < known->from || at >= known->to) {
    *known = (run){at, token == FP_TEMPLATE_TOKEN_ANY ? slash_after(text, len, at)
                                                      : fp_path_template_run_end(path, len, at, false)};
  }
  return known->to == len || path[known->to] == '/' ? known->to : at;
}

/* The ways through a wildcard. */
static inline fp_status add_segments(turns *waiting, const fp_route_trie *trie, const fp_route_trie_node *node,
                                     const padded *text, const uint8_t *path, size_t len, size_t at) {
  uint8_t token;
  for (unsigned place = 0; (token = fp_route_trie_token(trie, node, place)) != 0; place++) {
    const size_t end = segment_end(waiting, token, text, path, len, at);
    if (end == at) continue;
    const fp_status status = add_turn(waiting, trie->nodes + node->child + place, end);
    if (status < 0) return status;
  }
  return FASTPATH_OK;
}

fp_status fp_route_trie_visit_segments(const fp_route_trie *trie, const uint8_t *path, size_t len,
                                       fp_route_visits *visits) {
  padded padded_path;
  turns waiting; /* most of it is never looked at */
  uint32_t best = visits->best;
  fp_status status = FASTPATH_OK;
  waiting.count = 1;
  waiting.room = sizeof waiting.own / sizeof *waiting.own;
  memset(waiting.runs, 0, sizeof waiting.runs);
  waiting.turns = waiting.own;
  waiting.own[0] = (turn){trie->nodes, 0};
  pad(&padded_path, path, len);
  while (waiting.count > 0 && status >= 0) {
    const turn now = waiting.turns[--waiting.count];
    const fp_route_trie_node *node = now.node;
    size_t at = now.at;
    for (;;) {
      if (!fp_route_trie_label_matches(node, text_at(&padded_path, at), false)) break;
      at += node->label_len;
      best = fp_route_trie_arrive(trie, node->prefix, best, visits);
      if (at == len) {
        best = fp_route_trie_arrive(trie, node->exact, best, visits);
        break;
      }
      if (node->child_count == 0) break;
      status = add_segments(&waiting, trie, node, &padded_path, path, len, at);
      if (status < 0) break;
      if (path[at] <= FP_TEMPLATE_TOKEN_ANY) break;
      node = child_of(trie, node, path[at]);
      if (node == NULL) break;
      at++;
    }
  }
  visits->best = best;
  if (waiting.turns != waiting.own) fp_memory_free(waiting.turns);
  return status;
}

void fp_route_trie_clear(fp_route_trie *trie) {
  fp_memory_free(trie->block);
  fp_memory_free(trie->lists);
  memset(trie, 0, sizeof *trie);
}
