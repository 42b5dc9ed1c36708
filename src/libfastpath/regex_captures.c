#include "regex_captures.h"

#include <string.h>

#include "memory.h"

#define STACK_SLOTS 40

size_t fp_regex_next_begin(const fp_regex_search_state *search, size_t at) {
  const fp_regex *regex = search->regex;
  if (at == 0) return 0; /* `first` is for where ^ does not hold */
  if (regex->anchored) return SIZE_MAX;
  if (regex->begins_anywhere) return at <= search->len ? at : SIZE_MAX;
  for (; at < search->len; at++) {
    if (regex->first[search->text[at] >> 6] >> (search->text[at] & 63) & 1) return at;
  }
  return SIZE_MAX;
}

fp_status fp_regex_search(const fp_regex *regex, const uint8_t *text, size_t len, size_t start, fp_regex_group *groups,
                          size_t count) {
  size_t small[STACK_SLOTS], *slots = small;
  size_t known = (size_t)regex->group_count + 1;
  size_t wanted = count < known ? count : known;
  if (start > len) return FASTPATH_ERR_ARGUMENT;
  if (wanted == 0) wanted = 1;
  if (2 * wanted > STACK_SLOTS) {
    slots = fp_memory_alloc(2 * wanted * sizeof *slots);
    if (slots == NULL) return FASTPATH_ERR_MEMORY;
  }
  fp_regex_search_state search = {regex, text, len, start, slots, (uint32_t)(2 * wanted)};
  for (size_t i = 0; i < 2 * wanted; i++) slots[i] = SIZE_MAX;
  fp_status status = fp_regex_may_backtrack(&search) ? fp_regex_backtrack(&search) : fp_regex_pike(&search);
  if (status == FASTPATH_OK) {
    for (size_t i = 0; i < count; i++) {
      bool took_part = i < wanted && slots[2 * i] != SIZE_MAX && slots[2 * i + 1] != SIZE_MAX;
      groups[i] = took_part ? (fp_regex_group){slots[2 * i], slots[2 * i + 1]} : (fp_regex_group){SIZE_MAX, SIZE_MAX};
    }
  }
  if (slots != small) fp_memory_free(slots);
  return status;
}
