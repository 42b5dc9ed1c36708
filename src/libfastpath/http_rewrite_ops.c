/* http_rewrite_ops.c - compiling header operations: checked, played through, laid out as lines. */
#include "http_rewrite_ops.h"

#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "http_chars.h"
#include "http_emit.h"
#include "memory.h"

/* Scratch of one compilation. */
typedef struct compiler {
  const fp_http_op *ops;
  size_t count;
  uint16_t *name_of; /* per op: index of its name */
  uint8_t *when;     /* per op: in which cases its line survives */
  size_t *first;     /* per name: its first op */
  size_t name_count;
} compiler;

/* Names that the rewrite writes or drops itself. */
static bool is_own(uint16_t id) {
  switch (id) {
    case FASTPATH_HTTP_NAME_HOST:
    case FASTPATH_HTTP_NAME_CONTENT_LENGTH:
    case FASTPATH_HTTP_NAME_TRANSFER_ENCODING:
    case FASTPATH_HTTP_NAME_CONNECTION:
    case FASTPATH_HTTP_NAME_UPGRADE:
    case FASTPATH_HTTP_NAME_KEEP_ALIVE:
    case FASTPATH_HTTP_NAME_PROXY_CONNECTION:
    case FASTPATH_HTTP_NAME_TE:
    case FASTPATH_HTTP_NAME_TRAILER:
    case FASTPATH_HTTP_NAME_PROXY_AUTHENTICATE:
    case FASTPATH_HTTP_NAME_PROXY_AUTHORIZATION:
    case FASTPATH_HTTP_NAME_HTTP2_SETTINGS: return true;
    default: return false;
  }
}

static fp_status check_op(const fp_http_op *op, size_t index, fp_error *error) {
  uint16_t id;
  if (op->kind < FASTPATH_HTTP_OP_REMOVE || op->kind > FASTPATH_HTTP_OP_OVERWRITE_IF_EXISTS) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, index, "unknown kind of header operation %d", op->kind);
  }
  if (op->name.len == 0 || op->name.len > UINT16_MAX ||
      fp_http_run(op->name.data, op->name.len, HTTP_CHAR_TOKEN) < op->name.len) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, index, "header name is not a token");
  }
  id = fp_http_name_id(op->name.data, op->name.len);
  if (is_own(id)) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, index,
                        "%s is not for operations: the rewrite writes it itself", fp_http_name_wire(id, NULL));
  }
  if (op->slot < -1 || op->slot >= REWRITE_MAX_SLOTS) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, index, "slot %d is not -1 .. %d", op->slot,
                        REWRITE_MAX_SLOTS - 1);
  }
  if (op->slot == -1 &&
      (op->value.len > UINT16_MAX || fp_http_run(op->value.data, op->value.len, HTTP_CHAR_VALUE) < op->value.len)) {
    return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, index, "header value is too long or has control characters");
  }
  return FASTPATH_OK;
}

static fp_status number_names(compiler *c, fp_error *error) {
  for (size_t i = 0; i < c->count; i++) {
    const fp_span name = c->ops[i].name;
    fp_status status = check_op(&c->ops[i], i, error);
    if (status < 0) return status;
    size_t index = 0;
    while (index < c->name_count && (c->ops[c->first[index]].name.len != name.len ||
                                     !fp_http_same_name(c->ops[c->first[index]].name.data, name.data, name.len))) {
      index++;
    }
    if (index == c->name_count) {
      if (index == REWRITE_MAX_NAMES) {
        return fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, i, "operations on more than %d names", REWRITE_MAX_NAMES);
      }
      c->first[c->name_count++] = i;
    }
    c->name_of[i] = (uint16_t)index;
  }
  return FASTPATH_OK;
}

static void forget_earlier(compiler *c, size_t before, uint16_t name, uint8_t world) {
  for (size_t i = 0; i < before; i++) {
    if (c->name_of[i] == name) c->when[i] &= (uint8_t)~world;
  }
}

static bool was_added(const compiler *c, size_t before, uint16_t name, uint8_t world) {
  for (size_t i = 0; i < before; i++) {
    if (c->name_of[i] == name && c->when[i] & world) return true;
  }
  return false;
}

/* Play the operations on one name through, the input having it or not. Returns whether the input's fields stay. */
static bool play(compiler *c, uint16_t name, uint8_t world) {
  bool input = world == REWRITE_WHEN_PRESENT;
  for (size_t i = 0; i < c->count; i++) {
    if (c->name_of[i] == name && c->ops[i].kind == FASTPATH_HTTP_OP_REMOVE) input = false;
  }
  for (size_t i = 0; i < c->count; i++) {
    int kind = c->ops[i].kind;
    if (c->name_of[i] != name || kind == FASTPATH_HTTP_OP_REMOVE) continue;
    bool exists = input || was_added(c, i, name, world);
    if (kind == FASTPATH_HTTP_OP_ADD_IF_ABSENT && exists) continue;
    if (kind == FASTPATH_HTTP_OP_OVERWRITE_IF_EXISTS && !exists) continue;
    if (kind == FASTPATH_HTTP_OP_SET || kind == FASTPATH_HTTP_OP_OVERWRITE_IF_EXISTS) {
      forget_earlier(c, i, name, world);
      input = false;
    }
    c->when[i] |= world;
  }
  return input;
}

static size_t text_len(const compiler *c) {
  size_t len = 0;
  for (size_t i = 0; i < c->count; i++) {
    len += 2 * c->ops[i].name.len + 4 + (c->ops[i].slot < 0 ? c->ops[i].value.len : 0);
  }
  return len;
}

static fp_http_rewrite *lay_out(compiler *c, fp_error *error) {
  size_t names_size = c->name_count * sizeof(rewrite_name), lines_size = c->count * sizeof(rewrite_line);
  uint8_t *block = fp_memory_alloc(sizeof(fp_http_rewrite) + names_size + lines_size + text_len(c));
  if (block == NULL) {
    (void)fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
    return NULL;
  }
  fp_http_rewrite *rewrite = (fp_http_rewrite *)block;
  rewrite_name *names = (rewrite_name *)(block + sizeof *rewrite);
  rewrite_line *lines = (rewrite_line *)(block + sizeof *rewrite + names_size), *last = NULL;
  uint8_t *text = block + sizeof *rewrite + names_size + lines_size, *at = text;
  memset(rewrite, 0, sizeof *rewrite);
  atomic_init(&rewrite->references, 1);
  rewrite->names = names;
  rewrite->lines = lines;
  rewrite->text = text;
  rewrite->name_count = (uint32_t)c->name_count;
  for (uint16_t id = 1; id <= HTTP_NAME_COUNT; id++) {
    if (is_own(id)) rewrite->by_id[id] = REWRITE_OWN;
  }
  rewrite->by_id[HTTP_NAME_REFERER] = REWRITE_REFERER;
  for (size_t i = 0; i < c->name_count; i++) {
    fp_span name = c->ops[c->first[i]].name;
    uint16_t id = fp_http_name_id(name.data, name.len);
    names[i] = (rewrite_name){.name = (uint32_t)(at - text), .len = (uint32_t)name.len};
    for (size_t j = 0; j < name.len; j++) *at++ = fp_http_lower(name.data[j]);
    names[i].drop = !play(c, (uint16_t)i, REWRITE_WHEN_PRESENT);
    (void)play(c, (uint16_t)i, REWRITE_WHEN_ABSENT);
    if (id != 0) {
      rewrite->by_id[id] = (uint8_t)(i + 1);
    } else {
      rewrite->lengths |= UINT64_C(1) << (name.len & 63);
    }
  }
  for (size_t i = 0; i < c->count; i++) {
    const fp_http_op *op = &c->ops[i];
    if (c->when[i] == 0) continue;
    uint8_t *start = at;
    at = fp_emit_span(at, op->name);
    at = FP_EMIT_LITERAL(at, ": ");
    if (op->slot < 0) {
      at = fp_emit_span(at, fp_trimmed(op->value));
      at = FP_EMIT_LITERAL(at, "\r\n");
    } else if ((uint32_t)op->slot >= rewrite->slot_count) {
      rewrite->slot_count = (uint32_t)op->slot + 1;
    }
    if (last != NULL && last->slot < 0 && op->slot < 0 && last->when == REWRITE_ALWAYS &&
        c->when[i] == REWRITE_ALWAYS) {
      last->len += (uint32_t)(at - start);
      continue;
    }
    last = &lines[rewrite->line_count++];
    *last = (rewrite_line){.text = (uint32_t)(start - text),
                           .len = (uint32_t)(at - start),
                           .slot = (int16_t)op->slot,
                           .when = c->when[i],
                           .name = (uint8_t)c->name_of[i]};
  }
  rewrite->text_len = (uint32_t)(at - text);
  return rewrite;
}

fp_http_rewrite *fp_http_rewrite_new(const fp_http_op *ops, size_t count, fp_error *error) {
  size_t first_size = REWRITE_MAX_NAMES * sizeof(size_t);
  if (count > REWRITE_MAX_OPS) {
    (void)fp_error_set(error, FASTPATH_ERR_ARGUMENT, 0, REWRITE_MAX_OPS, "more than %d operations", REWRITE_MAX_OPS);
    return NULL;
  }
  uint8_t *scratch = fp_memory_alloc(first_size + count * (sizeof(uint16_t) + 1));
  if (scratch == NULL) {
    (void)fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
    return NULL;
  }
  compiler c = {.ops = ops,
                .count = count,
                .first = (size_t *)scratch,
                .name_of = (uint16_t *)(scratch + first_size),
                .when = scratch + first_size + count * sizeof(uint16_t)};
  memset(c.name_of, 0, count * (sizeof(uint16_t) + 1));
  fp_http_rewrite *rewrite = number_names(&c, error) < 0 ? NULL : lay_out(&c, error);
  fp_memory_free(scratch);
  return rewrite;
}

fp_http_rewrite *fp_http_rewrite_ref(fp_http_rewrite *rewrite) {
  atomic_fetch_add_explicit(&rewrite->references, 1, memory_order_relaxed);
  return rewrite;
}

void fp_http_rewrite_unref(fp_http_rewrite *rewrite) {
  if (rewrite != NULL && atomic_fetch_sub_explicit(&rewrite->references, 1, memory_order_acq_rel) == 1) {
    fp_memory_free(rewrite);
  }
}

uint8_t fp_http_rewrite_find(const fp_http_rewrite *rewrite, const uint8_t *name, size_t len) {
  for (uint32_t i = 0; i < rewrite->name_count; i++) {
    const rewrite_name *known = &rewrite->names[i];
    if (known->len == len && fp_http_same_name(rewrite->text + known->name, name, len)) return (uint8_t)(i + 1);
  }
  return REWRITE_KEEP;
}
