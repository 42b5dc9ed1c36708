#include "route_trie.h"

#include "bits.h"
#include "memory.h"
#include "path_template.h"
#include "route_trie_node.h"
#include "route_trie_shortcut.h"

/* ---- walking ---- */

/*
 * A comparison reads a whole label's worth of bytes, which must not reach past the end of the caller's text. So the last
 * bytes are compared in a copy that zeros follow.
 */
enum {
  TAIL = 16,
  TAIL_ROOM = 2 * TAIL
};

static inline uint32_t lower(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Copies len <= TAIL bytes by loads that stay inside the text. */
static inline void copy_tail(uint8_t *tail, const uint8_t *text, size_t len) {
  if (len == 16) {
    memcpy(tail, text, 16);
  } else if (len >= 8) {
    memcpy(tail, text, 8);
    memcpy(tail + len - 8, text + len - 8, 8);
  } else if (len >= 4) {
    memcpy(tail, text, 4);
    memcpy(tail + len - 4, text + len - 4, 4);
  } else {
    for (size_t i = 0; i < len; i++) tail[i] = text[i];
  }
}

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
  copy_tail(text->tail, path + text->tail_start, tail_len);
}

/* Where to read the path from `at` on. Without a branch: where the change comes differs from path to path. */
static inline const uint8_t *text_at(const padded *text, size_t at) {
  return (const uint8_t *)((at < text->tail_start ? text->path : text->of_tail) + at);
}

/* What ends at a node: a rank goes into `best`, which is the answer; a list is noted. */
static inline uint32_t arrive(const fp_route_trie *trie, uint32_t end, uint32_t best, fp_route_visits *visits) {
  if (end == FP_ROUTE_TRIE_NONE || !fp_route_trie_is_list(end)) return lower(best, end);
  const fp_route_list *list = fp_route_trie_list(trie, end);
  best = lower(best, list->sure);
  if (list->lowest >= best) return best;
  if (visits->count == FP_ROUTE_VISITS_MAX) {
    visits->best = best;
    visits->drain(visits);
    best = visits->best;
  }
  visits->owners[visits->count] = visits->owner;
  visits->lists[visits->count++] = list;
  return best;
}

/* What takes a path: prefixes, and what is equal to it. */
typedef struct {
  uint32_t prefix;
  uint32_t exact;
} ends;

static inline bool is_end(const uint8_t *path, size_t len, size_t at) {
  return at == len || path[at] == '?' || path[at] == '#';
}

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

FASTPATH_INLINE ends walk(const fp_route_trie *trie, const uint8_t *path, size_t len, bool folded) {
  const fp_route_trie_node *node = trie->level_count > 0 ? fp_route_shortcut_find(trie, path, len, folded) : NULL;
  padded text;
  if (node != NULL && likely(node->child_count == 0)) {
    return (ends){node->prefix, node->exact != FP_ROUTE_TRIE_NONE && is_end(path, len, node->depth) ? node->exact
                                                                                             : FP_ROUTE_TRIE_NONE};
  }
  pad(&text, path, len);
  if (node != NULL) return walk_down(trie, node, &text, path, len, node->depth, folded);
  node = trie->nodes;
  if (!fp_route_trie_label_matches(node, text_at(&text, 0), folded)) {
    return (ends){FP_ROUTE_TRIE_NONE, FP_ROUTE_TRIE_NONE};
  }
  return walk_down(trie, node, &text, path, len, node->label_len, folded);
}

FASTPATH_INLINE uint32_t first(const fp_route_trie *trie, const uint8_t *path, size_t len, uint32_t best, bool folded) {
  const ends found = walk(trie, path, len, folded);
  return lower(best, lower(found.prefix, found.exact));
}

FASTPATH_INLINE void visit(const fp_route_trie *trie, const uint8_t *path, size_t len, fp_route_visits *visits,
                           bool folded) {
  const ends found = walk(trie, path, len, folded);
  visits->best = arrive(trie, found.prefix, visits->best, visits);
  visits->best = arrive(trie, found.exact, visits->best, visits);
}

uint32_t fp_route_trie_first(const fp_route_trie *trie, const uint8_t *path, size_t len, uint32_t best) {
  return first(trie, path, len, best, false);
}

uint32_t fp_route_trie_first_folded(const fp_route_trie *trie, const uint8_t *path, size_t len, uint32_t best) {
  return first(trie, path, len, best, true);
}

void fp_route_trie_visit(const fp_route_trie *trie, const uint8_t *path, size_t len, fp_route_visits *visits) {
  visit(trie, path, len, visits, false);
}

void fp_route_trie_visit_folded(const fp_route_trie *trie, const uint8_t *path, size_t len, fp_route_visits *visits) {
  visit(trie, path, len, visits, true);
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
      best = arrive(trie, node->prefix, best, visits);
      if (at == len) {
        best = arrive(trie, node->exact, best, visits);
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
