/* route_builder.h - what a builder has collected: routes as they were added, until a table is made of them. */
#ifndef FASTPATH_INTERNAL_ROUTE_BUILDER_H
#define FASTPATH_INTERNAL_ROUTE_BUILDER_H

#include <fastpath/route.h>
#include <stdbool.h>

#include "list.h"
#include "path_template.h"
#include "route_condition.h"
#include "virtual_host.h"

/* One route. The path lies at `offset` of the builder's text, and a '/' after it. */
typedef struct fp_route_spec {
  size_t offset;
  uint32_t len;
  uint32_t shares;     /* index of the first of its shares */
  uint32_t share_count;
  uint32_t conditions; /* index of the first of its conditions */
  uint8_t condition_count;
  uint8_t kind;        /* fp_route_path_kind */
  bool ignore_case;
  fp_regex *regex;            /* counted; NULL unless the kind asks for it, as the next one */
  fp_path_template *template;
} fp_route_spec;

/* Whether there is more to find out about the path than a trie tells. */
static inline bool fp_route_spec_tests_path(const fp_route_spec *route) {
  return route->kind == FASTPATH_ROUTE_PATH_REGEX ||
         (route->kind == FASTPATH_ROUTE_PATH_TEMPLATE && !route->template->key_is_whole);
}

/* One condition; name and value lie at `offset` of the text. */
typedef struct fp_condition_spec {
  fp_condition condition; /* with a counted regex, and pointers of no use */
  size_t offset;
} fp_condition_spec;

typedef struct fp_host_spec {
  size_t routes;           /* index of its first route */
  fp_virtual_host *shared; /* counted; NULL: compiled from the routes */
  fp_match_tree *tree;     /* counted; NULL: the routes are tried in order */
  uint8_t require_tls;     /* fp_route_require_tls */
} fp_host_spec;

struct fp_route_builder {
  fp_list hosts;        /* fp_host_spec */
  fp_list routes;       /* fp_route_spec */
  fp_list conditions;   /* fp_condition_spec */
  fp_list text;         /* bytes */
  fp_list weights;      /* uint32_t */
  fp_list domains;      /* fp_domain */
  fp_list domain_bytes; /* in lower case */
  fp_condition host_header; /* of which the name is compared with domains; its text is the next one */
  uint8_t *host_header_text; /* NULL: the authority is */
  uint64_t last_total;  /* sum of the last route's weights */
};

/* Begin a virtual host; `shared` is counted here. */
fp_status fp_route_builder_add_host(fp_route_builder *builder, fp_virtual_host *shared, fp_error *error);

/* The virtual host that was added last, or NULL. */
fp_host_spec *fp_route_builder_current_host(const fp_route_builder *builder);

/* Forget everything. */
void fp_route_builder_clear(fp_route_builder *builder);

#endif
