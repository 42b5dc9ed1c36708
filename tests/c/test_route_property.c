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
#include "random_request.h"

enum {
  REQUESTS_PER_TABLE = 200
};

typedef struct {
  uint64_t requests, no_host, redirected, unmatched;
  uint64_t matched[FASTPATH_ROUTE_PATH_CONNECT + 1]; /* by kind */
  uint64_t conditional;                              /* of those, routes with conditions */
  uint64_t in_style[STYLE_COUNT];
  uint64_t shadowed; /* routes */
} tally;

static fp_route_table *build(naive_table *naive) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  CHECK(builder != NULL);
  CHECK_EQ(naive_table_build(naive, builder), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_build(builder, naive->flags, &table, NULL), FASTPATH_OK);
  fp_route_builder_free(builder);
  return table;
}

/* The next generation of a table, whose virtual hosts it shares but for one, which is compiled again. */
static fp_route_table *updated(fp_route_table *before, const naive_table *naive, size_t again) {
  static naive_table alone; /* that one */
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  CHECK(builder != NULL);
  for (size_t i = 0; i < naive->host_count; i++) {
    const naive_host *host = &naive->hosts[i];
    if (i == again) {
      alone.hosts[0] = *host;
      alone.host_count = 1;
      CHECK_EQ(naive_table_build(&alone, builder), FASTPATH_OK);
      CHECK_EQ(alone.hosts[0].route_count, host->route_count);
      continue;
    }
    CHECK_EQ(fp_route_builder_share_virtual_host(builder, before, (uint32_t)i, NULL), FASTPATH_OK);
    for (size_t j = 0; j < host->domain_count; j++) {
      CHECK_EQ(fp_route_builder_add_domain(builder, host->domains[j].data, host->domains[j].len, NULL), FASTPATH_OK);
    }
  }
  CHECK_EQ(fp_route_builder_build(builder, naive->flags, &table, NULL), FASTPATH_OK);
  fp_route_builder_free(builder);
  fp_route_table_unref(before);
  return table;
}

/* Marks the routes that are said never to win. */
static void find_shadowed(const fp_route_table *table, const naive_table *naive, bool shadowed[][NAIVE_ROUTES_MAX],
                          tally *seen) {
  memset(shadowed, 0, NAIVE_HOSTS_MAX * sizeof *shadowed);
  for (uint32_t host = 0; host < naive->host_count; host++) {
    uint32_t route = 0, by;
    for (uint32_t from = 0;; from = route + 1) {
      fp_route_table_next_shadowed(table, host, from, &route, &by);
      if (route == FASTPATH_ROUTE_INDEX_NONE) break;
      CHECK(route >= from && by < route && naive->hosts[host].routes[by].condition_count == 0);
      shadowed[host][route] = true;
      seen->shadowed++;
    }
  }
}

static void count(const naive_table *naive, const fp_route_match *match, tally *seen) {
  seen->requests++;
  if (match->virtual_host == FASTPATH_ROUTE_INDEX_NONE) {
    seen->no_host++;
  } else if (match->tls_redirect) {
    seen->redirected++;
  } else if (match->route == FASTPATH_ROUTE_INDEX_NONE) {
    seen->unmatched++;
  } else {
    const naive_route *route = &naive->hosts[match->virtual_host].routes[match->route];
    seen->matched[route->kind]++;
    seen->conditional += route->condition_count > 0;
  }
}

static void ask(random_table *make, const fp_route_table *table, bool shadowed[][NAIVE_ROUTES_MAX], uint64_t seed,
                tally *seen) {
  static random_request request;
  fp_route_match expected, match = {0};
  const char *wrong;
  random_request_new(make, &request);
  wrong = compare_answers(table, make->table, &request, &expected, &match);
  if (wrong == NULL && match.route != FASTPATH_ROUTE_INDEX_NONE && shadowed[match.virtual_host][match.route]) {
    wrong = "a route that never wins has won";
  }
  if (wrong != NULL) {
    fprintf(stderr,
            "seed %" PRIu64 ", request %" PRIu64 ", host \"%.*s\", path \"%.*s\": %s: got %u/%u, expected %u/%u\n",
            seed, seen->requests, (int)request.host_len, (const char *)request.host, (int)request.path_len,
            (const char *)request.path, wrong, match.virtual_host, match.route, expected.virtual_host, expected.route);
    exit(1);
  }
  count(make->table, &match, seen);
  seen->in_style[make->style] += match.route != FASTPATH_ROUTE_INDEX_NONE;
  random_request_free(&request);
}

int main(int argc, char **argv) {
  static naive_table naive;
  static bool shadowed[NAIVE_HOSTS_MAX][NAIVE_ROUTES_MAX];
  const uint64_t requests = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
  random_source from = {.state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1};
  tally seen = {0};
  while (seen.requests < requests) {
    const uint64_t seed = from.state;
    random_table make;
    fp_route_table *table;
    random_table_new(&from, &naive, &make);
    table = build(&naive);
    if (one_in(&from, 4)) table = updated(table, &naive, below(&from, NAIVE_HOSTS_MAX));
    find_shadowed(table, &naive, shadowed, &seen);
    for (int i = 0; i < REQUESTS_PER_TABLE; i++) ask(&make, table, shadowed, seed, &seen);
    fp_route_table_unref(table);
  }
  printf("%" PRIu64 " requests: %" PRIu64 " with no virtual host, %" PRIu64 " redirected, %" PRIu64
         " with no route; by",
         seen.requests, seen.no_host, seen.redirected, seen.unmatched);
  for (size_t i = 0; i <= FASTPATH_ROUTE_PATH_CONNECT; i++) {
    printf(" %" PRIu64, seen.matched[i]);
    CHECK(seen.matched[i] > requests / 500);
  }
  printf(" of each kind, %" PRIu64 " with conditions; %" PRIu64 " routes never win\n", seen.conditional, seen.shadowed);
  for (size_t i = 0; i < STYLE_COUNT; i++) CHECK(seen.in_style[i] > requests / 100);
  CHECK(seen.no_host > requests / 50 && seen.redirected > requests / 500 && seen.unmatched > requests / 20);
  CHECK(seen.conditional > requests / 20 && seen.shadowed > requests / 500);
  return 0;
}
