/* Which HTTP a connection begins with. */
#include <fastpath/inspect.h>
#include <string.h>

#include "http_chars.h"

enum {
  METHOD_MAX = 32,
  LINE_MAX_LEN = 65536
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static int is_token(uint8_t byte) { return fp_http_is(byte, HTTP_CHAR_TOKEN); }

/* The version that a request line, without its line end, closes with; 0 for none. */
static int version_of(const uint8_t *line, size_t len) {
  if (len < 12 || memcmp(line + len - 9, " HTTP/1.", 8) != 0) return 0;
  return line[len - 1] == '0' ? FASTPATH_HTTP_1_0 : line[len - 1] == '1' ? FASTPATH_HTTP_1_1 : 0;
}

fp_status fp_http_detect(const uint8_t *data, size_t len, fp_http_version *version) {
  const size_t preface_len = sizeof preface - 1, common = len < preface_len ? len : preface_len;
  size_t method = 0, line_len;
  const uint8_t *end;
  int found;
  if (common == 0) return FASTPATH_NEED_MORE;
  if (memcmp(data, preface, common) == 0) {
    if (common < preface_len) return FASTPATH_NEED_MORE;
    *version = FASTPATH_HTTP_2;
    return FASTPATH_OK;
  }
  while (method < len && method < METHOD_MAX && is_token(data[method])) method++;
  if (method == len) return FASTPATH_NEED_MORE;
  if (method == 0 || data[method] != ' ') return FASTPATH_NONE;
  line_len = len < LINE_MAX_LEN ? len : LINE_MAX_LEN;
  end = memchr(data, '\n', line_len);
  if (end == NULL) return len < LINE_MAX_LEN ? FASTPATH_NEED_MORE : FASTPATH_NONE;
  line_len = (size_t)(end - data);
  if (line_len > 0 && data[line_len - 1] == '\r') line_len--;
  found = version_of(data, line_len);
  if (found == 0) return FASTPATH_NONE;
  *version = (fp_http_version)found;
  return FASTPATH_OK;
}
