/* http_authority.c - host[:port], checked byte by byte. */
#include "http_authority.h"

#include "http_char_rows.h"

static bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static bool is_hex(uint8_t byte) {
  uint8_t folded = byte | 0x20;
  return is_digit(byte) || (folded >= 'a' && folded <= 'f');
}

/* Four decimal octets from data[at] up to end. */
static bool is_ipv4(const uint8_t *data, size_t at, size_t end) {
  for (int octet = 0; octet < 4; octet++) {
    size_t first = at;
    unsigned value = 0;
    while (at < end && at - first < 3 && is_digit(data[at])) value = value * 10 + (unsigned)(data[at++] - '0');
    if (at == first || value > 255 || (at - first > 1 && data[first] == '0')) return false;
    if (octet < 3 && (at == end || data[at++] != '.')) return false;
  }
  return at == end;
}

/* Eight groups of up to four hex digits, one run of zero groups written "::", the last two groups perhaps as IPv4. */
static bool is_ipv6(const uint8_t *data, size_t at, size_t end) {
  unsigned groups = 0;
  bool compressed = false;
  if (end - at >= 2 && data[at] == ':' && data[at + 1] == ':') {
    compressed = true;
    at += 2;
  }
  while (at < end) {
    size_t first = at;
    while (at < end && at - first < 4 && is_hex(data[at])) at++;
    if (at < end && data[at] == '.') {
      groups += 2;
      return is_ipv4(data, first, end) && (compressed ? groups < 8 : groups == 8);
    }
    if (at == first) return false;
    groups++;
    if (at == end) break;
    if (data[at++] != ':' || at == end) return false;
    if (data[at] == ':') {
      if (compressed) return false;
      compressed = true;
      at++;
    }
  }
  return compressed ? groups < 8 : groups == 8;
}

static bool is_url_byte(uint8_t byte) {
  return is_digit(byte) || (uint8_t)((byte | 0x20) - 'a') < 26 || byte == '.' || byte == '-';
}

/* The first byte after the host, or where the host goes wrong (then *valid is false). */
static size_t host_end(const uint8_t *data, size_t len, bool is_url, bool *valid) {
  size_t at = 0;
  if (len != 0 && data[0] == '[') {
    while (at < len && data[at] != ']') at++;
    *valid = at < len && (is_ipv6(data, 1, at) || (is_url && is_ipv4(data, 1, at)));
    return *valid ? at + 1 : 0;
  }
  while (at < len && (is_url ? is_url_byte(data[at]) : fp_http_has_row(fp_http_host_rows, data[at]))) at++;
  *valid = at != 0;
  return at;
}

static bool is_valid(const uint8_t *data, size_t len, bool is_url, bool port_required, size_t *offending) {
  bool valid = false;
  size_t at = host_end(data, len, is_url, &valid);
  *offending = at;
  if (!valid) return false;
  if (at == len) return !port_required;
  if (data[at] != ':') return false;
  size_t first = ++at;
  uint32_t port = 0;
  while (at < len && is_digit(data[at]) && port <= 65535) port = port * 10 + (uint32_t)(data[at++] - '0');
  *offending = port > 65535 ? first : at;
  return at == len && at != first && port <= 65535;
}

bool fp_http_authority_is_valid(const uint8_t *data, size_t len, bool port_required, size_t *offending) {
  return is_valid(data, len, false, port_required, offending);
}

bool fp_http_url_authority_is_valid(const uint8_t *data, size_t len, size_t *offending) {
  return is_valid(data, len, true, false, offending);
}
