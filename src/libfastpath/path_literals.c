#include "path_literals.h"

#include "memory.h"

fp_status fp_path_literals_init(fp_path_literals *literals, size_t count, size_t bytes) {
  const size_t line = sizeof(fp_path_literal);
  fp_path_literals made = {.slots = NULL};
  size_t room;
  /* So that neither the slots nor the text overflow 32 bits. */
  if (count >= UINT32_MAX / line / 2 || bytes > UINT32_MAX / 2) return FASTPATH_ERR_OVERFLOW;
  made.capacity = (uint32_t)(count + count / 4 + 1);
  room = (made.capacity + 1) * line + made.capacity;
  made.size = room + bytes + 1;
  made.block = fp_memory_alloc(room);
  made.text = fp_memory_alloc(bytes + 1);
  if (made.block == NULL || made.text == NULL) {
    fp_path_literals_clear(&made);
    return FASTPATH_ERR_MEMORY;
  }
  made.slots = (fp_path_literal *)(void *)(made.block + (-(uintptr_t)made.block & (line - 1)));
  made.marks = (uint8_t *)(made.slots + made.capacity);
  memset(made.marks, 0, made.capacity);
  *literals = made;
  return FASTPATH_OK;
}

void fp_path_literals_put(fp_path_literals *literals, const fp_path_key *key, uint32_t index) {
  const uint64_t hash = fp_path_edges_hash(key);
  uint32_t at = fp_path_literals_slot(literals, hash);
  fp_path_literal *slot;
  while (literals->marks[at] != 0) at = fp_path_literals_next(literals, at);
  literals->marks[at] = fp_path_literals_mark(hash);
  slot = &literals->slots[at];
  *slot = (fp_path_literal){.hash = (uint32_t)hash, .index = index, .len = (uint32_t)key->len};
  if (key->len <= FP_PATH_LITERAL_ROOM) {
    if (key->len > 0) memcpy(slot->bytes, key->bytes, key->len);
    return;
  }
  slot->offset = literals->text_len;
  memcpy(literals->text + literals->text_len, key->bytes, key->len);
  literals->text_len += slot->len;
}

void fp_path_literals_set_values(fp_path_literals *literals, void *const *values) {
  for (uint32_t i = 0; i < literals->capacity; i++) {
    if (literals->marks[i] != 0) literals->slots[i].value = values[literals->slots[i].index];
  }
}

void fp_path_literals_clear(fp_path_literals *literals) {
  fp_memory_free(literals->block);
  fp_memory_free(literals->text);
  *literals = (fp_path_literals){.slots = NULL};
}
