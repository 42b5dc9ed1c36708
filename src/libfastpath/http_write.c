/* http_write.c - heads and trailer sections written into the caller's memory, all or nothing. */
#include <fastpath/chunked.h>
#include <fastpath/http_write.h>

#include <string.h>

#include "error.h"
#include "http_chars.h"
#include "http_emit.h"
#include "http_message.h"

typedef fp_status (*check_function)(const fp_http_message *, fp_http_outline *, fp_error *);
typedef uint8_t *(*put_function)(const fp_http_message *, uint8_t *);

static fp_status write_head(const fp_http_message *message, check_function check, put_function put, uint8_t *dst,
                            size_t capacity, size_t *len, fp_error *error) {
  fp_http_outline outline;
  fp_status status = check(message, &outline, error);
  if (status < 0) return status;
  *len = outline.len;
  if (capacity < outline.len) return FASTPATH_NEED_MORE;
  (void)FP_EMIT_LITERAL(put(message, dst), "\r\n");
  return FASTPATH_OK;
}

fp_status fp_http_write_request(const fp_http_message *message, uint8_t *dst, size_t capacity, size_t *len,
                                fp_error *error) {
  return write_head(message, fp_http_check_request, fp_http_put_request, dst, capacity, len, error);
}

fp_status fp_http_write_response(const fp_http_message *message, uint8_t *dst, size_t capacity, size_t *len,
                                 fp_error *error) {
  return write_head(message, fp_http_check_response, fp_http_put_response, dst, capacity, len, error);
}

static fp_status check_trailer(const fp_http_header *trailer, size_t index, fp_error *error) {
  if (trailer->name.len == 0 ||
      fp_http_run(trailer->name.data, trailer->name.len, HTTP_CHAR_TOKEN) != trailer->name.len) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_HEADER_NAME, 400, index, "trailer name is not a token");
  }
  if (fp_http_run(trailer->value.data, trailer->value.len, HTTP_CHAR_VALUE) != trailer->value.len) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_HEADER_VALUE, 400, index, "control character in a trailer value");
  }
  if (fp_chunked_trailer_forbidden(trailer->name.data, trailer->name.len)) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_TRAILER, 400, index, "field is not allowed in a trailer section");
  }
  return FASTPATH_OK;
}

fp_status fp_http_write_trailers(const fp_http_header *trailers, size_t count, uint8_t *dst, size_t capacity,
                                 size_t *len, fp_error *error) {
  size_t needed = 2;
  for (size_t i = 0; i < count; i++) {
    fp_status status = check_trailer(&trailers[i], i, error);
    if (status < 0) return status;
    size_t line = trailers[i].name.len + fp_trimmed(trailers[i].value).len + 4;
    if (line > PTRDIFF_MAX - needed) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, i, "trailers are too long");
    needed += line;
  }
  *len = needed;
  if (capacity < needed) return FASTPATH_NEED_MORE;
  for (size_t i = 0; i < count; i++) {
    dst = fp_emit_span(dst, trailers[i].name);
    dst = FP_EMIT_LITERAL(dst, ": ");
    dst = fp_emit_span(dst, fp_trimmed(trailers[i].value));
    dst = FP_EMIT_LITERAL(dst, "\r\n");
  }
  (void)FP_EMIT_LITERAL(dst, "\r\n");
  return FASTPATH_OK;
}

const char *fp_http_reason(unsigned status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 102: return "Processing";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 207: return "Multi-Status";
    case 208: return "Already Reported";
    case 226: return "IM Used";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 305: return "Use Proxy";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 423: return "Locked";
    case 424: return "Failed Dependency";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 506: return "Variant Also Negotiates";
    case 507: return "Insufficient Storage";
    case 508: return "Loop Detected";
    case 511: return "Network Authentication Required";
    default: return "";
  }
}
