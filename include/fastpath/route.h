/*
 * fastpath/route.h - route tables: which virtual host, which route, which share of a split.
 *
 *   fp_route_table                      immutable, shared
 *     domains --> virtual host 0        tries over its routes' paths, and what else they ask for;
 *             --> virtual host 1        shared with the tables built from this one
 *
 * Routes are added in order of precedence, and the first one whose path and conditions hold is the answer (Envoy,
 * config.route.v3.VirtualHost.routes). A lookup costs the depth of a trie and not the number of routes: conditions are
 * only tried of routes that take the path and could still win. Virtual hosts, and routes in a virtual host, are numbered
 * from 0 in the order in which they were added; what they stand for is the caller's, found by these numbers.
 */
#ifndef FASTPATH_ROUTE_H
#define FASTPATH_ROUTE_H

#include <fastpath/base.h>
#include <fastpath/http.h>
#include <fastpath/route_attributes.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_ROUTE_DOMAIN_MAX 512    /* bytes of a domain */
#define FASTPATH_ROUTE_ROUTES_MAX 0x7fffffffu /* routes of a virtual host */
#define FASTPATH_ROUTE_CONDITIONS_MAX 255 /* conditions of a route */
#define FASTPATH_ROUTE_PARAMS_MAX 32     /* variables of a template */
#define FASTPATH_ROUTE_INDEX_NONE 0xffffffffu

/* How a route's path is compared. A request's path ends at its first '?' or '#'; nothing is decoded. */
typedef enum fp_route_path_kind {
  FASTPATH_ROUTE_PATH_PREFIX = 0,    /* begins with it, byte for byte */
  FASTPATH_ROUTE_PATH_EXACT = 1,     /* equal to it */
  FASTPATH_ROUTE_PATH_SEPARATED = 2, /* equal to it, or begins with it and goes on with '/' */
  FASTPATH_ROUTE_PATH_REGEX = 3,     /* matches it as a whole, characters being bytes: see fastpath/regex.h */
  FASTPATH_ROUTE_PATH_TEMPLATE = 4,  /* "/users/{id}/files/{path=**}", see below */
  FASTPATH_ROUTE_PATH_CONNECT = 5    /* the method is CONNECT; with or without a path */
} fp_route_path_kind;

/* Bits of the flags of fp_route_builder_add_route. */
enum {
  FASTPATH_ROUTE_IGNORE_CASE = 1 << 0, /* of ASCII letters in the path; nothing to regexes and templates */
  FASTPATH_ROUTE_ANY_SEGMENT = 1 << 1 /* a template's '*' and '**' take every byte, not only those of RFC 3986's
                                          pchar; names of variables are free */
};

/*
 * Templates (envoy.extensions.path.match.uri_template.v3): segments, each a literal, '*' (one or more bytes that are no
 * '/'), '**' (any bytes, '/' included; no wildcard may follow), "{name}" (the same as '*', captured) or
 * "{name=pattern}", where the pattern is segments again. Literals may stand around a variable ("/v{major}.x/"), and
 * behind a last wildcard. At most 256 bytes and 5 variables, with different names of 1 to 16 letters, digits and '_', a
 * letter first; with FASTPATH_ROUTE_ANY_SEGMENT any length and name, and FASTPATH_ROUTE_PARAMS_MAX variables.
 */

/* Bits of the flags of fp_route_builder_build. */
enum {
  FASTPATH_ROUTE_TABLE_IGNORE_PORT = 1 << 0, /* domains are compared with the host up to its last ':', unless a ']'
                                                comes after that */
  FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS = 1 << 1 /* ";..." is dropped from each segment of a path before it is
                                                     compared, but not for templates */
};

/* Whether a virtual host redirects plain HTTP to https before it looks at routes. */
typedef enum fp_route_require_tls {
  FASTPATH_ROUTE_TLS_NONE = 0,
  FASTPATH_ROUTE_TLS_EXTERNAL = 1, /* unless the request is FASTPATH_ROUTE_REQUEST_INTERNAL */
  FASTPATH_ROUTE_TLS_ALL = 2
} fp_route_require_tls;

/* What a condition looks at. */
typedef enum fp_route_condition_kind {
  FASTPATH_ROUTE_CONDITION_HEADER = 0, /* each line of the header; Envoy's single-line headers are joined by ',' */
  FASTPATH_ROUTE_CONDITION_QUERY = 1, /* first value of a query parameter, not decoded */
  FASTPATH_ROUTE_CONDITION_COOKIE = 2, /* first cookie of the name, without quotes around it */
  FASTPATH_ROUTE_CONDITION_GRPC = 3, /* content-type is application/grpc or begins with application/grpc+ */
  FASTPATH_ROUTE_CONDITION_FRACTION = 4, /* random % denominator < numerator */
  FASTPATH_ROUTE_CONDITION_TLS_PRESENTED = 5, /* whether the client showed a certificate is FASTPATH_ROUTE_INVERT's
                                                 opposite */
  FASTPATH_ROUTE_CONDITION_TLS_VALIDATED = 6, /* likewise, whether it was validated */
  FASTPATH_ROUTE_CONDITION_METADATA = 7, /* the value that `path` leads to in the metadata of the filter `name` passes
                                            `tests`; inverted: it does not, or is missing */
  FASTPATH_ROUTE_CONDITION_FILTER_STATE = 8, /* the text of the object `name`, which must be there, inverted or not */
  FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS = 9 /* the object `name` is an address in one of `ranges`; inverted:
                                                       an address in none of them */
} fp_route_condition_kind;

/* How a condition on a header, parameter, cookie or text compares it. */
typedef enum fp_route_compare {
  FASTPATH_ROUTE_COMPARE_PRESENT = 0,
  FASTPATH_ROUTE_COMPARE_EXACT = 1,
  FASTPATH_ROUTE_COMPARE_PREFIX = 2,
  FASTPATH_ROUTE_COMPARE_SUFFIX = 3,
  FASTPATH_ROUTE_COMPARE_CONTAINS = 4,
  FASTPATH_ROUTE_COMPARE_REGEX = 5, /* matches as a whole */
  FASTPATH_ROUTE_COMPARE_RANGE = 6 /* headers: a decimal number, start <= it < end */
} fp_route_compare;

/* Bits of fp_route_condition.flags. */
enum {
  FASTPATH_ROUTE_INVERT = 1 << 0, /* no line may match. A missing header fails all the same, but not a missing
                                               cookie; a PRESENT one asks for absence */
  FASTPATH_ROUTE_MISSING_AS_EMPTY = 1 << 1, /* a missing header is there, with an empty value */
  FASTPATH_ROUTE_VALUE_IGNORE_CASE = 1 << 2 /* of ASCII letters in the value; nothing to regexes */
};

/*
 * A condition of a route. The caller's; its bytes are borrowed for the call that takes it. Headers are named in any
 * letter case; ":method", ":path" (with its query), ":authority" ("host" is the same) and ":scheme" are those of the
 * request. Other names with ':' in front, and what is not among fp_routed_fields, are missing, also to COOKIE and GRPC.
 */
typedef struct fp_route_condition {
  uint8_t kind; /* fp_route_condition_kind */
  uint8_t compare; /* fp_route_compare */
  uint8_t flags;
  fp_span name;
  fp_span value; /* EXACT, PREFIX, SUFFIX, CONTAINS, and the pattern of REGEX */
  int64_t start, end; /* RANGE */
  uint32_t numerator; /* FRACTION */
  uint32_t denominator; /* at least 1 */
  const fp_span *path; /* METADATA: names of fields, at least one */
  size_t path_len;
  const fp_value_test *tests; /* METADATA: one test, as its steps */
  size_t test_count;
  const fp_cidr *ranges; /* FILTER_STATE_ADDRESS */
  size_t range_count;
} fp_route_condition;

/* One owner. */
typedef struct fp_route_builder fp_route_builder;

/* Shared, atomic count; immutable. */
typedef struct fp_route_table fp_route_table;

/* Bits of fp_route_request.flags. */
enum {
  FASTPATH_ROUTE_REQUEST_INTERNAL = 1 << 0, /* it comes from inside (x-envoy-internal) */
  FASTPATH_ROUTE_REQUEST_TLS_PRESENTED = 1 << 1, /* the client showed a certificate */
  FASTPATH_ROUTE_REQUEST_TLS_VALIDATED = 1 << 2, /* it was validated */
  FASTPATH_ROUTE_REQUEST_TARGET_HTTP = 1 << 3, /* the target is "http://...": that is the scheme, whatever else says */
  FASTPATH_ROUTE_REQUEST_TARGET_HTTPS = 1 << 4 /* likewise "https://..." */
};

/*
 * What a table looks at. The caller's; the bytes are borrowed for the call, nothing is read past their ends. Zero bytes
 * are a request with nothing in it.
 */
typedef struct fp_route_request {
  fp_span authority; /* host, with or without a port. data NULL: the request has none */
  fp_span path; /* with its query. Empty: a request without a path (CONNECT) */
  fp_span method;
  fp_span scheme; /* of the connection; one line of x-forwarded-proto that says http or https wins over it */
  const uint8_t *data; /* what the fields' offsets count from */
  const fp_http_field *fields; /* of the head; ids as the parser gives them. NULL when there are none */
  uint32_t field_count;
  uint32_t flags;
  uint64_t random; /* what FRACTION looks at */
  const fp_route_attributes *attributes; /* what METADATA and FILTER_STATE look at; NULL: there is nothing */
} fp_route_request;

/* What a table answers. Plain data. */
typedef struct fp_route_match {
  uint32_t virtual_host; /* FASTPATH_ROUTE_INDEX_NONE when no domain matches */
  uint32_t route; /* in the virtual host; FASTPATH_ROUTE_INDEX_NONE when no route matches, or with tls_redirect */
  uint32_t share_total; /* sum of the weights of the route's shares; 0 when it has none */
  uint32_t tls_redirect; /* 1: answer 301 to https instead, whatever the routes say */
} fp_route_match;

/* Called once, when a table's last reference goes, in the thread that dropped it. */
typedef void (*fp_route_release_fn)(void *context);

/* NULL when out of memory. Threads: any for new and free, one for the calls on a builder. */
fp_route_builder *fp_route_builder_new(void);
void fp_route_builder_free(fp_route_builder *builder); /* NULL is allowed */

/* Begin the next virtual host. Domains and routes added from now on belong to it. Errors: MEMORY, OVERFLOW. */
fp_status fp_route_builder_add_virtual_host(fp_route_builder *builder, fp_error *error);

/*
 * Begin the next virtual host with the routes that a virtual host of another table has, and its require_tls; they are
 * shared, not copied. Domains may be added, routes may not (STATE). Errors: ARGUMENT (no such virtual host), MEMORY,
 * OVERFLOW.
 */
fp_status fp_route_builder_share_virtual_host(fp_route_builder *builder, const fp_route_table *table,
                                              uint32_t virtual_host, fp_error *error);

/* Errors: STATE (no virtual host, or a shared one), ARGUMENT. */
fp_status fp_route_builder_require_tls(fp_route_builder *builder, fp_route_require_tls require, fp_error *error);

/*
 * Give the current virtual host a domain: "host", "*suffix", "prefix*" or "*", copied. A wildcard goes by bytes and
 * stands for at least one. The exact domain wins, then the longest suffix, then the longest prefix, then "*". ASCII
 * letter case does not matter. Errors: CONFIG_DOMAIN (longer than FASTPATH_ROUTE_DOMAIN_MAX, or NUL, CR or LF at
 * `position`), STATE (no virtual host), MEMORY.
 */
fp_status fp_route_builder_add_domain(fp_route_builder *builder, const uint8_t *domain, size_t len, fp_error *error);

/*
 * Give the current virtual host its next route; the path is copied (CONNECT has none). Errors: CONFIG_PATH (NUL, CR or
 * LF at `position`; a separated prefix that is shorter than two bytes, ends with '/' or contains '?' or '#'; a bad
 * template), CONFIG_REGEX, ARGUMENT (kind, flags), STATE (no virtual host, or a shared one), OVERFLOW (too many routes,
 * a path of 4 GiB), MEMORY.
 */
fp_status fp_route_builder_add_route(fp_route_builder *builder, fp_route_path_kind kind, const uint8_t *path,
                                     size_t len, uint32_t flags, fp_error *error);

/*
 * Give the last route one more condition; all of them must hold. Errors: CONFIG_CONDITION (an empty or too long name,
 * NUL, CR or LF, no path, tests nested too deeply), CONFIG_REGEX, ARGUMENT (kind, compare, flags, denominator, tests that
 * are none), STATE (no route), OVERFLOW (more than FASTPATH_ROUTE_CONDITIONS_MAX), MEMORY.
 */
fp_status fp_route_builder_add_condition(fp_route_builder *builder, const fp_route_condition *condition,
                                         fp_error *error);

/*
 * Give the last route a share of a split among clusters; shares are numbered from 0. A share of weight 0 is never
 * chosen. Errors: CONFIG_WEIGHT (the sum of the route's weights would pass 2^32-1), STATE (no route), MEMORY.
 */
fp_status fp_route_builder_add_share(fp_route_builder *builder, uint32_t weight, fp_error *error);

/*
 * Compare domains with a header's first line instead of the request's authority; named as in a condition, the last call
 * counts. A request without it has no host. Errors: CONFIG_CONDITION (an empty name, NUL, CR or LF), MEMORY.
 */
fp_status fp_route_builder_set_host_header(fp_route_builder *builder, fp_span name, fp_error *error);

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

/*
 * A route that never wins, since an earlier one without conditions takes every path that it takes: the first such route
 * of the virtual host from `from` on, and which one is in its way; both FASTPATH_ROUTE_INDEX_NONE when there is none.
 * What a regex or a template shadows is not seen. Threads: any.
 */
void fp_route_table_next_shadowed(const fp_route_table *table, uint32_t virtual_host, uint32_t from, uint32_t *route,
                                  uint32_t *by);

/*
 * The answer for a request: OK, or NONE when no route takes it. Allocates only for what does not fit on the stack: a
 * path or header of more than some KiB that must be put together first, a regex too large for an automaton. Errors:
 * MEMORY. Threads: any.
 */
fp_status fp_route_table_match(const fp_route_table *table, const fp_route_request *request, fp_route_match *match);

/*
 * The header fields that Envoy's HTTP connection manager leaves of a request, which are those that conditions see: none
 * of one hop (Connection and what it names, unless another protocol is asked for; TE is "trailers" at most), none that
 * Envoy takes from no client (x-envoy-internal, ...), and no invalid Referer. Plain data, the caller's; it borrows the
 * request, and what its members say is for fp_routed_fields_next alone.
 */
typedef struct fp_routed_fields {
  const fp_route_request *request;
  uint64_t nominated;
  uint32_t te;
  uint8_t upgrade;
  uint8_t drops_referer;
} fp_routed_fields;

/* Linear. Threads: any. */
void fp_routed_fields_init(fp_routed_fields *fields, const fp_route_request *request);

/*
 * The next field from index *at on, which moves behind it (0 to begin): 1, or 0 when there is none. wanted: its name, in
 * any letter case; data NULL takes all. The spans are borrowed from the request, or static. Threads: any.
 */
int fp_routed_fields_next(const fp_routed_fields *fields, fp_span wanted, uint32_t *at, fp_span *name, fp_span *value);

/*
 * Whether Envoy keeps all lines of a header, named in any letter case, as one value: those that are not empty, with ','
 * between them. Threads: any.
 */
int fp_routed_field_is_joined(const uint8_t *name, size_t len);

/*
 * The index of the share that gets `value % share_total` when the shares lie side by side in order, or
 * FASTPATH_ROUTE_INDEX_NONE when the route has none. `match` is an answer OK of this table. Threads: any.
 */
uint32_t fp_route_table_choose_share(const fp_route_table *table, const fp_route_match *match, uint64_t value);

/*
 * How many variables a route's template has, 0 without one. Of `match` only virtual_host and route count, which must be
 * those of a route. Names are borrowed from the table. Threads: any.
 */
uint32_t fp_route_table_param_count(const fp_route_table *table, const fp_route_match *match);
fp_span fp_route_table_param_name(const fp_route_table *table, const fp_route_match *match, uint32_t index);

/*
 * What the variables of the route's template stand for in the path that it was matched with (up to '?'), in the order
 * of the template, into param_count spans that point into `path`; of another path they mean nothing. Allocates nothing.
 * Threads: any.
 */
void fp_route_table_params(const fp_route_table *table, const fp_route_match *match, fp_span path, fp_span *params);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
