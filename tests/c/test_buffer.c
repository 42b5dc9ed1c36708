/* Buffers, segments and pools: what each call promises, case by case. Sequences of calls are the fuzzer's part. */
#include <fastpath/buffer.h>

#include "check.h"

static fp_buffer *buffer_of(const char *text) {
  fp_buffer *buffer = fp_buffer_new(NULL);
  CHECK(buffer != NULL);
  CHECK_EQ(fp_buffer_append(buffer, text, strlen(text)), FASTPATH_OK);
  return buffer;
}

static void check_content(const fp_buffer *buffer, const char *text) {
  uint8_t bytes[4096];
  size_t len = fp_buffer_length(buffer);
  CHECK_EQ(len, strlen(text));
  CHECK_EQ(fp_buffer_copy_out(buffer, 0, bytes, len), FASTPATH_OK);
  CHECK(memcmp(bytes, text, len) == 0);
}

static void count_release(void *context) { ++*(int *)context; }

/* A buffer that holds each character of text in a segment of its own. */
static fp_buffer *buffer_of_pieces(const char *text) {
  fp_buffer *buffer = fp_buffer_new(NULL);
  for (const char *c = text; *c != '\0'; c++) {
    CHECK_EQ(fp_buffer_append_external(buffer, c, 1, NULL, NULL), FASTPATH_OK);
  }
  CHECK_EQ(fp_buffer_slice_count(buffer), strlen(text));
  return buffer;
}

static void test_appends_grow_in_place(void) {
  fp_buffer *buffer = buffer_of("hello");
  CHECK_EQ(fp_buffer_append(buffer, ", world", 7), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice_count(buffer), 1);
  check_content(buffer, "hello, world");
  CHECK_EQ(fp_buffer_append(buffer, NULL, 0), FASTPATH_OK);
  CHECK_EQ(fp_buffer_append(buffer, NULL, 1), FASTPATH_ERR_ARGUMENT);
  fp_buffer_free(buffer);
}

static void test_prepends_share_headroom(void) {
  fp_buffer *buffer = buffer_of("body");
  CHECK_EQ(fp_buffer_prepend(buffer, "c ", 2), FASTPATH_OK);
  CHECK_EQ(fp_buffer_prepend(buffer, "b ", 2), FASTPATH_OK);
  CHECK_EQ(fp_buffer_prepend(buffer, "a ", 2), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice_count(buffer), 2);
  check_content(buffer, "a b c body");
  CHECK_EQ(fp_buffer_prepend(buffer, NULL, 1), FASTPATH_ERR_ARGUMENT);
  fp_buffer_free(buffer);
}

static void test_drained_bytes_become_headroom_of_their_sole_owner(void) {
  fp_buffer *buffer = buffer_of("0123456789");
  CHECK_EQ(fp_buffer_drain(buffer, 5), FASTPATH_OK);
  CHECK_EQ(fp_buffer_prepend(buffer, "ab", 2), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice_count(buffer), 1);
  check_content(buffer, "ab56789");

  fp_slice held;
  CHECK_EQ(fp_buffer_take(buffer, 3, &held), FASTPATH_OK);
  CHECK_EQ(fp_buffer_prepend(buffer, "xyz", 3), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice_count(buffer), 2);
  check_content(buffer, "xyz6789");
  CHECK_BYTES(held.data, held.len, "ab5");
  fp_segment_unref(held.segment);
  fp_buffer_free(buffer);
}

static void test_two_buffers_never_grow_into_the_same_room(void) {
  fp_buffer *first = buffer_of("shared");
  fp_buffer *second = fp_buffer_new(NULL);
  CHECK_EQ(fp_buffer_share(second, first, 0, 6), FASTPATH_OK);
  CHECK_EQ(fp_buffer_append(second, " two", 4), FASTPATH_OK); /* claims the room */
  CHECK_EQ(fp_buffer_append(first, " one", 4), FASTPATH_OK);  /* finds it taken */
  CHECK_EQ(fp_buffer_slice_count(second), 1);
  CHECK_EQ(fp_buffer_slice_count(first), 2);
  check_content(first, "shared one");
  check_content(second, "shared two");
  fp_buffer_free(first);
  check_content(second, "shared two");
  fp_buffer_free(second);
}

static void test_slices_must_be_bytes_of_their_segment(void) {
  fp_buffer *buffer = buffer_of("bytes");
  fp_slice slice;
  CHECK_EQ(fp_buffer_slice(buffer, 0, &slice), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice(buffer, 1, &slice), FASTPATH_ERR_ARGUMENT);
  fp_slice beyond = {slice.segment, slice.data, 6}; /* memory of the segment that was never given out */
  CHECK_EQ(fp_buffer_append_slice(buffer, &beyond), FASTPATH_ERR_ARGUMENT);
  fp_slice before = {slice.segment, slice.data - 1, 2};
  CHECK_EQ(fp_buffer_append_slice(buffer, &before), FASTPATH_ERR_ARGUMENT);
  fp_slice elsewhere = {slice.segment, (const uint8_t *)"bytes", 5};
  CHECK_EQ(fp_buffer_prepend_slice(buffer, &elsewhere), FASTPATH_ERR_ARGUMENT);
  fp_slice nowhere = {NULL, slice.data, 1};
  CHECK_EQ(fp_buffer_append_slice(buffer, &nowhere), FASTPATH_ERR_ARGUMENT);
  fp_slice empty = {NULL, NULL, 0};
  CHECK_EQ(fp_buffer_append_slice(buffer, &empty), FASTPATH_OK);
  CHECK_EQ(fp_buffer_append_slice(buffer, &slice), FASTPATH_OK); /* to the end of itself */
  check_content(buffer, "bytesbytes");
  fp_buffer_free(buffer);
}

static void test_external_memory_is_released_once(void) {
  int released = 0;
  fp_buffer *buffer = fp_buffer_new(NULL);
  fp_slice held;
  CHECK_EQ(fp_buffer_append_external(buffer, "external", 8, count_release, &released), FASTPATH_OK);
  CHECK_EQ(fp_buffer_append(buffer, "!", 1), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice_count(buffer), 2); /* nothing is written behind memory of others */
  CHECK_EQ(fp_buffer_take(buffer, 3, &held), FASTPATH_OK);
  fp_buffer_free(buffer);
  CHECK_EQ(released, 0);
  CHECK_BYTES(held.data, held.len, "ext");
  fp_segment_unref(held.segment);
  CHECK_EQ(released, 1);

  buffer = fp_buffer_new(NULL);
  CHECK_EQ(fp_buffer_append_external(buffer, "", 0, count_release, &released), FASTPATH_OK);
  CHECK_EQ(released, 2);
  CHECK_EQ(fp_buffer_append_external(buffer, NULL, 1, count_release, &released), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(released, 2);
  fp_buffer_free(buffer);
  fp_segment_unref(NULL);
  fp_buffer_free(NULL);
}

typedef struct reentry {
  fp_buffer *buffer;
  size_t length_seen;
} reentry;

static void append_on_release(void *context) {
  reentry *r = context;
  r->length_seen = fp_buffer_length(r->buffer);
  CHECK_EQ(fp_buffer_append(r->buffer, "more", 4), FASTPATH_OK);
}

static void test_release_may_use_the_buffer(void) {
  reentry r = {fp_buffer_new(NULL), SIZE_MAX};
  CHECK_EQ(fp_buffer_append_external(r.buffer, "once", 4, append_on_release, &r), FASTPATH_OK);
  CHECK_EQ(fp_buffer_drain(r.buffer, 4), FASTPATH_OK);
  CHECK_EQ(r.length_seen, 0);
  check_content(r.buffer, "more");
  CHECK_EQ(fp_buffer_append_external(r.buffer, "once", 4, append_on_release, &r), FASTPATH_OK);
  CHECK_EQ(fp_buffer_coalesce(r.buffer, 8, NULL), FASTPATH_OK);
  CHECK_EQ(r.length_seen, 8);
  check_content(r.buffer, "moreoncemore");
  fp_buffer_free(r.buffer);
}

static void test_receiving(void) {
  fp_pool *pool;
  CHECK_EQ(fp_pool_new(64, 4, &pool), FASTPATH_OK);
  fp_buffer *buffer = fp_buffer_new(pool);
  uint8_t *data;
  size_t len;
  CHECK_EQ(fp_buffer_reserve(buffer, 1, &data, &len), FASTPATH_OK);
  CHECK_EQ(len, 64);
  memcpy(data, "abc", 3);
  CHECK_EQ(fp_buffer_append(buffer, "first,", 6), FASTPATH_OK); /* does not disturb the reservation */
  CHECK_EQ(fp_buffer_commit(buffer, 65), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_commit(buffer, 3), FASTPATH_OK);
  check_content(buffer, "first,abc");
  CHECK_EQ(fp_buffer_commit(buffer, 1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_commit(buffer, 0), FASTPATH_OK);

  uint8_t *again;
  CHECK_EQ(fp_buffer_reserve(buffer, 40, &again, &len), FASTPATH_OK);
  CHECK(again == data + 3); /* behind the last bytes */
  CHECK_EQ(len, 61);
  CHECK_EQ(fp_buffer_reserve(buffer, 61, &data, &len), FASTPATH_OK);
  CHECK(again == data); /* the same room again */
  CHECK_EQ(fp_buffer_reserve(buffer, 62, &data, &len), FASTPATH_OK);
  CHECK(again != data);
  CHECK_EQ(fp_buffer_commit(buffer, 0), FASTPATH_OK);
  CHECK_EQ(fp_buffer_reserve(buffer, 1, &data, &len), FASTPATH_OK);
  CHECK(again == data); /* which was given back */

  fp_room rooms[FASTPATH_BUFFER_MAX_ROOMS];
  size_t count;
  CHECK_EQ(fp_buffer_reserve_rooms(buffer, 1000, rooms, FASTPATH_BUFFER_MAX_ROOMS, &count), FASTPATH_OK);
  CHECK_EQ(count, 4);
  CHECK(rooms[0].len + rooms[1].len + rooms[2].len + rooms[3].len >= 1000);
  CHECK(fp_buffer_room_segment(buffer, 3) != NULL);
  CHECK(fp_buffer_room_segment(buffer, 4) == NULL);
  CHECK_EQ(fp_buffer_reserve_rooms(buffer, 1, rooms, 0, &count), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_reserve_rooms(buffer, 1, rooms, FASTPATH_BUFFER_MAX_ROOMS + 1, &count), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_reserve(buffer, SIZE_MAX, &data, &len), FASTPATH_ERR_OVERFLOW);
  fp_buffer_free(buffer); /* with a reservation outstanding */
  CHECK_EQ(fp_pool_in_use(pool), 0);
  fp_pool_unref(pool);
}

static void test_pool_is_bounded_and_outlived_by_its_blocks(void) {
  fp_pool *pool;
  CHECK_EQ(fp_pool_new(63, 1, &pool), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_pool_new(((size_t)1 << 30) + 1, 1, &pool), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_pool_new(64, 2, &pool), FASTPATH_OK);
  CHECK_EQ(fp_pool_block_size(pool), 64);
  fp_buffer *buffer = fp_buffer_new(pool);
  fp_slice held;
  for (int i = 0; i < 5; i++) CHECK_EQ(fp_buffer_append(buffer, &(uint8_t[48]){0}, 48), FASTPATH_OK);
  CHECK_EQ(fp_pool_in_use(pool), 4);
  CHECK_EQ(fp_buffer_take(buffer, 1, &held), FASTPATH_OK);
  CHECK_EQ(fp_buffer_clear(buffer), FASTPATH_OK);
  CHECK_EQ(fp_pool_in_use(pool), 1); /* the block under `held` */
  CHECK_EQ(fp_pool_cached(pool), 2);
  CHECK_EQ(fp_buffer_append(buffer, "x", 1), FASTPATH_OK);
  CHECK_EQ(fp_pool_cached(pool), 1);
  fp_buffer_free(buffer);
  CHECK_EQ(fp_pool_cached(pool), 2);
  fp_pool_unref(pool);
  CHECK_EQ(held.data[0], 0);
  fp_segment_unref(held.segment); /* frees the pool, too */
  CHECK(fp_pool_ref(NULL) == NULL);
  fp_pool_unref(NULL);
}

static void test_moves_copy_nothing(void) {
  fp_buffer *source = buffer_of("GET / HTTP/1.1");
  fp_buffer *target = buffer_of("> ");
  fp_slice before, after;
  CHECK_EQ(fp_buffer_slice(source, 0, &before), FASTPATH_OK);
  CHECK_EQ(fp_buffer_move(target, source, 4), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice(target, 1, &after), FASTPATH_OK);
  CHECK(before.data == after.data);
  check_content(source, "/ HTTP/1.1");
  check_content(target, "> GET ");
  CHECK_EQ(fp_buffer_move_all(target, source), FASTPATH_OK);
  check_content(target, "> GET / HTTP/1.1");
  CHECK_EQ(fp_buffer_slice_count(target), 2); /* what was cut is joined again */
  CHECK_EQ(fp_buffer_move(target, source, 1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_move_all(target, target), FASTPATH_ERR_ARGUMENT);
  fp_buffer *head;
  CHECK_EQ(fp_buffer_split(target, 100, &head), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_split(target, 6, &head), FASTPATH_OK);
  check_content(head, "> GET ");
  check_content(target, "/ HTTP/1.1");
  fp_buffer_free(head);
  fp_buffer_free(source);
  fp_buffer_free(target);
}

static void test_coalescing_copies_only_what_spans(void) {
  fp_buffer *buffer = buffer_of_pieces("abcdef");
  fp_slice slice, tail;
  CHECK_EQ(fp_buffer_coalesce(buffer, 1, &slice), FASTPATH_OK);
  CHECK_EQ(fp_buffer_slice_count(buffer), 6);
  CHECK_EQ(fp_buffer_slice(buffer, 5, &tail), FASTPATH_OK);
  CHECK_EQ(fp_buffer_coalesce(buffer, 4, &slice), FASTPATH_OK);
  CHECK_BYTES(slice.data, slice.len, "abcd");
  CHECK_EQ(fp_buffer_slice_count(buffer), 3);
  CHECK_EQ(fp_buffer_slice(buffer, 2, &slice), FASTPATH_OK);
  CHECK(slice.data == tail.data);
  CHECK_EQ(fp_buffer_coalesce(buffer, 7, NULL), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_coalesce(buffer, 0, &slice), FASTPATH_OK);
  CHECK_EQ(slice.len, 0);
  fp_buffer_free(buffer);
}

static void test_coalescing_a_growing_beginning_is_linear(void) {
  static const uint8_t byte = 'x';
  fp_buffer *buffer = fp_buffer_new(NULL);
  const uint8_t *place = NULL;
  int moved = 0;
  for (size_t len = 1; len <= 100000; len++) {
    fp_slice slice;
    CHECK_EQ(fp_buffer_append_external(buffer, &byte, 1, NULL, NULL), FASTPATH_OK);
    CHECK_EQ(fp_buffer_coalesce(buffer, len, &slice), FASTPATH_OK);
    moved += slice.data != place;
    place = slice.data;
  }
  CHECK(moved < 30);
  fp_buffer_free(buffer);
}

static void test_exports_forbid_changes(void) {
  fp_buffer *buffer = buffer_of_pieces("abc");
  fp_buffer *other = buffer_of("other");
  fp_span span;
  fp_slice slice;
  fp_buffer *head;
  uint8_t *room;
  size_t room_len;
  CHECK_EQ(fp_buffer_export(buffer, &span), FASTPATH_OK);
  CHECK_BYTES(span.data, span.len, "abc");
  CHECK_EQ(fp_buffer_exports(buffer), 1);
  CHECK_EQ(fp_buffer_append(buffer, "d", 1), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_prepend(buffer, "d", 1), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_append_external(buffer, "d", 1, NULL, NULL), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_drain(buffer, 1), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_clear(buffer), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_take(buffer, 1, &slice), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_move(other, buffer, 1), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_move(buffer, other, 1), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_share(buffer, other, 0, 1), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_split(buffer, 1, &head), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_slice(other, 0, &slice), FASTPATH_OK);
  CHECK_EQ(fp_buffer_append_slice(buffer, &slice), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_prepend_slice(buffer, &slice), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_reserve(buffer, 1, &room, &room_len), FASTPATH_OK);
  room[0] = 'd';
  CHECK_EQ(fp_buffer_commit(buffer, 1), FASTPATH_ERR_BUSY);
  CHECK_EQ(fp_buffer_share(other, buffer, 0, 3), FASTPATH_OK);
  CHECK_BYTES(span.data, span.len, "abc");
  fp_buffer_unexport(buffer);
  CHECK_EQ(fp_buffer_commit(buffer, 1), FASTPATH_OK); /* the room stayed reserved */
  check_content(buffer, "abcd");
  check_content(other, "otherabc");
  CHECK_EQ(fp_buffer_clear(buffer), FASTPATH_OK);
  CHECK_EQ(fp_buffer_export(buffer, &span), FASTPATH_OK);
  CHECK(span.data != NULL && span.len == 0);
  fp_buffer_unexport(buffer);
  fp_buffer_free(buffer);
  fp_buffer_free(other);
}

static void test_lengths_are_checked(void) {
  static const uint8_t byte;
  fp_buffer *buffer = fp_buffer_new(NULL);
  fp_buffer *other = buffer_of("x");
  fp_segment *segment;
  CHECK_EQ(fp_segment_new_external(&byte, (size_t)PTRDIFF_MAX + 1, NULL, NULL, &segment), FASTPATH_ERR_OVERFLOW);
  CHECK_EQ(fp_segment_new_external(NULL, 1, NULL, NULL, &segment), FASTPATH_ERR_ARGUMENT);
  /* Nobody looks at these bytes. */
  CHECK_EQ(fp_buffer_append_external(buffer, &byte, (size_t)PTRDIFF_MAX - 1, NULL, NULL), FASTPATH_OK);
  CHECK_EQ(fp_buffer_append(buffer, "yz", 2), FASTPATH_ERR_OVERFLOW);
  CHECK_EQ(fp_buffer_append_external(buffer, &byte, 2, NULL, NULL), FASTPATH_ERR_OVERFLOW);
  CHECK_EQ(fp_buffer_append_external(buffer, &byte, SIZE_MAX, NULL, NULL), FASTPATH_ERR_OVERFLOW);
  CHECK_EQ(fp_buffer_append(buffer, "y", 1), FASTPATH_OK);
  CHECK_EQ(fp_buffer_prepend(buffer, "y", 1), FASTPATH_ERR_OVERFLOW);
  CHECK_EQ(fp_buffer_move(buffer, other, 1), FASTPATH_ERR_OVERFLOW);
  CHECK_EQ(fp_buffer_share(buffer, other, 0, 1), FASTPATH_ERR_OVERFLOW);
  uint8_t *data;
  size_t len;
  CHECK_EQ(fp_buffer_reserve(buffer, 1, &data, &len), FASTPATH_ERR_OVERFLOW);
  CHECK_EQ(fp_buffer_drain(buffer, SIZE_MAX), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_copy_out(other, SIZE_MAX, &len, 2), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_copy_out(other, 1, &len, SIZE_MAX), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_share(other, buffer, SIZE_MAX, 2), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_take(other, 0, &(fp_slice){0}), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_buffer_take(other, 2, &(fp_slice){0}), FASTPATH_ERR_ARGUMENT);
  fp_buffer_free(buffer);
  fp_buffer_free(other);
}

static void test_finding_across_slices(void) {
  fp_buffer *buffer = buffer_of_pieces("aabaabaaab\r\n\r\nz");
  size_t position;
  CHECK_EQ(fp_buffer_find(buffer, "aaab", 4, 0, &position), FASTPATH_OK);
  CHECK_EQ(position, 6);
  CHECK_EQ(fp_buffer_find(buffer, "\r\n\r\n", 4, 0, &position), FASTPATH_OK);
  CHECK_EQ(position, 10);
  CHECK_EQ(fp_buffer_find(buffer, "\r\n\r\n", 4, 11, &position), FASTPATH_NONE);
  CHECK_EQ(fp_buffer_find(buffer, "aab", 3, 1, &position), FASTPATH_OK);
  CHECK_EQ(position, 3);
  CHECK_EQ(fp_buffer_find(buffer, "", 0, 15, &position), FASTPATH_OK);
  CHECK_EQ(position, 15);
  CHECK_EQ(fp_buffer_find(buffer, "", 0, 16, &position), FASTPATH_NONE);
  CHECK_EQ(fp_buffer_find(buffer, "z", 1, SIZE_MAX, &position), FASTPATH_NONE);
  CHECK_EQ(fp_buffer_find_byte(buffer, 'z', 0, &position), FASTPATH_OK);
  CHECK_EQ(position, 14);
  CHECK_EQ(fp_buffer_find_byte(buffer, 'z', 15, &position), FASTPATH_NONE);
  CHECK_EQ(fp_buffer_find_byte(buffer, 'q', 0, &position), FASTPATH_NONE);

  /* Half a million bytes that nearly match a long sequence everywhere: a quadratic search would take minutes. */
  static uint8_t same[4096];
  uint8_t sequence[1025];
  memset(same, 'a', sizeof same);
  memset(sequence, 'a', sizeof sequence);
  sequence[1024] = 'b';
  for (int i = 0; i < 128; i++) CHECK_EQ(fp_buffer_append_external(buffer, same, sizeof same, NULL, NULL), FASTPATH_OK);
  CHECK_EQ(fp_buffer_find(buffer, sequence, sizeof sequence, 0, &position), FASTPATH_NONE);
  CHECK_EQ(fp_buffer_append(buffer, "b", 1), FASTPATH_OK);
  CHECK_EQ(fp_buffer_find(buffer, sequence, sizeof sequence, 0, &position), FASTPATH_OK);
  CHECK_EQ(position, fp_buffer_length(buffer) - sizeof sequence);
  fp_buffer_free(buffer);
}

static void test_order(void) {
  fp_buffer *buffer = buffer_of_pieces("abc");
  fp_buffer *other = buffer_of("ab");
  CHECK(fp_buffer_compare(buffer, other) > 0);
  CHECK(fp_buffer_compare(other, buffer) < 0);
  CHECK_EQ(fp_buffer_append(other, "c", 1), FASTPATH_OK);
  CHECK_EQ(fp_buffer_compare(buffer, other), 0);
  CHECK_EQ(fp_buffer_compare_bytes(buffer, "abc", 3), 0);
  CHECK(fp_buffer_compare_bytes(buffer, "abd", 3) < 0);
  CHECK(fp_buffer_compare_bytes(buffer, "ab", 2) > 0);
  CHECK(fp_buffer_compare_bytes(buffer, NULL, 0) > 0);
  fp_span spans[2];
  CHECK_EQ(fp_buffer_spans(buffer, spans, 2), 2);
  CHECK_BYTES(spans[1].data, spans[1].len, "b");
  fp_buffer_free(buffer);
  fp_buffer_free(other);
}

int main(void) {
  test_appends_grow_in_place();
  test_prepends_share_headroom();
  test_drained_bytes_become_headroom_of_their_sole_owner();
  test_two_buffers_never_grow_into_the_same_room();
  test_slices_must_be_bytes_of_their_segment();
  test_external_memory_is_released_once();
  test_release_may_use_the_buffer();
  test_receiving();
  test_pool_is_bounded_and_outlived_by_its_blocks();
  test_moves_copy_nothing();
  test_coalescing_copies_only_what_spans();
  test_coalescing_a_growing_beginning_is_linear();
  test_exports_forbid_changes();
  test_lengths_are_checked();
  test_finding_across_slices();
  test_order();
  return 0;
}
