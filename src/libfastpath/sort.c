#include "sort.h"

#include <stdbool.h>
#include <string.h>

/* Heap sort. */

typedef struct sorted_items {
  char *items;
  size_t size;
  fp_sort_fn compare;
  const void *context;
} sorted_items;

static char *item(const sorted_items *all, size_t at) { return all->items + at * all->size; }

static bool is_before(const sorted_items *all, const void *a, const void *b) {
  return all->compare(a, b, all->context) < 0;
}

static void sift_down(const sorted_items *all, size_t at, size_t count) {
  char moved[FASTPATH_SORT_ITEM_MAX];
  memcpy(moved, item(all, at), all->size);
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && is_before(all, item(all, child), item(all, child + 1))) child++;
    if (!is_before(all, moved, item(all, child))) break;
    memcpy(item(all, at), item(all, child), all->size);
    at = child;
  }
  memcpy(item(all, at), moved, all->size);
}

void fp_sort(void *items, size_t count, size_t size, fp_sort_fn compare, const void *context) {
  const sorted_items all = {items, size, compare, context};
  size_t sorted = 1;
  while (sorted < count && !is_before(&all, item(&all, sorted), item(&all, sorted - 1))) sorted++;
  if (sorted >= count) return; /* what is in order already is common */
  for (size_t at = count / 2; at-- > 0;) sift_down(&all, at, count);
  for (size_t left = count; left-- > 1;) {
    char largest[FASTPATH_SORT_ITEM_MAX];
    memcpy(largest, item(&all, 0), size);
    memcpy(item(&all, 0), item(&all, left), size);
    memcpy(item(&all, left), largest, size);
    sift_down(&all, 0, left);
  }
}
