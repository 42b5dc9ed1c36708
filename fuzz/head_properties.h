/*
 * head_properties.h - what must hold for any bytes taken as a head, for fuzz_head.c and fuzz_response.c.
 *
 * The first eight bytes choose limits, the request method and how the input is cut; the rest is the head. Every reading
 * is from a block of exactly its size. Properties: the same verdict, position, message and spans at once, byte by byte
 * and in random pieces; what a scan accepts the judge accepts as the same head, and all scans accept the same; spans and
 * positions lie inside the input; a refusal has an answer and sticks.
 */
#ifndef FASTPATH_FUZZ_HEAD_PROPERTIES_H
#define FASTPATH_FUZZ_HEAD_PROPERTIES_H

#define _DEFAULT_SOURCE
#include <stdlib.h>

#include "fuzz_check.h"
#include "head_compare.h"
#include "http_judge.h"

enum {
  CHOICES = 8,
  FIELD_ROOM = 128
};

typedef struct choices {
  fp_http_limits limits;
  fp_http_method method;
  uint32_t capacity;
  uint32_t cut_seed;
  bool byte_by_byte; /* sometimes: it takes a block per byte */
} choices;

static choices choose(const uint8_t *data) {
  choices c = {.method = (fp_http_method)(data[0] % (FASTPATH_HTTP_METHOD_PATCH + 1)), .capacity = FIELD_ROOM};
  fp_http_limits_default(&c.limits);
  if (data[1] & 1) c.limits.max_head = (uint32_t)data[2] * 4;
  if (data[1] & 2) c.limits.max_line = data[3];
  if (data[1] & 4) c.limits.max_headers = data[4] % 16;
  if (data[1] & 8) c.limits.max_leading_blank = data[4] >> 6;
  if (data[1] & 16) c.capacity = data[5] % 16;
  c.byte_by_byte = (data[1] & 0xe0) == 0x20;
  c.cut_seed = (uint32_t)data[6] << 8 | data[7] | 1;
  return c;
}

/* A block that ends where the data does, so that the sanitizer sees a byte read too many. */
static uint8_t *exact(const uint8_t *data, size_t len) {
  uint8_t *block = malloc(len == 0 ? 1 : len);
  FUZZ_CHECK(block != NULL);
  if (len != 0) memcpy(block, data, len);
  return block;
}

static void read_whole(bool is_response, const choices *c, const uint8_t *data, size_t len, reading *out) {
  reading_init(out, c->capacity);
  out->status = is_response ? fp_http_parse_response(data, len, c->method, &c->limits, &out->head, &out->error)
                            : fp_http_parse_request(data, len, &c->limits, &out->head, &out->error);
}

static void judge_whole_head(bool is_response, const choices *c, const uint8_t *data, size_t len, reading *out) {
  reading_init(out, c->capacity);
  out->status = is_response ? fp_http_judge_response(data, len, c->method, &c->limits, &out->head, &out->error)
                            : fp_http_judge_request(data, len, &c->limits, &out->head, &out->error);
}

/* largest 1: byte by byte; else pieces of pseudo-random sizes up to it. */
static void read_pieces(bool is_response, const choices *c, const uint8_t *data, size_t len, size_t largest,
                        reading *out) {
  fp_http_head_reader *reader = fp_http_head_reader_new(is_response, &c->limits);
  FUZZ_CHECK(reader != NULL);
  reading_init(out, c->capacity);
  out->status = FASTPATH_NEED_MORE;
  uint32_t random = c->cut_seed;
  for (size_t known = 0; known < len && out->status == FASTPATH_NEED_MORE;) {
    random = random * 1664525 + 1013904223;
    size_t piece = 1 + (random >> 16) % largest;
    known = piece < len - known ? known + piece : len;
    uint8_t *block = exact(data, known);
    out->status = fp_http_head_reader_read(reader, block, known, c->method, &out->head, &out->error);
    free(block);
  }
  if (out->status < 0) {
    fp_error again = {.code = FASTPATH_OK};
    fp_http_head head = {.fields = out->head.fields, .field_capacity = c->capacity};
    FUZZ_CHECK(fp_http_head_reader_read(reader, data, len, c->method, &head, &again) == out->status);
    FUZZ_CHECK(again.position == out->error.position);
  }
  fp_http_head_reader_free(reader);
}

static bool is_inside(uint32_t offset, uint32_t len, uint32_t end) { return offset <= end && len <= end - offset; }

static void check_spans(const fp_http_head *head, size_t len) {
  const uint32_t end = head->head_len;
  FUZZ_CHECK(end <= len);
  FUZZ_CHECK(is_inside(head->method_off, head->method_len, end));
  FUZZ_CHECK(is_inside(head->target_off, head->target_len, end));
  FUZZ_CHECK(is_inside(head->path_off, head->path_len, end));
  FUZZ_CHECK(is_inside(head->query_off, head->query_len, end));
  FUZZ_CHECK(is_inside(head->authority_off, head->authority_len, end));
  FUZZ_CHECK(is_inside(head->reason_off, head->reason_len, end));
  for (uint32_t i = 0; i < head->field_count; i++) {
    const fp_http_field *field = &head->fields[i];
    FUZZ_CHECK(field->name_len != 0 && is_inside(field->name, field->name_len, end));
    FUZZ_CHECK(is_inside(field->value, field->value_len, end));
    FUZZ_CHECK(field->name + field->name_len < field->value);
  }
}

static int check_head(bool is_response, const uint8_t *input, size_t size) {
  static reading whole, other;
  if (size < CHOICES || size > 4096) return 0;
  const choices c = choose(input);
  const size_t len = size - CHOICES;
  uint8_t *data = exact(input + CHOICES, len);

  read_whole(is_response, &c, data, len, &whole);
  if (whole.status == FASTPATH_OK) check_spans(&whole.head, len);
  if (whole.status < 0) {
    FUZZ_CHECK(whole.error.code == whole.status && whole.error.position <= len && whole.error.message[0] != 0);
    FUZZ_CHECK(is_response ? whole.error.http_status == 502 : whole.error.http_status >= 400);
  }
  judge_whole_head(is_response, &c, data, len, &other);
  FUZZ_CHECK(same_reading(&whole, &other));

  scanner scanners[4];
  const size_t count = all_scanners(scanners);
  bool first = false;
  for (size_t i = 0; i < count; i++) {
    reading_init(&other, c.capacity);
    bool accepts = is_response ? scanners[i].response(data, len, c.method, &c.limits, &other.head)
                               : scanners[i].request(data, len, &c.limits, &other.head);
    if (i == 0) first = accepts;
    FUZZ_CHECK(accepts == first);
    FUZZ_CHECK(!accepts || (whole.status == FASTPATH_OK && same_head(&whole.head, &other.head)));
  }

  if (c.byte_by_byte) {
    read_pieces(is_response, &c, data, len, 1, &other);
    FUZZ_CHECK(len == 0 || same_reading(&whole, &other));
  }
  read_pieces(is_response, &c, data, len, 1 + len / 3, &other);
  FUZZ_CHECK(len == 0 || same_reading(&whole, &other));
  free(data);
  return 0;
}

#endif
