/*
 * fastpath/snapshot.h - the cell through which immutable snapshots (route tables, host sets) are published.
 *
 *      publisher                 cell                          readers, one per thread
 *      build new  ---swap--->  [mutex | current | version 7]  <--- [cached | version 7]  equal: use what is cached
 *      (off to the side)                                      <--- [cached | version 6]  stale: lock, take current
 *
 * A reader keeps a counted reference to the snapshot it saw last and compares versions with one acquire load; it takes
 * the mutex only after a publication. So reading never waits for a build, and a snapshot is freed when its last reader
 * has moved on. (Loading a shared pointer and then counting it would use freed memory: the last reference may go in
 * between.)
 *
 * What must be seen together belongs into one snapshot: two cells never change at the same moment.
 *
 * fork: a child must not use a cell while, at the fork, another thread was publishing to it or refreshing from it.
 */
#ifndef FASTPATH_SNAPSHOT_H
#define FASTPATH_SNAPSHOT_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* Shared, atomic count. */
typedef struct fp_snapshot_cell fp_snapshot_cell;

/* Takes or drops one reference of a snapshot. Called from any thread; taking must not block or fail. */
typedef void (*fp_snapshot_fn)(void *snapshot);

/* A reader's cache. The caller's; one thread at a time. Set up with fp_snapshot_reader_init, fields are private. */
typedef struct fp_snapshot_reader {
  fp_snapshot_cell *cell;
  void *snapshot;
  uint64_t version;
} fp_snapshot_reader;

/*
 * A cell whose first snapshot is `snapshot`. The cell takes over the caller's reference, and drops it with `unref`.
 * snapshot, ref and unref must not be NULL. NULL when out of memory; then the reference stays with the caller.
 * Threads: any.
 */
fp_snapshot_cell *fp_snapshot_cell_new(void *snapshot, fp_snapshot_fn ref, fp_snapshot_fn unref);
fp_snapshot_cell *fp_snapshot_cell_ref(fp_snapshot_cell *cell);
void fp_snapshot_cell_unref(fp_snapshot_cell *cell); /* NULL is allowed */

/*
 * Make `snapshot` the current one; the cell takes over the caller's reference. The one before it lives on until its
 * last reader lets go; when that was the cell itself, it is freed in this call. Threads: any; the last publication
 * wins.
 */
void fp_snapshot_publish(fp_snapshot_cell *cell, void *snapshot);

/* The current snapshot with a reference for the caller, who drops it. Takes the mutex. Threads: any. */
void *fp_snapshot_acquire(fp_snapshot_cell *cell);

/* Set up a reader, which references the cell until it is cleared. Reads nothing yet. */
void fp_snapshot_reader_init(fp_snapshot_reader *reader, fp_snapshot_cell *cell);

/* Drop what the reader holds. A cleared reader, or one filled with zero bytes, may be cleared again. */
void fp_snapshot_reader_clear(fp_snapshot_reader *reader);

/*
 * The current snapshot, borrowed until this reader is next read or cleared. May free the snapshot that the reader
 * held before. Threads: one per reader.
 */
void *fp_snapshot_read(fp_snapshot_reader *reader);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
