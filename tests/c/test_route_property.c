/*
 * A route table answers what trying everything in order answers: random tables, random requests near them.
 *   test_route_property [requests [seed]]
 * Requests lie in blocks of exactly their size, so that a sanitizer sees a read past the end.
 */
#include <fastpath/route.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "naive_router.h"

enum {
  REQUESTS_PER_TABLE = 200,
  MAX_HOSTS = 5
};

static uint64_t state;

static uint64_t next(void) { /* splitmix64 */
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static size_t below(size_t limit) { return (size_t)(next() % limit); }

static const char *alphabet; /* of the table at hand: a small one makes paths share beginnings, a big one wide nodes */
static const char *const alphabets[] = {
    "ab", "ab/", "aAbB/", "abcdefghijklmnopqrstuvwxyz/ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ab/?#", "\x01\x7f\x80\xff/az@[`{"};

static uint8_t letter(void) { return (uint8_t)alphabet[below(strlen(alphabet))]; }

static size_t random_path(uint8_t *path, size_t max) {
  size_t len = below(4) == 0 ? below(max + 1) : below(12);
  const bool repeat = below(4) == 0; /* long shared beginnings */
  const uint8_t repeated = letter();
  if (len > max) len = max;
  for (size_t i = 0; i < len; i++) path[i] = repeat && below(12) != 0 ? repeated : letter();
  return len;
}

static bool separated_prefix_is_allowed(const uint8_t *path, size_t len) {
  return len >= 2 && path[len - 1] != '/' && memchr(path, '?', len) == NULL && memchr(path, '#', len) == NULL;
}

static void random_route(naive_host *host) {
  naive_route *route = &host->routes[host->route_count++];
  route->kind = (fp_route_path_kind)below(3);
  route->ignore_case = below(4) == 0;
  if (host->route_count > 1 && below(2) == 0) { /* goes on from another one */
    const naive_route *from = &host->routes[below(host->route_count - 1)];
    route->len = below(from->len + 1);
    memcpy(route->path, from->path, route->len);
    route->len += random_path(route->path + route->len, sizeof route->path - route->len);
  } else {
    route->len = random_path(route->path, sizeof route->path);
  }
  if (route->kind == FASTPATH_ROUTE_PATH_SEPARATED && !separated_prefix_is_allowed(route->path, route->len)) {
    route->kind = FASTPATH_ROUTE_PATH_PREFIX;
  }
}

static const char host_letters[] = "abA.:]*";

static bool domain_is_new(const naive_host *hosts, size_t count, const naive_domain *domain) {
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; j < hosts[i].domain_count; j++) {
      const naive_domain *other = &hosts[i].domains[j];
      if (other != domain && other->len == domain->len &&
          naive_begins(other->text, other->len, domain->text, domain->len, true)) {
        return false;
      }
    }
  }
  return true;
}

static void random_domain(naive_host *hosts, size_t count) {
  naive_host *host = &hosts[count - 1];
  naive_domain *domain = &host->domains[host->domain_count++];
  do {
    const size_t sort = below(4);
    domain->len = below(8) == 0 ? below(sizeof domain->text - 1) : below(6);
    for (size_t i = 0; i < domain->len; i++) domain->text[i] = (uint8_t)host_letters[below(sizeof host_letters - 1)];
    if (sort == 0 && domain->len > 0) domain->text[0] = '*';
    if (sort == 1) domain->text[domain->len++] = '*';
  } while (!domain_is_new(hosts, count, domain));
}

static fp_route_table *build(const naive_host *hosts, size_t count) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  CHECK(builder != NULL);
  for (size_t i = 0; i < count; i++) {
    CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
    for (size_t j = 0; j < hosts[i].domain_count; j++) {
      const naive_domain *domain = &hosts[i].domains[j];
      CHECK_EQ(fp_route_builder_add_domain(builder, domain->text, domain->len, NULL), FASTPATH_OK);
    }
    for (size_t j = 0; j < hosts[i].route_count; j++) {
      const naive_route *route = &hosts[i].routes[j];
      CHECK_EQ(fp_route_builder_add_route(builder, route->kind, route->path, route->len,
                                          route->ignore_case ? FASTPATH_ROUTE_IGNORE_CASE : 0, NULL),
               FASTPATH_OK);
    }
  }
  CHECK_EQ(fp_route_builder_build(builder, 0, &table, NULL), FASTPATH_OK);
  fp_route_builder_free(builder);
  return table;
}

/* A path near one of the host's routes: the same, cut, changed, or longer. */
static size_t near_path(const naive_host *host, uint8_t *path, size_t max) {
  size_t len = 0;
  if (host->route_count > 0 && below(8) != 0) {
    const naive_route *route = &host->routes[below(host->route_count)];
    len = below(4) == 0 ? below(route->len + 1) : route->len;
    memcpy(path, route->path, len);
    if (len > 0 && below(4) == 0) path[below(len)] = letter();
    if (below(4) == 0) {
      for (size_t i = 0; i < len; i++) path[i] = below(2) ? naive_lower(path[i]) : path[i];
    }
    if (len < max && below(3) == 0) path[len++] = (uint8_t)"/?#\0"[below(4)];
  }
  if (below(2) == 0) len += random_path(path + len, max - len);
  return len;
}

static size_t near_host(const naive_host *hosts, size_t count, uint8_t *host, size_t max) {
  const naive_host *of = &hosts[below(count)];
  size_t len = 0;
  if (of->domain_count > 0) {
    const naive_domain *domain = &of->domains[below(of->domain_count)];
    for (size_t i = 0; i < domain->len; i++) {
      if (domain->text[i] != '*' || below(4) == 0) {
        host[len++] = domain->text[i];
      } else {
        for (size_t more = below(4); more > 0; more--) {
          host[len++] = (uint8_t)host_letters[below(sizeof host_letters - 1)];
        }
      }
    }
  }
  if (below(8) == 0) {
    for (size_t more = below(max - len); more > 0; more--) host[len++] = 'a';
  }
  return len;
}

static uint8_t *exactly(const uint8_t *bytes, size_t len) {
  uint8_t *copy = malloc(len == 0 ? 1 : len);
  CHECK(copy != NULL);
  if (len > 0) memcpy(copy, bytes, len);
  return copy;
}

int main(int argc, char **argv) {
  const uint64_t requests = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
  uint64_t matched = 0, unmatched = 0, no_host = 0;
  state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  for (uint64_t done = 0; done < requests;) {
    static naive_host hosts[MAX_HOSTS];
    const uint64_t table_seed = state;
    const size_t count = 1 + below(MAX_HOSTS);
    fp_route_table *table;
    alphabet = alphabets[below(sizeof alphabets / sizeof *alphabets)];
    memset(hosts, 0, sizeof hosts);
    for (size_t i = 0; i < count; i++) {
      for (size_t more = below(6); more > 0; more--) random_domain(hosts, i + 1);
      for (size_t more = below(64); more > 0; more--) random_route(&hosts[i]);
    }
    table = build(hosts, count);
    for (int i = 0; i < REQUESTS_PER_TABLE; i++, done++) {
      uint8_t host[700], path[256];
      const size_t host_len = near_host(hosts, count, host, below(4) == 0 ? sizeof host : 200);
      const uint32_t expected_host = naive_virtual_host(hosts, count, host, host_len);
      const naive_host *near = &hosts[expected_host == FASTPATH_ROUTE_INDEX_NONE ? 0 : expected_host];
      const size_t path_len = near_path(near, path, sizeof path);
      const uint32_t expected_route =
          expected_host == FASTPATH_ROUTE_INDEX_NONE ? FASTPATH_ROUTE_INDEX_NONE : naive_first(near, path, path_len);
      uint8_t *host_bytes = exactly(host, host_len), *path_bytes = exactly(path, path_len);
      const fp_route_request request = {.authority = {host_bytes, host_len}, .path = {path_bytes, path_len}};
      fp_route_match match;
      const fp_status status = fp_route_table_match(table, &request, &match);
      if (match.virtual_host != expected_host || match.route != expected_route ||
          status != (expected_route == FASTPATH_ROUTE_INDEX_NONE ? FASTPATH_NONE : FASTPATH_OK)) {
        fprintf(stderr, "table seed %" PRIu64 ", host \"%.*s\", path \"%.*s\": got %u/%u, expected %u/%u\n", table_seed,
                (int)host_len, (const char *)host, (int)path_len, (const char *)path, match.virtual_host, match.route,
                expected_host, expected_route);
        return 1;
      }
      if (expected_host == FASTPATH_ROUTE_INDEX_NONE) {
        no_host++;
      } else if (expected_route == FASTPATH_ROUTE_INDEX_NONE) {
        unmatched++;
      } else {
        matched++;
      }
      free(host_bytes);
      free(path_bytes);
    }
    fp_route_table_unref(table);
  }
  printf("%" PRIu64 " requests: %" PRIu64 " matched, %" PRIu64 " with no route, %" PRIu64 " with no virtual host\n",
         matched + unmatched + no_host, matched, unmatched, no_host);
  CHECK(matched > requests / 10 && unmatched > requests / 20 && no_host > requests / 20);
  return 0;
}
