/* Receiving straight into a buffer: reserve room, let the kernel fill it, commit. */
#include <fastpath/buffer.h>

#include "buffer_state.h"
#include "pool.h"

/* Without a pool, the least that is opened to receive into. */
#define RECEIVE_SIZE ((size_t)16384)

#if defined(__unix__) || defined(__APPLE__)
#include <sys/uio.h>
_Static_assert(sizeof(fp_room) == sizeof(struct iovec), "an array of rooms is an array of iovec");
_Static_assert(offsetof(fp_room, data) == offsetof(struct iovec, iov_base), "the address comes first");
_Static_assert(offsetof(fp_room, len) == offsetof(struct iovec, iov_len), "the length comes second");
_Static_assert(sizeof(fp_span) == sizeof(struct iovec), "an array of spans is an array of iovec");
#endif

static void rooms_give_back(fp_slice *rooms, size_t count, fp_segment **dead) {
  for (size_t i = 0; i < count; i++) {
    size_t start = fp_segment_offset(rooms[i].segment, rooms[i].data);
    fp_segment_return_back(rooms[i].segment, start + rooms[i].len, start);
    fp_segment_drop(rooms[i].segment, dead);
  }
}

/* Room behind the last slice, when it is at least `min` bytes. */
static int rooms_take_tail(fp_buffer *buffer, size_t min, fp_slice *room) {
  fp_slice *last = fp_chain_last(&buffer->chain);
  if (last == NULL) return 0;
  fp_segment *segment = last->segment;
  size_t end = fp_segment_offset(segment, last->data) + last->len;
  if (segment->capacity - end < min) return 0;
  size_t claimed = fp_segment_claim_back(segment, end, segment->capacity - end);
  if (claimed == 0) return 0;
  *room = (fp_slice){fp_segment_ref(segment), segment->data + end, claimed};
  return 1;
}

static fp_status rooms_collect(fp_buffer *buffer, size_t min, size_t capacity, fp_slice *rooms, size_t *count) {
  size_t total = 0;
  size_t taken = 0;
  if (rooms_take_tail(buffer, capacity == 1 ? min : 1, &rooms[0])) {
    total = rooms[0].len;
    taken = 1;
  }
  size_t block = buffer->pool == NULL ? RECEIVE_SIZE : fp_pool_block_size(buffer->pool);
  while (total < min) {
    /* Whole blocks while there are pieces left; the last piece takes all that is missing. */
    size_t missing = min - total;
    size_t size = missing < block || taken + 1 < capacity ? block : missing;
    fp_segment *segment = fp_buffer_new_segment(buffer, size);
    if (segment == NULL) {
      fp_segment *dead = NULL;
      rooms_give_back(rooms, taken, &dead);
      fp_segment_bury(dead);
      return FASTPATH_ERR_MEMORY;
    }
    fp_segment_claim_first(segment, 0, segment->capacity);
    rooms[taken++] = (fp_slice){segment, segment->data, segment->capacity};
    total += segment->capacity;
  }
  *count = taken;
  return FASTPATH_OK;
}

static size_t rooms_total(const fp_buffer *buffer) {
  size_t total = 0;
  for (size_t i = 0; i < buffer->room_count; i++) total += buffer->rooms[i].len;
  return total;
}

fp_status fp_buffer_reserve_rooms(fp_buffer *buffer, size_t min, fp_room *rooms, size_t capacity, size_t *count) {
  if (capacity == 0 || capacity > FASTPATH_BUFFER_MAX_ROOMS) return FASTPATH_ERR_ARGUMENT;
  if (min == 0) min = 1;
  if (min > FP_BUFFER_LENGTH_MAX - buffer->length) return FASTPATH_ERR_OVERFLOW;
  if (buffer->room_count == 0 || buffer->room_count > capacity || rooms_total(buffer) < min) {
    fp_slice collected[FASTPATH_BUFFER_MAX_ROOMS];
    size_t collected_count = 0;
    fp_status status = fp_chain_ensure(&buffer->chain, capacity);
    if (status == FASTPATH_OK) status = rooms_collect(buffer, min, capacity, collected, &collected_count);
    if (status < 0) return status;
    fp_segment *dead = NULL;
    rooms_give_back(buffer->rooms, buffer->room_count, &dead);
    for (size_t i = 0; i < collected_count; i++) buffer->rooms[i] = collected[i];
    buffer->room_count = collected_count;
    fp_segment_bury(dead);
  }
  for (size_t i = 0; i < buffer->room_count; i++) {
    fp_slice *room = &buffer->rooms[i];
    rooms[i] = (fp_room){room->segment->data + fp_segment_offset(room->segment, room->data), room->len};
  }
  *count = buffer->room_count;
  return FASTPATH_OK;
}

fp_status fp_buffer_reserve(fp_buffer *buffer, size_t min, uint8_t **data, size_t *len) {
  fp_room room;
  size_t count;
  fp_status status = fp_buffer_reserve_rooms(buffer, min, &room, 1, &count);
  if (status < 0) return status;
  *data = room.data;
  *len = room.len;
  return FASTPATH_OK;
}

fp_segment *fp_buffer_room_segment(const fp_buffer *buffer, size_t index) {
  return index < buffer->room_count ? buffer->rooms[index].segment : NULL;
}

fp_status fp_buffer_commit(fp_buffer *buffer, size_t len) {
  if (len > rooms_total(buffer)) return FASTPATH_ERR_ARGUMENT;
  fp_status status = fp_buffer_check_growth(buffer, len);
  if (status < 0) return status;
  buffer->length += len;
  size_t used = 0;
  while (len > 0) {
    fp_slice *room = &buffer->rooms[used++];
    size_t kept = room->len < len ? room->len : len;
    size_t start = fp_segment_offset(room->segment, room->data);
    fp_segment_return_back(room->segment, start + room->len, start + kept);
    fp_chain_push_back(&buffer->chain, room->segment, room->data, kept);
    len -= kept;
  }
  fp_segment *dead = NULL;
  size_t count = buffer->room_count;
  buffer->room_count = 0;
  rooms_give_back(buffer->rooms + used, count - used, &dead);
  fp_segment_bury(dead);
  return FASTPATH_OK;
}
