/* Templates for those who have no hosts: which one takes a path, and what its variables stand for. */
#include <fastpath/path_router.h>

#include "check.h"

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static fp_path_router *router_of(const char *const *templates, size_t count) {
  fp_span spans[16];
  fp_path_router *router = NULL;
  fp_error error;
  for (size_t i = 0; i < count; i++) spans[i] = span_of(templates[i]);
  CHECK_EQ(fp_path_router_new(spans, count, &router, NULL, &error), FASTPATH_OK);
  CHECK(fp_path_router_size(router) > 0);
  return router;
}

/* The index, or -1; the one way and the other. */
static int found(const fp_path_router *router, const char *path, fp_span *variables) {
  uint32_t index = 77, again = 77;
  const fp_status status = fp_path_router_match(router, span_of(path), &index, variables);
  CHECK_EQ(fp_path_router_find(router, span_of(path), &again), status);
  CHECK_EQ(index, again);
  if (status == FASTPATH_OK) return (int)index;
  CHECK_EQ(status, FASTPATH_NONE);
  CHECK_EQ(index, 77);
  return -1;
}

static void test_first_in_the_list(void) {
  static const char *const templates[] = {"/a/*", "/a/b", "/a/b", "/x/{y=**}", "/x/y/{z}", "/{p}.js", "/q", "/**"};
  fp_path_router *router = router_of(templates, sizeof templates / sizeof *templates);
  fp_span variables[FASTPATH_ROUTE_PARAMS_MAX];
  CHECK_EQ(found(router, "/a/b", variables), 0);
  CHECK_EQ(found(router, "/a/", variables), 7);
  CHECK_EQ(found(router, "/x/y/z", variables), 3);
  CHECK_BYTES(variables[0].data, variables[0].len, "y/z");
  CHECK_EQ(found(router, "/x/", variables), 3);
  CHECK_EQ(variables[0].len, 0);
  CHECK_EQ(found(router, "/m.js?x", variables), 5);
  CHECK_BYTES(variables[0].data, variables[0].len, "m");
  CHECK_EQ(found(router, "/q#/a", variables), 6);
  CHECK_EQ(found(router, "/", variables), 7);
  CHECK_EQ(found(router, "", variables), -1);
  CHECK_EQ(found(router, "q", variables), -1);
  fp_path_router_free(router);
}

/* Many paths of all lengths, some of them twice; where the hash table ends, a search goes on at its beginning. */
static void test_many_paths(void) {
  enum {
    PATHS = 3000
  };
  static char texts[PATHS][64];
  static fp_span spans[PATHS];
  static void *values[PATHS];
  fp_path_router *router = NULL;
  for (size_t i = 0; i < PATHS; i++) {
    memset(texts[i], 'x', sizeof texts[i]);
    const int len = snprintf(texts[i], sizeof texts[i], "/%zu", i / 2 * 7919 % 1500);
    texts[i][len] = 'x';
    spans[i] = (fp_span){(const uint8_t *)texts[i], (size_t)len + i / 2 % 40};
    values[i] = texts[i];
  }
  CHECK_EQ(fp_path_router_new(spans, PATHS, &router, NULL, NULL), FASTPATH_OK);
  fp_path_router_set_values(router, values);
  for (size_t i = 0; i < PATHS; i++) {
    uint32_t index = 0;
    void *value = NULL;
    CHECK_EQ(fp_path_router_find(router, spans[i], &index), FASTPATH_OK);
    CHECK_EQ(index, i / 2 * 2); /* the first one of the two */
    CHECK_EQ(fp_path_router_find_value(router, spans[i], &value), FASTPATH_OK);
    CHECK(value == texts[index]);
    texts[i][1] ^= 0x40; /* as long, and not there */
    CHECK_EQ(fp_path_router_find(router, spans[i], &index), FASTPATH_NONE);
    texts[i][1] ^= 0x40;
  }
  fp_path_router_free(router);
}

/* Where a literal leads nowhere, the wildcard beside it is tried. */
static void test_ways_back(void) {
  static const char *const templates[] = {"/a/b/{x}/c", "/a/{y}/e/d", "/{z}/b/e/{w}/", "/{m}/{n=*/o}"};
  fp_path_router *router = router_of(templates, 4);
  fp_span variables[FASTPATH_ROUTE_PARAMS_MAX];
  CHECK_EQ(found(router, "/a/b/e/c", variables), 0);
  CHECK_EQ(found(router, "/a/b/e/d", variables), 1);
  CHECK_BYTES(variables[0].data, variables[0].len, "b");
  CHECK_EQ(found(router, "/a/b/e/f/", variables), 2);
  CHECK_BYTES(variables[0].data, variables[0].len, "a");
  CHECK_BYTES(variables[1].data, variables[1].len, "f");
  CHECK_EQ(found(router, "/a/b/e/f", variables), -1);
  CHECK_EQ(found(router, "/a/b/o", variables), 3);
  CHECK_BYTES(variables[1].data, variables[1].len, "b/o");
  CHECK_EQ(fp_path_router_variable_count(router, 2), 2);
  const fp_span name = fp_path_router_variable_name(router, 2, 1);
  CHECK_BYTES(name.data, name.len, "w");
  fp_path_router_free(router);
}

/* More bytes than are marked at once, more segments than the tree has. */
static void test_long_paths(void) {
  enum {
    SEGMENTS = 200
  };
  char deep[2 * SEGMENTS + 8], path[2 * SEGMENTS + 8], wide[300];
  const char *templates[] = {deep, "/{a}/{b}/{c}", "/{a}/end"};
  fp_span variables[FASTPATH_ROUTE_PARAMS_MAX];
  for (size_t i = 0; i < SEGMENTS; i++) memcpy(deep + 2 * i, "/d", 2);
  strcpy(deep + 2 * SEGMENTS, "/{v}");
  memcpy(path, deep, sizeof path);
  strcpy(path + 2 * SEGMENTS, "/x");
  fp_path_router *router = router_of(templates, 3);
  CHECK_EQ(found(router, path, variables), 0);
  CHECK_BYTES(variables[0].data, variables[0].len, "x");
  for (size_t len = 1; len < 140; len++) {
    memset(wide, 'w', sizeof wide);
    wide[0] = wide[1 + len] = '/';
    strcpy(wide + 2 + len, "end");
    CHECK_EQ(found(router, wide, variables), 2);
    CHECK_EQ(variables[0].len, len);
    strcpy(wide + 2 + len, "middle/end?/");
    CHECK_EQ(found(router, wide, variables), 1);
    CHECK_EQ(variables[0].len, len);
    CHECK_BYTES(variables[1].data, variables[1].len, "middle");
    CHECK_BYTES(variables[2].data, variables[2].len, "end");
  }
  fp_path_router_free(router);
}

/* Up to and beyond the tree's depth, with paths that go on behind the template. */
static void test_depths(void) {
  char deep[160], path[160];
  const char *templates[] = {deep};
  fp_span variables[FASTPATH_ROUTE_PARAMS_MAX];
  for (size_t count = 60; count < 70; count++) {
    strcpy(deep, "/{v}");
    for (size_t i = 1; i < count; i++) strcat(deep, "/d");
    fp_path_router *router = router_of(templates, 1);
    strcpy(path, "/x");
    for (size_t i = 1; i < count + 4; i++) {
      CHECK_EQ(found(router, path, variables), i == count ? 0 : -1);
      strcat(path, "/d");
    }
    fp_path_router_free(router);
  }
}

static void test_refused(void) {
  const fp_span templates[] = {span_of("/a"), span_of("/b/{c"), span_of("/d")};
  fp_path_router *router = NULL;
  size_t index = 77;
  fp_error error;
  uint32_t found_index = 77;
  CHECK_EQ(fp_path_router_new(templates, 3, &router, &index, &error), FASTPATH_ERR_CONFIG_PATH);
  CHECK(router == NULL);
  CHECK_EQ(index, 1);
  CHECK_EQ(error.position, 3);
  CHECK_EQ(fp_path_router_new(NULL, 0, &router, &index, &error), FASTPATH_OK);
  CHECK_EQ(fp_path_router_find(router, templates[0], &found_index), FASTPATH_NONE);
  fp_path_router_free(router);
  fp_path_router_free(NULL);
}

int main(void) {
  test_first_in_the_list();
  test_many_paths();
  test_ways_back();
  test_long_paths();
  test_depths();
  test_refused();
  return 0;
}
