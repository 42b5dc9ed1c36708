/* http_head.c - reading a head: the scan first, the judge where the scan does not know. */
#include <string.h>

#include "error.h"
#include "http_judge.h"
#include "http_scan.h"
#include "memory.h"

struct fp_http_head_reader {
  fp_http_judge *judge;
  fp_http_limits limits;
  bool is_response;
  fp_error refusal; /* code is FASTPATH_OK while nothing has been refused */
};

static const fp_http_limits defaults = {
    .max_headers = 100,
    .max_head = 65536,
    .max_line = 16384,
    .max_chunk_overhead = 16384,
    .max_trailers = 100,
    .max_trailer_bytes = 16384,
    .max_interim = 16,
    .max_leading_blank = 1,
};

void fp_http_limits_default(fp_http_limits *limits) { *limits = defaults; }

fp_status fp_http_parse_request(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head,
                                fp_error *error) {
  if (limits == NULL) limits = &defaults;
  if (fp_http_scan_request(data, len, limits, head)) return FASTPATH_OK;
  return fp_http_judge_request(data, len, limits, head, error);
}

fp_status fp_http_parse_response(const uint8_t *data, size_t len, fp_http_method request_method,
                                 const fp_http_limits *limits, fp_http_head *head, fp_error *error) {
  if (limits == NULL) limits = &defaults;
  if (fp_http_scan_response(data, len, request_method, limits, head)) return FASTPATH_OK;
  return fp_http_judge_response(data, len, request_method, limits, head, error);
}

fp_http_head_reader *fp_http_head_reader_new(int is_response, const fp_http_limits *limits) {
  fp_http_head_reader *reader = fp_memory_alloc(sizeof *reader);
  if (reader == NULL) return NULL;
  memset(reader, 0, sizeof *reader);
  reader->is_response = is_response != 0;
  reader->limits = limits == NULL ? defaults : *limits;
  reader->judge = fp_http_judge_new(reader->is_response, &reader->limits);
  if (reader->judge == NULL) {
    fp_memory_free(reader);
    return NULL;
  }
  return reader;
}

void fp_http_head_reader_free(fp_http_head_reader *reader) {
  if (reader == NULL) return;
  fp_http_judge_free(reader->judge);
  fp_memory_free(reader);
}

void fp_http_head_reader_reset(fp_http_head_reader *reader) {
  if (reader->refusal.code < 0 || fp_http_judge_has_begun(reader->judge)) fp_http_judge_reset(reader->judge);
  reader->refusal.code = FASTPATH_OK;
}

static bool scan_whole(const fp_http_head_reader *reader, const uint8_t *data, size_t len,
                       fp_http_method request_method, fp_http_head *head) {
  if (reader->is_response) return fp_http_scan_response(data, len, request_method, &reader->limits, head);
  return fp_http_scan_request(data, len, &reader->limits, head);
}

static fp_status parse_whole(const fp_http_head_reader *reader, const uint8_t *data, size_t len,
                             fp_http_method request_method, fp_http_head *head, fp_error *error) {
  if (reader->is_response) return fp_http_parse_response(data, len, request_method, &reader->limits, head, error);
  return fp_http_parse_request(data, len, &reader->limits, head, error);
}

fp_status fp_http_head_reader_read(fp_http_head_reader *reader, const uint8_t *data, size_t len,
                                   fp_http_method request_method, fp_http_head *head, fp_error *error) {
  fp_error *refusal = &reader->refusal;
  if (refusal->code == FASTPATH_OK) {
    /* The judge says when the head is complete; its spans then come from the parse of the whole. */
    if (!fp_http_judge_has_begun(reader->judge) && scan_whole(reader, data, len, request_method, head)) {
      return FASTPATH_OK;
    }
    fp_status status = fp_http_judge_feed(reader->judge, data, len, head->field_capacity, refusal);
    if (status == FASTPATH_OK) status = parse_whole(reader, data, len, request_method, head, refusal);
    if (status == FASTPATH_OK) fp_http_head_reader_reset(reader);
    if (status >= 0) return status;
  }
  if (error != NULL) *error = *refusal;
  return refusal->code;
}
