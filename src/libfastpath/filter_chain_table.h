/*
 * filter_chain_table.h - how a filter chain table lies in memory.
 *
 * The steps are nodes, and what leads from one to the next are the entries of one hash table: (node, key) -> node. A key
 * is a port, a name, or a range of addresses with its length; a node knows which lengths its ranges have, so that the
 * longest is found by as many lookups as there are lengths. The last step leads to a chain.
 */
#ifndef FASTPATH_INTERNAL_FILTER_CHAIN_TABLE_H
#define FASTPATH_INTERNAL_FILTER_CHAIN_TABLE_H

#include <fastpath/filter_chain.h>
#include <stdatomic.h>
#include <string.h>

enum {
  FP_CHAIN_NAME_MAX = 255,
  FP_CHAIN_KEY_MAX = 1 + FP_CHAIN_NAME_MAX
};

#define FP_CHAIN_NONE FASTPATH_FILTER_CHAIN_NONE

/* A step: where those go that do not ask, and which ranges there are. */
typedef struct {
  uint32_t other;
  uint64_t v4; /* a bit for each length, 0 .. 32 */
  uint64_t v6[3]; /* 0 .. 128 */
} fp_chain_node;

typedef struct {
  uint32_t from; /* NONE: empty */
  uint32_t to;
  uint32_t hash;
  uint32_t key; /* offset into the bytes; its length comes first */
} fp_chain_entry;

struct fp_filter_chain_table {
  fp_chain_node *nodes;
  fp_chain_entry *entries; /* linear probing, at most half full */
  uint8_t *bytes;
  size_t mask;
  void *context;
  fp_filter_chain_release_fn release;
  _Atomic size_t references;
};

/* ---- the hash table ---- */

/*
 * Keys are hashed from their end, so that the hashes of all suffixes of a name come out of one pass. `running` begins as
 * fp_chain_hash_begin says and has each byte added.
 */
static inline uint64_t fp_chain_hash_begin(uint32_t from) { return 0xcbf29ce484222325u ^ (uint64_t)from << 8; }
static inline uint64_t fp_chain_hash_add(uint64_t running, uint8_t byte) { return (running ^ byte) * 0x100000001b3u; }
static inline uint32_t fp_chain_hash_end(uint64_t running) { return (uint32_t)(running * 0x9e3779b97f4a7c15u >> 32); }

static inline uint32_t fp_chain_hash_of(uint32_t from, const uint8_t *key, size_t len) {
  uint64_t running = fp_chain_hash_begin(from);
  while (len > 0) running = fp_chain_hash_add(running, key[--len]);
  return fp_chain_hash_end(running);
}

/* The entry for the key, or the empty one where it would go. */
static inline size_t fp_chain_probe(const fp_chain_entry *entries, size_t mask, const uint8_t *bytes, uint32_t from,
                                    const uint8_t *key, size_t len, uint32_t hash) {
  size_t at = hash & mask;
  for (;; at = (at + 1) & mask) {
    const fp_chain_entry *found = &entries[at];
    if (found->from == FP_CHAIN_NONE) return at;
    if (found->hash != hash || found->from != from || bytes[found->key] != len) continue;
    if (memcmp(bytes + found->key + 1, key, len) == 0) return at;
  }
}

/* ---- keys ---- */

static inline size_t fp_chain_port_key(uint32_t port, uint8_t *key) {
  key[0] = (uint8_t)(port >> 8);
  key[1] = (uint8_t)port;
  return 2;
}

/* The range of this length that the address lies in. */
static inline size_t fp_chain_range_key(const fp_cidr *of, unsigned len, uint8_t *key) {
  const size_t bytes = (len + 7) / 8;
  key[0] = of->family;
  key[1] = (uint8_t)len;
  if (bytes > 0) memcpy(key + 2, of->address, bytes);
  if (len % 8 != 0) key[1 + bytes] &= (uint8_t)(0xff << (8 - len % 8));
  return 2 + bytes;
}

#endif
