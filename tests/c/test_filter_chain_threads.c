/*
 * Eight threads choose filter chains while tables are swapped under them, a thousand times a second: each answer is of one
 * table, and every table is freed.
 *   test_filter_chain_threads [seconds]
 */
#define _DEFAULT_SOURCE /* what pace.h needs */
#include <fastpath/filter_chain.h>
#include <fastpath/snapshot.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "pace.h"

enum {
  READERS = 8,
  NAMES = 16,  /* server names, each of a chain */
  RANGES = 16, /* source ranges, likewise */
  SWAPS_PER_SECOND = 1000
};

static _Atomic int live;
static _Atomic int finished;
static _Atomic uint64_t answers;

static void ref(void *table) { fp_filter_chain_table_ref(table); }
static void unref(void *table) { fp_filter_chain_table_unref(table); }

static void count_end(void *made) {
  free(made);
  atomic_fetch_sub(&live, 1);
}

static fp_span name_of(char *text, size_t size, uint32_t number) {
  const int len = snprintf(text, size, "h%u.test", number % NAMES);
  return (fp_span){(const uint8_t *)text, (size_t)len};
}

/* What chain i asks for moves on by one in each generation, so that a mixture of two tables would be seen. */
static fp_filter_chain_table *table_of(uint32_t generation) {
  fp_filter_chain_builder *builder = fp_filter_chain_builder_new();
  fp_filter_chain_table *table = NULL;
  uint32_t *made = malloc(sizeof *made);
  char text[32];
  CHECK(builder != NULL && made != NULL);
  *made = generation;
  for (uint32_t i = 0; i < NAMES; i++) {
    const fp_span name = name_of(text, sizeof text, i + generation);
    const fp_filter_chain_match match = {.destination_port = 443, .server_names = &name, .server_name_count = 1};
    CHECK_EQ(fp_filter_chain_builder_add(builder, &match, NULL), FASTPATH_OK);
  }
  for (uint32_t i = 0; i < RANGES; i++) {
    const fp_cidr range = {.family = 4, .prefix_len = 16, .address = {10, (uint8_t)((i + generation) % RANGES)}};
    const fp_filter_chain_match match = {.destination_port = 80, .sources = &range, .source_count = 1};
    CHECK_EQ(fp_filter_chain_builder_add(builder, &match, NULL), FASTPATH_OK);
  }
  CHECK_EQ(fp_filter_chain_builder_build(builder, &table, NULL), FASTPATH_OK);
  fp_filter_chain_builder_free(builder);
  fp_filter_chain_table_set_context(table, made, count_end);
  atomic_fetch_add(&live, 1);
  return table;
}

static void check_answers(const fp_filter_chain_table *table, uint32_t generation, uint32_t number) {
  char text[32];
  fp_connection_info connection = {.destination_port = 443,
                                   .server_name = name_of(text, sizeof text, number),
                                   .transport_protocol = {(const uint8_t *)"tls", 3}};
  CHECK_EQ((fp_filter_chain_table_match(table, &connection) + generation) % NAMES, number % NAMES);
  connection.destination_port = 80;
  connection.source = (fp_cidr){.family = 4, .address = {10, (uint8_t)(number % RANGES), 1, 1}};
  CHECK_EQ((fp_filter_chain_table_match(table, &connection) - NAMES + generation) % RANGES, number % RANGES);
  connection.source.address[1] = RANGES;
  CHECK_EQ(fp_filter_chain_table_match(table, &connection), FASTPATH_FILTER_CHAIN_NONE);
}

static void *match_until_finished(void *cell) {
  fp_snapshot_reader reader;
  uint32_t count = 0;
  step_back();
  fp_snapshot_reader_init(&reader, cell);
  while (!atomic_load_explicit(&finished, memory_order_relaxed) || count < 100) {
    const fp_filter_chain_table *table = fp_snapshot_read(&reader);
    check_answers(table, *(const uint32_t *)fp_filter_chain_table_context(table), count++);
  }
  fp_snapshot_reader_clear(&reader);
  atomic_fetch_add(&answers, (uint64_t)3 * count);
  return NULL;
}

int main(int argc, char **argv) {
  const int64_t swaps = (argc > 1 ? strtoll(argv[1], NULL, 10) : 1) * SWAPS_PER_SECOND;
  pthread_t readers[READERS];
  fp_snapshot_cell *cell = fp_snapshot_cell_new(table_of(0), ref, unref);
  int64_t start;
  CHECK(cell != NULL);
  for (int i = 0; i < READERS; i++) CHECK(pthread_create(&readers[i], NULL, match_until_finished, cell) == 0);
  start = nanoseconds();
  for (int64_t swap = 1; swap <= swaps; swap++) {
    fp_snapshot_publish(cell, table_of((uint32_t)swap));
    sleep_until(start + swap * (1000000000 / SWAPS_PER_SECOND));
  }
  printf("%lld swaps in %.1f s", (long long)swaps, (double)(nanoseconds() - start) / 1e9);
  atomic_store(&finished, 1);
  for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
  printf(", %llu answers\n", (unsigned long long)atomic_load(&answers));
  CHECK_EQ(atomic_load(&live), 1);
  fp_snapshot_cell_unref(cell);
  CHECK_EQ(atomic_load(&live), 0);
  return 0;
}
