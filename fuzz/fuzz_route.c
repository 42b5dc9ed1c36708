/*
 * Makes a table and requests of the input, as tests/c/random_table.h and random_request.h do of a seed, and checks the
 * answers against trying every route in order. The requests go on until the input is used up.
 */
#include <fastpath/route.h>
#include <stdlib.h>

#include "../tests/c/random_request.h"
#include "fuzz_check.h"

enum {
  REQUESTS_MAX = 32
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static naive_table naive;
  random_source from = {.input = data, .left = size};
  random_table make;
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  FUZZ_CHECK(builder != NULL);
  random_table_new(&from, &naive, &make);
  FUZZ_CHECK(naive_table_build(&naive, builder) == FASTPATH_OK);
  FUZZ_CHECK(fp_route_builder_build(builder, naive.flags, &table, NULL) == FASTPATH_OK);
  for (int asked = 0; asked == 0 || (asked < REQUESTS_MAX && !is_exhausted(&from)); asked++) {
    static random_request request;
    fp_route_match expected, match;
    const char *wrong;
    random_request_new(&make, &request);
    wrong = compare_answers(table, &naive, &request, &expected, &match);
    if (wrong != NULL) fprintf(stderr, "%s\n", wrong);
    FUZZ_CHECK(wrong == NULL);
    random_request_free(&request);
  }
  fp_route_builder_free(builder);
  fp_route_table_unref(table);
  return 0;
}
