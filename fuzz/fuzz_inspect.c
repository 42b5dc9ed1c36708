/*
 * ClientHellos, PROXY headers and HTTP request lines: a verdict is kept once it is reached, however many bytes follow,
 * what is found lies inside the bytes, and nothing is read past their end.
 */
#include <fastpath/inspect.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_check.h"

static int inside(fp_span part, const uint8_t *whole, size_t len) {
  return part.data == NULL || (part.data >= whole && part.len <= len && part.data + part.len <= whole + len);
}

/* What each parser says of the first `len` bytes, in a block of exactly that size. */
static void ask(const uint8_t *data, size_t len, fp_status *said) {
  static uint8_t scratch[FASTPATH_CLIENT_HELLO_MAX];
  uint8_t *block = malloc(len == 0 ? 1 : len);
  fp_client_hello hello;
  fp_proxy_header header;
  fp_http_version version;
  FUZZ_CHECK(block != NULL);
  if (len > 0) memcpy(block, data, len);
  said[0] = fp_client_hello_parse(block, len, scratch, &hello, NULL);
  if (said[0] == FASTPATH_OK) {
    fp_span rest = hello.alpn, name;
    FUZZ_CHECK(hello.len <= len);
    FUZZ_CHECK(inside(hello.server_name, block, len) || inside(hello.server_name, scratch, sizeof scratch));
    FUZZ_CHECK(inside(hello.extensions, block, len) || inside(hello.extensions, scratch, sizeof scratch));
    while (fp_alpn_next(&rest, &name)) FUZZ_CHECK(name.len > 0);
    FUZZ_CHECK(rest.len == 0);
  }
  said[1] = fp_proxy_header_parse(block, len, &header, NULL);
  if (said[1] == FASTPATH_OK) {
    FUZZ_CHECK(header.len <= len && header.tlvs_offset + header.tlvs_len <= header.len);
  }
  said[2] = fp_http_detect(block, len, &version);
  free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fp_status before[3] = {FASTPATH_NEED_MORE, FASTPATH_NEED_MORE, FASTPATH_NEED_MORE}, now[3];
  const size_t step = 1 + size / 64;
  for (size_t len = 0;; len = len + step < size ? len + step : size) {
    ask(data, len, now);
    for (int i = 0; i < 3; i++) FUZZ_CHECK(before[i] == FASTPATH_NEED_MORE || before[i] == now[i]);
    memcpy(before, now, sizeof now);
    if (len == size) return 0;
  }
}
