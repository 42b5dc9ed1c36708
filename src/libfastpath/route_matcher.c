#include <fastpath/route_matcher.h>

#include "error.h"
#include "route_builder.h"

fp_status fp_route_builder_set_matcher(fp_route_builder *builder, const fp_route_matcher_step *steps, size_t count,
                                       size_t *step, fp_error *error) {
  fp_host_spec *host = fp_route_builder_current_host(builder);
  size_t fault = 0;
  fp_status status;
  if (host == NULL || host->shared != NULL || host->tree != NULL) {
    status = fp_error_set(error, FASTPATH_ERR_STATE, 0, 0, "there is no virtual host that takes a matcher");
  } else {
    status = fp_match_tree_new(steps, count, builder->routes.count - host->routes, &host->tree, &fault, error);
  }
  if (status < 0 && step != NULL) *step = fault;
  return status;
}
