#include "path_edges.h"

#include "memory.h"

enum {
  SPARE = 2 /* slots for each edge */
};

static fp_path_key key_of(fp_path_text *room, const uint8_t *bytes, size_t len) {
  fp_path_text_whole(room, bytes, len);
  return fp_path_text_key(room, 0, len);
}

static void put(fp_path_edges *edges, const uint8_t *text, fp_path_edge edge) {
  fp_path_text room;
  const fp_path_key key = key_of(&room, text + edge.offset, edge.len);
  uint32_t slot = fp_path_edges_slot(edges, edge.from, &key);
  while (edges->slots[slot].to != FP_PATH_NONE) slot = (slot + 1) & (edges->capacity - 1);
  edge.first = key.first;
  edge.last = key.last;
  edges->slots[slot] = edge;
  edges->count++;
}

fp_status fp_path_edges_reserve(fp_path_edges *edges, const uint8_t *text, size_t count) {
  fp_path_edges more = {.capacity = 2, .shift = 63};
  if (edges->slots != NULL && count <= edges->capacity / SPARE) return FASTPATH_OK;
  /* So that neither the slots nor their bytes overflow 32 bits. */
  if (count >= UINT32_MAX / sizeof *more.slots / SPARE / 2) return FASTPATH_ERR_OVERFLOW;
  for (; more.capacity < SPARE * count; more.capacity *= 2) more.shift--;
  more.slots = fp_memory_alloc(more.capacity * sizeof *more.slots);
  if (more.slots == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0; i < more.capacity; i++) more.slots[i] = (fp_path_edge){.to = FP_PATH_NONE};
  for (uint32_t i = 0; i < edges->capacity; i++) {
    if (edges->slots[i].to != FP_PATH_NONE) put(&more, text, edges->slots[i]);
  }
  fp_memory_free(edges->slots);
  *edges = more;
  return FASTPATH_OK;
}

void fp_path_edges_put(fp_path_edges *edges, const uint8_t *text, uint32_t offset, uint32_t len, uint32_t from,
                       uint32_t to) {
  put(edges, text, (fp_path_edge){.from = from, .to = to, .offset = offset, .len = len});
}

void fp_path_edges_clear(fp_path_edges *edges) {
  fp_memory_free(edges->slots);
  *edges = (fp_path_edges){.slots = NULL};
}
