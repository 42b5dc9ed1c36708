/*
 * http_framing.h - what the fields of a head say about where the message ends and what follows it (RFC 9112 6).
 *
 * Whoever reads the fields (llhttp or the scan) collects the few that matter. The conclusions, and the refusal of every
 * contradiction, are in http_framing_rules.h.
 */
#ifndef FASTPATH_INTERNAL_HTTP_FRAMING_H
#define FASTPATH_INTERNAL_HTTP_FRAMING_H

#include <stdbool.h>

#include <fastpath/http.h>

/* The fields that matter, NULL where absent; Connection and Expect are already read. Zero it to begin. */
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
  bool other_options; /* or too many of them */
  uint32_t option_count;
} fp_http_framing;

/*
 * Whether a request's Connection names what Envoy lets none name: the authority or x-forwarded-..., without which the
 * request would hide where it comes from; a TE of 256 bytes or more; ten members or more. ERR_HTTP_HEADER_VALUE.
 */
fp_status fp_http_check_nominated(const uint8_t *data, const fp_http_head *head, fp_error *error);

/* Collect from all fields of a head whose start line has been read, and conclude. */
fp_status fp_http_check_request_fields(const uint8_t *data, fp_http_head *head, fp_error *error);
fp_status fp_http_check_response_fields(const uint8_t *data, fp_http_method request_method, fp_http_head *head,
                                        fp_error *error);

#endif
