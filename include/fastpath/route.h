/*
 * fastpath/route.h - route tables: which virtual host, which route, which share of a split.
 *
 *   fp_route_table                      immutable, shared
 *     domains --> virtual host 0        a trie over its routes' paths; shared with the tables built from this one
 *             --> virtual host 1
 *
 * Routes are added in order of precedence, and the first one whose condition holds is the answer (Envoy,
 * config.route.v3.VirtualHost.routes), but a lookup costs the depth of a trie and not the number of routes.
 * Virtual hosts, and routes in a virtual host, are numbered from 0 in the order in which they were added; what they
 * stand for is the caller's, found by these numbers.
 */
#ifndef FASTPATH_ROUTE_H
#define FASTPATH_ROUTE_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_ROUTE_DOMAIN_MAX 512 /* bytes of a domain */
#define FASTPATH_ROUTE_INDEX_NONE 0xffffffffu

/* How a route's path is compared. A request's path ends at its first '?' or '#'; nothing is decoded. */
typedef enum fp_route_path_kind {
  FASTPATH_ROUTE_PATH_PREFIX = 0,   /* begins with it, byte for byte */
  FASTPATH_ROUTE_PATH_EXACT = 1,    /* equal to it */
  FASTPATH_ROUTE_PATH_SEPARATED = 2 /* equal to it, or begins with it and goes on with '/' */
} fp_route_path_kind;

/* Bits of the flags of fp_route_builder_add_route. */
enum {
  FASTPATH_ROUTE_IGNORE_CASE = 1 << 0 /* of ASCII letters in the path */
};

/* Bits of the flags of fp_route_builder_build. */
enum {
  FASTPATH_ROUTE_TABLE_IGNORE_PORT = 1 << 0 /* the host ends at its last ':', unless a ']' comes after that */
};

/* One owner. */
typedef struct fp_route_builder fp_route_builder;

/* Shared, atomic count; immutable. */
typedef struct fp_route_table fp_route_table;

/* What a table looks at. The caller's; the bytes are borrowed for the call, nothing is read past their ends. */
typedef struct fp_route_request {
  fp_span authority; /* host, with or without a port. data NULL: the request has none */
  fp_span path;      /* with or without query. Empty: a request without a path (CONNECT), which no route takes */
} fp_route_request;

/* What a table answers. Plain data. */
typedef struct fp_route_match {
  uint32_t virtual_host; /* FASTPATH_ROUTE_INDEX_NONE when no domain matches */
  uint32_t route;        /* in the virtual host; FASTPATH_ROUTE_INDEX_NONE when no route matches */
  uint32_t share_total;  /* sum of the weights of the route's shares; 0 when it has none */
} fp_route_match;

/* Called once, when a table's last reference goes, in the thread that dropped it. */
typedef void (*fp_route_release_fn)(void *context);

/* NULL when out of memory. Threads: any for new and free, one for the calls on a builder. */
fp_route_builder *fp_route_builder_new(void);
void fp_route_builder_free(fp_route_builder *builder); /* NULL is allowed */

/* Begin the next virtual host. Domains and routes added from now on belong to it. Errors: MEMORY, OVERFLOW. */
fp_status fp_route_builder_add_virtual_host(fp_route_builder *builder, fp_error *error);

/*
 * Begin the next virtual host with the routes that a virtual host of another table has; they are shared, not copied.
 * Domains may be added, routes may not (STATE). Errors: ARGUMENT (no such virtual host), MEMORY, OVERFLOW.
 */
fp_status fp_route_builder_share_virtual_host(fp_route_builder *builder, const fp_route_table *table,
                                              uint32_t virtual_host, fp_error *error);

/*
 * Give the current virtual host a domain: "host", "*suffix", "prefix*" or "*", copied. A wildcard goes by bytes and
 * stands for at least one. The exact domain wins, then the longest suffix, then the longest prefix, then "*". ASCII
 * letter case does not matter. Errors: CONFIG_DOMAIN (longer than FASTPATH_ROUTE_DOMAIN_MAX, or NUL, CR or LF at
 * `position`), STATE (no virtual host), MEMORY.
 */
fp_status fp_route_builder_add_domain(fp_route_builder *builder, const uint8_t *domain, size_t len, fp_error *error);

/*
 * Give the current virtual host its next route; the path is copied. Errors: CONFIG_PATH (NUL, CR or LF at `position`;
 * a separated prefix that is shorter than two bytes, ends with '/' or contains '?' or '#'), ARGUMENT (kind, flags),
 * STATE (no virtual host, or a shared one), OVERFLOW (2^32-1 routes, a path of 4 GiB), MEMORY.
 */
fp_status fp_route_builder_add_route(fp_route_builder *builder, fp_route_path_kind kind, const uint8_t *path,
                                     size_t len, uint32_t flags, fp_error *error);

/*
 * Give the last route a share of a split among clusters; shares are numbered from 0. A share of weight 0 is never
 * chosen. Errors: CONFIG_WEIGHT (the sum of the route's weights would pass 2^32-1), STATE (no route), MEMORY.
 */
fp_status fp_route_builder_add_share(fp_route_builder *builder, uint32_t weight, fp_error *error);

/*
 * Make a table, with one reference, of what was added. The builder is empty afterwards when that succeeded, and as it
 * was when not. Time is linear in what was added. Errors: CONFIG_DUPLICATE_DOMAIN (`position`: index of the second of
 * the two domains, counted over the whole table in order of adding), CONFIG_WEIGHT (the weights of a route with shares
 * are all 0; `position`: index of the route over the whole table), ARGUMENT (flags), OVERFLOW, MEMORY.
 */
fp_status fp_route_builder_build(fp_route_builder *builder, uint32_t flags, fp_route_table **table, fp_error *error);

/* Threads: any. unref allows NULL. */
fp_route_table *fp_route_table_ref(fp_route_table *table);
void fp_route_table_unref(fp_route_table *table);

/*
 * Attach what the indices stand for, so that a snapshot holds both; `release` (may be NULL) is called with it at the
 * table's end. At most once for each table, before it is shared.
 */
void fp_route_table_set_context(fp_route_table *table, void *context, fp_route_release_fn release);
void *fp_route_table_context(const fp_route_table *table); /* NULL when none was set */

/* Bytes that the table holds, virtual hosts that it shares included. Threads: any. */
size_t fp_route_table_size(const fp_route_table *table);
uint32_t fp_route_table_virtual_host_count(const fp_route_table *table);

/* The answer for a request: OK, or NONE when no route takes it. Allocates nothing. Threads: any. */
fp_status fp_route_table_match(const fp_route_table *table, const fp_route_request *request, fp_route_match *match);

/*
 * The index of the share that gets `value % share_total` when the shares lie side by side in order, or
 * FASTPATH_ROUTE_INDEX_NONE when the route has none. `match` is an answer OK of this table. Threads: any.
 */
uint32_t fp_route_table_choose_share(const fp_route_table *table, const fp_route_match *match, uint64_t value);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
