/*
 * A request in one call from C, and a load balancing policy of one's own.
 *
 *   cc one_call.c $(pkg-config --cflags --libs "$(python -c 'import fastpath; print(fastpath.get_library_dir())')/pkgconfig/fastpath.pc") -o one_call
 *   printf 'GET /cart/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n' | ./one_call
 */
#include <fastpath/fastpath.h>
#include <stdio.h>
#include <string.h>

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

/* A policy: the host with the fewest active requests for its weight, the first of equals. */
static uint32_t least_loaded(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  uint32_t best = 0;
  (void)state;
  (void)request;
  for (uint32_t i = 1; i < group->count; i++) {
    const uint64_t load = fp_host_active_requests(group->hosts[i]), least = fp_host_active_requests(group->hosts[best]);
    if (load * group->weights[best] < least * group->weights[i]) best = i;
  }
  return best;
}

static const fp_lb_policy policy = {.name = "LEAST_LOADED", .pick = least_loaded};

/* Whose cluster a route is of: what the indices of the table stand for. */
static fp_picker *picker_of(void *context, fp_dispatch *found, fp_pick_options *options) {
  fp_picker **pickers = context;
  (void)options;
  return pickers[found->match.route];
}

static fp_status cluster_new(fp_cluster **cluster, fp_error *error) {
  fp_cluster_config config = {.policy = &policy, .panic_threshold = 50};
  const fp_endpoint endpoints[] = {{.address = span_of("10.0.0.1"), .port = 8080, .weight = 1},
                                   {.address = span_of("10.0.0.2"), .port = 8080, .weight = 2}};
  fp_lb_options_default(&config.options);
  return fp_cluster_new(&config, endpoints, sizeof endpoints / sizeof *endpoints, cluster, error);
}

/* Route 0 goes to the cluster, route 1 answers by itself. */
static fp_status table_new(fp_route_table **table, fp_error *error) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_status status = builder == NULL ? FASTPATH_ERR_MEMORY : fp_route_builder_add_virtual_host(builder, error);
  if (status >= 0) status = fp_route_builder_add_domain(builder, (const uint8_t *)"shop.example", 12, error);
  if (status >= 0)
    status = fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, (const uint8_t *)"/cart", 5, 0, error);
  if (status >= 0)
    status = fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_EXACT, (const uint8_t *)"/health", 7, 0, error);
  if (status >= 0) status = fp_route_builder_build(builder, 0, table, error);
  fp_route_builder_free(builder);
  return status;
}

static void table_ref(void *table) { (void)fp_route_table_ref(table); }
static void table_unref(void *table) { fp_route_table_unref(table); }

static int answer(fp_dispatcher *dispatcher, const uint8_t *data, size_t len) {
  fp_http_field fields[100];
  fp_http_head head = {.fields = fields, .field_capacity = 100};
  fp_dispatch found;
  fp_error error;
  const fp_status status = fp_dispatcher_run(dispatcher, data, len, &head, 0, &found, &error);
  if (status == FASTPATH_NEED_MORE) return printf("incomplete\n"), 2;
  if (status < 0) return printf("%d %s\n", error.http_status, error.message), 1;
  switch (found.outcome) {
    case FASTPATH_DISPATCH_HOST: {
      const fp_span host = fp_host_key(found.host);
      fp_host_acquire(found.host); /* while the request is forwarded, with a reference if that is another thread's */
      printf("route %u, host %.*s\n", found.match.route, (int)host.len, (const char *)host.data);
      return fp_host_release(found.host) == FASTPATH_OK ? 0 : 1;
    }
    case FASTPATH_DISPATCH_ANSWER: return printf("route %u answers\n", found.match.route), 0;
    case FASTPATH_DISPATCH_NO_HOST: return printf("no host\n"), 0;
    case FASTPATH_DISPATCH_NO_ROUTE:
    case FASTPATH_DISPATCH_TLS_REDIRECT:
    case FASTPATH_DISPATCH_PATH_REDIRECT: break;
  }
  return printf("no route\n"), 0;
}

int main(void) {
  uint8_t data[65536];
  const size_t len = fread(data, 1, sizeof data, stdin);
  fp_cluster *cluster = NULL;
  fp_route_table *table = NULL;
  fp_error error = {.message = "out of memory"};
  if (cluster_new(&cluster, &error) < 0 || table_new(&table, &error) < 0)
    return fprintf(stderr, "%s\n", error.message), 1;
  fp_snapshot_cell *cell = fp_snapshot_cell_new(table, table_ref, table_unref);
  fp_picker *pickers[2] = {fp_picker_new(cluster, 1), NULL};
  if (cell == NULL || pickers[0] == NULL) return 1;
  const fp_dispatch_config config = {.routes = cell, .picker_of = picker_of, .context = pickers, .seed = 1};
  fp_dispatcher *dispatcher = fp_dispatcher_new(&config);
  if (dispatcher == NULL) return 1;
  const int result = answer(dispatcher, data, len);
  fp_dispatcher_free(dispatcher);
  fp_picker_free(pickers[0]);
  fp_snapshot_cell_unref(cell);
  fp_cluster_unref(cluster);
  return result;
}
