/* naive_router.h - what a route table must answer, by trying everything in order, straight from the definition. */
#ifndef FASTPATH_TESTS_NAIVE_ROUTER_H
#define FASTPATH_TESTS_NAIVE_ROUTER_H

#include <fastpath/route.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  fp_route_path_kind kind;
  bool ignore_case;
  uint8_t path[96];
  size_t len;
} naive_route;

typedef struct {
  uint8_t text[48];
  size_t len;
} naive_domain;

typedef struct {
  naive_domain domains[6];
  size_t domain_count;
  naive_route routes[64];
  size_t route_count;
} naive_host;

static uint8_t naive_lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte; }

static bool naive_begins(const uint8_t *text, size_t len, const uint8_t *with, size_t with_len, bool ignore_case) {
  if (len < with_len) return false;
  for (size_t i = 0; i < with_len; i++) {
    const uint8_t a = ignore_case ? naive_lower(text[i]) : text[i], b = ignore_case ? naive_lower(with[i]) : with[i];
    if (a != b) return false;
  }
  return true;
}

static bool naive_takes(const naive_route *route, const uint8_t *path, size_t len) {
  size_t end = 0;
  while (end < len && path[end] != '?' && path[end] != '#') end++;
  if (!naive_begins(path, end, route->path, route->len, route->ignore_case)) return false;
  switch (route->kind) {
    case FASTPATH_ROUTE_PATH_PREFIX: return true;
    case FASTPATH_ROUTE_PATH_EXACT: return end == route->len;
    case FASTPATH_ROUTE_PATH_SEPARATED: return end == route->len || path[route->len] == '/';
    case FASTPATH_ROUTE_PATH_REGEX:
    case FASTPATH_ROUTE_PATH_TEMPLATE:
    case FASTPATH_ROUTE_PATH_CONNECT: break;
  }
  return false;
}

static uint32_t naive_first(const naive_host *host, const uint8_t *path, size_t len) {
  for (size_t i = 0; len > 0 && i < host->route_count; i++) {
    if (naive_takes(&host->routes[i], path, len)) return (uint32_t)i;
  }
  return FASTPATH_ROUTE_INDEX_NONE;
}

/* How well a domain fits: exact above suffix above prefix above "*", the longer the better. -1: not at all. */
static int naive_domain_fit(const naive_domain *domain, const uint8_t *host, size_t len) {
  const bool suffix = domain->text[0] == '*' && domain->len > 1;
  const bool prefix = !suffix && domain->len > 1 && domain->text[domain->len - 1] == '*';
  const size_t fixed = domain->len - 1;
  if (domain->len == 1 && domain->text[0] == '*') return 0;
  if (suffix) {
    if (len <= fixed || !naive_begins(host + len - fixed, fixed, domain->text + 1, fixed, true)) return -1;
    return 2000 + (int)domain->len;
  }
  if (prefix) {
    if (len <= fixed || !naive_begins(host, len, domain->text, fixed, true)) return -1;
    return 1000 + (int)domain->len;
  }
  return len == domain->len && naive_begins(host, len, domain->text, len, true) ? 10000 : -1;
}

static uint32_t naive_virtual_host(const naive_host *hosts, size_t count, const uint8_t *host, size_t len) {
  uint32_t best = FASTPATH_ROUTE_INDEX_NONE;
  int best_fit = -1;
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < hosts[i].domain_count; j++) {
      const int fit = naive_domain_fit(&hosts[i].domains[j], host, len);
      if (fit > best_fit) {
        best_fit = fit;
        best = (uint32_t)i;
      }
    }
  }
  return best;
}

#endif
