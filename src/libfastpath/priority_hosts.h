/*
 * priority_hosts.h - the hosts of one priority, and the groups of them that policies choose among.
 */
#ifndef FASTPATH_INTERNAL_PRIORITY_HOSTS_H
#define FASTPATH_INTERNAL_PRIORITY_HOSTS_H

#include <fastpath/cluster.h>
#include <stdatomic.h>

#include "localities.h"

/* Which hosts of a priority a pick chooses among. */
typedef enum fp_host_source {
  FP_HOST_SOURCE_HEALTHY,
  FP_HOST_SOURCE_DEGRADED,
  FP_HOST_SOURCE_ALL
} fp_host_source;
#define FP_HOST_SOURCES 3
#define FP_LOCALITY_SOURCES 2 /* in panic, localities do not count */

/* What is said of a host in this priority. */
typedef struct fp_host_entry {
  fp_host *host; /* referenced by the priority */
  uint32_t weight;
  uint32_t locality;
  uint32_t zone; /* of its locality */
  uint32_t locality_weight;
  uint32_t locality_size; /* hosts of its locality in the whole priority, where that is asked for */
  uint32_t endpoint;      /* its number among all that were given, for errors */
  uint32_t position;      /* in the whole priority: its own place, unless this is a subset */
  fp_labels *labels;      /* referenced by the priority; may be NULL */
  uint8_t health;         /* as fp_host_health_now says */
} fp_host_entry;

/* Immutable once finished; shared by the host sets between which it did not change. */
typedef struct fp_priority_hosts {
  _Atomic size_t references;
  const fp_lb_policy *policy;
  fp_lb_options options;
  uint32_t locality_weighted;
  uint32_t by_zone;                 /* 1: zone routing may choose a locality */
  fp_slow_start slow_start;         /* when this was made */
  uint32_t overprovisioning_factor; /* percent */
  /* What hash policies take a locality's weight as a part of, in the whole priority; 0: of the weights here. */
  uint64_t locality_weight_sum;
  uint32_t count;
  fp_host_entry *entries; /* all hosts, in configured order */
  fp_host_group groups[FP_HOST_SOURCES];
  fp_locality_list places; /* of all its hosts; of a part, those of the whole priority. None unless localities count */
  fp_localities localities[FP_LOCALITY_SOURCES]; /* likewise; none when a hash policy has them in its groups' shares */
} fp_priority_hosts;

/* An empty priority of this number with room for `capacity` hosts. NULL when out of memory. */
fp_priority_hosts *fp_priority_hosts_new(const fp_cluster_config *config, uint32_t number, uint32_t capacity);
fp_priority_hosts *fp_priority_hosts_ref(fp_priority_hosts *priority);
void fp_priority_hosts_unref(fp_priority_hosts *priority); /* NULL is allowed */

/* There must be room. The caller's reference to the host becomes the priority's. */
void fp_priority_hosts_add(fp_priority_hosts *priority, fp_host *host, const fp_endpoint *endpoint, uint32_t number);

/* There must be room. Adds a host of another priority, for a subset of that. */
void fp_priority_hosts_copy(fp_priority_hosts *priority, const fp_host_entry *entry);

/* Of a whole priority: fills in locality_size and locality_weight_sum. Of a subset's: multiplies locality weights by the share of the locality
   that is in it. MEMORY. */
fp_status fp_priority_hosts_measure(fp_priority_hosts *priority);
fp_status fp_priority_hosts_scale(fp_priority_hosts *priority);

/* Whether both would choose alike, and can stand for one another. */
int fp_priority_hosts_equal(const fp_priority_hosts *a, const fp_priority_hosts *b);

/* Says which localities there are, before parts are made. Of a part: those of the whole priority, whether it has hosts
   there or not; `whole` is NULL for one that is no part. MEMORY. */
fp_status fp_priority_hosts_place(fp_priority_hosts *priority, const fp_priority_hosts *whole);

/* Makes the groups of a priority that has all its hosts, their tables from those of `previous` where the policy can;
   previous may be NULL. Errors as fp_cluster_new. */
fp_status fp_priority_hosts_finish(fp_priority_hosts *priority, fp_slow_start slow_start,
                                   const fp_priority_hosts *previous, fp_error *error);

/* Hosts of this kind, and their weights' sum. */
uint32_t fp_priority_hosts_count(const fp_priority_hosts *priority, fp_host_source source);
uint64_t fp_priority_hosts_weight(const fp_priority_hosts *priority, fp_host_source source);

#endif
