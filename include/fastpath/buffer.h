/*
 * fastpath/buffer.h - reference-counted segments, a chain over them (fp_buffer), and a pool of blocks.
 *
 *   fp_buffer   [slice]--[slice]--[slice]          a slice is a run of bytes inside one segment
 *                  |        |        |
 *   fp_segment  [#####....] [######] [external]    "." is room that the last slice may grow into
 *
 * Bytes that became visible through a slice never change and never move while anybody references their segment. A
 * segment knows which part of it was ever given out; a buffer that wants to grow claims free room from the segment in
 * one atomic step, so two buffers that share a segment can never grow into the same bytes. Where no room can be
 * claimed, growth opens a new segment. Moving slices between buffers copies nothing.
 *
 * A call that fails leaves its buffers as they were. Every call that would change the bytes of a buffer which is
 * exported (fp_buffer_export) is FASTPATH_ERR_BUSY; adding or removing no bytes is fine. A buffer's length is at most
 * PTRDIFF_MAX; what would exceed that is FASTPATH_ERR_OVERFLOW.
 *
 * Threads: reference counts, claims of room and pools are atomic, so segments and pools may be shared between threads.
 * An fp_buffer belongs to one thread at a time.
 */
#ifndef FASTPATH_BUFFER_H
#define FASTPATH_BUFFER_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_BUFFER_MAX_ROOMS 4

typedef struct fp_segment fp_segment;
typedef struct fp_buffer fp_buffer;
typedef struct fp_pool fp_pool;

/*
 * Called once, when the last reference to an external segment goes, in the thread that dropped it. The call that
 * dropped it has done its work by then, so the callback may use the same buffer again.
 */
typedef void (*fp_release_fn)(void *context);

/* A run of bytes and the segment that holds them. Borrowed, unless a call says that it carries a reference. */
typedef struct fp_slice {
  fp_segment *segment;
  const uint8_t *data;
  size_t len;
} fp_slice;

/* Free memory to receive into. Borrowed from the buffer until the commit. Laid out as POSIX's struct iovec. */
typedef struct fp_room {
  uint8_t *data;
  size_t len;
} fp_room;

/*
 * Pool: blocks of one size, of which up to max_cached free ones are kept for reuse. A block goes back from whatever
 * thread drops its last reference. Nobody waits: a thread that finds the free list busy uses the allocator instead.
 * A pool lives until its last reference and its last block in use are gone.
 */

/* A pool of blocks of block_size bytes (64 .. 2^30; else ARGUMENT). One reference, the caller's. Threads: any. */
fp_status fp_pool_new(size_t block_size, size_t max_cached, fp_pool **pool);
fp_pool *fp_pool_ref(fp_pool *pool); /* returns pool; NULL is allowed */
void fp_pool_unref(fp_pool *pool);   /* NULL is allowed */

/* What the pool is and holds. Blocks in use are those that some segment reference keeps. Threads: any. */
size_t fp_pool_block_size(const fp_pool *pool);
size_t fp_pool_cached(const fp_pool *pool);
size_t fp_pool_in_use(const fp_pool *pool);

/*
 * A segment over memory of the caller's, which must stay valid and unchanged until `release` is called. release may be
 * NULL for static memory. On failure (MEMORY, OVERFLOW) release is not called. One reference, the caller's.
 */
fp_status fp_segment_new_external(const void *data, size_t len, fp_release_fn release, void *context,
                                  fp_segment **segment);
fp_segment *fp_segment_ref(fp_segment *segment); /* returns segment. Threads: any */
void fp_segment_unref(fp_segment *segment);      /* NULL is allowed. Threads: any */

/*
 * A new empty buffer, which takes its blocks from the pool (and holds a reference to it), or, with a NULL pool, from
 * the allocator in sizes that grow with its content. An empty buffer holds no blocks. NULL when out of memory.
 */
fp_buffer *fp_buffer_new(fp_pool *pool);
void fp_buffer_free(fp_buffer *buffer); /* NULL is allowed. Must not be exported */

size_t fp_buffer_length(const fp_buffer *buffer);      /* bytes; constant time */
size_t fp_buffer_slice_count(const fp_buffer *buffer); /* runs of bytes, none of them empty */

/* Slice number `index`, borrowed until the buffer is changed. ARGUMENT when there is none. */
fp_status fp_buffer_slice(const fp_buffer *buffer, size_t index, fp_slice *slice);

/* The buffer's bytes as up to `capacity` spans, for writev; returns how many were written. Borrowed likewise. */
size_t fp_buffer_spans(const fp_buffer *buffer, fp_span *spans, size_t capacity);

/* Add a copy of the bytes at the end, or at the beginning. data must not point into room of this buffer. */
fp_status fp_buffer_append(fp_buffer *buffer, const void *data, size_t len);
fp_status fp_buffer_prepend(fp_buffer *buffer, const void *data, size_t len);

/*
 * Add a slice without copying; the buffer takes a reference of its own. ARGUMENT when the slice's bytes are not bytes
 * that its segment has given out.
 */
fp_status fp_buffer_append_slice(fp_buffer *buffer, const fp_slice *slice);
fp_status fp_buffer_prepend_slice(fp_buffer *buffer, const fp_slice *slice);

/*
 * Add external memory without copying, as by fp_segment_new_external. On failure release is not called; with len == 0
 * it is called before the return.
 */
fp_status fp_buffer_append_external(fp_buffer *buffer, const void *data, size_t len, fp_release_fn release,
                                    void *context);

/*
 * Receive straight into the buffer: reserve, let recv or readv fill the room from its beginning, commit what came.
 *   min     the least number of bytes wanted (0 is taken for 1): less room than that behind the last bytes is passed
 *           over for a new block. More may be offered, so a small min makes the best use of blocks.
 *   rooms   filled with up to `capacity` (1 .. FASTPATH_BUFFER_MAX_ROOMS) pieces, in the order to be filled. With
 *           capacity 1 the room is one piece of at least min bytes.
 * The room stays reserved, whatever else happens to the buffer, until it is committed or reserved anew; a new
 * reservation that can offer the same room again does. Commit appends the first `len` bytes of the room behind all that
 * is in the buffer at that time and gives back the rest; len 0 gives all back. Commit needs no memory: it fails only
 * with ARGUMENT (len exceeds the room), BUSY or OVERFLOW, and then the room stays reserved.
 */
fp_status fp_buffer_reserve(fp_buffer *buffer, size_t min, uint8_t **data, size_t *len);
fp_status fp_buffer_reserve_rooms(fp_buffer *buffer, size_t min, fp_room *rooms, size_t capacity, size_t *count);
fp_status fp_buffer_commit(fp_buffer *buffer, size_t len);

/* The segment under piece `index` of the reserved room, borrowed, for who wants to keep it alive; NULL when none. */
fp_segment *fp_buffer_room_segment(const fp_buffer *buffer, size_t index);

/* Remove the first `len` bytes: what was parsed, or what writev took. ARGUMENT when there are fewer. */
fp_status fp_buffer_drain(fp_buffer *buffer, size_t len);

/* Remove all bytes. A reserved room stays reserved. */
fp_status fp_buffer_clear(fp_buffer *buffer);

/* Move the first `len` bytes (or all) of source to the end of buffer, another one. Copies nothing. */
fp_status fp_buffer_move(fp_buffer *buffer, fp_buffer *source, size_t len);
fp_status fp_buffer_move_all(fp_buffer *buffer, fp_buffer *source);

/* A new buffer on the same pool with the first `len` bytes, which leave this one. Copies nothing. The caller's. */
fp_status fp_buffer_split(fp_buffer *buffer, size_t len, fp_buffer **head);

/* Append bytes [offset, offset + len) of source, which keeps them, to buffer, another one. Copies nothing. */
fp_status fp_buffer_share(fp_buffer *buffer, const fp_buffer *source, size_t offset, size_t len);

/*
 * Make the first `len` bytes contiguous. Copies only when they span slices, and then only those; a buffer whose
 * beginning is made contiguous again and again while it grows costs linear time in total. slice, which may be NULL, is
 * set to exactly these bytes, borrowed until the buffer is changed. ARGUMENT when there are fewer bytes.
 */
fp_status fp_buffer_coalesce(fp_buffer *buffer, size_t len, fp_slice *slice);

/*
 * Coalesce the first `len` (at least 1) bytes and take them out: a head, a line. slice carries a reference, which the
 * caller gives back with fp_segment_unref; its bytes outlive the buffer.
 */
fp_status fp_buffer_take(fp_buffer *buffer, size_t len, fp_slice *slice);

/*
 * Export all bytes as one span (coalesced first), which stays where it is until fp_buffer_unexport has been called as
 * often as fp_buffer_export. Meanwhile the buffer cannot be changed (BUSY). The span is never NULL, even when empty.
 */
fp_status fp_buffer_export(fp_buffer *buffer, fp_span *span);
void fp_buffer_unexport(fp_buffer *buffer);
size_t fp_buffer_exports(const fp_buffer *buffer); /* how many are outstanding */

/* Copy bytes [offset, offset + len) out. ARGUMENT when the buffer has no such bytes. */
fp_status fp_buffer_copy_out(const fp_buffer *buffer, size_t offset, void *out, size_t len);

/*
 * Position of the first occurrence at or after `offset`: OK or NONE. An occurrence may span slices. Linear time. An
 * empty sequence is found at offset, when offset is no more than the length. Only fp_buffer_find with a sequence of
 * more than 256 bytes allocates, and so can fail with MEMORY.
 */
fp_status fp_buffer_find_byte(const fp_buffer *buffer, uint8_t byte, size_t offset, size_t *position);
fp_status fp_buffer_find(const fp_buffer *buffer, const void *sequence, size_t len, size_t offset, size_t *position);

/* Order as by memcmp, the shorter of two that agree first: < 0, 0, > 0. */
int fp_buffer_compare(const fp_buffer *buffer, const fp_buffer *other);
int fp_buffer_compare_bytes(const fp_buffer *buffer, const void *data, size_t len);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
