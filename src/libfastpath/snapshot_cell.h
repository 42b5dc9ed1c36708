/* snapshot_cell.h - what a cell is, so that reading one that has not changed needs no call. */
#ifndef FASTPATH_INTERNAL_SNAPSHOT_CELL_H
#define FASTPATH_INTERNAL_SNAPSHOT_CELL_H

#include <fastpath/snapshot.h>
#include <pthread.h>
#include <stdatomic.h>

#include "bits.h"

struct fp_snapshot_cell {
  _Atomic uint64_t version; /* counts publications, from 1: a new reader's 0 is always stale */
  _Atomic size_t references;
  fp_snapshot_fn ref;
  fp_snapshot_fn unref;
  pthread_mutex_t mutex; /* guards current, and that version belongs to it */
  void *current;
};

static inline bool fp_snapshot_is_current(const fp_snapshot_reader *reader) {
  return atomic_load_explicit(&reader->cell->version, memory_order_acquire) == reader->version;
}

/* As fp_snapshot_read. */
static inline void *fp_snapshot_look(fp_snapshot_reader *reader) {
  return likely(fp_snapshot_is_current(reader)) ? reader->snapshot : fp_snapshot_read(reader);
}

#endif
