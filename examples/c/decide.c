/*
 * The core without Python: a request's head on standard input, where it goes on standard output.
 *
 *   cc decide.c $(pkg-config --cflags --libs "$(python -c 'import fastpath; print(fastpath.get_library_dir())')/pkgconfig/fastpath.pc") -o decide
 *   printf 'GET /shop/cart HTTP/1.1\r\nHost: shop.example\r\n\r\n' | ./decide
 */
#include <fastpath/fastpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) ((const uint8_t *)(literal)), sizeof(literal) - 1

static const char *const clusters[] = {"shop", "files"}; /* by the index of the route */

static void must(fp_status status, const fp_error *error) {
  if (status >= FASTPATH_OK) return;
  fprintf(stderr, "%s: %s\n", fp_status_name(status), error->message);
  exit(2);
}

static fp_route_table *make_table(void) {
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  fp_error error;
  if (builder == NULL) abort();
  must(fp_route_builder_add_virtual_host(builder, &error), &error);
  must(fp_route_builder_add_domain(builder, TEXT("*.example"), &error), &error);
  must(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_SEPARATED, TEXT("/shop"), 0, &error), &error);
  must(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, TEXT("/files/{name=**}"), 0, &error), &error);
  must(fp_route_builder_build(builder, 0, &table, &error), &error);
  fp_route_builder_free(builder);
  return table;
}

static fp_cluster *make_cluster(void) {
  const fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 50};
  const fp_endpoint endpoints[] = {
      {.address = {TEXT("10.0.0.1")}, .port = 8080, .weight = 2},
      {.address = {TEXT("10.0.0.2")}, .port = 8080, .weight = 1},
  };
  fp_cluster *cluster = NULL;
  fp_error error;
  must(fp_cluster_new(&config, endpoints, sizeof endpoints / sizeof *endpoints, &cluster, &error), &error);
  return cluster;
}

/* 0, or the status to answer with. */
static int decide(const fp_route_table *table, fp_picker *picker, const uint8_t *data, size_t len) {
  fp_http_field fields[64];
  fp_http_head head = {.fields = fields, .field_capacity = sizeof fields / sizeof *fields};
  fp_route_match match;
  fp_host *host;
  fp_error error;
  const fp_status status = fp_http_parse_request(data, len, NULL, &head, &error);
  if (status < FASTPATH_OK) {
    printf("refused at byte %zu: %s\n", error.position, error.message);
    return error.http_status;
  }
  if (status == FASTPATH_NEED_MORE) return 408;

  const fp_route_request request = {
      .authority = {data + head.authority_off, head.authority_len},
      .path = {data + head.path_off, head.query_off ? head.query_off + head.query_len - head.path_off : head.path_len},
      .method = {data + head.method_off, head.method_len},
      .data = data,
      .fields = fields,
      .field_count = head.field_count,
  };
  if (fp_route_table_match(table, &request, &match) != FASTPATH_OK) return 404;
  if (fp_picker_pick(picker, NULL, &host, NULL) != FASTPATH_OK) return 503;
  const fp_span key = fp_host_key(host);
  printf("%s %.*s\n", clusters[match.route], (int)key.len, (const char *)key.data);
  return 0;
}

int main(void) {
  uint8_t data[8192];
  const size_t len = fread(data, 1, sizeof data, stdin);
  fp_route_table *table = make_table();
  fp_cluster *cluster = make_cluster();
  fp_picker *picker = fp_picker_new(cluster, 0);
  if (picker == NULL) abort();
  const int answer = decide(table, picker, data, len);
  if (answer != 0) printf("%d\n", answer);
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
  fp_route_table_unref(table);
  return answer != 0;
}
