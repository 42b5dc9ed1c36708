/*
 * host_set.h - the snapshot that pickers read: hosts by priority, and how much load each priority gets.
 */
#ifndef FASTPATH_INTERNAL_HOST_SET_H
#define FASTPATH_INTERNAL_HOST_SET_H

#include <fastpath/cluster.h>
#include <stdatomic.h>

#include "host_index.h"
#include "priority_hosts.h"
#include "priority_load.h"

struct fp_host_set {
  _Atomic size_t references;
  const fp_lb_policy *policy;
  uint32_t priority_count; /* at least 1 */
  uint32_t count;          /* hosts in all priorities */
  fp_host_index index;     /* every host of the set, by address and port */
  fp_priority_hosts **priorities;
  uint32_t *offsets; /* of a priority's first host among all */
  fp_priority_load *loads;
  uint32_t override_statuses; /* bits by fp_health_status */
  uint32_t panic_threshold;
  uint32_t fail_on_panic;
  fp_zone_config zones; /* its cluster is referenced */
  int64_t made_at;      /* by the clock of slow start; FP_NEVER without that */
  int64_t latest_start; /* of slow start, of a host that is or was in the cluster; FP_NEVER likewise */
  struct fp_subsets *subsets; /* NULL: none, or this is one */
  /* The one kind of hosts that gets all load; priority_count when load is shared. */
  uint32_t sole_priority;
  fp_host_source sole_source;
};

/*
 * A host set with one reference. Hosts that are in `previous` are taken over, and priorities that did not change;
 * previous may be NULL. Nothing of `previous` is modified: see fp_host_set_apply. Errors as fp_cluster_new.
 */
fp_status fp_host_set_new(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                          const fp_host_set *previous, fp_host_set **set, fp_error *error);

/* The host with the endpoint's address and port, borrowed from the set; NULL when there is none. */
fp_host *fp_host_set_find(const fp_host_set *set, const fp_endpoint *endpoint);

/* Where a host is in a set. */
typedef struct fp_host_place {
  uint32_t priority;
  uint32_t entry;
} fp_host_place;

/*
 * A host set of some hosts of another one, in that order by priority, which has no subsets and no index. Offsets and
 * positions are those of `whole`. `previous` is as for fp_host_set_new. single: they count as healthy. `error` may be
 * NULL when `whole` was made of the same config.
 */
fp_status fp_host_set_new_part(const fp_host_set *whole, const fp_cluster_config *config, const fp_host_place *places,
                               uint32_t count, int single, const fp_host_set *previous, fp_host_set **set,
                               fp_error *error);

/* Tells the hosts their weight, priority and health in this set, which is about to be published; for those that are
   healthy the first time slow start begins. */
void fp_host_set_apply(const fp_host_set *set);

#endif
