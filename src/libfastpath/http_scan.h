/*
 * http_scan.h - the quick look at a head. It accepts what is ordinary and knows nothing about the rest.
 *
 * What a scan accepts, the judge (http_judge.h) accepts too, with the same spans and flags; FASTPATH_HTTP_FAST_PATH
 * alone differs. False means "do not know": incomplete, unusual or wrong, all for the judge to tell apart.
 * Nothing is read past data + len. head is written only when the answer is true, but its fields are scratch. Threads:
 * any.
 */
#ifndef FASTPATH_INTERNAL_HTTP_SCAN_H
#define FASTPATH_INTERNAL_HTTP_SCAN_H

#include <stdbool.h>

#include <fastpath/http.h>

bool fp_http_scan_request(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head);
bool fp_http_scan_response(const uint8_t *data, size_t len, fp_http_method request_method, const fp_http_limits *limits,
                           fp_http_head *head);

/* The same scan over different vector instructions. They agree on every input; a test holds them to it. */
#if !defined(FASTPATH_PORTABLE) && (defined(__GNUC__) || defined(__clang__))
#if defined(__x86_64__)
#define FASTPATH_SCAN_X86 1
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FASTPATH_SCAN_NEON 1
#endif
#endif

#define FASTPATH_SCAN_DECLARE(isa)                                                                                    \
  bool fp_http_scan_request_##isa(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head); \
  bool fp_http_scan_response_##isa(const uint8_t *data, size_t len, fp_http_method request_method,                    \
                                   const fp_http_limits *limits, fp_http_head *head);

FASTPATH_SCAN_DECLARE(portable)
FASTPATH_SCAN_DECLARE(sse2)
FASTPATH_SCAN_DECLARE(avx2) /* needs fp_cpu_has_avx2 */
FASTPATH_SCAN_DECLARE(neon)

#endif
