/*
 * domain.h - from a request's host to the virtual host that serves it.
 *
 * Order of precedence (Envoy, config.route.v3.VirtualHost.domains): the exact domain, the longest "*suffix", the
 * longest "prefix*", "*". A wildcard goes by bytes, not by labels, and stands for at least one byte. ASCII letter case
 * does not matter.
 *
 *   exact     hash table over the lower-cased domains
 *   *suffix   trie over the suffixes spelt backwards; the longer a suffix, the lower its rank
 *   prefix*   trie over the prefixes, likewise
 */
#ifndef FASTPATH_INTERNAL_DOMAIN_H
#define FASTPATH_INTERNAL_DOMAIN_H

#include <stdbool.h>

#include "route_trie.h"

#define FP_DOMAIN_NO_HOST UINT32_MAX

/* One domain while an index is built: in lower case, at `offset` of the bytes given along. */
typedef struct fp_domain {
  size_t offset;
  uint32_t len; /* at most FASTPATH_ROUTE_DOMAIN_MAX */
  uint32_t virtual_host;
} fp_domain;

typedef struct fp_domain_slot {
  uint32_t hash;
  uint32_t offset; /* into the index's bytes */
  uint32_t len;
  uint32_t virtual_host; /* FP_DOMAIN_NO_HOST: an empty slot */
} fp_domain_slot;

/* The caller's; immutable once built. Zero bytes are not a valid index. */
typedef struct fp_domain_index {
  fp_domain_slot *slots; /* linear probing, at most half full */
  uint8_t *bytes;
  size_t slot_mask;
  fp_route_trie suffixes;
  fp_route_trie prefixes;
  uint32_t *suffix_hosts; /* virtual host by rank */
  uint32_t *prefix_hosts;
  uint32_t default_host; /* of "*", or FP_DOMAIN_NO_HOST */
  bool only_default;     /* there is nothing to look up */
  size_t size;           /* bytes allocated */
} fp_domain_index;

/* Writes `len` bytes of text in lower case (ASCII). The two may be the same. */
void fp_domain_lower(uint8_t *out, const uint8_t *text, size_t len);

/*
 * Build an index. A domain that occurs twice, "*" included, is FASTPATH_ERR_CONFIG_DUPLICATE_DOMAIN with the index of
 * the second in `position`. On error the index holds nothing and must not be cleared or asked.
 */
fp_status fp_domain_index_build(fp_domain_index *index, const uint8_t *bytes, size_t bytes_len,
                                const fp_domain *domains, size_t count, fp_error *error);
void fp_domain_index_clear(fp_domain_index *index);

/* The same for a host that is there, in an index with more than "*". */
uint32_t fp_domain_index_look_up(const fp_domain_index *index, const uint8_t *host, size_t len);

/*
 * The virtual host for a host, or FP_DOMAIN_NO_HOST. `host` may be NULL for a request that has none: it is served when
 * "*" is the only domain. Nothing is read past host + len. Threads: any.
 */
static inline uint32_t fp_domain_index_find(const fp_domain_index *index, const uint8_t *host, size_t len) {
  if (index->only_default) return index->default_host;
  return host == NULL ? FP_DOMAIN_NO_HOST : fp_domain_index_look_up(index, host, len);
}

#endif
