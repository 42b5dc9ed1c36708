/*
 * Eight threads match while tables are swapped under them, a thousand times a second: each answer is of one table, and
 * every table is freed. One virtual host is new in each table, the other is shared with the tables before it.
 *   test_route_threads [seconds]
 */
#define _DEFAULT_SOURCE /* what pace.h needs */
#include <fastpath/snapshot.h>
#include <pthread.h>
#include <stdatomic.h>

#include "pace.h"
#include "route_fixture.h"

enum {
  READERS = 8,
  PATHS = 16,   /* of the new virtual host */
  HEADERS = 12, /* candidates of one place, found by a header's value */
  REGEXES = 10, /* of the shared one, matched together */
  KEPT = 64,    /* generations that share a virtual host */
  SWAPS_PER_SECOND = 1000
};

/* What a table is made of: so that a mixture of two would be seen. */
typedef struct {
  uint32_t own;
  uint32_t shared;
} generation;

static _Atomic int live;
static _Atomic int finished;
static _Atomic uint64_t answers;

static void ref(void *table) { fp_route_table_ref(table); }
static void unref(void *table) { fp_route_table_unref(table); }

static void count_end(void *made) {
  free(made);
  atomic_fetch_sub(&live, 1);
}

/* ---- tables: what route i asks for moves on by one in each generation ---- */

static void add_text(fp_route_builder *builder, fp_route_path_kind kind, const char *format, uint32_t number) {
  char text[64];
  snprintf(text, sizeof text, format, number);
  add_route(builder, kind, text, 0);
}

static void add_own(fp_route_builder *builder, uint32_t number) {
  char text[16];
  add_host(builder, "own");
  for (uint32_t i = 0; i < PATHS; i++) add_text(builder, FASTPATH_ROUTE_PATH_PREFIX, "/%u/", (i + number) % PATHS);
  for (uint32_t i = 0; i < HEADERS; i++) {
    add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/headers", 0);
    snprintf(text, sizeof text, "%u", (i + number) % HEADERS);
    add_condition(builder, condition_of(FASTPATH_ROUTE_CONDITION_HEADER, "x-a", FASTPATH_ROUTE_COMPARE_EXACT, text, 0));
    add_condition(builder,
                  condition_of(FASTPATH_ROUTE_CONDITION_COOKIE, "c", FASTPATH_ROUTE_COMPARE_REGEX, "[0-9]+", 0));
  }
  add_text(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/t/{name}/g%u/{rest=**}", number % 4);
  CHECK_EQ(fp_route_builder_add_share(builder, 1, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_share(builder, 1 + number, NULL), FASTPATH_OK);
}

static void add_to_share(fp_route_builder *builder, uint32_t number) {
  add_host(builder, "shared");
  for (uint32_t i = 0; i < REGEXES; i++) {
    add_text(builder, FASTPATH_ROUTE_PATH_REGEX, "/r/[a-z]*%u", (i + number) % REGEXES);
  }
  add_text(builder, FASTPATH_ROUTE_PATH_TEMPLATE, "/{a}/{b}/%u", number % 4);
}

/* The next table after `before`, NULL for the first one. Takes no reference. */
static fp_route_table *next_table(const fp_route_table *before) {
  fp_route_builder *builder = fp_route_builder_new();
  const generation *last = before == NULL ? NULL : fp_route_table_context(before);
  generation *made = malloc(sizeof *made);
  fp_route_table *table;
  CHECK(builder != NULL && made != NULL);
  *made = last == NULL ? (generation){0} : (generation){last->own + 1, last->shared};
  add_own(builder, made->own);
  if (last == NULL || made->own % KEPT == 0) {
    made->shared = made->own / KEPT;
    add_to_share(builder, made->shared);
  } else {
    CHECK_EQ(fp_route_builder_share_virtual_host(builder, before, 1, NULL), FASTPATH_OK);
    CHECK_EQ(fp_route_builder_add_domain(builder, (const uint8_t *)"shared", 6, NULL), FASTPATH_OK);
  }
  table = build_table(builder, 0);
  fp_route_table_set_context(table, made, count_end);
  atomic_fetch_add(&live, 1);
  return table;
}

/* ---- readers ---- */

static fp_route_match match_of(const fp_route_table *table, const char *host, const char *path,
                               const fixture_request *head) {
  fp_route_request request = head->request;
  fp_route_match match;
  request.authority = span_of(host);
  request.path = span_of(path);
  (void)fp_route_table_match(table, &request, &match);
  return match;
}

static void check_own(const fp_route_table *table, uint32_t own, uint32_t number, const fixture_request *head) {
  char path[64];
  fp_span params[2];
  fp_route_match match;
  snprintf(path, sizeof path, "/%u/x", number % PATHS);
  match = match_of(table, "own", path, head);
  CHECK_EQ((match.route + own) % PATHS, number % PATHS);
  match = match_of(table, "own", "/headers", head); /* "x-a: 7" */
  CHECK_EQ((match.route - PATHS + own) % HEADERS, 7);
  snprintf(path, sizeof path, "/t/n%u/g%u/a/b", number, number % 4);
  match = match_of(table, "own", path, head);
  CHECK_EQ(match.route == PATHS + HEADERS, own % 4 == number % 4);
  if (match.route != PATHS + HEADERS) return;
  CHECK_EQ(match.share_total, 2 + own);
  CHECK_EQ(fp_route_table_choose_share(table, &match, number), number % (2 + own) > 0);
  fp_route_table_params(table, &match, span_of(path), params);
  CHECK(params[0].data == (const uint8_t *)path + 3 && params[1].len == 3);
}

static void check_shared(const fp_route_table *table, uint32_t shared, uint32_t number, const fixture_request *head) {
  char path[64];
  snprintf(path, sizeof path, "/r/abc%u", number % REGEXES);
  CHECK_EQ((match_of(table, "shared", path, head).route + shared) % REGEXES, number % REGEXES);
  snprintf(path, sizeof path, "/x/y/%u", number % 4);
  CHECK_EQ(match_of(table, "shared", path, head).route == REGEXES, shared % 4 == number % 4);
}

static void *match_until_finished(void *cell) {
  fp_snapshot_reader reader;
  fixture_request head;
  uint32_t count = 0;
  step_back();
  make_request(&head, "", "cookie: b; c=12\nx-a: 7\n");
  fp_snapshot_reader_init(&reader, cell);
  while (!atomic_load_explicit(&finished, memory_order_relaxed) || count < 100) {
    const fp_route_table *table = fp_snapshot_read(&reader);
    const generation *made = fp_route_table_context(table);
    check_own(table, made->own, count, &head);
    check_shared(table, made->shared, count, &head);
    count++;
  }
  fp_snapshot_reader_clear(&reader);
  free(head.data);
  atomic_fetch_add(&answers, (uint64_t)5 * count);
  return NULL;
}

/* ---- the publisher ---- */

int main(int argc, char **argv) {
  const int64_t swaps = (argc > 1 ? strtoll(argv[1], NULL, 10) : 1) * SWAPS_PER_SECOND;
  pthread_t readers[READERS];
  fp_route_table *current = next_table(NULL);
  fp_snapshot_cell *cell = fp_snapshot_cell_new(fp_route_table_ref(current), ref, unref);
  int64_t start;
  CHECK(cell != NULL);
  for (int i = 0; i < READERS; i++) CHECK(pthread_create(&readers[i], NULL, match_until_finished, cell) == 0);
  start = nanoseconds();
  for (int64_t swap = 1; swap <= swaps; swap++) {
    fp_route_table *next = next_table(current);
    fp_route_table_unref(current);
    current = next;
    fp_snapshot_publish(cell, fp_route_table_ref(current));
    sleep_until(start + swap * (1000000000 / SWAPS_PER_SECOND));
  }
  printf("%lld swaps in %.1f s", (long long)swaps, (double)(nanoseconds() - start) / 1e9);
  atomic_store(&finished, 1);
  for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
  printf(", %llu answers\n", (unsigned long long)atomic_load(&answers));
  fp_route_table_unref(current);
  CHECK_EQ(atomic_load(&live), 1);
  fp_snapshot_cell_unref(cell);
  CHECK_EQ(atomic_load(&live), 0);
  return 0;
}
