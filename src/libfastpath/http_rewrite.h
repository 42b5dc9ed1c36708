/* http_rewrite.h - a rewrite in two steps, for who must know what comes out before it is written. */
#ifndef FASTPATH_INTERNAL_HTTP_REWRITE_H
#define FASTPATH_INTERNAL_HTTP_REWRITE_H

#include <fastpath/http_write.h>

/* Check what `forward` brings along, and bound the size of the result. */
fp_status fp_http_rewrite_check(const fp_http_head *head, const fp_http_forward *forward, int is_response,
                                size_t *bound, fp_error *error);

/* Write the checked rewrite into room of `bound` bytes. *len is the exact length. */
fp_status fp_http_rewrite_put(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
                              int is_response, uint8_t *dst, size_t *len, fp_error *error);

/* Does the rewrite pass an Upgrade on? */
int fp_http_rewrite_upgrades(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward);

#endif
