/* http_message.h - what a message to be written amounts to: checked once, then measured, written and accounted for. */
#ifndef FASTPATH_INTERNAL_HTTP_MESSAGE_H
#define FASTPATH_INTERNAL_HTTP_MESSAGE_H

#include <fastpath/http_write.h>

/* What the fields of a message say about framing and the connection. */
typedef struct fp_http_outline {
  uint64_t content_length;
  size_t len;     /* bytes of the head as written */
  uint32_t flags; /* FASTPATH_HTTP_* as of a parsed head; KEEP_ALIVE as the version and Connection say */
  uint8_t method; /* fp_http_method */
  uint8_t says_close; /* Connection: close */
  uint8_t says_keep_alive;
} fp_http_outline;

fp_status fp_http_check_request(const fp_http_message *message, fp_http_outline *outline, fp_error *error);
fp_status fp_http_check_response(const fp_http_message *message, fp_http_outline *outline, fp_error *error);

/* Write a checked message, all but the blank line: outline.len - 2 bytes. Returns the byte after the last. */
uint8_t *fp_http_put_request(const fp_http_message *message, uint8_t *to);
uint8_t *fp_http_put_response(const fp_http_message *message, uint8_t *to);

/* The method a token names; UNKNOWN when it is none of fp_http_method. */
fp_http_method fp_http_method_of(fp_span token);

#endif
