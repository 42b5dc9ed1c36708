/*
 * fastpath/path.h - the one path normaliser, with the options of Envoy's HttpConnectionManager.
 *
 *   /a;v=1/%2E%2e/b//%7ec/./d?q=/../x
 *     1 escaped slashes    %2f %5c    keep / reject / unescape and redirect / unescape and forward
 *     2 strip_parameters   ;v=1       dropped from each segment
 *     3 normalize          %7e -> ~   \ -> /   | -> %7C   . and .. resolved (RFC 3986 6.2.2)
 *     4 merge_slashes      // -> /
 *   /b/~c/d?q=/../x                   the query is never touched
 *
 * What comes out is the string to match, to apply policy to and to forward: use no other. Normalising it again changes
 * nothing.
 */
#ifndef FASTPATH_PATH_H
#define FASTPATH_PATH_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* PathWithEscapedSlashesAction: what to do about %2F, %2f, %5C and %5c in a path. */
typedef enum fp_path_slashes {
  FASTPATH_PATH_KEEP_UNCHANGED = 0,
  FASTPATH_PATH_REJECT_REQUEST = 1,
  FASTPATH_PATH_UNESCAPE_AND_REDIRECT = 2,
  FASTPATH_PATH_UNESCAPE_AND_FORWARD = 3
} fp_path_slashes;

/* What became of a path. */
typedef enum fp_path_action {
  FASTPATH_PATH_UNCHANGED = 0, /* the result is the input itself */
  FASTPATH_PATH_CHANGED = 1,   /* the result was written to dst */
  FASTPATH_PATH_REDIRECT = 2   /* written to dst: answer 307 with `whole` in Location */
} fp_path_action;

/* What becomes of runs of slashes. */
typedef enum fp_path_merge {
  FASTPATH_PATH_MERGE_OFF = 0,
  FASTPATH_PATH_MERGE_ON = 1,
  FASTPATH_PATH_MERGE_AS_ENVOY = 2 /* the same, but a path of nothing but several slashes becomes two of them */
} fp_path_merge;

/* Plain data, the caller's. Booleans are 0 or 1. */
typedef struct fp_path_options {
  uint8_t escaped_slashes;  /* fp_path_slashes */
  uint8_t normalize;        /* Envoy's normalize_path; refuses %00 */
  uint8_t merge_slashes;    /* fp_path_merge */
  uint8_t strip_parameters; /* drop ";..." from each segment */
  uint8_t reject_backslash; /* refuse a literal backslash */
  uint8_t reject_invalid;   /* refuse '%' without two hex digits, %00, and escapes that are not well-formed UTF-8 */
} fp_path_options;

/* A normalised path. Spans point into the input or into dst. */
typedef struct fp_path {
  fp_span path;  /* up to '?' */
  fp_span query; /* after '?'; data is NULL when there is none */
  fp_span whole; /* path, '?' and query: what :path holds */
  int action;    /* fp_path_action */
} fp_path;

/* The library's own defaults: reject escaped slashes, backslashes and invalid escapes; normalize; merge slashes.
 * Threads: any, here and below. */
void fp_path_options_default(fp_path_options *options);

/* Nothing is done: what Envoy does by default, to be changed field by field from its configuration. */
void fp_path_options_envoy(fp_path_options *options);

/*
 * Normalise the origin-form target data[0 .. len).
 *   options        NULL for the defaults.
 *   dst, capacity  room for the result when something changes; may not overlap data. fp_path_capacity(len) bytes always
 *                  suffice. Its contents count only when the result points there.
 * Returns OK; ERR_HTTP_PATH for a path that the options reject; ERR_HTTP_TARGET for an empty target, one that does not
 * begin with '/', and one with '#' or a byte outside 0x21 .. 0x7e; ERR_ARGUMENT when dst is too small. error->position
 * is the offset of the byte or escape. "*" is left alone. Linear time; allocates nothing.
 */
fp_status fp_path_normalize(const fp_path_options *options, const uint8_t *data, size_t len, uint8_t *dst,
                            size_t capacity, fp_path *out, fp_error *error);

/* The most bytes that a target of len bytes can become: escaping one octet gives three. */
size_t fp_path_capacity(size_t len);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
