/* Scenarios of the failing-allocation sweep: trees of matchers. */
#include <fastpath/route_matcher.h>

#include "sweep.h"

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

/* A map in a list, regexes, and a header whose lines take more than the stack has for them. */
void sweep_route_matcher(void) {
  enum {
    LINES = 80,
    LINE = 20
  };
  static uint8_t head[3 + LINES * LINE];
  const fp_route_matcher_step steps[] = {
      {.kind = FASTPATH_ROUTE_MATCHER_LIST, .count = 1, .flags = FASTPATH_ROUTE_MATCHER_NO_MATCH},
      {.kind = FASTPATH_ROUTE_MATCHER_TEST,
       .compare = FASTPATH_ROUTE_COMPARE_REGEX,
       .name = span_of("x-a"),
       .value = span_of("p+(,p+)*")},
      {.kind = FASTPATH_ROUTE_MATCHER_PREFIX_MAP, .count = 2, .name = span_of("x-a")},
      {.kind = FASTPATH_ROUTE_MATCHER_KEY, .value = span_of("pp")},
      {.kind = FASTPATH_ROUTE_MATCHER_ROUTES, .count = 1},
      {.kind = FASTPATH_ROUTE_MATCHER_KEY, .value = span_of("q")},
      {.kind = FASTPATH_ROUTE_MATCHER_ROUTES, .count = 1},
      {.kind = FASTPATH_ROUTE_MATCHER_ROUTES, .count = 1},
  };
  fp_http_field fields[LINES];
  fp_route_request request = {
      .authority = span_of("h"), .path = span_of("/p"), .data = head, .fields = fields, .field_count = LINES};
  fp_route_match match = {.route = 77};
  fp_route_builder *builder;
  fp_route_table *table = NULL;
  size_t step = 77;
  uint32_t list = 77, end;
  memset(head, 'p', sizeof head);
  memcpy(head, "x-a", 3);
  for (uint32_t i = 0; i < LINES; i++) {
    fields[i] = (fp_http_field){.name = 0, .name_len = 3, .value = 3 + i * LINE, .value_len = LINE};
  }
  TRY_NEW(builder, fp_route_builder_new());
  TRY(fp_route_builder_add_virtual_host(builder, NULL), true);
  TRY(fp_route_builder_add_domain(builder, (const uint8_t *)"*", 1, NULL), true);
  for (int i = 0; i < 3; i++) {
    TRY(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, (const uint8_t *)"/p", 2, 0, NULL), true);
  }
  TRY(fp_route_builder_set_matcher(builder, steps, sizeof steps / sizeof *steps, &step, NULL), true);
  TRY(fp_route_builder_build(builder, 0, &table, NULL), table == NULL);
  fp_route_builder_free(builder);
  TRY(fp_route_table_match(table, &request, &match), match.route == 77);
  CHECK_EQ(match.route, 0);
  TRY(fp_route_table_choose_list(table, 0, &request, &list), list == 77);
  CHECK_EQ(list, 0);
  CHECK_EQ(fp_route_table_list_count(table, 0), 3);
  fp_route_table_list(table, 0, 2, &list, &end);
  CHECK_EQ(list, 2);
  CHECK_EQ(end, 3);
  fp_route_table_unref(table);
}
