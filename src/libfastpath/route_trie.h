/*
 * route_trie.h - a radix trie over byte strings that answers "which key with the lowest rank takes this path?".
 *
 *   keys, rank = place in the list     a node is one cache line
 *     0  exact   /users/me              +------------------------------------------+
 *     1  prefix  /users/                | prefix | exact | first child | lengths   |
 *     2  exact   /shop                  | first bytes of up to 24 children         |
 *     3  prefix  /                      | label: up to 14 bytes                    |
 *                                       +------------------------------------------+
 *            "/" prefix 3
 *             |-- u "sers/" prefix 1 -- m "e" exact 0
 *             `-- s "hop" exact 2
 *
 * The byte that leads to a child stands in its parent, the bytes after it in the child's label. Children stand side by
 * side, so that the first child's index and a place among the first bytes give a node. More than 24 children are found
 * through a map of 256 bytes. A longer label continues in an only child. All nodes lie in one block.
 *
 * A walk goes down and never back: its cost is the depth of the trie, whatever the number of keys. A key that can never
 * win, since a prefix above it has a lower rank, is left out; so the last node on the way knows the lowest rank. Paths
 * have shortcuts into the depth, see route_trie_shortcut.h.
 *
 * A key may be conditional: whether it counts is for the caller to find out. Where such keys end, a node has a list of
 * candidates instead of a rank, which leads on to the lists above it. In a trie of templates, the bytes
 * FP_TEMPLATE_TOKEN_* of a key take a whole segment of the path; there a walk has to go back, and each node has only
 * what ends at itself.
 *
 * A trie is immutable once built. Threads: any.
 */
#ifndef FASTPATH_INTERNAL_ROUTE_TRIE_H
#define FASTPATH_INTERNAL_ROUTE_TRIE_H

#include <fastpath/base.h>
#include <stdbool.h>

#define FP_ROUTE_TRIE_NONE UINT32_MAX
#define FP_ROUTE_TRIE_RANK_MAX 0x7ffffffeu
#define FP_ROUTE_TRIE_SURE UINT32_MAX /* program of a key without conditions */
#define FP_ROUTE_TRIE_LEVELS_MAX 2

typedef enum fp_route_trie_kind {
  FP_ROUTE_TRIE_PREFIX, /* the path begins with the key */
  FP_ROUTE_TRIE_EXACT   /* the path is the key */
} fp_route_trie_kind;

/* What the keys are. */
typedef enum fp_route_trie_sort {
  FP_ROUTE_TRIE_OF_PATHS,     /* in segments, to which shortcuts lead */
  FP_ROUTE_TRIE_OF_TEMPLATES, /* with bytes FP_TEMPLATE_TOKEN_*, which stand for segments */
  FP_ROUTE_TRIE_OF_TEXTS
} fp_route_trie_sort;

/* One key while a trie is built. The bytes are the caller's and hold no NUL. */
typedef struct fp_route_trie_key {
  const uint8_t *data;
  uint32_t len;
  uint32_t rank;    /* up to FP_ROUTE_TRIE_RANK_MAX */
  uint32_t program; /* what tells whether it counts; FP_ROUTE_TRIE_SURE */
  fp_route_trie_kind kind;
} fp_route_trie_key;

/* A conditional key where it ends. */
typedef struct fp_route_candidate {
  uint32_t rank;
  uint32_t program;
} fp_route_candidate;

/* The candidates at a node. They lie behind it, in order of rank. */
typedef struct fp_route_list {
  uint32_t count;
  uint32_t lowest; /* rank of all candidates, here and above */
  uint32_t sure;   /* lowest rank without conditions here and above, or FP_ROUTE_TRIE_NONE */
  uint32_t above; /* where the next list on the way to the root begins, or FP_ROUTE_TRIE_NONE; never among templates */
  uint32_t index; /* for the owner of the trie, who may move candidates elsewhere; 0 at first */
} fp_route_list;

typedef struct fp_route_trie_node fp_route_trie_node;

/* What ends on the way of a path, a rank or a list: prefixes, and what is equal to the path. */
typedef struct fp_route_trie_ends {
  uint32_t prefix;
  uint32_t exact;
} fp_route_trie_ends;

/* The caller's; zero bytes are an empty trie. */
typedef struct fp_route_trie fp_route_trie;
struct fp_route_trie {
  const fp_route_trie_node *nodes; /* the root first; NULL when empty */
  const uint8_t *maps; /* behind the nodes */
  const uint8_t *keys; /* of nodes that shortcuts lead to, behind the maps */
  const uint32_t *slots; /* of the shortcuts, each a tag and a node; 0 when empty */
  uint32_t *lists; /* each an fp_route_list and its candidates; NULL when no key is conditional */
  void *block;
  size_t lists_len; /* in words */
  uint32_t levels[FP_ROUTE_TRIE_LEVELS_MAX]; /* of the shortcuts in the order in which they are tried */
  uint32_t slot_tag; /* the bits of a slot that are of the hash; the others are the node */
  uint8_t level_count; /* 0: there are no shortcuts */
  uint8_t slot_shift; /* what is left of a hash is the slot where to begin */
  bool far; /* some shortcuts are longer than FP_ROUTE_SHORTCUT_NEAR */
  uint32_t lowest; /* rank of all keys; no walk finds one below it */
  size_t size; /* bytes allocated */
  /* As this machine does it best: the lowest rank where no key is conditional, and what to look at where some are. */
  uint32_t (*first)(const fp_route_trie *trie, const uint8_t *path, size_t len);
  fp_route_trie_ends (*walk)(const fp_route_trie *trie, const uint8_t *path, size_t len);
};

/*
 * Which keys can never win. The caller's arrays, by rank: `left` counts the keys of a rank that still may, and when the
 * last of them is left out, `by` is set to the rank in its way.
 */
typedef struct fp_route_trie_shadows {
  uint8_t *left;
  uint32_t *by;
} fp_route_trie_shadows;

/*
 * Build a trie of `count` keys, which are reordered. `shadows` may be NULL. Time and memory are linear in the keys' total
 * length, but for sorting the candidates of a node. On FASTPATH_ERR_MEMORY or FASTPATH_ERR_OVERFLOW the trie stays empty.
 */
fp_status fp_route_trie_build(fp_route_trie *trie, fp_route_trie_key *keys, size_t count, fp_route_trie_sort sort,
                              fp_route_trie_shadows *shadows);
void fp_route_trie_clear(fp_route_trie *trie);

/*
 * The lowest rank of the keys that take the path, which ends at `len` or at its first '?' or '#', or FP_ROUTE_TRIE_NONE.
 * Nothing is read past path + len. The trie must not be empty and have no conditional keys and no templates.
 */
static inline uint32_t fp_route_trie_first(const fp_route_trie *trie, const uint8_t *path, size_t len) {
  return trie->first(trie, path, len);
}

/* The same without regard to ASCII letter case, in a trie whose keys are in lower case. */
uint32_t fp_route_trie_first_folded(const fp_route_trie *trie, const uint8_t *path, size_t len);

#define FP_ROUTE_VISITS_MAX 48

/*
 * Where a walk has come by. `best` is the lowest sure rank; the lists, and those above them, wait to be tried. When there
 * is no room for another one, `drain` does that: it may lower `best`, and sets `count` to 0.
 */
typedef struct fp_route_visits fp_route_visits;
struct fp_route_visits {
  uint32_t best;
  uint32_t count;
  void (*drain)(fp_route_visits *visits);
  const fp_route_list *lists[FP_ROUTE_VISITS_MAX];
  const void *owners[FP_ROUTE_VISITS_MAX]; /* `owner` at the time */
  const void *owner; /* the caller's mark for the trie that is walked */
};

/* What ends at a node: FP_ROUTE_TRIE_NONE, a rank, or this bit and the place of a list. It is above every rank, so that the
   lower of the two is the rank. */
#define FP_ROUTE_TRIE_LIST 0x80000000u

static inline bool fp_route_trie_is_list(uint32_t end) { return (end & FP_ROUTE_TRIE_LIST) != 0; }

static inline const fp_route_list *fp_route_trie_list(const fp_route_trie *trie, uint32_t end) {
  return (const fp_route_list *)(const void *)(trie->lists + (end & ~FP_ROUTE_TRIE_LIST));
}

/* Takes what ends at a node: a rank goes into `best`, which is the answer; a list is noted. */
static inline uint32_t fp_route_trie_arrive(const fp_route_trie *trie, uint32_t end, uint32_t best,
                                            fp_route_visits *visits) {
  if (end == FP_ROUTE_TRIE_NONE || !fp_route_trie_is_list(end)) return end < best ? end : best;
  const fp_route_list *list = fp_route_trie_list(trie, end);
  if (list->sure < best) best = list->sure;
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

/* As fp_route_trie_first, in a trie that may have conditional keys: what a walk has found is taken. */
static inline void fp_route_trie_visit(const fp_route_trie *trie, fp_route_trie_ends found, fp_route_visits *visits) {
  visits->best = fp_route_trie_arrive(trie, found.prefix, visits->best, visits);
  visits->best = fp_route_trie_arrive(trie, found.exact, visits->best, visits);
}

/* trie->walk without regard to ASCII letter case, in a trie whose keys are in lower case. */
fp_route_trie_ends fp_route_trie_walk_folded(const fp_route_trie *trie, const uint8_t *path, size_t len);

/* A walk and a visit in a trie of templates. The path has been cut. FASTPATH_ERR_MEMORY or FASTPATH_OK. */
fp_status fp_route_trie_visit_segments(const fp_route_trie *trie, const uint8_t *path, size_t len,
                                       fp_route_visits *visits);

/* The next list on the way to the root, or NULL. */
static inline const fp_route_list *fp_route_list_above(const fp_route_trie *trie, const fp_route_list *list) {
  return list->above == FP_ROUTE_TRIE_NONE ? NULL : (const fp_route_list *)(const void *)(trie->lists + list->above);
}

static inline fp_route_candidate *fp_route_list_candidates(const fp_route_list *list) {
  return (fp_route_candidate *)(uintptr_t)(list + 1);
}

#endif
