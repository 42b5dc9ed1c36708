/* Buffers: life, growth by copies, by slices and by external memory, removal, export. */
#include <fastpath/buffer.h>

#include <string.h>

#include "buffer_state.h"
#include "memory.h"
#include "pool.h"

/* Without a pool, blocks grow with the buffer between these sizes. */
#define BLOCK_SIZE_MIN ((size_t)1024)
#define BLOCK_SIZE_MAX ((size_t)65536)
#define PREPEND_SIZE_MIN ((size_t)256)

fp_buffer *fp_buffer_new(fp_pool *pool) {
  fp_buffer *buffer = fp_memory_alloc(sizeof *buffer);
  if (buffer == NULL) return NULL;
  buffer->length = 0;
  buffer->exports = 0;
  buffer->pool = fp_pool_ref(pool);
  buffer->room_count = 0;
  fp_chain_init(&buffer->chain);
  return buffer;
}

void fp_buffer_free(fp_buffer *buffer) {
  if (buffer == NULL) return;
  fp_segment *dead = NULL;
  for (size_t i = 0; i < buffer->room_count; i++) {
    fp_slice *room = &buffer->rooms[i];
    size_t start = fp_segment_offset(room->segment, room->data);
    fp_segment_return_back(room->segment, start + room->len, start);
    fp_segment_drop(room->segment, &dead);
  }
  fp_chain_clear(&buffer->chain, &dead);
  fp_pool_unref(buffer->pool);
  fp_memory_free(buffer);
  fp_segment_bury(dead);
}

size_t fp_buffer_length(const fp_buffer *buffer) { return buffer->length; }

size_t fp_buffer_slice_count(const fp_buffer *buffer) { return buffer->chain.count; }

fp_status fp_buffer_check_growth(const fp_buffer *buffer, size_t more) {
  if (more == 0) return FASTPATH_OK;
  if (buffer->exports > 0) return FASTPATH_ERR_BUSY;
  return more > FP_BUFFER_LENGTH_MAX - buffer->length ? FASTPATH_ERR_OVERFLOW : FASTPATH_OK;
}

fp_status fp_buffer_ensure(fp_buffer *buffer, size_t slices) {
  if (slices > SIZE_MAX - buffer->room_count) return FASTPATH_ERR_OVERFLOW;
  return fp_chain_ensure(&buffer->chain, slices + buffer->room_count);
}

fp_segment *fp_buffer_new_segment(const fp_buffer *buffer, size_t min) {
  if (buffer->pool != NULL) {
    return min <= fp_pool_block_size(buffer->pool) ? fp_pool_take(buffer->pool) : fp_segment_new(min);
  }
  size_t size = buffer->length < BLOCK_SIZE_MIN ? BLOCK_SIZE_MIN : buffer->length;
  if (size > BLOCK_SIZE_MAX) size = BLOCK_SIZE_MAX;
  return fp_segment_new(min > size ? min : size);
}

fp_status fp_buffer_append(fp_buffer *buffer, const void *data, size_t len) {
  fp_status status = fp_buffer_check_growth(buffer, len);
  if (status < 0 || len == 0) return status;
  if (data == NULL) return FASTPATH_ERR_ARGUMENT;

  fp_slice *last = fp_chain_last(&buffer->chain);
  size_t end = 0;
  size_t claimed = 0;
  if (last != NULL) {
    end = fp_segment_offset(last->segment, last->data) + last->len;
    claimed = fp_segment_claim_back(last->segment, end, len);
  }
  size_t rest = len - claimed;
  fp_segment *segment = NULL;
  if (rest > 0) {
    status = fp_buffer_ensure(buffer, 1);
    if (status == FASTPATH_OK && (segment = fp_buffer_new_segment(buffer, rest)) == NULL) status = FASTPATH_ERR_MEMORY;
    last = fp_chain_last(&buffer->chain);
    if (status < 0) {
      if (claimed > 0) fp_segment_return_back(last->segment, end + claimed, end);
      return status;
    }
  }
  if (claimed > 0) {
    memcpy(last->segment->data + end, data, claimed);
    last->len += claimed;
  }
  if (rest > 0) {
    fp_segment_claim_first(segment, 0, rest);
    memcpy(segment->data, (const uint8_t *)data + claimed, rest);
    fp_chain_push_back(&buffer->chain, segment, segment->data, rest);
  }
  buffer->length += len;
  return FASTPATH_OK;
}

fp_status fp_buffer_prepend(fp_buffer *buffer, const void *data, size_t len) {
  fp_status status = fp_buffer_check_growth(buffer, len);
  if (status < 0 || len == 0) return status;
  if (data == NULL) return FASTPATH_ERR_ARGUMENT;

  if (buffer->chain.count > 0) {
    fp_slice *front = fp_chain_at(&buffer->chain, 0);
    size_t start = fp_segment_offset(front->segment, front->data);
    if (fp_segment_claim_front(front->segment, start, len)) {
      uint8_t *target = front->segment->data + (start - len);
      memcpy(target, data, len);
      front->data = target;
      front->len += len;
      buffer->length += len;
      return FASTPATH_OK;
    }
  }
  status = fp_buffer_ensure(buffer, 1);
  if (status < 0) return status;
  /* What is prepended grows backwards: as much headroom as content, so that many small ones share a segment. */
  size_t size = len < PREPEND_SIZE_MIN / 2 ? PREPEND_SIZE_MIN : len > FP_BUFFER_LENGTH_MAX / 2 ? len : 2 * len;
  fp_segment *segment = fp_segment_new(size);
  if (segment == NULL) return FASTPATH_ERR_MEMORY;
  fp_segment_claim_first(segment, segment->capacity - len, len);
  uint8_t *target = segment->data + (segment->capacity - len);
  memcpy(target, data, len);
  fp_chain_push_front(&buffer->chain, segment, target, len);
  buffer->length += len;
  return FASTPATH_OK;
}

static fp_status buffer_check_slice(fp_buffer *buffer, const fp_slice *slice) {
  fp_status status = fp_buffer_check_growth(buffer, slice->len);
  if (status < 0 || slice->len == 0) return status;
  if (slice->segment == NULL || !fp_segment_contains(slice->segment, slice->data, slice->len)) {
    return FASTPATH_ERR_ARGUMENT;
  }
  return fp_buffer_ensure(buffer, 1);
}

fp_status fp_buffer_append_slice(fp_buffer *buffer, const fp_slice *slice) {
  fp_slice added = *slice; /* it may lie in the ring that buffer_check_slice grows */
  fp_status status = buffer_check_slice(buffer, &added);
  if (status < 0 || added.len == 0) return status;
  fp_chain_push_back(&buffer->chain, fp_segment_ref(added.segment), added.data, added.len);
  buffer->length += added.len;
  return FASTPATH_OK;
}

fp_status fp_buffer_prepend_slice(fp_buffer *buffer, const fp_slice *slice) {
  fp_slice added = *slice;
  fp_status status = buffer_check_slice(buffer, &added);
  if (status < 0 || added.len == 0) return status;
  fp_chain_push_front(&buffer->chain, fp_segment_ref(added.segment), added.data, added.len);
  buffer->length += added.len;
  return FASTPATH_OK;
}

fp_status fp_buffer_append_external(fp_buffer *buffer, const void *data, size_t len, fp_release_fn release,
                                    void *context) {
  if (len == 0) {
    if (release != NULL) release(context);
    return FASTPATH_OK;
  }
  fp_status status = fp_buffer_check_growth(buffer, len);
  if (status == FASTPATH_OK) status = fp_buffer_ensure(buffer, 1);
  if (status < 0) return status;
  fp_segment *segment;
  status = fp_segment_new_external(data, len, release, context, &segment);
  if (status < 0) return status;
  fp_chain_push_back(&buffer->chain, segment, segment->data, len);
  buffer->length += len;
  return FASTPATH_OK;
}

fp_status fp_buffer_drain(fp_buffer *buffer, size_t len) {
  if (len > buffer->length) return FASTPATH_ERR_ARGUMENT;
  if (len == 0) return FASTPATH_OK;
  if (buffer->exports > 0) return FASTPATH_ERR_BUSY;
  fp_segment *dead = NULL;
  fp_chain_drain(&buffer->chain, len, &dead);
  fp_chain_trim(&buffer->chain);
  buffer->length -= len;
  fp_segment_bury(dead);
  return FASTPATH_OK;
}

fp_status fp_buffer_clear(fp_buffer *buffer) { return fp_buffer_drain(buffer, buffer->length); }

fp_status fp_buffer_export(fp_buffer *buffer, fp_span *span) {
  static const uint8_t nothing[1] = {0};
  if (buffer->exports == SIZE_MAX) return FASTPATH_ERR_OVERFLOW;
  fp_status status = fp_buffer_coalesce(buffer, buffer->length, NULL);
  if (status < 0) return status;
  buffer->exports++;
  *span = (fp_span){buffer->length > 0 ? fp_chain_at(&buffer->chain, 0)->data : nothing, buffer->length};
  return FASTPATH_OK;
}

void fp_buffer_unexport(fp_buffer *buffer) { buffer->exports--; }

size_t fp_buffer_exports(const fp_buffer *buffer) { return buffer->exports; }
