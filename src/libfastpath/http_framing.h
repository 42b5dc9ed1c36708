/*
 * http_framing.h - what the fields of a head say about where the message ends and what follows it.
 *
 * Whoever reads the fields (llhttp or the scan) collects the few that matter; one function then draws the conclusions,
 * and refuses every contradiction.
 */
#ifndef FASTPATH_INTERNAL_HTTP_FRAMING_H
#define FASTPATH_INTERNAL_HTTP_FRAMING_H

#include <stdbool.h>

#include <fastpath/http.h>

/* The fields that matter, NULL where absent; Connection is already read. Zero it to begin. */
typedef struct fp_http_framing {
  const fp_http_field *host;
  const fp_http_field *content_length;
  const fp_http_field *transfer_encoding;
  bool host_is_valid; /* host has been looked at already */
  bool has_upgrade;
  bool expects_continue;
  bool close; /* from here on: options of all Connection fields */
  bool keep_alive;
  bool upgrade;
  bool other_options;
} fp_http_framing;

/* Take the options of one Connection field. */
void fp_http_read_connection(const uint8_t *data, const fp_http_field *field, fp_http_framing *framing);

/* Take the value of one Expect field. */
void fp_http_read_expect(const uint8_t *data, const fp_http_field *field, fp_http_framing *framing);

/* Set flags, content_length and, from Host, the authority. The start line has been read into head. */
fp_status fp_http_conclude_request(const uint8_t *data, const fp_http_framing *framing, fp_http_head *head,
                                   fp_error *error);
fp_status fp_http_conclude_response(const uint8_t *data, const fp_http_framing *framing, fp_http_method request_method,
                                    fp_http_head *head, fp_error *error);

/* Collect from all fields of the head, then conclude. */
fp_status fp_http_check_request_fields(const uint8_t *data, fp_http_head *head, fp_error *error);
fp_status fp_http_check_response_fields(const uint8_t *data, fp_http_method request_method, fp_http_head *head,
                                        fp_error *error);

#endif
