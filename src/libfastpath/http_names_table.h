/* http_names_table.h - made by tools/http_names.py; change that script and run it. */
#ifndef FASTPATH_INTERNAL_HTTP_NAMES_TABLE_H
#define FASTPATH_INTERNAL_HTTP_NAMES_TABLE_H

#define HTTP_NAME_COUNT 120
#define HTTP_NAME_SLOT_BITS 10
#define HTTP_NAME_TAIL_SHIFT 29
#define HTTP_NAME_FACTOR UINT64_C(0x4164901b4e5206fd)

#define HTTP_NAME_CONTENT_TYPE 43
#define HTTP_NAME_COOKIE 44
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

/* Lower-case names filled up with colons, from id 1. */
#define HTTP_NAME_FOLDED \
  "host::::::::::::::::::::::::::::", \
  "content-length::::::::::::::::::", \
  "transfer-encoding:::::::::::::::", \
  "connection::::::::::::::::::::::", \
  "upgrade:::::::::::::::::::::::::", \
  "expect::::::::::::::::::::::::::", \
  "keep-alive::::::::::::::::::::::", \
  "proxy-connection::::::::::::::::", \
  "te::::::::::::::::::::::::::::::", \
  "trailer:::::::::::::::::::::::::", \
  "proxy-authenticate::::::::::::::", \
  "proxy-authorization:::::::::::::", \
  "http2-settings::::::::::::::::::", \
  "accept::::::::::::::::::::::::::", \
  "accept-ch:::::::::::::::::::::::", \
  "accept-charset::::::::::::::::::", \
  "accept-encoding:::::::::::::::::", \
  "accept-language:::::::::::::::::", \
  "accept-patch::::::::::::::::::::", \
  "accept-ranges:::::::::::::::::::", \
  "access-control-allow-headers::::", \
  "access-control-allow-methods::::", \
  "access-control-allow-origin:::::", \
  "access-control-expose-headers:::", \
  "access-control-max-age::::::::::", \
  "access-control-request-headers::", \
  "access-control-request-method:::", \
  "age:::::::::::::::::::::::::::::", \
  "allow:::::::::::::::::::::::::::", \
  "alt-svc:::::::::::::::::::::::::", \
  "authorization:::::::::::::::::::", \
  "baggage:::::::::::::::::::::::::", \
  "cache-control:::::::::::::::::::", \
  "cf-connecting-ip::::::::::::::::", \
  "cf-ray::::::::::::::::::::::::::", \
  "clear-site-data:::::::::::::::::", \
  "content-disposition:::::::::::::", \
  "content-encoding::::::::::::::::", \
  "content-language::::::::::::::::", \
  "content-location::::::::::::::::", \
  "content-range:::::::::::::::::::", \
  "content-security-policy:::::::::", \
  "content-type::::::::::::::::::::", \
  "cookie::::::::::::::::::::::::::", \
  "cross-origin-opener-policy::::::", \
  "cross-origin-resource-policy::::", \
  "date::::::::::::::::::::::::::::", \
  "dnt:::::::::::::::::::::::::::::", \
  "etag::::::::::::::::::::::::::::", \
  "expires:::::::::::::::::::::::::", \
  "forwarded:::::::::::::::::::::::", \
  "from::::::::::::::::::::::::::::", \
  "grpc-timeout::::::::::::::::::::", \
  "idempotency-key:::::::::::::::::", \
  "if-match::::::::::::::::::::::::", \
  "if-modified-since:::::::::::::::", \
  "if-none-match:::::::::::::::::::", \
  "if-range::::::::::::::::::::::::", \
  "if-unmodified-since:::::::::::::", \
  "last-modified:::::::::::::::::::", \
  "link::::::::::::::::::::::::::::", \
  "location::::::::::::::::::::::::", \
  "max-forwards::::::::::::::::::::", \
  "origin::::::::::::::::::::::::::", \
  "permissions-policy::::::::::::::", \
  "pragma::::::::::::::::::::::::::", \
  "priority::::::::::::::::::::::::", \
  "range:::::::::::::::::::::::::::", \
  "referer:::::::::::::::::::::::::", \
  "referrer-policy:::::::::::::::::", \
  "retry-after:::::::::::::::::::::", \
  "sec-ch-ua:::::::::::::::::::::::", \
  "sec-ch-ua-mobile::::::::::::::::", \
  "sec-ch-ua-platform::::::::::::::", \
  "sec-fetch-dest::::::::::::::::::", \
  "sec-fetch-mode::::::::::::::::::", \
  "sec-fetch-site::::::::::::::::::", \
  "sec-fetch-user::::::::::::::::::", \
  "sec-gpc:::::::::::::::::::::::::", \
  "sec-websocket-accept::::::::::::", \
  "sec-websocket-extensions::::::::", \
  "sec-websocket-key:::::::::::::::", \
  "sec-websocket-protocol::::::::::", \
  "sec-websocket-version:::::::::::", \
  "server::::::::::::::::::::::::::", \
  "server-timing:::::::::::::::::::", \
  "set-cookie::::::::::::::::::::::", \
  "strict-transport-security:::::::", \
  "timing-allow-origin:::::::::::::", \
  "traceparent:::::::::::::::::::::", \
  "tracestate::::::::::::::::::::::", \
  "upgrade-insecure-requests:::::::", \
  "user-agent::::::::::::::::::::::", \
  "vary::::::::::::::::::::::::::::", \
  "via:::::::::::::::::::::::::::::", \
  "warning:::::::::::::::::::::::::", \
  "www-authenticate::::::::::::::::", \
  "x-amzn-trace-id:::::::::::::::::", \
  "x-b3-parentspanid:::::::::::::::", \
  "x-b3-sampled::::::::::::::::::::", \
  "x-b3-spanid:::::::::::::::::::::", \
  "x-b3-traceid::::::::::::::::::::", \
  "x-cache:::::::::::::::::::::::::", \
  "x-content-type-options::::::::::", \
  "x-correlation-id::::::::::::::::", \
  "x-dns-prefetch-control::::::::::", \
  "x-envoy-attempt-count:::::::::::", \
  "x-envoy-expected-rq-timeout-ms::", \
  "x-envoy-original-path:::::::::::", \
  "x-envoy-upstream-service-time:::", \
  "x-forwarded-for:::::::::::::::::", \
  "x-forwarded-host::::::::::::::::", \
  "x-forwarded-port::::::::::::::::", \
  "x-forwarded-proto:::::::::::::::", \
  "x-frame-options:::::::::::::::::", \
  "x-powered-by::::::::::::::::::::", \
  "x-real-ip:::::::::::::::::::::::", \
  "x-request-id::::::::::::::::::::", \
  "x-requested-with::::::::::::::::", \
  "x-xss-protection::::::::::::::::"

/* Slot of the hash -> id, as rows of sixteen. */
#define HTTP_NAME_SLOTS \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 10, 75, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 62, 0, 113, 0, 111, 0, 0, 0, 0, \
  0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 93, 4, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 0, 49, 0, 0, 0, \
  98, 0, 0, 0, 15, 18, 36, 0, 0, 0, 0, 0, 0, 0, 0, 91, \
  0, 0, 0, 59, 0, 73, 0, 0, 0, 61, 0, 105, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 78, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 65, 0, 0, 0, 8, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 55, 0, 83, 27, 0, 0, 0, 0, 0, 0, \
  0, 33, 0, 0, 0, 108, 0, 28, 0, 0, 0, 0, 0, 0, 81, 0, \
  0, 106, 0, 0, 24, 68, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, \
  0, 0, 0, 0, 0, 58, 0, 0, 0, 0, 0, 0, 30, 115, 0, 85, \
  0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 72, 0, 0, 0, 46, 23, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 38, 0, 0, 0, \
  41, 0, 0, 0, 0, 0, 37, 0, 87, 0, 0, 0, 63, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 47, 0, 79, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 66, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 114, 51, 0, 0, 0, 0, 6, 0, 56, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 82, 0, 0, 74, 0, 86, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 26, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 110, 84, 0, 0, 99, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 92, 43, 0, 0, 29, 0, 0, \
  0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 0, 0, 116, 0, 0, 0, \
  0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 120, 0, \
  0, 0, 107, 0, 35, 0, 0, 0, 0, 0, 0, 0, 22, 0, 0, 0, \
  0, 0, 0, 0, 97, 0, 0, 104, 69, 0, 0, 0, 0, 0, 50, 0, \
  0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, \
  0, 44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 39, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 94, 0, 96, 95, 0, 0, 0, 19, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 117, 118, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 112, 0, 0, 0, 80, 0, 0, 53, 0, 0, 103, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 45, 0, 32, 0, 119, 0, \
  0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 102, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 57, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  109, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 71, 67, 0, 0, 89, 0, 0, 3, 5, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 76, 0, 0, 88, 11, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 52, 0, 0, 0, 20, 0, 0, 0, 0, 0, 34, 0, 0, 0, 0, \
  0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 101, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 21, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 70, 0, 0, 0, 0

#endif
