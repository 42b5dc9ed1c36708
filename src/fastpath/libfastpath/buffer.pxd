# Mirror of fastpath/buffer.h; what each means is told there.
from libc.stdint cimport uint8_t

from fastpath.libfastpath.base cimport fp_span, fp_status


cdef extern from "fastpath/buffer.h" nogil:
    const int FASTPATH_BUFFER_MAX_ROOMS

    ctypedef struct fp_segment:
        pass

    ctypedef struct fp_buffer:
        pass

    ctypedef struct fp_pool:
        pass

    ctypedef void (*fp_release_fn)(void *context) noexcept nogil

    ctypedef struct fp_slice:
        fp_segment *segment
        const uint8_t *data
        size_t len

    ctypedef struct fp_room:
        uint8_t *data
        size_t len

    fp_status fp_pool_new(size_t block_size, size_t max_cached, fp_pool **pool) noexcept
    fp_pool *fp_pool_ref(fp_pool *pool) noexcept
    void fp_pool_unref(fp_pool *pool) noexcept
    size_t fp_pool_block_size(const fp_pool *pool) noexcept
    size_t fp_pool_cached(const fp_pool *pool) noexcept
    size_t fp_pool_in_use(const fp_pool *pool) noexcept

    fp_status fp_segment_new_external(
        const void *data, size_t len, fp_release_fn release, void *context, fp_segment **segment
    ) noexcept
    fp_segment *fp_segment_ref(fp_segment *segment) noexcept
    void fp_segment_unref(fp_segment *segment) noexcept

    fp_buffer *fp_buffer_new(fp_pool *pool) noexcept
    void fp_buffer_free(fp_buffer *buffer) noexcept
    size_t fp_buffer_length(const fp_buffer *buffer) noexcept
    size_t fp_buffer_slice_count(const fp_buffer *buffer) noexcept
    fp_status fp_buffer_slice(const fp_buffer *buffer, size_t index, fp_slice *slice) noexcept
    size_t fp_buffer_spans(const fp_buffer *buffer, fp_span *spans, size_t capacity) noexcept
    fp_status fp_buffer_append(fp_buffer *buffer, const void *data, size_t len) noexcept
    fp_status fp_buffer_prepend(fp_buffer *buffer, const void *data, size_t len) noexcept
    fp_status fp_buffer_append_slice(fp_buffer *buffer, const fp_slice *slice) noexcept
    fp_status fp_buffer_prepend_slice(fp_buffer *buffer, const fp_slice *slice) noexcept
    fp_status fp_buffer_append_external(
        fp_buffer *buffer, const void *data, size_t len, fp_release_fn release, void *context
    ) noexcept
    fp_status fp_buffer_reserve(fp_buffer *buffer, size_t min, uint8_t **data, size_t *len) noexcept
    fp_status fp_buffer_reserve_rooms(
        fp_buffer *buffer, size_t min, fp_room *rooms, size_t capacity, size_t *count
    ) noexcept
    fp_segment *fp_buffer_room_segment(const fp_buffer *buffer, size_t index) noexcept
    fp_status fp_buffer_commit(fp_buffer *buffer, size_t len) noexcept
    fp_status fp_buffer_drain(fp_buffer *buffer, size_t len) noexcept
    fp_status fp_buffer_clear(fp_buffer *buffer) noexcept
    fp_status fp_buffer_move(fp_buffer *buffer, fp_buffer *source, size_t len) noexcept
    fp_status fp_buffer_move_all(fp_buffer *buffer, fp_buffer *source) noexcept
    fp_status fp_buffer_split(fp_buffer *buffer, size_t len, fp_buffer **head) noexcept
    fp_status fp_buffer_share(fp_buffer *buffer, const fp_buffer *source, size_t offset, size_t len) noexcept
    fp_status fp_buffer_coalesce(fp_buffer *buffer, size_t len, fp_slice *slice) noexcept
    fp_status fp_buffer_take(fp_buffer *buffer, size_t len, fp_slice *slice) noexcept
    fp_status fp_buffer_export(fp_buffer *buffer, fp_span *span) noexcept
    void fp_buffer_unexport(fp_buffer *buffer) noexcept
    size_t fp_buffer_exports(const fp_buffer *buffer) noexcept
    fp_status fp_buffer_copy_out(const fp_buffer *buffer, size_t offset, void *out, size_t len) noexcept
    fp_status fp_buffer_find_byte(const fp_buffer *buffer, uint8_t byte, size_t offset, size_t *position) noexcept
    fp_status fp_buffer_find(
        const fp_buffer *buffer, const void *sequence, size_t len, size_t offset, size_t *position
    ) noexcept
    int fp_buffer_compare(const fp_buffer *buffer, const fp_buffer *other) noexcept
    int fp_buffer_compare_bytes(const fp_buffer *buffer, const void *data, size_t len) noexcept
