#include "key_map.h"

#include <string.h>

#include "sort.h"

static size_t shared_len(const fp_key *key, fp_span value) {
  const size_t most = key->len < value.len ? key->len : value.len;
  size_t len = 0;
  while (len < most && key->data[len] == value.data[len]) len++;
  return len;
}

static int compare(const fp_key *key, fp_span value) {
  const size_t least = key->len < value.len ? key->len : value.len;
  const int order = least == 0 ? 0 : memcmp(key->data, value.data, least);
  return order != 0 ? order : (key->len > value.len) - (key->len < value.len);
}

static int compare_keys(const void *a, const void *b, const void *context) {
  const fp_key *other = b;
  (void)context;
  return compare(a, (fp_span){other->data, other->len});
}

/* The place of the last key that is not above the string, or FP_KEY_NONE. */
static uint32_t last_not_above(const fp_key *keys, uint32_t count, fp_span value) {
  uint32_t low = 0, high = count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (compare(&keys[middle], value) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? FP_KEY_NONE : low - 1;
}

static uint32_t prefix_among(const fp_key *keys, uint32_t at, fp_span value) {
  const size_t len = at == FP_KEY_NONE ? 0 : shared_len(&keys[at], value);
  while (at != FP_KEY_NONE && keys[at].len > len) at = keys[at].parent;
  return at;
}

bool fp_key_map_build(fp_key *keys, uint32_t count) {
  fp_sort(keys, count, sizeof *keys, compare_keys, NULL);
  for (uint32_t i = 0; i < count; i++) {
    const fp_span value = {keys[i].data, keys[i].len};
    if (i > 0 && compare(&keys[i - 1], value) == 0) return false;
    keys[i].parent = prefix_among(keys, i == 0 ? FP_KEY_NONE : i - 1, value);
  }
  return true;
}

uint32_t fp_key_map_find(const fp_key *keys, uint32_t count, fp_span value) {
  const uint32_t at = last_not_above(keys, count, value);
  return at != FP_KEY_NONE && compare(&keys[at], value) == 0 ? at : FP_KEY_NONE;
}

uint32_t fp_key_map_find_prefix(const fp_key *keys, uint32_t count, fp_span value) {
  return prefix_among(keys, last_not_above(keys, count, value), value);
}
