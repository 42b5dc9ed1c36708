/*
 * http_judge.h - llhttp as the judge of a head: verdict, reason and position, byte by byte.
 *
 * A judge is fed a head that grows and goes on where it stopped. It hands llhttp one line at a time, so that limits
 * and rules for a line fall at the same byte however the input was cut.
 */
#ifndef FASTPATH_INTERNAL_HTTP_JUDGE_H
#define FASTPATH_INTERNAL_HTTP_JUDGE_H

#include <stdbool.h>

#include <fastpath/http.h>

typedef struct fp_http_judge fp_http_judge;

/* For the heap; NULL when out of memory. */
fp_http_judge *fp_http_judge_new(bool is_response, const fp_http_limits *limits);
void fp_http_judge_free(fp_http_judge *judge);

/* Start over, for another head. */
void fp_http_judge_reset(fp_http_judge *judge);

/*
 * Go on with data[0 .. len), which begins with all bytes fed before. Returns OK once the head is complete as far as
 * llhttp, the limits and the start line go; the fields are not looked at and no spans come out.
 */
fp_status fp_http_judge_feed(fp_http_judge *judge, const uint8_t *data, size_t len, uint32_t field_capacity,
                             fp_error *error);

/* True when bytes have been fed since the start. */
bool fp_http_judge_has_begun(const fp_http_judge *judge);

/* The whole judgement on a head in one piece, spans and fields included: what the scan must never contradict. */
fp_status fp_http_judge_request(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head,
                                fp_error *error);
fp_status fp_http_judge_response(const uint8_t *data, size_t len, fp_http_method request_method,
                                 const fp_http_limits *limits, fp_http_head *head, fp_error *error);

#endif
