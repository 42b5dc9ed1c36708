/* route_fixture.h - tables and requests in a line or two, for the tests of routing. */
#ifndef FASTPATH_TESTS_ROUTE_FIXTURE_H
#define FASTPATH_TESTS_ROUTE_FIXTURE_H

#include <fastpath/route.h>
#include <stdlib.h>

#include "check.h"

static inline fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static inline void add_host(fp_route_builder *builder, const char *domain) {
  const fp_span span = span_of(domain);
  CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_domain(builder, span.data, span.len, NULL), FASTPATH_OK);
}

/* With a virtual host of the domain "*". */
static inline fp_route_builder *new_builder(void) {
  fp_route_builder *builder = fp_route_builder_new();
  CHECK(builder != NULL);
  add_host(builder, "*");
  return builder;
}

static inline void add_route(fp_route_builder *builder, fp_route_path_kind kind, const char *path, uint32_t flags) {
  const fp_span span = span_of(path);
  CHECK_EQ(fp_route_builder_add_route(builder, kind, span.data, span.len, flags, NULL), FASTPATH_OK);
}

static inline void add_condition(fp_route_builder *builder, fp_route_condition condition) {
  CHECK_EQ(fp_route_builder_add_condition(builder, &condition, NULL), FASTPATH_OK);
}

static inline fp_route_condition condition_of(fp_route_condition_kind kind, const char *name, fp_route_compare compare,
                                              const char *value, unsigned flags) {
  return (fp_route_condition){.kind = (uint8_t)kind,
                              .compare = (uint8_t)compare,
                              .flags = (uint8_t)flags,
                              .name = span_of(name),
                              .value = span_of(value),
                              .denominator = 1};
}

/* Builds, and frees the builder. */
static inline fp_route_table *build_table(fp_route_builder *builder, uint32_t flags) {
  fp_route_table *table = NULL;
  CHECK_EQ(fp_route_builder_build(builder, flags, &table, NULL), FASTPATH_OK);
  fp_route_builder_free(builder);
  return table;
}

/* A table of one route, "" as a prefix, with one condition. */
static inline fp_route_table *table_of(fp_route_condition condition) {
  fp_route_builder *builder = new_builder();
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "", 0);
  add_condition(builder, condition);
  return build_table(builder, 0);
}

/* A request whose head is "name: value" lines, in a block of exactly its size; free its data. */
typedef struct {
  fp_route_request request;
  fp_http_field fields[300];
  uint8_t *data;
} fixture_request;

static inline void make_request(fixture_request *made, const char *path, const char *lines) {
  const size_t len = strlen(lines);
  *made = (fixture_request){
      .request = {
          .authority = span_of("host"), .path = span_of(path), .method = span_of("GET"), .scheme = span_of("http")}};
  made->data = malloc(len == 0 ? 1 : len);
  CHECK(made->data != NULL);
  if (len > 0) memcpy(made->data, lines, len);
  for (const char *line = lines; *line != '\0';) {
    const char *end = strchr(line, '\n'), *colon = strchr(line, ':');
    fp_http_field *field = &made->fields[made->request.field_count++];
    CHECK(end != NULL && colon != NULL && made->request.field_count <= 300);
    *field = (fp_http_field){.name = (uint32_t)(line - lines),
                             .name_len = (uint16_t)(colon - line),
                             .value = (uint32_t)(colon + 2 - lines),
                             .value_len = (uint32_t)(end - colon - 2),
                             .id = fp_http_name_id((const uint8_t *)line, (size_t)(colon - line))};
    line = end + 1;
  }
  made->request.data = made->data;
  made->request.fields = made->request.field_count == 0 ? NULL : made->fields;
}

/* The route in the virtual host that the request is for, or -1. */
static inline int route_for(const fp_route_table *table, const fp_route_request *request) {
  fp_route_match match;
  const fp_status status = fp_route_table_match(table, request, &match);
  CHECK(status == FASTPATH_OK || status == FASTPATH_NONE);
  CHECK_EQ(match.route != FASTPATH_ROUTE_INDEX_NONE || match.tls_redirect, status == FASTPATH_OK);
  return match.route == FASTPATH_ROUTE_INDEX_NONE ? -1 : (int)match.route;
}

/* Lines end in '\n'. */
static inline int route_with(const fp_route_table *table, const char *path, const char *lines) {
  fixture_request made;
  int route;
  make_request(&made, path, lines);
  route = route_for(table, &made.request);
  free(made.data);
  return route;
}

#endif
