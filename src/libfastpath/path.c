/*
 * path.c - the path normaliser: a quick look that most paths pass untouched, and a careful pass for the rest.
 */
#include <fastpath/path.h>

#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "http_chars.h"

void fp_path_options_default(fp_path_options *options) {
  *options = (fp_path_options){.escaped_slashes = FASTPATH_PATH_REJECT_REQUEST,
                               .normalize = 1,
                               .merge_slashes = FASTPATH_PATH_MERGE_ON,
                               .reject_backslash = 1,
                               .reject_invalid = 1};
}

void fp_path_options_envoy(fp_path_options *options) {
  *options = (fp_path_options){.escaped_slashes = FASTPATH_PATH_KEEP_UNCHANGED};
}

size_t fp_path_capacity(size_t len) { return len > SIZE_MAX / 3 ? SIZE_MAX : 3 * len; }

static fp_status bad_target(fp_error *error, size_t position, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_HTTP_TARGET, 400, position, "%s", reason);
}

static fp_status bad_path(fp_error *error, size_t position, const char *reason) {
  return fp_error_set(error, FASTPATH_ERR_HTTP_PATH, 400, position, "%s", reason);
}

/* ---- the look */

enum {
  BLOCK = 16
};

/* Sixteen bytes at once, on whatever vector unit there is. */
typedef uint8_t block __attribute__((vector_size(BLOCK)));

/* Could some option want to change or refuse one of these bytes, or two neighbours of which the first is before them? */
static bool block_wants_care(const uint8_t *at) {
  block bytes, before;
  uint64_t halves[2];
  memcpy(&bytes, at, BLOCK);
  memcpy(&before, at - 1, BLOCK);
  block found =
      (block)((bytes == '%') | (bytes == '\\') | (bytes == ';') | (bytes == '"') | (bytes == '<') | (bytes == '>') |
              (bytes == '^') | (bytes == '`') | (bytes == '#') | (bytes == '{') | (bytes == '|') | (bytes == '}') |
              (bytes < '!') | (bytes > '~') | ((before == '/') & ((bytes == '/') | (bytes == '.'))));
  memcpy(halves, &found, BLOCK);
  return (halves[0] | halves[1]) != 0;
}

/* The same of a whole path, which begins with '/'. */
static bool wants_care(const uint8_t *path, size_t len) {
  size_t i = 1;
  if (len > BLOCK) {
    for (; len - i >= BLOCK; i += BLOCK) {
      if (block_wants_care(path + i)) return true;
    }
    return i < len && block_wants_care(path + len - BLOCK);
  }
  for (; i < len; i++) {
    if (path[i] == '/' ? path[i - 1] == '/' : !fp_http_is(path[i], HTTP_CHAR_PLAIN)) return true;
    if (path[i] == '.' && path[i - 1] == '/') return true;
  }
  return false;
}

static bool has_bad_byte(const uint8_t *data, size_t len) {
  unsigned found = 0;
  for (size_t i = 0; i < len; i++) {
    found |= (unsigned)(data[i] < '!') | (unsigned)(data[i] > '~') | (unsigned)(data[i] == '#');
  }
  return found != 0;
}

/* ---- refusals */

/* Where a UTF-8 sequence stands, octet by octet: Unicode 15, table 3-7. */
typedef struct utf8 {
  uint8_t missing; /* octets that must still come */
  uint8_t low;     /* bounds of the next one */
  uint8_t high;
} utf8;

static bool utf8_takes(utf8 *state, uint8_t octet) {
  if (state->missing > 0) {
    bool fits = octet >= state->low && octet <= state->high;
    *state = (utf8){(uint8_t)(state->missing - 1), 0x80, 0xbf};
    return fits;
  }
  if (octet < 0x80) return true;
  if (octet < 0xc2 || octet > 0xf4) return false;
  state->missing = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
  state->low = octet == 0xe0 ? 0xa0 : octet == 0xf0 ? 0x90 : 0x80;
  state->high = octet == 0xed ? 0x9f : octet == 0xf4 ? 0x8f : 0xbf;
  return true;
}

static bool is_escape(const uint8_t *data, size_t left) {
  return left >= 3 && data[0] == '%' && fp_http_is(data[1], HTTP_CHAR_HEX) && fp_http_is(data[2], HTTP_CHAR_HEX);
}

static uint8_t escaped_octet(const uint8_t *escape) {
  return (uint8_t)(fp_http_hex_value(escape[1]) << 4 | fp_http_hex_value(escape[2]));
}

static fp_status check_path(const fp_path_options *options, const uint8_t *path, size_t len, bool *escaped_slash,
                            fp_error *error) {
  utf8 sequence = {0, 0, 0};
  size_t sequence_start = 0;
  *escaped_slash = false;
  for (size_t i = 0; i < len;) {
    if (sequence.missing == 0) {
      i += fp_http_run(path + i, len - i, HTTP_CHAR_PLAIN);
      if (i == len) break;
    }
    bool escape = is_escape(path + i, len - i);
    uint8_t octet = escape ? escaped_octet(path + i) : path[i];
    if (path[i] == '%' && !escape && options->reject_invalid) return bad_path(error, i, "'%' begins no escape");
    if (escape && octet == 0 && options->reject_invalid) return bad_path(error, i, "%00 in the path");
    if (octet == '\\' && !escape && options->reject_backslash) return bad_path(error, i, "backslash in the path");
    if (escape && (octet == '/' || octet == '\\')) {
      if (options->escaped_slashes == FASTPATH_PATH_REJECT_REQUEST)
        return bad_path(error, i, "escaped slash in the path");
      *escaped_slash = true;
    }
    if (options->reject_invalid) {
      if (sequence.missing == 0) sequence_start = i;
      if (!utf8_takes(&sequence, octet)) return bad_path(error, sequence_start, "escapes in the path are not UTF-8");
    }
    i += escape ? 3 : 1;
  }
  if (sequence.missing > 0) return bad_path(error, sequence_start, "escapes in the path are not UTF-8");
  return FASTPATH_OK;
}

/* ---- changes */

static bool is_unreserved(uint8_t octet) {
  return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z') ||
         octet == '-' || octet == '.' || octet == '_' || octet == '~';
}

/* Printable, but not in any path of RFC 3986. */
static bool must_be_escaped(uint8_t octet) {
  switch (octet) {
    case '"':
    case '<':
    case '>':
    case '^':
    case '`':
    case '{':
    case '|':
    case '}': return true;
    default: return false;
  }
}

/* The output: a path whose last segment begins at `segment`, right after a slash. */
typedef struct writer {
  uint8_t *dst;
  size_t len;
  size_t segment;
  size_t percent; /* where the last '%' stands that begins no escape; SIZE_MAX when there is none */
  bool literal;   /* the segment stands so in the input, behind a slash */
} writer;

static bool ends_in_dots(const writer *w) {
  size_t len = w->len - w->segment;
  const uint8_t *segment = w->dst + w->segment;
  return (len == 1 || len == 2) && segment[0] == '.' && segment[len - 1] == '.';
}

/* The last segment is complete. "." and ".." go, the latter with the segment before. Returns whether it went. */
static bool resolve_dots(writer *w) {
  if (!ends_in_dots(w)) return false;
  size_t len = w->len - w->segment;
  w->len = w->segment;
  if (len == 2 && w->len > 1) {
    do w->len--;
    while (w->dst[w->len - 1] != '/');
    w->segment = w->len;
  }
  if (w->percent >= w->len) w->percent = SIZE_MAX;
  return true;
}

static void put(writer *w, uint8_t byte) { w->dst[w->len++] = byte; }

static void put_run(writer *w, const uint8_t *run, size_t len) {
  memmove(w->dst + w->len, run, len); /* the second pass is in place */
  w->len += len;
}

static void put_slash(writer *w, bool normalize) {
  if (normalize && w->len > 0 && resolve_dots(w)) return;
  put(w, '/');
  w->segment = w->len;
}

static void put_escaped(writer *w, uint8_t octet) {
  static const char digits[] = "0123456789ABCDEF";
  put(w, '%');
  put(w, (uint8_t)digits[octet >> 4]);
  put(w, (uint8_t)digits[octet & 15]);
}

/*
 * A decoded octet may complete an escape that was none before: "%%32f" must not become "%2f". Then the '%' is escaped.
 * next is the byte that follows in the input, 0 at the end.
 */
static void put_decoded(writer *w, uint8_t octet, uint8_t next) {
  put(w, octet);
  w->literal = false;
  if (w->percent == SIZE_MAX || w->len - w->percent > 3) return;
  const uint8_t *follows = w->dst + w->percent + 1;
  size_t count = w->len - w->percent - 1;
  if (!fp_http_is(follows[0], HTTP_CHAR_HEX) || !fp_http_is(count == 2 ? follows[1] : next, HTTP_CHAR_HEX)) return;
  w->len = w->percent + 1;
  uint8_t held[2] = {follows[0], follows[count - 1]};
  put(w, '2');
  put(w, '5');
  for (size_t i = 0; i < count; i++) put(w, held[i]);
  w->percent = SIZE_MAX;
}

static void put_octet(writer *w, uint8_t octet, bool normalize) {
  if (normalize && must_be_escaped(octet)) {
    put_escaped(w, octet);
    return;
  }
  if (octet == '%') w->percent = w->len;
  put(w, octet);
}

/*
 * Steps 1 to 3 in one pass. Parameters of "." and ".." go along with the dots: who reads the path after us may drop them
 * first. Envoy does that where the dots stand literally behind a slash, up to the next slash, before it looks at escapes
 * and backslashes; so it is done here, and *unsettled tells that another pass will find more.
 */
static fp_status rewrite_path(const fp_path_options *options, const uint8_t *path, size_t len, writer *w,
                              bool *unsettled, fp_error *error) {
  bool unescapes = options->escaped_slashes >= FASTPATH_PATH_UNESCAPE_AND_REDIRECT;
  bool normalize = options->normalize != 0, strip = options->strip_parameters != 0, dropping = false;
  size_t taken;
  *unsettled = false;
  for (size_t i = 0; i < len; i += taken) {
    taken = fp_http_run(path + i, len - i, HTTP_CHAR_PLAIN);
    if (taken > 0) {
      if (!dropping) put_run(w, path + i, taken);
      continue;
    }
    bool escape = is_escape(path + i, len - i);
    uint8_t octet = escape ? escaped_octet(path + i) : path[i];
    taken = escape ? 3 : 1;
    if (escape && unescapes && (octet == '/' || octet == '\\')) escape = false;
    if (!escape && (octet == '/' || (octet == '\\' && normalize && (strip || !dropping)))) {
      dropping = false;
      put_slash(w, normalize);
      w->literal = octet == '/';
    } else if (dropping) {
      continue;
    } else if (!escape && octet == ';' && (strip || (normalize && w->literal && ends_in_dots(w)))) {
      dropping = true;
    } else if (!escape) {
      if (octet == ';' && normalize && ends_in_dots(w)) *unsettled = true;
      put_octet(w, octet, normalize);
    } else if (normalize && octet == 0) {
      return bad_path(error, i, "%00 in the path");
    } else if (normalize && is_unreserved(octet)) {
      put_decoded(w, octet, i + 3 < len ? path[i + 3] : 0);
    } else {
      for (size_t j = 0; j < 3; j++) put(w, path[i + j]);
    }
  }
  if (normalize) (void)resolve_dots(w);
  return FASTPATH_OK;
}

static size_t merge_slashes(uint8_t *path, size_t len, int how) {
  size_t kept = 0;
  for (size_t i = 0; i < len; i++) {
    if (path[i] != '/' || kept == 0 || path[kept - 1] != '/') path[kept++] = path[i];
  }
  if (how == FASTPATH_PATH_MERGE_AS_ENVOY && kept == 1 && len > 1) kept = 2; /* path[1] is a slash still */
  return kept;
}

static fp_status change_path(const fp_path_options *options, const uint8_t *path, size_t len, uint8_t *dst,
                             size_t *new_len, bool *unsettled, fp_error *error) {
  writer w = {.dst = dst, .percent = SIZE_MAX};
  fp_status status = rewrite_path(options, path, len, &w, unsettled, error);
  *new_len =
      options->merge_slashes == FASTPATH_PATH_MERGE_OFF ? w.len : merge_slashes(dst, w.len, options->merge_slashes);
  return status;
}

/* ---- the normaliser */

static void set_result(fp_path *out, const uint8_t *data, size_t path_len, size_t len, fp_path_action action) {
  bool has_query = path_len < len;
  out->path = (fp_span){data, path_len};
  out->query = (fp_span){has_query ? data + path_len + 1 : NULL, has_query ? len - path_len - 1 : 0};
  out->whole = (fp_span){data, len};
  out->action = (int)action;
}

fp_status fp_path_normalize(const fp_path_options *options, const uint8_t *data, size_t len, uint8_t *dst,
                            size_t capacity, fp_path *out, fp_error *error) {
  fp_path_options defaults;
  bool escaped_slash;
  if (options == NULL) {
    fp_path_options_default(&defaults);
    options = &defaults;
  }
  if (len == 0) return bad_target(error, 0, "target is empty");
  const uint8_t *question = memchr(data, '?', len);
  size_t path_len = question == NULL ? len : (size_t)(question - data);
  if (has_bad_byte(data + path_len, len - path_len) || (data[0] == '/' && wants_care(data, path_len))) {
    size_t run = fp_http_run(data, len, HTTP_CHAR_TARGET);
    if (run < len) return bad_target(error, run, "target holds a byte that may not stand there");
  } else if (data[0] == '/' || (len == 1 && data[0] == '*')) {
    set_result(out, data, path_len, len, FASTPATH_PATH_UNCHANGED);
    return FASTPATH_OK;
  }
  if (data[0] != '/') return bad_target(error, 0, "target does not begin with '/'");

  fp_status status = check_path(options, data, path_len, &escaped_slash, error);
  if (status < 0) return status;
  if (capacity < fp_path_capacity(len)) return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, 0, "dst is too small");
  bool unsettled;
  size_t new_len;
  status = change_path(options, data, path_len, dst, &new_len, &unsettled, error);
  /* The second pass is in place: what is decoded and escaped already can only shrink. */
  if (status >= 0 && unsettled) status = change_path(options, dst, new_len, dst, &new_len, &unsettled, error);
  if (status < 0) return status;
  if (new_len == path_len && memcmp(dst, data, path_len) == 0) {
    set_result(out, data, path_len, len, FASTPATH_PATH_UNCHANGED);
    return FASTPATH_OK;
  }
  memcpy(dst + new_len, data + path_len, len - path_len);
  bool redirects = escaped_slash && options->escaped_slashes == FASTPATH_PATH_UNESCAPE_AND_REDIRECT;
  set_result(out, dst, new_len, new_len + (len - path_len), redirects ? FASTPATH_PATH_REDIRECT : FASTPATH_PATH_CHANGED);
  return FASTPATH_OK;
}
