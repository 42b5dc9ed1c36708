/* Reading a buffer without changing it: spans, copies, searches, comparisons. */
#include <fastpath/buffer.h>

#include <string.h>

#include "buffer_state.h"
#include "memory.h"

/* Longer sequences keep their table of borders in allocated memory. */
#define SEQUENCE_SMALL 256

fp_status fp_buffer_slice(const fp_buffer *buffer, size_t index, fp_slice *slice) {
  if (index >= buffer->chain.count) return FASTPATH_ERR_ARGUMENT;
  *slice = *fp_chain_at(&buffer->chain, index);
  return FASTPATH_OK;
}

size_t fp_buffer_spans(const fp_buffer *buffer, fp_span *spans, size_t capacity) {
  size_t count = buffer->chain.count < capacity ? buffer->chain.count : capacity;
  for (size_t i = 0; i < count; i++) {
    const fp_slice *slice = fp_chain_at(&buffer->chain, i);
    spans[i] = (fp_span){slice->data, slice->len};
  }
  return count;
}

fp_status fp_buffer_copy_out(const fp_buffer *buffer, size_t offset, void *out, size_t len) {
  if (offset > buffer->length || len > buffer->length - offset) return FASTPATH_ERR_ARGUMENT;
  uint8_t *target = out;
  size_t within;
  for (size_t index = fp_chain_locate(&buffer->chain, offset, &within); len > 0; index++) {
    const fp_slice *slice = fp_chain_at(&buffer->chain, index);
    size_t part = slice->len - within;
    if (part > len) part = len;
    memcpy(target, slice->data + within, part);
    target += part;
    len -= part;
    within = 0;
  }
  return FASTPATH_OK;
}

fp_status fp_buffer_find_byte(const fp_buffer *buffer, uint8_t byte, size_t offset, size_t *position) {
  if (offset >= buffer->length) return FASTPATH_NONE;
  size_t within;
  size_t index = fp_chain_locate(&buffer->chain, offset, &within);
  for (size_t start = offset - within; index < buffer->chain.count; index++) {
    const fp_slice *slice = fp_chain_at(&buffer->chain, index);
    const uint8_t *found = memchr(slice->data + within, byte, slice->len - within);
    if (found != NULL) {
      *position = start + (size_t)(found - slice->data);
      return FASTPATH_OK;
    }
    start += slice->len;
    within = 0;
  }
  return FASTPATH_NONE;
}

/* borders[i]: length of the longest proper border of sequence[0 .. i]. Knuth, Morris, Pratt. */
static void sequence_fill_borders(const uint8_t *sequence, size_t len, size_t *borders) {
  borders[0] = 0;
  for (size_t i = 1, matched = 0; i < len; i++) {
    while (matched > 0 && sequence[i] != sequence[matched]) matched = borders[matched - 1];
    if (sequence[i] == sequence[matched]) matched++;
    borders[i] = matched;
  }
}

/* The state that is carried from slice to slice is one number: how much of the sequence the last bytes match. */
static fp_status buffer_scan(const fp_buffer *buffer, const uint8_t *sequence, size_t len, const size_t *borders,
                             size_t offset, size_t *position) {
  size_t within;
  size_t matched = 0;
  size_t index = fp_chain_locate(&buffer->chain, offset, &within);
  for (size_t start = offset - within; index < buffer->chain.count; index++) {
    const fp_slice *slice = fp_chain_at(&buffer->chain, index);
    for (size_t i = within; i < slice->len; i++) {
      if (matched == 0) {
        const uint8_t *found = memchr(slice->data + i, sequence[0], slice->len - i);
        if (found == NULL) break;
        i = (size_t)(found - slice->data);
      }
      while (matched > 0 && slice->data[i] != sequence[matched]) matched = borders[matched - 1];
      if (slice->data[i] == sequence[matched]) matched++;
      if (matched == len) {
        *position = start + i + 1 - len;
        return FASTPATH_OK;
      }
    }
    start += slice->len;
    within = 0;
  }
  return FASTPATH_NONE;
}

fp_status fp_buffer_find(const fp_buffer *buffer, const void *sequence, size_t len, size_t offset, size_t *position) {
  if (offset > buffer->length || len > buffer->length - offset) return FASTPATH_NONE;
  if (len == 0) {
    *position = offset;
    return FASTPATH_OK;
  }
  if (len == 1) return fp_buffer_find_byte(buffer, *(const uint8_t *)sequence, offset, position);
  size_t small[SEQUENCE_SMALL];
  size_t *borders = small;
  if (len > SEQUENCE_SMALL) {
    if (len > SIZE_MAX / sizeof *borders) return FASTPATH_ERR_OVERFLOW;
    borders = fp_memory_alloc(len * sizeof *borders);
    if (borders == NULL) return FASTPATH_ERR_MEMORY;
  }
  sequence_fill_borders(sequence, len, borders);
  fp_status status = buffer_scan(buffer, sequence, len, borders, offset, position);
  if (borders != small) fp_memory_free(borders);
  return status;
}

static int order_lengths(size_t left, size_t right) { return (left > right) - (left < right); }

int fp_buffer_compare(const fp_buffer *buffer, const fp_buffer *other) {
  size_t at = 0;
  size_t other_at = 0;
  for (size_t i = 0, j = 0; i < buffer->chain.count && j < other->chain.count;) {
    const fp_slice *left = fp_chain_at(&buffer->chain, i);
    const fp_slice *right = fp_chain_at(&other->chain, j);
    size_t part = left->len - at < right->len - other_at ? left->len - at : right->len - other_at;
    int order = memcmp(left->data + at, right->data + other_at, part);
    if (order != 0) return order;
    at += part;
    other_at += part;
    if (at == left->len) {
      at = 0;
      i++;
    }
    if (other_at == right->len) {
      other_at = 0;
      j++;
    }
  }
  return order_lengths(buffer->length, other->length);
}

int fp_buffer_compare_bytes(const fp_buffer *buffer, const void *data, size_t len) {
  const uint8_t *right = data;
  size_t left_over = len;
  for (size_t i = 0; i < buffer->chain.count && left_over > 0; i++) {
    const fp_slice *slice = fp_chain_at(&buffer->chain, i);
    size_t part = slice->len < left_over ? slice->len : left_over;
    int order = memcmp(slice->data, right, part);
    if (order != 0) return order;
    right += part;
    left_over -= part;
  }
  return order_lengths(buffer->length, len);
}
