/* Filter chains: see chains_input.h. */
#include "../tests/c/chains_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)chains_run(data, size);
  return 0;
}
