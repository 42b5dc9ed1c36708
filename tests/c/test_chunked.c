/* test_chunked.c - the chunked coding: what is decoded, what is refused and where, at every split of the input. */
#include <fastpath/chunked.h>

#include "check.h"

#define MAX 65536

typedef struct outcome {
  fp_status status;
  fp_error error;
  uint8_t body[MAX];
  size_t body_len;
  uint8_t trailers[MAX];
  size_t trailers_len;
  size_t consumed;
} outcome;

static fp_http_limits limits;

/* Feed the input in two pieces, or byte by byte when first is SIZE_MAX. */
static void decode_split(outcome *out, const char *input, size_t len, size_t first) {
  fp_chunked decoder;
  fp_span spans[4];
  size_t known = first == SIZE_MAX ? 1 : first;
  memset(out, 0, offsetof(outcome, body));
  out->body_len = out->trailers_len = out->consumed = 0;
  fp_chunked_init(&decoder, &limits);
  for (;;) {
    fp_chunked_part part = {.spans = spans, .span_capacity = 4};
    out->status =
        fp_chunked_decode(&decoder, (const uint8_t *)input + out->consumed, known - out->consumed, &part, &out->error);
    if (out->status < 0) return;
    for (size_t i = 0; i < part.span_count; i++) {
      memcpy(out->body + out->body_len, spans[i].data, spans[i].len);
      out->body_len += spans[i].len;
    }
    out->consumed += part.consumed;
    if (out->status == FASTPATH_OK) {
      if (part.trailers.len > 0) memcpy(out->trailers, part.trailers.data, part.trailers.len);
      out->trailers_len = part.trailers.len;
      return;
    }
    if (out->status == FASTPATH_PAUSED) continue;
    if (known == len) return;
    known = first == SIZE_MAX ? known + 1 : len;
  }
}

static void check_equal(const outcome *a, const outcome *b) {
  CHECK_EQ(a->status, b->status);
  CHECK_EQ(a->body_len, b->body_len);
  CHECK(memcmp(a->body, b->body, a->body_len) == 0);
  CHECK_EQ(a->trailers_len, b->trailers_len);
  CHECK(memcmp(a->trailers, b->trailers, a->trailers_len) == 0);
  if (a->status < 0) {
    CHECK_EQ(a->error.position, b->error.position);
    CHECK_EQ(a->error.http_status, b->error.http_status);
    CHECK(strcmp(a->error.message, b->error.message) == 0);
  } else {
    CHECK_EQ(a->consumed, b->consumed);
  }
}

/* Decode whole, and check that every split gives the same. */
static const outcome *decode(const char *input, size_t len) {
  static outcome whole, split;
  decode_split(&whole, input, len, len);
  for (size_t first = 0; first <= len && first < 600; first++) {
    decode_split(&split, input, len, first);
    check_equal(&whole, &split);
  }
  decode_split(&split, input, len, SIZE_MAX);
  check_equal(&whole, &split);
  return &whole;
}

#define DECODE(literal) decode(literal, sizeof(literal) - 1)

#define CHECK_REFUSED(literal, expected_code, expected_position) \
  do {                                                           \
    const outcome *seen = DECODE(literal);                       \
    CHECK_EQ(seen->status, expected_code);                       \
    CHECK_EQ(seen->error.code, expected_code);                   \
    CHECK_EQ(seen->error.position, expected_position);           \
  } while (0)

#define CHECK_BODY(literal, expected)                  \
  do {                                                 \
    const outcome *seen = DECODE(literal);             \
    CHECK_EQ(seen->status, FASTPATH_OK);               \
    CHECK_BYTES(seen->body, seen->body_len, expected); \
    CHECK_EQ(seen->consumed, sizeof(literal) - 1);     \
  } while (0)

static void accepts_bodies(void) {
  CHECK_BODY("0\r\n\r\n", "");
  CHECK_BODY("5\r\nhello\r\n0\r\n\r\n", "hello");
  CHECK_BODY("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world");
  CHECK_BODY("A\r\n0123456789\r\na\r\n0123456789\r\n00\r\n\r\n", "01234567890123456789");
  CHECK_BODY("0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", "abc");
  CHECK_BODY("3;a\r\nabc\r\n3;a=b;c=\"d\\\"\xff\t\"\r\nabc\r\n0;last\r\n\r\n", "abcabc");
  CHECK_BODY("2\r\n\r\n\r\n0\r\n\r\n", "\r\n");
}

static void refuses_sizes(void) {
  CHECK_REFUSED("\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 0);
  CHECK_REFUSED("+5\r\nhello\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 0);
  CHECK_REFUSED("-5\r\nhello\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 0);
  CHECK_REFUSED("0x5\r\nhello\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 1);
  CHECK_REFUSED("1_0\r\nhello\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 1);
  CHECK_REFUSED(" 5\r\nhello\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 0);
  CHECK_REFUSED("5 \r\nhello\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 1);
  CHECK_REFUSED("5\t\r\nhello\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 1);
  CHECK_REFUSED("5\0\r\nhello\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 1);
  CHECK_REFUSED("g\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 0);
  CHECK_REFUSED(";a=b\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 0);
  CHECK_REFUSED("00000000000000003\r\nabc\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 16);
  CHECK_REFUSED("10000000000000000\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 16);
  CHECK_REFUSED("8000000000000000\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 15);
  CHECK_REFUSED("ffffffffffffffff\r\n", FASTPATH_ERR_HTTP_CHUNK_SIZE, 15);
  CHECK_EQ(DECODE("7fffffffffffffff\r\nabc")->status, FASTPATH_NEED_MORE);
}

static void refuses_line_ends(void) {
  CHECK_REFUSED("5\nhello\r\n0\r\n\r\n", FASTPATH_ERR_HTTP_LINE_END, 1);
  CHECK_REFUSED("5\rhello\r\n0\r\n\r\n", FASTPATH_ERR_HTTP_LINE_END, 2);
  CHECK_REFUSED("5\r\nhello\n0\r\n\r\n", FASTPATH_ERR_HTTP_CHUNK_END, 8);
  CHECK_REFUSED("5\r\nhello\rX0\r\n\r\n", FASTPATH_ERR_HTTP_CHUNK_END, 9);
  CHECK_REFUSED("5\r\nhelloXX0\r\n\r\n", FASTPATH_ERR_HTTP_CHUNK_END, 8);
  CHECK_REFUSED("5\r\nhello!\r\n0\r\n\r\n", FASTPATH_ERR_HTTP_CHUNK_END, 8);
  CHECK_REFUSED("5\r\nhello\r\n0\r\nX\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 14);
  CHECK_REFUSED("5\r\nhello\r\n0\r\n\rX", FASTPATH_ERR_HTTP_LINE_END, 14);
  CHECK_REFUSED("0\r\n\n", FASTPATH_ERR_HTTP_LINE_END, 3);
  CHECK_REFUSED("0\n\n", FASTPATH_ERR_HTTP_LINE_END, 1);
}

static void refuses_extensions(void) {
  CHECK_REFUSED("5;\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 2);
  CHECK_REFUSED("5;;a\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 2);
  CHECK_REFUSED("5; a\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 2);
  CHECK_REFUSED("5;a =b\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 3);
  CHECK_REFUSED("5;a=\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 4);
  CHECK_REFUSED("5;a=\"b\"c\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 7);
  CHECK_REFUSED("5;a=\"\x01\"\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 5);
  CHECK_REFUSED("5;a=\"\r\n\"\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 5);
  CHECK_REFUSED("5;a=\"\\\r\n\"\r\nhello", FASTPATH_ERR_HTTP_CHUNK_EXTENSION, 6);
  CHECK_REFUSED("5;a\nhello", FASTPATH_ERR_HTTP_LINE_END, 3);
  CHECK_REFUSED("5;a\rhello", FASTPATH_ERR_HTTP_LINE_END, 4);
}

static void keeps_trailers_apart(void) {
  const outcome *seen = DECODE("0\r\nGrpc-Status: 0\r\nX-Empty:\r\nX-Blank: \t v \t\r\n\r\n");
  fp_http_field fields[3];
  uint32_t count;
  fp_span section = {seen->trailers, seen->trailers_len};
  CHECK_EQ(seen->status, FASTPATH_OK);
  CHECK_BYTES(section.data, section.len, "Grpc-Status: 0\r\nX-Empty:\r\nX-Blank: \t v \t\r\n");
  CHECK_EQ(fp_chunked_trailers(section, fields, 3, &count, NULL), FASTPATH_OK);
  CHECK_EQ(count, 3);
  CHECK_BYTES(section.data + fields[0].name, fields[0].name_len, "Grpc-Status");
  CHECK_BYTES(section.data + fields[0].value, fields[0].value_len, "0");
  CHECK_BYTES(section.data + fields[1].name, fields[1].name_len, "X-Empty");
  CHECK_EQ(fields[1].value_len, 0);
  CHECK_BYTES(section.data + fields[2].value, fields[2].value_len, "v");
  CHECK_EQ(fp_chunked_trailers(section, fields, 2, &count, NULL), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_chunked_trailers((fp_span){(const uint8_t *)"a", 1}, fields, 2, &count, NULL), FASTPATH_ERR_HTTP_TRAILER);
}

static void refuses_trailers(void) {
  CHECK_REFUSED("0\r\nContent-Length: 5\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 3);
  CHECK_REFUSED("0\r\nX: y\r\ntransfer-ENCODING: chunked\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 9);
  CHECK_REFUSED("0\r\nHost: a\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 3);
  CHECK_REFUSED("0\r\nAuthorization: a\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 3);
  CHECK_REFUSED("0\r\nCookie: a\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 3);
  CHECK_REFUSED("0\r\nX : y\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 4);
  CHECK_REFUSED("0\r\n: y\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 3);
  CHECK_REFUSED("0\r\nX: y\r\n folded\r\n\r\n", FASTPATH_ERR_HTTP_LINE_FOLDING, 9);
  CHECK_REFUSED("0\r\nX: \0\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 6);
  CHECK_REFUSED("0\r\nX: y\n\r\n", FASTPATH_ERR_HTTP_LINE_END, 7);
  CHECK_REFUSED("0\r\nX: y\rZ\r\n\r\n", FASTPATH_ERR_HTTP_LINE_END, 8);
}

static void enforces_limits(void) {
  const fp_http_limits before = limits;
  static char many[5000 * 6 + 8];
  size_t len = 0;
  for (int i = 0; i < 5000; i++) len += (size_t)sprintf(many + len, "1\r\nx\r\n");
  const outcome *tiny = decode(many, len);
  CHECK_EQ(tiny->status, FASTPATH_ERR_HTTP_CHUNK_OVERHEAD);
  CHECK_EQ(tiny->error.http_status, 413);

  len = 0;
  for (int i = 0; i < 5000; i++) len += (size_t)sprintf(many + len, "%s", i % 2 == 0 ? "6\r\nabcdef\r\n" : "");
  CHECK_EQ(decode(many, len)->status, FASTPATH_NEED_MORE);

  limits.max_chunk_overhead = 9;
  CHECK_REFUSED("5;abcdefghijk\r\nhello", FASTPATH_ERR_HTTP_CHUNK_OVERHEAD, 9);
  CHECK_EQ(DECODE("5;abc\r\n")->status, FASTPATH_NEED_MORE);
  limits = before;
  limits.max_line = 8;
  CHECK_REFUSED("5;abcdefghijk\r\nhello", FASTPATH_ERR_HTTP_LINE_TOO_LONG, 8);
  CHECK_REFUSED("0\r\nabcd: efghi\r\n\r\n", FASTPATH_ERR_HTTP_LINE_TOO_LONG, 11);
  limits = before;
  limits.max_trailers = 1;
  CHECK_REFUSED("0\r\na: b\r\nc: d\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 9);
  limits = before;
  limits.max_trailer_bytes = 12;
  CHECK_EQ(DECODE("0\r\na: b\r\nc: d\r\n\r\n")->status, FASTPATH_OK);
  limits.max_trailer_bytes = 11;
  CHECK_REFUSED("0\r\na: b\r\nc: d\r\n\r\n", FASTPATH_ERR_HTTP_TRAILER, 14);
  limits = before;
}

static void stays_refused_and_knows_the_end(void) {
  fp_chunked decoder;
  fp_chunked_part part;
  uint8_t dst[64];
  fp_error error;
  fp_chunked_init(&decoder, NULL);
  CHECK_EQ(fp_chunked_join(&decoder, (const uint8_t *)"3\r\nabcX", 7, dst, &part, &error), FASTPATH_PAUSED);
  CHECK_BYTES(dst, part.body_len, "abc");
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(fp_chunked_join(&decoder, (const uint8_t *)"\r\n0\r\n\r\n", 7, dst, &part, &error),
             FASTPATH_ERR_HTTP_CHUNK_END);
    CHECK_EQ(error.position, 6);
  }
  CHECK_EQ(fp_chunked_eof(&decoder, &error), FASTPATH_ERR_HTTP_CHUNK_END);

  fp_chunked_init(&decoder, NULL);
  CHECK_EQ(fp_chunked_join(&decoder, (const uint8_t *)"3\r\nab", 5, dst, &part, &error), FASTPATH_NEED_MORE);
  CHECK_EQ(fp_chunked_eof(&decoder, &error), FASTPATH_ERR_HTTP_UNEXPECTED_EOF);
  CHECK_EQ(error.position, 5);
  CHECK_EQ(fp_chunked_join(&decoder, (const uint8_t *)"c", 1, dst, &part, &error), FASTPATH_ERR_HTTP_UNEXPECTED_EOF);

  fp_chunked_init(&decoder, NULL);
  CHECK_EQ(fp_chunked_join(&decoder, (const uint8_t *)"0\r\n\r\nGET", 8, dst, &part, &error), FASTPATH_OK);
  CHECK_EQ(part.consumed, 5);
  CHECK_EQ(fp_chunked_eof(&decoder, &error), FASTPATH_OK);
}

static void joins_in_place(void) {
  uint8_t block[] = "5\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n";
  fp_chunked decoder;
  fp_chunked_part part;
  fp_chunked_init(&decoder, NULL);
  CHECK_EQ(fp_chunked_join(&decoder, block, sizeof block - 1, block, &part, NULL), FASTPATH_OK);
  CHECK_BYTES(block, part.body_len, "hello world");
  CHECK_BYTES(part.trailers.data, part.trailers.len, "X: y\r\n");
}

static void encodes(void) {
  uint8_t dst[FASTPATH_CHUNK_HEADER_MAX];
  CHECK_BYTES(dst, fp_chunk_header(dst, 0x1af, 1), "1af\r\n");
  CHECK_BYTES(dst, fp_chunk_header(dst, 5, 0), "\r\n5\r\n");
  CHECK_BYTES(dst, fp_chunk_header(dst, UINT64_MAX, 0), "\r\nffffffffffffffff\r\n");
  CHECK_BYTES(dst, fp_chunk_end(dst, 0), "\r\n0\r\n\r\n");
  CHECK_BYTES(dst, fp_chunk_end(dst, 1), "0\r\n\r\n");
}

int main(void) {
  fp_http_limits_default(&limits);
  accepts_bodies();
  refuses_sizes();
  refuses_line_ends();
  refuses_extensions();
  keeps_trailers_apart();
  refuses_trailers();
  enforces_limits();
  stays_refused_and_knows_the_end();
  joins_in_place();
  encodes();
  return 0;
}
