/*
 * http_scan_body.h - the scan itself, written once over five small operations that http_scan_<isa>.c defines before it
 * includes this file:
 *
 *   find_controls(at, &controls, &returns)   of 64 bytes, a bit per byte: control, DEL or not ASCII; CR
 *   token_run(at)                            how many of 32 bytes are token bytes from the first on (RFC 9110 5.6.2);
 *                                            may stop early at a rare one
 *   host_run(at)                             the same for bytes of a host's name (RFC 3986 3.2.2)
 *   is_name(at, folded, len)                 at[0 .. len] is folded[0 .. len], letter case aside
 *   target_masks(at, &questions)             of 32 bytes, a bit per byte: not fit for a target; '?'
 *
 *   first pass   GET / HTTP/1.1^Host: a^Accept: x^^        64 bytes a step: where the CRs (^) are, and no other
 *                              |       |         ||        control byte anywhere
 *   second pass                [----][-------]              a line at a time, its end known: one load decides the name
 *
 * Two passes, because the first has no branch that depends on the text and the second never searches: what costs time
 * in a parser is the branch that a CPU cannot foresee. Every doubt is answered "do not know".
 */
#include <string.h>

#include "bits.h"
#include "http_chars.h"
#include "http_framing_rules.h"
#include "http_names.h"
#include "http_scan.h"

enum {
  BLOCK = 64,        /* bytes of a step of the first pass */
  LOAD = 32,         /* bytes of a load of the second */
  OFFSET_MAX = 1 << 30,
  LINES_MAX = 126,   /* more lines than this are for the judge */
  SHORTEST_HEAD = 16 /* a bound for loads; no acceptable head is as short */
};

/* The input, and a copy of its end that may be read past. A short input is read from the copy altogether. */
typedef struct view {
  const uint8_t *data;
  size_t len;
  size_t last_block; /* the last offset at which BLOCK bytes may be read from data */
  size_t last_load;  /* the same for LOAD bytes and two more */
  uint8_t tail[BLOCK + LOAD + 2];
} view;

static inline void view_init(view *v, const uint8_t *data, size_t len) {
  v->data = data;
  v->len = len;
  memset(v->tail + BLOCK, 0, LOAD + 2);
  if (likely(len >= BLOCK)) {
    memcpy(v->tail, data + len - BLOCK, BLOCK);
    v->last_block = len - BLOCK;
    v->last_load = len - LOAD - 2;
    return;
  }
  memset(v->tail, 0, BLOCK);
  if (len >= LOAD) {
    memcpy(v->tail, data, LOAD);
    memcpy(v->tail + len - LOAD, data + len - LOAD, LOAD);
  } else {
    memcpy(v->tail, data, SHORTEST_HEAD);
    memcpy(v->tail + len - SHORTEST_HEAD, data + len - SHORTEST_HEAD, SHORTEST_HEAD);
  }
  v->data = v->tail;
  v->last_block = 0;
  v->last_load = BLOCK;
}

/* LOAD bytes and two more from an offset behind last_load on, zeros behind the end of the input. */
static inline const uint8_t *view_tail(const view *v, uint32_t offset) { return v->tail + BLOCK - (v->len - offset); }

static inline const uint8_t *view_at(const view *v, uint32_t offset) {
  return likely(offset <= v->last_load) ? v->data + offset : view_tail(v, offset);
}

/* Tabs and bytes outside ASCII are no controls, only rare. What a last CR has coming lies behind the input. */
static bool are_harmless(const view *v, size_t offset, uint64_t bits) {
  for (; bits != 0; bits &= bits - 1) {
    size_t at = offset + first_bit(bits);
    if (at >= v->len || (v->data[at] != '\t' && v->data[at] < 0x80)) return false;
  }
  return true;
}

/* Note where the lines of a block end. Most blocks hold two or fewer: writing two costs less than asking how many. */
static inline uint32_t *write_ends(uint64_t returns, uint32_t offset, uint32_t *ends) {
  uint32_t count = bit_count(returns);
  ends[0] = offset + first_bit_or_any(returns);
  returns &= returns - 1;
  ends[1] = offset + first_bit_or_any(returns);
  returns &= returns - 1;
  for (uint32_t *next = ends + 2; unlikely(returns != 0); returns &= returns - 1) *next++ = offset + first_bit(returns);
  return ends + count;
}

/*
 * The first pass: the offsets of the CRs up to the one of the blank line. Returns how many, 0 when there is no blank
 * line or something is wrong. That each CR has its LF remains to be seen.
 */
static inline uint32_t find_lines(const view *v, uint32_t *ends) {
  uint32_t *next = ends;
  uint64_t controls, returns, blank, before = 0; /* the CRs among the two bytes before this block */
  size_t offset = 0;
  for (;; offset += BLOCK) {
    if (unlikely(next > ends + LINES_MAX)) return 0;
    if (likely(offset <= v->last_block)) {
      find_controls(v->data + offset, &controls, &returns);
    } else if (offset < v->len) {
      unsigned overlap = (unsigned)(offset - v->last_block);
      find_controls(v->data + v->last_block, &controls, &returns);
      controls >>= overlap;
      returns >>= overlap;
    } else {
      return 0;
    }
    blank = returns & (returns << 2 | before);
    if (blank != 0) break;
    uint64_t unexpected = controls ^ (returns | returns << 1 | before >> 1);
    if (unlikely(unexpected != 0) && !are_harmless(v, offset, unexpected)) return 0;
    next = write_ends(returns, (uint32_t)offset, next);
    before = returns >> 62;
  }
  uint64_t in_head = blank ^ (blank - 1);
  uint64_t unexpected = (controls ^ (returns | returns << 1 | before >> 1)) & in_head;
  if (unlikely(unexpected != 0) && !are_harmless(v, offset, unexpected)) return 0;
  next = write_ends(returns & in_head, (uint32_t)offset, next);
  return next <= ends + LINES_MAX ? (uint32_t)(next - ends) : 0;
}

/* The well-known name in front of a colon, its bytes known to be token bytes and the ones before it CRLF. */
static inline uint32_t known_name(const uint8_t *at, uint32_t len) {
  uint64_t head = low_bytes(load64(at) | UINT64_C(0x2020202020202020), len);
  const fp_http_name_entry *entry =
      &fp_http_names.slots[fp_http_name_slot(head, load32(at + len - 4) | 0x20202020, len)];
  return entry->id & (0 - (uint32_t)is_name(at, entry->folded, len));
}

/* Any field at all: a long name, a rare byte in it, more blanks around the value or none, no value. */
static bool scan_odd_field(const uint8_t *data, uint32_t start, uint32_t end, fp_http_field *field) {
  uint32_t colon = start;
  while (colon < end && fp_http_is(data[colon], HTTP_CHAR_TOKEN)) colon++;
  if (colon == start || colon == end || data[colon] != ':' || colon - start > UINT16_MAX) return false;
  uint32_t value = colon + 1;
  while (value < end && (data[value] == ' ' || data[value] == '\t')) value++;
  while (end > value && (data[end - 1] == ' ' || data[end - 1] == '\t')) end--;
  *field = (fp_http_field){.name = start,
                           .value = value,
                           .value_len = end - value,
                           .name_len = (uint16_t)(colon - start),
                           .id = fp_http_name_id(data + start, colon - start)};
  return true;
}

/* What the second pass gathers about the names that http_framing.h asks for. */
typedef struct gathered {
  uint64_t tally;                               /* a byte per id: how many fields bear the name */
  const fp_http_field *last[HTTP_NAME_COUNT + 1]; /* per id the last field that bears it; garbage where none does */
} gathered;

static inline const fp_http_field *bearer(const gathered *g, unsigned id) {
  return (g->tally >> (8 * id) & 1) != 0 ? g->last[id] : NULL;
}

/* The second pass: the lines between ends[0] and the blank line, each one field. */
static inline bool scan_fields(const view *v, const uint32_t *ends, uint32_t count, fp_http_field *fields,
                               gathered *out) {
  const uint8_t *const data = v->data;
  const size_t last_load = v->last_load;
  uint32_t start = ends[0] + 2;
  uint64_t tally = 0;
  for (fp_http_field *field = fields; field < fields + count; field++) {
    const uint8_t *line = likely(start <= last_load) ? data + start : view_tail(v, start);
    uint32_t end = *++ends;
    uint32_t name_len = token_run(line), value = start + name_len + 2;
    uint32_t id = known_name(line, name_len);
    field->name = start;
    field->value = value;
    field->value_len = end - value;
    field->name_len = (uint16_t)name_len;
    field->id = (uint16_t)id;
    bool is_plain = memcmp(line + name_len, ": ", 2) == 0 && name_len != 0 && data[value] > ' ' && data[end - 1] > ' ';
    if (unlikely(!is_plain)) {
      if (!scan_odd_field(data, start, end, field)) return false;
      id = field->id;
    }
    if (memcmp(data + end, "\r\n", 2) != 0) return false;
    tally += fp_http_names.tally[id];
    out->last[id] = field;
    start = end + 2;
  }
  out->tally = tally;
  return true;
}

static inline bool lines_fit(const uint32_t *ends, uint32_t count, uint32_t head_len, uint32_t max_line) {
  if (likely(head_len <= max_line)) return true;
  for (uint32_t i = 0, start = 0; i < count; start = ends[i++] + 2) {
    if (ends[i] - start > max_line) return false;
  }
  return true;
}

/* "name" or "name:port", without a loop over the name. */
static inline bool is_plain_host(const view *v, const fp_http_field *field) {
  const uint8_t *host = view_at(v, field->value);
  uint32_t len = field->value_len, run = host_run(host);
  if (run >= len) return len != 0;
  if (run == 0 || run == LOAD || host[run] != ':' || len - run > 5) return false; /* ports of five digits need a look */
  uint32_t digits = len - run - 1;
  for (uint32_t i = 0; i < digits; i++) {
    if ((uint8_t)(host[run + 1 + i] - '0') > 9) return false;
  }
  return digits != 0;
}

static inline bool scan_method(const uint8_t *data, fp_http_head *head) {
#define METHOD(name)                                \
  if (memcmp(data, #name " ", sizeof #name) == 0) { \
    head->method = FASTPATH_HTTP_METHOD_##name;     \
    head->method_len = sizeof #name - 1;            \
    return true;                                    \
  }
  METHOD(GET)
  METHOD(POST)
  METHOD(PUT)
  METHOD(HEAD)
  METHOD(DELETE)
  METHOD(PATCH)
  METHOD(OPTIONS)
#undef METHOD
  return false;
}

/* "METHOD /path?query HTTP/1.x", the only form that is ordinary. */
static inline bool scan_request_line(const view *v, uint32_t end, fp_http_head *head) {
  const uint8_t *data = v->data;
  if (!scan_method(data, head)) return false;
  uint32_t target = head->method_len + 1;
  if (end < target + 1 + 9) return false;
  uint32_t target_end = end - 9, question = 0;
  if (data[target] != '/' || memcmp(data + target_end, " HTTP/1.", 8) != 0 || (data[end - 1] & 0xfe) != '0')
    return false;
  head->minor = data[end - 1] & 1;

  for (uint32_t at = target; at < target_end; at += LOAD) {
    uint64_t questions, inside = low_bits(target_end - at);
    uint64_t unfit = target_masks(view_at(v, at), &questions);
    if ((unfit & inside) != 0) return false;
    questions &= inside;
    if (questions != 0 && question == 0) question = at + first_bit(questions);
  }
  head->target_off = head->path_off = target;
  head->target_len = target_end - target;
  head->path_len = (question == 0 ? target_end : question) - target;
  head->query_off = question == 0 ? 0 : question + 1;
  head->query_len = question == 0 ? 0 : target_end - head->query_off;
  return true;
}

/* "HTTP/1.x 200 reason". */
static inline bool scan_status_line(const view *v, uint32_t end, fp_http_head *head) {
  const uint8_t *data = v->data;
  if (end < 13 || memcmp(data, "HTTP/1.", 7) != 0 || (data[7] & 0xfe) != '0' || data[8] != ' ' || data[12] != ' ') {
    return false;
  }
  unsigned hundreds = data[9] - (unsigned)'0', tens = data[10] - (unsigned)'0', ones = data[11] - (unsigned)'0';
  if (hundreds - 1 > 4 || tens > 9 || ones > 9) return false;
  head->minor = data[7] & 1;
  head->status = (uint16_t)(hundreds * 100 + tens * 10 + ones);
  head->reason_off = 13;
  head->reason_len = end - 13;
  return true;
}

/* Member by member: so compilers keep all of it in registers until here. */
static inline void publish(const fp_http_head *from, fp_http_head *to) {
  to->field_count = from->field_count;
  to->head_len = from->head_len;
  to->flags = from->flags;
  to->method = from->method;
  to->minor = from->minor;
  to->status = from->status;
  to->method_off = from->method_off;
  to->method_len = from->method_len;
  to->target_off = from->target_off;
  to->target_len = from->target_len;
  to->path_off = from->path_off;
  to->path_len = from->path_len;
  to->query_off = from->query_off;
  to->query_len = from->query_len;
  to->authority_off = from->authority_off;
  to->authority_len = from->authority_len;
  to->reason_off = from->reason_off;
  to->reason_len = from->reason_len;
  to->content_length = from->content_length;
}

/* Both passes, and the limits. */
FASTPATH_INLINE bool scan_head(const uint8_t *data, size_t len, bool is_response, fp_http_method request_method,
                               const fp_http_limits *limits, fp_http_head *head) {
  const size_t most = limits->max_head < OFFSET_MAX ? limits->max_head : OFFSET_MAX;
  if (len > most) len = most; /* a head that is longer is too long, and the judge says so */
  if (len <= SHORTEST_HEAD) return false;
  view v;
  view_init(&v, data, len);
  uint32_t ends[LINES_MAX + BLOCK];
  uint32_t count = find_lines(&v, ends);
  if (count < 2) return false;

  fp_http_head out = {.fields = head->fields, .field_capacity = head->field_capacity};
  out.field_count = count - 2;
  out.head_len = ends[count - 1] + 2;
  if (out.head_len > len) return false;
  if (v.data[ends[0] + 1] != '\n' || v.data[ends[count - 1] + 1] != '\n') return false;
  if (out.field_count > limits->max_headers || out.field_count > out.field_capacity) return false;
  if (!lines_fit(ends, count, out.head_len, limits->max_line)) return false;
  if (!(is_response ? scan_status_line(&v, ends[0], &out) : scan_request_line(&v, ends[0], &out))) return false;

  gathered found;
  if (!scan_fields(&v, ends, out.field_count, out.fields, &found)) return false;
  if ((found.tally & UINT64_C(0x00fefefefefefe00)) != 0) return false;
  fp_http_framing framing = {0};
  framing.host = bearer(&found, FASTPATH_HTTP_NAME_HOST);
  framing.host_is_valid = framing.host != NULL && is_plain_host(&v, framing.host);
  framing.content_length = bearer(&found, FASTPATH_HTTP_NAME_CONTENT_LENGTH);
  framing.transfer_encoding = bearer(&found, FASTPATH_HTTP_NAME_TRANSFER_ENCODING);
  framing.has_upgrade = bearer(&found, FASTPATH_HTTP_NAME_UPGRADE) != NULL;
  const fp_http_field *connection = bearer(&found, FASTPATH_HTTP_NAME_CONNECTION),
                      *expect = bearer(&found, FASTPATH_HTTP_NAME_EXPECT);
  if (connection != NULL) fp_http_read_connection(v.data, connection, &framing);
  if (expect != NULL) fp_http_read_expect(v.data, expect, &framing);
  fp_status status = is_response ? fp_http_conclude_response(v.data, &framing, request_method, &out, NULL)
                                 : fp_http_conclude_request(v.data, &framing, &out, NULL);
  if (status != FASTPATH_OK) return false;
  out.flags |= FASTPATH_HTTP_FAST_PATH;
  publish(&out, head);
  return true;
}

#define SCAN_DEFINE(isa)                                                                                               \
  bool fp_http_scan_request_##isa(const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head) { \
    return scan_head(data, len, false, FASTPATH_HTTP_METHOD_UNKNOWN, limits, head);                                    \
  }                                                                                                                    \
  bool fp_http_scan_response_##isa(const uint8_t *data, size_t len, fp_http_method request_method,                     \
                                   const fp_http_limits *limits, fp_http_head *head) {                                 \
    return scan_head(data, len, true, request_method, limits, head);                                                   \
  }
