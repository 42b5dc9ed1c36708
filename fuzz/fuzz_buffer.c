/*
 * fuzz_buffer.c - sequences of operations on buffers that share segments, against flat arrays.
 *
 * The input is a program: an operation, the buffers it works on, its sizes. After each operation the buffers must
 * hold what their flat models hold, and every slice that was taken must still show the bytes it showed when it was taken.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <fastpath/buffer.h>

#define BUFFERS 4
#define TAKEN 6
#define MODEL_MAX 4096
#define STEPS_MAX 48 /* of one program */

#define REQUIRE(condition)     \
  do {                         \
    if (!(condition)) abort(); \
  } while (0)

typedef struct model {
  uint8_t bytes[MODEL_MAX];
  size_t len;
  size_t room;    /* bytes reserved */
  size_t exports; /* exports outstanding */
} model;

typedef struct taken {
  fp_slice slice;
  uint8_t *copy;
} taken;

typedef struct world {
  fp_pool *pool;
  fp_buffer *buffers[BUFFERS];
  model *models; /* BUFFERS of them */
  taken taken[TAKEN];
  size_t external_alive;
  uint8_t next_byte;
  const uint8_t *input;
  size_t input_len;
} world;

/* External memory counts itself, so that a release that is missing or doubled shows. */
typedef struct external {
  world *world;
  uint8_t bytes[];
} external;

static void external_release(void *context) {
  external *memory = context;
  memory->world->external_alive--;
  free(memory);
}

static size_t next(world *w) {
  if (w->input_len == 0) return 0;
  w->input_len--;
  return *w->input++;
}

/* Sizes: mostly small, sometimes around and beyond the block size. */
static size_t next_size(world *w) {
  size_t byte = next(w);
  return byte < 200 ? byte % 40 : (byte - 199) * 29;
}

static void fill(world *w, uint8_t *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)(w->next_byte++ % 251);
}

static void model_insert(model *m, size_t at, const uint8_t *bytes, size_t len) {
  memmove(m->bytes + at + len, m->bytes + at, m->len - at);
  memcpy(m->bytes + at, bytes, len);
  m->len += len;
}

static void model_remove_front(model *m, size_t len) {
  memmove(m->bytes, m->bytes + len, m->len - len);
  m->len -= len;
}

static fp_status expected_growth(const model *m, size_t len) {
  return m->exports > 0 && len > 0 ? FASTPATH_ERR_BUSY : FASTPATH_OK;
}

static void do_append(world *w, size_t b, int front) {
  uint8_t bytes[MODEL_MAX];
  model *m = &w->models[b];
  size_t len = next_size(w);
  if (m->len + len > MODEL_MAX) return;
  fill(w, bytes, len);
  fp_status status = front ? fp_buffer_prepend(w->buffers[b], bytes, len) : fp_buffer_append(w->buffers[b], bytes, len);
  REQUIRE(status == expected_growth(m, len));
  if (status == FASTPATH_OK) model_insert(m, front ? 0 : m->len, bytes, len);
}

static void do_append_external(world *w, size_t b) {
  model *m = &w->models[b];
  size_t len = next_size(w);
  if (m->len + len > MODEL_MAX) return;
  external *memory = malloc(sizeof *memory + len);
  memory->world = w;
  fill(w, memory->bytes, len);
  uint8_t copy[MODEL_MAX];
  memcpy(copy, memory->bytes, len);
  w->external_alive++;
  fp_status status = fp_buffer_append_external(w->buffers[b], memory->bytes, len, external_release, memory);
  REQUIRE(status == expected_growth(m, len));
  if (status == FASTPATH_OK) {
    model_insert(m, m->len, copy, len);
  } else {
    external_release(memory);
  }
}

static void do_take(world *w, size_t b) {
  model *m = &w->models[b];
  taken *t = &w->taken[next(w) % TAKEN];
  size_t len = next_size(w);
  fp_slice slice;
  fp_status status = fp_buffer_take(w->buffers[b], len, &slice);
  if (len == 0)
    REQUIRE(status == FASTPATH_ERR_ARGUMENT);
  else if (m->exports > 0)
    REQUIRE(status == FASTPATH_ERR_BUSY);
  else
    REQUIRE(status == (len > m->len ? FASTPATH_ERR_ARGUMENT : FASTPATH_OK));
  if (status != FASTPATH_OK) return;
  REQUIRE(slice.len == len && memcmp(slice.data, m->bytes, len) == 0);
  model_remove_front(m, len);
  free(t->copy);
  fp_segment_unref(t->slice.segment);
  t->slice = slice;
  t->copy = malloc(len);
  memcpy(t->copy, slice.data, len);
}

static void do_append_taken(world *w, size_t b, int front) {
  model *m = &w->models[b];
  taken *t = &w->taken[next(w) % TAKEN];
  if (t->copy == NULL) return;
  size_t start = next_size(w) % t->slice.len;
  size_t len = next_size(w) % (t->slice.len - start + 1);
  if (m->len + len > MODEL_MAX) return;
  fp_slice part = {t->slice.segment, t->slice.data + start, len};
  fp_status status =
      front ? fp_buffer_prepend_slice(w->buffers[b], &part) : fp_buffer_append_slice(w->buffers[b], &part);
  REQUIRE(status == expected_growth(m, len));
  if (status == FASTPATH_OK) model_insert(m, front ? 0 : m->len, t->copy + start, len);
}

static void do_append_own_slice(world *w, size_t b, size_t other) {
  model *m = &w->models[b];
  size_t count = fp_buffer_slice_count(w->buffers[other]);
  if (count == 0) return;
  fp_slice slice;
  REQUIRE(fp_buffer_slice(w->buffers[other], next(w) % count, &slice) == FASTPATH_OK);
  if (m->len + slice.len > MODEL_MAX) return;
  uint8_t copy[MODEL_MAX];
  memcpy(copy, slice.data, slice.len);
  size_t len = slice.len;
  fp_status status = fp_buffer_append_slice(w->buffers[b], &slice);
  REQUIRE(status == expected_growth(m, len));
  if (status == FASTPATH_OK) model_insert(m, m->len, copy, len);
}

static void do_reserve(world *w, size_t b) {
  model *m = &w->models[b];
  size_t min = next_size(w);
  fp_room rooms[FASTPATH_BUFFER_MAX_ROOMS];
  size_t count;
  size_t capacity = next(w) % (FASTPATH_BUFFER_MAX_ROOMS + 2);
  fp_status status = fp_buffer_reserve_rooms(w->buffers[b], min, rooms, capacity, &count);
  if (capacity == 0 || capacity > FASTPATH_BUFFER_MAX_ROOMS) {
    REQUIRE(status == FASTPATH_ERR_ARGUMENT);
    return;
  }
  REQUIRE(status == FASTPATH_OK && count >= 1 && count <= capacity);
  m->room = 0;
  for (size_t i = 0; i < count; i++) {
    REQUIRE(rooms[i].len > 0);
    memset(rooms[i].data, 0xEE, rooms[i].len); /* all of it may be written */
    m->room += rooms[i].len;
  }
  REQUIRE(m->room >= min && m->room >= 1);
}

static void do_commit(world *w, size_t b) {
  model *m = &w->models[b];
  size_t len = next_size(w);
  if (m->len + len > MODEL_MAX) return;
  uint8_t copy[MODEL_MAX];
  if (m->room > 0 && len <= m->room) {
    fp_room rooms[FASTPATH_BUFFER_MAX_ROOMS];
    size_t count;
    REQUIRE(fp_buffer_reserve_rooms(w->buffers[b], 1, rooms, FASTPATH_BUFFER_MAX_ROOMS, &count) == FASTPATH_OK);
    fill(w, copy, len);
    for (size_t i = 0, done = 0; done < len; i++) {
      size_t part = rooms[i].len < len - done ? rooms[i].len : len - done;
      memcpy(rooms[i].data, copy + done, part);
      done += part;
    }
  }
  fp_status status = fp_buffer_commit(w->buffers[b], len);
  if (len > m->room)
    REQUIRE(status == FASTPATH_ERR_ARGUMENT);
  else
    REQUIRE(status == (len > 0 && m->exports > 0 ? FASTPATH_ERR_BUSY : FASTPATH_OK));
  if (status != FASTPATH_OK) return;
  m->room = 0;
  model_insert(m, m->len, copy, len);
}

static void do_drain(world *w, size_t b, int clear) {
  model *m = &w->models[b];
  size_t len = clear ? m->len : next_size(w);
  fp_status status = clear ? fp_buffer_clear(w->buffers[b]) : fp_buffer_drain(w->buffers[b], len);
  if (len > m->len)
    REQUIRE(status == FASTPATH_ERR_ARGUMENT);
  else
    REQUIRE(status == (len > 0 && m->exports > 0 ? FASTPATH_ERR_BUSY : FASTPATH_OK));
  if (status == FASTPATH_OK) model_remove_front(m, len);
}

static void do_move(world *w, size_t b, size_t other, int all) {
  model *m = &w->models[b];
  model *source = &w->models[other];
  size_t len = all ? source->len : next_size(w);
  if (len <= source->len && m->len + len > MODEL_MAX) return;
  fp_status status = all ? fp_buffer_move_all(w->buffers[b], w->buffers[other])
                         : fp_buffer_move(w->buffers[b], w->buffers[other], len);
  if (b == other || len > source->len)
    REQUIRE(status == FASTPATH_ERR_ARGUMENT);
  else if (len > 0 && (m->exports > 0 || source->exports > 0))
    REQUIRE(status == FASTPATH_ERR_BUSY);
  else
    REQUIRE(status == FASTPATH_OK);
  if (status != FASTPATH_OK) return;
  model_insert(m, m->len, source->bytes, len);
  model_remove_front(source, len);
}

static void do_share(world *w, size_t b, size_t other) {
  model *m = &w->models[b];
  model *source = &w->models[other];
  size_t offset = next_size(w);
  size_t len = next_size(w);
  if (m->len + len > MODEL_MAX) return;
  fp_status status = fp_buffer_share(w->buffers[b], w->buffers[other], offset, len);
  if (b == other || offset + len > source->len)
    REQUIRE(status == FASTPATH_ERR_ARGUMENT);
  else
    REQUIRE(status == expected_growth(m, len));
  if (status == FASTPATH_OK) model_insert(m, m->len, source->bytes + offset, len);
}

static void do_split(world *w, size_t b, size_t other) {
  model *m = &w->models[b];
  size_t len = next_size(w);
  if (b == other || w->models[other].exports > 0) return;
  fp_buffer *head;
  fp_status status = fp_buffer_split(w->buffers[b], len, &head);
  if (len > m->len)
    REQUIRE(status == FASTPATH_ERR_ARGUMENT);
  else
    REQUIRE(status == (len > 0 && m->exports > 0 ? FASTPATH_ERR_BUSY : FASTPATH_OK));
  if (status != FASTPATH_OK) return;
  fp_buffer_free(w->buffers[other]);
  w->buffers[other] = head;
  w->models[other].len = 0;
  w->models[other].room = 0;
  model_insert(&w->models[other], 0, m->bytes, len);
  model_remove_front(m, len);
}

static void do_coalesce(world *w, size_t b) {
  model *m = &w->models[b];
  size_t len = next_size(w);
  fp_slice slice;
  fp_status status = fp_buffer_coalesce(w->buffers[b], len, &slice);
  REQUIRE(status == (len > m->len ? FASTPATH_ERR_ARGUMENT : FASTPATH_OK));
  if (status == FASTPATH_OK) REQUIRE(slice.len == len && (len == 0 || memcmp(slice.data, m->bytes, len) == 0));
}

static void do_export(world *w, size_t b) {
  model *m = &w->models[b];
  if (m->exports < 2) {
    fp_span span;
    REQUIRE(fp_buffer_export(w->buffers[b], &span) == FASTPATH_OK);
    REQUIRE(span.data != NULL && span.len == m->len && memcmp(span.data, m->bytes, m->len) == 0);
    m->exports++;
  }
}

static void do_unexport(world *w, size_t b) {
  if (w->models[b].exports == 0) return;
  fp_buffer_unexport(w->buffers[b]);
  w->models[b].exports--;
}

static void do_find(world *w, size_t b) {
  model *m = &w->models[b];
  size_t offset = next_size(w);
  size_t from = next_size(w);
  size_t len = next_size(w);
  if (m->len == 0) return;
  from %= m->len;
  if (len > m->len - from) len = m->len - from;
  uint8_t sequence[MODEL_MAX];
  memcpy(sequence, m->bytes + from, len);
  if (len > 0 && next(w) % 2 == 0) sequence[len - 1] ^= 1;
  size_t expected = SIZE_MAX;
  for (size_t i = offset; expected == SIZE_MAX && i <= m->len && len <= m->len - i; i++) {
    if (memcmp(m->bytes + i, sequence, len) == 0) expected = i;
  }
  size_t position = SIZE_MAX;
  fp_status status = fp_buffer_find(w->buffers[b], sequence, len, offset, &position);
  REQUIRE(position == expected && status == (expected == SIZE_MAX ? FASTPATH_NONE : FASTPATH_OK));
}

static void do_find_byte(world *w, size_t b) {
  model *m = &w->models[b];
  size_t offset = next_size(w);
  uint8_t byte = (uint8_t)next(w);
  const uint8_t *found = offset < m->len ? memchr(m->bytes + offset, byte, m->len - offset) : NULL;
  size_t position;
  fp_status status = fp_buffer_find_byte(w->buffers[b], byte, offset, &position);
  REQUIRE(status == (found == NULL ? FASTPATH_NONE : FASTPATH_OK));
  if (found != NULL) REQUIRE(position == (size_t)(found - m->bytes));
}

static int sign(int value) { return (value > 0) - (value < 0); }

static int model_order(const model *left, const model *right) {
  int order = memcmp(left->bytes, right->bytes, left->len < right->len ? left->len : right->len);
  return order != 0 ? sign(order) : (left->len > right->len) - (left->len < right->len);
}

static void do_compare(world *w, size_t b, size_t other) {
  const model *right = &w->models[other];
  int expected = model_order(&w->models[b], right);
  REQUIRE(sign(fp_buffer_compare(w->buffers[b], w->buffers[other])) == expected);
  REQUIRE(sign(fp_buffer_compare_bytes(w->buffers[b], right->bytes, right->len)) == expected);
}

static void check_buffer(const fp_buffer *buffer, const model *m) {
  fp_slice slice;
  size_t total = 0;
  for (size_t i = 0; i < fp_buffer_slice_count(buffer); i++) {
    REQUIRE(fp_buffer_slice(buffer, i, &slice) == FASTPATH_OK);
    REQUIRE(slice.len > 0 && slice.len <= m->len - total && memcmp(slice.data, m->bytes + total, slice.len) == 0);
    total += slice.len;
  }
  REQUIRE(fp_buffer_length(buffer) == m->len && total == m->len);
}

static void do_copy_out(world *w, size_t b) {
  const model *m = &w->models[b];
  size_t offset = next_size(w);
  size_t len = next_size(w);
  uint8_t bytes[MODEL_MAX];
  fp_status status = fp_buffer_copy_out(w->buffers[b], offset, bytes, len);
  REQUIRE(status == (offset + len > m->len ? FASTPATH_ERR_ARGUMENT : FASTPATH_OK));
  if (status == FASTPATH_OK) REQUIRE(memcmp(bytes, m->bytes + offset, len) == 0);
  fp_span spans[8];
  size_t count = fp_buffer_spans(w->buffers[b], spans, 8);
  for (size_t i = 0, total = 0; i < count; total += spans[i++].len) {
    REQUIRE(memcmp(spans[i].data, m->bytes + total, spans[i].len) == 0);
  }
}

static void check_taken(const world *w) {
  for (size_t t = 0; t < TAKEN; t++) {
    const taken *held = &w->taken[t];
    if (held->copy != NULL) REQUIRE(memcmp(held->slice.data, held->copy, held->slice.len) == 0);
  }
}

/* Looks at the buffers that took part; the others, when they take part again, and at the end. */
static void step(world *w) {
  size_t operation = next(w);
  size_t which = next(w);
  size_t b = which % BUFFERS;
  size_t other = which / BUFFERS % BUFFERS;
  switch (operation % 23) {
    case 0:
    case 1: do_append(w, b, 0); break;
    case 2: do_append(w, b, 1); break;
    case 3: do_append_external(w, b); break;
    case 4: do_take(w, b); break;
    case 5: do_append_taken(w, b, 0); break;
    case 6: do_append_taken(w, b, 1); break;
    case 7: do_append_own_slice(w, b, other); break;
    case 8: do_reserve(w, b); break;
    case 9: do_commit(w, b); break;
    case 10: do_drain(w, b, 0); break;
    case 11: do_drain(w, b, 1); break;
    case 12: do_move(w, b, other, 0); break;
    case 13: do_move(w, b, other, 1); break;
    case 14: do_share(w, b, other); break;
    case 15: do_split(w, b, other); break;
    case 16: do_coalesce(w, b); break;
    case 17: do_export(w, b); break;
    case 18: do_unexport(w, b); break;
    case 19: do_find(w, b); break;
    case 20: do_find_byte(w, b); break;
    case 21: do_copy_out(w, b); break;
    default: do_compare(w, b, other); break;
  }
  check_buffer(w->buffers[b], &w->models[b]);
  check_buffer(w->buffers[other], &w->models[other]);
  check_taken(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static model models[BUFFERS]; /* reused: clearing their bytes each time costs more than a program does */
  world *w = &(world){.models = models, .input = data, .input_len = len};
  for (size_t b = 0; b < BUFFERS; b++) models[b].len = models[b].room = models[b].exports = 0;
  REQUIRE(fp_pool_new(256, 3, &w->pool) == FASTPATH_OK);
  for (size_t b = 0; b < BUFFERS; b++) w->buffers[b] = fp_buffer_new(b % 2 == 0 ? w->pool : NULL);
  for (int steps = 0; w->input_len > 0 && steps < STEPS_MAX; steps++) step(w);
  for (size_t b = 0; b < BUFFERS; b++) {
    check_buffer(w->buffers[b], &models[b]);
    for (; models[b].exports > 0; models[b].exports--) fp_buffer_unexport(w->buffers[b]);
    fp_buffer_free(w->buffers[b]);
  }
  check_taken(w); /* the slices outlive the buffers */
  for (size_t t = 0; t < TAKEN; t++) {
    fp_segment_unref(w->taken[t].slice.segment);
    free(w->taken[t].copy);
  }
  REQUIRE(w->external_alive == 0);
  REQUIRE(fp_pool_in_use(w->pool) == 0);
  REQUIRE(fp_pool_cached(w->pool) <= 3);
  fp_pool_unref(w->pool);
  return 0;
}
