/*
 * soak.c - millions of messages, good and bad, through the C core, while the resident memory stays what it is.
 *
 *   soak MESSAGES [COUNT]     MESSAGES as tests/soak/messages.py writes it; COUNT: 10 million
 *
 * Each message goes one of three ways in turn: parsed as it lies; through a connection that lives on, in pieces, with an
 * answer or a refusal; through a buffer on a pool, in pieces, with views that are held for a while. The first tenth is
 * for warming up. Exits with 1 when memory grows by more than 1 MiB after that.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include <fastpath/fastpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGES_MAX 64
#define FIELDS 128
#define HELD 64
#define GROWTH_MAX (1 << 20)

#define REQUIRE(condition)                                                        \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: %s is not true\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                    \
    }                                                                             \
  } while (0)

typedef struct soak {
  fp_span messages[MESSAGES_MAX];
  size_t message_count;
  fp_http_field fields[FIELDS];
  fp_pool *pool;
  fp_http_connection *connection;
  fp_buffer *received, *out, *buffer;
  fp_slice held[HELD];
  size_t held_next;
  uint64_t random;
  size_t refused;
} soak;

static size_t next_random(soak *s, size_t bound) { return (size_t)(fp_lb_random(&s->random) % bound); }

static void soak_load(soak *s, const char *path) {
  FILE *file = fopen(path, "rb");
  REQUIRE(file != NULL);
  uint8_t prefix[4];
  while (fread(prefix, 1, 4, file) == 4) {
    size_t len = (size_t)prefix[0] | (size_t)prefix[1] << 8 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 24;
    uint8_t *data = malloc(len);
    REQUIRE(data != NULL && s->message_count < MESSAGES_MAX && fread(data, 1, len, file) == len);
    s->messages[s->message_count++] = (fp_span){data, len};
  }
  REQUIRE(s->message_count > 0);
  fclose(file);
}

static void parse(soak *s, fp_span message) {
  fp_http_head head = {.fields = s->fields, .field_capacity = FIELDS};
  fp_error error;
  if (fp_http_parse_request(message.data, message.len, NULL, &head, &error) < 0) s->refused++;
}

static void fill(soak *s, fp_buffer *buffer, const uint8_t *data, size_t len) {
  uint8_t *room;
  size_t room_len;
  REQUIRE(fp_buffer_reserve(buffer, 1, &room, &room_len) == FASTPATH_OK);
  size_t part = 1 + next_random(s, 4000);
  if (part > room_len) part = room_len;
  if (part > len) part = len;
  memcpy(room, data, part);
  REQUIRE(fp_buffer_commit(buffer, part) == FASTPATH_OK);
  if (len > part) fill(s, buffer, data + part, len - part);
}

/* Answers what came; returns 0 when the connection is of no more use. */
static int answer(soak *s) {
  static const fp_http_header length = {{(const uint8_t *)"Content-Length", 14}, {(const uint8_t *)"0", 1}};
  fp_http_message message = {.headers = &length, .header_count = 1, .status = 200, .minor = 1};
  fp_error error;
  if (fp_http_connection_send_response(s->connection, &message, s->out, &error) < 0) return 0;
  if (fp_http_connection_send_end(s->connection, NULL, 0, s->out, &error) < 0) return 0;
  return fp_http_connection_start_next_cycle(s->connection, &error) == FASTPATH_OK;
}

static void converse(soak *s, fp_span message) {
  fp_http_event event = {.head = {.fields = s->fields, .field_capacity = FIELDS}};
  fp_error error;
  int alive = 1;
  fill(s, s->received, message.data, message.len);
  while (alive && fp_buffer_length(s->received) > 0) {
    fp_slice slice;
    REQUIRE(fp_buffer_slice(s->received, 0, &slice) == FASTPATH_OK);
    if (fp_http_connection_receive(s->connection, slice.segment, slice.data, slice.len, &error) < 0) alive = 0;
    REQUIRE(fp_buffer_drain(s->received, slice.len) == FASTPATH_OK);
    for (event.type = FASTPATH_HTTP_EVENT_DATA; alive && event.type != FASTPATH_HTTP_EVENT_NEED_DATA;) {
      fp_status status = fp_http_connection_next_event(s->connection, &event, &error);
      REQUIRE(status != FASTPATH_ERR_MEMORY);
      if (status < 0) s->refused++;
      alive = status >= 0 && event.type != FASTPATH_HTTP_EVENT_PAUSED;
      if (alive && event.type == FASTPATH_HTTP_EVENT_END_OF_MESSAGE) alive = answer(s);
    }
  }
  REQUIRE(fp_buffer_clear(s->received) == FASTPATH_OK);
  REQUIRE(fp_buffer_clear(s->out) == FASTPATH_OK);
  /* A message that was cut short by its own framing would go on with the next one; every stream starts afresh. */
  if (!alive || fp_http_connection_their_state(s->connection) != FASTPATH_HTTP_IDLE ||
      fp_http_connection_held(s->connection) > 0) {
    fp_http_connection_reset(s->connection);
  }
}

static void hold(soak *s, fp_slice slice) {
  fp_segment_unref(s->held[s->held_next].segment);
  s->held[s->held_next] = slice;
  s->held_next = (s->held_next + 1) % HELD;
}

static void buffer_through(soak *s, fp_span message) {
  size_t end = 0;
  fill(s, s->buffer, message.data, message.len);
  if (fp_buffer_find(s->buffer, "\r\n\r\n", 4, 0, &end) == FASTPATH_OK) {
    fp_slice head;
    REQUIRE(fp_buffer_take(s->buffer, end + 4, &head) == FASTPATH_OK);
    REQUIRE(memcmp(head.data, message.data, head.len) == 0);
    hold(s, head);
  }
  REQUIRE(fp_buffer_append_external(s->buffer, message.data, message.len, NULL, NULL) == FASTPATH_OK);
  REQUIRE(fp_buffer_move_all(s->out, s->buffer) == FASTPATH_OK);
  REQUIRE(fp_buffer_clear(s->out) == FASTPATH_OK);
}

static long resident(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  REQUIRE(file != NULL && fscanf(file, "%*d %ld", &pages) == 1);
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  static soak s = {.random = 2};
  REQUIRE(argc >= 2);
  soak_load(&s, argv[1]);
  size_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000000;
  REQUIRE(fp_pool_new(4096, 32, &s.pool) == FASTPATH_OK);
  s.connection = fp_http_connection_new(FASTPATH_HTTP_SERVER, NULL);
  s.received = fp_buffer_new(s.pool);
  s.out = fp_buffer_new(s.pool);
  s.buffer = fp_buffer_new(s.pool);
  REQUIRE(s.connection != NULL && s.received != NULL && s.out != NULL && s.buffer != NULL);

  double start = now();
  long before = 0;
  for (size_t i = 0; i < count; i++) {
    if (i == count / 10) before = resident();
    fp_span message = s.messages[next_random(&s, s.message_count)];
    switch (i % 3) {
      case 0: parse(&s, message); break;
      case 1: converse(&s, message); break;
      default: buffer_through(&s, message); break;
    }
  }
  long growth = resident() - before;
  printf("C core: %zu messages, %zu refused, %.1f s; resident %.2f MiB after warming up, growth %.2f MiB\n", count,
         s.refused, now() - start, (double)before / (1 << 20), (double)growth / (1 << 20));

  for (size_t i = 0; i < HELD; i++) fp_segment_unref(s.held[i].segment);
  fp_http_connection_free(s.connection);
  fp_buffer_free(s.received);
  fp_buffer_free(s.out);
  fp_buffer_free(s.buffer);
  REQUIRE(fp_pool_in_use(s.pool) == 0);
  fp_pool_unref(s.pool);
  for (size_t i = 0; i < s.message_count; i++) free((void *)(uintptr_t)s.messages[i].data);
  return growth > GROWTH_MAX;
}
