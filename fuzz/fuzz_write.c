/*
 * fuzz_write.c - rewriting heads: whatever parses is rewritten to exactly one head, which parses again and says what it
 * should: the same framing, the wanted target and authority, the kept fields in order, nothing that belongs to a hop.
 *
 * The first two bytes choose the role and what the rewrite is told; the rest is the head.
 */
#include <fastpath/http_write.h>
#include <string.h>

#include "fuzz_check.h"

#define S(literal) ((fp_span){(const uint8_t *)(literal), sizeof(literal) - 1})
enum {
  FIELDS = 100
};

static const fp_http_op operations[] = {
    {.kind = FASTPATH_HTTP_OP_SET, .slot = -1, .name = S("x-set"), .value = S("1")},
    {.kind = FASTPATH_HTTP_OP_APPEND, .slot = 0, .name = S("x-append")},
    {.kind = FASTPATH_HTTP_OP_REMOVE, .slot = -1, .name = S("x-remove")},
    {.kind = FASTPATH_HTTP_OP_ADD_IF_ABSENT, .slot = -1, .name = S("accept"), .value = S("2")},
    {.kind = FASTPATH_HTTP_OP_OVERWRITE_IF_EXISTS, .slot = -1, .name = S("cookie"), .value = S("3")},
};

static fp_span at(const uint8_t *data, uint32_t offset, uint32_t len) { return (fp_span){data + offset, len}; }

static uint8_t lower(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte; }

static int same(fp_span a, fp_span b) { return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0); }

static int is(fp_span name, const char *word) {
  if (name.len != strlen(word)) return 0;
  for (size_t i = 0; i < name.len; i++) {
    if (lower(name.data[i]) != (uint8_t)word[i]) return 0;
  }
  return 1;
}

/* Is the name, on its own, a member of some Connection field? */
static int connection_names(const uint8_t *data, const fp_http_head *head, fp_span name) {
  for (uint32_t i = 0; i < head->field_count; i++) {
    const fp_http_field *field = &head->fields[i];
    if (!is(at(data, field->name, field->name_len), "connection")) continue;
    const uint8_t *member = data + field->value, *end = member + field->value_len;
    while (member < end) {
      const uint8_t *comma = memchr(member, ',', (size_t)(end - member)), *stop = comma == NULL ? end : comma,
                    *last = stop;
      while (member < last && (*member == ' ' || *member == '\t')) member++;
      while (last > member && (last[-1] == ' ' || last[-1] == '\t')) last--;
      char word[256];
      size_t len = (size_t)(last - member);
      if (len == name.len && len < sizeof word) {
        for (size_t j = 0; j < len; j++) word[j] = (char)lower(member[j]);
        word[len] = '\0';
        if (strlen(word) == len && is(name, word)) return 1;
      }
      member = stop + 1;
    }
  }
  return 0;
}

static int is_own(fp_span name) {
  static const char *const words[] = {
      "host", "content-length", "transfer-encoding", "connection",         "keep-alive",          "proxy-connection",
      "te",   "trailer",        "upgrade",           "proxy-authenticate", "proxy-authorization", "http2-settings"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (is(name, words[i])) return 1;
  }
  return 0;
}

static int is_operated_on(fp_span name) {
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    if (is(name, (const char *)operations[i].name.data)) return 1;
  }
  return 0;
}

/* The fields that nothing speaks about are all there, in order, and nothing else is. */
static void check_kept_fields(const uint8_t *before, const fp_http_head *was, const uint8_t *after,
                              const fp_http_head *now) {
  uint32_t next = 0;
  for (uint32_t i = 0; i < was->field_count; i++) {
    fp_span name = at(before, was->fields[i].name, was->fields[i].name_len);
    if (is_own(name) || is_operated_on(name) || connection_names(before, was, name)) continue;
    for (; next < now->field_count; next++) {
      fp_span other = at(after, now->fields[next].name, now->fields[next].name_len);
      if (!is_own(other) && !is_operated_on(other)) break;
    }
    FUZZ_CHECK(next < now->field_count);
    FUZZ_CHECK(same(name, at(after, now->fields[next].name, now->fields[next].name_len)));
    FUZZ_CHECK(same(at(before, was->fields[i].value, was->fields[i].value_len),
                    at(after, now->fields[next].value, now->fields[next].value_len)));
    next++;
  }
  for (; next < now->field_count; next++) {
    fp_span other = at(after, now->fields[next].name, now->fields[next].name_len);
    FUZZ_CHECK(is_own(other) || is_operated_on(other));
  }
}

static uint32_t count_fields(const uint8_t *data, const fp_http_head *head, const char *word) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < head->field_count; i++) {
    count += (uint32_t)is(at(data, head->fields[i].name, head->fields[i].name_len), word);
  }
  return count;
}

static void check_framing(const fp_http_head *was, const fp_http_head *now, const fp_http_forward *forward) {
  uint32_t kinds = FASTPATH_HTTP_CHUNKED | FASTPATH_HTTP_HAS_CONTENT_LENGTH, expected = was->flags & kinds;
  uint64_t length = was->content_length;
  if (forward->framing == FASTPATH_FRAMING_LENGTH) {
    expected = FASTPATH_HTTP_HAS_CONTENT_LENGTH;
    length = forward->content_length;
  } else if (forward->framing != FASTPATH_FRAMING_AS_RECEIVED) {
    expected = forward->framing == FASTPATH_FRAMING_CHUNKED ? FASTPATH_HTTP_CHUNKED : 0;
  }
  if (was->status != 0 && (was->status < 200 || was->status == 204)) expected = 0;
  FUZZ_CHECK((now->flags & kinds) == expected);
  if (expected & FASTPATH_HTTP_HAS_CONTENT_LENGTH) FUZZ_CHECK(now->content_length == length);
}

static void check_request(const uint8_t *before, const fp_http_head *was, const uint8_t *after, const fp_http_head *now,
                          const fp_http_forward *forward) {
  fp_span authority = at(before, was->authority_off, was->authority_len),
          path = at(before, was->path_off, was->path_len);
  fp_span query = at(before, was->query_off, was->query_len);
  if (forward->authority.data != NULL) authority = forward->authority;
  if (forward->query.data != NULL) query = forward->query;
  FUZZ_CHECK(now->minor == 1 && (now->flags & FASTPATH_HTTP_ABSOLUTE_FORM) == 0);
  FUZZ_CHECK(same(at(before, was->method_off, was->method_len), at(after, now->method_off, now->method_len)));
  FUZZ_CHECK(same(authority, at(after, now->authority_off, now->authority_len)));
  FUZZ_CHECK(count_fields(after, now, "host") == 1);
  if (was->method == FASTPATH_HTTP_METHOD_CONNECT) return;
  if (forward->path.data != NULL) path = forward->path;
  if (path.len > 0) FUZZ_CHECK(same(path, at(after, now->path_off, now->path_len)));
  FUZZ_CHECK(same(query, at(after, now->query_off, now->query_len)));
}

static void check_hops(const uint8_t *after, const fp_http_head *now, const fp_http_forward *forward) {
  FUZZ_CHECK(count_fields(after, now, "keep-alive") == 0 && count_fields(after, now, "proxy-connection") == 0);
  FUZZ_CHECK(count_fields(after, now, "http2-settings") == 0 && count_fields(after, now, "connection") <= 1);
  FUZZ_CHECK(count_fields(after, now, "x-remove") == 0 && count_fields(after, now, "x-set") == 1);
  FUZZ_CHECK(count_fields(after, now, "accept") >= 1 && count_fields(after, now, "cookie") <= 1);
  if ((forward->flags & FASTPATH_FORWARD_UPGRADE) == 0) FUZZ_CHECK(count_fields(after, now, "upgrade") == 0);
  if ((forward->flags & FASTPATH_FORWARD_PROXY_AUTH) == 0)
    FUZZ_CHECK(count_fields(after, now, "proxy-authorization") == 0);
  if (forward->flags & FASTPATH_FORWARD_CLOSE) FUZZ_CHECK((now->flags & FASTPATH_HTTP_KEEP_ALIVE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  fp_http_field fields[FIELDS], new_fields[FIELDS + 16];
  fp_http_head was = {.fields = fields, .field_capacity = FIELDS},
               now = {.fields = new_fields, .field_capacity = FIELDS + 16};
  const fp_span values[] = {S("slot")};
  fp_http_limits wide;
  fp_error error;
  size_t bound, new_len;
  if (len < 2) return 0;
  int is_response = data[0] & 1;
  fp_http_forward forward = {.values = values, .value_count = 1, .content_length = 42};
  forward.flags = data[0] >> 1 & 15;
  forward.framing = data[0] >> 5 & 3;
  if (data[1] & 1) forward.authority = S("b.example:8080");
  if (data[1] & 2) forward.path = S("/new/path");
  if (data[1] & 4) forward.query = S("new=query");
  if (data[1] & 8) forward.query = S("");
  data += 2;
  len -= 2;
  fp_http_limits_default(&wide);
  wide.max_headers = FIELDS + 16;
  wide.max_head *= 2;

  fp_status status = is_response ? fp_http_parse_response(data, len, FASTPATH_HTTP_METHOD_GET, NULL, &was, &error)
                                 : fp_http_parse_request(data, len, NULL, &was, &error);
  if (status != FASTPATH_OK) return 0;
  fp_http_rewrite *rewrite = fp_http_rewrite_new(operations, sizeof operations / sizeof operations[0], &error);
  FUZZ_CHECK(rewrite != NULL);
  forward.rewrite = rewrite;
  fp_status (*const run)(const uint8_t *, const fp_http_head *, const fp_http_forward *, uint8_t *, size_t, size_t *,
                         fp_error *) = is_response ? fp_http_rewrite_response : fp_http_rewrite_request;
  status = run(data, &was, &forward, NULL, 0, &bound, &error);
  if (status == FASTPATH_NEED_MORE) {
    uint8_t *out = malloc(bound);
    status = run(data, &was, &forward, out, bound, &new_len, &error);
    if (status == FASTPATH_OK) {
      FUZZ_CHECK(new_len <= bound);
      status = is_response ? fp_http_parse_response(out, new_len, FASTPATH_HTTP_METHOD_GET, &wide, &now, &error)
                           : fp_http_parse_request(out, new_len, &wide, &now, &error);
      FUZZ_CHECK(status == FASTPATH_OK && now.head_len == new_len);
      check_kept_fields(data, &was, out, &now);
      check_framing(&was, &now, &forward);
      check_hops(out, &now, &forward);
      if (!is_response) check_request(data, &was, out, &now, &forward);
      if (is_response) FUZZ_CHECK(now.status == was.status);
    } else {
      FUZZ_CHECK(status == FASTPATH_ERR_HTTP_HEADER_VALUE);
    }
    free(out);
  } else {
    FUZZ_CHECK(status == FASTPATH_ERR_HTTP_HOST ||
               (status == FASTPATH_ERR_ARGUMENT && was.method == FASTPATH_HTTP_METHOD_CONNECT));
  }
  fp_http_rewrite_unref(rewrite);
  return 0;
}
