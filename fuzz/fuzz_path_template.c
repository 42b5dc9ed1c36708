/*
 * A template and a path: the table, which walks a trie, says what the template alone says, and what the variables stand
 * for lies in the path. The input: a byte of flags, the template's length, the template, the path.
 */
#include <fastpath/route.h>
#include <stdint.h>
#include <string.h>

#include "../src/libfastpath/path_template.h"
#include "fuzz_check.h"

static uint8_t *copy_of(const uint8_t *data, size_t len) {
  uint8_t *copy = malloc(len == 0 ? 1 : len);
  FUZZ_CHECK(copy != NULL);
  if (len > 0) memcpy(copy, data, len);
  return copy;
}

static void compare(const fp_path_template *template, const uint8_t *text, size_t text_len, uint32_t flags,
                    const uint8_t *path, size_t len) {
  fp_span params[FASTPATH_ROUTE_PARAMS_MAX];
  const uint8_t *from = path;
  fp_route_request request = {.path = {path, len}};
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  fp_route_match match;
  size_t end = 0;
  bool expected;
  while (end < len && path[end] != '?' && path[end] != '#') end++;
  expected = len > 0 && fp_path_template_match(template, path, end);
  FUZZ_CHECK(builder != NULL && fp_route_builder_add_virtual_host(builder, NULL) == FASTPATH_OK);
  FUZZ_CHECK(fp_route_builder_add_domain(builder, (const uint8_t *)"*", 1, NULL) == FASTPATH_OK);
  FUZZ_CHECK(fp_route_builder_add_route(builder, FASTPATH_ROUTE_PATH_TEMPLATE, text, text_len, flags, NULL) ==
             FASTPATH_OK);
  FUZZ_CHECK(fp_route_builder_build(builder, 0, &table, NULL) == FASTPATH_OK);
  FUZZ_CHECK((fp_route_table_match(table, &request, &match) == FASTPATH_OK) == expected);
  if (expected) {
    FUZZ_CHECK(fp_route_table_param_count(table, &match) == template->variable_count);
    fp_route_table_params(table, &match, (fp_span){path, end}, params);
    for (uint32_t i = 0; i < template->variable_count; i++) {
      FUZZ_CHECK(params[i].data >= from && params[i].len <= (size_t)(path + end - params[i].data));
      from = params[i].data + params[i].len;
    }
  }
  fp_route_builder_free(builder);
  fp_route_table_unref(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint32_t flags = size > 0 && data[0] & 1 ? FASTPATH_ROUTE_ANY_SEGMENT : 0;
  fp_path_template *template;
  size_t text_len;
  uint8_t *text, *path;
  if (size < 2) return 0;
  text_len = data[1] < size - 2 ? data[1] : size - 2;
  text = copy_of(data + 2, text_len);
  path = copy_of(data + 2 + text_len, size - 2 - text_len);
  if (fp_path_template_new(text, text_len, flags != 0, &template, NULL) == FASTPATH_OK) {
    compare(template, text, text_len, flags, path, size - 2 - text_len);
    fp_path_template_unref(template);
  }
  free(text);
  free(path);
  return 0;
}
