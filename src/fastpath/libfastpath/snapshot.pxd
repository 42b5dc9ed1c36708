# Mirror of fastpath/snapshot.h; what each means is told there.
from libc.stdint cimport uint64_t


cdef extern from "fastpath/snapshot.h" nogil:
    ctypedef struct fp_snapshot_cell:
        pass

    ctypedef void (*fp_snapshot_fn)(void *snapshot) noexcept nogil

    ctypedef struct fp_snapshot_reader:
        fp_snapshot_cell *cell
        void *snapshot
        uint64_t version

    fp_snapshot_cell *fp_snapshot_cell_new(void *snapshot, fp_snapshot_fn ref, fp_snapshot_fn unref)
    fp_snapshot_cell *fp_snapshot_cell_ref(fp_snapshot_cell *cell)
    void fp_snapshot_cell_unref(fp_snapshot_cell *cell)
    void fp_snapshot_publish(fp_snapshot_cell *cell, void *snapshot)
    void *fp_snapshot_acquire(fp_snapshot_cell *cell)
    void fp_snapshot_reader_init(fp_snapshot_reader *reader, fp_snapshot_cell *cell)
    void fp_snapshot_reader_clear(fp_snapshot_reader *reader)
    void *fp_snapshot_read(fp_snapshot_reader *reader)
