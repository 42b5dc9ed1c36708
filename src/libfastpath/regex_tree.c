#include <string.h>

#include "grow.h"
#include "regex_parse.h"

/* Items become nodes, and many items become one: concatenations, alternations, classes of what stands side by side. */

static fp_status push(fp_regex_parser *parser, uint32_t item) {
  if (!fp_grow(parser->items, &parser->item_capacity, parser->item_count)) return FASTPATH_ERR_MEMORY;
  parser->items[parser->item_count++] = item;
  return FASTPATH_OK;
}

static fp_status add_node(fp_regex_parser *parser, fp_regex_node node, uint32_t *number) {
  fp_regex_ast *ast = parser->ast;
  if (!fp_grow(ast->nodes, &ast->node_capacity, ast->node_count)) return FASTPATH_ERR_MEMORY;
  *number = ast->node_count;
  ast->nodes[ast->node_count++] = node;
  return FASTPATH_OK;
}

fp_status fp_regex_push_node(fp_regex_parser *parser, fp_regex_node node) {
  uint32_t number;
  fp_status status = add_node(parser, node, &number);
  return status < 0 ? status : push(parser, number);
}

fp_status fp_regex_push_class(fp_regex_parser *parser) {
  fp_regex_ast *ast = parser->ast;
  fp_regex_class *set = &parser->set;
  if ((uint64_t)ast->range_count + set->count > parser->limits->max_instructions || fp_regex_class_is_costly(parser))
    return fp_regex_too_large(parser);
  if (!fp_grow_to(&ast->ranges, &ast->range_capacity, (size_t)ast->range_count + set->count, sizeof *ast->ranges))
    return FASTPATH_ERR_MEMORY;
  if (set->count > 0) memcpy(ast->ranges + ast->range_count, set->ranges, set->count * sizeof *set->ranges);
  fp_regex_node node = {.op = REGEX_CLASS, .repeats = 1, .first = ast->range_count, .count = set->count};
  ast->range_count += set->count;
  set->count = 0;
  return fp_regex_push_node(parser, node);
}

/* items[from ..) become one item: nothing, the only one, or a concatenation or alternation. */
static fp_status collapse(fp_regex_parser *parser, fp_regex_op op, uint32_t from) {
  fp_regex_ast *ast = parser->ast;
  uint32_t count = parser->item_count - from;
  fp_regex_node node = {.op = (uint8_t)op, .nullable = op == REGEX_CONCAT, .repeats = 1, .count = count};
  if (count == 1) return FASTPATH_OK;
  if (count == 0) return fp_regex_push_node(parser, (fp_regex_node){.op = REGEX_EMPTY, .nullable = 1, .repeats = 1});
  if (!fp_grow_to(&ast->children, &ast->child_capacity, (size_t)ast->child_count + count, sizeof *ast->children))
    return FASTPATH_ERR_MEMORY;
  node.first = ast->child_count;
  for (uint32_t i = 0; i < count; i++) {
    const fp_regex_node *child = &ast->nodes[parser->items[from + i]];
    ast->children[ast->child_count++] = parser->items[from + i];
    if (child->repeats > node.repeats) node.repeats = child->repeats;
    if (op == REGEX_CONCAT) {
      node.nullable = node.nullable && child->nullable;
    } else {
      node.nullable = node.nullable || child->nullable;
    }
  }
  parser->item_count = from;
  return fp_regex_push_node(parser, node);
}

#define SPLICED_MAX 64 /* alternatives: taking them up again at each level may not become quadratic */

/* Alternatives that are alternations themselves, in parentheses without a group, give up their own alternatives. */
static fp_status splice_alternations(fp_regex_parser *parser, uint32_t from) {
  const fp_regex_ast *ast = parser->ast;
  uint32_t count = parser->item_count;
  for (uint32_t i = from; i < count; i++) {
    const fp_regex_node *node = &ast->nodes[parser->items[i]];
    bool spliced = node->op == REGEX_ALTERNATE && node->count <= SPLICED_MAX;
    for (uint32_t j = 0; j < (spliced ? node->count : 1); j++) {
      fp_status status = push(parser, spliced ? ast->children[node->first + j] : parser->items[i]);
      if (status < 0) return status;
    }
  }
  memmove(parser->items + from, parser->items + count, (parser->item_count - count) * sizeof *parser->items);
  parser->item_count -= count - from;
  return FASTPATH_OK;
}

/*
 * Single code points and classes that are alternatives side by side become one class, as in RE2: there it decides which
 * bytes that are not UTF-8 a class takes (see regex_program.h).
 */
static fp_status merge_classes(fp_regex_parser *parser, uint32_t from) {
  fp_regex_ast *ast = parser->ast;
  uint32_t count = parser->item_count, kept = from, end;
  for (uint32_t i = from; i < count; i = end) {
    uint32_t first = UINT32_MAX, next = UINT32_MAX;
    bool adjoining = true;
    for (end = i; end < count; end++) {
      const fp_regex_node *node = &ast->nodes[parser->items[end]];
      if (node->op != REGEX_LITERAL && node->op != REGEX_CLASS) break;
    }
    for (uint32_t j = i; j < end && end > i + 1; j++) {
      const fp_regex_node *node = &ast->nodes[parser->items[j]];
      bool done = node->op == REGEX_CLASS || fp_regex_class_add(&parser->set, node->first, node->first, false);
      for (uint32_t k = 0; node->op == REGEX_CLASS && k < node->count && done; k++) {
        fp_regex_range range = ast->ranges[node->first + k];
        done = fp_regex_class_add(&parser->set, range.low, range.high, false);
      }
      if (!done) return FASTPATH_ERR_MEMORY;
      if (node->op == REGEX_LITERAL) continue;
      if (first == UINT32_MAX) first = next = node->first;
      adjoining = adjoining && node->first == next;
      next = node->first + node->count;
    }
    if (end <= i + 1) {
      end = i + 1;
      parser->items[kept++] = parser->items[i];
      continue;
    }
    if (adjoining && next == ast->range_count) ast->range_count = first; /* nobody else's */
    fp_regex_class_normalize(&parser->set);
    fp_status status = fp_regex_push_class(parser);
    if (status < 0) return status;
    parser->items[kept++] = parser->items[--parser->item_count];
  }
  parser->item_count = kept;
  return FASTPATH_OK;
}

fp_status fp_regex_push_concat(fp_regex_parser *parser, uint32_t from) { return collapse(parser, REGEX_CONCAT, from); }

fp_status fp_regex_push_alternate(fp_regex_parser *parser, uint32_t from) {
  fp_status status = FASTPATH_OK;
  if (parser->item_count > from + 1) status = splice_alternations(parser, from);
  if (status >= 0) status = merge_classes(parser, from);
  return status < 0 ? status : collapse(parser, REGEX_ALTERNATE, from);
}
