#include "domain.h"

#include <fastpath/route.h>
#include <string.h>

#include "bits.h"
#include "error.h"
#include "memory.h"

enum {
  MAX = FASTPATH_ROUTE_DOMAIN_MAX
};

/* ---- letter case and hashing, eight bytes at a time ---- */

static inline uint8_t lower_byte(uint8_t byte) { return (uint8_t)(byte - 'A') < 26 ? (uint8_t)(byte | 0x20) : byte; }

void fp_domain_lower(uint8_t *out, const uint8_t *text, size_t len) {
  if (len < 8) {
    for (size_t at = 0; at < len; at++) out[at] = lower_byte(text[at]);
    return;
  }
  const uint64_t last = lower_word(load64(text + len - 8)); /* before it may be written over */
  for (size_t at = 0; at + 8 < len; at += 8) store64(out + at, lower_word(load64(text + at)));
  store64(out + len - 8, last);
}

static inline uint32_t hash_of(const uint8_t *text, size_t len) {
  uint64_t hash = len;
  if (len <= 8) return len == 0 ? 0 : (uint32_t)(mix_word(hash, load_short(text, len)) >> 32);
  for (size_t at = 0; at + 8 < len; at += 8) hash = mix_word(hash, load64(text + at));
  return (uint32_t)(mix_word(hash, load64(text + len - 8)) >> 32);
}

/* ---- building ---- */

static bool is_suffix(const uint8_t *domain, size_t len) { return len > 1 && domain[0] == '*'; }

static bool is_prefix(const uint8_t *domain, size_t len) {
  return len > 1 && domain[0] != '*' && domain[len - 1] == '*';
}

static bool is_default(const uint8_t *domain, size_t len) { return len == 1 && domain[0] == '*'; }

/* The slot that holds this text, or the empty one where it would go. */
static inline size_t probe(const fp_domain_index *index, const uint8_t *text, size_t len, uint32_t hash) {
  size_t at = hash & index->slot_mask;
  for (;; at = (at + 1) & index->slot_mask) {
    const fp_domain_slot *slot = &index->slots[at];
    if (slot->virtual_host == FP_DOMAIN_NO_HOST) return at;
    if (slot->hash == hash && slot->len == len && likely(same_bytes(index->bytes + slot->offset, text, len))) return at;
  }
}

static void *allocate(fp_domain_index *index, size_t count, size_t size) {
  const size_t bytes = count == 0 ? size : count * size;
  void *block = fp_memory_alloc(bytes);
  if (block != NULL) index->size += bytes;
  return block;
}

static fp_status fill_slots(fp_domain_index *index, const fp_domain *domains, size_t count, fp_error *error) {
  size_t slots = 8;
  while (slots < 2 * count) slots *= 2;
  index->slots = allocate(index, slots, sizeof *index->slots);
  if (index->slots == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  memset(index->slots, 0xff, slots * sizeof *index->slots);
  index->slot_mask = slots - 1;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *bytes = index->bytes + domains[i].offset;
    const uint32_t hash = hash_of(bytes, domains[i].len);
    fp_domain_slot *slot = &index->slots[probe(index, bytes, domains[i].len, hash)];
    if (slot->virtual_host != FP_DOMAIN_NO_HOST) {
      return fp_error_set(error, FASTPATH_ERR_CONFIG_DUPLICATE_DOMAIN, 0, i, "domain \"%.*s\" occurs twice",
                          (int)(domains[i].len < 128 ? domains[i].len : 128), (const char *)bytes);
    }
    *slot = (fp_domain_slot){.hash = hash,
                             .offset = (uint32_t)domains[i].offset,
                             .len = domains[i].len,
                             .virtual_host = domains[i].virtual_host};
    if (is_default(bytes, domains[i].len)) index->default_host = domains[i].virtual_host;
  }
  return FASTPATH_OK;
}

static void reverse(uint8_t *out, const uint8_t *text, size_t len) {
  for (size_t i = 0; i < len; i++) out[i] = text[len - 1 - i];
}

/*
 * The trie over all wildcards of one sort. The longest is to win, so ranks go from the longest to the shortest: counted
 * out by length.
 */
static fp_status fill_wildcards(fp_domain_index *index, fp_route_trie *trie, uint32_t **hosts, const fp_domain *domains,
                                size_t count, bool suffixes) {
  uint32_t rank_by_len[MAX + 2] = {0};
  size_t wildcards = 0, spelt_len = 0;
  fp_route_trie_key *keys = NULL;
  uint8_t *spelt = NULL;
  fp_status status = FASTPATH_ERR_MEMORY;

  for (size_t i = 0; i < count; i++) {
    const uint8_t *bytes = index->bytes + domains[i].offset;
    if (!(suffixes ? is_suffix : is_prefix)(bytes, domains[i].len)) continue;
    rank_by_len[domains[i].len]++;
    wildcards++;
    spelt_len += domains[i].len - 1;
  }
  if (wildcards == 0) return FASTPATH_OK;
  for (uint32_t len = MAX + 1, rank = 0; len-- > 0;) {
    const uint32_t of_this_len = rank_by_len[len];
    rank_by_len[len] = rank;
    rank += of_this_len;
  }

  *hosts = allocate(index, wildcards, sizeof **hosts);
  keys = fp_memory_alloc(wildcards * sizeof *keys);
  spelt = fp_memory_alloc(spelt_len);
  if (*hosts != NULL && keys != NULL && spelt != NULL) {
    size_t key = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
      const uint8_t *bytes = index->bytes + domains[i].offset;
      const uint32_t len = domains[i].len - 1, rank = rank_by_len[domains[i].len];
      if (!(suffixes ? is_suffix : is_prefix)(bytes, domains[i].len)) continue;
      if (suffixes) {
        reverse(spelt + at, bytes + 1, len);
      } else {
        memcpy(spelt + at, bytes, len);
      }
      keys[key++] = (fp_route_trie_key){
          .data = spelt + at, .len = len, .rank = rank, .program = FP_ROUTE_TRIE_SURE, .kind = FP_ROUTE_TRIE_PREFIX};
      (*hosts)[rank] = domains[i].virtual_host;
      rank_by_len[domains[i].len]++;
      at += len;
    }
    status = fp_route_trie_build(trie, keys, wildcards, FP_ROUTE_TRIE_OF_TEXTS, NULL);
    if (status >= 0) index->size += trie->size;
  }
  fp_memory_free(spelt);
  fp_memory_free(keys);
  return status;
}

fp_status fp_domain_index_build(fp_domain_index *index, const uint8_t *bytes, size_t bytes_len,
                                const fp_domain *domains, size_t count, fp_error *error) {
  fp_status status;
  memset(index, 0, sizeof *index);
  index->default_host = FP_DOMAIN_NO_HOST;
  if (bytes_len > UINT32_MAX) {
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "the domains are longer than 4 GiB together");
  }
  index->bytes = allocate(index, bytes_len, 1);
  if (index->bytes == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  if (bytes_len > 0) memcpy(index->bytes, bytes, bytes_len);

  status = fill_slots(index, domains, count, error);
  if (status >= 0) {
    status = fill_wildcards(index, &index->suffixes, &index->suffix_hosts, domains, count, true);
    if (status >= 0) status = fill_wildcards(index, &index->prefixes, &index->prefix_hosts, domains, count, false);
    if (status < 0) (void)fp_error_set(error, status, 0, 0, "out of memory");
  }
  if (status < 0) {
    fp_domain_index_clear(index);
    return status;
  }
  index->only_default = count == 1 && index->default_host != FP_DOMAIN_NO_HOST;
  return FASTPATH_OK;
}

void fp_domain_index_clear(fp_domain_index *index) {
  fp_memory_free(index->slots);
  fp_memory_free(index->bytes);
  fp_memory_free(index->suffix_hosts);
  fp_memory_free(index->prefix_hosts);
  fp_route_trie_clear(&index->suffixes);
  fp_route_trie_clear(&index->prefixes);
  memset(index, 0, sizeof *index);
}

/* ---- looking up ---- */

/* A wildcard stands for at least one byte: what the rest may match is one byte shorter than the host. */
static inline size_t fixed_part(size_t len) { return len - 1 < MAX ? len - 1 : MAX; }

/* By the wildcards, with room for what their tries compare. */
static FASTPATH_NOINLINE uint32_t look_up_wildcard(const fp_domain_index *index, const uint8_t *host, size_t len) {
  uint8_t spelt[MAX];
  const size_t fixed = fixed_part(len);
  uint32_t rank;
  if (index->suffixes.nodes != NULL) {
    reverse(spelt, host + len - fixed, fixed);
    rank = fp_route_trie_first_folded(&index->suffixes, spelt, fixed);
    if (rank != FP_ROUTE_TRIE_NONE) return index->suffix_hosts[rank];
  }
  if (index->prefixes.nodes != NULL) {
    fp_domain_lower(spelt, host, fixed);
    rank = fp_route_trie_first(&index->prefixes, spelt, fixed);
    if (rank != FP_ROUTE_TRIE_NONE) return index->prefix_hosts[rank];
  }
  return index->default_host;
}

/* Whose domain is this very text, or FP_DOMAIN_NO_HOST. */
static inline uint32_t look_up_exact(const fp_domain_index *index, const uint8_t *host, size_t len) {
  const uint32_t found = index->slots[probe(index, host, len, hash_of(host, len))].virtual_host;
  /* Wildcards are in the table too, since they must not repeat, but no host is equal to one. */
  return likely(!is_suffix(host, len) && !is_prefix(host, len)) ? found : FP_DOMAIN_NO_HOST;
}

/* The same in lower case, where that makes a difference. */
static FASTPATH_NOINLINE uint32_t look_up_lowered(const fp_domain_index *index, const uint8_t *host, size_t len) {
  uint8_t lower[MAX];
  if (len == 0) return FP_DOMAIN_NO_HOST;
  fp_domain_lower(lower, host, len);
  return memcmp(lower, host, len) == 0 ? FP_DOMAIN_NO_HOST : look_up_exact(index, lower, len);
}

uint32_t fp_domain_index_look_up(const fp_domain_index *index, const uint8_t *host, size_t len) {
  if (len <= MAX) {
    uint32_t found = look_up_exact(index, host, len); /* as most hosts come */
    if (unlikely(found == FP_DOMAIN_NO_HOST)) found = look_up_lowered(index, host, len);
    if (found != FP_DOMAIN_NO_HOST) return found;
  }
  return len == 0 ? index->default_host : look_up_wildcard(index, host, len);
}
