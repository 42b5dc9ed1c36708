/*
 * instructions.c - the hot paths one after the other, for callgrind to count.
 *
 *   valgrind --tool=callgrind instructions INPUTS
 *
 * INPUTS is what fastpath.benchmarking.inputs writes. Callgrind dumps once for each path, under its name. Prints, tab between
 * them, first what it was compiled with and which scan runs, then each path and how many operations its count is of:
 *
 *   compiler gcc 12.2.0
 *   scan     avx2
 *   head a   200
 *
 * Everything comes from fixed seeds, and each path runs once before it is counted.
 */
#include <fastpath/fastpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "messages.h"

#define SPAN(literal) ((fp_span){(const uint8_t *)(literal), sizeof(literal) - 1})

enum {
  MAX_FIELDS = 100,
  PATH_ROOM = 80,
  ROUTES = 10000,
  TEMPLATES = 1000,
  LOOKUPS = 2000,
  PICKS = 2000,
  HOSTS = 100,
  BODY = 65536
};

static void expect(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "instructions: %s\n", what);
  exit(1);
}

static void must(fp_status status, const char *what) { expect(status == FASTPATH_OK, what); }

/* Counts `operations` of what `run` does in one call. */
static void count(const char *name, unsigned operations, void (*run)(void *), void *context) {
  run(context);
  CALLGRIND_ZERO_STATS;
  run(context);
  CALLGRIND_DUMP_STATS_AT(name);
  printf("%s\t%u\n", name, operations);
}

static uint64_t random_state = 1;
static uint32_t below(uint32_t limit) { return (uint32_t)(fp_lb_random(&random_state) % limit); }

/* ---- messages */

static void parse(const message *input, fp_http_head *head) {
  must(input->is_response ? fp_http_parse_response(input->data, input->len, FASTPATH_HTTP_METHOD_GET, NULL, head, NULL)
                          : fp_http_parse_request(input->data, input->len, NULL, head, NULL),
       "a head is refused");
}

static void run_heads(void *context) {
  const message_set *set = context;
  fp_http_field fields[MAX_FIELDS];
  for (int i = 0; i < set->count; i++) {
    fp_http_head head = {.fields = fields, .field_capacity = MAX_FIELDS};
    parse(&set->messages[i], &head);
  }
}

typedef struct body {
  uint8_t *data, *joined;
  size_t len;
  fp_span *spans;
} body;

static body body_new(size_t chunk) {
  body made = {malloc(BODY * 2), malloc(BODY * 2), 0, malloc(BODY / chunk * sizeof *made.spans)};
  for (size_t done = 0; done < BODY; done += chunk) {
    made.len += fp_chunk_header(made.data + made.len, chunk, done == 0);
    memset(made.data + made.len, 'x', chunk);
    made.len += chunk;
  }
  made.len += fp_chunk_end(made.data + made.len, 0);
  return made;
}

static void decoder_init(fp_chunked *decoder) {
  fp_http_limits limits;
  fp_http_limits_default(&limits);
  limits.max_chunk_overhead = UINT32_MAX;
  fp_chunked_init(decoder, &limits);
}

static void run_chunked(void *context) {
  const body *input = context;
  fp_chunked decoder;
  fp_chunked_part part = {.spans = input->spans, .span_capacity = BODY / 64};
  decoder_init(&decoder);
  must(fp_chunked_decode(&decoder, input->data, input->len, &part, NULL), "a body is refused");
}

static void run_joined(void *context) {
  const body *input = context;
  fp_chunked decoder;
  fp_chunked_part part;
  decoder_init(&decoder);
  must(fp_chunked_join(&decoder, input->data, input->len, input->joined, &part, NULL), "a body is refused");
}

typedef struct forwarded {
  const message *input;
  fp_http_head head;
  fp_http_forward forward;
  uint8_t out[4096];
} forwarded;

static void run_rewrite(void *context) {
  forwarded *it = context;
  size_t len;
  must(fp_http_rewrite_request(it->input->data, &it->head, &it->forward, it->out, sizeof it->out, &len, NULL),
       "a head is not rewritten");
}

static void count_rewrite(const message *input) {
  const fp_http_op operations[] = {
      {.kind = FASTPATH_HTTP_OP_SET, .slot = 0, .name = SPAN("x-request-id")},
      {.kind = FASTPATH_HTTP_OP_SET, .slot = 1, .name = SPAN("x-forwarded-for")},
      {.kind = FASTPATH_HTTP_OP_SET, .slot = -1, .name = SPAN("x-forwarded-proto"), .value = SPAN("http")},
      {.kind = FASTPATH_HTTP_OP_REMOVE, .slot = -1, .name = SPAN("x-internal")},
  };
  const fp_span values[] = {SPAN("6f1c7d0e-0d2c-4d0b-9f5a-7c1f0b3b1c11"), SPAN("10.0.0.7")};
  static fp_http_field fields[MAX_FIELDS];
  static forwarded it;
  it.input = input;
  it.head = (fp_http_head){.fields = fields, .field_capacity = MAX_FIELDS};
  it.forward = (fp_http_forward){.rewrite = fp_http_rewrite_new(operations, 4, NULL),
                                 .values = values,
                                 .value_count = 2,
                                 .authority = SPAN("backend.internal:8080"),
                                 .path = SPAN("/v1/a-picture-of-very-pink-robot.jpg")};
  parse(input, &it.head);
  count("rewrite", 1, run_rewrite, &it);
}

/* ---- routes */

/* The names of bench_route.c's routes; with a variable in place of the number when `kind` is TEMPLATE. */
static size_t route_path(fp_route_path_kind kind, uint32_t number, char *path) {
  static const char *const resources[] = {"users", "orders", "items", "invoices", "reports", "sessions", "search"};
  const char *const form = kind == FASTPATH_ROUTE_PATH_TEMPLATE ? "/api/v%u/{team}/%s/%u/{id}" : "/api/v%u/team/%s/%u/";
  return (size_t)snprintf(path, PATH_ROOM, form, number % 3, resources[number % 7], number);
}

typedef struct routes {
  fp_route_path_kind kind;
  uint32_t count;
  int conditions; /* of each route */
  int catch_all;  /* the prefix "/" behind them all */
} routes;

static void add_route(fp_route_builder *builder, fp_route_path_kind kind, const char *path, size_t len) {
  must(fp_route_builder_add_route(builder, kind, (const uint8_t *)path, len, 0, NULL), "a route is refused");
}

static fp_route_table *table_new(const routes *it) {
  const fp_route_condition conditions[] = {
      {.kind = FASTPATH_ROUTE_CONDITION_HEADER,
       .compare = FASTPATH_ROUTE_COMPARE_EXACT,
       .name = SPAN(":method"),
       .value = SPAN("GET")},
      {.kind = FASTPATH_ROUTE_CONDITION_HEADER,
       .compare = FASTPATH_ROUTE_COMPARE_EXACT,
       .name = SPAN("x-env"),
       .value = SPAN("prod")},
  };
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  char path[PATH_ROOM];
  expect(builder != NULL, "out of memory");
  must(fp_route_builder_add_virtual_host(builder, NULL), "a virtual host is refused");
  must(fp_route_builder_add_domain(builder, (const uint8_t *)"*", 1, NULL), "a domain is refused");
  for (uint32_t i = 0; i < it->count; i++) {
    add_route(builder, it->kind, path, route_path(it->kind, i, path));
    for (int c = 0; c < it->conditions; c++)
      must(fp_route_builder_add_condition(builder, &conditions[c], NULL), "a condition is refused");
  }
  if (it->catch_all) add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 1);
  must(fp_route_builder_build(builder, 0, &table, NULL), "a table is refused");
  fp_route_builder_free(builder);
  return table;
}

typedef struct lookups {
  fp_route_table *table;
  fp_route_request requests[LOOKUPS];
} lookups;

static void run_lookups(void *context) {
  const lookups *it = context;
  for (size_t i = 0; i < LOOKUPS; i++) {
    fp_route_match match;
    must(fp_route_table_match(it->table, &it->requests[i], &match), "a request is refused");
    expect(match.route != FASTPATH_ROUTE_INDEX_NONE, "a request has no route");
  }
}

static void run_table_build(void *context) { fp_route_table_unref(table_new(context)); }

static void count_lookups(const char *name, const routes *of) {
  static const char head[] = "GET / HTTP/1.1\r\nHost: shop.example\r\naccept: */*\r\nx-env: prod\r\n\r\n";
  static fp_http_field fields[MAX_FIELDS];
  static lookups it;
  fp_http_head parsed = {.fields = fields, .field_capacity = MAX_FIELDS};
  it.table = table_new(of);
  must(fp_http_parse_request((const uint8_t *)head, sizeof head - 1, NULL, &parsed, NULL), "a head is refused");
  for (size_t i = 0; i < LOOKUPS; i++) {
    char *path = malloc(PATH_ROOM);
    const uint32_t number = below(of->count);
    size_t len = route_path(FASTPATH_ROUTE_PATH_PREFIX, number, path);
    len += (size_t)snprintf(path + len, PATH_ROOM - len, "%u", below(1000));
    it.requests[i] = (fp_route_request){.authority = SPAN("shop.example"),
                                        .path = {(const uint8_t *)path, len},
                                        .method = SPAN("GET"),
                                        .scheme = SPAN("http"),
                                        .data = (const uint8_t *)head,
                                        .fields = fields,
                                        .field_count = parsed.field_count};
  }
  count(name, LOOKUPS, run_lookups, &it);
  for (size_t i = 0; i < LOOKUPS; i++) free((void *)(uintptr_t)it.requests[i].path.data);
  fp_route_table_unref(it.table);
}

/* ---- balancers */

typedef struct hosts {
  fp_cluster_config config;
  fp_endpoint endpoints[HOSTS];
  char addresses[HOSTS][16];
} hosts;

/* Of different weights, 1 to 10, or all of weight 1. */
static hosts *hosts_of(fp_lb_policy_id policy, int weighted) {
  hosts *it = calloc(1, sizeof *it);
  expect(it != NULL, "out of memory");
  it->config = (fp_cluster_config){.policy = fp_lb_policy_get(policy), .panic_threshold = 50};
  fp_lb_options_default(&it->config.options);
  for (uint32_t i = 0; i < HOSTS; i++) {
    const int len = snprintf(it->addresses[i], sizeof it->addresses[i], "10.0.0.%u", i);
    it->endpoints[i] = (fp_endpoint){
        .address = {(const uint8_t *)it->addresses[i], (size_t)len}, .weight = weighted ? i % 10 + 1 : 1, .port = 8080};
  }
  return it;
}

static fp_cluster *cluster_of(const hosts *it) {
  fp_cluster *cluster = NULL;
  must(fp_cluster_new(&it->config, it->endpoints, HOSTS, &cluster, NULL), "a cluster is refused");
  return cluster;
}

static void run_picks(void *context) {
  fp_pick_options options = {.has_hash = 1};
  for (uint64_t i = 0; i < PICKS; i++) {
    fp_host *host;
    options.hash = i * 0x9e3779b97f4a7c15; /* spread over all 64 bits */
    must(fp_picker_pick(context, &options, &host, NULL), "a pick fails");
  }
}

static void count_picks(const char *name, fp_lb_policy_id policy, int weighted) {
  hosts *it = hosts_of(policy, weighted);
  fp_cluster *cluster = cluster_of(it);
  fp_picker *picker = fp_picker_new(cluster, 1);
  expect(picker != NULL, "out of memory");
  count(name, PICKS, run_picks, picker);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
  free(it);
}

static void run_cluster_build(void *context) { fp_cluster_unref(cluster_of(context)); }

typedef struct update {
  hosts *hosts;
  fp_cluster *cluster;
} update;

static void run_update(void *context) {
  update *it = context;
  it->hosts->endpoints[HOSTS / 2].weight ^= 3; /* 1 and 2 in turns */
  must(fp_cluster_update(it->cluster, &it->hosts->config, it->hosts->endpoints, HOSTS, NULL), "an update is refused");
}

static void count_build(const char *build, const char *one_changed, fp_lb_policy_id policy) {
  update it = {.hosts = hosts_of(policy, 0)};
  it.hosts->config.options.minimum_ring_size = 160 * HOSTS;
  count(build, 1, run_cluster_build, it.hosts);
  it.cluster = cluster_of(it.hosts);
  count(one_changed, 1, run_update, &it);
  fp_cluster_unref(it.cluster);
  free(it.hosts);
}

/* ---- all in one call */

typedef struct dispatching {
  fp_dispatcher *dispatcher;
  fp_picker *picker;
  const message_set *set;
} dispatching;

static fp_picker *picker_of(void *context, fp_dispatch *found, fp_pick_options *options) {
  (void)found, (void)options;
  return context;
}

static void run_dispatch(void *context) {
  const dispatching *it = context;
  fp_http_field fields[MAX_FIELDS];
  for (int i = 0; i < it->set->count; i++) {
    fp_http_head head = {.fields = fields, .field_capacity = MAX_FIELDS};
    fp_dispatch found;
    must(fp_dispatcher_run(it->dispatcher, it->set->messages[i].data, it->set->messages[i].len, &head, 0, &found, NULL),
         "a request is refused");
    expect(found.outcome == FASTPATH_DISPATCH_HOST, "a request finds no host");
  }
}

static void table_ref(void *table) { (void)fp_route_table_ref(table); }
static void table_unref(void *table) { fp_route_table_unref(table); }

/* A thousand prefixes before the one that takes the messages; a hundred hosts. */
static void count_dispatch(const message_set *set) {
  const routes prefixes = {.kind = FASTPATH_ROUTE_PATH_PREFIX, .count = 1000, .catch_all = 1};
  fp_route_table *table = table_new(&prefixes);
  hosts *of = hosts_of(FASTPATH_LB_ROUND_ROBIN, 1);
  fp_cluster *cluster = cluster_of(of);
  fp_dispatch_config config = {.picker_of = picker_of};
  dispatching it = {.picker = fp_picker_new(cluster, 1), .set = set};
  config.routes = fp_snapshot_cell_new(table, table_ref, table_unref);
  config.context = it.picker;
  expect(config.routes != NULL && it.picker != NULL, "out of memory");
  it.dispatcher = fp_dispatcher_new(&config);
  expect(it.dispatcher != NULL, "out of memory");
  count("dispatch", (unsigned)set->count, run_dispatch, &it);
  fp_dispatcher_free(it.dispatcher);
  fp_picker_free(it.picker);
  fp_snapshot_cell_unref(config.routes);
  fp_route_table_unref(table);
  fp_cluster_unref(cluster);
  free(of);
}

static void print_surroundings(void) {
#ifdef __clang__
  printf("compiler\tclang %d.%d.%d\n", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  printf("compiler\tgcc %d.%d.%d\n", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
#if defined(__x86_64__)
  const int wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  printf("scan\t%s\n", wide ? "avx2" : "sse2");
#elif defined(__aarch64__)
  printf("scan\tneon\n");
#else
  printf("scan\tportable\n");
#endif
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    fp_lb_policy_id policy;
    int weighted;
  } picks[] = {
      {"pick round robin", FASTPATH_LB_ROUND_ROBIN, 0},
      {"pick round robin, weights", FASTPATH_LB_ROUND_ROBIN, 1},
      {"pick least request", FASTPATH_LB_LEAST_REQUEST, 0},
      {"pick least request, weights", FASTPATH_LB_LEAST_REQUEST, 1},
      {"pick ring hash", FASTPATH_LB_RING_HASH, 1},
      {"pick random", FASTPATH_LB_RANDOM, 0},
      {"pick Maglev", FASTPATH_LB_MAGLEV, 1},
      {"pick scheduled round robin", FASTPATH_LB_SCHEDULED_ROUND_ROBIN, 1},
      {"pick weighted random", FASTPATH_LB_WEIGHTED_RANDOM, 1},
      {"pick first", FASTPATH_LB_PICK_FIRST, 0},
      {"pick least connection", FASTPATH_LB_LEAST_CONNECTION, 0},
      {"pick weighted least connection", FASTPATH_LB_WEIGHTED_LEAST_CONNECTION, 1},
      {"pick shortest expected delay", FASTPATH_LB_SHORTEST_EXPECTED_DELAY, 1},
      {"pick never queue", FASTPATH_LB_NEVER_QUEUE, 1},
      {"pick ketama", FASTPATH_LB_KETAMA, 1},
      {"pick rendezvous", FASTPATH_LB_RENDEZVOUS, 1},
  };
  static message_set sets[MAX_SETS];
  routes built = {.kind = FASTPATH_ROUTE_PATH_PREFIX, .count = 1000};
  body chunked = body_new(64);
  expect(argc == 2, "usage: instructions INPUTS");
  const int set_count = read_messages(argv[1], sets);
  print_surroundings();
  for (int i = 0; i < set_count; i++) {
    const char name[] = {'h', 'e', 'a', 'd', ' ', sets[i].name, 0};
    count(name, (unsigned)sets[i].count, run_heads, &sets[i]);
    if (sets[i].name == 'a') count_rewrite(&sets[i].messages[0]);
    if (sets[i].name == 'g') count_dispatch(&sets[i]);
  }
  count("chunked, spans", BODY / 64, run_chunked, &chunked);
  count("chunked, joined", BODY / 64, run_joined, &chunked);
  count_lookups("route prefix", &(routes){.kind = FASTPATH_ROUTE_PATH_PREFIX, .count = ROUTES});
  count_lookups("route template", &(routes){.kind = FASTPATH_ROUTE_PATH_TEMPLATE, .count = TEMPLATES});
  count_lookups("route conditions", &(routes){.kind = FASTPATH_ROUTE_PATH_PREFIX, .count = ROUTES, .conditions = 2});
  count("build routes", built.count, run_table_build, &built);
  for (size_t i = 0; i < sizeof picks / sizeof *picks; i++)
    count_picks(picks[i].name, picks[i].policy, picks[i].weighted);
  count_build("build ring", "update ring, one host", FASTPATH_LB_RING_HASH);
  count_build("build Maglev", "update Maglev, one host", FASTPATH_LB_MAGLEV);
  return 0;
}
