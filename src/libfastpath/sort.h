/* sort.h - sorting in place: no memory, no recursion, n log n for whatever order somebody else's input comes in. */
#ifndef FASTPATH_INTERNAL_SORT_H
#define FASTPATH_INTERNAL_SORT_H

#include <stddef.h>

#define FASTPATH_SORT_ITEM_MAX 64 /* bytes of an item */

/* Negative, 0 or positive, as a comes before b, is equal to it, or comes after it. */
typedef int (*fp_sort_fn)(const void *a, const void *b, const void *context);

/* Not stable. `context` is handed to `compare`. */
void fp_sort(void *items, size_t count, size_t size, fp_sort_fn compare, const void *context);

#endif
