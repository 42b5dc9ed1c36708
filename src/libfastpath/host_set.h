/*
 * host_set.h - the snapshot that pickers read: hosts by priority, and how much load each priority gets.
 */
#ifndef FASTPATH_INTERNAL_HOST_SET_H
#define FASTPATH_INTERNAL_HOST_SET_H

#include <fastpath/cluster.h>
#include <stdatomic.h>

#include "host_index.h"
#include "priority_load.h"

/* Which hosts of a priority a pick chooses among. */
typedef enum fp_host_source {
  FP_HOST_SOURCE_HEALTHY,
  FP_HOST_SOURCE_DEGRADED,
  FP_HOST_SOURCE_ALL
} fp_host_source;
#define FP_HOST_SOURCES 3

/* The hosts of one priority. Immutable; shared by the host sets between which it did not change. */
typedef struct fp_priority_hosts {
  _Atomic size_t references;
  const fp_lb_policy *policy;
  fp_lb_options options;
  fp_host_group groups[FP_HOST_SOURCES];
  fp_host **hosts; /* each referenced; owns what the groups point to */
  uint32_t *weights;
  uint32_t *positions;
  uint8_t *health; /* of the hosts in groups[ALL], as fp_host_health_now says */
} fp_priority_hosts;

fp_priority_hosts *fp_priority_hosts_ref(fp_priority_hosts *priority);
void fp_priority_hosts_unref(fp_priority_hosts *priority); /* NULL is allowed */

struct fp_host_set {
  _Atomic size_t references;
  const fp_lb_policy *policy;
  uint32_t priority_count; /* at least 1 */
  uint32_t count;          /* hosts in all priorities */
  fp_host_index index;     /* every host of the set, by address and port */
  fp_priority_hosts **priorities;
  uint32_t *offsets; /* of a priority's first host among all */
  fp_priority_load *loads;
  /* The one group that gets all load; priority_count when load is shared. */
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

/* Tells the hosts their weight, priority and health in this set, which is about to be published. */
void fp_host_set_apply(const fp_host_set *set);

#endif
