/*
 * soak.c - millions of messages, good and bad, through the C core, while the resident memory stays what it is.
 *
 *   soak MESSAGES [COUNT]     MESSAGES as tests/soak/messages.py writes it; COUNT: 10 million
 *
 * Each message is decided about: parsed, routed, given a host that is then reported about, its head rewritten for that
 * host. Of ten messages, one goes through a connection that lives on too, in pieces, with an answer or a refusal, and one
 * through a buffer on a pool, in pieces, with views that are held for a while. Ten thousand messages later the routes and
 * the hosts are others. The first tenth is for warming up. Exits with 1 when memory grows by more than 1 MiB after that.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include <fastpath/fastpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGES_MAX 128
#define FIELDS 128
#define HELD 64
#define ROUTES 4
#define HOSTS 16
#define MESSAGES_PER_UPDATE 10000
#define REWRITTEN_MAX 65536
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
  fp_snapshot_cell *routes;
  fp_cluster *clusters[ROUTES]; /* of the first virtual host's routes, as is the next */
  fp_picker *pickers[ROUTES];
  fp_dispatcher *dispatcher;
  fp_http_rewrite *rewrite;
  uint64_t random;
  size_t refused, forwarded, not_found, updates;
} soak;

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

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

/* Hosts come and go, and are more or less well: the first is always there. */
static uint32_t endpoints_of(fp_endpoint *endpoints, size_t update) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < HOSTS; i++) {
    if (i != 0 && (update * 2654435761u >> i) & 1) continue;
    endpoints[count++] = (fp_endpoint){.address = span_of("10.0.0.1"),
                                       .port = (uint16_t)(1000 + i),
                                       .weight = 1 + (uint32_t)(update + i) % 5,
                                       .priority = i % 8 == 7,
                                       .health = i % 5 == 4 ? FASTPATH_HEALTH_DEGRADED : FASTPATH_HEALTH_HEALTHY};
  }
  return count;
}

static void update_clusters(soak *s) {
  static const fp_lb_policy_id policies[ROUTES] = {FASTPATH_LB_ROUND_ROBIN, FASTPATH_LB_LEAST_REQUEST,
                                                   FASTPATH_LB_RING_HASH, FASTPATH_LB_MAGLEV};
  fp_endpoint endpoints[HOSTS];
  for (uint32_t i = 0; i < ROUTES; i++) {
    const uint32_t count = endpoints_of(endpoints, s->updates + i);
    fp_cluster_config config = {.policy = fp_lb_policy_get(policies[i]), .panic_threshold = 50};
    fp_lb_options_default(&config.options);
    config.options.minimum_ring_size = 64;
    config.options.table_size = 251;
    if (s->clusters[i] == NULL)
      REQUIRE(fp_cluster_new(&config, endpoints, count, &s->clusters[i], NULL) == FASTPATH_OK);
    else
      REQUIRE(fp_cluster_update(s->clusters[i], &config, endpoints, count, NULL) == FASTPATH_OK);
  }
}

/* A virtual host of all kinds of paths, and others that differ from update to update. */
static fp_route_table *table_of(size_t update) {
  static const struct {
    fp_route_path_kind kind;
    const char *path;
  } routes[ROUTES] = {{FASTPATH_ROUTE_PATH_PREFIX, "/items/"},
                      {FASTPATH_ROUTE_PATH_EXACT, "/mesh"},
                      {FASTPATH_ROUTE_PATH_REGEX, "/(form|big|chunked)"},
                      {FASTPATH_ROUTE_PATH_PREFIX, "/"}};
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  char name[64];
  REQUIRE(builder != NULL);
  REQUIRE(fp_route_builder_add_virtual_host(builder, NULL) == FASTPATH_OK);
  REQUIRE(fp_route_builder_add_domain(builder, (const uint8_t *)"*.example", 9, NULL) == FASTPATH_OK);
  for (int i = 0; i < ROUTES; i++) {
    const fp_span path = span_of(routes[i].path);
    REQUIRE(fp_route_builder_add_route(builder, routes[i].kind, path.data, path.len, 0, NULL) == FASTPATH_OK);
  }
  for (size_t i = 0; i < update % 50; i++) {
    const size_t len = (size_t)snprintf(name, sizeof name, "host-%zu.other", i);
    REQUIRE(fp_route_builder_add_virtual_host(builder, NULL) == FASTPATH_OK);
    REQUIRE(fp_route_builder_add_domain(builder, (const uint8_t *)name, len, NULL) == FASTPATH_OK);
    REQUIRE(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, (const uint8_t *)"/", 1, 0, NULL) ==
            FASTPATH_OK);
  }
  REQUIRE(fp_route_builder_build(builder, 0, &table, NULL) == FASTPATH_OK);
  fp_route_builder_free(builder);
  return table;
}

static void table_ref(void *table) { (void)fp_route_table_ref(table); }
static void table_unref(void *table) { fp_route_table_unref(table); }

static fp_picker *picker_of(void *context, fp_dispatch *found, fp_pick_options *options) {
  soak *s = context;
  REQUIRE(found->match.virtual_host == 0 && found->match.route < ROUTES);
  options->has_hash = 1;
  options->hash = fp_lb_random(&s->random);
  return s->pickers[found->match.route];
}

static void deciding_new(soak *s) {
  static const fp_http_op operations[] = {
      {.kind = FASTPATH_HTTP_OP_SET, .slot = 0, .name = {(const uint8_t *)"x-upstream", 10}},
      {.kind = FASTPATH_HTTP_OP_REMOVE, .slot = -1, .name = {(const uint8_t *)"x-field-7", 9}}};
  fp_path_options path_options;
  fp_path_options_envoy(&path_options);
  update_clusters(s);
  for (uint32_t i = 0; i < ROUTES; i++) REQUIRE((s->pickers[i] = fp_picker_new(s->clusters[i], i)) != NULL);
  s->routes = fp_snapshot_cell_new(table_of(0), table_ref, table_unref);
  s->rewrite = fp_http_rewrite_new(operations, 2, NULL);
  REQUIRE(s->routes != NULL && s->rewrite != NULL);
  const fp_dispatch_config config = {.routes = s->routes,
                                     .picker_of = picker_of,
                                     .context = s,
                                     .path_options = &path_options,
                                     .authority_options = {.strip_any_port = 1},
                                     .seed = 5};
  REQUIRE((s->dispatcher = fp_dispatcher_new(&config)) != NULL);
}

static void deciding_free(soak *s) {
  fp_dispatcher_free(s->dispatcher);
  fp_http_rewrite_unref(s->rewrite);
  fp_snapshot_cell_unref(s->routes);
  for (uint32_t i = 0; i < ROUTES; i++) {
    fp_picker_free(s->pickers[i]);
    fp_cluster_unref(s->clusters[i]);
  }
}

static void update(soak *s) {
  s->updates++;
  update_clusters(s);
  fp_snapshot_publish(s->routes, table_of(s->updates));
}

/* Parse, route, pick, rewrite; and what became of it, as the upstream would have it. */
static void decide(soak *s, fp_span message) {
  static uint8_t rewritten[REWRITTEN_MAX];
  fp_http_head head = {.fields = s->fields, .field_capacity = FIELDS};
  fp_dispatch found;
  fp_error error;
  size_t len;
  const fp_status status = fp_dispatcher_run(s->dispatcher, message.data, message.len, &head, 0, &found, &error);
  REQUIRE(status != FASTPATH_ERR_MEMORY && status != FASTPATH_NEED_MORE);
  if (status < 0) {
    s->refused++;
  } else if (found.outcome == FASTPATH_DISPATCH_HOST) {
    const fp_span upstream = fp_host_key(found.host);
    const fp_http_forward forward = {.rewrite = s->rewrite, .values = &upstream, .value_count = 1};
    REQUIRE(fp_http_rewrite_request(message.data, &head, &forward, rewritten, sizeof rewritten, &len, &error) ==
            FASTPATH_OK);
    fp_host_acquire(found.host);
    REQUIRE(fp_host_report(found.host, s->random & 31 ? 200 : 503, FASTPATH_RESET_NONE, 1000) == FASTPATH_OK);
    REQUIRE(fp_host_release(found.host) == FASTPATH_OK);
    s->forwarded++;
  } else {
    REQUIRE(found.outcome == FASTPATH_DISPATCH_NO_ROUTE);
    s->not_found++;
  }
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

  deciding_new(&s);

  double start = now();
  long before = 0;
  for (size_t i = 0; i < count; i++) {
    if (i == count / 10) before = resident();
    fp_span message = s.messages[next_random(&s, s.message_count)];
    decide(&s, message);
    if (i % 10 == 0) converse(&s, message);
    if (i % 10 == 5) buffer_through(&s, message);
    if (i % MESSAGES_PER_UPDATE == MESSAGES_PER_UPDATE - 1) update(&s);
  }
  long growth = resident() - before;
  printf(
      "C core: %zu messages, %zu forwarded, %zu without a route, %zu refusals, %zu updates, %.1f s; "
      "resident %.2f MiB after warming up, growth %.2f MiB\n",
      count, s.forwarded, s.not_found, s.refused, s.updates, now() - start, (double)before / (1 << 20),
      (double)growth / (1 << 20));

  for (size_t i = 0; i < HELD; i++) fp_segment_unref(s.held[i].segment);
  deciding_free(&s);
  fp_http_connection_free(s.connection);
  fp_buffer_free(s.received);
  fp_buffer_free(s.out);
  fp_buffer_free(s.buffer);
  REQUIRE(fp_pool_in_use(s.pool) == 0);
  fp_pool_unref(s.pool);
  for (size_t i = 0; i < s.message_count; i++) free((void *)(uintptr_t)s.messages[i].data);
  return growth > GROWTH_MAX;
}
