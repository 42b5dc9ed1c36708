/*
 * fuzz_chunked.c - the chunked decoder against itself, however the input is split, and against llhttp.
 *
 * The first two bytes choose limits and the way of splitting. Properties: the same body, verdict, position, trailers and
 * rest for one call, for every piece size, for one span at a time and for the joined copy in place; what is accepted,
 * llhttp accepts with the same body; positions lie inside the input; trailer fields lie inside the section.
 */
#include <fastpath/chunked.h>
#include <llhttp.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_check.h"

typedef struct outcome {
  fp_status status;
  fp_status code;
  size_t position;
  size_t consumed;
  uint8_t *body;
  size_t body_len;
  uint8_t *trailers;
  size_t trailers_len;
} outcome;

static void add(uint8_t *to, size_t *len, fp_span span) {
  if (span.len > 0) memcpy(to + *len, span.data, span.len);
  *len += span.len;
}

/* Feed in pieces: at most `piece` new bytes per call, spans at a time, in exactly sized blocks. joined: into place. */
static outcome feed(const fp_http_limits *limits, const uint8_t *data, size_t len, size_t piece, size_t span_capacity,
                    int joined) {
  outcome out = {.status = FASTPATH_NEED_MORE, .body = malloc(len + 1), .trailers = malloc(len + 1)};
  fp_chunked decoder;
  fp_span spans[64];
  size_t known = 0;
  fp_chunked_init(&decoder, limits);
  while (known < len || out.status == FASTPATH_PAUSED) {
    if (out.status != FASTPATH_PAUSED) known += piece < len - known ? piece : len - known;
    size_t have = known - out.consumed;
    uint8_t *block = malloc(have > 0 ? have : 1);
    fp_error error = {.code = 0};
    fp_chunked_part part = {.spans = spans, .span_capacity = span_capacity};
    if (have > 0) memcpy(block, data + out.consumed, have);
    out.status = joined ? fp_chunked_join(&decoder, block, have, block, &part, &error)
                        : fp_chunked_decode(&decoder, block, have, &part, &error);
    if (out.status < 0) {
      out.code = error.code;
      out.position = error.position;
      FUZZ_CHECK(error.code == out.status && error.message[0] != '\0' && error.http_status >= 400);
      FUZZ_CHECK(error.position < len);
      FUZZ_CHECK(fp_chunked_decode(&decoder, block, have, &part, &error) == out.status); /* sticky */
    } else {
      size_t before = out.body_len;
      FUZZ_CHECK(part.consumed <= have);
      if (joined) add(out.body, &out.body_len, (fp_span){block, part.body_len});
      for (size_t i = 0; i < part.span_count; i++) add(out.body, &out.body_len, spans[i]);
      FUZZ_CHECK(out.body_len - before == part.body_len);
      if (out.status == FASTPATH_OK) add(out.trailers, &out.trailers_len, part.trailers);
      out.consumed += part.consumed;
    }
    free(block);
    if (out.status == FASTPATH_OK || out.status < 0) break;
  }
  return out;
}

static void check_same(const outcome *a, const outcome *b) {
  FUZZ_CHECK(a->status == b->status && a->code == b->code && a->position == b->position);
  FUZZ_CHECK(a->body_len == b->body_len && memcmp(a->body, b->body, a->body_len) == 0);
  FUZZ_CHECK(a->trailers_len == b->trailers_len && memcmp(a->trailers, b->trailers, a->trailers_len) == 0);
  if (a->status >= 0) FUZZ_CHECK(a->consumed == b->consumed);
}

static void release(outcome *out) {
  free(out->body);
  free(out->trailers);
}

static int judge_body(llhttp_t *parser, const char *data, size_t len) {
  outcome *seen = parser->data;
  memcpy(seen->body + seen->body_len, data, len);
  seen->body_len += len;
  return 0;
}

static int judge_end(llhttp_t *parser) {
  ((outcome *)parser->data)->status = FASTPATH_OK;
  return HPE_PAUSED;
}

static void check_llhttp_agrees(const uint8_t *data, const outcome *ours) {
  static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  outcome seen = {.status = FASTPATH_NEED_MORE, .body = malloc(ours->consumed + 1)};
  llhttp_settings_t settings;
  llhttp_t parser;
  llhttp_settings_init(&settings);
  settings.on_body = judge_body;
  settings.on_message_complete = judge_end;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = &seen;
  FUZZ_CHECK(llhttp_execute(&parser, head, sizeof head - 1) == HPE_OK);
  (void)llhttp_execute(&parser, (const char *)data, ours->consumed);
  FUZZ_CHECK(seen.status == FASTPATH_OK);
  FUZZ_CHECK(seen.body_len == ours->body_len && memcmp(seen.body, ours->body, seen.body_len) == 0);
  free(seen.body);
}

static void check_trailers(const outcome *out) {
  fp_http_field fields[100];
  uint32_t count;
  fp_span section = {out->trailers, out->trailers_len};
  FUZZ_CHECK(fp_chunked_trailers(section, fields, 100, &count, NULL) == FASTPATH_OK);
  for (uint32_t i = 0; i < count; i++) {
    FUZZ_CHECK(fields[i].name_len > 0 && fields[i].value + fields[i].value_len <= section.len);
    FUZZ_CHECK(section.data[fields[i].name + fields[i].name_len] == ':');
    FUZZ_CHECK(!fp_chunked_trailer_forbidden(section.data + fields[i].name, fields[i].name_len));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  fp_http_limits limits;
  if (len < 2) return 0;
  fp_http_limits_default(&limits);
  if (data[0] & 1) limits.max_chunk_overhead = data[0];
  if (data[0] & 2) limits.max_trailer_bytes = data[0];
  if (data[0] & 4) limits.max_line = data[0];
  if (data[0] & 8) limits.max_trailers = data[0] >> 4;
  size_t piece = 1 + data[1] % 40;
  data += 2;
  len -= 2;

  outcome whole = feed(&limits, data, len, len + 1, 64, 0);
  outcome others[] = {feed(&limits, data, len, 1, 64, 0),      feed(&limits, data, len, piece, 64, 0),
                      feed(&limits, data, len, len + 1, 1, 0), feed(&limits, data, len, piece, 1, 0),
                      feed(&limits, data, len, len + 1, 1, 1), feed(&limits, data, len, piece, 1, 1)};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    check_same(&whole, &others[i]);
    release(&others[i]);
  }
  if (whole.status == FASTPATH_OK) {
    check_llhttp_agrees(data, &whole);
    check_trailers(&whole);
  }
  release(&whole);
  return 0;
}
