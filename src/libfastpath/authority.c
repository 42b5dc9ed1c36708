#include <fastpath/authority.h>
#include <stdbool.h>
#include <string.h>

/* Where the last such byte is; len when there is none. */
static size_t find_last(const uint8_t *data, size_t len, uint8_t byte) {
  for (size_t at = len; at-- > 0;) {
    if (data[at] == byte) return at;
  }
  return len;
}

static fp_span without_dot(const uint8_t *data, size_t len, uint8_t *dst) {
  const size_t dot = find_last(data, len, '.');
  if (dot == len) return (fp_span){data, len};
  if (dot == len - 1) return (fp_span){data, len - 1};
  if (data[dot + 1] != ':') return (fp_span){data, len};
  memcpy(dst, data, dot);
  memcpy(dst + dot, data + dot + 1, len - dot - 1);
  return (fp_span){dst, len - 1};
}

/* A port as Envoy reads it: decimal, a sign in front, zeros in front, below 2^32. */
static bool read_port(const uint8_t *data, size_t len, uint32_t *port) {
  uint64_t value = 0;
  size_t at = len > 0 && data[0] == '+' ? 1 : 0;
  if (at == len) return false;
  for (; at < len; at++) {
    const uint8_t digit = (uint8_t)(data[at] - '0');
    if (digit > 9) return false;
    value = value * 10 + digit;
    if (value > UINT32_MAX) return false;
  }
  *port = (uint32_t)value;
  return true;
}

static fp_span without_port(const fp_authority_options *options, fp_span host) {
  const size_t colon = find_last(host.data, host.len, ':'), bracket = find_last(host.data, host.len, ']');
  uint32_t port;
  if (colon == host.len || (bracket != host.len && bracket > colon)) return host;
  if (!read_port(host.data + colon + 1, host.len - colon - 1, &port)) return host;
  return options->strip_any_port || port == options->strip_port ? (fp_span){host.data, colon} : host;
}

fp_span fp_authority_normalize(const fp_authority_options *options, const uint8_t *data, size_t len, uint8_t *dst) {
  fp_span host = {data, len};
  if (len == 0) return host;
  if (options->strip_trailing_dot) host = without_dot(data, len, dst);
  if (options->strip_any_port || options->strip_port != 0) host = without_port(options, host);
  return host;
}
