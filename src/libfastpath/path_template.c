#include "path_template.h"

#include <fastpath/route.h>
#include <string.h>

#include "error.h"
#include "memory.h"

enum {
  VARIABLES_MAX = 5, /* Envoy's limits */
  NAME_MAX_LEN = 16,
  TEMPLATE_MAX_LEN = 256
};

/* ---- bytes ---- */

static bool is_letter(uint8_t byte) { return (uint8_t)((byte | 0x20) - 'a') < 26; }
static bool is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

/* pchar of RFC 3986, '%' taken as it is. */
static bool is_pchar(uint8_t byte) {
  if (is_letter(byte) || is_digit(byte)) return true;
  switch (byte) {
    case '-':
    case '.':
    case '_':
    case '~':
    case '%':
    case '!':
    case '$':
    case '&':
    case '\'':
    case '(':
    case ')':
    case '*':
    case '+':
    case ',':
    case ';':
    case '=':
    case ':':
    case '@': return true;
    default: return false;
  }
}

static bool takes(uint8_t byte, bool any) { return any ? byte != '/' : is_pchar(byte); }

/* ---- taking apart: the grammar of Envoy's templates ---- */

typedef struct parser {
  const uint8_t *text;
  size_t len;
  size_t at;
  bool any;
  bool seen_rest;
  uint8_t *out; /* the made template's text */
  uint32_t out_len;
  fp_template_op *ops;
  uint32_t op_count;
  fp_template_variable *variables;
  uint32_t variable_count;
  fp_error *error;
} parser;

static fp_status refuse(const parser *p, size_t position, const char *reason) {
  return fp_error_set(p->error, FASTPATH_ERR_CONFIG_PATH, 0, position, "%s at %zu of the template", reason, position);
}

/* Appends to the last op when that is a literal of the same side of `boundary`. */
static void put_literal(parser *p, const uint8_t *bytes, size_t len, uint32_t boundary) {
  fp_template_op *last = p->op_count > boundary ? &p->ops[p->op_count - 1] : NULL;
  if (len == 0) return;
  memcpy(p->out + p->out_len, bytes, len);
  if (last != NULL && last->kind == FP_TEMPLATE_LITERAL) {
    last->len += (uint32_t)len;
  } else {
    p->ops[p->op_count++] = (fp_template_op){.offset = p->out_len, .len = (uint32_t)len, .kind = FP_TEMPLATE_LITERAL};
  }
  p->out_len += (uint32_t)len;
}

static fp_status put_wildcard(parser *p, size_t position, fp_template_op_kind kind) {
  if (p->seen_rest) return refuse(p, position, "a wildcard after '**'");
  p->seen_rest = kind == FP_TEMPLATE_REST;
  p->ops[p->op_count++] = (fp_template_op){.offset = p->out_len, .len = 0, .kind = kind};
  return FASTPATH_OK;
}

static fp_status read_wildcard(parser *p, size_t end) {
  const size_t start = p->at++;
  if (p->at < end && p->text[p->at] == '*') {
    p->at++;
    return put_wildcard(p, start, FP_TEMPLATE_REST);
  }
  return put_wildcard(p, start, FP_TEMPLATE_SEGMENT);
}

/* A literal up to the next '/', '{' or `end`; it may be empty. */
static fp_status read_literal(parser *p, size_t end, uint32_t boundary) {
  const size_t start = p->at;
  while (p->at < end && p->text[p->at] != '/' && p->text[p->at] != '{') {
    const uint8_t byte = p->text[p->at];
    /* Envoy hands literals to its regex engine, where a '*' would repeat the byte before it: nobody means that. */
    if (byte == '*' || (p->any ? byte == '}' : !is_pchar(byte))) {
      return refuse(p, p->at, "a byte that no literal holds");
    }
    p->at++;
  }
  put_literal(p, p->text + start, p->at - start, boundary);
  return FASTPATH_OK;
}

static fp_status check_name(const parser *p, size_t start, size_t end) {
  const size_t len = end - start;
  if (p->any) {
    if (len == 0) return refuse(p, start, "a variable without a name");
  } else {
    for (size_t i = start; i < end; i++) {
      const uint8_t byte = p->text[i];
      if (!is_letter(byte) && (i == start || (!is_digit(byte) && byte != '_'))) {
        return refuse(p, i, "a variable's name is letters, digits and '_', a letter first: not so");
      }
    }
    if (len == 0 || len > NAME_MAX_LEN) return refuse(p, start, "a variable's name has 1 to 16 bytes: not so");
  }
  for (uint32_t i = 0; i < p->variable_count; i++) {
    const fp_template_variable *other = &p->variables[i];
    if (other->name_len == len && memcmp(p->text + other->name, p->text + start, len) == 0) {
      return refuse(p, start, "a variable's name occurs twice");
    }
  }
  return FASTPATH_OK;
}

/* The pattern of a variable: segments, but only one behind a literal. */
static fp_status read_pattern(parser *p, size_t end, bool behind_literal) {
  const uint32_t first = p->op_count;
  fp_status status = FASTPATH_OK;
  if (p->at == end) return refuse(p, end, "an empty pattern");
  while (p->at < end) {
    const size_t start = p->at;
    status = p->text[p->at] == '*' ? read_wildcard(p, end) : read_literal(p, end, first);
    if (status < 0 || p->at == end) return status;
    if (p->at == start || p->text[p->at] != '/' || p->at + 1 == end || behind_literal) {
      return refuse(p, p->at, "a pattern that is not segments");
    }
    put_literal(p, p->text + p->at++, 1, first);
  }
  return status;
}

/* "{name}" or "{name=pattern}". Until the end, a name's place is that in the source. */
static fp_status read_variable(parser *p, bool behind_literal) {
  const size_t start = p->at + 1;
  const uint8_t *close = memchr(p->text + start, '}', p->len - start);
  const uint8_t *equals;
  const uint32_t first = p->op_count;
  size_t end, name_end;
  fp_status status;
  if (close == NULL) return refuse(p, p->at, "'{' without '}'");
  end = (size_t)(close - p->text);
  equals = memchr(p->text + start, '=', end - start);
  name_end = equals == NULL ? end : (size_t)(equals - p->text);
  status = check_name(p, start, name_end);
  if (status < 0) return status;
  if (p->variable_count == (p->any ? FASTPATH_ROUTE_PARAMS_MAX : VARIABLES_MAX)) {
    return refuse(p, start, "too many variables");
  }
  p->at = name_end + 1;
  status = equals == NULL ? put_wildcard(p, start, FP_TEMPLATE_SEGMENT) : read_pattern(p, end, behind_literal);
  if (status < 0) return status;
  p->at = end + 1;
  p->variables[p->variable_count++] = (fp_template_variable){
      .name = (uint32_t)start, .name_len = (uint32_t)(name_end - start), .begin = first, .end = p->op_count};
  return FASTPATH_OK;
}

/* The boundary keeps a literal that follows a variable apart from the variable's own. */
static uint32_t boundary_of(const parser *p) {
  return p->variable_count == 0 ? 0 : p->variables[p->variable_count - 1].end;
}

/* A wildcard, or a literal with at most one variable before, in or behind it. */
static fp_status read_segment(parser *p) {
  const size_t start = p->at;
  fp_status status;
  if (p->text[p->at] == '*') {
    status = read_wildcard(p, p->len);
    if (status < 0 || p->at == p->len || p->text[p->at] == '/') return status;
    status = read_literal(p, p->len, boundary_of(p));
    if (status >= 0 && p->at < p->len) return refuse(p, p->at, "a wildcard with a literal behind it ends a template");
    return status;
  }
  status = read_literal(p, p->len, boundary_of(p));
  if (status < 0 || p->at == p->len || p->text[p->at] == '/') {
    return status >= 0 && p->at == start ? refuse(p, start, "an empty segment") : status;
  }
  status = read_variable(p, p->at > start);
  if (status < 0 || p->at == p->len || p->text[p->at] == '/') return status;
  status = read_literal(p, p->len, boundary_of(p));
  if (status >= 0 && p->at < p->len && p->text[p->at] == '{') return refuse(p, p->at, "a second variable in a segment");
  return status;
}

static fp_status read_template(parser *p) {
  if (p->len == 0 || p->text[0] != '/') return refuse(p, 0, "no '/'");
  if (p->len > TEMPLATE_MAX_LEN && !p->any) return refuse(p, TEMPLATE_MAX_LEN, "more than 256 bytes");
  for (size_t i = 0; i < p->len; i++) {
    if (p->text[i] <= ' ' || p->text[i] >= 0x7f || p->text[i] == '?' || p->text[i] == '#') {
      return refuse(p, i, "a byte that no path holds");
    }
  }
  p->at = 1;
  put_literal(p, p->text, 1, 0);
  while (p->at < p->len) {
    const fp_status status = read_segment(p);
    if (status < 0) return status;
    if (p->at < p->len) put_literal(p, p->text + p->at++, 1, boundary_of(p)); /* a '/' */
  }
  return FASTPATH_OK;
}

/* ---- the template ---- */

/* How many bytes of a segment follow the wildcard before op `op`, which is behind it. */
static uint32_t suffix_len(const fp_path_template *of, uint32_t op) {
  const uint8_t *literal, *slash;
  if (op >= of->op_count || of->ops[op].kind != FP_TEMPLATE_LITERAL) return 0;
  literal = of->text + of->ops[op].offset;
  slash = memchr(literal, '/', of->ops[op].len);
  return slash == NULL ? of->ops[op].len : (uint32_t)(slash - literal);
}

/* How many ops are spelt out in the key. */
static uint32_t key_ops(const fp_path_template *of) {
  for (uint32_t i = 0; i < of->op_count; i++) {
    if (of->ops[i].kind == FP_TEMPLATE_REST) return i;
    if (of->ops[i].suffix > 0) return i;
  }
  return of->op_count;
}

static void lay_out_key(fp_path_template *of) {
  const uint32_t ops = key_ops(of);
  of->key_is_whole = ops == of->op_count;
  of->key_len = 0;
  for (uint32_t i = 0; i < ops; i++) of->key_len += of->ops[i].kind == FP_TEMPLATE_LITERAL ? of->ops[i].len : 1;
}

fp_status fp_path_template_new(const uint8_t *text, size_t len, bool any, fp_path_template **made, fp_error *error) {
  /* No more ops and bytes than the source has bytes. */
  const size_t ops_size = (len + 1) * sizeof(fp_template_op);
  fp_template_op *ops;
  fp_template_variable variables[FASTPATH_ROUTE_PARAMS_MAX];
  fp_path_template *result;
  uint8_t *block;
  parser p;
  fp_status status;
  if (len > UINT32_MAX / 64) return fp_error_set(error, FASTPATH_ERR_OVERFLOW, 0, 0, "the template is too long");
  ops = fp_memory_alloc(ops_size + 2 * len + 1);
  if (ops == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  p = (parser){.text = text,
               .len = len,
               .any = any,
               .out = (uint8_t *)ops + ops_size,
               .ops = ops,
               .variables = variables,
               .error = error};
  status = read_template(&p);
  if (status >= 0) {
    const size_t fixed = sizeof *result + p.op_count * sizeof *ops + p.variable_count * sizeof *variables;
    size_t text_len = p.out_len;
    for (uint32_t i = 0; i < p.variable_count; i++) {
      memcpy(p.out + text_len, text + variables[i].name, variables[i].name_len);
      variables[i].name = (uint32_t)text_len;
      text_len += variables[i].name_len;
    }
    block = fp_memory_alloc(fixed + text_len);
    if (block == NULL) {
      status = fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
    } else {
      fp_template_op *made_ops = (fp_template_op *)(void *)(block + sizeof *result);
      fp_template_variable *made_variables = (fp_template_variable *)(void *)(made_ops + p.op_count);
      uint8_t *made_text = block + fixed;
      memcpy(made_ops, ops, p.op_count * sizeof *ops);
      if (p.variable_count > 0) memcpy(made_variables, variables, p.variable_count * sizeof *variables);
      memcpy(made_text, p.out, text_len);
      result = (fp_path_template *)(void *)block;
      *result = (fp_path_template){.text = made_text,
                                   .ops = made_ops,
                                   .variables = made_variables,
                                   .size = fixed + text_len,
                                   .op_count = p.op_count,
                                   .variable_count = p.variable_count,
                                   .any = any};
      atomic_init(&result->references, 1);
      for (uint32_t i = 0; i < p.op_count; i++) {
        if (made_ops[i].kind == FP_TEMPLATE_SEGMENT) made_ops[i].suffix = suffix_len(result, i + 1);
      }
      lay_out_key(result);
      *made = result;
    }
  }
  fp_memory_free(ops);
  return status;
}

fp_path_template *fp_path_template_ref(fp_path_template *of) {
  atomic_fetch_add_explicit(&of->references, 1, memory_order_relaxed);
  return of;
}

void fp_path_template_unref(fp_path_template *of) {
  if (of == NULL || atomic_fetch_sub_explicit(&of->references, 1, memory_order_acq_rel) != 1) return;
  fp_memory_free(of);
}

void fp_path_template_key(const fp_path_template *of, uint8_t *key) {
  const uint32_t ops = key_ops(of);
  for (uint32_t i = 0; i < ops; i++) {
    const fp_template_op *op = &of->ops[i];
    if (op->kind == FP_TEMPLATE_LITERAL) {
      memcpy(key, of->text + op->offset, op->len);
      key += op->len;
    } else {
      *key++ = of->any ? FP_TEMPLATE_TOKEN_ANY : FP_TEMPLATE_TOKEN_PCHAR;
    }
  }
}

size_t fp_path_template_run_end(const uint8_t *path, size_t len, size_t at, bool any) {
  while (at < len && takes(path[at], any)) at++;
  return at;
}

size_t fp_path_template_segment_end(const uint8_t *path, size_t len, size_t at, bool any) {
  const size_t end = fp_path_template_run_end(path, len, at, any);
  return end == len || path[end] == '/' ? end : at;
}

/* Whether '**' takes these bytes. */
static bool rest_takes(const uint8_t *bytes, size_t len, bool any) {
  for (size_t i = 0; !any && i < len; i++) {
    if (bytes[i] != '/' && !is_pchar(bytes[i])) return false;
  }
  return true;
}

/* The length of the literals from this op on. */
static size_t literals_len(const fp_path_template *of, uint32_t op) {
  size_t len = 0;
  for (; op < of->op_count; op++) len += of->ops[op].len;
  return len;
}

bool fp_path_template_match(const fp_path_template *of, const uint8_t *path, size_t len) {
  size_t at = 0;
  for (uint32_t i = 0; i < of->op_count; i++) {
    const fp_template_op *op = &of->ops[i];
    size_t end = at + op->len;
    switch (op->kind) {
      case FP_TEMPLATE_LITERAL:
        if (op->len > len - at || memcmp(path + at, of->text + op->offset, op->len) != 0) return false;
        break;
      case FP_TEMPLATE_SEGMENT:
        end = fp_path_template_segment_end(path, len, at, of->any);
        if (end - at <= op->suffix) return false;
        end -= op->suffix;
        break;
      case FP_TEMPLATE_REST: {
        const size_t after = literals_len(of, i + 1);
        if (after > len - at) return false;
        end = len - after;
        if (!rest_takes(path + at, end - at, of->any)) return false;
        break;
      }
    }
    at = end;
  }
  return at == len;
}

static size_t slash_after(const uint8_t *path, size_t len, size_t at) {
  while (at < len && path[at] != '/') at++;
  return at;
}

void fp_path_template_params(const fp_path_template *of, const uint8_t *path, size_t len, fp_span *params) {
  const fp_template_variable *variable = of->variables, *last = variable + of->variable_count;
  size_t at = 0, start = 0;
  for (uint32_t i = 0; variable < last; i++) {
    const fp_template_op *op = &of->ops[i];
    const size_t before = at;
    if (i == variable->begin) start = at;
    switch (op->kind) {
      case FP_TEMPLATE_LITERAL: at += op->len; break;
      case FP_TEMPLATE_SEGMENT: at = slash_after(path, len, at) - op->suffix; break;
      case FP_TEMPLATE_REST: at = len - literals_len(of, i + 1); break;
    }
    /* Of a path that does not match the spans mean nothing, and still lie within it. */
    if (at > len) at = len;
    if (at < before) at = before;
    if (i + 1 < variable->end) continue;
    *params++ = (fp_span){path + start, at - start};
    variable++;
  }
}
