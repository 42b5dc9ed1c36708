/* Makes templates and paths of the input, and checks which template takes a path against trying every way. */
#include "../tests/c/random_path_router.h"
#include "fuzz_check.h"

enum {
  PATHS = 8
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  random_source from = {.input = data, .left = size};
  FUZZ_CHECK(compare_path_router(&from, PATHS) >= 0);
  return 0;
}
