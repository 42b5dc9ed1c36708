/* test_http_connection.c - what a connection makes of what it receives, at every split of the stream. */
#include <fastpath/http_connection.h>

#include "check.h"
#include "story.h"

/* ---- server: streams of requests */

static void reads_pipelined_requests(void) {
  SERVER(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "\r\nPUT /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n"
      "DELETE /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n"
      "GET /5 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
      "HEAD /6 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /1 end POST /2 [hello] end PUT /3 [hello world] end DELETE /4 [x] {A=b,C=d}end GET /5 [abc] end "
      "HEAD /6 end closed ");
}

static void refuses_what_follows_a_close(void) {
  SERVER("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
         "GET /1 end http_data_after_close@47!400 ");
  SERVER("GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n", "GET /1 end http_data_after_close@19!400 ");
  SERVER("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n", "GET /1 end GET /2 end closed ");
}

static void knows_a_truncated_stream(void) {
  SERVER("GET /1 HTTP/1.1\r\nHost", "http_unexpected_eof@21!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc", "POST / [abc] http_unexpected_eof@50!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc",
         "POST / [abc] http_unexpected_eof@62!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n",
         "POST / http_unexpected_eof@65!400 ");
  SERVER(GET "\r\n", "GET / end closed ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\n", "http_unexpected_eof@17!502 ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", "200 [a] http_unexpected_eof@39!502 ");
}

#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

static void refuses_bodies(void) {
  SERVER(CHUNKED "3\r\nabcX", "POST / [abc] http_chunk_end@62!400 ");
  SERVER(CHUNKED "+3\r\nabc", "POST / http_chunk_size@56!400 ");
  SERVER(CHUNKED "3\nabc", "POST / http_line_end@57!400 ");
  SERVER(CHUNKED "0\r\nContent-Length: 3\r\n\r\n", "POST / http_trailer@59!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         "http_framing_conflict@45!400 ");
  SERVER("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", "http_content_length@42!400 ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab", "200 [a] http_chunk_end@51!502 ");
}

static void reports_http2(void) { SERVER("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http_http2_preface@0!505 "); }

/* ---- client: streams of responses */

static void reads_responses(void) {
  CLIENT(GET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 [hello] end closed ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
         "200 [abc] {T=1}end closed ");
  CLIENT(GET, "HTTP/1.1 200 OK\r\n\r\nuntil close", "200 [until close] end closed ");
  CLIENT(GET, "HTTP/1.0 200 OK\r\n\r\n", "200 end closed ");
  CLIENT(GET, "HTTP/1.1 204 No Content\r\n\r\n", "204 end closed ");
  CLIENT(GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 end closed ");
  CLIENT("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 end closed ");
}

static void bounds_interim_responses(void) {
  CLIENT(GET, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 204 x\r\n\r\n",
         "+100 +103 204 end closed ");
  limits.max_interim = 1;
  CLIENT(GET, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", "+100 http_too_many_interim@25!502 ");
  fp_http_limits_default(&limits);
  CLIENT(GET, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "http_upgrade@0!502 ");
}

static void refuses_responses_nobody_asked_for(void) {
  CLIENT("", "HTTP/1.1 200 OK\r\n\r\n", "http_unexpected_response@0!502 ");
  CLIENT(GET, "HTTP/1.1 204 x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "204 end paused ");

  fp_http_connection *connection = new_connection(FASTPATH_HTTP_CLIENT, S(GET));
  static const char two[] = "HTTP/1.1 204 x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
  story told = {.len = 0};
  receive(connection, (const uint8_t *)two, sizeof two - 1, 0);
  tell_all(&told, connection);
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_DONE);
  CHECK_EQ(fp_http_connection_held(connection), 19);
  CHECK(!fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_start_next_cycle(connection, &error), FASTPATH_ERR_HTTP_UNEXPECTED_RESPONSE);
  CHECK_EQ(error.position, 18);
  fp_http_connection_free(connection);
}

static void goes_through_cycles(void) {
  static const char response[] = "HTTP/1.1 204 x\r\n\r\n";
  fp_http_connection *connection = new_connection(FASTPATH_HTTP_CLIENT, S(GET));
  story told = {.len = 0};
  CHECK(!fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_start_next_cycle(connection, &error), FASTPATH_ERR_STATE);
  receive(connection, (const uint8_t *)response, sizeof response - 1, 0);
  tell_all(&told, connection);
  CHECK(fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_start_next_cycle(connection, &error), FASTPATH_OK);
  CHECK(fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_receive_eof(connection, &error), FASTPATH_OK);
  CHECK(!fp_http_connection_reusable(connection));
  CHECK_EQ(fp_http_connection_receive_copy(connection, (const uint8_t *)"x", 1, &error), FASTPATH_ERR_STATE);
  tell_all(&told, connection);
  CHECK_BYTES(told.text, told.len, "204 end closed ");
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_MUST_CLOSE);
  CHECK_EQ(fp_http_connection_send_close(connection, &error), FASTPATH_OK);
  CHECK_EQ(fp_http_connection_our_state(connection), FASTPATH_HTTP_CLOSED);
  fp_http_connection_free(connection);
}

static void body_bytes_are_not_copied(void) {
  static const char stream[] =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\nx\r\n0\r\n\r\n";
  fp_segment *segment;
  fp_http_connection *connection = fp_http_connection_new(FASTPATH_HTTP_SERVER, NULL);
  fp_buffer *source = fp_buffer_new(NULL);
  CHECK_EQ(fp_segment_new_external(stream, sizeof stream - 1, NULL, NULL, &segment), FASTPATH_OK);
  CHECK_EQ(fp_buffer_append_slice(source, &(fp_slice){segment, (const uint8_t *)stream, sizeof stream - 1}),
           FASTPATH_OK);
  CHECK_EQ(fp_http_connection_receive_buffer(connection, source, &error), FASTPATH_OK);
  CHECK_EQ(fp_buffer_length(source), 0);
  CHECK_EQ(fp_http_connection_next_event(connection, &event, &error), FASTPATH_OK);
  CHECK(event.bytes.segment == segment && event.bytes.data == (const uint8_t *)stream);
  CHECK_EQ(fp_http_connection_next_event(connection, &event, &error), FASTPATH_OK);
  CHECK_EQ(event.type, FASTPATH_HTTP_EVENT_DATA);
  CHECK_EQ(event.span_count, 2);
  CHECK(event.bytes.segment == segment && event.spans[0].data == (const uint8_t *)strstr(stream, "hello"));
  CHECK_EQ(event.body_len, 6);
  CHECK_EQ(fp_http_connection_next_event(connection, &event, &error), FASTPATH_OK);
  CHECK_EQ(event.type, FASTPATH_HTTP_EVENT_END_OF_MESSAGE);
  fp_segment_unref(segment);
  fp_buffer_free(source);
  fp_http_connection_free(connection);
}

int main(void) {
  fp_http_limits_default(&limits);
  reads_pipelined_requests();
  refuses_what_follows_a_close();
  knows_a_truncated_stream();
  refuses_bodies();
  reports_http2();
  reads_responses();
  bounds_interim_responses();
  refuses_responses_nobody_asked_for();
  goes_through_cycles();
  body_bytes_are_not_copied();
  return 0;
}
