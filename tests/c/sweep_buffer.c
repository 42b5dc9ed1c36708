/* Scenarios of the failing-allocation sweep: buffers, segments, pools. */
#include "sweep.h"

static bool holds(const fp_buffer *buffer, const char *text) {
  uint8_t bytes[4096];
  size_t len = fp_buffer_length(buffer);
  return len == strlen(text) && fp_buffer_copy_out(buffer, 0, bytes, len) == FASTPATH_OK &&
         memcmp(bytes, text, len) == 0;
}

static void count_release(void *context) { ++*(int *)context; }

static fp_pool *pool_new(void) {
  fp_pool *pool = NULL;
  TRY(fp_pool_new(64, 2, &pool), pool == NULL);
  CHECK_EQ(fp_pool_block_size(pool), 64);
  return pool;
}

static fp_buffer *pieces_new(const char *text) {
  fp_buffer *buffer;
  TRY_NEW(buffer, fp_buffer_new(NULL));
  for (size_t i = 0; text[i] != '\0'; i++) {
    TRY(fp_buffer_append_external(buffer, text + i, 1, NULL, NULL), fp_buffer_length(buffer) == i);
  }
  return buffer;
}

void sweep_buffer_growth(void) {
  static char long_text[201];
  memset(long_text, 'x', 200);
  fp_pool *pool = pool_new();
  fp_buffer *buffer;
  TRY_NEW(buffer, fp_buffer_new(pool));
  TRY(fp_buffer_append(buffer, "one", 3), holds(buffer, ""));
  TRY(fp_buffer_append(buffer, long_text, 200), holds(buffer, "one")); /* partly into the first block */
  CHECK_EQ(fp_buffer_drain(buffer, 203), FASTPATH_OK);
  TRY(fp_buffer_append(buffer, "two", 3), holds(buffer, ""));
  TRY(fp_buffer_prepend(buffer, "one,", 4), holds(buffer, "two"));

  int released = 0;
  fp_segment *segment = NULL;
  TRY(fp_segment_new_external("three", 5, count_release, &released, &segment), segment == NULL && released == 0);
  CHECK(fp_segment_ref(segment) == segment);
  fp_segment_unref(segment);
  CHECK_EQ(released, 0);
  fp_segment_unref(segment);
  CHECK_EQ(released, 1);

  /* More slices than fit inside the buffer itself. */
  fp_slice first;
  CHECK_EQ(fp_buffer_slice(buffer, 0, &first), FASTPATH_OK);
  CHECK_BYTES(first.data, first.len, "one,");
  TRY(fp_buffer_append_slice(buffer, &first), holds(buffer, "one,two"));
  TRY(fp_buffer_prepend_slice(buffer, &first), holds(buffer, "one,twoone,"));
  TRY(fp_buffer_append_external(buffer, "1", 1, count_release, &released), released == 1);
  TRY(fp_buffer_append_slice(buffer, &first), holds(buffer, "one,one,twoone,1"));
  TRY(fp_buffer_prepend_slice(buffer, &first), holds(buffer, "one,one,twoone,1one,"));
  CHECK(holds(buffer, "one,one,one,twoone,1one,"));
  CHECK_EQ(fp_buffer_clear(buffer), FASTPATH_OK);
  CHECK_EQ(released, 2);
  fp_buffer_free(buffer);
  CHECK_EQ(fp_pool_in_use(pool), 0);
  CHECK(fp_pool_cached(pool) <= 2);
  CHECK(fp_pool_ref(pool) == pool);
  fp_pool_unref(pool);
  fp_pool_unref(pool);
}

void sweep_buffer_moves(void) {
  fp_buffer *source = pieces_new("abcdefghij");
  fp_buffer *target, *head;
  TRY_NEW(target, fp_buffer_new(NULL));
  TRY(fp_buffer_share(target, source, 1, 8), holds(target, "") && holds(source, "abcdefghij"));
  TRY(fp_buffer_move(target, source, 7), holds(target, "bcdefghi") && holds(source, "abcdefghij"));
  TRY(fp_buffer_split(target, 9, &head), holds(target, "bcdefghiabcdefg"));
  CHECK(holds(head, "bcdefghia"));
  TRY(fp_buffer_coalesce(head, 5, NULL), holds(head, "bcdefghia"));
  fp_slice slice = {NULL, NULL, 0};
  TRY(fp_buffer_take(head, 8, &slice), holds(head, "bcdefghia") && slice.segment == NULL);
  CHECK_BYTES(slice.data, slice.len, "bcdefghi");
  TRY(fp_buffer_move_all(target, source), holds(target, "bcdefg") && holds(source, "hij"));
  fp_span span = {NULL, 0};
  TRY(fp_buffer_export(target, &span), span.data == NULL && fp_buffer_exports(target) == 0);
  CHECK_BYTES(span.data, span.len, "bcdefghij");
  fp_buffer_unexport(target);
  fp_buffer_free(head);
  fp_buffer_free(source);
  fp_buffer_free(target);
  CHECK_BYTES(slice.data, slice.len, "bcdefghi");
  fp_segment_unref(slice.segment);
}

void sweep_buffer_reading(void) {
  char sequence[301];
  memset(sequence, 'a', 300);
  sequence[299] = 'b';
  sequence[300] = '\0';
  fp_buffer *buffer = pieces_new("\r\n\r\n");
  fp_buffer *other;
  size_t position = SIZE_MAX;
  TRY_NEW(other, fp_buffer_new(NULL));
  TRY(fp_buffer_append(other, sequence, 300), fp_buffer_length(other) == 0);
  TRY(fp_buffer_find(other, sequence, 300, 0, &position), position == SIZE_MAX); /* long ones need a table */
  CHECK_EQ(position, 0);
  TRY(fp_buffer_find(buffer, "\r\n\r\n", 4, 0, &position), true);
  TRY(fp_buffer_find_byte(buffer, '\n', 0, &position), true);
  CHECK_EQ(position, 1);
  fp_span spans[4];
  CHECK_EQ(fp_buffer_slice_count(buffer), 4);
  CHECK_EQ(fp_buffer_spans(buffer, spans, 4), 4);
  CHECK(fp_buffer_compare(buffer, other) < 0);
  CHECK_EQ(fp_buffer_compare_bytes(buffer, "\r\n\r\n", 4), 0);
  fp_buffer_free(buffer);
  fp_buffer_free(other);
}

void sweep_buffer_receiving(void) {
  fp_pool *pool = pool_new();
  fp_buffer *buffer;
  uint8_t *data = NULL;
  size_t len, count;
  TRY_NEW(buffer, fp_buffer_new(pool));
  TRY(fp_buffer_reserve(buffer, 10, &data, &len), data == NULL && holds(buffer, ""));
  memcpy(data, "received", 8);
  CHECK_EQ(fp_buffer_commit(buffer, 8), FASTPATH_OK);
  fp_room rooms[FASTPATH_BUFFER_MAX_ROOMS];
  TRY(fp_buffer_reserve_rooms(buffer, 500, rooms, FASTPATH_BUFFER_MAX_ROOMS, &count), holds(buffer, "received"));
  CHECK(fp_buffer_room_segment(buffer, 0) != NULL);
  /* A larger reservation that fails leaves the one before. */
  size_t before = rooms[0].len;
  TRY(fp_buffer_reserve_rooms(buffer, 5000, rooms, FASTPATH_BUFFER_MAX_ROOMS, &count),
      rooms[0].len == before && fp_buffer_room_segment(buffer, 3) != NULL);
  memset(rooms[0].data, 'y', rooms[0].len);
  CHECK_EQ(fp_buffer_commit(buffer, rooms[0].len), FASTPATH_OK);
  CHECK_EQ(fp_buffer_length(buffer), 8 + rooms[0].len);
  fp_buffer_free(buffer);
  fp_pool_unref(pool);
}
