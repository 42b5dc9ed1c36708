/*
 * fuzz_connection.c - a connection of either role tells the same story of a stream, however it is cut and whether the
 * bytes come as segments or as copies, and every event lies inside the bytes it was made of.
 *
 * The first byte chooses the role and what the client asked for, the second the size of the pieces.
 */
#include "../tests/c/story.h"
#include "fuzz_check.h"

static const char *const requests[] = {
    GET,
    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
};

static void check_event_lies_inside(fp_http_connection *connection) {
  while (fp_http_connection_next_event(connection, &event, &error) >= 0) {
    const uint8_t *begin = event.bytes.data, *end = begin == NULL ? NULL : begin + event.bytes.len;
    size_t sum = 0;
    for (size_t i = 0; i < event.span_count; i++) {
      FUZZ_CHECK(event.spans[i].len > 0 && event.spans[i].data >= begin &&
                 event.spans[i].data + event.spans[i].len <= end);
      sum += event.spans[i].len;
    }
    FUZZ_CHECK(sum == event.body_len);
    switch (event.type) {
      case FASTPATH_HTTP_EVENT_REQUEST:
      case FASTPATH_HTTP_EVENT_RESPONSE:
      case FASTPATH_HTTP_EVENT_INFORMATIONAL:
      case FASTPATH_HTTP_EVENT_END_OF_MESSAGE:
        for (uint32_t i = 0; i < event.head.field_count; i++) {
          const fp_http_field *field = &event.head.fields[i];
          FUZZ_CHECK(field->name_len > 0 && field->name + field->name_len < field->value + field->value_len + 3);
          FUZZ_CHECK(field->value + field->value_len <= event.bytes.len);
        }
        break;
      case FASTPATH_HTTP_EVENT_DATA: break;
      default: return;
    }
  }
  FUZZ_CHECK(fp_http_connection_their_state(connection) == FASTPATH_HTTP_ERROR && error.http_status >= 400);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static story whole, pieces;
  if (len < 3 || len > 4000) return 0;
  fp_http_role role = data[0] & 1 ? FASTPATH_HTTP_CLIENT : FASTPATH_HTTP_SERVER;
  const char *request = requests[data[0] >> 1 & 3];
  const fp_span asked = {(const uint8_t *)request, strlen(request)};
  size_t piece = 1 + data[1] % 64, stream_len = len - 2;
  uint8_t *exact = malloc(stream_len);
  memcpy(exact, data + 2, stream_len);
  const fp_span stream = {exact, stream_len};
  fp_http_limits_default(&limits);
  if (data[0] & 8) limits.max_interim = 1;
  if (data[0] & 16) limits.max_head = 128;
  if (data[0] & 32) limits.max_chunk_overhead = 32;
  if (data[0] & 64) limits.max_trailer_bytes = 32;

  tell_stream(&whole, role, asked, stream, 0, stream_len, data[0] >> 7);
  tell_stream(&pieces, role, asked, stream, 0, piece, 1);
  if (whole.len != pieces.len || memcmp(whole.text, pieces.text, whole.len) != 0) {
    fprintf(stderr, "whole:     %s\nin pieces: %s\n", whole.text, pieces.text);
    abort();
  }
  tell_stream(&pieces, role, asked, stream, 0, 1, 0);
  FUZZ_CHECK(whole.len == pieces.len && memcmp(whole.text, pieces.text, whole.len) == 0);

  fp_http_connection *connection = new_connection(role, asked);
  receive(connection, exact, stream_len, 1);
  check_event_lies_inside(connection);
  fp_http_connection_free(connection);
  free(exact);
  return 0;
}
