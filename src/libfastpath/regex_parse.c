#include <string.h>

#include "error.h"
#include "grow.h"
#include "regex_ast.h"
#include "regex_parse.h"
#include "regex_unicode.h"

/*
 * One pass with a stack of operands, as for arithmetic, and no recursion:
 *
 *   x(a|bc       open: [0]               of the pattern      begins at items[0]
 *                      [1] group 1       of the parenthesis  begins at items[1], its last alternative at items[2]
 *                items: x  a  b  c
 *
 * A '|' makes one item of the alternative, a ')' one of the parenthesis.
 */

enum {
  FOLD = 1 << 0,
  DOT_NEWLINE = 1 << 1,
  MULTI_LINE = 1 << 2,
  LAZY = 1 << 3
};

static fp_status push_assert(fp_regex_parser *parser, uint32_t assertion) {
  return fp_regex_push_node(parser,
                            (fp_regex_node){.op = REGEX_ASSERT, .nullable = 1, .repeats = 1, .first = assertion});
}

static fp_status push_literal(fp_regex_parser *parser, uint32_t point) {
  if (parser->literals++ >= parser->limits->max_instructions) return fp_regex_too_large(parser);
  bool folds = (parser->flags & FOLD) != 0 && !(parser->set.ascii_fold && point > 0x7f);
  if (!folds || fp_regex_fold_next(point) == point)
    return fp_regex_push_node(parser, (fp_regex_node){.op = REGEX_LITERAL, .repeats = 1, .first = point});
  if (!fp_regex_class_add(&parser->set, point, point, true)) return FASTPATH_ERR_MEMORY;
  fp_regex_class_normalize(&parser->set);
  return fp_regex_push_class(parser);
}

static fp_status push_dot(fp_regex_parser *parser) {
  bool whole = parser->flags & DOT_NEWLINE;
  if (!fp_regex_class_add(&parser->set, 0, whole ? REGEX_CODE_POINT_MAX : '\n' - 1, false)) return FASTPATH_ERR_MEMORY;
  if (!whole && !fp_regex_class_add(&parser->set, '\n' + 1, REGEX_CODE_POINT_MAX, false)) return FASTPATH_ERR_MEMORY;
  return fp_regex_push_class(parser);
}

static fp_status push_named(fp_regex_parser *parser, const fp_regex_named *named, bool negated) {
  if (!fp_regex_class_add_named(&parser->set, named, negated, parser->flags & FOLD)) return FASTPATH_ERR_MEMORY;
  fp_regex_class_normalize(&parser->set);
  return fp_regex_push_class(parser);
}

/* ---- groups */

static fp_status end_alternative(fp_regex_parser *parser) {
  fp_regex_open *open = &parser->open[parser->open_count - 1];
  fp_status status = fp_regex_push_concat(parser, open->alternative);
  if (status < 0) return status;
  open->alternative = parser->item_count;
  return FASTPATH_OK;
}

static fp_status open_group(fp_regex_parser *parser, uint32_t group, uint32_t flags, uint32_t position) {
  if (parser->open_count > parser->limits->max_nesting)
    return fp_error_set(parser->error, FASTPATH_ERR_CONFIG_REGEX, 0, position, "more than %u parentheses are open",
                        (unsigned)parser->limits->max_nesting);
  if (!fp_grow(parser->open, &parser->open_capacity, parser->open_count)) return FASTPATH_ERR_MEMORY;
  parser->open[parser->open_count++] = (fp_regex_open){.first = parser->item_count,
                                                       .alternative = parser->item_count,
                                                       .group = group,
                                                       .flags = parser->flags,
                                                       .position = position};
  parser->flags = flags;
  return FASTPATH_OK;
}

static fp_status close_group(fp_regex_parser *parser) {
  fp_status status = end_alternative(parser);
  if (status < 0) return status;
  fp_regex_open open = parser->open[--parser->open_count];
  parser->flags = open.flags;
  status = fp_regex_push_alternate(parser, open.first);
  if (status < 0 || open.group == 0) return status;
  uint32_t child = parser->items[--parser->item_count];
  fp_regex_node node = parser->ast->nodes[child];
  return fp_regex_push_node(parser, (fp_regex_node){.op = REGEX_CAPTURE,
                                                    .nullable = node.nullable,
                                                    .repeats = node.repeats,
                                                    .first = child,
                                                    .count = open.group});
}

static fp_status open_capture(fp_regex_parser *parser, fp_regex_name name, uint32_t position) {
  fp_regex_ast *ast = parser->ast;
  if (ast->group_count >= parser->limits->max_instructions) return fp_regex_too_large(parser);
  if (!fp_grow(ast->names, &ast->name_capacity, ast->group_count)) return FASTPATH_ERR_MEMORY;
  ast->names[ast->group_count++] = name;
  return open_group(parser, ast->group_count, parser->flags, position);
}

/* (?P<name> and (?<name>; `skipped` is the length of what stands before the name. */
static fp_status open_named(fp_regex_parser *parser, size_t skipped) {
  size_t position = parser->at, name = parser->at + skipped, end = name;
  while (end < parser->len && parser->text[end] != '>') end++;
  parser->at = name;
  bool valid = end < parser->len && end > name;
  while (valid && parser->at < end) valid = fp_regex_is_name(fp_regex_next_point(parser));
  if (!valid) {
    if (end < parser->len) end++;
    return fp_regex_refuse(parser, position, end, "invalid name of a group");
  }
  parser->at = end + 1;
  return open_capture(parser, (fp_regex_name){(uint32_t)name, (uint32_t)(end - name)}, (uint32_t)position);
}

/* What (? begins and is none of RE2's syntax, by the name that its users know it by. */
static const char *unsupported_group(const fp_regex_parser *parser) {
  const uint8_t *next = parser->text + parser->at + 2;
  size_t left = parser->len - parser->at - 2;
  if (left == 0) return "unfinished group";
  switch (next[0]) {
    case '=':
    case '!': return "look-ahead is not supported";
    case '<': return "look-behind is not supported";
    case '>': return "atomic groups are not supported";
    case '#': return "comments are not supported";
    case '|': return "branch reset is not supported";
    case '(': return "conditionals are not supported";
    case 'P': return "references to groups by name are not supported";
    case 'x': return "the flag x is not supported";
    case '\'': return "only (?P<name>...) and (?<name>...) name a group, not";
    case 'R':
    case '&': return "recursion is not supported";
    default: return "unknown flag or group";
  }
}

/* (?flags), (?flags:, (?P<name>, (?<name>. */
static fp_status parse_special_group(fp_regex_parser *parser) {
  const uint8_t *text = parser->text;
  size_t position = parser->at, at = position + 2, len = parser->len;
  uint32_t flags = parser->flags;
  bool negated = false, seen = false;
  if (len - at > 1 && text[at] == 'P' && text[at + 1] == '<') return open_named(parser, 4);
  if (len - at > 1 && text[at] == '<' && text[at + 1] != '=' && text[at + 1] != '!') return open_named(parser, 3);
  for (; at < len; at++) {
    uint32_t flag = 0;
    switch (text[at]) {
      case 'i': flag = FOLD; break;
      case 'm': flag = MULTI_LINE; break;
      case 's': flag = DOT_NEWLINE; break;
      case 'U': flag = LAZY; break;
      case '-':
        if (negated) return fp_regex_refuse(parser, position, at + 1, "flags are taken away twice");
        negated = true;
        seen = false;
        continue;
      case ':':
      case ')':
        if (negated && !seen) return fp_regex_refuse(parser, position, at + 1, "no flag is taken away");
        parser->at = at + 1;
        if (text[at] == ':') return open_group(parser, 0, flags, (uint32_t)position);
        parser->flags = flags;
        return FASTPATH_OK;
      default: return fp_regex_refuse(parser, position, at + 1, unsupported_group(parser));
    }
    flags = negated ? flags & ~flag : flags | flag;
    seen = true;
  }
  return fp_regex_refuse(parser, position, len, unsupported_group(parser));
}

/* ---- repetition */

/* A number without needless zeros, as far as anybody means it to count something. */
static bool parse_number(const fp_regex_parser *parser, size_t *at, uint32_t *number) {
  size_t begin = *at, i = begin;
  *number = 0;
  for (; i < parser->len && parser->text[i] >= '0' && parser->text[i] <= '9'; i++) {
    if (*number >= 100000000) return false;
    *number = *number * 10 + (uint32_t)(parser->text[i] - '0');
  }
  *at = i;
  return i > begin && (parser->text[begin] != '0' || i == begin + 1);
}

/* {n}, {n,}, {n,m}; anything else that begins with a brace is literal. max is UINT32_MAX when open. */
static bool parse_braces(const fp_regex_parser *parser, size_t *at, uint32_t *min, uint32_t *max) {
  size_t i = *at + 1;
  if (!parse_number(parser, &i, min)) return false;
  *max = *min;
  if (i < parser->len && parser->text[i] == ',') {
    i++;
    *max = UINT32_MAX;
    if (i < parser->len && parser->text[i] != '}' && !parse_number(parser, &i, max)) return false;
  }
  if (i >= parser->len || parser->text[i] != '}') return false;
  *at = i + 1;
  return true;
}

/* The operator text[begin .. at) for the last item. */
static fp_status repeat(fp_regex_parser *parser, size_t begin, size_t at, uint32_t min, uint32_t max) {
  fp_regex_open *open = &parser->open[parser->open_count - 1];
  bool lazy = parser->flags & LAZY;
  if (at < parser->len && parser->text[at] == '?') {
    lazy = !lazy;
    at++;
  }
  if (parser->repeated != SIZE_MAX)
    return fp_regex_refuse(parser, parser->repeated, at, "a repetition of a repetition is not supported:");
  if (parser->item_count == open->alternative) return fp_regex_refuse(parser, begin, at, "nothing to repeat for");
  uint32_t child = parser->items[--parser->item_count];
  fp_regex_node node = parser->ast->nodes[child];
  uint32_t times = max != UINT32_MAX ? max : min;
  if (min > REGEX_REPEAT_MAX || (max != UINT32_MAX && (max > REGEX_REPEAT_MAX || max < min)))
    return fp_regex_refuse(parser, begin, at, "invalid repetition, of more than 1000 or of less than none,");
  if (times > 1) times *= node.repeats;
  if (times > REGEX_REPEAT_MAX)
    return fp_regex_refuse(parser, begin, at, "repetitions within each other repeat more than 1000 times, with");
  parser->at = at;
  parser->repeated = begin;
  return fp_regex_push_node(parser, (fp_regex_node){.op = REGEX_REPEAT,
                                                    .lazy = lazy,
                                                    .nullable = min == 0 || node.nullable,
                                                    .repeats = times > node.repeats ? (uint16_t)times : node.repeats,
                                                    .min = (uint16_t)min,
                                                    .max = max == UINT32_MAX ? REGEX_UNBOUNDED : (uint16_t)max,
                                                    .first = child});
}

/* ---- escapes outside of classes */

static fp_status parse_quoted(fp_regex_parser *parser) {
  parser->at += 2;
  while (parser->at < parser->len) {
    const uint8_t *next = parser->text + parser->at;
    if (next[0] == '\\' && parser->at + 1 < parser->len && next[1] == 'E') {
      parser->at += 2;
      break;
    }
    fp_status status = push_literal(parser, fp_regex_next_point(parser));
    if (status < 0) return status;
  }
  return FASTPATH_OK;
}

static fp_status parse_backslash(fp_regex_parser *parser) {
  fp_regex_named named;
  bool negated;
  uint32_t point;
  uint32_t assertion = 0;
  uint8_t letter = parser->at + 1 < parser->len ? parser->text[parser->at + 1] : 0;
  switch (letter) {
    case 'b': assertion = REGEX_WORD_BOUNDARY; break;
    case 'B': assertion = REGEX_NOT_WORD_BOUNDARY; break;
    case 'A': assertion = REGEX_BEGIN_TEXT; break;
    case 'z': assertion = REGEX_END_TEXT; break;
    case 'C': parser->at += 2; return fp_regex_push_node(parser, (fp_regex_node){.op = REGEX_BYTE, .repeats = 1});
    case 'Q': return parse_quoted(parser);
    default: break;
  }
  if (assertion != 0) {
    parser->at += 2;
    return push_assert(parser, assertion);
  }
  if (letter == 'p' || letter == 'P') {
    fp_status status = fp_regex_parse_property(parser, &named, &negated);
    return status < 0 ? status : push_named(parser, &named, negated);
  }
  if (fp_regex_named_perl(letter, &named)) {
    parser->at += 2;
    return push_named(parser, &named, false);
  }
  fp_status status = fp_regex_parse_escape(parser, &point);
  return status < 0 ? status : push_literal(parser, point);
}

/* ---- the pattern */

static fp_status parse_item(fp_regex_parser *parser) {
  uint32_t min, max;
  size_t at = parser->at;
  uint8_t byte = parser->text[at];
  switch (byte) {
    case '(':
      if (at + 1 < parser->len && parser->text[at + 1] == '?') return parse_special_group(parser);
      parser->at++;
      return open_capture(parser, (fp_regex_name){0, 0}, (uint32_t)at);
    case ')':
      if (parser->open_count == 1) return fp_regex_refuse(parser, at, at + 1, "nothing is open for");
      parser->at++;
      return close_group(parser);
    case '|': parser->at++; return end_alternative(parser);
    case '^':
      parser->at++;
      return push_assert(parser, parser->flags & MULTI_LINE ? REGEX_BEGIN_LINE : REGEX_BEGIN_TEXT);
    case '$': parser->at++; return push_assert(parser, parser->flags & MULTI_LINE ? REGEX_END_LINE : REGEX_END_TEXT);
    case '.': parser->at++; return push_dot(parser);
    case '[': {
      fp_status status = fp_regex_parse_class(parser, parser->flags & FOLD);
      return status < 0 ? status : fp_regex_push_class(parser);
    }
    case '*': return repeat(parser, at, at + 1, 0, UINT32_MAX);
    case '+': return repeat(parser, at, at + 1, 1, UINT32_MAX);
    case '?': return repeat(parser, at, at + 1, 0, 1);
    case '{':
      if (parse_braces(parser, &at, &min, &max)) return repeat(parser, parser->at, at, min, max);
      break;
    case '\\': return parse_backslash(parser);
    default: break;
  }
  return push_literal(parser, fp_regex_next_point(parser));
}

static fp_status parse(fp_regex_parser *parser) {
  fp_status status = fp_regex_check_utf8(parser);
  if (status == FASTPATH_OK) status = open_group(parser, 0, 0, 0);
  while (status >= 0 && parser->at < parser->len) {
    size_t at = parser->item = parser->at;
    status = parse_item(parser);
    if (parser->repeated != at) parser->repeated = SIZE_MAX; /* that was no repetition */
  }
  if (status < 0) return status;
  if (parser->open_count > 1) {
    size_t position = parser->open[parser->open_count - 1].position;
    return fp_regex_refuse(parser, position, parser->len, "missing ) for");
  }
  status = close_group(parser);
  if (status >= 0) parser->ast->root = parser->items[0];
  return status;
}

fp_status fp_regex_parse(const uint8_t *pattern, size_t len, const fp_regex_limits *limits, fp_regex_ast *ast,
                         fp_error *error) {
  fp_regex_parser parser = {
      .text = pattern, .len = len, .limits = limits, .ast = ast, .error = error, .repeated = SIZE_MAX};
  if (!fp_grow(ast->ranges, &ast->range_capacity, 0)) /* not NULL when empty */
    return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, SIZE_MAX, "out of memory");
  parser.set.ascii_fold = limits->encoding == FASTPATH_REGEX_LATIN1;
  fp_status status = parse(&parser);
  if (status == FASTPATH_ERR_MEMORY) fp_error_set(error, status, 0, SIZE_MAX, "out of memory");
  fp_memory_free(parser.items);
  fp_memory_free(parser.open);
  fp_regex_class_clear(&parser.set);
  return status;
}

void fp_regex_ast_clear(fp_regex_ast *ast) {
  fp_memory_free(ast->nodes);
  fp_memory_free(ast->children);
  fp_memory_free(ast->ranges);
  fp_memory_free(ast->names);
  *ast = (fp_regex_ast){.nodes = NULL};
}
