#include "error.h"

#include <stdarg.h>
#include <stdio.h>

fp_status fp_error_set(fp_error *error, fp_status code, int http_status, size_t position, const char *format, ...) {
  if (error != NULL) {
    va_list arguments;
    error->code = code;
    error->http_status = http_status;
    error->position = position;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
  }
  return code;
}

uint32_t fp_abi_version(void) { return FASTPATH_ABI_VERSION; }

uint32_t fp_version(void) {
  return (uint32_t)FASTPATH_VERSION_MAJOR << 16 | (uint32_t)FASTPATH_VERSION_MINOR << 8 | FASTPATH_VERSION_PATCH;
}

const char *fp_status_name(fp_status status) {
  switch (status) {
    case FASTPATH_OK: return "ok";
    case FASTPATH_NEED_MORE: return "need_more";
    case FASTPATH_NONE: return "none";
    case FASTPATH_PAUSED: return "paused";
    case FASTPATH_DUE: return "due";
    case FASTPATH_ERR_MEMORY: return "memory";
    case FASTPATH_ERR_ARGUMENT: return "argument";
    case FASTPATH_ERR_BUSY: return "busy";
    case FASTPATH_ERR_STATE: return "state";
    case FASTPATH_ERR_OVERFLOW: return "overflow";
    case FASTPATH_ERR_HTTP_METHOD: return "http_method";
    case FASTPATH_ERR_HTTP_TARGET: return "http_target";
    case FASTPATH_ERR_HTTP_VERSION: return "http_version";
    case FASTPATH_ERR_HTTP_STATUS_LINE: return "http_status_line";
    case FASTPATH_ERR_HTTP_HEADER_NAME: return "http_header_name";
    case FASTPATH_ERR_HTTP_HEADER_VALUE: return "http_header_value";
    case FASTPATH_ERR_HTTP_LINE_END: return "http_line_end";
    case FASTPATH_ERR_HTTP_LINE_FOLDING: return "http_line_folding";
    case FASTPATH_ERR_HTTP_HOST: return "http_host";
    case FASTPATH_ERR_HTTP_CONTENT_LENGTH: return "http_content_length";
    case FASTPATH_ERR_HTTP_TRANSFER_ENCODING: return "http_transfer_encoding";
    case FASTPATH_ERR_HTTP_FRAMING_CONFLICT: return "http_framing_conflict";
    case FASTPATH_ERR_HTTP_CHUNK_SIZE: return "http_chunk_size";
    case FASTPATH_ERR_HTTP_CHUNK_EXTENSION: return "http_chunk_extension";
    case FASTPATH_ERR_HTTP_CHUNK_END: return "http_chunk_end";
    case FASTPATH_ERR_HTTP_TRAILER: return "http_trailer";
    case FASTPATH_ERR_HTTP_UPGRADE: return "http_upgrade";
    case FASTPATH_ERR_HTTP_UNEXPECTED_EOF: return "http_unexpected_eof";
    case FASTPATH_ERR_HTTP_DATA_AFTER_CLOSE: return "http_data_after_close";
    case FASTPATH_ERR_HTTP_HTTP2_PREFACE: return "http_http2_preface";
    case FASTPATH_ERR_HTTP_HEAD_TOO_LARGE: return "http_head_too_large";
    case FASTPATH_ERR_HTTP_TARGET_TOO_LONG: return "http_target_too_long";
    case FASTPATH_ERR_HTTP_LINE_TOO_LONG: return "http_line_too_long";
    case FASTPATH_ERR_HTTP_TOO_MANY_HEADERS: return "http_too_many_headers";
    case FASTPATH_ERR_HTTP_CHUNK_OVERHEAD: return "http_chunk_overhead";
    case FASTPATH_ERR_HTTP_TOO_MANY_INTERIM: return "http_too_many_interim";
    case FASTPATH_ERR_HTTP_PATH: return "http_path";
    case FASTPATH_ERR_HTTP_UNEXPECTED_RESPONSE: return "http_unexpected_response";
    case FASTPATH_ERR_HTTP_MALFORMED: return "http_malformed";
    case FASTPATH_ERR_CONFIG: return "config";
    case FASTPATH_ERR_CONFIG_DUPLICATE_DOMAIN: return "config_duplicate_domain";
    case FASTPATH_ERR_CONFIG_DOMAIN: return "config_domain";
    case FASTPATH_ERR_CONFIG_PATH: return "config_path";
    case FASTPATH_ERR_CONFIG_WEIGHT: return "config_weight";
    case FASTPATH_ERR_CONFIG_REGEX: return "config_regex";
    case FASTPATH_ERR_CONFIG_CONDITION: return "config_condition";
    case FASTPATH_ERR_CONFIG_FILTER_CHAIN: return "config_filter_chain";
    case FASTPATH_ERR_INSPECT_PROXY: return "inspect_proxy";
    case FASTPATH_ERR_INSPECT_TLS: return "inspect_tls";
    case FASTPATH_ERR_INSPECT_TLS_REFUSED: return "inspect_tls_refused";
    case FASTPATH_ERR_INSPECT_HTTP: return "inspect_http";
  }
  return "unknown";
}
