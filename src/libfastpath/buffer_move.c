/* Moving, sharing, splitting and coalescing: what rearranges slices. */
#include <fastpath/buffer.h>

#include <string.h>

#include "buffer_state.h"
#include "pool.h"

fp_status fp_buffer_move(fp_buffer *buffer, fp_buffer *source, size_t len) {
  if (buffer == source || len > source->length) return FASTPATH_ERR_ARGUMENT;
  if (len == 0) return FASTPATH_OK;
  if (source->exports > 0) return FASTPATH_ERR_BUSY;
  fp_status status = fp_buffer_check_growth(buffer, len);
  if (status < 0) return status;
  size_t within;
  size_t whole = fp_chain_locate(&source->chain, len, &within);
  status = fp_buffer_ensure(buffer, whole + (within > 0));
  if (status < 0) return status;
  for (size_t i = 0; i < whole; i++) {
    fp_slice slice = fp_chain_pop_front(&source->chain);
    fp_chain_push_back(&buffer->chain, slice.segment, slice.data, slice.len);
  }
  if (within > 0) {
    fp_slice *front = fp_chain_at(&source->chain, 0);
    fp_chain_push_back(&buffer->chain, fp_segment_ref(front->segment), front->data, within);
    front->data += within;
    front->len -= within;
  }
  buffer->length += len;
  source->length -= len;
  fp_chain_trim(&source->chain);
  return FASTPATH_OK;
}

fp_status fp_buffer_move_all(fp_buffer *buffer, fp_buffer *source) {
  return fp_buffer_move(buffer, source, source->length);
}

fp_status fp_buffer_split(fp_buffer *buffer, size_t len, fp_buffer **head) {
  fp_buffer *created = fp_buffer_new(buffer->pool);
  if (created == NULL) return FASTPATH_ERR_MEMORY;
  fp_status status = fp_buffer_move(created, buffer, len);
  if (status < 0) {
    fp_buffer_free(created);
    return status;
  }
  *head = created;
  return FASTPATH_OK;
}

fp_status fp_buffer_share(fp_buffer *buffer, const fp_buffer *source, size_t offset, size_t len) {
  if (buffer == source || offset > source->length || len > source->length - offset) return FASTPATH_ERR_ARGUMENT;
  if (len == 0) return FASTPATH_OK;
  fp_status status = fp_buffer_check_growth(buffer, len);
  if (status < 0) return status;
  size_t within;
  size_t index = fp_chain_locate(&source->chain, offset, &within);
  size_t last_within;
  size_t last = fp_chain_locate(&source->chain, offset + len - 1, &last_within);
  status = fp_buffer_ensure(buffer, last - index + 1);
  if (status < 0) return status;
  buffer->length += len;
  for (; len > 0; index++) {
    const fp_slice *slice = fp_chain_at(&source->chain, index);
    size_t part = slice->len - within;
    if (part > len) part = len;
    fp_chain_push_back(&buffer->chain, fp_segment_ref(slice->segment), slice->data + within, part);
    len -= part;
    within = 0;
  }
  return FASTPATH_OK;
}

/* Room for a coalesced beginning, and as much again, so that it is not copied anew each time it grows a little. */
static fp_segment *buffer_new_coalesced(const fp_buffer *buffer, size_t len) {
  if (buffer->pool != NULL && len <= fp_pool_block_size(buffer->pool)) return fp_pool_take(buffer->pool);
  return fp_segment_new(len > FP_BUFFER_LENGTH_MAX / 2 ? len : 2 * len);
}

/* Makes the first slice `len` bytes long, which it is not yet. */
static fp_status buffer_coalesce_slices(fp_buffer *buffer, size_t len) {
  const fp_slice *front = fp_chain_at(&buffer->chain, 0);
  fp_segment *segment = front->segment;
  size_t kept = front->len; /* bytes that can stay where they are: all of the first slice, or none */
  size_t start = fp_segment_offset(segment, front->data);
  size_t end = start + kept;
  size_t claimed = fp_segment_claim_back(segment, end, len - kept);
  if (claimed == len - kept) {
    fp_segment_ref(segment);
  } else {
    if (claimed > 0) fp_segment_return_back(segment, end + claimed, end);
    segment = buffer_new_coalesced(buffer, len);
    if (segment == NULL) return FASTPATH_ERR_MEMORY;
    fp_segment_claim_first(segment, 0, len);
    kept = 0;
    start = 0;
  }
  uint8_t *target = segment->data + start;
  (void)fp_buffer_copy_out(buffer, kept, target + kept, len - kept);
  fp_segment *dead = NULL;
  fp_chain_drain(&buffer->chain, len, &dead);
  fp_chain_push_front(&buffer->chain, segment, target, len);
  fp_segment_bury(dead);
  return FASTPATH_OK;
}

fp_status fp_buffer_coalesce(fp_buffer *buffer, size_t len, fp_slice *slice) {
  if (len > buffer->length) return FASTPATH_ERR_ARGUMENT;
  if (len > 0 && fp_chain_at(&buffer->chain, 0)->len < len) {
    fp_status status = buffer_coalesce_slices(buffer, len);
    if (status < 0) return status;
  }
  if (slice != NULL) {
    *slice = len > 0 ? *fp_chain_at(&buffer->chain, 0) : (fp_slice){NULL, NULL, 0};
    slice->len = len;
  }
  return FASTPATH_OK;
}

fp_status fp_buffer_take(fp_buffer *buffer, size_t len, fp_slice *slice) {
  if (len == 0) return FASTPATH_ERR_ARGUMENT;
  if (buffer->exports > 0) return FASTPATH_ERR_BUSY;
  fp_slice taken;
  fp_status status = fp_buffer_coalesce(buffer, len, &taken);
  if (status < 0) return status;
  fp_slice *front = fp_chain_at(&buffer->chain, 0);
  if (front->len == len) {
    (void)fp_chain_pop_front(&buffer->chain);
    fp_chain_trim(&buffer->chain);
  } else {
    fp_segment_ref(taken.segment);
    front->data += len;
    front->len -= len;
  }
  buffer->length -= len;
  *slice = taken;
  return FASTPATH_OK;
}
