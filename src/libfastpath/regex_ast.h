/*
 * regex_ast.h - a pattern as a tree. Nodes are numbers; children come before their parent.
 *
 *   a(b|c)*   0 LITERAL a   1 LITERAL b   2 LITERAL c   3 ALTERNATE 1 2   4 CAPTURE 3   5 STAR 4   6 CONCAT 0 5
 */
#ifndef FASTPATH_INTERNAL_REGEX_AST_H
#define FASTPATH_INTERNAL_REGEX_AST_H

#include <fastpath/regex.h>
#include <stdbool.h>

#include "regex_class.h"

#define REGEX_REPEAT_MAX 1000 /* as in RE2, of one repetition and of nested ones multiplied */
#define REGEX_UNBOUNDED 0xffffu

typedef enum fp_regex_op {
  REGEX_EMPTY,
  REGEX_LITERAL, /* first: the code point */
  REGEX_CLASS,   /* ranges[first .. first + count) */
  REGEX_BYTE,    /* \C: any byte */
  REGEX_ASSERT,  /* first: one of the assertions below */
  REGEX_CAPTURE, /* first: the child; count: number of the group */
  REGEX_REPEAT,  /* first: the child; min .. max times */
  REGEX_CONCAT,  /* children[first .. first + count), also below */
  REGEX_ALTERNATE
} fp_regex_op;

/* Assertions, as bits, so that those which hold somewhere are a set. */
enum {
  REGEX_BEGIN_TEXT = 1 << 0,
  REGEX_END_TEXT = 1 << 1,
  REGEX_BEGIN_LINE = 1 << 2,
  REGEX_END_LINE = 1 << 3,
  REGEX_WORD_BOUNDARY = 1 << 4,
  REGEX_NOT_WORD_BOUNDARY = 1 << 5
};

typedef struct fp_regex_node {
  uint8_t op; /* fp_regex_op */
  uint8_t lazy;
  uint8_t nullable; /* may match the empty text; assertions count as if they held */
  uint16_t repeats; /* how often the innermost part is repeated by counted repetitions */
  uint16_t min, max;
  uint32_t first, count;
} fp_regex_node;

/* Where the name of a group stands in the pattern. */
typedef struct fp_regex_name {
  uint32_t offset, len;
} fp_regex_name;

typedef struct fp_regex_ast {
  fp_regex_node *nodes;
  uint32_t *children;
  fp_regex_range *ranges;
  fp_regex_name *names; /* of group i + 1; len is 0 for one without */
  uint32_t node_count, node_capacity;
  uint32_t child_count, child_capacity;
  uint32_t range_count, range_capacity;
  uint32_t group_count, name_capacity;
  uint32_t root;
} fp_regex_ast;

/* A zeroed ast is filled in; it has to be cleared also after an error. Errors: CONFIG_REGEX, MEMORY. */
fp_status fp_regex_parse(const uint8_t *pattern, size_t len, const fp_regex_limits *limits, fp_regex_ast *ast,
                         fp_error *error);
void fp_regex_ast_clear(fp_regex_ast *ast);

#endif
