/*
 * path_template.h - a path with variables, taken apart.
 *
 *   /users/{id}/files/{path=**}.json       ops        literal "/users/"  segment  literal "/files/"  rest  literal ".json"
 *                                          variables  id = op 1   path = op 3
 *
 * How it compares is told in fastpath/route.h. A template is immutable once made.
 */
#ifndef FASTPATH_INTERNAL_PATH_TEMPLATE_H
#define FASTPATH_INTERNAL_PATH_TEMPLATE_H

#include <fastpath/base.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Bytes that stand for a wildcard of a whole segment in the keys of a trie. */
#define FP_TEMPLATE_TOKEN_PCHAR 1 /* takes a segment of pchars */
#define FP_TEMPLATE_TOKEN_ANY 2   /* takes any segment */

typedef enum fp_template_op_kind {
  FP_TEMPLATE_LITERAL,
  FP_TEMPLATE_SEGMENT, /* one or more bytes but '/' */
  FP_TEMPLATE_REST     /* any bytes; only literals follow */
} fp_template_op_kind;

typedef struct fp_template_op {
  uint32_t offset; /* of a literal's bytes in the text */
  uint32_t len;    /* 0 for wildcards */
  uint32_t suffix; /* how many bytes of a wildcard's own segment follow it in the next op */
  fp_template_op_kind kind;
} fp_template_op;

typedef struct fp_template_variable {
  uint32_t name; /* offset into the text */
  uint32_t name_len;
  uint32_t begin; /* its ops */
  uint32_t end;
} fp_template_variable;

/* Shared, atomic count; everything lies in one block. */
typedef struct fp_path_template {
  const uint8_t *text; /* literals one after the other, then names */
  const fp_template_op *ops;
  const fp_template_variable *variables;
  size_t size; /* bytes allocated */
  uint32_t op_count;
  uint32_t variable_count;
  uint32_t key_len;  /* of fp_path_template_key */
  bool key_is_whole; /* the key alone decides */
  bool any;          /* wildcards take every byte */
  _Atomic size_t references;
} fp_path_template;

/*
 * Take a template apart. `any` as FASTPATH_ROUTE_ANY_SEGMENT. FASTPATH_ERR_CONFIG_PATH, with the offset in `position`,
 * or FASTPATH_ERR_MEMORY.
 */
fp_status fp_path_template_new(const uint8_t *text, size_t len, bool any, fp_path_template **made, fp_error *error);
fp_path_template *fp_path_template_ref(fp_path_template *of);
void fp_path_template_unref(fp_path_template *of); /* NULL is allowed */

/*
 * Write the key for a trie, key_len bytes: the literals and a token for each whole segment, as far as these go. When
 * key_is_whole, a path that is equal to the key matches; else one that begins with it may, and fp_path_template_match
 * tells.
 */
void fp_path_template_key(const fp_path_template *of, uint8_t *key);

/* Where the bytes from `at` on that the wildcard of a segment takes come to an end. */
size_t fp_path_template_run_end(const uint8_t *path, size_t len, size_t at, bool any);

/* Where a segment that begins at `at` ends, if it is one that the wildcard takes: else `at`. */
size_t fp_path_template_segment_end(const uint8_t *path, size_t len, size_t at, bool any);

/* Whether the path, which has been cut at '?', matches as a whole. */
bool fp_path_template_match(const fp_path_template *of, const uint8_t *path, size_t len);

/* What each variable stands for in such a path, which is known to match. */
void fp_path_template_params(const fp_path_template *of, const uint8_t *path, size_t len, fp_span *params);

#endif
