/* http_names.c - the well-known field names as data, and their lookup one at a time. */
#include "http_names.h"

#include <string.h>

#define ROW(id, lower, wire, len) {(len), lower, wire},

/* Arrays inside, not pointers: nothing for the loader to relocate. */
static const struct {
  uint8_t len;
  char lower[HTTP_NAME_PADDED];
  char wire[HTTP_NAME_PADDED];
} names[HTTP_NAME_COUNT + 1] = {{0, "", ""}, HTTP_NAME_LIST(ROW)};

const uint8_t fp_http_name_slots[1 << HTTP_NAME_SLOT_BITS] = {HTTP_NAME_SLOTS};

const uint8_t fp_http_name_folded[HTTP_NAME_COUNT + 1][HTTP_NAME_PADDED] = {"", HTTP_NAME_FOLDED};

uint16_t fp_http_name_count(void) { return HTTP_NAME_COUNT; }

const char *fp_http_name(uint16_t id, size_t *len) {
  if (id == 0 || id > HTTP_NAME_COUNT) return NULL;
  if (len != NULL) *len = names[id].len;
  return names[id].lower;
}

const char *fp_http_name_wire(uint16_t id, size_t *len) {
  if (id == 0 || id > HTTP_NAME_COUNT) return NULL;
  if (len != NULL) *len = names[id].len;
  return names[id].wire;
}

static uint64_t folded_little_endian(const uint8_t *bytes, size_t count) {
  uint64_t word = 0;
  for (size_t i = 0; i < count; i++) word |= (uint64_t)(bytes[i] | 0x20) << (8 * i);
  return word;
}

uint16_t fp_http_name_id(const uint8_t *name, size_t len) {
  if (len < 2 || len >= HTTP_NAME_PADDED) return 0;
  uint8_t tail[4] = {'\r', '\n'};
  size_t from_name = len < 4 ? len : 4;
  memmove(tail, tail + from_name - 2, 4 - from_name);
  memcpy(tail + 4 - from_name, name + len - from_name, from_name);
  uint32_t slot =
      fp_http_name_slot(folded_little_endian(name, len < 8 ? len : 8), (uint32_t)folded_little_endian(tail, 4), len);
  uint16_t id = fp_http_name_slots[slot];
  if (names[id].len != len) return 0;
  for (size_t i = 0; i < len; i++) {
    uint8_t lower = name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i];
    if (lower != (uint8_t)names[id].lower[i]) return 0;
  }
  return id;
}
