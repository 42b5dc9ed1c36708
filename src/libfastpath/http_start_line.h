/*
 * http_start_line.h - the rules for a request line or status line that llhttp has let through. Each completes a head
 * whose spans are filled in; positions of refusals are offsets from data[0]. Threads: any.
 */
#ifndef FASTPATH_INTERNAL_HTTP_START_LINE_H
#define FASTPATH_INTERNAL_HTTP_START_LINE_H

#include <fastpath/http.h>

/* method_* and target_* are set; line_end is the offset of the request line's CR. */
fp_status fp_http_check_request_line(const uint8_t *data, uint32_t line_end, fp_http_head *head, fp_error *error);

/* The line lies at data[0] .. data[line_end); its status code has been found to be three digits. */
fp_status fp_http_check_status_line(const uint8_t *data, uint32_t line_end, fp_http_head *head, fp_error *error);

#endif
