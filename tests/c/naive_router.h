/* naive_router.h - what a route table must answer, by trying everything in order, straight from the definition. */
#ifndef FASTPATH_TESTS_NAIVE_ROUTER_H
#define FASTPATH_TESTS_NAIVE_ROUTER_H

#include <fastpath/route.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "naive_condition.h"
#include "naive_regex.h"
#include "naive_template.h"

enum {
  NAIVE_HOSTS_MAX = 5,
  NAIVE_DOMAINS_MAX = 6,
  NAIVE_ROUTES_MAX = 96,
  NAIVE_SHARES_MAX = 4,
  NAIVE_CONDITIONS_MAX = 2048,
  NAIVE_PARTS_MAX = 16384, /* of conditions on metadata and filter state */
  NAIVE_PATH_MAX = 1024
};

typedef struct {
  fp_route_path_kind kind;
  uint32_t flags;
  fp_span path;
  fp_span sample; /* a path that it is likely to take */
  const fp_route_condition *conditions;
  size_t condition_count;
  uint32_t weights[NAIVE_SHARES_MAX];
  size_t share_count;
} naive_route;

typedef struct {
  fp_span domains[NAIVE_DOMAINS_MAX];
  size_t domain_count;
  naive_route routes[NAIVE_ROUTES_MAX];
  size_t route_count;
  fp_route_require_tls require_tls;
} naive_host;

typedef struct {
  naive_host hosts[NAIVE_HOSTS_MAX];
  size_t host_count;
  uint32_t flags; /* of fp_route_builder_build */
  fp_route_condition conditions[NAIVE_CONDITIONS_MAX];
  fp_span samples[NAIVE_CONDITIONS_MAX]; /* for each condition a value that is likely to match */
  size_t condition_count;
  fp_span keys[NAIVE_PARTS_MAX]; /* of the conditions' paths, which share them; so do tests and ranges */
  fp_value_test tests[NAIVE_PARTS_MAX];
  fp_cidr ranges[NAIVE_PARTS_MAX];
  size_t key_count, test_count, range_count;
  uint8_t text[1 << 20]; /* of all spans */
  size_t text_len;
} naive_table;

static bool naive_begins(fp_span text, fp_span with, bool ignore_case) {
  return text.len >= with.len && naive_same(text.data, with.data, with.len, ignore_case);
}

/* ---- the virtual host ---- */

/* How well a domain fits: exact above suffix above prefix above "*", the longer the better. -1: not at all. */
static int naive_domain_fit(fp_span domain, fp_span host) {
  const bool suffix = domain.len > 1 && domain.data[0] == '*';
  const bool prefix = !suffix && domain.len > 1 && domain.data[domain.len - 1] == '*';
  const size_t fixed = domain.len - 1;
  if (domain.len == 1 && domain.data[0] == '*') return 0;
  if (suffix) {
    if (host.len <= fixed || !naive_same(host.data + host.len - fixed, domain.data + 1, fixed, true)) return -1;
    return 2000 + (int)domain.len;
  }
  if (prefix) return host.len > fixed && naive_same(host.data, domain.data, fixed, true) ? 1000 + (int)domain.len : -1;
  return host.len == domain.len && naive_same(host.data, domain.data, host.len, true) ? 10000 : -1;
}

static uint32_t naive_virtual_host(const naive_table *table, fp_span host) {
  uint32_t best = FASTPATH_ROUTE_INDEX_NONE;
  int best_fit = -1;
  size_t domains = 0;
  for (size_t i = 0; i < table->host_count; i++) domains += table->hosts[i].domain_count;
  if (table->flags & FASTPATH_ROUTE_TABLE_IGNORE_PORT) {
    for (size_t at = host.len; at-- > 0 && host.data[at] != ']';) {
      if (host.data[at] != ':') continue;
      host.len = at;
      break;
    }
  }
  for (size_t i = 0; i < table->host_count; i++) {
    for (size_t j = 0; j < table->hosts[i].domain_count; j++) {
      const fp_span domain = table->hosts[i].domains[j];
      const bool nothing_else = domains == 1 && naive_is(domain, "*", false);
      const int fit = host.data != NULL ? naive_domain_fit(domain, host) : nothing_else ? 0 : -1;
      if (fit > best_fit) {
        best_fit = fit;
        best = (uint32_t)i;
      }
    }
  }
  return best;
}

/* ---- routes ---- */

static bool naive_path_takes(const naive_route *route, fp_span path, fp_span whole, fp_span *params) {
  const bool fold = (route->flags & FASTPATH_ROUTE_IGNORE_CASE) != 0;
  switch (route->kind) {
    case FASTPATH_ROUTE_PATH_PREFIX: return naive_begins(path, route->path, fold);
    case FASTPATH_ROUTE_PATH_EXACT: return path.len == route->path.len && naive_begins(path, route->path, fold);
    case FASTPATH_ROUTE_PATH_SEPARATED:
      return naive_begins(path, route->path, fold) &&
             (path.len == route->path.len || path.data[route->path.len] == '/');
    case FASTPATH_ROUTE_PATH_REGEX: return naive_regex_matches(route->path, path);
    case FASTPATH_ROUTE_PATH_TEMPLATE:
      return naive_template_matches(route->path, (route->flags & FASTPATH_ROUTE_ANY_SEGMENT) != 0, whole, params);
    case FASTPATH_ROUTE_PATH_CONNECT: break;
  }
  return false;
}

static bool naive_takes(const naive_route *route, const fp_route_request *request, bool ignore_parameters,
                        fp_span *params) {
  uint8_t stripped[NAIVE_PATH_MAX];
  fp_span whole = {request->path.data, 0}, path = {stripped, 0};
  bool dropping = false;
  if (route->kind == FASTPATH_ROUTE_PATH_CONNECT) {
    if (!naive_is(request->method, "CONNECT", false)) return false;
  } else {
    if (request->path.len == 0) return false;
    while (whole.len < request->path.len && whole.data[whole.len] != '?' && whole.data[whole.len] != '#') {
      const uint8_t byte = whole.data[whole.len++];
      if (byte == ';') dropping = ignore_parameters;
      if (byte == '/') dropping = false;
      if (!dropping) stripped[path.len++] = byte;
    }
    if (!naive_path_takes(route, path, whole, params)) return false;
  }
  for (size_t i = 0; i < route->condition_count; i++) {
    if (!naive_condition_holds(&route->conditions[i], request)) return false;
  }
  return true;
}

static uint32_t naive_share_total(const naive_route *route) {
  uint32_t total = 0;
  for (size_t i = 0; i < route->share_count; i++) total += route->weights[i];
  return total;
}

static uint32_t naive_share(const naive_route *route, uint64_t value) {
  const uint32_t total = naive_share_total(route);
  uint64_t left = total == 0 ? 0 : value % total;
  for (uint32_t i = 0; i < route->share_count; i++) {
    if (left < route->weights[i]) return i;
    left -= route->weights[i];
  }
  return FASTPATH_ROUTE_INDEX_NONE;
}

static bool naive_wants_tls(const naive_host *host, const fp_route_request *request, fp_span proto) {
  if (host->require_tls == FASTPATH_ROUTE_TLS_NONE || (proto.data != NULL && naive_is(proto, "https", false))) {
    return false;
  }
  return host->require_tls == FASTPATH_ROUTE_TLS_ALL || !(request->flags & FASTPATH_ROUTE_REQUEST_INTERNAL);
}

/* As fp_route_table_match; `params` has room for FASTPATH_ROUTE_PARAMS_MAX and is set when the route is a template. */
static fp_status naive_match(const naive_table *table, const fp_route_request *request, fp_route_match *match,
                             fp_span *params) {
  uint8_t room[NAIVE_VALUE_MAX];
  const fp_span proto = naive_forwarded_proto(request, room);
  const naive_host *host;
  *match = (fp_route_match){.virtual_host = naive_virtual_host(table, request->authority),
                            .route = FASTPATH_ROUTE_INDEX_NONE};
  if (match->virtual_host == FASTPATH_ROUTE_INDEX_NONE) return FASTPATH_NONE;
  host = &table->hosts[match->virtual_host];
  if (proto.data != NULL && proto.len == 0) return FASTPATH_NONE;
  if (naive_is(request->path, "*", false)) return FASTPATH_NONE;
  if (request->path.len > 0 && request->path.data[0] == '?') return FASTPATH_NONE;
  if (naive_wants_tls(host, request, proto.data == NULL ? request->scheme : proto)) {
    match->tls_redirect = 1;
    return FASTPATH_OK;
  }
  for (size_t i = 0; i < host->route_count; i++) {
    if (!naive_takes(&host->routes[i], request, (table->flags & FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS) != 0, params)) {
      continue;
    }
    match->route = (uint32_t)i;
    match->share_total = naive_share_total(&host->routes[i]);
    return FASTPATH_OK;
  }
  return FASTPATH_NONE;
}

#endif
