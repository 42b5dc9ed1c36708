/*
 * test_http_head.c - what is refused, where and why; what is accepted, and as what. Every case is read at once, byte by
 * byte, and cut in two at every place, always from memory that ends at a protected page, and must come out the same.
 */
#define _DEFAULT_SOURCE
#include "check.h"
#include "head_compare.h"
#include "http_authority.h"
#include "http_judge.h"

#define OK_HOST "Host: a\r\n"
#define ERR(name) FASTPATH_ERR_HTTP_##name

static guarded page;

static fp_status read_once(bool is_response, fp_http_method method, const char *text, size_t len,
                           const fp_http_limits *limits, reading *out) {
  reading_init(out, 256);
  const uint8_t *data = guarded_copy(page, text, len);
  out->status = is_response ? fp_http_parse_response(data, len, method, limits, &out->head, &out->error)
                            : fp_http_parse_request(data, len, limits, &out->head, &out->error);
  return out->status;
}

/* Feed the pieces that end at `cut` and at every later byte, or at `cut` and then all. */
static void read_in_pieces(fp_http_head_reader *reader, fp_http_method method, const char *text, size_t len, size_t cut,
                           size_t step, reading *out) {
  reading_init(out, 256);
  fp_http_head_reader_reset(reader);
  for (size_t end = cut;; end = end + step < len ? end + step : len) {
    const uint8_t *data = guarded_copy(page, text, end);
    out->status = fp_http_head_reader_read(reader, data, end, method, &out->head, &out->error);
    if (out->status != FASTPATH_NEED_MORE || end == len) return;
  }
}

static void check_every_split(bool is_response, fp_http_method method, const char *text, size_t len,
                              const fp_http_limits *limits, const reading *whole) {
  static reading pieces;
  fp_http_head_reader *reader = fp_http_head_reader_new(is_response, limits);
  CHECK(reader != NULL);
  const size_t stride = len > 2000 ? 97 : 1;
  read_in_pieces(reader, method, text, len, 0, 1, &pieces);
  CHECK(same_reading(whole, &pieces));
  for (size_t cut = 0; cut < len; cut += stride) {
    read_in_pieces(reader, method, text, len, cut, len, &pieces);
    if (!same_reading(whole, &pieces)) {
      fprintf(stderr, "cut at %zu: %s at %zu, whole: %s at %zu\n%s\n", cut, fp_status_name(pieces.status),
              pieces.error.position, fp_status_name(whole->status), whole->error.position, text);
      exit(1);
    }
  }
  if (pieces.status < 0) { /* sticks until reset */
    fp_error again;
    CHECK_EQ(fp_http_head_reader_read(reader, (const uint8_t *)"GET", 3, method, &pieces.head, &again), pieces.status);
    CHECK_EQ(again.position, whole->error.position);
  }
  fp_http_head_reader_free(reader);
}

typedef struct refusal {
  const char *text;
  size_t len;
  fp_status code;
  int http_status;
  size_t position;
} refusal;

#define REFUSED(code, http_status, position, text) {(text), sizeof(text) - 1, ERR(code), (http_status), (position)}

static const refusal bad_requests[] = {
    /* start line */
    REFUSED(VERSION, 400, 5, "GET /\r\n\r\n"),
    REFUSED(VERSION, 400, 15, "POST /tHTTP/1.1\r\n" OK_HOST "\r\n"),
    REFUSED(VERSION, 400, 6, "GET / RTSP/1.0\r\n\r\n"),
    REFUSED(VERSION, 400, 9, "SOURCE / ICE/1.0\r\n\r\n"),
    REFUSED(VERSION, 505, 11, "GET / HTTP/2.0\r\n\r\n"),
    REFUSED(VERSION, 505, 11, "GET / HTTP/0.9\r\n\r\n"),
    REFUSED(VERSION, 505, 11, "GET / HTTP/1.2\r\n\r\n"),
    REFUSED(VERSION, 505, 11, "GET / HTTP/3.0\r\n\r\n"),
    REFUSED(VERSION, 400, 14, "GET / HTTP/1.10\r\n\r\n"),
    REFUSED(VERSION, 400, 11, "GET / HTTP/x.1\r\n\r\n"),
    REFUSED(VERSION, 400, 14, "GET / HTTP/1.1 \r\n\r\n"),
    REFUSED(VERSION, 400, 6, "GET /  HTTP/1.1\r\n\r\n"),
    REFUSED(HTTP2_PREFACE, 505, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    REFUSED(HTTP2_PREFACE, 505, 0, "PRI * HTTP/2.0\r\n"),
    REFUSED(METHOD, 400, 0, "PRI * HTTP/1.1\r\n\r\n"),
    REFUSED(METHOD, 501, 1, "FOO / HTTP/1.1\r\n\r\n"),
    REFUSED(METHOD, 400, 0, " GET / HTTP/1.1\r\n\r\n"),
    REFUSED(METHOD, 400, 0, "\x16\x03\x01\x02"),
    REFUSED(METHOD, 501, 0, "get / HTTP/1.1\r\n\r\n"),
    REFUSED(LINE_END, 400, 2, "\r\n\r\nGET / HTTP/1.1\r\n" OK_HOST "\r\n"),
    REFUSED(LINE_END, 400, 0, "\nGET / HTTP/1.1\r\n" OK_HOST "\r\n"),
    REFUSED(LINE_END, 400, 1, "\rGET / HTTP/1.1\r\n" OK_HOST "\r\n"),
    /* targets */
    REFUSED(TARGET, 400, 4, "GET  / HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 6, "GET /a#b HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 6, "GET /a\x80 HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 6, "GET /a\x7f HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 6, "GET /a\tb HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 6, "GET /a\0b HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 4, "GET ?a HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 4, "GET * HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 4, "GET ftp://a/ HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 12, "GET http://u@a/ HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 12, "GET http://a_b/ HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 9, "CONNECT a~b:80 HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 11, "CONNECT a.b HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 8, "CONNECT /a HTTP/1.1\r\n\r\n"),
    REFUSED(TARGET, 400, 10, "CONNECT a:65536 HTTP/1.1\r\n\r\n"),
    REFUSED(FRAMING_CONFLICT, 400, 31, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"),
    REFUSED(FRAMING_CONFLICT, 400, 31, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
    /* line ends, names, values */
    REFUSED(LINE_END, 400, 14, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    REFUSED(LINE_END, 400, 15, "GET / HTTP/1.1\rHost: a\r\n\r\n"),
    REFUSED(LINE_END, 400, 23, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
    REFUSED(LINE_END, 400, 24, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"),
    REFUSED(LINE_END, 400, 26, "GET / HTTP/1.1\r\nHost: a\r\n\rX"),
    REFUSED(LINE_FOLDING, 400, 25, "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"),
    REFUSED(LINE_FOLDING, 400, 16, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    REFUSED(HEADER_NAME, 400, 20, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    REFUSED(HEADER_NAME, 400, 16, "GET / HTTP/1.1\r\n: a\r\n\r\n"),
    REFUSED(HEADER_NAME, 400, 17, "GET / HTTP/1.1\r\nH(: a\r\n\r\n"),
    REFUSED(HEADER_NAME, 400, 17, "GET / HTTP/1.1\r\nH\x80: a\r\n\r\n"),
    REFUSED(HEADER_NAME, 400, 20, "GET / HTTP/1.1\r\nHost\r\n\r\n"),
    REFUSED(HEADER_VALUE, 400, 20, "GET / HTTP/1.1\r\nA: b\x01\r\n\r\n"),
    REFUSED(HEADER_VALUE, 400, 20, "GET / HTTP/1.1\r\nA: b\0\r\n\r\n"),
    REFUSED(HEADER_VALUE, 400, 20, "GET / HTTP/1.1\r\nA: b\x7f\r\n\r\n"),
    /* Host */
    REFUSED(HEADER_VALUE, 400, 37, "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-For\r\n\r\n"),
    REFUSED(HEADER_VALUE, 400, 44, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, host\r\n\r\n"),
    REFUSED(HEADER_VALUE, 400, 37, "GET / HTTP/1.1\r\nHost: a\r\nConnection: :path\r\n\r\n"),
    REFUSED(HEADER_VALUE, 400, 73,
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\nX: y\r\nConnection:b,c,d,e,f,g,h,i,j\r\n\r\n"),
    REFUSED(HOST, 400, 16, "GET / HTTP/1.1\r\n\r\n"),
    REFUSED(HOST, 400, 25, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    REFUSED(HOST, 400, 25, "GET / HTTP/1.0\r\nHost: a\r\nhOST: a\r\n\r\n"),
    REFUSED(HOST, 400, 21, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    REFUSED(HOST, 400, 23, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    REFUSED(HOST, 400, 23, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    REFUSED(HOST, 400, 24, "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n"),
    REFUSED(HOST, 400, 24, "GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n"),
    REFUSED(HOST, 400, 23, "GET / HTTP/1.1\r\nHost: a%41\r\n\r\n"),
    REFUSED(HOST, 400, 24, "GET http://a/ HTTP/1.1\r\n\r\n"),
    /* framing */
    REFUSED(CONTENT_LENGTH, 400, 41, "GET / HTTP/1.1\r\n" OK_HOST "Content-Length: +1\r\n\r\n"),
    REFUSED(CONTENT_LENGTH, 400, 42, "GET / HTTP/1.1\r\n" OK_HOST "Content-Length: 0x1\r\n\r\n"),
    REFUSED(CONTENT_LENGTH, 400, 42, "GET / HTTP/1.1\r\n" OK_HOST "Content-Length: 1_0\r\n\r\n"),
    REFUSED(CONTENT_LENGTH, 400, 43, "GET / HTTP/1.1\r\n" OK_HOST "Content-Length: 1 1\r\n\r\n"),
    REFUSED(CONTENT_LENGTH, 400, 42, "GET / HTTP/1.1\r\n" OK_HOST "Content-Length: 1, 2\r\n\r\n"),
    REFUSED(CONTENT_LENGTH, 400, 42, "GET / HTTP/1.1\r\n" OK_HOST "Content-Length:\r\n\r\n"),
    REFUSED(CONTENT_LENGTH, 400, 41, "GET / HTTP/1.1\r\n" OK_HOST "Content-Length: 9223372036854775808\r\n\r\n"),
    REFUSED(CONTENT_LENGTH, 400, 44, "GET / HTTP/1.1\r\n" OK_HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
    REFUSED(FRAMING_CONFLICT, 400, 44,
            "GET / HTTP/1.1\r\n" OK_HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    REFUSED(FRAMING_CONFLICT, 400, 53,
            "GET / HTTP/1.1\r\n" OK_HOST "TRANSFER-ENCODING: chunked\r\ncontent-length: 5\r\n\r\n"),
    REFUSED(TRANSFER_ENCODING, 400, 44, "GET / HTTP/1.1\r\n" OK_HOST "Transfer-Encoding: identity\r\n\r\n"),
    REFUSED(TRANSFER_ENCODING, 501, 44, "GET / HTTP/1.1\r\n" OK_HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"),
    REFUSED(TRANSFER_ENCODING, 400, 44, "GET / HTTP/1.1\r\n" OK_HOST "Transfer-Encoding: \"chunked\"\r\n\r\n"),
    REFUSED(TRANSFER_ENCODING, 400, 73,
            "GET / HTTP/1.1\r\n" OK_HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    REFUSED(TRANSFER_ENCODING, 400, 54,
            "GET / HTTP/1.1\r\n" OK_HOST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n"),
    REFUSED(TRANSFER_ENCODING, 400, 25, "GET / HTTP/1.0\r\n" OK_HOST "Transfer-Encoding: chunked\r\n\r\n"),
};

static const refusal bad_responses[] = {
    REFUSED(STATUS_LINE, 502, 0, "\r\nHTTP/1.1 200 OK\r\n\r\n"),
    REFUSED(STATUS_LINE, 502, 9, "HTTP/1.1 600 No\r\n\r\n"),
    REFUSED(STATUS_LINE, 502, 9, "HTTP/1.1 099 No\r\n\r\n"),
    REFUSED(STATUS_LINE, 502, 11, "HTTP/1.1 20 OK\r\n\r\n"),
    REFUSED(STATUS_LINE, 502, 12, "HTTP/1.1 2000 OK\r\n\r\n"),
    REFUSED(STATUS_LINE, 502, 14, "HTTP/1.1 200 O\x01\r\n\r\n"),
    REFUSED(STATUS_LINE, 502, 2, "ICY 200 OK\r\n\r\n"),
    REFUSED(VERSION, 502, 0, "RTSP/1.0 200 OK\r\n\r\n"),
    REFUSED(VERSION, 502, 5, "HTTP/2.0 200 OK\r\n\r\n"),
    REFUSED(LINE_END, 502, 13, "HTTP/1.1 200\r\r\n"),
    REFUSED(LINE_END, 502, 15, "HTTP/1.1 200 OK\n\r\n"),
    REFUSED(FRAMING_CONFLICT, 502, 36, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    REFUSED(TRANSFER_ENCODING, 502, 36, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
    REFUSED(FRAMING_CONFLICT, 502, 25, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
    REFUSED(FRAMING_CONFLICT, 502, 23, "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n"),
};

static void check_refusals(bool is_response, const refusal *cases, size_t count) {
  static reading whole;
  for (size_t i = 0; i < count; i++) {
    const refusal *bad = &cases[i];
    read_once(is_response, FASTPATH_HTTP_METHOD_GET, bad->text, bad->len, NULL, &whole);
    if (whole.status != bad->code || whole.error.code != bad->code || whole.error.http_status != bad->http_status ||
        whole.error.position != bad->position) {
      fprintf(stderr, "%s\ngot %s, answer %d, at %zu (%s)\nexpected %s, answer %d, at %zu\n", bad->text,
              fp_status_name(whole.status), whole.error.http_status, whole.error.position, whole.error.message,
              fp_status_name(bad->code), bad->http_status, bad->position);
      exit(1);
    }
    CHECK(whole.error.message[0] != 0);
    check_every_split(is_response, FASTPATH_HTTP_METHOD_GET, bad->text, bad->len, NULL, &whole);
  }
}

typedef struct acceptance {
  const char *text;
  uint32_t flags; /* without FAST_PATH */
  const char *path, *query, *authority;
  uint64_t content_length;
  fp_http_method asked; /* for responses */
} acceptance;

enum {
  KEEP = FASTPATH_HTTP_KEEP_ALIVE,
  LENGTH = FASTPATH_HTTP_HAS_CONTENT_LENGTH,
  CHUNKED = FASTPATH_HTTP_CHUNKED,
  UPGRADE = FASTPATH_HTTP_UPGRADE,
  EXPECT = FASTPATH_HTTP_EXPECT_CONTINUE,
  ABSOLUTE = FASTPATH_HTTP_ABSOLUTE_FORM,
  OPTIONS = FASTPATH_HTTP_CONNECTION_OPTIONS,
  UNTIL_CLOSE = FASTPATH_HTTP_UNTIL_CLOSE,
  NO_BODY = FASTPATH_HTTP_NO_BODY
};

static const acceptance good_requests[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", KEEP, "/", "", "a", 0, 0},
    {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", KEEP, "/", "", "a", 0, 0},
    {"GET / HTTP/1.0\r\n\r\n", 0, "/", "", "", 0, 0},
    {"GET /a/b?c=d?e HTTP/1.1\r\nHost: a.b:80\r\n\r\n", KEEP, "/a/b", "c=d?e", "a.b:80", 0, 0},
    {"GET /? HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", KEEP, "/", "", "[::1]:8080", 0, 0},
    {"GET /%2e HTTP/1.1\r\nhost:\t a \t\r\nX:\r\nY: \t\r\n\r\n", KEEP, "/%2e", "", "a", 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 0, "/", "", "a", 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: , CLOSE ,x\r\n\r\n", OPTIONS, "/", "", "a", 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", 0, "/", "", "a", 0, 0},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", KEEP, "/", "", "", 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", KEEP | LENGTH, "/", "", "a",
     INT64_MAX, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000000007\r\n\r\n", KEEP | LENGTH, "/", "", "a", 7,
     0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:  Chunked \r\n\r\n", KEEP | CHUNKED, "/", "", "a", 0, 0},
    {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n", KEEP | LENGTH | EXPECT, "/", "",
     "a", 1, 0},
    {"PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", LENGTH, "/", "", "", 1, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", KEEP | UPGRADE, "/", "", "a", 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n", KEEP, "/", "", "a", 0, 0},
    {"GET HTTP://b:1?q HTTP/1.1\r\nHost: a\r\n\r\n", KEEP | ABSOLUTE, "", "q", "b:1", 0, 0},
    {"GET https://b/x HTTP/1.1\r\nHost:\r\n\r\n", KEEP | ABSOLUTE, "/x", "", "b", 0, 0},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", KEEP, "*", "", "a", 0, 0},
    {"CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n", KEEP, "", "", "[::1]:443", 0, 0},
    {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", KEEP | LENGTH, "", "", "a:1", 0, 0},
    {"QUERY / HTTP/1.1\r\nHost: a\r\nX!#$%&'*+-.^_`|~9: \x80\xff\r\n\r\n", KEEP, "/", "", "a", 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nA-Name-That-Is-Longer-Than-Thirty-Two-Bytes: v\r\n\r\n", KEEP, "/", "", "a", 0, 0},
};

static const acceptance good_responses[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", KEEP | LENGTH, "", "", "", 2, FASTPATH_HTTP_METHOD_GET},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", KEEP | LENGTH | NO_BODY, "", "", "", 2, FASTPATH_HTTP_METHOD_HEAD},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", KEEP | NO_BODY, "", "", "", 0, FASTPATH_HTTP_METHOD_CONNECT},
    {"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\n", KEEP | LENGTH, "", "", "", 2, FASTPATH_HTTP_METHOD_CONNECT},
    {"HTTP/1.1 200 OK\r\n\r\n", UNTIL_CLOSE, "", "", "", 0, FASTPATH_HTTP_METHOD_GET},
    {"HTTP/1.1 200\r\n\r\n", UNTIL_CLOSE, "", "", "", 0, FASTPATH_HTTP_METHOD_GET},
    {"HTTP/1.0 200 \r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", KEEP | LENGTH, "", "", "", 0,
     FASTPATH_HTTP_METHOD_GET},
    {"HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n", KEEP | NO_BODY, "", "", "", 0, FASTPATH_HTTP_METHOD_GET},
    {"HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n", KEEP | LENGTH | NO_BODY, "", "", "", 9, FASTPATH_HTTP_METHOD_GET},
    {"HTTP/1.1 101 x\r\nUpgrade: y\r\nConnection: upgrade\r\n\r\n", KEEP | UPGRADE | NO_BODY, "", "", "", 0,
     FASTPATH_HTTP_METHOD_GET},
    {"HTTP/1.1 200 \t\xff\r\nTransfer-Encoding: chunked\r\nHost: a b\r\n\r\n", KEEP | CHUNKED, "", "", "", 0,
     FASTPATH_HTTP_METHOD_GET},
};

static void check_span(const char *what, const char *text, uint32_t offset, uint32_t len, const char *expected) {
  if (len == strlen(expected) && memcmp(text + offset, expected, len) == 0) return;
  fprintf(stderr, "%s of\n%sis \"%.*s\", expected \"%s\"\n", what, text, (int)len, text + offset, expected);
  exit(1);
}

static void check_acceptances(bool is_response, const acceptance *cases, size_t count) {
  static reading whole, judged;
  for (size_t i = 0; i < count; i++) {
    const acceptance *good = &cases[i];
    const size_t len = strlen(good->text);
    read_once(is_response, good->asked, good->text, len, NULL, &whole);
    if (whole.status != FASTPATH_OK || (whole.head.flags & ~(uint32_t)FASTPATH_HTTP_FAST_PATH) != good->flags) {
      fprintf(stderr, "%sgot %s, flags %x, expected flags %x\n", good->text, fp_status_name(whole.status),
              whole.head.flags, good->flags);
      exit(1);
    }
    CHECK_EQ(whole.head.head_len, len);
    CHECK_EQ(whole.head.content_length, good->content_length);
    check_span("path", good->text, whole.head.path_off, whole.head.path_len, good->path);
    check_span("query", good->text, whole.head.query_off, whole.head.query_len, good->query);
    check_span("authority", good->text, whole.head.authority_off, whole.head.authority_len, good->authority);
    check_every_split(is_response, good->asked, good->text, len, NULL, &whole);

    fp_http_limits limits;
    fp_http_limits_default(&limits);
    reading_init(&judged, 256);
    const uint8_t *data = guarded_copy(page, good->text, len);
    judged.status = is_response ? fp_http_judge_response(data, len, good->asked, &limits, &judged.head, &judged.error)
                                : fp_http_judge_request(data, len, &limits, &judged.head, &judged.error);
    CHECK(same_reading(&whole, &judged));
    for (size_t cut = 0; cut < len; cut++) {
      CHECK_EQ(read_once(is_response, good->asked, good->text, cut, NULL, &judged), FASTPATH_NEED_MORE);
    }
  }
}

/* A request line, `fields` times "a: b", and a blank line. */
static size_t many_fields(char *text, unsigned fields) {
  size_t len = (size_t)sprintf(text, "GET / HTTP/1.0\r\n");
  for (unsigned i = 0; i < fields; i++) len += (size_t)sprintf(text + len, "a: b\r\n");
  return len + (size_t)sprintf(text + len, "\r\n");
}

static void check_limit(const char *text, size_t len, const fp_http_limits *limits, fp_status code, int http_status,
                        size_t position) {
  static reading whole;
  read_once(false, FASTPATH_HTTP_METHOD_GET, text, len, limits, &whole);
  CHECK_EQ(whole.status, code);
  if (code < 0) {
    CHECK_EQ(whole.error.http_status, http_status);
    CHECK_EQ(whole.error.position, position);
  }
  check_every_split(false, FASTPATH_HTTP_METHOD_GET, text, len, limits, &whole);
}

static void test_limits(void) {
  static char text[200000];
  fp_http_limits limits;
  fp_http_limits_default(&limits);

  check_limit(text, many_fields(text, 100), &limits, FASTPATH_OK, 0, 0);
  check_limit(text, many_fields(text, 101), &limits, ERR(TOO_MANY_HEADERS), 431, 16 + 100 * 6);
  limits.max_headers = 200;
  check_limit(text, many_fields(text, 150), &limits, FASTPATH_OK, 0, 0); /* more lines than the scan takes */
  fp_http_limits_default(&limits);

  for (uint32_t line = 14; line < 18; line++) {
    limits.max_line = line;
    size_t len = (size_t)sprintf(text, "GET / HTTP/1.0\r\nname: 1234567890\r\n\r\n");
    check_limit(text, len, &limits, line < 16 ? ERR(LINE_TOO_LONG) : FASTPATH_OK, 431, 16 + line);
  }
  limits.max_line = 13;
  check_limit("GET / HTTP/1.0\r\n\r\n", 18, &limits, ERR(TARGET_TOO_LONG), 414, 13);
  fp_http_limits_default(&limits);

  limits.max_head = 18;
  check_limit("GET / HTTP/1.0\r\n\r\n", 18, &limits, FASTPATH_OK, 0, 0);
  limits.max_head = 17;
  check_limit("GET / HTTP/1.0\r\n\r\n", 18, &limits, ERR(HEAD_TOO_LARGE), 431, 17);
  fp_http_limits_default(&limits);

  limits.max_leading_blank = 0;
  check_limit("\r\nGET / HTTP/1.0\r\n\r\n", 20, &limits, ERR(LINE_END), 400, 0);
  limits.max_leading_blank = 2;
  check_limit("\r\n\r\nGET / HTTP/1.0\r\n\r\n", 22, &limits, FASTPATH_OK, 0, 0);
  check_limit("\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n", 24, &limits, ERR(LINE_END), 400, 4);
  limits.max_head = 0;
  check_limit("\r\n\r\n\r\n", 6, &limits, ERR(HEAD_TOO_LARGE), 431, 0);
  fp_http_limits_default(&limits);

  /* Lengths beyond 16 bits are whole or refused, never cut. */
  limits.max_line = limits.max_head = 190000;
  size_t len = (size_t)sprintf(text, "GET / HTTP/1.0\r\nname: ");
  memset(text + len, 'v', 70000);
  memcpy(text + len + 70000, "\r\n\r\n", 4);
  static reading whole;
  CHECK_EQ(read_once(false, FASTPATH_HTTP_METHOD_GET, text, len + 70004, &limits, &whole), FASTPATH_OK);
  CHECK_EQ(whole.fields[0].value_len, 70000);
  for (uint32_t name = 65535; name <= 65536; name++) {
    memset(text + 16, 'n', name);
    memcpy(text + 16 + name, ": v\r\n\r\n", 7);
    check_limit(text, 16 + name + 7, &limits, name == 65535 ? FASTPATH_OK : ERR(LINE_TOO_LONG), 431, 16 + 65535);
  }
}

static void test_field_spans(void) {
  static reading r;
  const char *text = "GET / HTTP/1.1\r\nHost: a\r\nX-Y:  b c \r\nEmpty:\r\ncookie: d\r\n\r\n";
  CHECK_EQ(read_once(false, FASTPATH_HTTP_METHOD_GET, text, strlen(text), NULL, &r), FASTPATH_OK);
  CHECK_EQ(r.head.field_count, 4);
  CHECK_BYTES(text + r.fields[1].name, r.fields[1].name_len, "X-Y");
  CHECK_BYTES(text + r.fields[1].value, r.fields[1].value_len, "b c");
  CHECK_EQ(r.fields[1].id, 0);
  CHECK_EQ(r.fields[2].value_len, 0);
  CHECK_EQ(text[r.fields[2].value], '\r');
  CHECK_EQ(r.fields[3].id, fp_http_name_id((const uint8_t *)"Cookie", 6));
  CHECK_EQ(read_once(false, FASTPATH_HTTP_METHOD_GET, text, strlen(text), NULL, &r), FASTPATH_OK);
  r.head.field_capacity = 3;
  fp_error error;
  CHECK_EQ(fp_http_parse_request((const uint8_t *)text, strlen(text), NULL, &r.head, &error), ERR(TOO_MANY_HEADERS));
}

/* As many fields as there is room for, the last of them empty. */
static void test_room_for_no_more_fields(void) {
  static char text[2048];
  static reading scanned, judged;
  for (uint32_t count = 1; count <= 140; count++) {
    size_t len = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (uint32_t i = 1; i < count; i++) {
      len += (size_t)sprintf(text + len, "Field: %s\r\n", i + 1 < count ? "b" : "");
    }
    len += (size_t)sprintf(text + len, "\r\n");
    fp_http_limits limits;
    fp_http_limits_default(&limits);
    limits.max_headers = READING_FIELDS;
    reading_init(&scanned, count);
    reading_init(&judged, count);
    const uint8_t *data = (const uint8_t *)text;
    CHECK_EQ(fp_http_parse_request(data, len, &limits, &scanned.head, &scanned.error), FASTPATH_OK);
    CHECK_EQ(fp_http_judge_request(data, len, &limits, &judged.head, &judged.error), FASTPATH_OK);
    CHECK(same_head(&scanned.head, &judged.head));
    CHECK_EQ(judged.head.field_count, count);
    if (count == 1) continue;
    CHECK_EQ(judged.head.fields[count - 1].value_len, 0);
    reading_init(&judged, count - 1);
    CHECK_EQ(fp_http_judge_request(data, len, &limits, &judged.head, &judged.error), ERR(TOO_MANY_HEADERS));
  }
}

static void test_well_known_names(void) {
  static char text[200];
  static reading r;
  CHECK(fp_http_name(0, NULL) == NULL && fp_http_name_wire((uint16_t)(fp_http_name_count() + 1), NULL) == NULL);
  CHECK(strcmp(fp_http_name(FASTPATH_HTTP_NAME_HTTP2_SETTINGS, NULL), "http2-settings") == 0);
  CHECK(strcmp(fp_http_name(FASTPATH_HTTP_NAME_EXPECT, NULL), "expect") == 0);
  for (uint16_t id = 1; id <= fp_http_name_count(); id++) {
    size_t len = 0, wire_len = 0;
    const char *lower = fp_http_name(id, &len), *wire = fp_http_name_wire(id, &wire_len);
    CHECK_EQ(len, wire_len);
    CHECK_EQ(len, strlen(lower));
    CHECK_EQ(fp_http_name_id((const uint8_t *)lower, len), id);
    CHECK_EQ(fp_http_name_id((const uint8_t *)wire, len), id);
    CHECK_EQ(fp_http_name_id((const uint8_t *)lower, len - 1) == id, 0);
    size_t head = (size_t)sprintf(text, "HTTP/1.1 304 x\r\n%s: 1\r\nB: 2\r\n\r\n", wire);
    fp_status status = read_once(true, FASTPATH_HTTP_METHOD_GET, text, head, NULL, &r);
    if (id == FASTPATH_HTTP_NAME_TRANSFER_ENCODING) continue;
    CHECK_EQ(status, FASTPATH_OK);
    CHECK_EQ(r.fields[0].id, id);
    CHECK((r.head.flags & FASTPATH_HTTP_FAST_PATH) != 0);
  }
}

static void test_authorities(void) {
  static const char *const valid[] = {"a",
                                      "a.b-c_d~e",
                                      "127.0.0.1",
                                      "a:0",
                                      "a:65535",
                                      "[::]",
                                      "[::1]:80",
                                      "[1:2:3:4:5:6:7:8]",
                                      "[1::8]",
                                      "[::ffff:1.2.3.4]",
                                      "[1:2:3:4:5:6:1.2.3.4]",
                                      "a!$&'()*+,;=b"};
  static const char *const invalid[] = {"",
                                        ":80",
                                        "a:",
                                        "a:65536",
                                        "a:1x",
                                        "a b",
                                        "a/b",
                                        "a@b",
                                        "a?b",
                                        "a#b",
                                        "a\\b",
                                        "a%20",
                                        "[",
                                        "[]",
                                        "[::1",
                                        "[:::]",
                                        "[1:2]",
                                        "[1:2:3:4:5:6:7:8:9]",
                                        "[1::2::3]",
                                        "[12345::]",
                                        "[::1.2.3]",
                                        "[::256.1.1.1]",
                                        "[::01.1.1.1]",
                                        "[v1.a]",
                                        "[::1%25eth0]",
                                        "[::1]a",
                                        "\x80"};
  size_t offending;
  for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
    CHECK(fp_http_authority_is_valid((const uint8_t *)valid[i], strlen(valid[i]), false, &offending));
  }
  for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    CHECK(!fp_http_authority_is_valid((const uint8_t *)invalid[i], strlen(invalid[i]), false, &offending));
    CHECK(offending <= strlen(invalid[i]));
  }
  CHECK(!fp_http_authority_is_valid((const uint8_t *)"a", 1, true, &offending));
  CHECK_EQ(offending, 1);
}

/* After a head the reader takes the next one; bytes behind a head are not its business. */
static void test_pipelined_heads(void) {
  static reading r;
  const char *text = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n\x01";
  const uint8_t *data = (const uint8_t *)text;
  size_t len = strlen(text), at = 0;
  fp_http_head_reader *reader = fp_http_head_reader_new(0, NULL);
  CHECK(reader != NULL);
  for (int i = 1; i <= 2; i++) {
    reading_init(&r, 256);
    CHECK_EQ(fp_http_head_reader_read(reader, data + at, 20, FASTPATH_HTTP_METHOD_GET, &r.head, &r.error),
             FASTPATH_NEED_MORE);
    CHECK_EQ(fp_http_head_reader_read(reader, data + at, len - at, FASTPATH_HTTP_METHOD_GET, &r.head, &r.error),
             FASTPATH_OK);
    CHECK_EQ(data[at + r.head.path_off + 1], '0' + i);
    at += r.head.head_len;
  }
  CHECK_EQ(fp_http_head_reader_read(reader, data + at, len - at, FASTPATH_HTTP_METHOD_GET, &r.head, NULL), ERR(METHOD));
  fp_http_head_reader_reset(reader);
  CHECK_EQ(fp_http_head_reader_read(reader, data, len, FASTPATH_HTTP_METHOD_GET, &r.head, NULL), FASTPATH_OK);
  fp_http_head_reader_free(reader);
}

int main(void) {
  page = guarded_new(262144);
  CHECK(page.end != NULL);
  check_refusals(false, bad_requests, sizeof bad_requests / sizeof *bad_requests);
  check_refusals(true, bad_responses, sizeof bad_responses / sizeof *bad_responses);
  check_acceptances(false, good_requests, sizeof good_requests / sizeof *good_requests);
  check_acceptances(true, good_responses, sizeof good_responses / sizeof *good_responses);
  test_limits();
  test_field_spans();
  test_room_for_no_more_fields();
  test_well_known_names();
  test_authorities();
  test_pipelined_heads();
  return 0;
}
