#include "path_literals.h"

#include "memory.h"

fp_status fp_path_literals_init(fp_path_literals *literals, size_t count, size_t bytes) {
  fp_path_literals made = {.slots = NULL};
  size_t room;
  /* So that neither slots, nor records, nor the bytes of either overflow 32 bits. */
  if (count >= UINT32_MAX / sizeof *made.slots / 2 || bytes > UINT32_MAX / 2) return FASTPATH_ERR_OVERFLOW;
  room = count * sizeof(fp_path_literal_head) + bytes;
  made.capacity = 2 * (uint32_t)count + 1;
  made.size = made.capacity * sizeof *made.slots + room + 1;
  made.slots = fp_memory_alloc(made.capacity * sizeof *made.slots);
  made.records = fp_memory_alloc(room + 1);
  if (made.slots == NULL || made.records == NULL) {
    fp_path_literals_clear(&made);
    return FASTPATH_ERR_MEMORY;
  }
  for (uint32_t i = 0; i < made.capacity; i++) made.slots[i] = (fp_path_literal){.offset = FP_PATH_NONE};
  *literals = made;
  return FASTPATH_OK;
}

void fp_path_literals_put(fp_path_literals *literals, const fp_path_key *key, uint32_t index) {
  const fp_path_literal_head head = {index, (uint32_t)key->len};
  const uint64_t hash = fp_path_edges_hash(key);
  uint8_t *record = literals->records + literals->records_len;
  uint32_t slot = fp_path_literals_slot(literals, hash);
  while (literals->slots[slot].offset != FP_PATH_NONE) slot = slot + 1 < literals->capacity ? slot + 1 : 0;
  literals->slots[slot] = (fp_path_literal){.hash = (uint32_t)hash, .offset = literals->records_len};
  memcpy(record, &head, sizeof head);
  memcpy(record + sizeof head, key->bytes, key->len);
  literals->records_len += (uint32_t)(sizeof head + key->len);
}

void fp_path_literals_set_values(fp_path_literals *literals, void *const *values) {
  for (uint32_t i = 0; i < literals->capacity; i++) {
    fp_path_literal *literal = &literals->slots[i];
    if (literal->offset != FP_PATH_NONE) literal->value = values[fp_path_literals_head(literals, literal).index];
  }
}

void fp_path_literals_clear(fp_path_literals *literals) {
  fp_memory_free(literals->slots);
  fp_memory_free(literals->records);
  *literals = (fp_path_literals){.slots = NULL};
}
