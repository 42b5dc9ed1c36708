/*
 * fastpath/filter_chain.h - which filter chain of a listener serves a connection (Envoy,
 * config.listener.v3.FilterChainMatch).
 *
 *   destination port -> destination address -> server name -> transport protocol -> application protocol
 *     -> directly connected address -> source type -> source address -> source port -> chain
 *
 * At each step the most specific entry that fits is taken: the longest CIDR range, the exact server name before the
 * longest "*.suffix", the first application protocol of the client's that has an entry; else the entry of those chains
 * that do not ask. There is no way back: when a later step finds nothing, no chain matches.
 */
#ifndef FASTPATH_FILTER_CHAIN_H
#define FASTPATH_FILTER_CHAIN_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_FILTER_CHAIN_NONE 0xffffffffu
#define FASTPATH_FILTER_CHAIN_WAYS_MAX 1048576 /* of one chain: its server names times its ranges times .. */

typedef enum fp_source_type {
  FASTPATH_SOURCE_ANY = 0,
  FASTPATH_SOURCE_SAME_IP_OR_LOOPBACK = 1,
  FASTPATH_SOURCE_EXTERNAL = 2
} fp_source_type;

/* What a chain asks for; zero bytes ask for nothing. The caller's; borrowed for the call. */
typedef struct fp_filter_chain_match {
  uint32_t destination_port; /* 0: any */
  const fp_cidr *destinations;
  size_t destination_count;
  const fp_span *server_names; /* "host", "*.suffix", in any letter case */
  size_t server_name_count;
  fp_span transport_protocol; /* "tls", "raw_buffer"; empty: any */
  const fp_span *application_protocols;
  size_t application_protocol_count;
  const fp_cidr *direct_sources;
  size_t direct_source_count;
  uint32_t source_type; /* fp_source_type */
  const fp_cidr *sources;
  size_t source_count;
  const uint16_t *source_ports;
  size_t source_port_count;
} fp_filter_chain_match;

/* A connection. The caller's; borrowed for the call. */
typedef struct fp_connection_info {
  fp_cidr destination;
  fp_cidr source;
  fp_cidr direct_source; /* of the peer, where a PROXY header says another source */
  uint32_t destination_port;
  uint32_t source_port;
  fp_span server_name;           /* in any letter case; empty: none */
  fp_span transport_protocol;
  fp_span application_protocols; /* as in fp_client_hello.alpn */
} fp_connection_info;

/* One owner. */
typedef struct fp_filter_chain_builder fp_filter_chain_builder;

/* Shared, atomic count; immutable. */
typedef struct fp_filter_chain_table fp_filter_chain_table;

typedef void (*fp_filter_chain_release_fn)(void *context);

/* NULL when out of memory. Threads: any for new and free, one for the calls on a builder. */
fp_filter_chain_builder *fp_filter_chain_builder_new(void);
void fp_filter_chain_builder_free(fp_filter_chain_builder *builder); /* NULL is allowed */

/*
 * Add the next chain; chains are numbered from 0. Errors: CONFIG_FILTER_CHAIN (another chain asks for the same;
 * a server name with '*' other than in front of a suffix, a name of more than 255 bytes, a range of no family, a port that
 * is none, more than FASTPATH_FILTER_CHAIN_WAYS_MAX combinations of its lists), OVERFLOW, MEMORY. After an error the builder is of no use.
 */
fp_status fp_filter_chain_builder_add(fp_filter_chain_builder *builder, const fp_filter_chain_match *match,
                                      fp_error *error);

/* Make a table, with one reference, of what was added; the builder is empty afterwards. Errors: MEMORY. */
fp_status fp_filter_chain_builder_build(fp_filter_chain_builder *builder, fp_filter_chain_table **table,
                                        fp_error *error);

/* Threads: any. unref allows NULL. */
fp_filter_chain_table *fp_filter_chain_table_ref(fp_filter_chain_table *table);
void fp_filter_chain_table_unref(fp_filter_chain_table *table);

/* Attach what the numbers stand for, as fp_route_table_set_context. */
void fp_filter_chain_table_set_context(fp_filter_chain_table *table, void *context, fp_filter_chain_release_fn release);
void *fp_filter_chain_table_context(const fp_filter_chain_table *table);

/* The number of the chain, or FASTPATH_FILTER_CHAIN_NONE. Allocates nothing. Threads: any. */
uint32_t fp_filter_chain_table_match(const fp_filter_chain_table *table, const fp_connection_info *connection);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
