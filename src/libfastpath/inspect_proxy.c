/* PROXY protocol headers. */
#include <fastpath/inspect.h>
#include <stdbool.h>
#include <string.h>

#include "error.h"

enum {
  LINE_MAX_LEN = 108, /* of version 1, CRLF included */
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

static bool is_blank(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

static bool take_space(line *rest) { return rest->at < rest->end && *rest->at++ == ' '; }

static bool take_digits(line *rest, uint32_t most, uint32_t *number) {
  const uint8_t *start = rest->at;
  uint32_t value = 0;
  while (rest->at < rest->end && (uint8_t)(*rest->at - '0') < 10) {
    value = value * 10 + (uint32_t)(*rest->at - '0');
    if (value > most) return false;
    rest->at++;
  }
  *number = value;
  return rest->at > start;
}

/* A part of an address: a number without a zero in front. */
static bool take_octet(line *rest, uint32_t *number) {
  const uint8_t *start = rest->at;
  return take_digits(rest, 255, number) && (*start != '0' || rest->at == start + 1);
}

/* Envoy reads ports as its number parser does: blanks around them, a plus sign and zeros in front. */
static bool take_port(line *rest, uint16_t *port) {
  uint32_t number;
  while (rest->at < rest->end && *rest->at != ' ' && is_blank(*rest->at)) rest->at++;
  if (rest->at < rest->end && *rest->at == '+') rest->at++;
  if (!take_digits(rest, 65535, &number)) return false;
  while (rest->at < rest->end && *rest->at != ' ' && is_blank(*rest->at)) rest->at++;
  *port = (uint16_t)number;
  return true;
}

static bool take_ipv4(line *rest, uint8_t *address) {
  for (int i = 0; i < 4; i++) {
    uint32_t octet;
    if (i > 0 && (rest->at == rest->end || *rest->at++ != '.')) return false;
    if (!take_octet(rest, &octet)) return false;
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

/* May it be one host's: neither unspecified, nor a broadcast or multicast address. */
static bool is_unicast(uint8_t family, const uint8_t *address) {
  static const uint8_t none[16] = {0}, broadcast[4] = {255, 255, 255, 255};
  if (family == FASTPATH_PROXY_IPV4) {
    return memcmp(address, none, 4) != 0 && memcmp(address, broadcast, 4) != 0 && address[0] >> 4 != 14;
  }
  return memcmp(address, none, 16) != 0 && address[0] != 0xff;
}

static bool are_unicast(const fp_proxy_header *header) {
  return is_unicast(header->family, header->source) && is_unicast(header->family, header->destination);
}

static fp_status read_line(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error) {
  line rest = {data + 6, data + len};
  const uint8_t *word = rest.at;
  size_t left;
  bool good;
  *header = (fp_proxy_header){.version = 1, .len = (uint32_t)len};
  while (rest.end > rest.at && is_blank(rest.end[-1])) rest.end--;
  left = (size_t)(rest.end - rest.at);
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
  if (!are_unicast(header)) return refuse(error, 11, "an address is not that of one host");
  good = take_space(&rest) && take_port(&rest, &header->source_port) && take_space(&rest) &&
         take_port(&rest, &header->destination_port) && rest.at == rest.end;
  return good ? FASTPATH_OK : refuse(error, (size_t)(rest.at - data), "a port is malformed");
}

static fp_status parse_line(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error) {
  const size_t most = len < LINE_MAX_LEN ? len : LINE_MAX_LEN;
  for (size_t i = 7; i < most; i++) {
    if (data[i] == '\n' && data[i - 1] == '\r') return read_line(data, i + 1, header, error);
  }
  if (most == LINE_MAX_LEN) return refuse(error, LINE_MAX_LEN, "the line is longer than 108 bytes");
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

/* Bytes of addresses; SIZE_MAX for a family or transport that does not exist. */
static size_t addresses_len(uint8_t family_and_transport) {
  const uint8_t family = family_and_transport >> 4, transport = family_and_transport & 15;
  if (transport > 2) return SIZE_MAX;
  switch (family) {
    case 0: return 0;
    case 1: return transport == 0 ? SIZE_MAX : 12;
    case 2: return transport == 0 ? SIZE_MAX : 36;
    case 3: return 216;
    default: return SIZE_MAX;
  }
}

/* What a proxy says for somebody else. The header is there as a whole. */
static fp_status read_addresses(const uint8_t *data, size_t addresses, fp_proxy_header *read, fp_error *error) {
  const uint8_t family = data[SIGNATURE + 1] >> 4;
  const size_t address_len = family == 1 ? 4 : 16;
  read->datagram = (data[SIGNATURE + 1] & 15) == 2;
  read->tlvs_offset = FIXED + (uint32_t)addresses;
  read->tlvs_len = read->len - read->tlvs_offset;
  if (family == 1 || family == 2) {
    const uint8_t *ports = data + FIXED + 2 * address_len;
    read->family = family == 1 ? FASTPATH_PROXY_IPV4 : FASTPATH_PROXY_IPV6;
    memcpy(read->source, data + FIXED, address_len);
    memcpy(read->destination, data + FIXED + address_len, address_len);
    read->source_port = load16(ports);
    read->destination_port = load16(ports + 2);
    if (!are_unicast(read)) return refuse(error, FIXED, "an address is not that of one host");
  } else if (family == 3) {
    read->family = FASTPATH_PROXY_UNIX;
  }
  return check_tlvs(data, read, error);
}

static fp_status parse_binary(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error) {
  fp_proxy_header read = {.version = 2};
  size_t addresses = 0;
  fp_status status = FASTPATH_OK;
  if (len == SIGNATURE) return FASTPATH_NEED_MORE;
  if (data[SIGNATURE] >> 4 != 2 || (data[SIGNATURE] & 15) > 1) {
    return refuse(error, SIGNATURE, "the version is not 2, or the command is neither LOCAL nor PROXY");
  }
  read.local = (data[SIGNATURE] & 15) == 0; /* then whatever else the header says must be ignored */
  if (len > SIGNATURE + 1 && !read.local) {
    addresses = addresses_len(data[SIGNATURE + 1]);
    if (addresses == SIZE_MAX) return refuse(error, SIGNATURE + 1, "there is no such family or transport");
  }
  if (len < FIXED) return FASTPATH_NEED_MORE;
  read.len = FIXED + (uint32_t)load16(data + 14);
  if (read.len - FIXED < addresses) return refuse(error, 14, "the header is too short for its addresses");
  if (len < read.len) return FASTPATH_NEED_MORE;
  if (!read.local) status = read_addresses(data, addresses, &read, error);
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
