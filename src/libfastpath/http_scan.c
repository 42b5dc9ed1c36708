/* http_scan.c - which instructions the scan uses on this machine. */
#include "http_scan.h"

#include "cpu.h"

#if defined(FASTPATH_SCAN_X86)

#define SCAN(kind, ...) \
  return fp_cpu_has_avx2() ? fp_http_scan_##kind##_avx2(__VA_ARGS__) : fp_http_scan_##kind##_sse2(__VA_ARGS__)

#elif defined(FASTPATH_SCAN_NEON)
#define SCAN(kind, ...) return fp_http_scan_##kind##_neon(__VA_ARGS__)
#else
#define SCAN(kind, ...) return fp_http_scan_##kind##_portable(__VA_ARGS__)
#endif

bool fp_http_scan_request(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head) {
  SCAN(request, data, len, limits, head);
}

bool fp_http_scan_response(const uint8_t *data, size_t len, fp_http_method request_method, const fp_http_limits *limits,
                           fp_http_head *head) {
  SCAN(response, data, len, request_method, limits, head);
}
