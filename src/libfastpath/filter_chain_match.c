/* From a connection to its filter chain. */
#include <fastpath/filter_chain.h>
#include <fastpath/inspect.h>
#include <stdbool.h>
#include <string.h>

#include "bits.h"
#include "domain.h"
#include "filter_chain_table.h"

static uint32_t look_up_hashed(const fp_filter_chain_table *table, uint32_t from, const uint8_t *key, size_t len,
                               uint32_t hash) {
  const size_t at = fp_chain_probe(table->entries, table->mask, table->bytes, from, key, len, hash);
  return table->entries[at].from == FP_CHAIN_NONE ? FP_CHAIN_NONE : table->entries[at].to;
}

static uint32_t look_up(const fp_filter_chain_table *table, uint32_t from, const uint8_t *key, size_t len) {
  return look_up_hashed(table, from, key, len, fp_chain_hash_of(from, key, len));
}

/* By the key if there is an entry, else the way of those that do not ask. */
static uint32_t go(const fp_filter_chain_table *table, uint32_t from, const uint8_t *key, size_t len) {
  uint32_t next = FP_CHAIN_NONE;
  if (from == FP_CHAIN_NONE) return FP_CHAIN_NONE;
  if (len > 0) next = look_up(table, from, key, len);
  return next == FP_CHAIN_NONE ? table->nodes[from].other : next;
}

static uint32_t go_port(const fp_filter_chain_table *table, uint32_t from, uint32_t port) {
  uint8_t key[2];
  return go(table, from, key, port > 65535 ? 0 : fp_chain_port_key(port, key));
}

/* The ranges of the lengths in `lengths`, which count from `base`, the longest first. */
static uint32_t longest_range(const fp_filter_chain_table *table, uint32_t from, const fp_cidr *address,
                              uint64_t lengths, unsigned base) {
  uint8_t key[2 + 16];
  while (lengths != 0) {
    const unsigned bit = last_bit(lengths);
    const uint32_t next = look_up(table, from, key, fp_chain_range_key(address, base + bit, key));
    if (next != FP_CHAIN_NONE) return next;
    lengths &= ~(UINT64_C(1) << bit);
  }
  return FP_CHAIN_NONE;
}

/* The longest range that holds the address. */
static uint32_t go_address(const fp_filter_chain_table *table, uint32_t from, const fp_cidr *address) {
  const fp_chain_node *at;
  uint32_t next = FP_CHAIN_NONE;
  if (from == FP_CHAIN_NONE) return FP_CHAIN_NONE;
  at = &table->nodes[from];
  if (address->family == 4) {
    next = longest_range(table, from, address, at->v4, 0);
  } else if (address->family == 6) {
    for (unsigned word = 3; next == FP_CHAIN_NONE && word-- > 0;) {
      next = longest_range(table, from, address, at->v6[word], 64 * word);
    }
  }
  return next == FP_CHAIN_NONE ? at->other : next;
}

/* The name itself, or the longest of its suffixes that begin with a dot and have more than it. */
static uint32_t go_server_name(const fp_filter_chain_table *table, uint32_t from, fp_span name) {
  uint8_t lower[FP_CHAIN_NAME_MAX];
  struct {
    uint32_t hash;
    uint32_t at;
  } suffixes[FP_CHAIN_NAME_MAX];
  size_t count = 0;
  uint64_t running;
  uint32_t next;
  if (from == FP_CHAIN_NONE || name.len == 0 || name.len > sizeof lower) return go(table, from, NULL, 0);
  fp_domain_lower(lower, name.data, name.len);
  running = fp_chain_hash_begin(from);
  for (size_t at = name.len; at-- > 0;) {
    running = fp_chain_hash_add(running, lower[at]);
    if (lower[at] != '.' || at == 0 || at + 1 == name.len) continue;
    suffixes[count].hash = fp_chain_hash_end(running);
    suffixes[count++].at = (uint32_t)at;
  }
  next = look_up_hashed(table, from, lower, name.len, fp_chain_hash_end(running));
  while (next == FP_CHAIN_NONE && count-- > 0) {
    const size_t at = suffixes[count].at;
    next = look_up_hashed(table, from, lower + at, name.len - at, suffixes[count].hash);
  }
  return next == FP_CHAIN_NONE ? table->nodes[from].other : next;
}

static uint32_t go_protocol(const fp_filter_chain_table *table, uint32_t from, fp_span protocols) {
  fp_span name;
  if (from == FP_CHAIN_NONE) return FP_CHAIN_NONE;
  while (fp_alpn_next(&protocols, &name)) {
    const uint32_t next = look_up(table, from, name.data, name.len);
    if (next != FP_CHAIN_NONE) return next;
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
  at = go(table, at, transport.data, transport.len > FP_CHAIN_NAME_MAX ? 0 : transport.len);
  at = go_protocol(table, at, connection->application_protocols);
  at = go_address(table, at, &connection->direct_source);
  at = go_source_type(table, at, connection);
  at = go_address(table, at, &connection->source);
  return go_port(table, at, connection->source_port);
}
