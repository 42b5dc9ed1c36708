/* TLS ClientHellos. */
#include <fastpath/inspect.h>
#include <stdbool.h>
#include <string.h>

#include "error.h"

enum {
  RECORD_HEADER = 5,
  RECORD_MAX = 16384,
  MESSAGE_HEADER = 4,
  HANDSHAKE = 22,
  CLIENT_HELLO = 1,
  EXTENSION_SERVER_NAME = 0,
  EXTENSION_ALPN = 16,
  EXTENSION_VERSIONS = 43
};

static fp_status refuse(fp_error *error, size_t position, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_INSPECT_TLS, 0, position, "%s", reason);
}

/* ---- a run of bytes that is taken apart from the front ---- */

static bool take(fp_span *from, size_t len, fp_span *taken) {
  if (len > from->len) return false;
  *taken = (fp_span){from->data, len};
  from->data += len;
  from->len -= len;
  return true;
}

static bool take_number(fp_span *from, size_t bytes, size_t *number) {
  fp_span taken;
  if (!take(from, bytes, &taken)) return false;
  *number = 0;
  for (size_t i = 0; i < bytes; i++) *number = *number << 8 | taken.data[i];
  return true;
}

/* A vector: its length in `bytes` bytes, and what it holds. */
static bool take_vector(fp_span *from, size_t bytes, fp_span *vector) {
  size_t len;
  return take_number(from, bytes, &len) && take(from, len, vector);
}

/* ---- extensions ---- */

static bool read_server_name(fp_span extension, fp_client_hello *hello) {
  fp_span list, name;
  size_t type;
  if (!take_vector(&extension, 2, &list) || extension.len > 0 || list.len == 0) return false;
  while (list.len > 0) {
    if (!take_number(&list, 1, &type) || !take_vector(&list, 2, &name)) return false;
    if (type != 0) continue;
    if (hello->server_name.data != NULL || name.len == 0 || memchr(name.data, 0, name.len) != NULL) return false;
    hello->server_name = name;
  }
  return true;
}

static bool read_alpn(fp_span extension, fp_client_hello *hello) {
  fp_span list, names, name;
  if (!take_vector(&extension, 2, &list) || extension.len > 0 || list.len == 0) return false;
  names = list;
  while (names.len > 0) {
    if (!take_vector(&names, 1, &name) || name.len == 0) return false;
  }
  hello->alpn = list;
  return true;
}

/* RFC 8701: 0x0a0a, 0x1a1a, .. 0xfafa are there to be ignored. */
static bool is_grease(size_t value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); }

static bool read_versions(fp_span extension, fp_client_hello *hello) {
  fp_span list;
  if (!take_vector(&extension, 1, &list) || extension.len > 0 || list.len == 0 || list.len % 2 != 0) return false;
  hello->max_version = 0;
  while (list.len > 0) {
    size_t version;
    if (!take_number(&list, 2, &version)) return false;
    if (!is_grease(version) && version > hello->max_version) hello->max_version = (uint16_t)version;
  }
  return true;
}

static bool read_extensions(fp_span list, fp_client_hello *hello) {
  bool seen[3] = {false, false, false};
  while (list.len > 0) {
    size_t type;
    fp_span content;
    int which;
    if (!take_number(&list, 2, &type) || !take_vector(&list, 2, &content)) return false;
    which = type == EXTENSION_SERVER_NAME ? 0 : type == EXTENSION_ALPN ? 1 : type == EXTENSION_VERSIONS ? 2 : -1;
    if (which < 0) continue;
    if (seen[which]) return false;
    seen[which] = true;
    if (which == 0 && !read_server_name(content, hello)) return false;
    if (which == 1 && !read_alpn(content, hello)) return false;
    if (which == 2 && !read_versions(content, hello)) return false;
  }
  return true;
}

static fp_status read_hello(fp_span message, fp_client_hello *hello, fp_error *error) {
  fp_span random, session, compression;
  size_t version;
  if (!take_number(&message, 2, &version) || !take(&message, 32, &random) || !take_vector(&message, 1, &session) ||
      session.len > 32 || !take_vector(&message, 2, &hello->cipher_suites) || hello->cipher_suites.len % 2 != 0 ||
      hello->cipher_suites.len == 0 || !take_vector(&message, 1, &compression) || compression.len == 0) {
    return refuse(error, RECORD_HEADER, "the ClientHello is malformed");
  }
  hello->legacy_version = hello->max_version = (uint16_t)version;
  if (message.len == 0) return FASTPATH_OK; /* extensions may be left out before TLS 1.3 */
  if (!take_vector(&message, 2, &hello->extensions) || message.len > 0 || !read_extensions(hello->extensions, hello)) {
    return refuse(error, RECORD_HEADER, "the ClientHello's extensions are malformed");
  }
  return FASTPATH_OK;
}

/* ---- records ---- */

static size_t load16(const uint8_t *at) { return (size_t)at[0] << 8 | at[1]; }
static size_t load24(const uint8_t *at) { return (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2]; }

/* What the bytes up to the message's length say. */
static fp_status look_at_beginning(const uint8_t *data, size_t len, fp_error *error) {
  if (len > 0 && data[0] != HANDSHAKE) return FASTPATH_NONE;
  if (len > 1 && data[1] != 3) return FASTPATH_NONE;
  if (len > 2 && data[2] > 4) return FASTPATH_NONE;
  if (len >= RECORD_HEADER) {
    const size_t record = load16(data + 3);
    if (record == 0 || record > RECORD_MAX) return refuse(error, 3, "the record's length is out of range");
  }
  if (len > RECORD_HEADER && data[RECORD_HEADER] != CLIENT_HELLO) return FASTPATH_NONE;
  return len > RECORD_HEADER ? FASTPATH_OK : FASTPATH_NEED_MORE;
}

/*
 * Collects the message out of its records: into scratch, unless the first one holds all of it. NEED_MORE when it is not
 * complete.
 */
static fp_status collect(const uint8_t *data, size_t len, uint8_t *scratch, fp_span *message, size_t *records_len,
                         fp_error *error) {
  size_t at = 0, got = 0, wanted = MESSAGE_HEADER;
  bool known = false; /* the message's length */
  while (got < wanted) {
    size_t record, there;
    if (len - at < RECORD_HEADER) {
      if (at > 0 && len > at && data[at] != HANDSHAKE) return refuse(error, at, "another record cuts the ClientHello");
      return FASTPATH_NEED_MORE;
    }
    record = load16(data + at + 3);
    if (data[at] != HANDSHAKE || data[at + 1] != 3) return refuse(error, at, "another record cuts the ClientHello");
    if (record == 0 || record > RECORD_MAX) return refuse(error, at + 3, "the record's length is out of range");
    at += RECORD_HEADER;
    there = len - at < record ? len - at : record;
    if (!known && got == 0 && there >= MESSAGE_HEADER) {
      wanted = MESSAGE_HEADER + load24(data + at + 1);
      known = true;
      if (wanted > FASTPATH_CLIENT_HELLO_MAX) return refuse(error, at + 1, "the ClientHello is too large");
      if (there >= wanted) {
        *message = (fp_span){data + at, wanted};
        *records_len = at + wanted;
        return FASTPATH_OK;
      }
    }
    for (size_t i = 0; i < there && got < wanted; i++) {
      scratch[got++] = data[at + i];
      if (!known && got == MESSAGE_HEADER) {
        wanted = MESSAGE_HEADER + load24(scratch + 1);
        known = true;
        if (wanted > FASTPATH_CLIENT_HELLO_MAX) return refuse(error, at + i, "the ClientHello is too large");
      }
    }
    if (there < record && got < wanted) return FASTPATH_NEED_MORE;
    *records_len = at + there;
    at += there;
  }
  *message = (fp_span){scratch, wanted};
  return FASTPATH_OK;
}

fp_status fp_client_hello_parse(const uint8_t *data, size_t len, uint8_t *scratch, fp_client_hello *hello,
                                fp_error *error) {
  fp_client_hello read;
  fp_span message = {NULL, 0};
  size_t records_len = 0;
  fp_status status = look_at_beginning(data, len, error);
  if (status != FASTPATH_OK) return status;
  status = collect(data, len, scratch, &message, &records_len, error);
  if (status != FASTPATH_OK) return status;
  memset(&read, 0, sizeof read);
  read.len = (uint32_t)records_len;
  status = read_hello((fp_span){message.data + MESSAGE_HEADER, message.len - MESSAGE_HEADER}, &read, error);
  if (status == FASTPATH_OK) *hello = read;
  return status;
}

int fp_alpn_next(fp_span *list, fp_span *name) { return list->len > 0 && take_vector(list, 1, name); }
