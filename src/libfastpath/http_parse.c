/* http_parse.c - llhttp run over a head, line by line. The only file that knows llhttp. */
#include <llhttp.h>
#include <string.h>

#include "error.h"
#include "http_chars.h"
#include "http_framing.h"
#include "http_judge.h"
#include "http_start_line.h"
#include "memory.h"

enum {
  NAME_MAX_LEN = UINT16_MAX
};

struct fp_http_judge {
  llhttp_t parser;
  llhttp_settings_t settings;
  fp_http_limits limits;
  bool is_response;

  size_t done;         /* bytes judged */
  size_t line;         /* where the line that holds data[done] begins */
  uint32_t line_count; /* lines ended: the start line, then one per field */
  uint32_t blank_lines;
  bool in_name; /* the line's colon has not been seen */

  const uint8_t *data; /* during a feed */
  fp_http_head *head;  /* spans go here; fields may be NULL */
  fp_http_head start;  /* what head points to when the caller wants no spans */
};

/* llhttp gives a span in one piece or in several that touch. */
static void extend(uint32_t *offset, uint32_t *len, size_t at, size_t piece) {
  if (*len == 0) *offset = (uint32_t)at;
  *len += (uint32_t)piece;
}

static size_t offset_of(const fp_http_judge *judge, const char *at) {
  return (size_t)((const uint8_t *)at - judge->data);
}

static fp_http_field *current_field(const fp_http_judge *judge) {
  return judge->head->fields == NULL ? NULL : &judge->head->fields[judge->line_count - 1];
}

static int on_method(llhttp_t *parser, const char *at, size_t len) {
  const fp_http_judge *judge = parser->data;
  extend(&judge->head->method_off, &judge->head->method_len, offset_of(judge, at), len);
  return 0;
}

static int on_target(llhttp_t *parser, const char *at, size_t len) {
  const fp_http_judge *judge = parser->data;
  extend(&judge->head->target_off, &judge->head->target_len, offset_of(judge, at), len);
  return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t len) {
  const fp_http_judge *judge = parser->data;
  fp_http_field *field = current_field(judge);
  if (field == NULL) return 0;
  if (field->name_len == 0) field->name = (uint32_t)offset_of(judge, at);
  field->name_len = (uint16_t)(field->name_len + len);
  return 0;
}

static int on_name_complete(llhttp_t *parser) {
  fp_http_judge *judge = parser->data;
  judge->in_name = false;
  return 0;
}

/* That a value is empty is told when the next line has begun, for which there may be no room. */
static int on_value(llhttp_t *parser, const char *at, size_t len) {
  const fp_http_judge *judge = parser->data;
  if (len == 0 || judge->head->fields == NULL) return 0;
  fp_http_field *field = current_field(judge);
  extend(&field->value, &field->value_len, offset_of(judge, at), len);
  return 0;
}

static int on_head_complete(llhttp_t *parser) {
  (void)parser;
  return HPE_PAUSED;
}

static void start_over(fp_http_judge *judge) {
  llhttp_init(&judge->parser, judge->is_response ? HTTP_RESPONSE : HTTP_REQUEST, &judge->settings);
  judge->parser.data = judge;
  judge->done = judge->line = 0;
  judge->line_count = judge->blank_lines = 0;
  judge->in_name = false;
  memset(&judge->start, 0, sizeof judge->start);
  judge->head = &judge->start;
}

static void judge_init(fp_http_judge *judge, bool is_response, const fp_http_limits *limits) {
  judge->limits = *limits;
  judge->is_response = is_response;
  llhttp_settings_init(&judge->settings);
  judge->settings.on_method = on_method;
  judge->settings.on_url = on_target;
  judge->settings.on_header_field = on_name;
  judge->settings.on_header_field_complete = on_name_complete;
  judge->settings.on_header_value = on_value;
  judge->settings.on_headers_complete = on_head_complete;
  start_over(judge);
}

static fp_status refuse(const fp_http_judge *judge, fp_status code, int http_status, size_t position,
                        const char *message, fp_error *error) {
  return fp_error_set(error, code, judge->is_response ? 502 : http_status, position, "%s", message);
}

static bool ends_in_version(const uint8_t *data, size_t begin, size_t end) {
  return end - begin >= 3 && data[end - 3] >= '0' && data[end - 3] <= '9' && data[end - 2] == '.' &&
         data[end - 1] >= '0' && data[end - 1] <= '9';
}

/* llhttp's errors in our terms. It names the offending byte, or the one behind it when it had to consume that. */
static fp_status translate(const fp_http_judge *judge, llhttp_errno_t code, fp_error *error) {
  const uint8_t *data = judge->data;
  const size_t line = judge->line;
  size_t at = offset_of(judge, judge->parser.error_pos);
  const uint8_t last = at > line ? data[at - 1] : 0;

  switch (code) {
    case HPE_INVALID_METHOD:
      return refuse(judge, FASTPATH_ERR_HTTP_METHOD, fp_http_is(data[at], HTTP_CHAR_TOKEN) ? 501 : 400, at,
                    "unknown method", error);
    case HPE_INVALID_URL:
      if (at > judge->head->method_off + judge->head->method_len + 1 && (last <= 0x20 || last >= 0x7f)) at--;
      return refuse(judge, FASTPATH_ERR_HTTP_TARGET, 400, at, "byte that does not belong in a target", error);
    case HPE_INVALID_CONSTANT:
      return refuse(judge, judge->is_response ? FASTPATH_ERR_HTTP_STATUS_LINE : FASTPATH_ERR_HTTP_VERSION, 400, at,
                    "expected HTTP/1.0 or HTTP/1.1", error);
    case HPE_INVALID_VERSION:
      if (last == '\n') return refuse(judge, FASTPATH_ERR_HTTP_LINE_END, 400, at - 1, "LF without CR", error);
      if (ends_in_version(data, line, at) && (judge->parser.http_major != 1 || judge->parser.http_minor > 1)) {
        return refuse(judge, FASTPATH_ERR_HTTP_VERSION, 505, at - 3, "HTTP version is not supported", error);
      }
      return refuse(judge, FASTPATH_ERR_HTTP_VERSION, 400, at, "malformed HTTP version", error);
    case HPE_INVALID_STATUS:
      return refuse(judge, FASTPATH_ERR_HTTP_STATUS_LINE, 400, at, "status is not three digits", error);
    case HPE_STRICT:
    case HPE_LF_EXPECTED:
    case HPE_CR_EXPECTED:
      if (last == '\n') at--;
      return refuse(judge, FASTPATH_ERR_HTTP_LINE_END, 400, at, data[at] == '\n' ? "LF without CR" : "CR without LF",
                    error);
    case HPE_UNEXPECTED_SPACE:
      return refuse(judge, FASTPATH_ERR_HTTP_LINE_FOLDING, 400, line, "blank at the start of a header line", error);
    case HPE_INVALID_HEADER_TOKEN:
      if (at == line && (data[at] == ' ' || data[at] == '\t')) {
        return refuse(judge, FASTPATH_ERR_HTTP_LINE_FOLDING, 400, at, "folded header line", error);
      }
      if (!judge->in_name) {
        return refuse(judge, FASTPATH_ERR_HTTP_HEADER_VALUE, 400, at, "control character in a header value", error);
      }
      return refuse(judge, FASTPATH_ERR_HTTP_HEADER_NAME, 400, at,
                    at == line && data[at] == ':' ? "empty header name" : "byte that does not belong in a header name",
                    error);
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return refuse(judge, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 400, line, "more than one Content-Length", error);
    case HPE_INVALID_CONTENT_LENGTH:
      if ((judge->parser.flags & F_TRANSFER_ENCODING) != 0) {
        return refuse(judge, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 400, line, "both Content-Length and Transfer-Encoding",
                      error);
      }
      return refuse(judge, FASTPATH_ERR_HTTP_CONTENT_LENGTH, 400, last == '\n' ? at - 2 : at,
                    "Content-Length is not a decimal number up to 2^63 - 1", error);
    case HPE_INVALID_TRANSFER_ENCODING:
      if ((judge->parser.flags & F_CONTENT_LENGTH) != 0) {
        return refuse(judge, FASTPATH_ERR_HTTP_FRAMING_CONFLICT, 400, line, "both Content-Length and Transfer-Encoding",
                      error);
      }
      return refuse(judge, FASTPATH_ERR_HTTP_TRANSFER_ENCODING, 400, last == '\n' ? at - 2 : at,
                    "Transfer-Encoding is not exactly chunked", error);
    default: return refuse(judge, FASTPATH_ERR_HTTP_MALFORMED, 400, at, "malformed head", error);
  }
}

static bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t'; }

/* The blanks behind a value are not part of it, and an empty value lies at the end of its line. */
static void finish_field(fp_http_judge *judge, uint32_t line_end) {
  fp_http_field *field = current_field(judge);
  if (field == NULL) return;
  while (field->value_len != 0 && is_blank(judge->data[field->value + field->value_len - 1])) field->value_len--;
  if (field->value_len == 0) field->value = line_end;
  field->id = fp_http_name_id(judge->data + field->name, field->name_len);
}

static void begin_line(fp_http_judge *judge) {
  judge->line = judge->done;
  judge->in_name = judge->line_count != 0;
  if (judge->in_name && judge->head->fields != NULL && judge->data[judge->line] != '\r') {
    memset(current_field(judge), 0, sizeof(fp_http_field));
  }
}

/* The line that ends in CRLF just before data[done]. */
static fp_status end_line(fp_http_judge *judge, fp_error *error) {
  uint32_t line_end = (uint32_t)(judge->done - 2);
  fp_status status = FASTPATH_OK;
  if (judge->line_count != 0) {
    finish_field(judge, line_end);
  } else if (judge->is_response) {
    status = fp_http_check_status_line(judge->data, line_end, judge->head, error);
  } else {
    status = fp_http_check_request_line(judge->data, line_end, judge->head, error);
  }
  judge->line_count++;
  return status;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Empty lines before the start line: some clients send one after a body (RFC 9112 2.2). */
static fp_status skip_blank_lines(fp_http_judge *judge, size_t len, fp_error *error) {
  const size_t end = smaller(len, judge->limits.max_head);
  while (judge->done < end && (judge->data[judge->done] == '\r' || judge->data[judge->done] == '\n')) {
    if (judge->is_response) {
      return refuse(judge, FASTPATH_ERR_HTTP_STATUS_LINE, 502, judge->done, "empty line before the status line", error);
    }
    if (judge->data[judge->done] == '\n') {
      return refuse(judge, FASTPATH_ERR_HTTP_LINE_END, 400, judge->done, "LF without CR", error);
    }
    if (judge->blank_lines == judge->limits.max_leading_blank) {
      return refuse(judge, FASTPATH_ERR_HTTP_LINE_END, 400, judge->done, "empty line before the request line", error);
    }
    if (len - judge->done < 2) return FASTPATH_NEED_MORE;
    if (judge->data[judge->done + 1] != '\n') {
      return refuse(judge, FASTPATH_ERR_HTTP_LINE_END, 400, judge->done + 1, "CR without LF", error);
    }
    judge->blank_lines++;
    judge->done += 2;
    judge->line = judge->done;
  }
  return judge->done < len ? FASTPATH_OK : FASTPATH_NEED_MORE;
}

/* Where a limit stands in the way of data[done]. */
static fp_status check_limits(const fp_http_judge *judge, uint32_t max_fields, fp_error *error) {
  const size_t done = judge->done, line = judge->line;
  const bool in_fields = judge->line_count != 0;
  if (in_fields && done == line && judge->line_count > max_fields && judge->data[done] != '\r') {
    return refuse(judge, FASTPATH_ERR_HTTP_TOO_MANY_HEADERS, 431, done, "too many headers", error);
  }
  if (in_fields && judge->in_name && done - line > NAME_MAX_LEN) {
    return refuse(judge, FASTPATH_ERR_HTTP_LINE_TOO_LONG, 431, line + NAME_MAX_LEN, "header name too long", error);
  }
  const size_t max_line = judge->limits.max_line;
  const bool at_line_end = judge->data[done] == '\r' || (done != line && judge->data[done - 1] == '\r');
  if (done - line >= max_line && !at_line_end) {
    if (in_fields || judge->is_response) {
      return refuse(judge, FASTPATH_ERR_HTTP_LINE_TOO_LONG, 431, line + max_line, "line too long", error);
    }
    return refuse(judge, FASTPATH_ERR_HTTP_TARGET_TOO_LONG, 414, line + max_line, "request line too long", error);
  }
  return FASTPATH_OK;
}

/* How far llhttp may run before something is to be looked at: a line's end, or a limit. */
static size_t next_stop(const fp_http_judge *judge, size_t len) {
  const size_t done = judge->done, line = judge->line, max_line = judge->limits.max_line;
  size_t stop = smaller(len, judge->limits.max_head);
  if (judge->in_name) stop = smaller(stop, line + NAME_MAX_LEN + 1);
  stop = smaller(stop, done - line < max_line ? line + max_line : line + max_line + 2);
  const uint8_t *newline = memchr(judge->data + done, '\n', stop - done);
  return newline == NULL ? stop : (size_t)(newline - judge->data) + 1;
}

static fp_status judge_feed(fp_http_judge *judge, const uint8_t *data, size_t len, uint32_t field_capacity,
                            fp_error *error) {
  const uint32_t max_fields = (uint32_t)smaller(judge->limits.max_headers, field_capacity);
  judge->data = data;
  for (;;) {
    fp_status status = FASTPATH_OK;
    if (judge->line_count == 0 && judge->done == judge->line) {
      status = skip_blank_lines(judge, len, error);
      if (status < 0) return status;
    }
    if (judge->done >= judge->limits.max_head) {
      return refuse(judge, FASTPATH_ERR_HTTP_HEAD_TOO_LARGE, 431, judge->limits.max_head, "head too large", error);
    }
    if (status != FASTPATH_OK || judge->done == len) return FASTPATH_NEED_MORE;
    status = check_limits(judge, max_fields, error);
    if (status != FASTPATH_OK) return status;

    if (judge->done == judge->line) begin_line(judge);
    size_t stop = next_stop(judge, len);
    llhttp_errno_t code = llhttp_execute(&judge->parser, (const char *)data + judge->done, stop - judge->done);
    if (code != HPE_OK && code != HPE_PAUSED) return translate(judge, code, error);
    judge->done = stop;
    if (code == HPE_PAUSED) break;
    if (data[stop - 1] == '\n') {
      status = end_line(judge, error);
      if (status != FASTPATH_OK) return status;
      judge->line = stop;
    }
  }
  judge->head->field_count = judge->line_count - 1;
  judge->head->head_len = (uint32_t)judge->done;
  return FASTPATH_OK;
}

/* A whole head at once, its spans written where the caller wants them. */
static fp_status judge_whole(fp_http_judge *judge, const uint8_t *data, size_t len, const fp_http_head *room,
                             fp_error *error) {
  judge->start.fields = room->fields;
  judge->start.field_capacity = room->field_capacity;
  return judge_feed(judge, data, len, room->field_capacity, error);
}

fp_status fp_http_judge_request(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head,
                                fp_error *error) {
  fp_http_judge judge;
  judge_init(&judge, false, limits);
  fp_status status = judge_whole(&judge, data, len, head, error);
  if (status == FASTPATH_OK) status = fp_http_check_request_fields(data, &judge.start, error);
  if (status == FASTPATH_OK) *head = judge.start;
  return status;
}

fp_status fp_http_judge_response(const uint8_t *data, size_t len, fp_http_method request_method,
                                 const fp_http_limits *limits, fp_http_head *head, fp_error *error) {
  fp_http_judge judge;
  judge_init(&judge, true, limits);
  fp_status status = judge_whole(&judge, data, len, head, error);
  if (status == FASTPATH_OK) status = fp_http_check_response_fields(data, request_method, &judge.start, error);
  if (status == FASTPATH_OK) *head = judge.start;
  return status;
}

fp_http_judge *fp_http_judge_new(bool is_response, const fp_http_limits *limits) {
  fp_http_judge *judge = fp_memory_alloc(sizeof *judge);
  if (judge != NULL) judge_init(judge, is_response, limits);
  return judge;
}

void fp_http_judge_free(fp_http_judge *judge) { fp_memory_free(judge); }

void fp_http_judge_reset(fp_http_judge *judge) { start_over(judge); }

bool fp_http_judge_has_begun(const fp_http_judge *judge) { return judge->done != 0; }

fp_status fp_http_judge_feed(fp_http_judge *judge, const uint8_t *data, size_t len, uint32_t field_capacity,
                             fp_error *error) {
  return judge_feed(judge, data, len, field_capacity, error);
}
