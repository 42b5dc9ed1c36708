/* TLS ClientHellos. */
#include <fastpath/inspect.h>
#include <stdbool.h>
#include <string.h>

#include "error.h"

enum {
  RECORD_HEADER = 5,
  RECORD_MAX = 16384 + 320, /* what TLS libraries take, with the overhead of encryption */
  MESSAGE_HEADER = 4,
  MESSAGE_MAX = 16384, /* of a body */
  ALERT = 21,
  HANDSHAKE = 22,
  CLIENT_HELLO = 1,
  WARNING = 1,
  CLOSE_NOTIFY = 0,
  MAX_WARNINGS = 4,
  MAX_EMPTY_RECORDS = 32,
  SERVER_NAME_MAX = 255,
  FIRST_VERSION = 0x0301,
  LAST_VERSION = 0x0304,
  EXTENSION_SERVER_NAME = 0,
  EXTENSION_GROUPS = 10,
  EXTENSION_POINT_FORMATS = 11,
  EXTENSION_SIGNATURE_ALGORITHMS = 13,
  EXTENSION_ALPN = 16,
  EXTENSION_VERSIONS = 43,
  EXTENSION_ENCRYPTED_HELLO = 0xfe0d
};

static fp_status malformed(fp_error *error, size_t position, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_INSPECT_TLS, 0, position, "%s", reason);
}

static fp_status refuse(fp_error *error, size_t position, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_INSPECT_TLS_REFUSED, 0, position, "%s", reason);
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

/* One host_name: other kinds of names were never defined, and TLS libraries refuse them. */
static bool read_server_name(fp_span extension, fp_client_hello *hello) {
  fp_span list, name;
  size_t type;
  if (!take_vector(&extension, 2, &list) || extension.len > 0) return false;
  if (!take_number(&list, 1, &type) || !take_vector(&list, 2, &name) || list.len > 0) return false;
  if (type != 0 || name.len == 0 || name.len > SERVER_NAME_MAX || memchr(name.data, 0, name.len) != NULL) return false;
  hello->server_name = name;
  return true;
}

static fp_span read_alpn(fp_span extension) {
  const fp_span none = {NULL, 0};
  fp_span list, names, name;
  if (!take_vector(&extension, 2, &list) || extension.len > 0 || list.len == 0) return none;
  names = list;
  while (names.len > 0) {
    if (!take_vector(&names, 1, &name) || name.len == 0) return none;
  }
  return list;
}

/* A list of numbers, behind its length in `bytes` bytes. */
static fp_span read_list(fp_span extension, size_t bytes, size_t item) {
  fp_span list;
  if (!take_vector(&extension, bytes, &list) || extension.len > 0 || list.len == 0 || list.len % item != 0) {
    return (fp_span){NULL, 0};
  }
  return list;
}

/* RFC 8701: 0x0a0a, 0x1a1a, .. 0xfafa are there to be ignored. */
static bool is_grease(size_t value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); }

static uint16_t highest(fp_span versions) {
  size_t best = 0, version;
  while (take_number(&versions, 2, &version)) {
    if (!is_grease(version) && version > best) best = version;
  }
  return (uint16_t)best;
}

/* RFC 9849: what an outer hello says of the inner one is looked at for its form. */
static bool is_encrypted_hello(fp_span content) {
  fp_span suite, part;
  size_t type;
  if (!take_number(&content, 1, &type)) return false;
  if (type != 0) return true;
  return take(&content, 5, &suite) && take_vector(&content, 2, &part) && take_vector(&content, 2, &part) &&
         content.len == 0;
}

/* Which of the types have been there: the first few in a list, a bit for each when there are many. */
typedef struct {
  size_t count;
  uint16_t few[24];
  uint8_t bits[8192];
} seen_types;

static void set_bit(seen_types *seen, uint16_t type) { seen->bits[type >> 3] |= (uint8_t)(1u << (type & 7)); }

/* False when it has been there before. */
static bool see(seen_types *seen, uint16_t type) {
  const size_t room = sizeof seen->few / sizeof *seen->few;
  if (seen->count < room) {
    for (size_t i = 0; i < seen->count; i++) {
      if (seen->few[i] == type) return false;
    }
    seen->few[seen->count++] = type;
    return true;
  }
  if (seen->count == room) {
    memset(seen->bits, 0, sizeof seen->bits);
    for (size_t i = 0; i < room; i++) set_bit(seen, seen->few[i]);
    seen->count++;
  }
  if ((seen->bits[type >> 3] >> (type & 7) & 1) != 0) return false;
  set_bit(seen, type);
  return true;
}

static bool take_extension(fp_span *list, uint16_t *type, fp_span *content) {
  size_t number;
  if (!take_number(list, 2, &number) || !take_vector(list, 2, content)) return false;
  *type = (uint16_t)number;
  return true;
}

int fp_tls_extension_next(fp_span *extensions, uint16_t *type, fp_span *content) {
  return extensions->len > 0 && take_extension(extensions, type, content);
}

static bool read_extensions(fp_span list, fp_client_hello *hello) {
  seen_types seen;
  seen.count = 0;
  while (list.len > 0) {
    uint16_t type;
    fp_span content;
    if (!take_extension(&list, &type, &content) || !see(&seen, type)) return false;
    switch (type) {
      case EXTENSION_SERVER_NAME:
        if (!read_server_name(content, hello)) return false;
        break;
      case EXTENSION_ENCRYPTED_HELLO:
        if (!is_encrypted_hello(content)) return false;
        break;
      case EXTENSION_ALPN: hello->alpn = read_alpn(content); break;
      case EXTENSION_VERSIONS: hello->versions = read_list(content, 1, 2); break;
      case EXTENSION_GROUPS: hello->groups = read_list(content, 2, 2); break;
      case EXTENSION_POINT_FORMATS: hello->point_formats = read_list(content, 1, 1); break;
      case EXTENSION_SIGNATURE_ALGORITHMS: hello->signature_algorithms = read_list(content, 2, 2); break;
      default: break;
    }
  }
  return true;
}

static fp_status read_hello(fp_span message, size_t position, fp_client_hello *hello, fp_error *error) {
  fp_span random, session, compression;
  size_t version;
  if (!take_number(&message, 2, &version) || !take(&message, 32, &random) || !take_vector(&message, 1, &session) ||
      session.len > 32 || !take_vector(&message, 2, &hello->cipher_suites) || hello->cipher_suites.len % 2 != 0 ||
      hello->cipher_suites.len == 0 || !take_vector(&message, 1, &compression) || compression.len == 0) {
    return malformed(error, position, "the ClientHello is malformed");
  }
  hello->legacy_version = (uint16_t)version;
  /* Extensions may be left out before TLS 1.3. */
  if (message.len > 0 && (!take_vector(&message, 2, &hello->extensions) || message.len > 0 ||
                          !read_extensions(hello->extensions, hello))) {
    return malformed(error, position, "the ClientHello's extensions are malformed");
  }
  if (version < FIRST_VERSION || version > LAST_VERSION) return refuse(error, position, "there is no such TLS version");
  hello->max_version = hello->versions.data != NULL ? highest(hello->versions) : hello->legacy_version;
  return FASTPATH_OK;
}

/* ---- records ---- */

static size_t load16(const uint8_t *at) { return (size_t)at[0] << 8 | at[1]; }
static size_t load24(const uint8_t *at) { return (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2]; }

/* A warning is passed over: NEED_MORE. */
static fp_status read_alert(fp_client_hello_reader *reader, fp_span content, fp_error *error) {
  if (content.len != 2 || content.data[0] != WARNING) {
    return malformed(error, reader->at, "an alert comes before the ClientHello");
  }
  if (content.data[1] == CLOSE_NOTIFY) return refuse(error, reader->at, "the client ends the connection");
  if (++reader->warnings > MAX_WARNINGS) return malformed(error, reader->at, "too many warnings");
  return FASTPATH_NEED_MORE;
}

/* Adds a record to the message: OK and the message when that completes it, NEED_MORE when not. */
static fp_status add_to_message(fp_client_hello_reader *reader, fp_span content, uint8_t *scratch, fp_span *message,
                                fp_error *error) {
  const size_t got = reader->got + content.len;
  const uint8_t *start = content.data;
  size_t wanted;
  if (reader->got > 0 || content.len < MESSAGE_HEADER || load24(content.data + 1) + MESSAGE_HEADER > content.len) {
    if (content.len > 0) memcpy(scratch + reader->got, content.data, content.len);
    reader->got = (uint32_t)got;
    start = scratch;
  }
  if (got < MESSAGE_HEADER) return FASTPATH_NEED_MORE;
  if (load24(start + 1) > MESSAGE_MAX) return malformed(error, reader->at, "the handshake message is too large");
  wanted = MESSAGE_HEADER + load24(start + 1);
  if (got < wanted) return FASTPATH_NEED_MORE;
  if (start[0] != CLIENT_HELLO) return FASTPATH_NONE;
  if (got > wanted) return malformed(error, reader->at, "bytes follow the ClientHello in its record");
  *message = (fp_span){start, wanted};
  return FASTPATH_OK;
}

/* Looks at the record that begins where the reader stands; NEED_MORE when the message goes on after it. */
static fp_status read_record(fp_client_hello_reader *reader, fp_span content, uint8_t type, uint8_t *scratch,
                             fp_span *message, fp_error *error) {
  if (content.len == 0 && ++reader->empty_records > MAX_EMPTY_RECORDS) {
    return malformed(error, reader->at, "too many empty records");
  }
  if (content.len > 0) reader->empty_records = 0;
  if (type == ALERT) return read_alert(reader, content, error);
  reader->warnings = 0;
  return add_to_message(reader, content, scratch, message, error);
}

/* Can a record begin like this: OK when all of its header is there. */
static fp_status check_record_header(const uint8_t *data, size_t len, bool is_first, size_t position, fp_error *error) {
  if ((len > 0 && data[0] != HANDSHAKE && data[0] != ALERT) || (len > 1 && data[1] != 3)) {
    return is_first ? FASTPATH_NONE : malformed(error, position, "another record cuts the ClientHello");
  }
  if (len < RECORD_HEADER) return FASTPATH_NEED_MORE;
  if (load16(data + 3) > RECORD_MAX) return malformed(error, position + 3, "the record's length is out of range");
  return FASTPATH_OK;
}

/* The message, complete, and where its records end. */
static fp_status collect(fp_client_hello_reader *reader, const uint8_t *data, size_t len, size_t max_len,
                         uint8_t *scratch, fp_span *message, fp_error *error) {
  for (;;) {
    const size_t left = len - reader->at;
    const uint8_t *record = data == NULL ? NULL : data + reader->at;
    fp_span content = {NULL, 0};
    fp_status status = check_record_header(record, left, reader->at == 0, reader->at, error);
    if (status < 0 || status == FASTPATH_NONE) return status;
    if (status == FASTPATH_OK) content = (fp_span){record + RECORD_HEADER, load16(record + 3)};
    if (status == FASTPATH_NEED_MORE || left - RECORD_HEADER < content.len) {
      return len < max_len ? FASTPATH_NEED_MORE : refuse(error, len, "the ClientHello is too large");
    }
    status = read_record(reader, content, record[0], scratch, message, error);
    if (status < 0 || status == FASTPATH_NONE) return status;
    reader->at += (uint32_t)(RECORD_HEADER + content.len);
    if (status == FASTPATH_OK) return status;
  }
}

fp_status fp_client_hello_read(fp_client_hello_reader *reader, const uint8_t *data, size_t len, size_t max_len,
                               uint8_t *scratch, fp_client_hello *hello, fp_error *error) {
  fp_client_hello read;
  fp_span message = {NULL, 0};
  fp_status status = (fp_status)reader->verdict;
  if (status == FASTPATH_NONE) return status;
  if (status < 0) return fp_error_set(error, status, 0, 0, "the bytes have had their verdict");
  if (max_len == 0 || max_len > FASTPATH_CLIENT_HELLO_MAX) max_len = FASTPATH_CLIENT_HELLO_MAX;
  status = collect(reader, data, len < max_len ? len : max_len, max_len, scratch, &message, error);
  if (status == FASTPATH_OK) {
    memset(&read, 0, sizeof read);
    read.len = reader->at;
    message = (fp_span){message.data + MESSAGE_HEADER, message.len - MESSAGE_HEADER};
    status = read_hello(message, RECORD_HEADER, &read, error);
  }
  if (status == FASTPATH_OK) *hello = read;
  if (status != FASTPATH_NEED_MORE) reader->verdict = (int16_t)(status == FASTPATH_OK ? FASTPATH_ERR_STATE : status);
  return status;
}

fp_status fp_client_hello_parse(const uint8_t *data, size_t len, uint8_t *scratch, fp_client_hello *hello,
                                fp_error *error) {
  fp_client_hello_reader reader = {0};
  return fp_client_hello_read(&reader, data, len, 0, scratch, hello, error);
}

int fp_alpn_next(fp_span *list, fp_span *name) { return list->len > 0 && take_vector(list, 1, name); }
