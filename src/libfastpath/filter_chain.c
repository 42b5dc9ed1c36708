/* Filter chain tables: building and sharing them. */
#include <fastpath/filter_chain.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "domain.h"
#include "error.h"
#include "filter_chain_table.h"
#include "list.h"
#include "memory.h"

struct fp_filter_chain_builder {
  fp_list nodes;
  fp_list bytes;
  fp_chain_entry *entries;
  size_t mask;
  size_t count;
  uint32_t chains;
};

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

static fp_chain_node *node_at(const fp_filter_chain_builder *builder, uint32_t number) {
  return (fp_chain_node *)builder->nodes.items + number;
}

static uint32_t add_node(fp_filter_chain_builder *builder) {
  fp_chain_node *added = builder->nodes.count >= FP_CHAIN_NONE ? NULL : fp_list_add(&builder->nodes, 1, sizeof *added);
  if (added == NULL) return FP_CHAIN_NONE;
  *added = (fp_chain_node){.other = FP_CHAIN_NONE};
  return (uint32_t)(builder->nodes.count - 1);
}

/* Room for one more entry. */
static bool grow(fp_filter_chain_builder *builder) {
  const size_t room = builder->entries == NULL ? 0 : builder->mask + 1, wanted = room == 0 ? 16 : 2 * room;
  fp_chain_entry *entries;
  if (2 * (builder->count + 1) <= room) return true;
  if (wanted > SIZE_MAX / sizeof *entries) return false;
  entries = fp_memory_alloc(wanted * sizeof *entries);
  if (entries == NULL) return false;
  memset(entries, 0xff, wanted * sizeof *entries);
  for (size_t i = 0; i < room; i++) {
    const fp_chain_entry *old = &builder->entries[i];
    size_t at = old->hash & (wanted - 1);
    if (old->from == FP_CHAIN_NONE) continue;
    while (entries[at].from != FP_CHAIN_NONE) at = (at + 1) & (wanted - 1);
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
    if (node_at(builder, from)->other == FP_CHAIN_NONE) {
      if (!last) target = add_node(builder);
      if (target == FP_CHAIN_NONE) return out_of_memory(error);
      node_at(builder, from)->other = target;
    } else if (last) {
      return refuse(error, "another filter chain matches the same connections");
    }
    *next = node_at(builder, from)->other;
    return FASTPATH_OK;
  }
  if (!grow(builder)) return out_of_memory(error);
  hash = fp_chain_hash_of(from, key, len);
  at = fp_chain_probe(builder->entries, builder->mask, builder->bytes.items, from, key, len, hash);
  if (builder->entries[at].from == FP_CHAIN_NONE) {
    if (builder->bytes.count >= FP_CHAIN_NONE - FP_CHAIN_KEY_MAX)
      return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too large");
    if (!last) target = add_node(builder);
    bytes = target == FP_CHAIN_NONE ? NULL : fp_list_add(&builder->bytes, len + 1, 1);
    if (bytes == NULL) return out_of_memory(error);
    bytes[0] = (uint8_t)len;
    memcpy(bytes + 1, key, len);
    builder->entries[at] = (fp_chain_entry){from, target, hash, (uint32_t)(builder->bytes.count - len - 1)};
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
  if (text.len > FP_CHAIN_NAME_MAX) return refuse(error, "a name has at most 255 bytes");
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
      if (match->destination_port != 0) *len = fp_chain_port_key(match->destination_port, key);
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
      *len = fp_chain_port_key(match->source_ports[index], key);
      return FASTPATH_OK;
    case STEP_DESTINATION: range = match->destination_count == 0 ? NULL : &match->destinations[index]; break;
    case STEP_DIRECT_SOURCE: range = match->direct_source_count == 0 ? NULL : &match->direct_sources[index]; break;
    case STEP_SOURCE: range = match->source_count == 0 ? NULL : &match->sources[index]; break;
    case STEP_COUNT: break;
  }
  if (range == NULL) return FASTPATH_OK;
  if (range->family != 4 && range->family != 6) return refuse(error, "a range is of no family");
  bits = range->family == 4 ? 32 : 128; /* Envoy takes a longer range for one address, too */
  *len = fp_chain_range_key(range, range->prefix_len < bits ? range->prefix_len : bits, key);
  return FASTPATH_OK;
}

static void note_range(fp_chain_node *at, const uint8_t *key) {
  if (key[0] == 4) {
    at->v4 |= UINT64_C(1) << key[1];
  } else {
    at->v6[key[1] / 64] |= UINT64_C(1) << (key[1] % 64);
  }
}

/* In how many ways a chain can be reached; at most one more than there may be. */
static size_t count_ways(const fp_filter_chain_match *match) {
  size_t ways = 1;
  for (unsigned at = 0; at < STEP_COUNT; at++) {
    const size_t values = value_count(match, (step)at);
    if (values > 0 && ways > FASTPATH_FILTER_CHAIN_WAYS_MAX / values) return FASTPATH_FILTER_CHAIN_WAYS_MAX + 1;
    if (values > 0) ways *= values;
  }
  return ways;
}

/* Turns the odometer over the values of all steps on; the first step that now has another value, STEP_COUNT at its end. */
static unsigned turn_on(const fp_filter_chain_match *match, size_t index[STEP_COUNT]) {
  for (unsigned at = STEP_COUNT; at-- > 0;) {
    if (++index[at] < value_count(match, (step)at)) return at;
    index[at] = 0;
  }
  return STEP_COUNT;
}

fp_status fp_filter_chain_builder_add(fp_filter_chain_builder *builder, const fp_filter_chain_match *match,
                                      fp_error *error) {
  /* Each combination of values is a way from the first node to the chain; those of equal beginning share it. */
  size_t index[STEP_COUNT] = {0};
  uint32_t way[STEP_COUNT + 1] = {0};
  uint8_t key[FP_CHAIN_KEY_MAX];
  size_t len = 0;
  if (builder->chains == FP_CHAIN_NONE - 1)
    return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "too many filter chains");
  if (count_ways(match) > FASTPATH_FILTER_CHAIN_WAYS_MAX) return refuse(error, "the lists have too many combinations");
  if (builder->nodes.count == 0 && add_node(builder) == FP_CHAIN_NONE) return out_of_memory(error);
  for (unsigned from = 0; from < STEP_COUNT; from = turn_on(match, index)) {
    for (unsigned at = from; at < STEP_COUNT; at++) {
      fp_status status = key_of(match, (step)at, index[at], key, &len, error);
      if (status >= 0) status = follow(builder, way[at], key, len, at == STEP_SOURCE_PORT, &way[at + 1], error);
      if (status < 0) return status;
      if (len > 0 && (at == STEP_DESTINATION || at == STEP_DIRECT_SOURCE || at == STEP_SOURCE)) {
        note_range(node_at(builder, way[at]), key);
      }
    }
  }
  builder->chains++;
  return FASTPATH_OK;
}

fp_status fp_filter_chain_builder_build(fp_filter_chain_builder *builder, fp_filter_chain_table **table,
                                        fp_error *error) {
  fp_filter_chain_table *made;
  if (!grow(builder)) return out_of_memory(error);
  if (builder->nodes.count == 0 && add_node(builder) == FP_CHAIN_NONE) return out_of_memory(error);
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
