/*
 * PROXY headers: the verdict is kept once it is reached, bytes behind the header do not matter, and an accepted header is
 * read alike when it is written anew from what was found.
 */
#include <fastpath/inspect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_check.h"

static fp_status parse(const uint8_t *data, size_t len, fp_proxy_header *header) {
  uint8_t *block = malloc(len == 0 ? 1 : len);
  fp_error error = {.position = 0};
  fp_status status;
  FUZZ_CHECK(block != NULL);
  if (len > 0) memcpy(block, data, len);
  status = fp_proxy_header_parse(block, len, header, &error);
  if (status < 0) FUZZ_CHECK(error.code == status && error.position <= len + 1);
  free(block);
  return status;
}

static size_t write_address(char *out, const uint8_t *address, int family) {
  size_t len = 0;
  for (int i = 0; i < (family == FASTPATH_PROXY_IPV4 ? 4 : 16); i += family == FASTPATH_PROXY_IPV4 ? 1 : 2) {
    const int sent = family == FASTPATH_PROXY_IPV4
                         ? sprintf(out + len, "%s%d", i > 0 ? "." : "", address[i])
                         : sprintf(out + len, "%s%x", i > 0 ? ":" : "", (unsigned)address[i] << 8 | address[i + 1]);
    len += (size_t)sent;
  }
  out[len++] = ' ';
  return len;
}

/* What was found in a line, as the plainest line that says it. */
static void check_written(const fp_proxy_header *header) {
  char line[160];
  fp_proxy_header again;
  size_t len;
  memcpy(line, header->family == FASTPATH_PROXY_IPV4 ? "PROXY TCP4 " : "PROXY TCP6 ", 11);
  len = 11;
  len += write_address(line + len, header->source, header->family);
  len += write_address(line + len, header->destination, header->family);
  len += (size_t)sprintf(line + len, "%u %u\r\n", header->source_port, header->destination_port);
  FUZZ_CHECK(parse((const uint8_t *)line, len, &again) == FASTPATH_OK);
  again.len = header->len;
  FUZZ_CHECK(memcmp(&again, header, sizeof again) == 0);
}

static void check_header(const uint8_t *data, size_t len, const fp_proxy_header *header) {
  fp_proxy_header again;
  FUZZ_CHECK(header->len <= len && header->tlvs_offset + header->tlvs_len <= header->len);
  FUZZ_CHECK(header->version == 2 || header->len <= 108);
  FUZZ_CHECK(parse(data, header->len, &again) == FASTPATH_OK);
  FUZZ_CHECK(memcmp(&again, header, sizeof again) == 0);
  FUZZ_CHECK(parse(data, header->len - 1, &again) == FASTPATH_NEED_MORE);
  for (size_t at = header->tlvs_offset; at < header->tlvs_offset + header->tlvs_len;) {
    at += 3u + ((size_t)data[at + 1] << 8 | data[at + 2]);
    FUZZ_CHECK(at <= header->tlvs_offset + header->tlvs_len);
  }
  if (header->version == 1 && header->family != FASTPATH_PROXY_NONE) check_written(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fp_status before = FASTPATH_NEED_MORE, now = FASTPATH_NEED_MORE;
  fp_proxy_header header;
  const size_t step = 1 + size / 64;
  memset(&header, 0, sizeof header);
  for (size_t len = 0;; len = size - len < step ? size : len + step) {
    now = parse(data, len, &header);
    FUZZ_CHECK(before == FASTPATH_NEED_MORE || before == now);
    before = now;
    if (len == size) break;
  }
  if (now == FASTPATH_OK) check_header(data, size, &header);
  return 0;
}
