/*
 * What one lookup in a route table costs in C, at several sizes, the requests shuffled.
 *   bench_route [routes...]
 * Prints one line per size: routes, ns per lookup, ms to build, bytes per route.
 */
#define _POSIX_C_SOURCE 200809L
#include <fastpath/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum {
  PATH_ROOM = 80,
  LOOKUPS = 100000,
  ROUNDS = 40
};

static uint64_t state = 1;

static size_t below(size_t limit) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (size_t)(state >> 33) % limit;
}

/* The same names as route_rows.py gives its routes. */
static size_t route_path(size_t number, char *path) {
  static const char *const resources[] = {"users", "orders", "items", "invoices", "reports", "sessions", "search"};
  return (size_t)snprintf(path, PATH_ROOM, "/api/v%zu/team%zu/%s/%zu/", number % 3, number % 101, resources[number % 7],
                          number);
}

static fp_route_table *build(size_t count, double *took) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  char path[PATH_ROOM];
  const double start = now();
  fp_route_builder_add_virtual_host(builder, NULL);
  fp_route_builder_add_domain(builder, (const uint8_t *)"*", 1, NULL);
  for (size_t i = 0; i < count; i++) {
    const size_t len = route_path(i, path);
    fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, (const uint8_t *)path, len, 0, NULL);
  }
  if (fp_route_builder_build(builder, 0, &table, NULL) < 0) exit(1);
  fp_route_builder_free(builder);
  *took = now() - start;
  return table;
}

static void measure(size_t count) {
  fp_span *paths = malloc(count * sizeof *paths), *requests = malloc(LOOKUPS * sizeof *requests);
  double best = 1e9, took = 0, build_best = 1e9;
  fp_route_table *table = NULL;
  size_t wrong = 0;
  for (int round = 0; round < 3; round++) {
    fp_route_table_unref(table);
    table = build(count, &took);
    if (took < build_best) build_best = took;
  }
  for (size_t i = 0; i < count; i++) { /* each in memory of its own, as requests come */
    char *path = malloc(PATH_ROOM);
    const size_t len = route_path(i, path), rest = below(20);
    memcpy(path + len, "17?page=2&sort=name", rest);
    paths[i] = (fp_span){(const uint8_t *)path, len + rest};
  }
  for (size_t i = 0; i < LOOKUPS; i++) requests[i] = paths[below(count)]; /* no branch predictor learns the order */
  for (int round = 0; round < ROUNDS; round++) {
    const double start = now();
    fp_route_request request = {.authority = {NULL, 0}};
    for (size_t i = 0; i < LOOKUPS; i++) {
      fp_route_match match;
      request.path = requests[i];
      wrong += fp_route_table_match(table, &request, &match) != FASTPATH_OK;
    }
    took = (now() - start) / LOOKUPS;
    if (took < best) best = took;
  }
  if (wrong != 0) exit(1);
  printf("%zu %.1f %.1f %.1f\n", count, best * 1e9, build_best * 1e3,
         (double)fp_route_table_size(table) / (double)count);
  for (size_t i = 0; i < count; i++) free((void *)(uintptr_t)paths[i].data);
  free(paths);
  free(requests);
  fp_route_table_unref(table);
}

int main(int argc, char **argv) {
  static const size_t sizes[] = {100, 1000, 10000, 100000};
  if (argc == 1) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) measure(sizes[i]);
  }
  for (int i = 1; i < argc; i++) measure((size_t)strtoull(argv[i], NULL, 10));
  return 0;
}
