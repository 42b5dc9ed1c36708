/* bench_rewrite.c - parsing a 703-byte request, and rewriting it for an upstream. Prints nanoseconds per request. */
#define _POSIX_C_SOURCE 200809L
#include <fastpath/http_write.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 40
#define REPEATS 20000
#define S(literal) ((fp_span){(const uint8_t *)(literal), sizeof(literal) - 1})

static const char input[] =
    "GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n"
    "Host: www.kittyhell.com\r\n"
    "User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3 "
    "Pathtraq/0.9\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: ja,en-us;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip,deflate\r\n"
    "Accept-Charset: Shift_JIS,utf-8;q=0.7,*;q=0.7\r\n"
    "Keep-Alive: 115\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; __utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx."
    "xxxxxxxxxx.xxxxxxxxxx.x; __utmz=xxxxxxxxx.xxxxxxxxxx.x.x.utmccn=(referral)|utmcsr=reader.livedoor.com|utmcct="
    "/reader/|utmcmd=referral\r\n\r\n";

static fp_http_field fields[64];
static fp_http_head head = {.fields = fields, .field_capacity = 64};
static fp_http_forward forward;
static uint8_t out[4096];
static size_t out_len;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static fp_status parse(void) {
  return fp_http_parse_request((const uint8_t *)input, sizeof input - 1, NULL, &head, NULL);
}

static fp_status rewrite(void) {
  return fp_http_rewrite_request((const uint8_t *)input, &head, &forward, out, sizeof out, &out_len, NULL);
}

static double measure(fp_status (*run)(void)) {
  double best = 1e18;
  for (int round = 0; round < ROUNDS; round++) {
    double start = now();
    for (int i = 0; i < REPEATS; i++) {
      if (run() != FASTPATH_OK) abort();
    }
    double each = (now() - start) / REPEATS;
    if (each < best) best = each;
  }
  return best;
}

int main(void) {
  const fp_http_op operations[] = {
      {.kind = FASTPATH_HTTP_OP_SET, .slot = 0, .name = S("x-request-id")},
      {.kind = FASTPATH_HTTP_OP_SET, .slot = 1, .name = S("x-forwarded-for")},
      {.kind = FASTPATH_HTTP_OP_SET, .slot = -1, .name = S("x-forwarded-proto"), .value = S("http")},
      {.kind = FASTPATH_HTTP_OP_REMOVE, .slot = -1, .name = S("x-internal")},
  };
  const fp_span values[] = {S("6f1c7d0e-0d2c-4d0b-9f5a-7c1f0b3b1c11"), S("10.0.0.7")};
  printf("request of %zu bytes, ns (minimum of %d rounds)\n", sizeof input - 1, ROUNDS);
  printf("%-52s %6.1f\n", "parse", measure(parse));
  forward = (fp_http_forward){.rewrite = fp_http_rewrite_new(NULL, 0, NULL)};
  printf("%-52s %6.1f\n", "rewrite, hop-by-hop fields only", measure(rewrite));
  forward = (fp_http_forward){.rewrite = fp_http_rewrite_new(operations, 4, NULL),
                              .values = values,
                              .value_count = 2,
                              .authority = S("backend.internal:8080"),
                              .path = S("/v1/wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg")};
  printf("%-52s %6.1f\n", "rewrite, new path and authority, 4 operations", measure(rewrite));
  return 0;
}
