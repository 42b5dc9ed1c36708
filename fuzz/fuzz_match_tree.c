/* Makes a tree of matchers and requests of the input, and checks where it leads against going every way in it. */
#include "../tests/c/random_match_tree.h"
#include "fuzz_check.h"

enum {
  REQUESTS = 8
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static naive_table naive;
  random_source from = {.input = data, .left = size};
  FUZZ_CHECK(compare_match_tree(&from, &naive, REQUESTS) >= 0);
  return 0;
}
