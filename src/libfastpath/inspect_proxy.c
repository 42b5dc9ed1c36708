/* PROXY protocol headers. */
#include <fastpath/inspect.h>
#include <stdbool.h>
#include <string.h>

#include "error.h"

enum {
  LINE_MAX_LEN = 107, /* of version 1, CRLF included */
  FIXED = 16,         /* of version 2: signature, version and command, family, length */
  SIGNATURE = 12,
  TLV_CRC32C = 0x03
};

static const uint8_t signature[SIGNATURE] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static fp_status refuse(fp_error *error, size_t position, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_INSPECT_PROXY, 0, position, "%s", reason);
}

/* Does data begin as `what` does: OK, NONE, or NEED_MORE for a shorter beginning of it. */
static fp_status begins(const uint8_t *data, size_t len, const void *what, size_t what_len) {
  const size_t common = len < what_len ? len : what_len;
  if (common > 0 && memcmp(data, what, common) != 0) return FASTPATH_NONE;
  return common == what_len ? FASTPATH_OK : FASTPATH_NEED_MORE;
}

/* ---- version 1: "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" ---- */

/* What is left of the line. */
typedef struct {
  const uint8_t *at;
  const uint8_t *end;
} line;

static bool take_space(line *rest) { return rest->at < rest->end && *rest->at++ == ' '; }

/* A decimal number without a zero in front. */
static bool take_number(line *rest, uint32_t most, uint32_t *number) {
  const uint8_t *start = rest->at;
  uint32_t value = 0;
  while (rest->at < rest->end && (uint8_t)(*rest->at - '0') < 10) {
    value = value * 10 + (uint32_t)(*rest->at - '0');
    if (value > most) return false;
    rest->at++;
  }
  *number = value;
  return rest->at > start && (*start != '0' || rest->at == start + 1);
}

static bool take_ipv4(line *rest, uint8_t *address) {
  for (int i = 0; i < 4; i++) {
    uint32_t octet;
    if (i > 0 && (rest->at == rest->end || *rest->at++ != '.')) return false;
    if (!take_number(rest, 255, &octet)) return false;
    address[i] = (uint8_t)octet;
  }
  return true;
}

static int hex_value(uint8_t byte) {
  if ((uint8_t)(byte - '0') < 10) return byte - '0';
  byte |= 0x20;
  return (uint8_t)(byte - 'a') < 6 ? byte - 'a' + 10 : -1;
}

/* RFC 4291, 2.2: eight groups, "::" for some of them at most once, an IPv4 address for the last two. */
static bool take_ipv6(line *rest, uint8_t *address) {
  uint8_t groups[16] = {0};
  int at = 0, gap = -1;
  if (rest->end - rest->at >= 2 && rest->at[0] == ':' && rest->at[1] == ':') {
    gap = 0;
    rest->at += 2;
  }
  while (at < 16 && rest->at < rest->end && *rest->at != ' ') {
    const uint8_t *start = rest->at;
    uint32_t value = 0;
    if (at > 0 && gap != at) { /* a colon comes before each group but the first, and but behind "::" */
      if (*rest->at++ != ':') return false;
      if (rest->at < rest->end && *rest->at == ':') {
        if (gap >= 0) return false;
        gap = at;
        rest->at++;
        continue;
      }
      start = rest->at;
    }
    while (rest->at < rest->end && rest->at - start < 4 && hex_value(*rest->at) >= 0) {
      value = value << 4 | (uint32_t)hex_value(*rest->at++);
    }
    if (rest->at == start) return false;
    if (rest->at < rest->end && *rest->at == '.') {
      rest->at = start;
      if (at > 12 || !take_ipv4(rest, groups + at)) return false;
      at += 4;
      break;
    }
    groups[at++] = (uint8_t)(value >> 8);
    groups[at++] = (uint8_t)value;
  }
  if (gap < 0 ? at != 16 : at > 14) return false;
  memset(address, 0, 16);
  if (gap < 0) gap = at;
  memcpy(address, groups, (size_t)gap);
  memcpy(address + 16 - (at - gap), groups + gap, (size_t)(at - gap));
  return true;
}

static fp_status read_line(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error) {
  line rest = {data + 6, data + len - 2};
  const uint8_t *word = rest.at;
  const size_t left = (size_t)(rest.end - rest.at);
  bool good;
  uint32_t source, destination;
  *header = (fp_proxy_header){.version = 1, .len = (uint32_t)len};
  if (left >= 7 && memcmp(word, "UNKNOWN", 7) == 0) {
    if (left > 7 && word[7] != ' ') return refuse(error, 13, "the family is not TCP4, TCP6 or UNKNOWN");
    return FASTPATH_OK;
  }
  if (left < 5 || memcmp(word, "TCP", 3) != 0 || (word[3] != '4' && word[3] != '6')) {
    return refuse(error, 6, "the family is not TCP4, TCP6 or UNKNOWN");
  }
  header->family = word[3] == '4' ? FASTPATH_PROXY_IPV4 : FASTPATH_PROXY_IPV6;
  rest.at += 4;
  good = take_space(&rest);
  if (header->family == FASTPATH_PROXY_IPV4) {
    good = good && take_ipv4(&rest, header->source) && take_space(&rest) && take_ipv4(&rest, header->destination);
  } else {
    good = good && take_ipv6(&rest, header->source) && take_space(&rest) && take_ipv6(&rest, header->destination);
  }
  if (!good) return refuse(error, (size_t)(rest.at - data), "an address is malformed");
  good = take_space(&rest) && take_number(&rest, 65535, &source) && take_space(&rest) &&
         take_number(&rest, 65535, &destination) && rest.at == rest.end;
  if (!good) return refuse(error, (size_t)(rest.at - data), "a port is malformed");
  header->source_port = (uint16_t)source;
  header->destination_port = (uint16_t)destination;
  return FASTPATH_OK;
}

static fp_status parse_line(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error) {
  const size_t most = len < LINE_MAX_LEN ? len : LINE_MAX_LEN;
  for (size_t i = 6; i < most; i++) {
    if (data[i] == '\n' || (data[i] == '\r' && i + 1 < most && data[i + 1] != '\n')) {
      return refuse(error, i, "the line does not end with CRLF");
    }
    if (data[i] == '\r' && i + 1 < most) return read_line(data, i + 2, header, error);
  }
  if (len >= LINE_MAX_LEN) return refuse(error, LINE_MAX_LEN, "the line is longer than 107 bytes");
  return FASTPATH_NEED_MORE;
}

/* ---- version 2 ---- */

static uint16_t load16(const uint8_t *at) { return (uint16_t)((uint16_t)at[0] << 8 | at[1]); }

/* CRC32C of the header with zeros in the place of the checksum. */
static uint32_t crc32c(const uint8_t *data, size_t len, size_t hole) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < len; i++) {
    crc ^= i - hole < 4 ? 0 : data[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1)));
  }
  return ~crc;
}

static fp_status check_tlvs(const uint8_t *data, const fp_proxy_header *header, fp_error *error) {
  size_t at = header->tlvs_offset;
  const size_t end = at + header->tlvs_len;
  while (at < end) {
    const size_t value = at + 3;
    size_t value_len;
    if (end - at < 3) return refuse(error, at, "a TLV is cut off");
    value_len = load16(data + at + 1);
    if (value_len > end - value) return refuse(error, at + 1, "a TLV reaches behind the header");
    if (data[at] == TLV_CRC32C) {
      uint32_t sum;
      if (value_len != 4) return refuse(error, at + 1, "a checksum has 4 bytes");
      sum = (uint32_t)load16(data + value) << 16 | load16(data + value + 2);
      if (crc32c(data, header->len, value) != sum) return refuse(error, value, "the checksum is wrong");
    }
    at = value + value_len;
  }
  return FASTPATH_OK;
}

static fp_status parse_binary(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error) {
  fp_proxy_header read = {.version = 2};
  size_t addresses = 0, address_len = 0;
  fp_status status;
  if (len > SIGNATURE && (data[SIGNATURE] >> 4 != 2 || (data[SIGNATURE] & 15) > 1)) {
    return refuse(error, SIGNATURE, "the version is not 2, or the command is neither LOCAL nor PROXY");
  }
  if (len > SIGNATURE + 1 && (data[SIGNATURE + 1] >> 4 > 3 || (data[SIGNATURE + 1] & 15) > 2)) {
    return refuse(error, SIGNATURE + 1, "there is no such family or transport");
  }
  if (len < FIXED) return FASTPATH_NEED_MORE;
  read.len = FIXED + (uint32_t)load16(data + 14);
  read.local = (data[SIGNATURE] & 15) == 0;
  read.datagram = (data[SIGNATURE + 1] & 15) == 2;
  switch (data[SIGNATURE + 1] >> 4) {
    case 1:
      read.family = FASTPATH_PROXY_IPV4;
      address_len = 4;
      addresses = 12;
      break;
    case 2:
      read.family = FASTPATH_PROXY_IPV6;
      address_len = 16;
      addresses = 36;
      break;
    case 3:
      read.family = FASTPATH_PROXY_UNIX;
      addresses = 216;
      break;
    default: break;
  }
  if (read.len - FIXED < addresses) return refuse(error, 14, "the header is too short for its addresses");
  if (len < read.len) return FASTPATH_NEED_MORE;
  if (address_len > 0) {
    const uint8_t *ports = data + FIXED + 2 * address_len;
    memcpy(read.source, data + FIXED, address_len);
    memcpy(read.destination, data + FIXED + address_len, address_len);
    read.source_port = load16(ports);
    read.destination_port = load16(ports + 2);
  }
  if (read.local) read.family = FASTPATH_PROXY_NONE; /* what it says must be ignored */
  read.tlvs_offset = FIXED + (uint32_t)addresses;
  read.tlvs_len = read.len - read.tlvs_offset;
  status = check_tlvs(data, &read, error);
  if (status >= 0) *header = read;
  return status;
}

fp_status fp_proxy_header_parse(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error) {
  fp_proxy_header read;
  fp_status status = begins(data, len, signature, SIGNATURE);
  if (status == FASTPATH_OK) return parse_binary(data, len, header, error);
  if (status == FASTPATH_NEED_MORE) return status;
  status = begins(data, len, "PROXY ", 6);
  if (status != FASTPATH_OK) return status;
  status = parse_line(data, len, &read, error);
  if (status == FASTPATH_OK) *header = read;
  return status;
}
