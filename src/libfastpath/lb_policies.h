/* lb_policies.h - the built-in policies, each in a file of its own. */
#ifndef FASTPATH_INTERNAL_LB_POLICIES_H
#define FASTPATH_INTERNAL_LB_POLICIES_H

#include <fastpath/lb.h>

extern const fp_lb_policy fp_lb_round_robin;

#endif
