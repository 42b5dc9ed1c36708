/*
 * fuzz_dispatch.c - any bytes as a request, decided in one call.
 *
 * The first two bytes choose how paths and hosts are normalised, and what is known of the connection; the rest is the
 * request. Properties: one call decides as its parts do, one after the other, and says of a head what the parser says; a
 * head that is cut short is not decided about; what a decision points to can be read; the table says the same again.
 */
#include <fastpath/dispatch.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_check.h"

enum {
  CHOICES = 2,
  FIELD_ROOM = 64
};

typedef struct side {
  fp_dispatcher *dispatcher;
  fp_picker *full;
  fp_picker *empty;
  uint32_t asked;
} side;

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static void table_ref(void *table) { (void)fp_route_table_ref(table); }
static void table_unref(void *table) { fp_route_table_unref(table); }

static void add_host(fp_route_builder *builder, const char *domain) {
  const fp_span span = span_of(domain);
  FUZZ_CHECK(fp_route_builder_add_virtual_host(builder, NULL) == FASTPATH_OK);
  FUZZ_CHECK(fp_route_builder_add_domain(builder, span.data, span.len, NULL) == FASTPATH_OK);
}

static void add_route(fp_route_builder *builder, fp_route_path_kind kind, const char *path) {
  const fp_span span = span_of(path);
  FUZZ_CHECK(fp_route_builder_add_route(builder, kind, span.data, span.len, 0, NULL) == FASTPATH_OK);
}

/* Routes of "a": 0 is forwarded, 1 answers by itself, 2 is split, and its hosts are gone; "s" wants https; all others have
   one route with conditions, and one that takes the rest. */
static fp_snapshot_cell *cell_new(void) {
  fp_route_builder *builder = fp_route_builder_new();
  const fp_route_condition condition = {.kind = FASTPATH_ROUTE_CONDITION_HEADER,
                                        .compare = FASTPATH_ROUTE_COMPARE_PREFIX,
                                        .name = span_of("x-a"),
                                        .value = span_of("1"),
                                        .denominator = 1};
  fp_route_table *table = NULL;
  fp_snapshot_cell *cell;
  FUZZ_CHECK(builder != NULL);
  add_host(builder, "a");
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/to/");
  add_route(builder, FASTPATH_ROUTE_PATH_EXACT, "/answer");
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/split");
  FUZZ_CHECK(fp_route_builder_add_share(builder, 1, NULL) == FASTPATH_OK);
  FUZZ_CHECK(fp_route_builder_add_share(builder, 3, NULL) == FASTPATH_OK);
  add_host(builder, "s");
  FUZZ_CHECK(fp_route_builder_require_tls(builder, FASTPATH_ROUTE_TLS_ALL, NULL) == FASTPATH_OK);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/");
  add_host(builder, "*");
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/");
  FUZZ_CHECK(fp_route_builder_add_condition(builder, &condition, NULL) == FASTPATH_OK);
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/to/");
  FUZZ_CHECK(fp_route_builder_build(builder, 0, &table, NULL) == FASTPATH_OK);
  fp_route_builder_free(builder);
  cell = fp_snapshot_cell_new(table, table_ref, table_unref);
  FUZZ_CHECK(cell != NULL);
  return cell;
}

static fp_picker *picker_new(uint32_t hosts) {
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 50};
  fp_endpoint endpoints[3];
  fp_cluster *cluster;
  fp_picker *picker;
  fp_lb_options_default(&config.options);
  for (uint32_t i = 0; i < hosts; i++)
    endpoints[i] = (fp_endpoint){.address = span_of("10.0.0.1"), .weight = i + 1, .port = (uint16_t)(i + 1)};
  FUZZ_CHECK(fp_cluster_new(&config, endpoints, hosts, &cluster, NULL) == FASTPATH_OK);
  picker = fp_picker_new(cluster, 3);
  FUZZ_CHECK(picker != NULL);
  fp_cluster_unref(cluster);
  return picker;
}

static fp_picker *picker_of(void *context, fp_dispatch *found, fp_pick_options *options) {
  side *self = context;
  FUZZ_CHECK(found->host == NULL && options->excluded_count == 0 && options->retry_priority == NULL);
  self->asked++;
  if (found->match.route == 1) return NULL;
  FUZZ_CHECK((found->share < 2) == (found->match.route == 2));
  return found->match.route == 2 ? self->empty : self->full;
}

static void side_init(side *self, const uint8_t *choices, fp_snapshot_cell *cell) {
  fp_path_options paths;
  fp_dispatch_config config = {.routes = cell, .picker_of = picker_of, .context = self, .seed = 5};
  fp_path_options_envoy(&paths);
  paths.merge_slashes = choices[0] & 1 ? FASTPATH_PATH_MERGE_ON : paths.merge_slashes;
  paths.escaped_slashes = choices[0] & 2 ? FASTPATH_PATH_UNESCAPE_AND_REDIRECT : paths.escaped_slashes;
  config.path_options = choices[0] & 4 ? NULL : &paths;
  config.authority_options.strip_trailing_dot = choices[0] >> 3 & 1;
  config.authority_options.strip_any_port = choices[0] >> 4 & 1;
  config.https = choices[0] >> 5 & 1;
  *self = (side){.full = picker_new(3), .empty = picker_new(0)};
  self->dispatcher = fp_dispatcher_new(&config);
  FUZZ_CHECK(self->dispatcher != NULL);
}

static void side_free(side *self) {
  fp_dispatcher_free(self->dispatcher);
  fp_picker_free(self->full);
  fp_picker_free(self->empty);
}

static uint32_t read_all(fp_span span) {
  uint32_t sum = 0;
  for (size_t i = 0; i < span.len; i++) sum += span.data[i];
  return sum;
}

static int same_span(fp_span a, fp_span b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void check_decision(const fp_dispatch *found, const side *self) {
  fp_route_match again;
  const fp_status status = fp_route_table_match(found->table, &found->request, &again);
  (void)read_all(found->request.path);
  (void)read_all(found->request.authority);
  (void)read_all(found->request.method);
  FUZZ_CHECK((status == FASTPATH_NONE) == (found->outcome == FASTPATH_DISPATCH_NO_ROUTE));
  if (status == FASTPATH_OK)
    FUZZ_CHECK(again.virtual_host == found->match.virtual_host && again.route == found->match.route);
  FUZZ_CHECK((found->outcome == FASTPATH_DISPATCH_HOST) == (found->host != NULL));
  FUZZ_CHECK((found->outcome == FASTPATH_DISPATCH_NO_HOST) == (found->picker == self->empty));
  if (found->host == NULL) return;
  FUZZ_CHECK(found->picker == self->full);
  FUZZ_CHECK(fp_host_set_host(fp_picker_host_set(self->full), found->host_index) == found->host);
  FUZZ_CHECK(fp_host_active_requests(found->host) == 0);
}

static void check_same(const fp_dispatch *one, const fp_dispatch *other) {
  FUZZ_CHECK(one->outcome == other->outcome && one->match.virtual_host == other->match.virtual_host);
  FUZZ_CHECK(one->match.route == other->match.route && one->share == other->share);
  FUZZ_CHECK(one->path_action == other->path_action && one->host_index == other->host_index);
  FUZZ_CHECK(same_span(one->request.path, other->request.path));
  FUZZ_CHECK(same_span(one->request.authority, other->request.authority));
}

/* Of a head that was cut short nothing is decided; what is refused of it is refused at the same place. */
static void check_cut(side *self, const uint8_t *data, size_t len, uint32_t flags) {
  fp_http_field fields[FIELD_ROOM];
  fp_http_head head = {.fields = fields, .field_capacity = FIELD_ROOM};
  fp_dispatch found;
  fp_error error = {0};
  uint8_t *block = malloc(len + 1);
  FUZZ_CHECK(block != NULL);
  memcpy(block, data, len);
  FUZZ_CHECK(fp_dispatcher_run(self->dispatcher, block, len, &head, flags, &found, &error) != FASTPATH_OK);
  free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fp_http_field fields[2][FIELD_ROOM];
  fp_http_head heads[2] = {{.fields = fields[0], .field_capacity = FIELD_ROOM},
                           {.fields = fields[1], .field_capacity = FIELD_ROOM}};
  fp_snapshot_cell *cell;
  side whole, parts;
  uint32_t flags;
  if (size < CHOICES) return 0;
  flags = data[1] & 1 ? FASTPATH_ROUTE_REQUEST_TLS_PRESENTED : 0;
  cell = cell_new();
  side_init(&whole, data, cell);
  side_init(&parts, data, cell);
  for (int round = 0; round < 3; round++) { /* what one decision leaves behind is nothing to the next */
    const uint8_t *request = data + CHOICES;
    const size_t len = size - CHOICES;
    fp_error errors[2] = {{0}, {0}};
    fp_dispatch found[2];
    const fp_status status = fp_dispatcher_run(whole.dispatcher, request, len, &heads[0], flags, &found[0], &errors[0]);
    fp_status expected = fp_http_parse_request(request, len, NULL, &heads[1], &errors[1]);
    if (expected == FASTPATH_OK) {
      FUZZ_CHECK(heads[0].head_len == heads[1].head_len && heads[0].field_count == heads[1].field_count);
      expected = fp_dispatcher_run_head(parts.dispatcher, request, &heads[1], flags, &found[1], &errors[1]);
    }
    FUZZ_CHECK(status == expected && whole.asked == parts.asked);
    if (status < 0) FUZZ_CHECK(errors[0].code == errors[1].code && errors[0].position == errors[1].position);
    if (status != FASTPATH_OK) continue;
    check_same(&found[0], &found[1]);
    check_decision(&found[0], &whole);
    check_decision(&found[1], &parts);
    check_cut(&whole, request, heads[0].head_len - 1 - data[1] % heads[0].head_len, flags);
  }
  side_free(&whole);
  side_free(&parts);
  fp_snapshot_cell_unref(cell);
  return 0;
}
