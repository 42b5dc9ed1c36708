/* fuzz_head.c - request heads: see head_properties.h. */
#include "head_properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return check_head(false, data, size); }
