#include "host_index.h"

#include <fastpath/hash.h>
#include <string.h>

#include "host.h"
#include "memory.h"

fp_status fp_host_index_init(fp_host_index *index, size_t count) {
  size_t size = 8;
  while (size / 2 < count) {
    if (size > SIZE_MAX / (2 * sizeof *index->slots)) return FASTPATH_ERR_OVERFLOW;
    size *= 2;
  }
  index->slots = fp_memory_alloc(size * sizeof *index->slots);
  if (index->slots == NULL) return FASTPATH_ERR_MEMORY;
  memset(index->slots, 0, size * sizeof *index->slots);
  index->mask = size - 1;
  return FASTPATH_OK;
}

void fp_host_index_clear(fp_host_index *index) {
  fp_memory_free(index->slots);
  index->slots = NULL;
}

fp_host **fp_host_index_slot(const fp_host_index *index, const fp_endpoint *endpoint) {
  size_t at = (size_t)fp_hash_xxh64(endpoint->address.data, endpoint->address.len, endpoint->port);
  for (;; at++) {
    fp_host **slot = &index->slots[at & index->mask];
    if (*slot == NULL || fp_host_is(*slot, endpoint)) return slot;
  }
}
