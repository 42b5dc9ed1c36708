#include <fastpath/path_router.h>

#include "error.h"
#include "memory.h"
#include "path_literals.h"
#include "path_segments.h"

/*
 * path ──> literals   templates that are paths: a hash of the whole path, beside it what stands for it
 *      ├─> segments   templates of whole segments: a walk from segment to segment
 *      └─> parts      those with parts of segments: a route table
 *
 * Each knows the lowest index that it could find, and is asked only when that is below what has been found.
 */

typedef struct {
  uint32_t first; /* of its variables */
  uint8_t count;
  bool in_parts;
} template_entry;

typedef struct {
  uint32_t name; /* offset into the text */
  uint32_t name_len;
  fp_path_piece piece; /* not in parts */
} variable;

struct fp_path_router {
  fp_path_literals literals;
  uint64_t literal_lengths; /* a bit for each of their lengths, modulo 64: most paths with variables have another one */
  fp_path_segments segments;
  fp_route_table *parts; /* NULL for none */
  uint32_t *parts_index; /* of its routes, which are in the same order */
  uint32_t lowest_of_segments;
  uint32_t lowest_of_parts;
  uint8_t *text; /* of templates that are no paths, their literals and then their names */
  template_entry *entries;
  variable *variables;
  uint32_t count;
  void *const *values; /* the caller's; NULL: none */
  size_t size;
};

/* ---- building ---- */

typedef struct {
  fp_path_router *router;
  fp_route_builder *parts;
  uint32_t parts_count;
  uint32_t text_len;
  uint32_t variable_count;
  fp_error *error;
} builder;

static fp_status out_of_memory(fp_error *error) {
  return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, SIZE_MAX, "out of memory");
}

static fp_status add_parts(builder *b, fp_span template, uint32_t index) {
  fp_path_router *router = b->router;
  fp_status status;
  if (b->parts == NULL) {
    b->parts = fp_route_builder_new();
    if (b->parts == NULL) return out_of_memory(b->error);
    status = fp_route_builder_add_virtual_host(b->parts, b->error);
    if (status >= 0) status = fp_route_builder_add_domain(b->parts, (const uint8_t *)"*", 1, b->error);
    if (status < 0) return status;
    router->lowest_of_parts = index;
    router->parts_index = fp_memory_alloc((router->count - index) * sizeof *router->parts_index);
    if (router->parts_index == NULL) return out_of_memory(b->error);
  }
  status = fp_route_builder_add_route(b->parts, FASTPATH_ROUTE_PATH_TEMPLATE, template.data, template.len,
                                      FASTPATH_ROUTE_ANY_SEGMENT, b->error);
  if (status < 0) return status;
  router->parts_index[b->parts_count++] = index;
  return FASTPATH_OK;
}

static fp_status add_segments(builder *b, const fp_path_template *of, const fp_path_shape *shape, uint32_t index) {
  fp_path_router *router = b->router;
  const fp_status status = fp_path_segments_add(&router->segments, router->text, b->text_len, shape, index);
  if (status == FASTPATH_ERR_OVERFLOW) return fp_error_set(b->error, status, 0, SIZE_MAX, "too many segments");
  if (status < 0) return out_of_memory(b->error);
  if (router->lowest_of_segments == FP_PATH_NONE) router->lowest_of_segments = index;
  for (uint32_t i = 0; i < of->variable_count; i++) {
    router->variables[b->variable_count + i].piece = shape->variables[i];
  }
  return FASTPATH_OK;
}

static void add_literal(builder *b, const uint8_t *path, uint32_t len, uint32_t index) {
  fp_path_router *router = b->router;
  fp_path_text room;
  fp_path_key key;
  uint32_t first;
  fp_path_text_whole(&room, path, len);
  key = fp_path_text_key(&room, 0, len);
  if (fp_path_literals_find(&router->literals, &key, &first) != NULL) return; /* the first one counts */
  fp_path_literals_put(&router->literals, &key, index);
  router->literal_lengths |= UINT64_C(1) << (len & 63);
}

static uint32_t names_len(const fp_path_template *of) {
  uint32_t len = 0;
  for (uint32_t i = 0; i < of->variable_count; i++) len += of->variables[i].name_len;
  return len;
}

static uint32_t literals_len(const fp_path_template *of) {
  uint32_t len = 0;
  for (uint32_t i = 0; i < of->op_count; i++) len += of->ops[i].len;
  return len;
}

static fp_status add(builder *b, fp_span template, uint32_t index) {
  fp_path_router *router = b->router;
  fp_path_template *of;
  fp_path_shape shape;
  uint32_t text_len;
  bool is_path;
  template_entry *made = &router->entries[index];
  fp_status status = fp_path_template_new(template.data, template.len, true, &of, b->error);
  if (status < 0) return status;
  is_path = of->variable_count == 0 && literals_len(of) == template.len;
  text_len = is_path ? 0 : literals_len(of) + names_len(of);
  memcpy(router->text + b->text_len, of->text, text_len);
  *made = (template_entry){.first = b->variable_count, .count = (uint8_t)of->variable_count};
  for (uint32_t i = 0; i < of->variable_count; i++) {
    const fp_template_variable *from = &of->variables[i];
    router->variables[b->variable_count + i] = (variable){.name = b->text_len + from->name, .name_len = from->name_len};
  }
  if (is_path) {
    add_literal(b, of->text, (uint32_t)template.len, index);
  } else if (fp_path_shape_of(of, &shape)) {
    status = add_segments(b, of, &shape, index);
  } else {
    made->in_parts = true;
    status = add_parts(b, template, index);
  }
  b->text_len += text_len;
  b->variable_count += of->variable_count;
  fp_path_template_unref(of);
  return status;
}

static bool is_literal(fp_span template) {
  return template.len > 0 && memchr(template.data, '*', template.len) == NULL &&
         memchr(template.data, '{', template.len) == NULL;
}

/* No more variables than this. */
static size_t openings(fp_span template) {
  size_t count = 0;
  for (size_t i = 0; i < template.len; i++) count += template.data[i] == '{';
  return count;
}

static fp_status take_all(builder *b, const fp_span *templates, size_t count, size_t *index) {
  fp_path_router *router = b->router;
  size_t text = 0, variables = 0, literals = 0, literal_bytes = 0, long_bytes = 0;
  fp_status status;
  *index = count;
  for (size_t i = 0; i < count; i++) {
    if (templates[i].len > UINT32_MAX / 2 - text) {
      return fp_error_set(b->error, FASTPATH_ERR_OVERFLOW, 0, SIZE_MAX, "the templates are too long");
    }
    text += templates[i].len;
    variables += openings(templates[i]);
    if (is_literal(templates[i])) {
      literals++;
      literal_bytes += templates[i].len;
      if (templates[i].len > FP_PATH_LITERAL_ROOM) long_bytes += templates[i].len;
    }
  }
  if (count > (UINT32_MAX - 1) / sizeof(template_entry) || variables > UINT32_MAX / sizeof(variable)) {
    return fp_error_set(b->error, FASTPATH_ERR_OVERFLOW, 0, SIZE_MAX, "too many templates");
  }
  text -= literal_bytes;
  router->count = (uint32_t)count;
  router->text = fp_memory_alloc(text + 1);
  router->entries = fp_memory_alloc((count + 1) * sizeof *router->entries);
  router->variables = fp_memory_alloc((variables + 1) * sizeof *router->variables);
  if (router->text == NULL || router->entries == NULL || router->variables == NULL) return out_of_memory(b->error);
  status = fp_path_literals_init(&router->literals, literals, long_bytes);
  if (status == FASTPATH_ERR_OVERFLOW) return fp_error_set(b->error, status, 0, SIZE_MAX, "too many templates");
  if (status < 0) return out_of_memory(b->error);
  for (uint32_t i = 0; i < router->count; i++) {
    *index = i;
    status = add(b, templates[i], i);
    if (status < 0) return status;
  }
  *index = count;
  if (b->parts != NULL) {
    status = fp_route_builder_build(b->parts, 0, &router->parts, b->error);
    if (status < 0) return status;
    router->size += fp_route_table_size(router->parts) + (router->count - router->lowest_of_parts) * sizeof(uint32_t);
  }
  router->size += sizeof *router + text + 1 + (count + 1) * sizeof(template_entry) +
                  (variables + 1) * sizeof(variable) + router->literals.size +
                  router->segments.edges.capacity * sizeof(fp_path_edge) + router->segments.room * sizeof(fp_path_node);
  return FASTPATH_OK;
}

fp_status fp_path_router_new(const fp_span *templates, size_t count, fp_path_router **router, size_t *index,
                             fp_error *error) {
  fp_path_router *made = fp_memory_alloc(sizeof *made);
  builder b = {.router = made, .error = error};
  size_t at = count;
  fp_status status;
  if (made == NULL) {
    status = out_of_memory(error);
  } else {
    *made = (fp_path_router){.lowest_of_segments = FP_PATH_NONE, .lowest_of_parts = FP_PATH_NONE};
    status = take_all(&b, templates, count, &at);
  }
  fp_route_builder_free(b.parts);
  if (status < 0) {
    fp_path_router_free(made);
    if (index != NULL) *index = at;
    return status;
  }
  *router = made;
  return FASTPATH_OK;
}

void fp_path_router_free(fp_path_router *router) {
  if (router == NULL) return;
  fp_path_literals_clear(&router->literals);
  fp_path_segments_clear(&router->segments);
  fp_route_table_unref(router->parts);
  fp_memory_free(router->parts_index);
  fp_memory_free(router->text);
  fp_memory_free(router->entries);
  fp_memory_free(router->variables);
  fp_memory_free(router);
}

/* ---- finding ---- */

typedef struct {
  fp_path_text path;
  uint32_t index;
  uint32_t route; /* of the parts */
  const fp_path_literal *literal; /* that has the index, or NULL */
  size_t starts[FP_PATH_STARTS]; /* of segments */
} search;

static FASTPATH_NOINLINE fp_status find_parts(const fp_path_router *router, fp_span path, search *found) {
  const fp_route_request request = {.path = {path.data, found->path.len}};
  fp_route_match match;
  const fp_status status = fp_route_table_match(router->parts, &request, &match);
  if (status != FASTPATH_OK || router->parts_index[match.route] >= found->index) return status;
  found->index = router->parts_index[match.route];
  found->route = match.route;
  found->literal = NULL;
  return FASTPATH_OK;
}

FASTPATH_INLINE fp_status find(const fp_path_router *router, fp_span path, search *found) {
  fp_path_text_read(&found->path, path);
  found->index = FP_PATH_NONE;
  found->literal = NULL;
  if ((router->literal_lengths >> (found->path.len & 63) & 1) != 0) {
    const fp_path_key key = fp_path_text_key(&found->path, 0, found->path.len);
    found->literal = fp_path_literals_find(&router->literals, &key, &found->index);
  }
  if (router->lowest_of_segments < found->index) {
    const uint32_t before = found->index;
    found->index = fp_path_segments_find(&router->segments, router->text, &found->path, before, found->starts);
    if (found->index != before) found->literal = NULL;
  }
  if (unlikely(router->lowest_of_parts < found->index)) {
    const fp_status status = find_parts(router, path, found);
    if (status < 0) return status;
  }
  return found->index == FP_PATH_NONE ? FASTPATH_NONE : FASTPATH_OK;
}

fp_status fp_path_router_find(const fp_path_router *router, fp_span path, uint32_t *index) {
  search found;
  const fp_status status = find(router, path, &found);
  if (status == FASTPATH_OK) *index = found.index;
  return status;
}

void fp_path_router_set_values(fp_path_router *router, void *const *values) {
  router->values = values;
  fp_path_literals_set_values(&router->literals, values);
}

fp_status fp_path_router_find_value(const fp_path_router *router, fp_span path, void **value) {
  search found;
  const fp_status status = find(router, path, &found);
  if (status != FASTPATH_OK) return status;
  if (router->values == NULL) return FASTPATH_ERR_ARGUMENT;
  *value = found.literal != NULL ? found.literal->value : router->values[found.index];
  return FASTPATH_OK;
}

fp_status fp_path_router_match(const fp_path_router *router, fp_span path, uint32_t *index, fp_span *variables) {
  search found;
  const template_entry *entry;
  const fp_status status = find(router, path, &found);
  if (status != FASTPATH_OK) return status;
  *index = found.index;
  entry = &router->entries[found.index];
  if (unlikely(entry->in_parts)) {
    const fp_route_match match = {.route = found.route};
    fp_route_table_params(router->parts, &match, (fp_span){path.data, found.path.len}, variables);
    return FASTPATH_OK;
  }
  for (uint32_t i = 0; i < entry->count; i++) {
    const fp_path_piece piece = router->variables[entry->first + i].piece;
    const size_t from = found.starts[piece.first];
    const size_t end = piece.end == FP_PATH_TO_THE_END ? found.path.len : found.starts[piece.end] - 1;
    variables[i] = (fp_span){path.data + from, end - from};
  }
  return FASTPATH_OK;
}

/* ---- what it has ---- */

uint32_t fp_path_router_variable_count(const fp_path_router *router, uint32_t template_index) {
  return router->entries[template_index].count;
}

fp_span fp_path_router_variable_name(const fp_path_router *router, uint32_t template_index, uint32_t index) {
  const variable *of = &router->variables[router->entries[template_index].first + index];
  return (fp_span){router->text + of->name, of->name_len};
}

size_t fp_path_router_size(const fp_path_router *router) { return router->size; }
