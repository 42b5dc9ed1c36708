/*
 * route_trie.h - a radix trie over byte strings that answers "which key with the lowest rank takes this path?".
 *
 *   keys, rank = place in the list     a node is one cache line
 *     0  exact   /users/me              +------------------------------------------+
 *     1  prefix  /users/                | prefix | exact | first child | lengths   |
 *     2  exact   /shop                  | label: up to 16 bytes                    |
 *     3  prefix  /                      | first bytes of up to 32 children         |
 *                                       +------------------------------------------+
 *            "/" prefix 3
 *             |-- u "sers/" prefix 1 -- m "e" exact 0
 *             `-- s "hop" exact 2
 *
 * The byte that leads to a child stands in its parent, the bytes after it in the child's label. Children stand side by
 * side, so that the first child's index and a place among the first bytes give a node. More than 32 children are found
 * through a map of 256 bytes. A longer label continues in an only child. All nodes lie in one block.
 *
 * A walk collects the lowest rank on its way down and never goes back: its cost is the depth of the trie, whatever
 * the number of keys. A key that can never win, since a prefix above it has a lower rank, is left out.
 *
 * A trie is immutable once built. Threads: any.
 */
#ifndef FASTPATH_INTERNAL_ROUTE_TRIE_H
#define FASTPATH_INTERNAL_ROUTE_TRIE_H

#include <fastpath/base.h>

#define FP_ROUTE_TRIE_NONE UINT32_MAX

typedef enum fp_route_trie_kind {
  FP_ROUTE_TRIE_PREFIX, /* the path begins with the key */
  FP_ROUTE_TRIE_EXACT   /* the path is the key */
} fp_route_trie_kind;

/* One key while a trie is built. The bytes are the caller's and hold no NUL. */
typedef struct fp_route_trie_key {
  const uint8_t *data;
  uint32_t len;
  uint32_t rank; /* below FP_ROUTE_TRIE_NONE */
  fp_route_trie_kind kind;
} fp_route_trie_key;

typedef struct fp_route_trie_node fp_route_trie_node;

/* The caller's; zero bytes are an empty trie. */
typedef struct fp_route_trie {
  const fp_route_trie_node *nodes; /* the root first; NULL when empty */
  const uint8_t *maps;             /* behind the nodes */
  void *block;
  size_t block_size;
} fp_route_trie;

/*
 * Build a trie of `count` keys, which are reordered. Time and memory are linear in the keys' total length. On
 * FASTPATH_ERR_MEMORY or FASTPATH_ERR_OVERFLOW the trie stays empty.
 */
fp_status fp_route_trie_build(fp_route_trie *trie, fp_route_trie_key *keys, size_t count);
void fp_route_trie_clear(fp_route_trie *trie);

/*
 * The lowest rank among `best` and the keys that take the path, which ends at `len` or at its first '?' or '#'.
 * FP_ROUTE_TRIE_NONE as `best` asks for any. Nothing is read past path + len. The trie must not be empty.
 */
uint32_t fp_route_trie_first(const fp_route_trie *trie, const uint8_t *path, size_t len, uint32_t best);

/* The same without regard to ASCII letter case, in a trie whose keys are in lower case. */
uint32_t fp_route_trie_first_folded(const fp_route_trie *trie, const uint8_t *path, size_t len, uint32_t best);

#endif
