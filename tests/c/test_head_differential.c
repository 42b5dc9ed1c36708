/*
 * test_head_differential.c - mutated heads, read by every scan and by the judge.
 *
 *   test_head_differential [COUNT] [SEED]   200000 heads unless told otherwise
 *
 * What a scan accepts, the judge must accept with the same spans and flags, and all scans must accept the same. Inputs
 * end at a protected page. Prints the counts; fails also when the fast path takes less than 30 % of the heads, since
 * then little has been compared.
 */
#define _DEFAULT_SOURCE
#include <stdlib.h>

#include "check.h"
#include "head_compare.h"
#include "http_judge.h"

enum {
  MAX_LEN = 4096
};

static const char *const seeds[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /index.html?x=1&y=2 HTTP/1.1\r\nHost: www.example.com:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
    "POST /api/v2/orders HTTP/1.1\r\nHost: orders.svc\r\nContent-Type: application/json\r\nContent-Length: 348\r\n"
    "Connection: keep-alive\r\nx-request-id: 5b3e1c9a-8f40-4d1e-9a77-3c2f6d0b8e15\r\n\r\n{\"body\":true}",
    "PUT /upload HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
    "TE: trailers\r\n\r\n5\r\nhello\r\n",
    "HEAD /a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/0123456789 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
    "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a.b\r\nMax-Forwards: 0\r\n\r\n",
    "GET http://a.example/x HTTP/1.1\r\nHost: b.example\r\n\r\n",
    "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
    "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nContent-Length: 5\r\n\r\nhello",
    "DELETE /x HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=d; "
    "e=0123456789012345678901234567890123456789012345678901234567890\r\n"
    "X-A-Header-With-A-Name-Longer-Than-One-Vector: v\r\nEmpty:\r\nBlank: \t x \t\r\nX!#$%&'*+-.^_`|~: "
    "\x80\xff\r\n\r\n",
    "PATCH /y HTTP/1.1\r\nA:b\r\nHost: a\r\nAccess-Control-Request-Headers: x\r\nvia: 1.1 b\r\nDNT: 1\r\nfrom: "
    "x@y\r\n\r\n",
    "HTTP/1.1 200 OK\r\nDate: Tue, 21 May 2024 09:14:03 GMT\r\nContent-Type: text/html\r\nContent-Length: "
    "5\r\n\r\nhello",
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nServer: x\r\nConnection: close\r\n\r\n0\r\n\r\n",
    "HTTP/1.0 302 Moved\r\nLocation: http://a/\r\n\r\n",
    "HTTP/1.1 204 \r\nContent-Length: 0\r\nETag: \"x\"\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nVary: Accept-Encoding\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n\r\n",
};

/* What parsers disagree about. */
static const char *const pieces[] = {
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    " ",
    "\t",
    ":",
    ": ",
    ",",
    "\0",
    "\x7f",
    "\x80",
    "#",
    "?",
    "%",
    "/",
    "//",
    "*",
    "@",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/2.0",
    " HTTP/1.1\r\n",
    "GET ",
    "POST ",
    "Host: b\r\n",
    "Host:\r\n",
    "Host: a b\r\n",
    "Content-Length: 1\r\n",
    "Content-Length: 18446744073709551616\r\n",
    "content-length: +1\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "transfer-encoding: CHUNKED\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive, x\r\n",
    "Connection: ,\r\n",
    "Upgrade: h2c\r\n",
    "Expect: 100-Continue\r\n",
    " folded\r\n",
    "X : y\r\n",
    ": y\r\n",
    "x-y: z\r\n",
    "TE: x\r\n",
    "a:\r\n",
    "A: \r\n",
    "age: 1\r\n",
    "keep-alive: timeout=5\r\n",
    "http://",
    "1",
    "0",
    "200",
    "99",
    "600",
};

static uint64_t random_state;

static uint32_t random_below(uint32_t bound) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)((random_state >> 32) * bound >> 32);
}

typedef struct text {
  uint8_t data[MAX_LEN];
  size_t len;
} text;

static void splice(text *t, size_t at, size_t removed, const void *piece, size_t len) {
  if (at > t->len) at = t->len;
  if (removed > t->len - at) removed = t->len - at;
  if (t->len - removed + len > MAX_LEN) return;
  memmove(t->data + at + len, t->data + at + removed, t->len - at - removed);
  memcpy(t->data + at, piece, len);
  t->len = t->len - removed + len;
}

/* The begin of some line behind the first; the text's length when there is none. */
static size_t some_line(const text *t) {
  const uint8_t *from = t->data + random_below((uint32_t)t->len + 1);
  const uint8_t *newline = memchr(from, '\n', (size_t)(t->data + t->len - from));
  return newline == NULL ? t->len : (size_t)(newline - t->data) + 1;
}

/* Mutations that mostly keep a head valid, so that the fast path gets its share. */
static void mutate_gently(text *t) {
  size_t at = some_line(t);
  uint8_t block[128];
  switch (random_below(4)) {
    case 0: { /* a field of random length */
      static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
      size_t name = 1 + random_below(40), value = random_below(70), len = 0;
      while (len < name) block[len++] = (uint8_t)letters[random_below(sizeof letters - 1)];
      block[len++] = ':';
      block[len++] = ' ';
      while (len < name + 2 + value) block[len++] = (uint8_t)(0x21 + random_below(0x5e));
      block[len++] = '\r';
      block[len++] = '\n';
      if (at != t->len) splice(t, at, 0, block, len);
      break;
    }
    case 1: { /* a well-known name */
      size_t len = 0;
      const char *name = fp_http_name_wire((uint16_t)(1 + random_below(fp_http_name_count())), &len);
      memcpy(block, name, len);
      memcpy(block + len, ": 1\r\n", 5);
      if (at != t->len) splice(t, at, 0, block, len + 5);
      break;
    }
    case 2: /* letter case */
      for (size_t i = at; i < t->len && t->data[i] != ':'; i++) {
        if ((t->data[i] | 0x20) >= 'a' && (t->data[i] | 0x20) <= 'z') t->data[i] ^= 0x20;
      }
      break;
    default: /* a byte somewhere behind the start line, where a letter stood */
      at += random_below(30);
      if (at < t->len && (t->data[at] | 0x20) >= 'a' && (t->data[at] | 0x20) <= 'z') {
        t->data[at] = (uint8_t)("aZ0-._/=;,"[random_below(10)]);
      }
      break;
  }
}

static void mutate_roughly(text *t) {
  uint32_t at = random_below((uint32_t)t->len + 1);
  uint8_t byte = (uint8_t)random_below(256);
  const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
  size_t len = *piece == 0 ? 1 : strlen(piece);
  switch (random_below(6)) {
    case 0: splice(t, at, 1, &byte, 1); break;
    case 1: splice(t, at, 1 + random_below(8), "", 0); break;
    case 2: splice(t, at, 0, piece, len); break;
    case 3: splice(t, some_line(t), 0, piece, len); break;
    case 4: splice(t, at, 1, piece, len); break;
    default: t->len = at; break;
  }
}

typedef struct tally {
  long heads, fast, accepted, refused, incomplete;
} tally;

static void compare(const text *t, guarded page, const scanner *scanners, size_t scanner_count, tally *sum) {
  static reading judged, scanned;
  const uint8_t *data = guarded_copy(page, t->data, t->len);
  const bool is_response = t->len != 0 && t->data[0] == 'H' && random_below(50) != 0;
  const fp_http_method method = (fp_http_method)random_below(FASTPATH_HTTP_METHOD_PATCH + 1);
  fp_http_limits limits;
  fp_http_limits_default(&limits);
  if (random_below(10) == 0) {
    limits.max_head = random_below(400);
    limits.max_line = random_below(100);
    limits.max_headers = random_below(12);
  }
  const uint32_t capacity = random_below(10) == 0 ? random_below(12) : 256;

  reading_init(&judged, capacity);
  judged.status = is_response ? fp_http_judge_response(data, t->len, method, &limits, &judged.head, &judged.error)
                              : fp_http_judge_request(data, t->len, &limits, &judged.head, &judged.error);
  sum->heads++;
  sum->accepted += judged.status == FASTPATH_OK;
  sum->incomplete += judged.status == FASTPATH_NEED_MORE;
  sum->refused += judged.status < 0;

  bool first = false;
  for (size_t i = 0; i < scanner_count; i++) {
    reading_init(&scanned, capacity);
    bool accepts = is_response ? scanners[i].response(data, t->len, method, &limits, &scanned.head)
                               : scanners[i].request(data, t->len, &limits, &scanned.head);
    if (i == 0) first = accepts;
    bool agrees = accepts == first;
    if (accepts) agrees = agrees && judged.status == FASTPATH_OK && same_head(&scanned.head, &judged.head);
    if (!agrees) {
      fprintf(stderr, "%s %s what the judge calls %s: ", scanners[i].name, accepts ? "accepts" : "does not know",
              fp_status_name(judged.status));
      for (size_t k = 0; k < t->len; k++) fprintf(stderr, "%02x", t->data[k]);
      fprintf(stderr, "\n");
      exit(1);
    }
  }
  sum->fast += first;
}

int main(int argc, char **argv) {
  const long count = argc > 1 ? atol(argv[1]) : 200000;
  random_state = argc > 2 ? strtoull(argv[2], NULL, 0) : UINT64_C(0x9110911291139114);
  CHECK(count > 0 && random_state != 0);
  scanner scanners[4];
  const size_t scanner_count = all_scanners(scanners);
  const guarded page = guarded_new(MAX_LEN);
  CHECK(page.end != NULL);

  static text t;
  tally sum = {0};
  while (sum.heads < count) {
    const char *seed = seeds[random_below(sizeof seeds / sizeof *seeds)];
    t.len = strlen(seed);
    memcpy(t.data, seed, t.len);
    for (uint32_t n = random_below(12); n > 0; n--) mutate_gently(&t);
    for (uint32_t n = random_below(2) * random_below(4); n > 0; n--) mutate_roughly(&t);
    compare(&t, page, scanners, scanner_count, &sum);
  }
  printf("%ld heads: %ld accepted (%ld on the fast path, %.1f %%), %ld refused, %ld incomplete; scans:", sum.heads,
         sum.accepted, sum.fast, 100.0 * (double)sum.fast / (double)sum.heads, sum.refused, sum.incomplete);
  for (size_t i = 0; i < scanner_count; i++) printf(" %s", scanners[i].name);
  printf("; no disagreement\n");
  CHECK(sum.fast * 10 >= sum.heads * 3);
  return 0;
}
