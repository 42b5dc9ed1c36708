#include "list.h"

#include <stdint.h>

#include "memory.h"

void *fp_list_add(fp_list *to, size_t more, size_t item_size) {
  void *added;
  if (more > to->room - to->count) {
    size_t room = to->room < 8 ? 8 : to->room;
    void *items;
    while (room - to->count < more) {
      if (room > SIZE_MAX / 2 / item_size) return NULL;
      room *= 2;
    }
    items = fp_memory_resize(to->items, room * item_size);
    if (items == NULL) return NULL;
    to->items = items;
    to->room = room;
  }
  added = (unsigned char *)to->items + to->count * item_size;
  to->count += more;
  return added;
}

void fp_list_clear(fp_list *of) {
  fp_memory_free(of->items);
  *of = (fp_list){0};
}
