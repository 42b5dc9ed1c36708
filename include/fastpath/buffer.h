/*
 * fastpath/buffer.h - reference-counted segments and a chain (fp_buffer) over them.
 *
 *   fp_buffer   [slice]--[slice]--[slice]          a slice is (segment, offset, length)
 *                  |        |        |
 *   fp_segment  [#####....] [######] [external]    bytes; "." is room that the last slice may grow into
 *
 * A segment that anybody else references, or that is exported, is never moved, reused or overwritten: bytes
 * once visible through a slice stay as they are. Growth past a segment's end opens a new segment. Moving
 * slices between buffers copies nothing.
 *
 * Threads: fp_segment reference counts are atomic, so segments may be shared between threads. An fp_buffer
 * and an fp_pool belong to one thread at a time; a segment goes back to its pool only on the pool's own
 * thread-safe free list.
 */
#ifndef FASTPATH_BUFFER_H
#define FASTPATH_BUFFER_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

typedef struct fp_segment fp_segment;
typedef struct fp_buffer fp_buffer;
typedef struct fp_pool fp_pool;

/* Called once, when the last reference to an external segment goes, in the thread that dropped it. */
typedef void (*fp_release_fn)(void *context);

/* A slice of a buffer as the caller sees it: where the bytes are and which segment holds them. Borrowed. */
typedef struct fp_slice {
  fp_segment *segment;
  const uint8_t *data;
  size_t len;
} fp_slice;

/* [/cffi] */


#ifdef __cplusplus
}
#endif
#endif
