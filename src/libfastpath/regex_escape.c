#include "error.h"
#include "regex_parse.h"

/* Escapes, code points and bracketed classes. */

fp_status fp_regex_refuse(fp_regex_parser *parser, size_t position, size_t end, const char *reason) {
  char shown[64];
  size_t count = 0;
  if (end > parser->len) end = parser->len;
  for (size_t i = position; i < end && count < sizeof shown - 4; i++) {
    uint8_t byte = parser->text[i];
    shown[count++] = byte >= ' ' && byte < 0x7f ? (char)byte : '?';
  }
  if (end - position > count) {
    for (int i = 0; i < 3; i++) shown[count++] = '.';
  }
  shown[count] = '\0';
  return fp_error_set(parser->error, FASTPATH_ERR_CONFIG_REGEX, 0, position, "%s %s", reason, shown);
}

fp_status fp_regex_too_large(fp_regex_parser *parser) {
  return fp_error_set(parser->error, FASTPATH_ERR_CONFIG_REGEX, 0, parser->item,
                      "regular expression is too large: its program would pass %u instructions",
                      (unsigned)parser->limits->max_instructions);
}

bool fp_regex_class_is_costly(const fp_regex_parser *parser) {
  return parser->set.work > 16 * (uint64_t)parser->limits->max_instructions + 65536;
}

/* ---- code points */

/* Bytes of the code point at text[0 .. left), 0 when it is not one. Encoded surrogates count as code points. */
static size_t point_length(const uint8_t *text, size_t left) {
  uint8_t first = text[0];
  size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (len == 0 || len > left) return 0;
  for (size_t i = 1; i < len; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && text[1] < 0xa0) return 0;
  if (first == 0xf0 && text[1] < 0x90) return 0;
  if (first == 0xf4 && text[1] > 0x8f) return 0;
  return len;
}

static bool is_latin1(const fp_regex_parser *parser) { return parser->limits->encoding == FASTPATH_REGEX_LATIN1; }

fp_status fp_regex_check_utf8(fp_regex_parser *parser) {
  if (is_latin1(parser)) return FASTPATH_OK;
  for (size_t at = 0; at < parser->len;) {
    size_t len = point_length(parser->text + at, parser->len - at);
    if (len == 0)
      return fp_error_set(parser->error, FASTPATH_ERR_CONFIG_REGEX, 0, at, "regular expression is not UTF-8");
    at += len;
  }
  return FASTPATH_OK;
}

uint32_t fp_regex_next_point(fp_regex_parser *parser) {
  const uint8_t *text = parser->text + parser->at;
  size_t len = is_latin1(parser) ? 1 : point_length(text, parser->len - parser->at);
  uint32_t point = len < 2 ? text[0] : text[0] & (0x7fu >> len);
  for (size_t i = 1; i < len; i++) point = point << 6 | (text[i] & 0x3fu);
  parser->at += len;
  return point;
}

/* ---- escapes */

static int hex_value(uint32_t point) {
  if (point >= '0' && point <= '9') return (int)(point - '0');
  point |= 0x20;
  return point >= 'a' && point <= 'f' ? (int)(point - 'a' + 10) : -1;
}

/* \xFF and \x{10FFFF}, behind the x. */
static bool parse_hex(fp_regex_parser *parser, uint32_t *point) {
  uint32_t value = 0;
  size_t digits = 0, at = parser->at;
  bool braces = at < parser->len && parser->text[at] == '{';
  if (braces) at++;
  for (; at < parser->len && (braces || digits < 2); at++, digits++) {
    int digit = hex_value(parser->text[at]);
    if (digit < 0) break;
    value = value * 16 + (uint32_t)digit;
    if (value > (is_latin1(parser) ? 0xffu : REGEX_CODE_POINT_MAX)) return false;
  }
  if (braces ? digits == 0 || at >= parser->len || parser->text[at] != '}' : digits != 2) return false;
  parser->at = braces ? at + 1 : at;
  *point = value;
  return true;
}

/* At most two more octal digits behind the first one. */
static uint32_t parse_octal(fp_regex_parser *parser, uint32_t value) {
  for (int i = 0; i < 2 && parser->at < parser->len; i++) {
    uint8_t byte = parser->text[parser->at];
    if (byte < '0' || byte > '7') break;
    value = value * 8 + (uint32_t)(byte - '0');
    parser->at++;
  }
  return value;
}

static bool is_octal_digit(const fp_regex_parser *parser) {
  return parser->at < parser->len && parser->text[parser->at] >= '0' && parser->text[parser->at] <= '7';
}

fp_status fp_regex_parse_escape(fp_regex_parser *parser, uint32_t *point) {
  size_t position = parser->at++;
  const char *reason = "unknown escape";
  if (parser->at >= parser->len) return fp_regex_refuse(parser, position, parser->len, "nothing is behind the last");
  uint32_t letter = fp_regex_next_point(parser);
  switch (letter) {
    case 'a': *point = '\a'; return FASTPATH_OK;
    case 'f': *point = '\f'; return FASTPATH_OK;
    case 'n': *point = '\n'; return FASTPATH_OK;
    case 'r': *point = '\r'; return FASTPATH_OK;
    case 't': *point = '\t'; return FASTPATH_OK;
    case 'v': *point = '\v'; return FASTPATH_OK;
    case 'x':
      if (parse_hex(parser, point)) return FASTPATH_OK;
      reason = "\\x needs two hexadecimal digits, or a code point in braces:";
      break;
    case '0': *point = parse_octal(parser, 0); return FASTPATH_OK; /* at most \077 */
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
      if (is_octal_digit(parser)) {
        *point = parse_octal(parser, letter - '0');
        if (*point <= 0xff || !is_latin1(parser)) return FASTPATH_OK;
        reason = "the character is above \\xff:";
        break;
      }
      reason = "backreference is not supported:";
      break;
    case '8':
    case '9': reason = "backreference is not supported:"; break;
    case 'k':
    case 'g': reason = "backreference is not supported:"; break;
    case 'Z': reason = "\\Z is not supported, \\z is:"; break;
    case 'G': reason = "the end of the match before is not supported:"; break;
    case 'X': reason = "grapheme clusters are not supported:"; break;
    case 'u': reason = "\\u is not supported, \\x{...} is:"; break;
    default:
      if (letter < 0x80 && !((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z')) {
        *point = letter;
        return FASTPATH_OK;
      }
  }
  return fp_regex_refuse(parser, position, parser->at, reason);
}

fp_status fp_regex_parse_property(fp_regex_parser *parser, fp_regex_named *named, bool *negated) {
  size_t position = parser->at, name = position + 2, end, len = parser->len;
  *negated = parser->text[position + 1] == 'P';
  if (name >= len) return fp_regex_refuse(parser, position, len, "unfinished Unicode class");
  if (parser->text[name] == '{') {
    end = ++name;
    while (end < len && parser->text[end] != '}') end++;
    if (end == len) return fp_regex_refuse(parser, position, len, "missing } for");
    parser->at = end + 1;
  } else {
    parser->at = name;
    (void)fp_regex_next_point(parser);
    end = parser->at;
  }
  if (name < end && parser->text[name] == '^') {
    *negated = !*negated;
    name++;
  }
  if (fp_regex_named_unicode(parser->text + name, end - name, named)) return FASTPATH_OK;
  return fp_regex_refuse(parser, position, parser->at, "unknown Unicode class");
}

/* ---- classes */

/* One code point of a class, escaped or not. */
static fp_status parse_member(fp_regex_parser *parser, size_t position, uint32_t *point) {
  if (parser->at >= parser->len) return fp_regex_refuse(parser, position, parser->len, "missing ] for");
  if (parser->text[parser->at] == '\\') return fp_regex_parse_escape(parser, point);
  *point = fp_regex_next_point(parser);
  return FASTPATH_OK;
}

/* x or x-y; a '-' before the closing bracket is itself. */
static fp_status parse_range(fp_regex_parser *parser, size_t position, bool fold) {
  uint32_t low, high;
  size_t begin = parser->at;
  fp_status status = parse_member(parser, position, &low);
  if (status < 0) return status;
  high = low;
  if (parser->at + 1 < parser->len && parser->text[parser->at] == '-' && parser->text[parser->at + 1] != ']') {
    parser->at++;
    status = parse_member(parser, position, &high);
    if (status < 0) return status;
    if (high < low) return fp_regex_refuse(parser, begin, parser->at, "the range ends before it begins:");
  }
  return fp_regex_class_add(&parser->set, low, high, fold) ? FASTPATH_OK : FASTPATH_ERR_MEMORY;
}

/* [:name:] at `at`: OK, NONE when it is no such thing, or CONFIG_REGEX. */
static fp_status parse_posix(fp_regex_parser *parser, fp_regex_named *named) {
  const uint8_t *text = parser->text;
  size_t begin = parser->at, end = begin + 2;
  if (parser->len - begin < 3 || text[begin + 1] != ':') return FASTPATH_NONE;
  while (end + 1 < parser->len && !(text[end] == ':' && text[end + 1] == ']')) end++;
  if (end + 1 >= parser->len) return FASTPATH_NONE;
  if (!fp_regex_named_posix(text + begin, end + 2 - begin, named))
    return fp_regex_refuse(parser, begin, end + 2, "unknown class");
  parser->at = end + 2;
  return FASTPATH_OK;
}

/* One piece of a class: a named set, a code point or a range. */
static fp_status parse_piece(fp_regex_parser *parser, size_t position, bool fold) {
  fp_regex_named named;
  bool negated = false;
  fp_status status = FASTPATH_NONE;
  uint8_t byte = parser->text[parser->at];
  size_t left = parser->len - parser->at;
  if (byte == '[') {
    status = parse_posix(parser, &named);
  } else if (byte == '\\' && left > 2 && (parser->text[parser->at + 1] | 0x20) == 'p') {
    status = fp_regex_parse_property(parser, &named, &negated);
  } else if (byte == '\\' && left > 1 && fp_regex_named_perl(parser->text[parser->at + 1], &named)) {
    parser->at += 2;
    status = FASTPATH_OK;
  }
  if (status == FASTPATH_NONE) return parse_range(parser, position, fold);
  if (status < 0) return status;
  return fp_regex_class_add_named(&parser->set, &named, negated, fold) ? FASTPATH_OK : FASTPATH_ERR_MEMORY;
}

fp_status fp_regex_parse_class(fp_regex_parser *parser, bool fold) {
  size_t position = parser->at++;
  uint32_t normalized = 4096;
  bool negated = parser->at < parser->len && parser->text[parser->at] == '^';
  if (negated) parser->at++;
  for (bool first = true; parser->at < parser->len && (parser->text[parser->at] != ']' || first); first = false) {
    fp_status status = parse_piece(parser, position, fold);
    if (status < 0) return status;
    if (fp_regex_class_is_costly(parser)) return fp_regex_too_large(parser);
    if (parser->set.count / 2 > normalized) { /* repeated members must not pile up */
      fp_regex_class_normalize(&parser->set);
      if (parser->set.count > normalized) normalized = parser->set.count;
    }
  }
  if (parser->at >= parser->len) return fp_regex_refuse(parser, position, parser->len, "missing ] for");
  parser->at++;
  fp_regex_class_normalize(&parser->set);
  if (negated && !fp_regex_class_negate(&parser->set)) return FASTPATH_ERR_MEMORY;
  return FASTPATH_OK;
}
