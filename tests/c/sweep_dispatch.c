/* Scenarios of the failing-allocation sweep: requests in one call. */
#include "sweep.h"

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static void table_ref(void *table) { (void)fp_route_table_ref(table); }
static void table_unref(void *table) { fp_route_table_unref(table); }

/* Route 0 is forwarded, 1 answers by itself, 2 is split; the other virtual host wants https. */
static fp_route_table *table_new(void) {
  fp_route_builder *builder;
  fp_route_table *table = NULL;
  static const char *const paths[] = {"/to/", "/answer", "/split"};
  TRY_NEW(builder, fp_route_builder_new());
  TRY(fp_route_builder_add_virtual_host(builder, NULL), true);
  TRY(fp_route_builder_add_domain(builder, (const uint8_t *)"shop.example", 12, NULL), true);
  for (int i = 0; i < 3; i++) {
    const fp_span path = span_of(paths[i]);
    TRY(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, path.data, path.len, 0, NULL), true);
  }
  TRY(fp_route_builder_add_share(builder, 1, NULL), true);
  TRY(fp_route_builder_add_share(builder, 3, NULL), true);
  TRY(fp_route_builder_add_virtual_host(builder, NULL), true);
  TRY(fp_route_builder_require_tls(builder, FASTPATH_ROUTE_TLS_ALL, NULL), true);
  TRY(fp_route_builder_add_domain(builder, (const uint8_t *)"secure.example", 14, NULL), true);
  TRY(fp_route_builder_build(builder, 0, &table, NULL), table == NULL);
  fp_route_builder_free(builder);
  return table;
}

static fp_picker *picker_new(uint32_t hosts) {
  fp_endpoint endpoints[3];
  fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 50};
  fp_cluster *cluster = NULL;
  fp_picker *picker;
  fp_lb_options_default(&config.options);
  for (uint32_t i = 0; i < hosts; i++)
    endpoints[i] = (fp_endpoint){.address = span_of("10.0.0.1"), .weight = i + 1, .port = (uint16_t)(i + 1)};
  TRY(fp_cluster_new(&config, endpoints, hosts, &cluster, NULL), cluster == NULL);
  TRY_NEW(picker, fp_picker_new(cluster, 3));
  fp_cluster_unref(cluster);
  return picker;
}

typedef struct clusters {
  fp_picker *full;
  fp_picker *empty;
  uint32_t asked;
} clusters;

static fp_picker *picker_of(void *context, fp_dispatch *found, fp_pick_options *options) {
  clusters *all = context;
  CHECK(found->match.virtual_host == 0 && found->match.route < 3);
  CHECK(found->table != NULL && found->host == NULL);
  CHECK_EQ(options->excluded_count, 0);
  all->asked++;
  if (found->match.route == 1) return NULL;
  if (found->match.route == 2) {
    CHECK(found->share < 2);
    return all->empty;
  }
  return all->full;
}

static fp_dispatch run(fp_dispatcher *dispatcher, const char *target, const char *host, fp_status expected) {
  static char data[16384]; /* what is found points into it */
  fp_http_field fields[8];
  fp_http_head head = {.fields = fields, .field_capacity = 8};
  fp_dispatch found = {.outcome = FASTPATH_DISPATCH_NO_ROUTE};
  const int len = snprintf(data, sizeof data, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, host);
  fp_error error;
  fp_status status;
  CHECK(len > 0 && (size_t)len < sizeof data);
  status = fp_dispatcher_run(dispatcher, (const uint8_t *)data, (size_t)len, &head, 0, &found, &error);
  if (status == FASTPATH_ERR_MEMORY) {
    CHECK(failing_memory_fired());
    CHECK_EQ(found.outcome, FASTPATH_DISPATCH_NO_ROUTE); /* not written */
    status = fp_dispatcher_run_head(dispatcher, (const uint8_t *)data, &head, 0, &found, &error);
  }
  CHECK_EQ(status, expected);
  for (int cut = 0; cut < len; cut += len > 200 ? 997 : 1)
    CHECK_EQ(fp_dispatcher_run(dispatcher, (const uint8_t *)data, (size_t)cut, &head, 0, &found, &error),
             FASTPATH_NEED_MORE);
  return found;
}

void sweep_dispatch(void) {
  clusters all = {picker_new(3), picker_new(0), 0};
  fp_path_options path_options;
  fp_snapshot_cell *cell;
  fp_dispatcher *dispatcher;
  fp_route_table *table = table_new();
  fp_dispatch found;
  char longest[9000] = "/to//";
  TRY_NEW(cell, fp_snapshot_cell_new(table, table_ref, table_unref));
  fp_path_options_envoy(&path_options);
  path_options.merge_slashes = FASTPATH_PATH_MERGE_ON;
  path_options.escaped_slashes = FASTPATH_PATH_UNESCAPE_AND_REDIRECT;
  fp_dispatch_config config = {.routes = cell,
                               .picker_of = picker_of,
                               .context = &all,
                               .path_options = &path_options,
                               .authority_options = {.strip_trailing_dot = 1, .strip_any_port = 1},
                               .seed = 5};
  TRY_NEW(dispatcher, fp_dispatcher_new(&config));
  found = run(dispatcher, "/to//here?x=1", "shop.example.:8080", FASTPATH_OK);
  CHECK_EQ(found.outcome, FASTPATH_DISPATCH_HOST);
  CHECK(found.picker == all.full && found.host != NULL);
  CHECK(fp_host_set_host(fp_picker_host_set(all.full), found.host_index) == found.host);
  CHECK_EQ(fp_host_active_requests(found.host), 0);
  CHECK_EQ(found.path_action, FASTPATH_PATH_CHANGED);
  CHECK(found.request.path.len == 12 && memcmp(found.request.path.data, "/to/here?x=1", 12) == 0);
  CHECK(found.request.authority.len == 12 && memcmp(found.request.authority.data, "shop.example", 12) == 0);
  CHECK_EQ(found.share, FASTPATH_ROUTE_INDEX_NONE);
  CHECK(all.asked >= 1); /* again when the pick had no memory */
  found = run(dispatcher, "/answer", "shop.example", FASTPATH_OK);
  CHECK_EQ(found.outcome, FASTPATH_DISPATCH_ANSWER);
  CHECK(found.match.route == 1 && found.host == NULL && found.picker == NULL);
  found = run(dispatcher, "/split", "shop.example", FASTPATH_OK);
  CHECK_EQ(found.outcome, FASTPATH_DISPATCH_NO_HOST);
  CHECK(found.picker == all.empty && found.host == NULL && found.share < 2);
  const uint32_t asked = all.asked;
  found = run(dispatcher, "/else", "shop.example", FASTPATH_OK);
  CHECK_EQ(found.outcome, FASTPATH_DISPATCH_NO_ROUTE);
  CHECK_EQ(found.match.route, FASTPATH_ROUTE_INDEX_NONE);
  found = run(dispatcher, "/to/", "elsewhere", FASTPATH_OK);
  CHECK_EQ(found.outcome, FASTPATH_DISPATCH_NO_ROUTE);
  CHECK_EQ(run(dispatcher, "/", "secure.example", FASTPATH_OK).outcome, FASTPATH_DISPATCH_TLS_REDIRECT);
  CHECK_EQ(run(dispatcher, "/to%2fx", "shop.example", FASTPATH_OK).outcome, FASTPATH_DISPATCH_PATH_REDIRECT);
  CHECK_EQ(all.asked, asked); /* none of these wanted a picker */
  memset(longest + 5, 'a', sizeof longest - 6);
  CHECK_EQ(run(dispatcher, longest, "shop.example", FASTPATH_OK).outcome, FASTPATH_DISPATCH_HOST);
  fp_dispatcher_free(dispatcher);

  config.https = 1;
  config.path_options = NULL;
  TRY_NEW(dispatcher, fp_dispatcher_new(&config));
  found = run(dispatcher, "http://shop.example", "shop.example", FASTPATH_OK);
  CHECK_EQ(found.outcome, FASTPATH_DISPATCH_NO_ROUTE);
  CHECK(found.request.path.len == 1 && found.request.path.data[0] == '/');
  CHECK_EQ(run(dispatcher, "/", "secure.example", FASTPATH_OK).outcome, FASTPATH_DISPATCH_NO_ROUTE);
  CHECK_EQ(run(dispatcher, "/to//x", "shop.example", FASTPATH_OK).path_action, FASTPATH_PATH_UNCHANGED);
  fp_dispatcher_free(dispatcher);
  fp_dispatcher_free(NULL);

  fp_snapshot_cell_unref(cell);
  fp_picker_free(all.full);
  fp_picker_free(all.empty);
}
