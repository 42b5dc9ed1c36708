/* http_names_table.h - made by tools/http_names.py; change that script and run it. */
#ifndef FASTPATH_INTERNAL_HTTP_NAMES_TABLE_H
#define FASTPATH_INTERNAL_HTTP_NAMES_TABLE_H

#define HTTP_NAME_COUNT 120
#define HTTP_NAME_SLOT_BITS 10
#define HTTP_NAME_TAIL_SHIFT 29
#define HTTP_NAME_FACTOR UINT64_C(0x4164901b4e5206fd)

#define HTTP_NAME_CONTENT_TYPE 43
#define HTTP_NAME_COOKIE 44
#define HTTP_NAME_REFERER 69
#define HTTP_NAME_X_FORWARDED_PROTO 114

/* clang-format off */
/* X(id, lower case, wire case, length), in the order of ids. */
#define HTTP_NAME_LIST(X) \
  X(1, "host", "Host", 4) \
  X(2, "content-length", "Content-Length", 14) \
  X(3, "transfer-encoding", "Transfer-Encoding", 17) \
  X(4, "connection", "Connection", 10) \
  X(5, "upgrade", "Upgrade", 7) \
  X(6, "expect", "Expect", 6) \
  X(7, "keep-alive", "Keep-Alive", 10) \
  X(8, "proxy-connection", "Proxy-Connection", 16) \
  X(9, "te", "TE", 2) \
  X(10, "trailer", "Trailer", 7) \
  X(11, "proxy-authenticate", "Proxy-Authenticate", 18) \
  X(12, "proxy-authorization", "Proxy-Authorization", 19) \
  X(13, "http2-settings", "HTTP2-Settings", 14) \
  X(14, "accept", "Accept", 6) \
  X(15, "accept-ch", "Accept-CH", 9) \
  X(16, "accept-charset", "Accept-Charset", 14) \
  X(17, "accept-encoding", "Accept-Encoding", 15) \
  X(18, "accept-language", "Accept-Language", 15) \
  X(19, "accept-patch", "Accept-Patch", 12) \
  X(20, "accept-ranges", "Accept-Ranges", 13) \
  X(21, "access-control-allow-headers", "Access-Control-Allow-Headers", 28) \
  X(22, "access-control-allow-methods", "Access-Control-Allow-Methods", 28) \
  X(23, "access-control-allow-origin", "Access-Control-Allow-Origin", 27) \
  X(24, "access-control-expose-headers", "Access-Control-Expose-Headers", 29) \
  X(25, "access-control-max-age", "Access-Control-Max-Age", 22) \
  X(26, "access-control-request-headers", "Access-Control-Request-Headers", 30) \
  X(27, "access-control-request-method", "Access-Control-Request-Method", 29) \
  X(28, "age", "Age", 3) \
  X(29, "allow", "Allow", 5) \
  X(30, "alt-svc", "Alt-Svc", 7) \
  X(31, "authorization", "Authorization", 13) \
  X(32, "baggage", "Baggage", 7) \
  X(33, "cache-control", "Cache-Control", 13) \
  X(34, "cf-connecting-ip", "CF-Connecting-IP", 16) \
  X(35, "cf-ray", "CF-Ray", 6) \
  X(36, "clear-site-data", "Clear-Site-Data", 15) \
  X(37, "content-disposition", "Content-Disposition", 19) \
  X(38, "content-encoding", "Content-Encoding", 16) \
  X(39, "content-language", "Content-Language", 16) \
  X(40, "content-location", "Content-Location", 16) \
  X(41, "content-range", "Content-Range", 13) \
  X(42, "content-security-policy", "Content-Security-Policy", 23) \
  X(43, "content-type", "Content-Type", 12) \
  X(44, "cookie", "Cookie", 6) \
  X(45, "cross-origin-opener-policy", "Cross-Origin-Opener-Policy", 26) \
  X(46, "cross-origin-resource-policy", "Cross-Origin-Resource-Policy", 28) \
  X(47, "date", "Date", 4) \
  X(48, "dnt", "DNT", 3) \
  X(49, "etag", "ETag", 4) \
  X(50, "expires", "Expires", 7) \
  X(51, "forwarded", "Forwarded", 9) \
  X(52, "from", "From", 4) \
  X(53, "grpc-timeout", "grpc-timeout", 12) \
  X(54, "idempotency-key", "Idempotency-Key", 15) \
  X(55, "if-match", "If-Match", 8) \
  X(56, "if-modified-since", "If-Modified-Since", 17) \
  X(57, "if-none-match", "If-None-Match", 13) \
  X(58, "if-range", "If-Range", 8) \
  X(59, "if-unmodified-since", "If-Unmodified-Since", 19) \
  X(60, "last-modified", "Last-Modified", 13) \
  X(61, "link", "Link", 4) \
  X(62, "location", "Location", 8) \
  X(63, "max-forwards", "Max-Forwards", 12) \
  X(64, "origin", "Origin", 6) \
  X(65, "permissions-policy", "Permissions-Policy", 18) \
  X(66, "pragma", "Pragma", 6) \
  X(67, "priority", "Priority", 8) \
  X(68, "range", "Range", 5) \
  X(69, "referer", "Referer", 7) \
  X(70, "referrer-policy", "Referrer-Policy", 15) \
  X(71, "retry-after", "Retry-After", 11) \
  X(72, "sec-ch-ua", "Sec-CH-UA", 9) \
  X(73, "sec-ch-ua-mobile", "Sec-CH-UA-Mobile", 16) \
  X(74, "sec-ch-ua-platform", "Sec-CH-UA-Platform", 18) \
  X(75, "sec-fetch-dest", "Sec-Fetch-Dest", 14) \
  X(76, "sec-fetch-mode", "Sec-Fetch-Mode", 14) \
  X(77, "sec-fetch-site", "Sec-Fetch-Site", 14) \
  X(78, "sec-fetch-user", "Sec-Fetch-User", 14) \
  X(79, "sec-gpc", "Sec-GPC", 7) \
  X(80, "sec-websocket-accept", "Sec-WebSocket-Accept", 20) \
  X(81, "sec-websocket-extensions", "Sec-WebSocket-Extensions", 24) \
  X(82, "sec-websocket-key", "Sec-WebSocket-Key", 17) \
  X(83, "sec-websocket-protocol", "Sec-WebSocket-Protocol", 22) \
  X(84, "sec-websocket-version", "Sec-WebSocket-Version", 21) \
  X(85, "server", "Server", 6) \
  X(86, "server-timing", "Server-Timing", 13) \
  X(87, "set-cookie", "Set-Cookie", 10) \
  X(88, "strict-transport-security", "Strict-Transport-Security", 25) \
  X(89, "timing-allow-origin", "Timing-Allow-Origin", 19) \
  X(90, "traceparent", "traceparent", 11) \
  X(91, "tracestate", "tracestate", 10) \
  X(92, "upgrade-insecure-requests", "Upgrade-Insecure-Requests", 25) \
  X(93, "user-agent", "User-Agent", 10) \
  X(94, "vary", "Vary", 4) \
  X(95, "via", "Via", 3) \
  X(96, "warning", "Warning", 7) \
  X(97, "www-authenticate", "WWW-Authenticate", 16) \
  X(98, "x-amzn-trace-id", "X-Amzn-Trace-Id", 15) \
  X(99, "x-b3-parentspanid", "X-B3-ParentSpanId", 17) \
  X(100, "x-b3-sampled", "X-B3-Sampled", 12) \
  X(101, "x-b3-spanid", "X-B3-SpanId", 11) \
  X(102, "x-b3-traceid", "X-B3-TraceId", 12) \
  X(103, "x-cache", "X-Cache", 7) \
  X(104, "x-content-type-options", "X-Content-Type-Options", 22) \
  X(105, "x-correlation-id", "X-Correlation-ID", 16) \
  X(106, "x-dns-prefetch-control", "X-DNS-Prefetch-Control", 22) \
  X(107, "x-envoy-attempt-count", "X-Envoy-Attempt-Count", 21) \
  X(108, "x-envoy-expected-rq-timeout-ms", "X-Envoy-Expected-Rq-Timeout-Ms", 30) \
  X(109, "x-envoy-original-path", "X-Envoy-Original-Path", 21) \
  X(110, "x-envoy-upstream-service-time", "X-Envoy-Upstream-Service-Time", 29) \
  X(111, "x-forwarded-for", "X-Forwarded-For", 15) \
  X(112, "x-forwarded-host", "X-Forwarded-Host", 16) \
  X(113, "x-forwarded-port", "X-Forwarded-Port", 16) \
  X(114, "x-forwarded-proto", "X-Forwarded-Proto", 17) \
  X(115, "x-frame-options", "X-Frame-Options", 15) \
  X(116, "x-powered-by", "X-Powered-By", 12) \
  X(117, "x-real-ip", "X-Real-IP", 9) \
  X(118, "x-request-id", "X-Request-ID", 12) \
  X(119, "x-requested-with", "X-Requested-With", 16) \
  X(120, "x-xss-protection", "X-XSS-Protection", 16)

/* X(slot of the hash, lower-case name filled up with colons, id) */
#define HTTP_NAME_SLOTS(X) \
  X(455, "host:::::::::::::::::::::::::::", 1) \
  X(579, "content-length:::::::::::::::::", 2) \
  X(856, "transfer-encoding::::::::::::::", 3) \
  X(78, "connection:::::::::::::::::::::", 4) \
  X(857, "upgrade::::::::::::::::::::::::", 5) \
  X(364, "expect:::::::::::::::::::::::::", 6) \
  X(245, "keep-alive:::::::::::::::::::::", 7) \
  X(156, "proxy-connection:::::::::::::::", 8) \
  X(223, "te:::::::::::::::::::::::::::::", 9) \
  X(39, "trailer::::::::::::::::::::::::", 10) \
  X(878, "proxy-authenticate:::::::::::::", 11) \
  X(621, "proxy-authorization::::::::::::", 12) \
  X(684, "http2-settings:::::::::::::::::", 13) \
  X(953, "accept:::::::::::::::::::::::::", 14) \
  X(100, "accept-ch::::::::::::::::::::::", 15) \
  X(67, "accept-charset:::::::::::::::::", 16) \
  X(90, "accept-encoding::::::::::::::::", 17) \
  X(101, "accept-language::::::::::::::::", 18) \
  X(701, "accept-patch:::::::::::::::::::", 19) \
  X(901, "accept-ranges::::::::::::::::::", 20) \
  X(959, "access-control-allow-headers:::", 21) \
  X(556, "access-control-allow-methods:::", 22) \
  X(262, "access-control-allow-origin::::", 23) \
  X(196, "access-control-expose-headers::", 24) \
  X(518, "access-control-max-age:::::::::", 25) \
  X(458, "access-control-request-headers:", 26) \
  X(169, "access-control-request-method::", 27) \
  X(183, "age::::::::::::::::::::::::::::", 28) \
  X(509, "allow::::::::::::::::::::::::::", 29) \
  X(236, "alt-svc::::::::::::::::::::::::", 30) \
  X(18, "authorization::::::::::::::::::", 31) \
  X(764, "baggage::::::::::::::::::::::::", 32) \
  X(177, "cache-control::::::::::::::::::", 33) \
  X(907, "cf-connecting-ip:::::::::::::::", 34) \
  X(548, "cf-ray:::::::::::::::::::::::::", 35) \
  X(102, "clear-site-data::::::::::::::::", 36) \
  X(294, "content-disposition::::::::::::", 37) \
  X(284, "content-encoding:::::::::::::::", 38) \
  X(637, "content-language:::::::::::::::", 39) \
  X(533, "content-location:::::::::::::::", 40) \
  X(288, "content-range::::::::::::::::::", 41) \
  X(723, "content-security-policy::::::::", 42) \
  X(506, "content-type:::::::::::::::::::", 43) \
  X(625, "cookie:::::::::::::::::::::::::", 44) \
  X(762, "cross-origin-opener-policy:::::", 45) \
  X(261, "cross-origin-resource-policy:::", 46) \
  X(331, "date:::::::::::::::::::::::::::", 47) \
  X(395, "dnt::::::::::::::::::::::::::::", 48) \
  X(92, "etag:::::::::::::::::::::::::::", 49) \
  X(574, "expires::::::::::::::::::::::::", 50) \
  X(359, "forwarded::::::::::::::::::::::", 51) \
  X(897, "from:::::::::::::::::::::::::::", 52) \
  X(744, "grpc-timeout:::::::::::::::::::", 53) \
  X(411, "idempotency-key::::::::::::::::", 54) \
  X(166, "if-match:::::::::::::::::::::::", 55) \
  X(366, "if-modified-since::::::::::::::", 56) \
  X(819, "if-none-match::::::::::::::::::", 57) \
  X(229, "if-range:::::::::::::::::::::::", 58) \
  X(115, "if-unmodified-since::::::::::::", 59) \
  X(769, "last-modified::::::::::::::::::", 60) \
  X(121, "link:::::::::::::::::::::::::::", 61) \
  X(55, "location:::::::::::::::::::::::", 62) \
  X(300, "max-forwards:::::::::::::::::::", 63) \
  X(330, "origin:::::::::::::::::::::::::", 64) \
  X(152, "permissions-policy:::::::::::::", 65) \
  X(347, "pragma:::::::::::::::::::::::::", 66) \
  X(850, "priority:::::::::::::::::::::::", 67) \
  X(197, "range::::::::::::::::::::::::::", 68) \
  X(568, "referer::::::::::::::::::::::::", 69) \
  X(1019, "referrer-policy::::::::::::::::", 70) \
  X(849, "retry-after::::::::::::::::::::", 71) \
  X(257, "sec-ch-ua::::::::::::::::::::::", 72) \
  X(117, "sec-ch-ua-mobile:::::::::::::::", 73) \
  X(441, "sec-ch-ua-platform:::::::::::::", 74) \
  X(40, "sec-fetch-dest:::::::::::::::::", 75) \
  X(874, "sec-fetch-mode:::::::::::::::::", 76) \
  X(597, "sec-fetch-site:::::::::::::::::", 77) \
  X(142, "sec-fetch-user:::::::::::::::::", 78) \
  X(333, "sec-gpc::::::::::::::::::::::::", 79) \
  X(741, "sec-websocket-accept:::::::::::", 80) \
  X(190, "sec-websocket-extensions:::::::", 81) \
  X(438, "sec-websocket-key::::::::::::::", 82) \
  X(168, "sec-websocket-protocol:::::::::", 83) \
  X(474, "sec-websocket-version::::::::::", 84) \
  X(239, "server:::::::::::::::::::::::::", 85) \
  X(443, "server-timing::::::::::::::::::", 86) \
  X(296, "set-cookie:::::::::::::::::::::", 87) \
  X(877, "strict-transport-security::::::", 88) \
  X(853, "timing-allow-origin::::::::::::", 89) \
  X(914, "traceparent::::::::::::::::::::", 90) \
  X(111, "tracestate:::::::::::::::::::::", 91) \
  X(505, "upgrade-insecure-requests::::::", 92) \
  X(77, "user-agent:::::::::::::::::::::", 93) \
  X(694, "vary:::::::::::::::::::::::::::", 94) \
  X(697, "via::::::::::::::::::::::::::::", 95) \
  X(696, "warning::::::::::::::::::::::::", 96) \
  X(564, "www-authenticate:::::::::::::::", 97) \
  X(96, "x-amzn-trace-id::::::::::::::::", 98) \
  X(477, "x-b3-parentspanid::::::::::::::", 99) \
  X(343, "x-b3-sampled:::::::::::::::::::", 100) \
  X(939, "x-b3-spanid::::::::::::::::::::", 101) \
  X(779, "x-b3-traceid:::::::::::::::::::", 102) \
  X(747, "x-cache::::::::::::::::::::::::", 103) \
  X(567, "x-content-type-options:::::::::", 104) \
  X(123, "x-correlation-id:::::::::::::::", 105) \
  X(193, "x-dns-prefetch-control:::::::::", 106) \
  X(546, "x-envoy-attempt-count::::::::::", 107) \
  X(181, "x-envoy-expected-rq-timeout-ms:", 108) \
  X(832, "x-envoy-original-path::::::::::", 109) \
  X(473, "x-envoy-upstream-service-time::", 110) \
  X(59, "x-forwarded-for::::::::::::::::", 111) \
  X(737, "x-forwarded-host:::::::::::::::", 112) \
  X(57, "x-forwarded-port:::::::::::::::", 113) \
  X(358, "x-forwarded-proto::::::::::::::", 114) \
  X(237, "x-frame-options::::::::::::::::", 115) \
  X(524, "x-powered-by:::::::::::::::::::", 116) \
  X(712, "x-real-ip::::::::::::::::::::::", 117) \
  X(713, "x-request-id:::::::::::::::::::", 118) \
  X(766, "x-requested-with:::::::::::::::", 119) \
  X(542, "x-xss-protection:::::::::::::::", 120)

#endif
