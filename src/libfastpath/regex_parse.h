/* regex_parse.h - the state of the parser, and its parts: code points, escapes, classes. */
#ifndef FASTPATH_INTERNAL_REGEX_PARSE_H
#define FASTPATH_INTERNAL_REGEX_PARSE_H

#include "regex_ast.h"

/* A parenthesis that is open; the first one stands for the pattern. */
typedef struct fp_regex_open {
  uint32_t first;       /* of its items */
  uint32_t alternative; /* where the items of its last alternative begin */
  uint32_t group;       /* 0: captures nothing */
  uint32_t flags;       /* those outside of it */
  uint32_t position;    /* in the pattern */
} fp_regex_open;

typedef struct fp_regex_parser {
  const uint8_t *text;
  size_t len, at;
  size_t item; /* where the piece that is being parsed begins */
  const fp_regex_limits *limits;
  fp_regex_ast *ast;
  fp_error *error;
  uint32_t flags;
  uint32_t literals;
  size_t repeated; /* where the repetition operator just before `at` begins; SIZE_MAX when there is none */
  uint32_t *items;
  uint32_t item_count, item_capacity;
  fp_regex_open *open;
  uint32_t open_count, open_capacity;
  fp_regex_class set; /* the class being put together */
} fp_regex_parser;

/* CONFIG_REGEX with `reason` and the piece of the pattern, text[position .. end), that it is about. */
fp_status fp_regex_refuse(fp_regex_parser *parser, size_t position, size_t end, const char *reason);

/* CONFIG_REGEX: the program could not but pass its limit. */
fp_status fp_regex_too_large(fp_regex_parser *parser);

/* Has putting classes together cost more than any pattern within the limits needs? */
bool fp_regex_class_is_costly(const fp_regex_parser *parser);

/* A new item. */
fp_status fp_regex_push_node(fp_regex_parser *parser, fp_regex_node node);

/* parser->set, which is normalised, becomes an item, and is empty again. A range is one instruction at least. */
fp_status fp_regex_push_class(fp_regex_parser *parser);

/* items[from ..) become one item. */
fp_status fp_regex_push_concat(fp_regex_parser *parser, uint32_t from);
fp_status fp_regex_push_alternate(fp_regex_parser *parser, uint32_t from);

/* Is the pattern UTF-8, if it has to be? Encoded surrogates are let through, as RE2 does. */
fp_status fp_regex_check_utf8(fp_regex_parser *parser);

/* The code point at `at`, which moves behind it. The text was checked; there must be one. */
uint32_t fp_regex_next_point(fp_regex_parser *parser);

/* A backslash at `at` and what belongs to it, as one code point. */
fp_status fp_regex_parse_escape(fp_regex_parser *parser, uint32_t *point);

/* \pX, \p{name}, \PX, \P{name}, \p{^name} at `at`. */
fp_status fp_regex_parse_property(fp_regex_parser *parser, fp_regex_named *named, bool *negated);

/* [...] at `at`, into parser->set. */
fp_status fp_regex_parse_class(fp_regex_parser *parser, bool fold);

#endif
