/*
 * http_rewrite.c - a parsed head, rewritten for the next hop.
 *
 * Lines that stay are copied in runs: a run ends only where a line is dropped. What frames the message or belongs to the
 * connection is always dropped and written anew from parsed values, behind the rest.
 */
#include "http_rewrite.h"

#include <string.h>

#include "error.h"
#include "http_authority.h"
#include "http_list.h"
#include "http_message.h"
#include "http_referer.h"
#include "http_rewrite_ops.h"

enum {
  MAX_CONNECTION_OPTIONS = 64
};
enum {
  OWN_LINES_MAX = 256
}; /* Content-Length or Transfer-Encoding, Connection, TE, and the blank line */

/* One rewrite under way. */
typedef struct rewriting {
  const uint8_t *data;
  const fp_http_head *head;
  const fp_http_forward *forward;
  fp_span options[MAX_CONNECTION_OPTIONS]; /* what Connection names besides the usual */
  size_t option_count;
  uint64_t option_lengths;
  uint64_t seen[(REWRITE_MAX_NAMES + 63) / 64]; /* names that the input has */
  uint8_t *to;
  uint8_t is_response;
  uint8_t keep_host;
  uint8_t chunked; /* the result is */
  uint8_t te_trailers;
  uint8_t upgrade; /* the result asks for one */
  int8_t referer;  /* whether a request's Referer is valid; -1: nobody has looked */
} rewriting;

static fp_span span_at(const uint8_t *data, uint32_t offset, uint32_t len) { return (fp_span){data + offset, len}; }

static fp_span value_of(const rewriting *r, const fp_http_field *field) {
  return span_at(r->data, field->value, field->value_len);
}

/* ---- checks */

static fp_status bad_argument(fp_error *error, size_t position, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, position, "%s", reason);
}

static fp_status check_target(const fp_http_head *head, const fp_http_forward *forward, fp_error *error) {
  size_t offending;
  fp_span path = forward->path, query = forward->query, method = forward->method;
  if (method.data != NULL && (method.len == 0 || fp_http_run(method.data, method.len, HTTP_CHAR_TOKEN) < method.len)) {
    return bad_argument(error, 0, "method is not a token");
  }
  const int connects = head->method == FASTPATH_HTTP_METHOD_CONNECT;
  if (method.data != NULL && (fp_http_method_of(method) == FASTPATH_HTTP_METHOD_CONNECT) != connects) {
    return bad_argument(error, 0,
                        "a CONNECT, which has another kind of target, and another method cannot be exchanged");
  }
  if (connects && (forward->framing == FASTPATH_FRAMING_CHUNKED ||
                   (forward->framing == FASTPATH_FRAMING_LENGTH && forward->content_length != 0))) {
    return bad_argument(error, 0, "a CONNECT has no body");
  }
  if (forward->authority.data != NULL &&
      !fp_http_authority_is_valid(forward->authority.data, forward->authority.len, connects, &offending)) {
    return bad_argument(error, offending, "authority is not host[:port]");
  }
  if (path.data != NULL) {
    size_t run = fp_http_run(path.data, path.len, HTTP_CHAR_TARGET);
    if (path.len == 0 || path.data[0] != '/' || run < path.len || memchr(path.data, '?', path.len) != NULL) {
      return bad_argument(error, run, "path does not begin with '/' or holds a byte that may not stand there");
    }
  }
  if (query.data != NULL) {
    size_t run = fp_http_run(query.data, query.len, HTTP_CHAR_TARGET);
    if (run < query.len) return bad_argument(error, run, "query holds a byte that may not stand there");
  }
  if (head->authority_len == 0 && forward->authority.data == NULL) {
    return fp_error_set(error, FASTPATH_ERR_HTTP_HOST, 400, 0, "a request without Host needs an authority");
  }
  return FASTPATH_OK;
}

fp_status fp_http_rewrite_check(const fp_http_head *head, const fp_http_forward *forward, int is_response,
                                size_t *bound, fp_error *error) {
  const fp_http_rewrite *rewrite = forward->rewrite;
  size_t size = (size_t)head->head_len + OWN_LINES_MAX + rewrite->text_len;
  if (!is_response) {
    fp_status status = check_target(head, forward, error);
    if (status < 0) return status;
    /* The authority may be written twice, as CONNECT's target and as Host. */
    size += forward->method.len + forward->path.len + forward->query.len + 2 * forward->authority.len;
    size += head->authority_len;
  }
  if (rewrite->slot_count > forward->value_count) {
    return bad_argument(error, forward->value_count, "a header operation's slot has no value");
  }
  for (uint32_t i = 0; i < rewrite->line_count; i++) {
    if (rewrite->lines[i].slot < 0) continue;
    size_t slot = (size_t)rewrite->lines[i].slot;
    fp_span value = forward->values[slot];
    if (value.data == NULL) continue;
    if (fp_http_run(value.data, value.len, HTTP_CHAR_VALUE) < value.len) {
      return bad_argument(error, slot, "control character in a header value");
    }
    size += value.len + 2;
  }
  *bound = size;
  return FASTPATH_OK;
}

/* ---- what Connection names */

static fp_status collect_options(rewriting *r, fp_error *error) {
  for (uint32_t i = 0; i < r->head->field_count; i++) {
    const fp_http_field *field = &r->head->fields[i];
    fp_span list = value_of(r, field), option;
    if (field->id != FASTPATH_HTTP_NAME_CONNECTION) continue;
    while (fp_list_next(&list, &option)) {
      uint16_t id = fp_http_name_id(option.data, option.len);
      /* Not a field, or one that is dropped or written anew in any case. */
      if (fp_list_is(option, "close") || r->forward->rewrite->by_id[id] == REWRITE_OWN) continue;
      if (r->option_count == MAX_CONNECTION_OPTIONS) {
        return fp_error_set(error, FASTPATH_ERR_HTTP_HEADER_VALUE, 400, field->value, "Connection names over %d fields",
                            MAX_CONNECTION_OPTIONS);
      }
      r->options[r->option_count++] = option;
      r->option_lengths |= UINT64_C(1) << (option.len & 63);
    }
  }
  return FASTPATH_OK;
}

static int is_option(const rewriting *r, const fp_http_field *field) {
  if ((r->option_lengths >> (field->name_len & 63) & 1) == 0) return 0;
  for (size_t i = 0; i < r->option_count; i++) {
    if (r->options[i].len == field->name_len &&
        fp_http_same_name(r->options[i].data, r->data + field->name, field->name_len)) {
      return 1;
    }
  }
  return 0;
}

/* ---- fields */

/* Does a field that the rewrite owns stay as it is? */
static int keeps_own(rewriting *r, const fp_http_field *field) {
  switch (field->id) {
    case FASTPATH_HTTP_NAME_HOST: return r->keep_host;
    case FASTPATH_HTTP_NAME_TRAILER: return r->chunked;
    case FASTPATH_HTTP_NAME_PROXY_AUTHENTICATE:
    case FASTPATH_HTTP_NAME_PROXY_AUTHORIZATION: return (r->forward->flags & FASTPATH_FORWARD_PROXY_AUTH) != 0;
    case FASTPATH_HTTP_NAME_UPGRADE: return r->upgrade;
    case FASTPATH_HTTP_NAME_TE:
      r->te_trailers |= (uint8_t)(!r->is_response && fp_list_has(value_of(r, field), "trailers"));
      return 0;
    default: return 0;
  }
}

static int keeps(rewriting *r, const fp_http_field *field) {
  const fp_http_rewrite *rewrite = r->forward->rewrite;
  uint8_t action = REWRITE_KEEP;
  if (field->id != 0) {
    action = rewrite->by_id[field->id];
  } else if (rewrite->lengths >> (field->name_len & 63) & 1) {
    action = fp_http_rewrite_find(rewrite, r->data + field->name, field->name_len);
  }
  if (action == REWRITE_OWN) return keeps_own(r, field);
  if (is_option(r, field)) return 0;
  if (action == REWRITE_KEEP) return 1;
  if (field->id == HTTP_NAME_REFERER) {
    if (r->referer < 0) {
      r->referer = r->is_response || fp_http_referer_is_valid(r->data, r->head->fields, r->head->field_count);
    }
    if (!r->referer || action == REWRITE_REFERER) return r->referer;
  }
  r->seen[(action - 1) >> 6] |= UINT64_C(1) << ((action - 1) & 63);
  return !rewrite->names[action - 1].drop;
}

static void copy_kept_fields(rewriting *r, uint32_t run) {
  const fp_http_head *head = r->head;
  uint32_t fields_end = head->head_len - 2;
  for (uint32_t i = 0; i < head->field_count; i++) {
    const fp_http_field *field = &head->fields[i];
    if (keeps(r, field)) continue;
    r->to = fp_emit(r->to, r->data + run, field->name - run);
    run = i + 1 < head->field_count ? head->fields[i + 1].name : fields_end;
  }
  r->to = fp_emit(r->to, r->data + run, fields_end - run);
}

static void put_operations(rewriting *r) {
  const fp_http_rewrite *rewrite = r->forward->rewrite;
  for (uint32_t i = 0; i < rewrite->line_count; i++) {
    const rewrite_line *line = &rewrite->lines[i];
    if (line->when != REWRITE_ALWAYS) {
      int was_seen = r->seen[line->name >> 6] >> (line->name & 63) & 1;
      if ((line->when == REWRITE_WHEN_PRESENT) != was_seen) continue;
    }
    if (line->slot < 0) {
      r->to = fp_emit(r->to, rewrite->text + line->text, line->len);
    } else if (r->forward->values[line->slot].data != NULL) {
      r->to = fp_emit(r->to, rewrite->text + line->text, line->len);
      r->to = fp_emit_span(r->to, fp_trimmed(r->forward->values[line->slot]));
      r->to = FP_EMIT_LITERAL(r->to, "\r\n");
    }
  }
}

/* ---- framing and connection */

static void put_framing(rewriting *r, int without_fields) {
  uint32_t flags = r->head->flags;
  int framing = r->forward->framing;
  uint64_t length = framing == FASTPATH_FRAMING_LENGTH ? r->forward->content_length : r->head->content_length;
  if (without_fields) return;
  if (r->chunked) {
    r->to = FP_EMIT_LITERAL(r->to, "Transfer-Encoding: chunked\r\n");
  } else if (framing == FASTPATH_FRAMING_LENGTH ||
             (framing == FASTPATH_FRAMING_AS_RECEIVED && flags & FASTPATH_HTTP_HAS_CONTENT_LENGTH)) {
    r->to = FP_EMIT_LITERAL(r->to, "Content-Length: ");
    r->to = fp_emit_number(r->to, length);
    r->to = FP_EMIT_LITERAL(r->to, "\r\n");
  }
}

static void put_connection(rewriting *r) {
  static const char *const words[] = {"close", "keep-alive", "upgrade", "te"};
  uint32_t flags = r->forward->flags;
  const int wanted[] = {(flags & FASTPATH_FORWARD_CLOSE) != 0,
                        (flags & FASTPATH_FORWARD_KEEP_ALIVE) != 0 && (flags & FASTPATH_FORWARD_CLOSE) == 0, r->upgrade,
                        r->te_trailers};
  int any = 0;
  if (r->te_trailers) r->to = FP_EMIT_LITERAL(r->to, "TE: trailers\r\n");
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (!wanted[i]) continue;
    r->to = any ? FP_EMIT_LITERAL(r->to, ", ") : FP_EMIT_LITERAL(r->to, "Connection: ");
    r->to = fp_emit(r->to, words[i], strlen(words[i]));
    any = 1;
  }
  if (any) r->to = FP_EMIT_LITERAL(r->to, "\r\n");
}

/* h2c changes the protocol behind the back of whoever forwards it, so it is never passed on. */
int fp_http_rewrite_upgrades(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward) {
  if ((forward->flags & FASTPATH_FORWARD_UPGRADE) == 0 || (head->flags & FASTPATH_HTTP_UPGRADE) == 0) return 0;
  for (uint32_t i = 0; i < head->field_count; i++) {
    const fp_http_field *field = &head->fields[i];
    if (field->id == FASTPATH_HTTP_NAME_UPGRADE && fp_list_has(span_at(data, field->value, field->value_len), "h2c")) {
      return 0;
    }
  }
  return 1;
}

/* ---- start lines: returns where the run of kept bytes starts */

static uint32_t fields_start(const fp_http_head *head) {
  return head->field_count > 0 ? head->fields[0].name : head->head_len - 2;
}

static void put_target(rewriting *r, fp_span authority) {
  const fp_http_head *head = r->head;
  const fp_http_forward *forward = r->forward;
  fp_span path = span_at(r->data, head->path_off, head->path_len);
  fp_span query = span_at(r->data, head->query_off, head->query_len);
  int has_query = head->query_off > 0;
  if (head->method == FASTPATH_HTTP_METHOD_CONNECT) {
    r->to = fp_emit_span(r->to, authority);
    return;
  }
  if (forward->query.data != NULL) {
    query = forward->query;
    has_query = query.len > 0;
  }
  if (forward->path.data != NULL) {
    path = forward->path;
  } else if (path.len == 0) { /* absolute-form without a path: RFC 9112 3.2.1, 3.2.4 */
    int asterisk = head->method == FASTPATH_HTTP_METHOD_OPTIONS && !has_query;
    path = (fp_span){(const uint8_t *)(asterisk ? "*" : "/"), 1};
  }
  r->to = fp_emit_span(r->to, path);
  if (has_query) {
    *r->to++ = '?';
    r->to = fp_emit_span(r->to, query);
  }
}

static uint32_t put_request_line(rewriting *r) {
  const fp_http_head *head = r->head;
  const fp_http_forward *forward = r->forward;
  fp_span authority =
      forward->authority.data != NULL ? forward->authority : span_at(r->data, head->authority_off, head->authority_len);
  r->keep_host = forward->authority.data == NULL && (head->flags & FASTPATH_HTTP_ABSOLUTE_FORM) == 0 &&
                 head->method != FASTPATH_HTTP_METHOD_CONNECT;
  if (r->keep_host && forward->path.data == NULL && forward->query.data == NULL && forward->method.data == NULL &&
      head->minor == 1) {
    return head->method_off; /* the request line is as it should be */
  }
  r->to = fp_emit_span(
      r->to, forward->method.data != NULL ? forward->method : span_at(r->data, head->method_off, head->method_len));
  *r->to++ = ' ';
  put_target(r, authority);
  r->to = FP_EMIT_LITERAL(r->to, " HTTP/1.1\r\n");
  if (!r->keep_host) {
    r->to = FP_EMIT_LITERAL(r->to, "Host: ");
    r->to = fp_emit_span(r->to, authority);
    r->to = FP_EMIT_LITERAL(r->to, "\r\n");
  }
  return fields_start(head);
}

static uint32_t put_status_line(rewriting *r) {
  const fp_http_head *head = r->head;
  if (head->minor == 1) return 0; /* nothing may stand before a status line */
  r->to = FP_EMIT_LITERAL(r->to, "HTTP/1.1 ");
  r->to = fp_emit_number(r->to, head->status);
  *r->to++ = ' ';
  r->to = fp_emit_span(r->to, span_at(r->data, head->reason_off, head->reason_len));
  r->to = FP_EMIT_LITERAL(r->to, "\r\n");
  return fields_start(head);
}

/* ---- all of it */

fp_status fp_http_rewrite_put(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
                              int is_response, uint8_t *dst, size_t *len, fp_error *error) {
  int without_framing = is_response && (head->status < 200 || head->status == 204);
  rewriting r;
  r.data = data;
  r.head = head;
  r.forward = forward;
  r.option_count = 0;
  r.option_lengths = 0;
  memset(r.seen, 0, sizeof r.seen);
  r.to = dst;
  r.is_response = (uint8_t)is_response;
  r.keep_host = 0;
  r.te_trailers = 0;
  r.referer = -1;
  r.upgrade = (uint8_t)fp_http_rewrite_upgrades(data, head, forward);
  r.chunked = !without_framing &&
              (forward->framing == FASTPATH_FRAMING_CHUNKED ||
               (forward->framing == FASTPATH_FRAMING_AS_RECEIVED && (head->flags & FASTPATH_HTTP_CHUNKED) != 0));
  if (head->flags & FASTPATH_HTTP_CONNECTION_OPTIONS) {
    fp_status status = collect_options(&r, error);
    if (status < 0) return status;
  }
  copy_kept_fields(&r, is_response ? put_status_line(&r) : put_request_line(&r));
  put_operations(&r);
  put_framing(&r, without_framing);
  put_connection(&r);
  r.to = FP_EMIT_LITERAL(r.to, "\r\n");
  *len = (size_t)(r.to - dst);
  return FASTPATH_OK;
}

static fp_status rewrite_head(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
                              int is_response, uint8_t *dst, size_t capacity, size_t *len, fp_error *error) {
  size_t bound;
  fp_status status = fp_http_rewrite_check(head, forward, is_response, &bound, error);
  if (status < 0) return status;
  if (capacity < bound) {
    *len = bound;
    return FASTPATH_NEED_MORE;
  }
  return fp_http_rewrite_put(data, head, forward, is_response, dst, len, error);
}

fp_status fp_http_rewrite_request(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
                                  uint8_t *dst, size_t capacity, size_t *len, fp_error *error) {
  return rewrite_head(data, head, forward, 0, dst, capacity, len, error);
}

fp_status fp_http_rewrite_response(const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
                                   uint8_t *dst, size_t capacity, size_t *len, fp_error *error) {
  return rewrite_head(data, head, forward, 1, dst, capacity, len, error);
}
