/* HTTP versions: the verdict is the same however the bytes are cut, and is kept once it is reached. */
#include <fastpath/inspect.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fp_status before = FASTPATH_NEED_MORE;
  fp_http_version version_before = FASTPATH_HTTP_1_0;
  size_t looked = 0, step;
  if (size == 0) return 0;
  step = 1 + (data[0] & 15) + size / 64;
  data++;
  size--;
  for (size_t len = 0;; len = size - len < step ? size : len + step) {
    uint8_t *block = malloc(len == 0 ? 1 : len);
    fp_http_version version = FASTPATH_HTTP_1_0, at_once = FASTPATH_HTTP_1_0;
    fp_status now;
    FUZZ_CHECK(block != NULL);
    if (len > 0) memcpy(block, data, len);
    now = fp_http_detect(block, len, &looked, &version, NULL);
    FUZZ_CHECK(fp_http_detect(block, len, NULL, &at_once, NULL) == now && at_once == version);
    FUZZ_CHECK(before == FASTPATH_NEED_MORE || (before == now && version == version_before));
    before = now;
    version_before = version;
    free(block);
    if (len == size) return 0;
  }
}
