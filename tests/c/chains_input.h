/*
 * chains_input.h - filter chains and connections out of bytes, of a fuzzer or a generator of random numbers: they choose
 * from few values, so that chains overlap. What is refused and what is chosen is checked against comparing all chains.
 */
#ifndef FASTPATH_TESTS_CHAINS_INPUT_H
#define FASTPATH_TESTS_CHAINS_INPUT_H

#include <stdio.h>
#include <stdlib.h>

#include "naive_chains.h"

#define REQUIRE(condition)                                                          \
  do {                                                                              \
    if (!(condition)) {                                                             \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      abort();                                                                      \
    }                                                                               \
  } while (0)

enum {
  VALUES = 3, /* in a list, at most */
  TEXT = 12,
  LISTS = 3
};

/* A match with all that it borrows. */
typedef struct {
  fp_filter_chain_match match;
  fp_cidr ranges[LISTS][VALUES];
  fp_span names[2][VALUES];
  uint8_t texts[2][VALUES][TEXT];
  uint16_t ports[VALUES];
} chain;

typedef struct {
  const uint8_t *data;
  size_t len;
} input;

static inline uint8_t take(input *from) {
  if (from->len == 0) return 0;
  from->len--;
  return *from->data++;
}

static inline fp_cidr take_range(input *from) {
  static const uint8_t lengths[8] = {0, 1, 8, 9, 31, 32, 127, 128};
  const uint8_t choice = take(from), bits = take(from);
  fp_cidr range = {.family = choice & 1 ? 6 : 4, .prefix_len = lengths[choice >> 1 & 7]};
  range.address[0] = bits & 3 ? 127 : 10;
  range.address[1] = bits >> 2 & 1 ? 0x80 : 0;
  range.address[3] = bits >> 3 & 3;
  range.address[15] = range.family == 6 ? bits >> 5 : 0;
  return range;
}

static inline fp_span take_text(input *from, uint8_t *text) {
  static const char letters[] = "ab.*A.xy";
  const uint8_t first = take(from);
  fp_span made = {text, first >> 5 & 7};
  for (size_t i = 0; i < made.len; i++) text[i] = (uint8_t)letters[(i == 0 ? first : take(from)) & 7];
  return made;
}

static inline void read_match(input *from, chain *made) {
  static const char *const transports[] = {"", "tls", "raw_buffer", "x"};
  static const uint16_t ports[] = {1, 2, 443, 65535};
  const uint8_t counts = take(from), more = take(from), choice = take(from);
  const size_t lists[LISTS] = {counts & 3, counts >> 2 & 3, counts >> 4 & 3};
  const size_t names = counts >> 6 & 3, protocols = more & 3;
  const char *transport = transports[more >> 2 & 3];
  fp_filter_chain_match *match = &made->match;
  memset(made, 0, sizeof *made);
  for (size_t k = 0; k < LISTS; k++) {
    for (size_t i = 0; i < lists[k]; i++) made->ranges[k][i] = take_range(from);
  }
  for (size_t i = 0; i < names; i++) made->names[0][i] = take_text(from, made->texts[0][i]);
  for (size_t i = 0; i < protocols; i++) made->names[1][i] = take_text(from, made->texts[1][i]);
  match->source_port_count = more >> 4 & 3;
  for (size_t i = 0; i < match->source_port_count; i++) made->ports[i] = ports[take(from) & 3];
  match->destination_port = choice & 1 ? ports[choice >> 1 & 3] : 0;
  match->source_type = (choice >> 3 & 3) % 3;
  match->destinations = made->ranges[0];
  match->destination_count = lists[0];
  match->direct_sources = made->ranges[1];
  match->direct_source_count = lists[1];
  match->sources = made->ranges[2];
  match->source_count = lists[2];
  match->server_names = made->names[0];
  match->server_name_count = names;
  match->application_protocols = made->names[1];
  match->application_protocol_count = protocols;
  match->transport_protocol = (fp_span){(const uint8_t *)transport, strlen(transport)};
  match->source_ports = made->ports;
}

static inline bool expect_refusal(const chain *chains, size_t count, const chain *next) {
  if (naive_bad_name(&next->match) || naive_repeats(&next->match)) return true;
  for (size_t i = 0; i < count; i++) {
    if (naive_overlap(&chains[i].match, &next->match)) return true;
  }
  return false;
}

static inline fp_filter_chain_builder *builder_of(const chain *chains, size_t count) {
  fp_filter_chain_builder *builder = fp_filter_chain_builder_new();
  REQUIRE(builder != NULL);
  for (size_t i = 0; i < count; i++) {
    REQUIRE(fp_filter_chain_builder_add(builder, &chains[i].match, NULL) == FASTPATH_OK);
  }
  return builder;
}

/* A connection that has one value each of what a chain could ask for; in a list of ALPN, more. */
static inline bool ask(const fp_filter_chain_table *table, const fp_filter_chain_match *matches, size_t count,
                       input *from) {
  chain wanted;
  uint8_t alpn[VALUES * (1 + TEXT)];
  size_t alpn_len = 0;
  const fp_filter_chain_match *match = &wanted.match;
  fp_connection_info connection;
  uint32_t expected;
  read_match(from, &wanted);
  memset(&connection, 0, sizeof connection);
  for (size_t i = 0; i < match->application_protocol_count; i++) {
    const fp_span name = match->application_protocols[i];
    if (name.len == 0) continue;
    alpn[alpn_len++] = (uint8_t)name.len;
    memcpy(alpn + alpn_len, name.data, name.len);
    alpn_len += name.len;
  }
  connection.destination = wanted.ranges[0][0];
  connection.direct_source = wanted.ranges[1][0];
  connection.source = wanted.ranges[2][0];
  connection.destination_port = match->destination_port;
  connection.source_port = wanted.ports[0];
  connection.server_name = wanted.names[0][0];
  connection.transport_protocol = match->transport_protocol;
  connection.application_protocols = (fp_span){alpn, alpn_len};
  expected = naive_chain(matches, count, &connection);
  REQUIRE(fp_filter_chain_table_match(table, &connection) == expected);
  return expected != FASTPATH_FILTER_CHAIN_NONE;
}

/* Chains as long as there are bytes for them, then a connection for each few bytes; how many were chosen a chain. */
static inline size_t chains_run(const uint8_t *data, size_t size) {
  static chain chains[NAIVE_MAX_CHAINS];
  fp_filter_chain_match matches[NAIVE_MAX_CHAINS];
  input from = {data, size};
  const size_t wanted = 1 + (take(&from) & (NAIVE_MAX_CHAINS - 1));
  size_t count = 0, chosen = 0;
  fp_filter_chain_table *table = NULL;
  fp_filter_chain_builder *builder = builder_of(chains, 0);
  for (size_t i = 0; i < wanted && from.len > 0; i++) {
    chain *next = &chains[count];
    read_match(&from, next);
    if (fp_filter_chain_builder_add(builder, &next->match, NULL) == FASTPATH_OK) {
      REQUIRE(!expect_refusal(chains, count, next));
      count++;
      continue;
    }
    REQUIRE(expect_refusal(chains, count, next));
    fp_filter_chain_builder_free(builder);
    builder = builder_of(chains, count);
  }
  for (size_t i = 0; i < count; i++) matches[i] = chains[i].match;
  REQUIRE(fp_filter_chain_builder_build(builder, &table, NULL) == FASTPATH_OK);
  do {
    chosen += ask(table, matches, count, &from);
  } while (from.len > 0);
  fp_filter_chain_table_unref(table);
  fp_filter_chain_builder_free(builder);
  return chosen;
}

#endif
