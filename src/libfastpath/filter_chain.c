/*
 * The steps are nodes, and what leads from one to the next are the entries of one hash table: (node, key) -> node. A key
 * is a port, a name, or a range of addresses with its length; a node knows which lengths its ranges have. The last step
 * leads to a chain.
 */
#include <fastpath/filter_chain.h>
#include <fastpath/inspect.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "domain.h"
#include "error.h"
#include "list.h"
#include "memory.h"

enum {
  NAME_MAX_LEN = 255,
  KEY_MAX = 1 + NAME_MAX_LEN
};

#define NONE FASTPATH_FILTER_CHAIN_NONE

/* A step: where those go that do not ask, and which ranges there are. */
typedef struct {
  uint32_t other;
  uint64_t v4; /* a bit for each length, 0 .. 32 */
  uint64_t v6[3]; /* 0 .. 128 */
} node;

typedef struct {
  uint32_t from; /* NONE: empty */
  uint32_t to;
  uint32_t hash;
  uint32_t key; /* offset into the bytes; its length comes first */
} entry;

struct fp_filter_chain_table {
  node *nodes;
  entry *entries; /* linear probing, at most half full */
  uint8_t *bytes;
  size_t mask;
  void *context;
  fp_filter_chain_release_fn release;
  _Atomic size_t references;
};

struct fp_filter_chain_builder {
  fp_list nodes;
  fp_list bytes;
  entry *entries;
  size_t mask;
  size_t count;
  uint32_t chains;
};

/* ---- the hash table ---- */

static uint32_t hash_of(uint32_t from, const uint8_t *key, size_t len) {
  uint64_t hash = 0xcbf29ce484222325u ^ from;
  for (size_t i = 0; i < len; i++) hash = (hash ^ key[i]) * 0x100000001b3u;
  hash *= 0x9e3779b97f4a7c15u;
  return (uint32_t)(hash >> 32);
}

/* The entry for the key, or the empty one where it would go. */
static size_t probe(const entry *entries, size_t mask, const uint8_t *bytes, uint32_t from, const uint8_t *key,
                    size_t len, uint32_t hash) {
  size_t at = hash & mask;
  for (;; at = (at + 1) & mask) {
    const entry *found = &entries[at];
    if (found->from == NONE) return at;
    if (found->hash != hash || found->from != from || bytes[found->key] != len) continue;
    if (memcmp(bytes + found->key + 1, key, len) == 0) return at;
  }
}

/* ---- keys ---- */

static size_t port_key(uint32_t port, uint8_t *key) {
  key[0] = (uint8_t)(port >> 8);
  key[1] = (uint8_t)port;
  return 2;
}

/* The range of this length that the address lies in. */
static size_t range_key(const fp_cidr *of, unsigned len, uint8_t *key) {
  const size_t bytes = (len + 7) / 8;
  key[0] = of->family;
  key[1] = (uint8_t)len;
  if (bytes > 0) memcpy(key + 2, of->address, bytes);
  if (len % 8 != 0) key[1 + bytes] &= (uint8_t)(0xff << (8 - len % 8));
  return 2 + bytes;
}

/* ---- building ---- */

fp_filter_chain_builder *fp_filter_chain_builder_new(void) {
  fp_filter_chain_builder *builder = fp_memory_alloc(sizeof *builder);
  if (builder != NULL) memset(builder, 0, sizeof *builder);
  return builder;
}

void fp_filter_chain_builder_free(fp_filter_chain_builder *builder) {
  if (builder == NULL) return;
  fp_list_clear(&builder->nodes);
  fp_list_clear(&builder->bytes);
  fp_memory_free(builder->entries);
  fp_memory_free(builder);
}

static fp_status out_of_memory(fp_error *error) {
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
}

static fp_status refuse(fp_error *error, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_CONFIG_FILTER_CHAIN, 0, 0, "%s", reason);
}

static node *node_at(const fp_filter_chain_builder *builder, uint32_t number) {
  return (node *)builder->nodes.items + number;
}

static uint32_t add_node(fp_filter_chain_builder *builder) {
  node *added = builder->nodes.count >= NONE ? NULL : fp_list_add(&builder->nodes, 1, sizeof *added);
  if (added == NULL) return NONE;
  *added = (node){.other = NONE};
  return (uint32_t)(builder->nodes.count - 1);
}

/* Room for one more entry. */
static bool grow(fp_filter_chain_builder *builder) {
  const size_t room = builder->entries == NULL ? 0 : builder->mask + 1, wanted = room == 0 ? 16 : 2 * room;
  entry *entries;
  if (2 * (builder->count + 1) <= room) return true;
  if (wanted > SIZE_MAX / sizeof *entries) return false;
  entries = fp_memory_alloc(wanted * sizeof *entries);
  if (entries == NULL) return false;
  memset(entries, 0xff, wanted * sizeof *entries);
  for (size_t i = 0; i < room; i++) {
    const entry *old = &builder->entries[i];
    size_t at = old->hash & (wanted - 1);
    if (old->from == NONE) continue;
    while (entries[at].from != NONE) at = (at + 1) & (wanted - 1);
    entries[at] = *old;
  }
  fp_memory_free(builder->entries);
  builder->entries = entries;
  builder->mask = wanted - 1;
  return true;
}

/*
 * Goes on from a node by a key, or by none (len 0), to a node that is made when there is none; with `last` to the chain,
 * which must be new. *next is not written on an error.
 */
static fp_status follow(fp_filter_chain_builder *builder, uint32_t from, const uint8_t *key, size_t len, bool last,
                        uint32_t *next, fp_error *error) {
  uint32_t target = builder->chains, hash;
  uint8_t *bytes;
  size_t at;
  if (len == 0) {
    if (node_at(builder, from)->other == NONE) {
      if (!last) target = add_node(builder);
      if (target == NONE) return out_of_memory(error);
      node_at(builder, from)->other = target;
    } else if (last) {
      return refuse(error, "another filter chain matches the same connections");
    }
    *next = node_at(builder, from)->other;
    return FASTPATH_OK;
  }
  if (!grow(builder)) return out_of_memory(error);
  hash = hash_of(from, key, len);
  at = probe(builder->entries, builder->mask, builder->bytes.items, from, key, len, hash);
  if (builder->entries[at].from == NONE) {
    if (builder->bytes.count >= NONE - KEY_MAX) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too large");
    if (!last) target = add_node(builder);
    bytes = target == NONE ? NULL : fp_list_add(&builder->bytes, len + 1, 1);
    if (bytes == NULL) return out_of_memory(error);
    bytes[0] = (uint8_t)len;
    memcpy(bytes + 1, key, len);
    builder->entries[at] = (entry){from, target, hash, (uint32_t)(builder->bytes.count - len - 1)};
    builder->count++;
  } else if (last) {
    return refuse(error, "another filter chain matches the same connections");
  }
  *next = builder->entries[at].to;
  return FASTPATH_OK;
}

/* The steps with several values, each of which goes its own way from here on. */
typedef enum {
  STEP_PORT,
  STEP_DESTINATION,
  STEP_SERVER_NAME,
  STEP_TRANSPORT,
  STEP_APPLICATION,
  STEP_DIRECT_SOURCE,
  STEP_SOURCE_TYPE,
  STEP_SOURCE,
  STEP_SOURCE_PORT,
  STEP_COUNT
} step;

static size_t value_count(const fp_filter_chain_match *match, step at) {
  switch (at) {
    case STEP_DESTINATION: return match->destination_count;
    case STEP_SERVER_NAME: return match->server_name_count;
    case STEP_APPLICATION: return match->application_protocol_count;
    case STEP_DIRECT_SOURCE: return match->direct_source_count;
    case STEP_SOURCE: return match->source_count;
    case STEP_SOURCE_PORT: return match->source_port_count;
    case STEP_PORT:
    case STEP_TRANSPORT:
    case STEP_SOURCE_TYPE:
    case STEP_COUNT: break;
  }
  return 0;
}

/* Envoy keeps "*.suffix" as ".suffix"; an empty name is as none. */
static fp_status name_key(fp_span name, bool server_name, uint8_t *key, size_t *len, fp_error *error) {
  fp_span text = name;
  if (server_name && text.len >= 2 && text.data[0] == '*' && text.data[1] == '.') {
    text.data++;
    text.len--;
  } else if (server_name && text.len > 0 && memchr(text.data, '*', text.len) != NULL) {
    return refuse(error, "a server name has '*' only in front of a suffix (\"*.example.com\")");
  }
  if (text.len > NAME_MAX_LEN) return refuse(error, "a name has at most 255 bytes");
  if (text.len > 0) memcpy(key, text.data, text.len);
  if (server_name) fp_domain_lower(key, key, text.len);
  *len = text.len;
  return FASTPATH_OK;
}

/* The key of a chain's value number `index` at a step; empty when it does not ask. */
static fp_status key_of(const fp_filter_chain_match *match, step at, size_t index, uint8_t *key, size_t *len,
                        fp_error *error) {
  const fp_cidr *range = NULL;
  uint8_t bits;
  *len = 0;
  switch (at) {
    case STEP_PORT:
      if (match->destination_port > 65535) return refuse(error, "a port is above 65535");
      if (match->destination_port != 0) *len = port_key(match->destination_port, key);
      return FASTPATH_OK;
    case STEP_TRANSPORT:
      return match->transport_protocol.len == 0 ? FASTPATH_OK
                                                : name_key(match->transport_protocol, false, key, len, error);
    case STEP_SOURCE_TYPE:
      if (match->source_type > FASTPATH_SOURCE_EXTERNAL) return refuse(error, "there is no such source type");
      key[0] = (uint8_t)match->source_type;
      *len = match->source_type != FASTPATH_SOURCE_ANY;
      return FASTPATH_OK;
    case STEP_SERVER_NAME:
      return match->server_name_count == 0 ? FASTPATH_OK : name_key(match->server_names[index], true, key, len, error);
    case STEP_APPLICATION:
      return match->application_protocol_count == 0
                 ? FASTPATH_OK
                 : name_key(match->application_protocols[index], false, key, len, error);
    case STEP_SOURCE_PORT:
      if (match->source_port_count == 0) return FASTPATH_OK;
      if (match->source_ports[index] == 0) return refuse(error, "a source port is 0");
      *len = port_key(match->source_ports[index], key);
      return FASTPATH_OK;
    case STEP_DESTINATION: range = match->destination_count == 0 ? NULL : &match->destinations[index]; break;
    case STEP_DIRECT_SOURCE: range = match->direct_source_count == 0 ? NULL : &match->direct_sources[index]; break;
    case STEP_SOURCE: range = match->source_count == 0 ? NULL : &match->sources[index]; break;
    case STEP_COUNT: break;
  }
  if (range == NULL) return FASTPATH_OK;
  if (range->family != 4 && range->family != 6) return refuse(error, "a range is of no family");
  bits = range->family == 4 ? 32 : 128; /* Envoy takes a longer range for one address, too */
  *len = range_key(range, range->prefix_len < bits ? range->prefix_len : bits, key);
  return FASTPATH_OK;
}

static void note_range(node *at, const uint8_t *key) {
  if (key[0] == 4) {
    at->v4 |= UINT64_C(1) << key[1];
  } else {
    at->v6[key[1] / 64] |= UINT64_C(1) << (key[1] % 64);
  }
}

fp_status fp_filter_chain_builder_add(fp_filter_chain_builder *builder, const fp_filter_chain_match *match,
                                      fp_error *error) {
  /* An odometer over the values of all steps: each combination is a way from the first node to the chain. */
  size_t index[STEP_COUNT] = {0};
  uint32_t ways[STEP_COUNT] = {0};
  unsigned at = 0;
  uint8_t key[KEY_MAX];
  size_t len = 0;
  if (builder->chains == NONE - 1) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many filter chains");
  if (builder->nodes.count == 0 && add_node(builder) == NONE) return out_of_memory(error);
  for (;;) {
    uint32_t next = NONE;
    fp_status status = key_of(match, (step)at, index[at], key, &len, error);
    if (status >= 0) status = follow(builder, ways[at], key, len, at == STEP_SOURCE_PORT, &next, error);
    if (status < 0) return status;
    if (len > 0 && (at == STEP_DESTINATION || at == STEP_DIRECT_SOURCE || at == STEP_SOURCE)) {
      note_range(node_at(builder, ways[at]), key);
    }
    if (at < STEP_SOURCE_PORT) {
      ways[++at] = next;
      index[at] = 0;
      continue;
    }
    while (++index[at] >= (value_count(match, (step)at) == 0 ? 1 : value_count(match, (step)at))) {
      if (at == 0) {
        builder->chains++;
        return FASTPATH_OK;
      }
      at--;
    }
  }
}

fp_status fp_filter_chain_builder_build(fp_filter_chain_builder *builder, fp_filter_chain_table **table,
                                        fp_error *error) {
  fp_filter_chain_table *made;
  if (!grow(builder)) return out_of_memory(error);
  if (builder->nodes.count == 0 && add_node(builder) == NONE) return out_of_memory(error);
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return out_of_memory(error);
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  made->nodes = builder->nodes.items;
  made->bytes = builder->bytes.items;
  made->entries = builder->entries;
  made->mask = builder->mask;
  memset(builder, 0, sizeof *builder);
  *table = made;
  return FASTPATH_OK;
}

fp_filter_chain_table *fp_filter_chain_table_ref(fp_filter_chain_table *table) {
  atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
  return table;
}

void fp_filter_chain_table_unref(fp_filter_chain_table *table) {
  if (table == NULL || atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1) return;
  fp_memory_free(table->nodes);
  fp_memory_free(table->entries);
  fp_memory_free(table->bytes);
  if (table->release != NULL) table->release(table->context);
  fp_memory_free(table);
}

void fp_filter_chain_table_set_context(fp_filter_chain_table *table, void *context,
                                       fp_filter_chain_release_fn release) {
  table->context = context;
  table->release = release;
}

void *fp_filter_chain_table_context(const fp_filter_chain_table *table) { return table->context; }

/* ---- matching ---- */

static uint32_t look_up(const fp_filter_chain_table *table, uint32_t from, const uint8_t *key, size_t len) {
  const size_t at = probe(table->entries, table->mask, table->bytes, from, key, len, hash_of(from, key, len));
  return table->entries[at].from == NONE ? NONE : table->entries[at].to;
}

/* By the key if there is an entry, else the way of those that do not ask. */
static uint32_t go(const fp_filter_chain_table *table, uint32_t from, const uint8_t *key, size_t len) {
  uint32_t next = NONE;
  if (from == NONE) return NONE;
  if (len > 0) next = look_up(table, from, key, len);
  return next == NONE ? table->nodes[from].other : next;
}

static uint32_t go_port(const fp_filter_chain_table *table, uint32_t from, uint32_t port) {
  uint8_t key[2];
  return go(table, from, key, port > 65535 ? 0 : port_key(port, key));
}

static bool has_length(const node *at, uint8_t family, unsigned len) {
  if (family == 4) return (at->v4 >> len & 1) != 0;
  return (at->v6[len / 64] >> (len % 64) & 1) != 0;
}

/* The longest range that holds the address. */
static uint32_t go_address(const fp_filter_chain_table *table, uint32_t from, const fp_cidr *address) {
  uint8_t key[2 + 16];
  const node *at;
  if (from == NONE) return NONE;
  at = &table->nodes[from];
  if (address->family == 4 || address->family == 6) {
    for (unsigned len = address->family == 4 ? 33 : 129; len-- > 0;) {
      uint32_t next;
      if (!has_length(at, address->family, len)) continue;
      next = look_up(table, from, key, range_key(address, len, key));
      if (next != NONE) return next;
    }
  }
  return at->other;
}

static uint32_t go_server_name(const fp_filter_chain_table *table, uint32_t from, fp_span name) {
  uint8_t lower[NAME_MAX_LEN];
  uint32_t next;
  if (from == NONE || name.len == 0 || name.len > sizeof lower) return go(table, from, NULL, 0);
  fp_domain_lower(lower, name.data, name.len);
  next = look_up(table, from, lower, name.len);
  for (size_t at = 1; next == NONE && at < name.len; at++) {
    if (lower[at] == '.' && at + 1 < name.len) next = look_up(table, from, lower + at, name.len - at);
  }
  return next == NONE ? table->nodes[from].other : next;
}

static uint32_t go_protocol(const fp_filter_chain_table *table, uint32_t from, fp_span protocols) {
  fp_span name;
  if (from == NONE) return NONE;
  while (fp_alpn_next(&protocols, &name)) {
    const uint32_t next = look_up(table, from, name.data, name.len);
    if (next != NONE) return next;
  }
  return table->nodes[from].other;
}

/* Envoy's loopback is one address of each family, not 127.0.0.0/8. */
static bool is_loopback(const fp_cidr *address) {
  static const uint8_t loopback[16] = {[15] = 1}, loopback4[4] = {127, 0, 0, 1};
  if (address->family == 4) return memcmp(address->address, loopback4, sizeof loopback4) == 0;
  return address->family == 6 && memcmp(address->address, loopback, sizeof loopback) == 0;
}

static bool is_local(const fp_connection_info *connection) {
  const fp_cidr *a = &connection->source, *b = &connection->destination;
  if (a->family == 0 || is_loopback(a)) return true;
  return a->family == b->family && memcmp(a->address, b->address, a->family == 4 ? 4 : 16) == 0;
}

static uint32_t go_source_type(const fp_filter_chain_table *table, uint32_t from,
                               const fp_connection_info *connection) {
  const uint8_t local = FASTPATH_SOURCE_SAME_IP_OR_LOOPBACK, external = FASTPATH_SOURCE_EXTERNAL;
  return go(table, from, is_local(connection) ? &local : &external, 1);
}

uint32_t fp_filter_chain_table_match(const fp_filter_chain_table *table, const fp_connection_info *connection) {
  const fp_span transport = connection->transport_protocol;
  uint32_t at = go_port(table, 0, connection->destination_port);
  at = go_address(table, at, &connection->destination);
  at = go_server_name(table, at, connection->server_name);
  at = go(table, at, transport.data, transport.len > NAME_MAX_LEN ? 0 : transport.len);
  at = go_protocol(table, at, connection->application_protocols);
  at = go_address(table, at, &connection->direct_source);
  at = go_source_type(table, at, connection);
  at = go_address(table, at, &connection->source);
  return go_port(table, at, connection->source_port);
}
