/*
 * ClientHellos: the verdict is the same however the bytes are cut, is kept once it is reached, and what is found lies
 * inside the bytes. The first byte says how the rest arrives.
 */
#include <fastpath/inspect.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_check.h"

typedef struct {
  fp_status status;
  size_t at; /* bytes that were there when it was reached */
  uint32_t len;
  uint16_t versions[2];
  uint8_t name[256];
  size_t name_len;
  size_t protocols;
  size_t extensions;
} outcome;

static uint8_t scratch[FASTPATH_CLIENT_HELLO_MAX];

static void check_inside(fp_span part, const uint8_t *whole, size_t len) {
  const uint8_t *start = whole;
  if (part.data == NULL) {
    FUZZ_CHECK(part.len == 0);
    return;
  }
  if (part.data >= scratch && part.data <= scratch + sizeof scratch) {
    start = scratch;
    len = sizeof scratch;
  }
  FUZZ_CHECK(part.data >= start && part.len <= len && part.data + part.len <= start + len);
}

static void note(outcome *said, const fp_client_hello *hello, const uint8_t *block, size_t len) {
  fp_span rest = hello->alpn, part;
  uint16_t type;
  FUZZ_CHECK(hello->len <= len);
  check_inside(hello->server_name, block, len);
  check_inside(hello->alpn, block, len);
  check_inside(hello->cipher_suites, block, len);
  check_inside(hello->versions, block, len);
  check_inside(hello->groups, block, len);
  check_inside(hello->signature_algorithms, block, len);
  check_inside(hello->point_formats, block, len);
  check_inside(hello->extensions, block, len);
  FUZZ_CHECK(hello->server_name.len < sizeof said->name);
  said->len = hello->len;
  said->versions[0] = hello->legacy_version;
  said->versions[1] = hello->max_version;
  said->name_len = hello->server_name.len;
  if (said->name_len > 0) memcpy(said->name, hello->server_name.data, said->name_len);
  while (fp_alpn_next(&rest, &part)) {
    FUZZ_CHECK(part.len > 0);
    said->protocols += part.len;
  }
  FUZZ_CHECK(rest.len == 0);
  rest = hello->extensions;
  while (fp_tls_extension_next(&rest, &type, &part)) said->extensions += type;
  FUZZ_CHECK(rest.len == 0);
}

/* Feeds the bytes, `step` more each time (0: all at once), in blocks of exactly their size. */
static outcome feed(const uint8_t *data, size_t size, size_t step, size_t max_len) {
  outcome said;
  fp_client_hello_reader reader = {0};
  size_t len = step == 0 ? size : 0;
  memset(&said, 0, sizeof said);
  for (;;) {
    uint8_t *block = malloc(len == 0 ? 1 : len);
    fp_client_hello hello;
    FUZZ_CHECK(block != NULL);
    if (len > 0) memcpy(block, data, len);
    said.status = fp_client_hello_read(&reader, block, len, max_len, scratch, &hello, NULL);
    said.at = len;
    if (said.status == FASTPATH_OK) note(&said, &hello, block, len);
    free(block);
    if (said.status != FASTPATH_NEED_MORE || len == size) break;
    len = size - len < step ? size : len + step;
  }
  if (said.status != FASTPATH_NEED_MORE) {
    fp_client_hello hello;
    const fp_status again = fp_client_hello_read(&reader, data, size, max_len, scratch, &hello, NULL);
    FUZZ_CHECK(again == (said.status == FASTPATH_OK ? FASTPATH_ERR_STATE : said.status));
  }
  return said;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const size_t limits[] = {0, 0, 64, 300};
  outcome whole, cut;
  size_t step, max_len;
  if (size == 0) return 0;
  max_len = limits[data[0] >> 6];
  step = 1 + (data[0] & 63);
  if (size > 2048) step += size / 64;
  data++;
  size--;
  whole = feed(data, size, 0, max_len);
  cut = feed(data, size, step, max_len);
  FUZZ_CHECK(cut.at >= whole.len);
  whole.at = cut.at;
  FUZZ_CHECK(memcmp(&whole, &cut, sizeof whole) == 0);
  return 0;
}
