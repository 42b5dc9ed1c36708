/*
 * bench_chunked.c - decoding 64 KB of chunked body, llhttp taking turns with the two ways there are.
 *
 *   bench_chunked ROUNDS
 *
 * Prints one line per chunk size and way: "size way nanoseconds", the minimum of all rounds. Size 0 is 1 to 128, mixed.
 */
#define _POSIX_C_SOURCE 200809L
#include <fastpath/chunked.h>
#include <llhttp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define BODY 65536
#define REPEATS 100

static uint8_t message[BODY * 12 + 256], joined[sizeof message];
static size_t head_len, message_len;
static fp_span spans[BODY + 1];
static size_t seen;

/* size 0: sizes drawn between 1 and 128, so that the one before does not foretell the next. */
static void build(size_t size) {
  uint32_t random = 1;
  head_len = (size_t)sprintf((char *)message, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  message_len = head_len;
  for (size_t done = 0; done < BODY;) {
    random = random * 1664525 + 1013904223;
    size_t len = size > 0 ? size : 1 + (random >> 16) % 128;
    if (len > BODY - done) len = BODY - done;
    message_len += fp_chunk_header(message + message_len, len, done == 0);
    memset(message + message_len, 'x', len);
    message_len += len;
    done += len;
  }
  message_len += fp_chunk_end(message + message_len, 0);
}

static int on_body(llhttp_t *parser, const char *data, size_t len) {
  (void)parser, (void)data;
  seen += len;
  return 0;
}

static void run_llhttp(void) {
  llhttp_settings_t settings;
  llhttp_t parser;
  llhttp_settings_init(&settings);
  settings.on_body = on_body;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  if (llhttp_execute(&parser, (const char *)message, message_len) != HPE_OK) abort();
}

static void run_spans(void) {
  fp_http_limits limits;
  fp_chunked decoder;
  fp_chunked_part part = {.spans = spans, .span_capacity = sizeof spans / sizeof spans[0]};
  fp_http_limits_default(&limits);
  limits.max_chunk_overhead = UINT32_MAX;
  fp_chunked_init(&decoder, &limits);
  if (fp_chunked_decode(&decoder, message + head_len, message_len - head_len, &part, NULL) != FASTPATH_OK) abort();
  seen += part.body_len;
}

static void run_joined(void) {
  fp_http_limits limits;
  fp_chunked decoder;
  fp_chunked_part part;
  fp_http_limits_default(&limits);
  limits.max_chunk_overhead = UINT32_MAX;
  fp_chunked_init(&decoder, &limits);
  if (fp_chunked_join(&decoder, message + head_len, message_len - head_len, joined, &part, NULL) != FASTPATH_OK)
    abort();
  seen += part.body_len;
}

int main(int argc, char **argv) {
  static void (*const ways[])(void) = {run_llhttp, run_spans, run_joined};
  static const char *const names[] = {"llhttp", "spans", "joined"};
  static const size_t sizes[] = {16, 64, 1024, 16384, 0};
  const int rounds = argc > 1 ? atoi(argv[1]) : 40;
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    double best[3] = {1e18, 1e18, 1e18};
    build(sizes[s]);
    for (int round = 0; round < rounds; round++) {
      for (size_t w = 0; w < 3; w++) {
        const double start = now();
        double each;
        seen = 0;
        for (int i = 0; i < REPEATS; i++) ways[w]();
        each = (now() - start) * 1e9 / REPEATS;
        if (seen != (size_t)BODY * REPEATS) abort();
        if (each < best[w]) best[w] = each;
      }
    }
    for (size_t w = 0; w < 3; w++) printf("%zu %s %.0f\n", sizes[s], names[w], best[w]);
  }
  return 0;
}
