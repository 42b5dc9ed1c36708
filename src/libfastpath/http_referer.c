#include "http_referer.h"

#include <string.h>

#include "http_authority.h"
#include "http_names.h"

static bool is_letter(uint8_t byte) { return (uint8_t)((byte | 0x20) - 'a') < 26; }

static bool is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

/* Where the host begins behind "scheme://", 0 when it does not begin so. */
static size_t after_scheme(const uint8_t *text, size_t len) {
  size_t at = 0;
  if (len == 0 || !is_letter(text[0])) return 0;
  while (at < len && (is_letter(text[at]) || is_digit(text[at]) || memchr("+-.", text[at], 3) != NULL)) at++;
  return len - at >= 3 && memcmp(text + at, "://", 3) == 0 ? at + 3 : 0;
}

/* Where the host, with its port, ends; 0 when there is none that counts. */
static size_t after_host(const uint8_t *text, size_t begin, size_t len) {
  size_t end = begin, offending;
  if (begin < len && text[begin] == '@') end = ++begin; /* a user without a name is none */
  while (end < len && text[end] != '/' && text[end] != '?') end++;
  return fp_http_url_authority_is_valid(text + begin, end - begin, &offending) ? end : 0;
}

/* What has been read of the path behind the host, or of a reference. */
typedef struct reading {
  bool absolute;
  bool hash;  /* absolute: '#' was seen, behind which nothing may come */
  bool slash; /* relative: '/' was seen, behind which ':' may come */
} reading;

static bool takes(reading *read, uint8_t byte) {
  if (read->absolute) {
    if (byte == '#') read->hash = true;
    return byte > 0x20 && byte < 0x7f && (!read->hash || byte == '#');
  }
  if (byte == ':') return read->slash;
  if (byte == '/') read->slash = true;
  return is_letter(byte) || is_digit(byte) || (byte != '\0' && strchr("!$%&'()*+,-./;=?@_~", byte) != NULL);
}

bool fp_http_referer_is_valid(const uint8_t *data, const fp_http_field *fields, uint32_t count) {
  reading read = {false, false, false};
  bool first = true;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *text = data + fields[i].value;
    size_t at = 0, len = fields[i].value_len;
    if (fields[i].id != HTTP_NAME_REFERER || len == 0) continue;
    if (first) {
      const size_t host = after_scheme(text, len);
      read.absolute = host != 0;
      if (host != 0 && (at = after_host(text, host, len)) == 0) return false;
      if (at == len) read.hash = true; /* the ',' before a further line would belong to the host */
    } else if (!takes(&read, ',')) {
      return false;
    }
    first = false;
    for (; at < len; at++) {
      if (!takes(&read, text[at])) return false;
    }
  }
  return true;
}
