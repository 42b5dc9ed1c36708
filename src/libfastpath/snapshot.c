#include "snapshot_cell.h"

#include "memory.h"

fp_snapshot_cell *fp_snapshot_cell_new(void *snapshot, fp_snapshot_fn ref, fp_snapshot_fn unref) {
  fp_snapshot_cell *cell = fp_memory_alloc(sizeof *cell);
  if (cell == NULL) return NULL;
  if (pthread_mutex_init(&cell->mutex, NULL) != 0) {
    fp_memory_free(cell);
    return NULL;
  }
  atomic_init(&cell->version, 1);
  atomic_init(&cell->references, 1);
  cell->ref = ref;
  cell->unref = unref;
  cell->current = snapshot;
  return cell;
}

fp_snapshot_cell *fp_snapshot_cell_ref(fp_snapshot_cell *cell) {
  atomic_fetch_add_explicit(&cell->references, 1, memory_order_relaxed);
  return cell;
}

void fp_snapshot_cell_unref(fp_snapshot_cell *cell) {
  if (cell == NULL || atomic_fetch_sub_explicit(&cell->references, 1, memory_order_acq_rel) != 1) return;
  cell->unref(cell->current);
  pthread_mutex_destroy(&cell->mutex);
  fp_memory_free(cell);
}

void fp_snapshot_publish(fp_snapshot_cell *cell, void *snapshot) {
  void *old;
  pthread_mutex_lock(&cell->mutex);
  old = cell->current;
  cell->current = snapshot;
  atomic_fetch_add_explicit(&cell->version, 1, memory_order_release);
  pthread_mutex_unlock(&cell->mutex);
  cell->unref(old); /* outside the mutex: freeing may take long, or call back */
}

/* The current snapshot, counted, and the version that belongs to it. */
static void *acquire(fp_snapshot_cell *cell, uint64_t *version) {
  void *snapshot;
  pthread_mutex_lock(&cell->mutex);
  snapshot = cell->current;
  cell->ref(snapshot);
  *version = atomic_load_explicit(&cell->version, memory_order_relaxed);
  pthread_mutex_unlock(&cell->mutex);
  return snapshot;
}

void *fp_snapshot_acquire(fp_snapshot_cell *cell) {
  uint64_t version;
  return acquire(cell, &version);
}

void fp_snapshot_reader_init(fp_snapshot_reader *reader, fp_snapshot_cell *cell) {
  reader->cell = fp_snapshot_cell_ref(cell);
  reader->snapshot = NULL;
  reader->version = 0;
}

void fp_snapshot_reader_clear(fp_snapshot_reader *reader) {
  fp_snapshot_cell *cell = reader->cell;
  void *snapshot = reader->snapshot;
  reader->cell = NULL;
  reader->snapshot = NULL;
  reader->version = 0;
  if (snapshot != NULL) cell->unref(snapshot);
  fp_snapshot_cell_unref(cell);
}

void *fp_snapshot_read(fp_snapshot_reader *reader) {
  if (!fp_snapshot_is_current(reader)) {
    fp_snapshot_cell *cell = reader->cell;
    void *old = reader->snapshot;
    reader->snapshot = acquire(cell, &reader->version);
    if (old != NULL) cell->unref(old); /* last, when the reader is whole again: freeing may call back and read */
  }
  return reader->snapshot;
}
