/* Readers in several threads while snapshots are published: none is read after its end, none is left behind. */
#include <fastpath/snapshot.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"

enum {
  READERS = 8,
  PUBLICATIONS = 5000,
  PUBLISHERS = 2
};

#define ALIVE 0x600df00du
#define FREED 0xdeadbeefu

typedef struct {
  _Atomic int references;
  uint32_t state; /* plain on purpose: the sanitizer sees a reader that comes after the end */
} snapshot;

static _Atomic int live;
static _Atomic uint32_t made;
static _Atomic int finished;

static snapshot *snapshot_new(void) {
  snapshot *fresh = malloc(sizeof *fresh);
  CHECK(fresh != NULL);
  atomic_init(&fresh->references, 1);
  fresh->state = ALIVE;
  atomic_fetch_add(&made, 1);
  atomic_fetch_add(&live, 1);
  return fresh;
}

static void snapshot_ref(void *object) { atomic_fetch_add(&((snapshot *)object)->references, 1); }

static void snapshot_unref(void *object) {
  snapshot *dropped = object;
  if (atomic_fetch_sub(&dropped->references, 1) != 1) return;
  CHECK(dropped->state == ALIVE);
  dropped->state = FREED;
  atomic_fetch_sub(&live, 1);
  free(dropped);
}

static void *read_until_finished(void *argument) {
  fp_snapshot_reader reader;
  uint64_t reads = 0;
  fp_snapshot_reader_init(&reader, argument);
  while (!atomic_load_explicit(&finished, memory_order_relaxed) || reads < 1000) {
    const snapshot *current = fp_snapshot_read(&reader);
    CHECK(current->state == ALIVE);
    if (++reads % 256 == 0) {
      snapshot *held = fp_snapshot_acquire(reader.cell);
      CHECK(held->state == ALIVE);
      snapshot_unref(held);
    }
  }
  fp_snapshot_reader_clear(&reader);
  fp_snapshot_reader_clear(&reader);
  return NULL;
}

static void *publish_many(void *argument) {
  for (int i = 0; i < PUBLICATIONS; i++) fp_snapshot_publish(argument, snapshot_new());
  return NULL;
}

static void threads_read_while_others_publish(void) {
  pthread_t readers[READERS], publishers[PUBLISHERS];
  fp_snapshot_cell *cell = fp_snapshot_cell_new(snapshot_new(), snapshot_ref, snapshot_unref);
  CHECK(cell != NULL);
  for (int i = 0; i < READERS; i++) CHECK(pthread_create(&readers[i], NULL, read_until_finished, cell) == 0);
  for (int i = 0; i < PUBLISHERS; i++) CHECK(pthread_create(&publishers[i], NULL, publish_many, cell) == 0);
  for (int i = 0; i < PUBLISHERS; i++) pthread_join(publishers[i], NULL);
  atomic_store(&finished, 1);
  for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
  CHECK(atomic_load(&live) == 1);
  fp_snapshot_cell_unref(cell);
  CHECK(atomic_load(&live) == 0);
  CHECK(atomic_load(&made) == PUBLISHERS * PUBLICATIONS + 1);
}

static void a_reader_sees_a_publication_at_its_next_read(void) {
  snapshot *first = snapshot_new(), *second = snapshot_new();
  fp_snapshot_cell *cell = fp_snapshot_cell_new(first, snapshot_ref, snapshot_unref);
  fp_snapshot_reader reader;
  CHECK(cell != NULL);
  fp_snapshot_reader_init(&reader, cell);
  CHECK(fp_snapshot_read(&reader) == first);
  CHECK(atomic_load(&first->references) == 2);
  CHECK(fp_snapshot_read(&reader) == first);
  CHECK(atomic_load(&first->references) == 2);
  fp_snapshot_publish(cell, second);
  CHECK(first->state == ALIVE); /* the reader still holds it */
  CHECK(fp_snapshot_read(&reader) == second);
  CHECK(atomic_load(&live) == 1);
  fp_snapshot_cell_unref(cell); /* the reader keeps the cell alive */
  CHECK(fp_snapshot_read(&reader) == second);
  fp_snapshot_reader_clear(&reader);
  CHECK(atomic_load(&live) == 0);
}

int main(void) {
  a_reader_sees_a_publication_at_its_next_read();
  atomic_store(&made, 0);
  threads_read_while_others_publish();
  return 0;
}
