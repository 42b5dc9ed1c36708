/*
 * fastpath/path_router.h - which of many templates takes a path, and what its variables stand for: for servers that
 * have neither hosts nor conditions.
 *
 *   0  /users/me              "/users/7/posts/8?page=2"  ──>  2, id = "7", post = "8"
 *   1  /users/{id}
 *   2  /users/{id}/posts/{post}
 *   3  /files/{path=**}
 *
 * Templates are those of fastpath/route.h with FASTPATH_ROUTE_ANY_SEGMENT, a path without variables among them. The
 * first one in the list that takes a path is the answer. A path ends at its first '?' or '#'; nothing is decoded.
 */
#ifndef FASTPATH_PATH_ROUTER_H
#define FASTPATH_PATH_ROUTER_H

#include <fastpath/base.h>
#include <fastpath/route.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* One owner, immutable. */
typedef struct fp_path_router fp_path_router;

/*
 * Make a router of `count` templates, which are borrowed for the call. On error `index` (may be NULL) is set to the
 * template at fault, or to `count` when it is none of them.
 *
 * Errors: CONFIG_PATH (a template that is malformed, error->position is where), OVERFLOW (too many, or too long), MEMORY.
 */
fp_status fp_path_router_new(const fp_span *templates, size_t count, fp_path_router **router, size_t *index,
                             fp_error *error);
void fp_path_router_free(fp_path_router *router); /* NULL is allowed */

/* The index of the template that takes the path: OK, or NONE. Errors: MEMORY. Threads: any. */
fp_status fp_path_router_find(const fp_path_router *router, fp_span path, uint32_t *index);

/*
 * Say what stands for each template. The array of as many pointers as there are templates is borrowed and must stay, as
 * it is, as long as the router; what they point to is never looked at. Before the router is shared with other threads.
 */
void fp_path_router_set_values(fp_path_router *router, void *const *values);

/*
 * What stands for the template that takes the path: OK, or NONE. In a large router this is faster than an index into an
 * array of one's own. Errors: ARGUMENT (nobody said what stands for them), MEMORY. Threads: any.
 */
fp_status fp_path_router_find_value(const fp_path_router *router, fp_span path, void **value);

/*
 * As fp_path_router_find, and what the template's variables stand for, in its order, as spans that point into `path`.
 * There must be room for FASTPATH_ROUTE_PARAMS_MAX of them; those that the template does not have are left alone.
 * Threads: any.
 */
fp_status fp_path_router_match(const fp_path_router *router, fp_span path, uint32_t *index, fp_span *variables);

/*
 * How many variables a template has, and what they are called; a name is borrowed from the router. `template_index` and
 * `variable` must be in range. Threads: any.
 */
uint32_t fp_path_router_variable_count(const fp_path_router *router, uint32_t template_index);
fp_span fp_path_router_variable_name(const fp_path_router *router, uint32_t template_index, uint32_t variable);

/* Bytes that it takes. Threads: any. */
size_t fp_path_router_size(const fp_path_router *router);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
