/* list.h - an array that grows while something is built. One owner; zero bytes are an empty one. */
#ifndef FASTPATH_INTERNAL_LIST_H
#define FASTPATH_INTERNAL_LIST_H

#include <stddef.h>

typedef struct fp_list {
  void *items;
  size_t count;
  size_t room;
} fp_list;

/* Room for `more` items of this size after the last; they stay where they are until the next call. NULL: no memory. */
void *fp_list_add(fp_list *to, size_t more, size_t item_size);
void fp_list_clear(fp_list *of);

#endif
