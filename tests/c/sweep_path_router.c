/* Scenario of the failing-allocation sweep: templates in all three places where a path router has them. */
#include <fastpath/path_router.h>

#include "sweep.h"

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

void sweep_path_router(void) {
  enum {
    MANY = 40
  };
  static char texts[MANY][32];
  fp_span templates[MANY + 4], variables[FASTPATH_ROUTE_PARAMS_MAX];
  fp_path_router *router = NULL;
  void *values[MANY + 4], *value = NULL;
  size_t index = 77;
  uint32_t found = 77;
  templates[0] = span_of("/literal");
  templates[1] = span_of("/a/{b}");
  templates[2] = span_of("/a/{c=**}.js");
  templates[3] = span_of("/v{d}/e");
  for (size_t i = 0; i < MANY; i++) { /* the tree grows */
    snprintf(texts[i], sizeof texts[i], "/many/%zu/{x}", i);
    templates[4 + i] = span_of(texts[i]);
  }
  TRY(fp_path_router_new(templates, MANY + 4, &router, &index, NULL), router == NULL);
  CHECK_EQ(fp_path_router_find_value(router, span_of("/literal"), &value), FASTPATH_ERR_ARGUMENT); /* not said yet */
  CHECK(value == NULL);
  for (size_t i = 0; i < MANY + 4; i++) values[i] = &templates[i];
  fp_path_router_set_values(router, values);
  TRY(fp_path_router_find_value(router, span_of("/literal"), &value), value == NULL);
  CHECK(value == &templates[0]);
  TRY(fp_path_router_find_value(router, span_of("/vx/e"), &value), value == &templates[0]);
  CHECK(value == &templates[3]);
  TRY(fp_path_router_find(router, span_of("/many/39/y"), &found), found == 77);
  CHECK_EQ(found, MANY + 3);
  TRY(fp_path_router_match(router, span_of("/a/b/c.js"), &found, variables), found == MANY + 3);
  CHECK_EQ(found, 2);
  CHECK_BYTES(variables[0].data, variables[0].len, "b/c");
  CHECK_EQ(fp_path_router_variable_count(router, 3), 1);
  CHECK_BYTES(fp_path_router_variable_name(router, 3, 0).data, 1, "d");
  CHECK(fp_path_router_size(router) > 0);
  fp_path_router_free(router);
}
