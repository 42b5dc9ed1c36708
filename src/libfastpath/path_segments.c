#include "path_segments.h"

#include "memory.h"

/* ---- a template's shape ---- */

typedef struct reader {
  const fp_path_template *of;
  fp_path_shape *shape;
  bool fresh; /* a segment has begun and nothing of it was read */
  bool wild;  /* the segment is a wildcard: nothing of it may follow */
} reader;

static bool begin_segment(reader *r, uint32_t offset) {
  if (r->shape->count == FP_PATH_SEGMENTS_MAX) return false;
  r->shape->segments[r->shape->count++] = (fp_path_segment){.offset = offset, .kind = FP_PATH_SEGMENT_LITERAL};
  r->fresh = true;
  r->wild = false;
  return true;
}

static bool read_literal(reader *r, const fp_template_op *op) {
  for (uint32_t at = op->offset; at < op->offset + op->len; at++) {
    if (r->of->text[at] == '/') {
      if (!begin_segment(r, at + 1)) return false;
      continue;
    }
    if (r->wild) return false;
    r->shape->segments[r->shape->count - 1].len++;
    r->fresh = false;
  }
  return true;
}

static bool read_wildcard(reader *r, fp_template_op_kind kind) {
  fp_path_segment *segment = &r->shape->segments[r->shape->count - 1];
  if (!r->fresh) return false;
  segment->kind = kind == FP_TEMPLATE_REST ? FP_PATH_SEGMENT_REST : FP_PATH_SEGMENT_ANY;
  r->fresh = false;
  r->wild = true;
  return true;
}

/* Whether an op begins with the end of a segment; that of a template is one as well. */
static bool ends_segment(const fp_path_template *of, uint32_t op) {
  return op == of->op_count || (of->ops[op].kind == FP_TEMPLATE_LITERAL && of->text[of->ops[op].offset] == '/');
}

bool fp_path_shape_of(const fp_path_template *of, fp_path_shape *shape) {
  reader r = {.of = of, .shape = shape};
  uint32_t variable = 0;
  shape->count = 0;
  for (uint32_t i = 0; i < of->op_count; i++) {
    const fp_template_op *op = &of->ops[i];
    const fp_template_variable *now = variable < of->variable_count ? &of->variables[variable] : NULL;
    if (now != NULL && now->begin == i) {
      if (!r.fresh) return false;
      shape->variables[variable].first = (uint8_t)(shape->count - 1);
    }
    if (op->kind == FP_TEMPLATE_REST && i + 1 < of->op_count) return false;
    if (op->kind == FP_TEMPLATE_LITERAL ? !read_literal(&r, op) : !read_wildcard(&r, op->kind)) return false;
    if (now != NULL && now->end == i + 1) {
      if (!ends_segment(of, i + 1)) return false;
      shape->variables[variable++].end = op->kind == FP_TEMPLATE_REST ? FP_PATH_TO_THE_END : (uint8_t)shape->count;
    }
  }
  return true;
}

/* ---- building ---- */

static fp_status reserve_nodes(fp_path_segments *segments, uint32_t count) {
  uint32_t room = segments->room < 16 ? 16 : segments->room;
  fp_path_node *nodes;
  /* So that no number of nodes, and no number of bytes in 32 bits, overflows. */
  if (count > INT32_MAX / sizeof *nodes / 2 - segments->node_count) return FASTPATH_ERR_OVERFLOW;
  while (room < segments->node_count + count) room *= 2;
  if (room == segments->room) return FASTPATH_OK;
  nodes = fp_memory_resize(segments->nodes, room * sizeof *nodes);
  if (nodes == NULL) return FASTPATH_ERR_MEMORY;
  segments->nodes = nodes;
  segments->room = room;
  return FASTPATH_OK;
}

static uint32_t new_node(fp_path_segments *segments, uint32_t rank) {
  segments->nodes[segments->node_count] = (fp_path_node){
      .exact = FP_PATH_NONE, .rest = FP_PATH_NONE, .any = FP_PATH_NONE, .lowest = rank, .literals = false};
  return segments->node_count++;
}

/* The node that a segment leads to, which may be new. */
static uint32_t follow(fp_path_segments *segments, const uint8_t *text, uint32_t offset, const fp_path_segment *segment,
                       uint32_t node, uint32_t rank) {
  fp_path_text room;
  fp_path_key key;
  uint32_t next;
  if (segment->kind == FP_PATH_SEGMENT_ANY) {
    if (segments->nodes[node].any == FP_PATH_NONE) {
      next = new_node(segments, rank);
      segments->nodes[node].any = next;
    }
    return segments->nodes[node].any;
  }
  offset += segment->offset;
  fp_path_text_whole(&room, text + offset, segment->len);
  key = fp_path_text_key(&room, 0, segment->len);
  next = fp_path_edges_find(&segments->edges, text, node, &key);
  if (next != FP_PATH_NONE) return next;
  next = new_node(segments, rank);
  segments->nodes[node].literals = true;
  fp_path_edges_put(&segments->edges, text, offset, segment->len, node, next);
  return next;
}

fp_status fp_path_segments_add(fp_path_segments *segments, const uint8_t *text, uint32_t offset,
                               const fp_path_shape *shape, uint32_t rank) {
  uint32_t node = 0;
  uint32_t *end;
  fp_status status = reserve_nodes(segments, shape->count + 1);
  if (status < 0) return status;
  /* By doubling, so that the work is linear in the number of segments. */
  if (segments->edges.slots == NULL || segments->edges.count + shape->count > segments->edges.capacity / 2) {
    status = fp_path_edges_reserve(&segments->edges, text, 2 * ((size_t)segments->edges.count + shape->count));
    if (status < 0) return status;
  }
  if (segments->node_count == 0) new_node(segments, rank);
  for (uint32_t i = 0; i < shape->count && shape->segments[i].kind != FP_PATH_SEGMENT_REST; i++) {
    node = follow(segments, text, offset, &shape->segments[i], node, rank);
  }
  end = shape->segments[shape->count - 1].kind == FP_PATH_SEGMENT_REST ? &segments->nodes[node].rest
                                                                       : &segments->nodes[node].exact;
  if (*end == FP_PATH_NONE) *end = rank;
  return FASTPATH_OK;
}

void fp_path_segments_clear(fp_path_segments *segments) {
  fp_path_edges_clear(&segments->edges);
  fp_memory_free(segments->nodes);
  *segments = (fp_path_segments){.nodes = NULL};
}

/* ---- finding ---- */

/* A way through a '*' that has not been gone yet. */
typedef struct {
  uint32_t node;
  uint32_t depth; /* segments that led here */
} turn;

uint32_t fp_path_segments_find(const fp_path_segments *segments, const uint8_t *text, const fp_path_text *path,
                               uint32_t best, size_t *starts) {
  turn waiting[FP_PATH_SEGMENTS_MAX]; /* at most one at each depth */
  uint32_t count = 0, depth = 0, node = 0;
  size_t at = 1;
  if (path->len == 0 || path->bytes[0] != '/') return best;
  starts[0] = 1;
  for (;;) {
    const fp_path_node *now = &segments->nodes[node];
    uint32_t next = FP_PATH_NONE;
    if (likely(now->lowest < best)) {
      const size_t end = fp_path_text_segment_end(path, at);
      if (unlikely(now->rest < best)) best = now->rest;
      starts[depth + 1] = end + 1;
      if (now->literals) {
        const fp_path_key key = fp_path_text_key(path, at, end);
        next = fp_path_edges_find(&segments->edges, text, node, &key);
      }
      if (now->any != FP_PATH_NONE && end > at) {
        if (next == FP_PATH_NONE) {
          next = now->any;
        } else {
          waiting[count++] = (turn){now->any, depth + 1};
        }
      }
      if (next != FP_PATH_NONE) {
        node = next;
        depth++;
        at = end + 1;
        if (end < path->len) continue;
        if (segments->nodes[node].exact < best) best = segments->nodes[node].exact;
      }
    }
    do {
      if (count == 0) return best;
      node = waiting[--count].node;
      depth = waiting[count].depth;
      at = starts[depth];
      if (at > path->len && segments->nodes[node].exact < best) best = segments->nodes[node].exact;
    } while (at > path->len);
  }
}
