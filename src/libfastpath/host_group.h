/* host_group.h - groups that own what they list: made once, then never changed. */
#ifndef FASTPATH_INTERNAL_HOST_GROUP_H
#define FASTPATH_INTERNAL_HOST_GROUP_H

#include "slow_start.h"

/* An empty group with room for `capacity` hosts, which it borrows; `with_shares`: and for the share of each. MEMORY. */
fp_status fp_host_group_init(fp_host_group *group, uint32_t capacity, int with_shares, fp_slow_start slow_start,
                             const fp_lb_options *options);

/* There must be room. `share` counts in a group with shares. */
void fp_host_group_add(fp_host_group *group, fp_host *host, uint32_t weight, uint32_t position, double share);

/* Completes a group that has all its hosts: whether they are alike, and the policy's table. `previous` is a group of the same
   policy and options whose place it takes, or NULL. Errors as table_new. */
fp_status fp_host_group_finish(fp_host_group *group, const fp_lb_policy *policy, const fp_host_group *previous,
                               fp_error *error);

/* All that is known of it, the table included. A group of zero bytes is allowed. */
void fp_host_group_clear(fp_host_group *group, const fp_lb_policy *policy);

#endif
