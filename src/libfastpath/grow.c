#include "grow.h"

#include <string.h>

bool fp_grow_to(void *data, uint32_t *capacity, size_t needed, size_t size) {
  void *block;
  if (needed <= *capacity) return true;
  if (needed > UINT32_C(1) << 31) return false;
  size_t grown = (size_t)*capacity * 2;
  if (grown < needed) grown = needed;
  if (grown < 8) grown = 8;
  if (grown > SIZE_MAX / size) return false;
  memcpy(&block, data, sizeof block); /* `data` may be the address of a pointer to any type */
  block = fp_memory_resize(block, grown * size);
  if (block == NULL) return false;
  memcpy(data, &block, sizeof block);
  *capacity = (uint32_t)grown;
  return true;
}
