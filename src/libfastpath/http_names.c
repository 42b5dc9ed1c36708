/* http_names.c - the well-known field names as data, and their lookup one at a time. */
#include "http_names.h"

#include <string.h>

#include "http_chars.h"

#define ROW(id, lower, wire, len) {(len), lower, wire},

/* Arrays inside, not pointers: nothing for the loader to relocate. */
static const struct {
  uint8_t len;
  char lower[HTTP_NAME_PADDED];
  char wire[HTTP_NAME_PADDED];
} names[HTTP_NAME_COUNT + 1] = {{0, "", ""}, HTTP_NAME_LIST(ROW)};

#define ENTRY(slot, folded, id) [slot] = {folded, id},
#define ONE_IN(counter) [FASTPATH_HTTP_NAME_##counter] = UINT64_C(1) << 8 * FASTPATH_HTTP_NAME_##counter

const fp_http_name_index fp_http_names = {
    .slots = {HTTP_NAME_SLOTS(ENTRY)},
    .tally = {ONE_IN(HOST), ONE_IN(CONTENT_LENGTH), ONE_IN(TRANSFER_ENCODING), ONE_IN(CONNECTION), ONE_IN(UPGRADE),
              ONE_IN(EXPECT)},
};

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
  uint8_t line[2 + HTTP_NAME_PADDED] = "\r\n";
  memcpy(line + 2, name, len);
  uint64_t head = folded_little_endian(name, len < 8 ? len : 8);
  uint32_t tail = (uint32_t)folded_little_endian(line + 2 + len - 4, 4);
  uint16_t id = fp_http_names.slots[fp_http_name_slot(head, tail, (uint32_t)len)].id;
  if (names[id].len != len || !fp_http_same_name(name, (const uint8_t *)names[id].lower, len)) return 0;
  return id;
}
