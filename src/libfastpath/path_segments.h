/*
 * path_segments.h - a tree of templates, a level for each segment, and a walk that takes a path a segment at a time.
 *
 *   0  /users/{id}                 root ── "users" ── * (0) ── "posts" ── * (1)
 *   1  /users/{id}/posts/{post}             └─ ** (2)
 *   2  /users/{rest=**}
 *
 * The tree has the templates all of whose wildcards are whole segments, '**' the last one. The others are for their
 * owner to look for. Where a segment is one of a node's literals and the node has a '*' as well, the literal's way is
 * gone first; the other one waits, and is left out when nothing on it comes before what has been found. What each
 * segment is does not depend on the way, so that the walk notes where they begin and variables need no second look.
 *
 * Not thread-safe while templates are added; then "any".
 */
#ifndef FASTPATH_INTERNAL_PATH_SEGMENTS_H
#define FASTPATH_INTERNAL_PATH_SEGMENTS_H

#include <fastpath/route.h>

#include "path_edges.h"
#include "path_template.h"

enum {
  FP_PATH_SEGMENTS_MAX = 64,                 /* of a template in the tree: a walk needs no memory of its own */
  FP_PATH_STARTS = FP_PATH_SEGMENTS_MAX + 2, /* of those, of one that goes on, and of what would follow that */
  FP_PATH_TO_THE_END = 255
};

/* Where the templates that share the segments up to here go on. Ranks are FP_PATH_NONE for none. */
typedef struct fp_path_node {
  uint32_t exact;  /* rank of the template that ends here */
  uint32_t rest;   /* and of the one that goes on with '**' */
  uint32_t any;    /* node behind a '*', or FP_PATH_NONE */
  uint32_t lowest; /* rank of all that end here or below */
  bool literals;   /* there are edges from here */
} fp_path_node;

/* Which segments a variable stands for: from `first` up to and without `end`, or FP_PATH_TO_THE_END. */
typedef struct fp_path_piece {
  uint8_t first;
  uint8_t end;
} fp_path_piece;

/* The owner's; zero bytes are an empty tree. */
typedef struct fp_path_segments {
  fp_path_edges edges; /* between nodes */
  fp_path_node *nodes; /* the root first */
  uint32_t node_count;
  uint32_t room;
} fp_path_segments;

/* One segment of a template: a literal's bytes in its text, or a wildcard. */
typedef struct fp_path_segment {
  uint32_t offset;
  uint32_t len;
  enum {
    FP_PATH_SEGMENT_LITERAL,
    FP_PATH_SEGMENT_ANY,
    FP_PATH_SEGMENT_REST
  } kind;
} fp_path_segment;

/* A template as segments. */
typedef struct fp_path_shape {
  uint32_t count;
  fp_path_segment segments[FP_PATH_SEGMENTS_MAX];
  fp_path_piece variables[FASTPATH_ROUTE_PARAMS_MAX];
} fp_path_shape;

/* Whether a template, whose wildcards take every byte, belongs into a tree; `shape` is what goes there. */
bool fp_path_shape_of(const fp_path_template *of, fp_path_shape *shape);

/*
 * Add a template. `rank` must be above all that were added before. The literals' bytes are at shape's offsets, counted
 * from `offset`, in `text`; that may be moved, but stays what it is as long as the tree. OK, MEMORY or OVERFLOW: the
 * tree then finds what it found before, and must be given nothing more.
 */
fp_status fp_path_segments_add(fp_path_segments *segments, const uint8_t *text, uint32_t offset,
                               const fp_path_shape *shape, uint32_t rank);
void fp_path_segments_clear(fp_path_segments *segments);

/*
 * The lowest rank below `best` that takes the path, or `best`. Where segment i begins is written to starts[i], as far as
 * templates go and for up to two more: there are FP_PATH_STARTS. The one after the last begins behind the path's end.
 * There must be nodes.
 */
uint32_t fp_path_segments_find(const fp_path_segments *segments, const uint8_t *text, const fp_path_text *path,
                               uint32_t best, size_t *starts);

#endif
