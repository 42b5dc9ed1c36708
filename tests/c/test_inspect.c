/* The first bytes of a connection, at the end of a mapped page and in pieces; what is found. */
#include <fastpath/inspect.h>
#include <stdbool.h>

#include "check.h"

static uint8_t scratch[FASTPATH_CLIENT_HELLO_MAX];

/* The same bytes in a block of their own, so that a read past their end is seen. */
static uint8_t *copy_of(const void *data, size_t len) {
  uint8_t *copy = malloc(len == 0 ? 1 : len);
  CHECK(copy != NULL);
  if (len > 0) memcpy(copy, data, len);
  return copy;
}

/* ---- ClientHellos ---- */

static size_t put(uint8_t *out, size_t at, const char *bytes, size_t len) {
  memcpy(out + at, bytes, len);
  return at + len;
}

#define PUT(out, at, literal) put(out, at, literal, sizeof(literal) - 1)

/* A message with a server name, two protocols and grease among the versions. */
static size_t make_message(uint8_t *out) {
  static const char extensions[] =
      "\x1a\x1a\0\0"
      "\0\0\0\x08\0\x06\0\0\x03"
      "a.b"
      "\0\x10\0\x07\0\x05\x02h2\x01x"
      "\0\x2b\0\x07\x06\x8a\x8a\x03\x04\x03\x03"
      "\0\x0a\0\x04\0\x02\0\x1d";
  size_t at = PUT(out, 0, "\x01\0\0\0\x03\x03");
  memset(out + at, 7, 32);
  at = PUT(out, at + 32, "\0\0\x04\x13\x01\x13\x02\x01\0\0");
  out[at++] = sizeof extensions - 1;
  at = PUT(out, at, extensions);
  out[3] = (uint8_t)(at - 4);
  return at;
}

/* Cut into records of `piece` bytes. */
static size_t make_records(uint8_t *out, size_t piece) {
  uint8_t message[256];
  const size_t len = make_message(message);
  size_t at = 0;
  for (size_t from = 0; from < len; from += piece) {
    const size_t size = len - from < piece ? len - from : piece;
    at = PUT(out, at, "\x16\x03\x01\0");
    out[at++] = (uint8_t)size;
    memcpy(out + at, message + from, size);
    at += size;
  }
  return at;
}

static bool is_text(fp_span span, const char *text) {
  return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

static void check_hello(const fp_client_hello *hello, size_t len) {
  fp_span rest = hello->alpn, part;
  uint16_t type;
  CHECK_EQ(hello->len, len);
  CHECK_EQ(hello->legacy_version, 0x0303);
  CHECK_EQ(hello->max_version, 0x0304);
  CHECK(is_text(hello->server_name, "a.b"));
  CHECK(fp_alpn_next(&rest, &part) && is_text(part, "h2"));
  CHECK(fp_alpn_next(&rest, &part) && is_text(part, "x"));
  CHECK_EQ(fp_alpn_next(&rest, &part), 0);
  CHECK_BYTES(hello->cipher_suites.data, hello->cipher_suites.len, "\x13\x01\x13\x02");
  CHECK_BYTES(hello->groups.data, hello->groups.len, "\0\x1d");
  CHECK_EQ(hello->versions.len, 6);
  CHECK(hello->signature_algorithms.data == NULL);
  rest = hello->extensions;
  CHECK(fp_tls_extension_next(&rest, &type, &part) && type == 0x1a1a && part.len == 0);
}

static void hellos_are_read_from_any_records_in_any_pieces(void) {
  static uint8_t data[2048];
  for (size_t piece = 1; piece < 130; piece++) {
    const size_t len = make_records(data, piece);
    for (size_t step = 1; step < 40; step += 6) {
      fp_client_hello_reader reader = {0};
      fp_client_hello hello;
      size_t have = 0;
      for (;;) {
        uint8_t *block = copy_of(data, have);
        const fp_status status = fp_client_hello_read(&reader, block, have, 0, scratch, &hello, NULL);
        if (status == FASTPATH_OK) check_hello(&hello, len);
        free(block);
        if (status == FASTPATH_OK) break;
        CHECK_EQ(status, FASTPATH_NEED_MORE);
        CHECK(have < len);
        have = len - have < step ? len : have + step;
      }
      CHECK_EQ(have, len);
      CHECK_EQ(fp_client_hello_read(&reader, data, len, 0, scratch, &hello, NULL), FASTPATH_ERR_STATE);
    }
  }
}

static void a_hello_in_one_record_is_not_copied(void) {
  uint8_t data[256];
  fp_client_hello hello;
  const size_t len = make_records(data, 200);
  CHECK_EQ(fp_client_hello_parse(data, len, scratch, &hello, NULL), FASTPATH_OK);
  CHECK(hello.server_name.data > data && hello.server_name.data < data + len);
  CHECK_EQ(fp_client_hello_parse(data, make_records(data, 60), scratch, &hello, NULL), FASTPATH_OK);
  CHECK(hello.server_name.data > scratch && hello.server_name.data < scratch + sizeof scratch);
}

static void a_refused_hello_stays_refused_and_writes_no_more(void) {
  static uint8_t record[5 + 16000];
  fp_client_hello_reader reader = {0};
  fp_client_hello hello;
  fp_error error;
  memcpy(record, "\x16\x03\x01\x3e\x80\x01\xff", 7); /* a message of more than 16 MiB */
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(fp_client_hello_read(&reader, record, sizeof record, 0, scratch, &hello, &error),
             FASTPATH_ERR_INSPECT_TLS);
    CHECK(reader.got <= sizeof scratch);
  }
}

static void the_limit_counts_bytes_with_record_headers(void) {
  uint8_t data[256];
  const size_t len = make_records(data, 200);
  fp_client_hello hello;
  for (size_t limit = len - 1; limit <= len; limit++) {
    fp_client_hello_reader reader = {0};
    CHECK_EQ(fp_client_hello_read(&reader, data, len, limit, scratch, &hello, NULL),
             limit == len ? FASTPATH_OK : FASTPATH_ERR_INSPECT_TLS_REFUSED);
  }
}

/* ---- PROXY headers ---- */

static void headers_say_where_they_end(void) {
  static const char binary[] =
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\1\2\3\4\5\6\7\x08\0\x09\0\x0a\x04\0\x04"
      "abcdrest";
  static const char line[] = "PROXY TCP6 ::1 1:2:3::8 7 8\r\nrest";
  const size_t sizes[] = {sizeof binary - 1, sizeof line - 1};
  const char *const inputs[] = {binary, line};
  for (int i = 0; i < 2; i++) {
    for (size_t have = 0; have <= sizes[i]; have++) {
      uint8_t *block = copy_of(inputs[i], have);
      fp_proxy_header header;
      const fp_status status = fp_proxy_header_parse(block, have, &header, NULL);
      CHECK_EQ(status, have < sizes[i] - 4 ? FASTPATH_NEED_MORE : FASTPATH_OK);
      if (status == FASTPATH_OK) CHECK_EQ(header.len, sizes[i] - 4);
      if (status == FASTPATH_OK && i == 0) {
        CHECK_EQ(header.family, FASTPATH_PROXY_IPV4);
        CHECK_BYTES(header.source, 4, "\1\2\3\4");
        CHECK_EQ(header.destination_port, 10);
        CHECK_BYTES(block + header.tlvs_offset, header.tlvs_len,
                    "\x04\0\x04"
                    "abcd");
      }
      free(block);
    }
  }
}

static void refusals_say_where(void) {
  static const char line[] = "PROXY TCP4 1.2.3.4 5.6.7.x 1 2\r\n";
  fp_proxy_header header;
  fp_error error;
  CHECK_EQ(fp_proxy_header_parse((const uint8_t *)line, sizeof line - 1, &header, &error), FASTPATH_ERR_INSPECT_PROXY);
  CHECK_EQ(error.position, 25);
  CHECK(strcmp(error.message, "an address is malformed") == 0);
}

/* ---- HTTP ---- */

static void lines_are_found_in_any_pieces(void) {
  static uint8_t data[FASTPATH_HTTP_LINE_MAX + 10];
  fp_http_version version = FASTPATH_HTTP_1_0;
  fp_error error;
  size_t looked = 0;
  memset(data, 'a', sizeof data);
  memcpy(data, "GET /", 5);
  for (size_t have = 0; have < FASTPATH_HTTP_LINE_MAX; have += 7) {
    CHECK_EQ(fp_http_detect(data, have, &looked, &version, &error), FASTPATH_NEED_MORE);
    CHECK_EQ(looked, have);
  }
  CHECK_EQ(fp_http_detect(data, FASTPATH_HTTP_LINE_MAX, &looked, &version, &error), FASTPATH_ERR_INSPECT_HTTP);
  memcpy(data + FASTPATH_HTTP_LINE_MAX - 10, " HTTP/1.1\n", 10);
  CHECK_EQ(fp_http_detect(data, FASTPATH_HTTP_LINE_MAX, NULL, &version, &error), FASTPATH_OK);
  CHECK_EQ(version, FASTPATH_HTTP_1_1);
}

int main(void) {
  hellos_are_read_from_any_records_in_any_pieces();
  a_hello_in_one_record_is_not_copied();
  a_refused_hello_stays_refused_and_writes_no_more();
  the_limit_counts_bytes_with_record_headers();
  headers_say_where_they_end();
  refusals_say_where();
  lines_are_found_in_any_pieces();
  return 0;
}
