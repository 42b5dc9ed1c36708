/*
 * http_head.h - the rules over the grammar, in force for every head whoever read it: llhttp or the scan.
 *
 * Each takes a head whose spans are filled in and completes it (flags, minor, method, path, authority, ...). Positions
 * of refusals are offsets from data[0]. Threads: any.
 */
#ifndef FASTPATH_INTERNAL_HTTP_HEAD_H
#define FASTPATH_INTERNAL_HTTP_HEAD_H

#include <fastpath/http.h>

/* method_* and target_* are set; line_end is the offset of the request line's CR. */
fp_status fp_http_check_request_line(const uint8_t *data, uint32_t line_end, fp_http_head *head, fp_error *error);

/* The line lies at data[0] .. data[line_end); its status code has been found to be three digits. */
fp_status fp_http_check_status_line(const uint8_t *data, uint32_t line_end, fp_http_head *head, fp_error *error);

/* fields, field_count and head_len are set and the start line has been checked. */
fp_status fp_http_check_request_fields(const uint8_t *data, fp_http_head *head, fp_error *error);
fp_status fp_http_check_response_fields(const uint8_t *data, fp_http_method request_method, fp_http_head *head,
                                        fp_error *error);

/* Path and query of an origin-form or absolute-form target: data[begin .. end). */
void fp_http_set_path(const uint8_t *data, uint32_t begin, uint32_t end, fp_http_head *head);

#endif
