/*
 * http_rewrite_ops.h - compiled header operations, as http_rewrite.c runs them.
 *
 * What a list of operations on one name comes to depends only on whether the input has that name. So the list is played
 * through once for either case when it is compiled, and what is left is: drop the input's fields of that name or not,
 * and lines to write always, only when the input had it, or only when it had not.
 */
#ifndef FASTPATH_INTERNAL_HTTP_REWRITE_OPS_H
#define FASTPATH_INTERNAL_HTTP_REWRITE_OPS_H

#include <stdatomic.h>

#include <fastpath/http_write.h>

#include "http_names_table.h"

enum {
  REWRITE_MAX_NAMES = 250,
  REWRITE_MAX_OPS = 4096,
  REWRITE_MAX_SLOTS = 256,
  REWRITE_KEEP = 0, /* in by_id: not touched; 1 .. 250: index of a rewrite_name, plus one */
  REWRITE_REFERER = 254, /* in by_id: stays when it is valid */
  REWRITE_OWN = 255 /* in by_id: the rewrite deals with this field itself */
};

enum {
  REWRITE_WHEN_PRESENT = 1,
  REWRITE_WHEN_ABSENT = 2,
  REWRITE_ALWAYS = 3
};

typedef struct rewrite_name {
  uint32_t name; /* offset in text, lower case */
  uint32_t len;
  uint8_t drop; /* the input's fields of this name go */
} rewrite_name;

/* Bytes to write: whole lines, or for a slot "Name: ". Neighbours that are always written are one. */
typedef struct rewrite_line {
  uint32_t text; /* offset in text */
  uint32_t len;
  int16_t slot;      /* -1: none */
  uint8_t when;      /* REWRITE_* */
  uint8_t name;      /* index, for `when` */
} rewrite_line;

struct fp_http_rewrite {
  atomic_size_t references;
  uint64_t lengths; /* bit n: some name without an id has length n modulo 64 */
  const rewrite_name *names;
  const rewrite_line *lines;
  const uint8_t *text;
  uint32_t name_count;
  uint32_t line_count;
  uint32_t text_len;
  uint32_t slot_count; /* one more than the largest slot */
  uint8_t by_id[HTTP_NAME_COUNT + 1];
};

/* The index plus one of a name that has no id, or REWRITE_KEEP. */
uint8_t fp_http_rewrite_find(const fp_http_rewrite *rewrite, const uint8_t *name, size_t len);

#endif
