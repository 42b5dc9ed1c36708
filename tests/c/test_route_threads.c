/* Eight threads match while tables are swapped under them: each answer is of one table, and every table is freed. */
#include <fastpath/route.h>
#include <fastpath/snapshot.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

enum {
  READERS = 8,
  SWAPS = 1000,
  ROUTES = 64
};

static _Atomic int live;
static _Atomic int finished;
static _Atomic uint64_t answers;

static void ref(void *table) { fp_route_table_ref(table); }
static void unref(void *table) { fp_route_table_unref(table); }

static void count_end(void *generation) {
  free(generation);
  atomic_fetch_sub(&live, 1);
}

/* Route i of a table takes the path of number (i + generation) % ROUTES, so that a mixture of two would be seen. */
static fp_route_table *build(uint32_t generation, const fp_route_table *share) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  uint32_t *context = malloc(sizeof *context);
  char path[32];
  CHECK(builder != NULL && context != NULL);
  CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)"*", 1, NULL), FASTPATH_OK);
  for (uint32_t i = 0; i < ROUTES; i++) {
    const int len = snprintf(path, sizeof path, "/%u/", (i + generation) % ROUTES);
    CHECK_EQ(
        fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, (const uint8_t *)path, (size_t)len, 0, NULL),
        FASTPATH_OK);
  }
  if (share != NULL) CHECK_EQ(fp_route_builder_share_virtual_host(builder, share, 0, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_build(builder, 0, &table, NULL), FASTPATH_OK);
  fp_route_builder_free(builder);
  *context = generation;
  fp_route_table_set_context(table, context, count_end);
  atomic_fetch_add(&live, 1);
  return table;
}

static void *match_until_finished(void *cell) {
  fp_snapshot_reader reader;
  uint64_t count = 0;
  fp_snapshot_reader_init(&reader, cell);
  while (!atomic_load_explicit(&finished, memory_order_relaxed) || count < 1000) {
    const fp_route_table *table = fp_snapshot_read(&reader);
    const uint32_t generation = *(const uint32_t *)fp_route_table_context(table), number = (uint32_t)(count % ROUTES);
    char path[32];
    const int len = snprintf(path, sizeof path, "/%u/x", number);
    const fp_route_request request = {.authority = {NULL, 0}, .path = {(const uint8_t *)path, (size_t)len}};
    fp_route_match match;
    if (fp_route_table_virtual_host_count(table) == 1) {
      CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_OK);
      CHECK_EQ((match.route + generation) % ROUTES, number);
    }
    count++;
  }
  fp_snapshot_reader_clear(&reader);
  atomic_fetch_add(&answers, count);
  return NULL;
}

int main(void) {
  pthread_t readers[READERS];
  fp_snapshot_cell *cell = fp_snapshot_cell_new(build(0, NULL), ref, unref);
  CHECK(cell != NULL);
  for (int i = 0; i < READERS; i++) CHECK(pthread_create(&readers[i], NULL, match_until_finished, cell) == 0);
  for (uint32_t generation = 1; generation < SWAPS; generation++) {
    fp_route_table *before = fp_snapshot_acquire(cell);
    fp_snapshot_publish(cell, build(generation, generation % 4 == 0 ? before : NULL));
    fp_route_table_unref(before);
  }
  atomic_store(&finished, 1);
  for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
  CHECK_EQ(atomic_load(&live), 1);
  fp_snapshot_cell_unref(cell);
  CHECK_EQ(atomic_load(&live), 0);
  CHECK(atomic_load(&answers) >= (uint64_t)1000 * READERS);
  return 0;
}
