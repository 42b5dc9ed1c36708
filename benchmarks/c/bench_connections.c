/* bench_connections.c - the beginning of a connection, and the choice of its filter chain. Prints nanoseconds per call. */
#define _POSIX_C_SOURCE 200809L
#include <fastpath/filter_chain.h>
#include <fastpath/inspect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 30
#define CALLS 20000
#define QUESTIONS 4096

static uint8_t scratch[FASTPATH_CLIENT_HELLO_MAX];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* ---- first bytes ---- */

typedef struct {
  uint8_t data[1024];
  size_t len;
} bytes;

static void put(bytes *to, const char *what, size_t len) {
  memcpy(to->data + to->len, what, len);
  to->len += len;
}

#define PUT(to, literal) put(to, literal, sizeof(literal) - 1)

/* The usual 517 bytes: server name, ALPN, a few lists, a key share, and padding up to there. */
static void make_hello(bytes *to) {
  const size_t size = 517;
  size_t padding;
  PUT(to, "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03");
  memset(to->data + to->len, 7, 32);
  to->len += 32;
  PUT(to, "\x20");
  memset(to->data + to->len, 8, 32);
  to->len += 32;
  PUT(to,
      "\0\x20\x8a\x8a\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8\xc0\x13\xc0\x14\0\x9c\0"
      "\x9d"
      "\0\x2f\0\x35\x01\0\x01\x93\x1a\x1a\0\0\0\0\0\x14\0\x12\0\0\x0f"
      "www.example.com\0\x17\0\0\xff\x01\0\x01\0"
      "\0\x0a\0\x08\0\x06\x2a\x2a\0\x1d\0\x17\0\x0b\0\x02\x01\0\0\x23\0\0\0\x10\0\x0e\0\x0c\x02h2\x08http/1.1"
      "\0\x05\0\x05\x01\0\0\0\0\0\x0d\0\x0c\0\x0a\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\0\x33\0\x26\0\x24\0\x1d\0"
      "\x20");
  memset(to->data + to->len, 9, 32);
  to->len += 32;
  PUT(to, "\0\x2b\0\x07\x06\x3a\x3a\x03\x04\x03\x03\0\x2d\0\x02\x01\x01\0\x15");
  padding = size - to->len - 2;
  to->data[to->len] = (uint8_t)(padding >> 8);
  to->data[to->len + 1] = (uint8_t)padding;
  to->len += 2;
  memset(to->data + to->len, 0, size - to->len);
  to->len = size;
}

static void check(int fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "%s failed\n", what);
  exit(1);
}

static void read_hello(const bytes *from) {
  fp_client_hello hello;
  check(fp_client_hello_parse(from->data, from->len, scratch, &hello, NULL) == FASTPATH_OK, "ClientHello");
}

static void read_proxy(const bytes *from) {
  fp_proxy_header header;
  check(fp_proxy_header_parse(from->data, from->len, &header, NULL) == FASTPATH_OK, "PROXY header");
}

static void read_http(const bytes *from) {
  fp_http_version version;
  check(fp_http_detect(from->data, from->len, NULL, &version, NULL) == FASTPATH_OK, "request line");
}

static void measure(const char *name, void (*read)(const bytes *), const bytes *from) {
  double best = 1e18;
  for (int round = 0; round < ROUNDS; round++) {
    const double start = now();
    double each;
    for (int i = 0; i < CALLS; i++) read(from);
    each = (now() - start) / CALLS;
    if (each < best) best = each;
  }
  printf("%-52s %8.1f\n", name, best);
}

/* ---- filter chains ---- */

static uint64_t state = 88172645463325252u;

static uint32_t random_below(uint32_t count) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 33) % count;
}

/* Chain i is for the host "hi.example.com", and every tenth for "*.di.example.com"; or for one network of 256. */
static fp_filter_chain_table *make_table(uint32_t count, int by_name) {
  fp_filter_chain_builder *builder = fp_filter_chain_builder_new();
  fp_filter_chain_table *table = NULL;
  for (uint32_t i = 0; i < count; i++) {
    char text[64];
    const int len = snprintf(text, sizeof text, i % 10 == 0 ? "*.d%u.example.com" : "h%u.example.com", i);
    const fp_span name = {(const uint8_t *)text, (size_t)len};
    const fp_cidr range = {.family = 4, .prefix_len = 24, .address = {10, (uint8_t)(i >> 8), (uint8_t)i}};
    fp_filter_chain_match match = {.destination_port = 0};
    if (by_name) {
      match.server_names = &name;
      match.server_name_count = 1;
    } else {
      match.destinations = &range;
      match.destination_count = 1;
    }
    check(fp_filter_chain_builder_add(builder, &match, NULL) == FASTPATH_OK, "add");
  }
  check(fp_filter_chain_builder_build(builder, &table, NULL) == FASTPATH_OK, "build");
  fp_filter_chain_builder_free(builder);
  return table;
}

static void measure_table(uint32_t count, int by_name) {
  static char texts[QUESTIONS][64];
  static fp_connection_info questions[QUESTIONS];
  const double begin = now();
  fp_filter_chain_table *table = make_table(count, by_name);
  const double built = now() - begin;
  double best = 1e18;
  for (uint32_t i = 0; i < QUESTIONS; i++) {
    const uint32_t chain = random_below(count);
    const int len =
        snprintf(texts[i], sizeof texts[i], chain % 10 == 0 ? "www.d%u.example.com" : "h%u.example.com", chain);
    questions[i] = (fp_connection_info){.destination_port = 443,
                                        .destination = {4, 0, {10, (uint8_t)(chain >> 8), (uint8_t)chain, 7}},
                                        .source = {4, 0, {192, 0, 2, 1}},
                                        .direct_source = {4, 0, {192, 0, 2, 1}},
                                        .server_name = {(const uint8_t *)texts[i], (size_t)len},
                                        .transport_protocol = {(const uint8_t *)"tls", 3},
                                        .application_protocols = {(const uint8_t *)"\x02h2\x08http/1.1", 12}};
    check(fp_filter_chain_table_match(table, &questions[i]) == chain, "match");
  }
  for (int round = 0; round < ROUNDS; round++) {
    uint32_t sum = 0;
    double each;
    const double start = now();
    for (uint32_t i = 0; i < QUESTIONS; i++) sum += fp_filter_chain_table_match(table, &questions[i]);
    each = (now() - start) / QUESTIONS;
    check(sum != 1, "sum");
    if (each < best) best = each;
  }
  printf("%6u chains by %-37s %8.1f   built in %.1f ms\n", count, by_name ? "server name" : "destination", best,
         built / 1e6);
  fp_filter_chain_table_unref(table);
}

int main(void) {
  static bytes hello, line, binary, request;
  make_hello(&hello);
  PUT(&line, "PROXY TCP4 192.168.100.100 192.168.100.101 56324 443\r\n");
  PUT(&binary, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\xa8\x64\x64\xc0\xa8\x64\x65\xdc\x04\x01\xbb");
  PUT(&request, "GET /index.html?page=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  printf("first bytes and filter chains, ns (minimum of %d rounds)\n", ROUNDS);
  measure("ClientHello of 517 bytes", read_hello, &hello);
  measure("PROXY header, version 1", read_proxy, &line);
  measure("PROXY header, version 2", read_proxy, &binary);
  measure("request line", read_http, &request);
  for (int by_name = 1; by_name >= 0; by_name--) {
    measure_table(10, by_name);
    measure_table(1000, by_name);
    measure_table(10000, by_name);
  }
  return 0;
}
