/* buffer_state.h - what a buffer is made of, for the files that implement it. */
#ifndef FASTPATH_INTERNAL_BUFFER_STATE_H
#define FASTPATH_INTERNAL_BUFFER_STATE_H

#include <fastpath/buffer.h>

#include "chain.h"
#include "segment.h"

#define FP_BUFFER_LENGTH_MAX ((size_t)PTRDIFF_MAX)

struct fp_buffer {
  size_t length;
  size_t exports;
  fp_pool *pool;
  size_t room_count;
  fp_slice rooms[FASTPATH_BUFFER_MAX_ROOMS]; /* each claimed to its segment's end, with a reference of its own */
  fp_chain chain;                            /* always has free entries for room_count slices */
};

/* BUSY when exported, OVERFLOW when `more` bytes would make the buffer too long, OK otherwise and for no bytes. */
fp_status fp_buffer_check_growth(const fp_buffer *buffer, size_t more);

/* Makes sure that `slices` more slices, and those of a commit, find space in the chain. */
fp_status fp_buffer_ensure(fp_buffer *buffer, size_t slices);

/* A fresh segment with at least `min` bytes of room. NULL when out of memory. */
fp_segment *fp_buffer_new_segment(const fp_buffer *buffer, size_t min);

#endif
