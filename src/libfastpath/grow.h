/* grow.h - arrays that grow by doubling. */
#ifndef FASTPATH_INTERNAL_GROW_H
#define FASTPATH_INTERNAL_GROW_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

/*
 * Room for `needed` items of `size` bytes in the array at *data, a pointer to any kind of item. false when out of
 * memory or when needed is above 2^31; the array then is as it was.
 */
bool fp_grow_to(void *data, uint32_t *capacity, size_t needed, size_t size);

/* The same for one more than `count` items of the type that `array` points to. */
#define fp_grow(array, capacity, count) \
  ((count) < *(capacity) || fp_grow_to(&(array), (capacity), (size_t)(count) + 1, sizeof *(array)))

#endif
