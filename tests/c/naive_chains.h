/*
 * naive_chains.h - filter chains by trying all of them: at each step, those with the best entry that fits stay. What is
 * compared are the matches as they were given; nothing is compiled.
 */
#ifndef FASTPATH_TESTS_NAIVE_CHAINS_H
#define FASTPATH_TESTS_NAIVE_CHAINS_H

#include <fastpath/filter_chain.h>
#include <fastpath/inspect.h>
#include <stdbool.h>
#include <string.h>

enum {
  NAIVE_MAX_CHAINS = 16
};

/* How well a match fits at a step: 0 when it does not ask, more for what is more specific, -1 for not. */
typedef int (*naive_fit)(const fp_filter_chain_match *match, const fp_connection_info *connection);

static inline uint8_t naive_lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte; }

static inline bool naive_same(const uint8_t *a, const uint8_t *b, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (naive_lower(a[i]) != naive_lower(b[i])) return false;
  }
  return true;
}

static inline int naive_port(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  if (match->destination_port == 0) return 0;
  return match->destination_port == connection->destination_port ? 1 : -1;
}

static inline int naive_range(const fp_cidr *ranges, size_t count, const fp_cidr *address) {
  int best = count == 0 ? 0 : -1;
  for (size_t i = 0; i < count; i++) {
    const int most = ranges[i].family == 4 ? 32 : 128;
    const int len = ranges[i].prefix_len < most ? ranges[i].prefix_len : most;
    int bit = 0;
    if (ranges[i].family != address->family) continue;
    while (bit < len && ((ranges[i].address[bit / 8] ^ address->address[bit / 8]) >> (7 - bit % 8) & 1) == 0) bit++;
    if (bit == len && len + 1 > best) best = len + 1;
  }
  return best;
}

static inline int naive_destination(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  return naive_range(match->destinations, match->destination_count, &connection->destination);
}

static inline int naive_direct_source(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  return naive_range(match->direct_sources, match->direct_source_count, &connection->direct_source);
}

static inline int naive_source(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  return naive_range(match->sources, match->source_count, &connection->source);
}

/* "*.suffix" is kept as ".suffix": that is a name, too. */
static inline int naive_name_fit(fp_span asked, fp_span name) {
  if (asked.len == 0) return 0;
  if (asked.len > 1 && asked.data[0] == '*') {
    asked.data++;
    asked.len--;
  }
  if (asked.len == name.len && naive_same(asked.data, name.data, name.len)) return 1000;
  if (asked.data[0] != '.' || asked.len < 2 || asked.len >= name.len) return -1;
  return naive_same(asked.data, name.data + name.len - asked.len, asked.len) ? (int)asked.len : -1;
}

static inline int naive_server_name(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  int best = match->server_name_count == 0 ? 0 : -1;
  for (size_t i = 0; i < match->server_name_count; i++) {
    const int fit = naive_name_fit(match->server_names[i], connection->server_name);
    if (fit > best) best = fit;
  }
  return best;
}

static inline bool naive_equal(fp_span a, fp_span b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline int naive_transport(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  if (match->transport_protocol.len == 0) return 0;
  return naive_equal(match->transport_protocol, connection->transport_protocol) ? 1 : -1;
}

static inline int naive_application(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  int best = match->application_protocol_count == 0 ? 0 : -1;
  for (size_t i = 0; i < match->application_protocol_count; i++) {
    fp_span list = connection->application_protocols, name;
    int fit = match->application_protocols[i].len == 0 ? 0 : -1;
    for (int rank = 1000; fit < 0 && fp_alpn_next(&list, &name); rank--) {
      if (naive_equal(name, match->application_protocols[i])) fit = rank;
    }
    if (fit > best) best = fit;
  }
  return best;
}

static inline int naive_source_type(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  static const uint8_t six[16] = {[15] = 1}, four[4] = {127, 0, 0, 1};
  const fp_cidr *a = &connection->source, *b = &connection->destination;
  const size_t size = a->family == 4 ? 4 : 16;
  const bool local = a->family == 0 || memcmp(a->address, a->family == 4 ? four : six, size) == 0 ||
                     (a->family == b->family && memcmp(a->address, b->address, size) == 0);
  if (match->source_type == FASTPATH_SOURCE_ANY) return 0;
  return (match->source_type == FASTPATH_SOURCE_SAME_IP_OR_LOOPBACK) == local ? 1 : -1;
}

static inline int naive_source_port(const fp_filter_chain_match *match, const fp_connection_info *connection) {
  for (size_t i = 0; i < match->source_port_count; i++) {
    if (match->source_ports[i] == connection->source_port) return 1;
  }
  return match->source_port_count == 0 ? 0 : -1;
}

static inline uint32_t naive_chain(const fp_filter_chain_match *matches, size_t count,
                                   const fp_connection_info *connection) {
  static const naive_fit steps[] = {naive_port,        naive_destination, naive_server_name,
                                    naive_transport,   naive_application, naive_direct_source,
                                    naive_source_type, naive_source,      naive_source_port};
  bool out[NAIVE_MAX_CHAINS] = {false};
  for (size_t step = 0; step < sizeof steps / sizeof *steps; step++) {
    int fits[NAIVE_MAX_CHAINS], best = -1;
    for (size_t i = 0; i < count; i++) {
      fits[i] = out[i] ? -1 : steps[step](&matches[i], connection);
      if (fits[i] > best) best = fits[i];
    }
    for (size_t i = 0; i < count; i++) out[i] = out[i] || fits[i] < 0 || fits[i] != best;
  }
  for (size_t i = 0; i < count; i++) {
    if (!out[i]) return (uint32_t)i;
  }
  return FASTPATH_FILTER_CHAIN_NONE;
}

/* ---- whether two matches have a way in common ---- */

static inline bool naive_same_range(fp_cidr a, fp_cidr b) {
  const uint8_t most = a.family == 4 ? 32 : 128;
  if (a.prefix_len > most) a.prefix_len = most;
  if (b.prefix_len > most) b.prefix_len = most;
  return a.family == b.family && a.prefix_len == b.prefix_len && naive_range(&a, 1, &b) >= 0;
}

static inline bool naive_share_ranges(const fp_cidr *a, size_t a_count, const fp_cidr *b, size_t b_count) {
  for (size_t i = 0; i < a_count; i++) {
    for (size_t j = 0; j < b_count; j++) {
      if (naive_same_range(a[i], b[j])) return true;
    }
  }
  return a_count == 0 && b_count == 0;
}

static inline fp_span naive_key(fp_span name, bool is_server_name) {
  if (is_server_name && name.len > 1 && name.data[0] == '*') return (fp_span){name.data + 1, name.len - 1};
  return name;
}

static inline bool naive_same_name(fp_span a, fp_span b, bool is_server_name) {
  a = naive_key(a, is_server_name);
  b = naive_key(b, is_server_name);
  return is_server_name ? a.len == b.len && naive_same(a.data, b.data, a.len) : naive_equal(a, b);
}

static inline bool naive_share_names(const fp_span *a, size_t a_count, const fp_span *b, size_t b_count,
                                     bool is_server_name) {
  const fp_span none = {NULL, 0};
  for (size_t i = 0; i < (a_count == 0 ? 1 : a_count); i++) {
    for (size_t j = 0; j < (b_count == 0 ? 1 : b_count); j++) {
      if (naive_same_name(a_count == 0 ? none : a[i], b_count == 0 ? none : b[j], is_server_name)) return true;
    }
  }
  return false;
}

static inline bool naive_share_ports(const fp_filter_chain_match *a, const fp_filter_chain_match *b) {
  for (size_t i = 0; i < a->source_port_count; i++) {
    for (size_t j = 0; j < b->source_port_count; j++) {
      if (a->source_ports[i] == b->source_ports[j]) return true;
    }
  }
  return a->source_port_count == 0 && b->source_port_count == 0;
}

static inline bool naive_overlap(const fp_filter_chain_match *a, const fp_filter_chain_match *b) {
  return a->destination_port == b->destination_port &&
         naive_share_ranges(a->destinations, a->destination_count, b->destinations, b->destination_count) &&
         naive_share_names(a->server_names, a->server_name_count, b->server_names, b->server_name_count, true) &&
         naive_equal(a->transport_protocol, b->transport_protocol) &&
         naive_share_names(a->application_protocols, a->application_protocol_count, b->application_protocols,
                           b->application_protocol_count, false) &&
         naive_share_ranges(a->direct_sources, a->direct_source_count, b->direct_sources, b->direct_source_count) &&
         a->source_type == b->source_type &&
         naive_share_ranges(a->sources, a->source_count, b->sources, b->source_count) && naive_share_ports(a, b);
}

/* Whether a list names something twice, so that a match overlaps with itself. */
static inline bool naive_repeats(const fp_filter_chain_match *match) {
  const fp_cidr *ranges[] = {match->destinations, match->direct_sources, match->sources};
  const size_t counts[] = {match->destination_count, match->direct_source_count, match->source_count};
  for (size_t k = 0; k < 3; k++) {
    for (size_t i = 1; i < counts[k]; i++) {
      if (naive_share_ranges(ranges[k], i, &ranges[k][i], 1)) return true;
    }
  }
  for (size_t i = 1; i < match->server_name_count; i++) {
    if (naive_share_names(match->server_names, i, &match->server_names[i], 1, true)) return true;
  }
  for (size_t i = 1; i < match->application_protocol_count; i++) {
    if (naive_share_names(match->application_protocols, i, &match->application_protocols[i], 1, false)) return true;
  }
  for (size_t i = 1; i < match->source_port_count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (match->source_ports[i] == match->source_ports[j]) return true;
    }
  }
  return false;
}

/* Whether a '*' stands where none may. */
static inline bool naive_bad_name(const fp_filter_chain_match *match) {
  for (size_t i = 0; i < match->server_name_count; i++) {
    const fp_span name = match->server_names[i];
    if (name.len > 1 && name.data[0] == '*' && name.data[1] == '.') continue;
    if (name.len > 0 && memchr(name.data, '*', name.len) != NULL) return true;
  }
  return false;
}

#endif
