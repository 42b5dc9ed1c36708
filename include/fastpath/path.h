/*
 * fastpath/path.h - the one path normaliser, with the options of Envoy's HttpConnectionManager.
 *
 *   /a/%2E%2e/b//c;v=1/./d?q=/../x
 *     1 escaped slashes   %2f %5c          keep / reject / unescape and redirect / unescape and forward
 *     2 normalize         %7e -> ~   \ -> /   . and .. and %2e resolved (RFC 3986 6.2.2)
 *     3 strip_parameters  ;v=1 dropped from each segment
 *     4 merge_slashes     // -> /
 *   -> /b/c/d?q=/../x     the query is never touched
 *
 * What comes out is the string to match, to apply policy to and to forward: use no other. Normalising it again
 * changes nothing.
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
  FASTPATH_PATH_REDIRECT = 2   /* written to dst (or unchanged otherwise): answer 307 with it as Location */
} fp_path_action;

/* Plain data, the caller's. Booleans are 0 or 1. */
typedef struct fp_path_options {
  uint8_t escaped_slashes;  /* fp_path_slashes */
  uint8_t normalize;        /* Envoy's normalize_path */
  uint8_t merge_slashes;    /* Envoy's merge_slashes */
  uint8_t strip_parameters; /* drop ";..." from each segment */
  uint8_t reject_backslash; /* refuse a literal backslash */
  uint8_t reject_invalid;   /* refuse "%" without two hex digits, %00, and octets that are not well-formed UTF-8 */
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

/* Envoy's defaults, to be changed field by field from its configuration: everything kept as it is. */
void fp_path_options_envoy(fp_path_options *options);

/*
 * Normalise the origin-form target data[0 .. len).
 *   options   NULL for the defaults.
 *   dst       room for the result when something changes: fp_path_capacity(len) bytes always suffice; may not overlap data.
 *             Written only when the action is not UNCHANGED.
 * Returns OK; ERR_HTTP_PATH for a path that the options reject; ERR_HTTP_TARGET for an empty path, one that does not begin
 * with '/', or a '#' anywhere; ERR_ARGUMENT when dst is too small. Linear time; allocates nothing. "*" is left alone.
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
