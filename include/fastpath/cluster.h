/*
 * fastpath/cluster.h - clusters: hosts with an identity, immutable host sets, and pickers that choose among them.
 *
 *   fp_cluster --cell--> fp_host_set v8 --> fp_host, fp_host, fp_host     counters live here, and survive
 *       |                                     ^        ^
 *       |                fp_host_set v7 ------+--------+                  kept by whoever still reads it
 *       |
 *   fp_picker (worker 1), fp_picker (worker 2): where each stands in the schedule, its random numbers
 *
 * An update builds a new host set off to the side and publishes it with one swap; pickers see it with their next pick
 * and never wait. A host that is in both the old and the new set is the same fp_host, with the same counters.
 *
 * Priorities, overprovisioning, degraded hosts and panic follow Envoy: load goes to the first priority as long as 72 %
 * of its hosts are healthy, and a priority whose healthy and degraded hosts are fewer than panic_threshold percent,
 * while the cluster as a whole cannot take all load, is used as if all its hosts were healthy.
 *
 * Locality weighted: the localities of a priority share its load by their weights, each weight reduced by as much as
 * overprovisioning cannot make up for hosts that are not well. Policies that go by a hash take the weights as they are.
 * In panic localities take no turns.
 *
 * Zone routing: when the callers are a cluster too and it is known in which zone this one is, load of the first priority
 * stays in the zone as far as its hosts can take what its callers ask of them; what is left goes to zones that can take
 * more than their own callers ask. Policies that go by a hash have none.
 */
#ifndef FASTPATH_CLUSTER_H
#define FASTPATH_CLUSTER_H

#include <fastpath/base.h>
#include <fastpath/lb.h>
#include <fastpath/subset.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_CLUSTER_MAX_PRIORITY 128
#define FASTPATH_CLUSTER_PRIORITIES 129 /* that there can be */

/* What is known about an endpoint from outside (envoy.config.core.v3.HealthStatus). UNKNOWN counts as healthy;
   UNHEALTHY, DRAINING and TIMEOUT get no load outside of panic. */
typedef enum fp_health_status {
  FASTPATH_HEALTH_UNKNOWN = 0,
  FASTPATH_HEALTH_HEALTHY = 1,
  FASTPATH_HEALTH_UNHEALTHY = 2,
  FASTPATH_HEALTH_DRAINING = 3,
  FASTPATH_HEALTH_TIMEOUT = 4,
  FASTPATH_HEALTH_DEGRADED = 5
} fp_health_status;

/* How an attempt ended when it did not end with a response. */
typedef enum fp_reset {
  FASTPATH_RESET_NONE = 0,
  FASTPATH_RESET_CONNECT_FAILURE = 1, /* no connection: refused, unreachable, timed out while connecting */
  FASTPATH_RESET_CONNECTION = 2,      /* the connection ended before the response did */
  FASTPATH_RESET_TIMEOUT = 3          /* the response did not come in time */
} fp_reset;

/* An endpoint as configured. Borrowed for the call that takes it. */
typedef struct fp_endpoint {
  fp_span address;   /* IP address or name; not empty */
  fp_span hostname;  /* may be empty */
  fp_span hash_key;  /* what hash policies place it by; empty: its address and port */
  uint32_t weight;   /* 1 to 2^32-1 */
  uint32_t priority; /* 0 to FASTPATH_CLUSTER_MAX_PRIORITY */
  uint32_t locality; /* number of its locality within the priority; localities take turns in that order */
  uint32_t locality_weight; /* of its locality, the same for all its endpoints; 0: none, which is no load */
  uint32_t zone; /* its locality by a number that stands for the same place in all clusters, for zone routing */
  uint16_t port;
  uint8_t health;    /* fp_health_status */
  fp_labels *labels; /* for subsets; NULL: none. The host set references them */
} fp_endpoint;

/* Shared, atomic count. */
typedef struct fp_cluster fp_cluster;

/* Where the caller's requests go when the cluster is spread over zones. All zero bytes: anywhere. */
typedef struct fp_zone_config {
  /* Whose hosts are the callers, this program among them: how they are spread says how much each zone's hosts are asked
     by their own zone. NULL: no zone routing. The host set references it; not the cluster itself. */
  fp_cluster *callers;
  /* Where this program is: an fp_endpoint's, 0: nowhere. Of a priority's localities that one has the lowest number. */
  uint32_t zone;
  uint32_t routing_enabled;  /* percent of picks that zones count for, 0 to 100; Envoy's default is 100 */
  uint64_t min_cluster_size; /* with fewer healthy hosts of priority 0 zones do not count; Envoy's default is 6 */
  uint32_t by_weight;        /* 1: how much a zone can take is measured by weight, not by number of hosts */
  uint32_t force_local;      /* 1: all to the own zone as long as it has force_local_min healthy hosts */
  uint32_t force_local_min;
} fp_zone_config;

typedef struct fp_cluster_config {
  const fp_lb_policy *policy; /* not NULL; see fp_lb_policy_get, or your own */
  uint32_t panic_threshold;   /* percent, 0 (never panic) to 100; Envoy's default is 50 */
  uint32_t initial_flags;     /* fp_host_flag, of hosts that are new: FAILED_ACTIVE_CHECK until a check has passed */
  fp_lb_options options;      /* for the policy */
  /* How much a priority or locality can take: this many percent of what is healthy in it. 0: 140, Envoy's default */
  uint32_t overprovisioning_factor;
  uint32_t weighted_priority_health; /* 1: what is healthy in a priority is measured by weight, not by count */
  uint32_t locality_weighted;        /* 1: locality weights share the load of a priority */
  /* Health of hosts that requests may ask for by their address: a bit 1 << fp_health_status for each; 0: that of hosts
     which get load, UNKNOWN, HEALTHY and DEGRADED, which is Envoy's default. */
  uint32_t override_statuses;
  fp_subset_rules *subset_rules; /* NULL: no subsets. The host set references them */
  fp_zone_config zones;
  uint32_t fail_on_panic; /* 1: a priority in panic has no host to give, instead of all; not with a hash policy */
} fp_cluster_config;

/* What happened at a host since it first appeared. No counter wraps. */
typedef struct fp_host_stats {
  uint64_t active_requests; /* acquired and not yet released */
  uint64_t requests; /* acquired */
  uint64_t success; /* reported with a status below 500 */
  uint64_t error; /* reported with a status of 500 and above, or with any reset */
  uint64_t connect_failures; /* resets by kind */
  uint64_t connection_resets;
  uint64_t timeouts;
  uint64_t latency_count; /* outcomes reported with a latency */
  uint64_t latency_total; /* their sum, nanoseconds */
} fp_host_stats;

/* Immutable; shared, atomic count. */
typedef struct fp_host_set fp_host_set;

/* One owner; one thread at a time. */
typedef struct fp_picker fp_picker;

/* For max_attempts: an excluded host is never given, NONE comes instead. */
#define FASTPATH_PICK_STRICT 0xFFFFFFFF

/*
 * Which priorities a request's retries go to (Envoy's previous_priorities): after every update_frequency attempts load is
 * shared among the priorities that were not tried, until none of them has hosts to give; then all count again. One request's;
 * begun by fp_retry_priority_init, its content is no concern of the caller's, and nothing is to be freed.
 */
typedef struct fp_retry_priority {
  uint32_t update_frequency;
  uint32_t attempts;
  uint32_t shared; /* 1: the loads below count */
  uint8_t attempted[FASTPATH_CLUSTER_PRIORITIES];
  uint8_t excluded[FASTPATH_CLUSTER_PRIORITIES];
  uint8_t healthy_load[FASTPATH_CLUSTER_PRIORITIES]; /* percent */
  uint8_t degraded_load[FASTPATH_CLUSTER_PRIORITIES];
} fp_retry_priority;

/* What a pick depends on besides the cluster. All zero bytes: nothing. */
typedef struct fp_pick_options {
  const fp_host *const *excluded; /* hosts not wanted, e.g. those tried before; borrowed for the call */
  size_t excluded_count;
  /* How often to choose again while the choice is excluded; after that an excluded host is given all the same (Envoy's
     host_selection_retry_max_attempts). FASTPATH_PICK_STRICT: an excluded host is never given. */
  uint32_t max_attempts;
  uint32_t has_hash;
  uint64_t hash; /* the request's hash, when has_hash */
  const fp_labels *metadata_match; /* which subset it is for; NULL: the cluster's fallback. Borrowed for the call */
  fp_retry_priority *retry_priority; /* of a retry, which priorities it is for: the pick may bring it up to date. NULL:
                                        as the cluster shares load. Policies that go by a hash do not ask */
} fp_pick_options;

/* ---- hosts ---- */

fp_host *fp_host_ref(fp_host *host);
void fp_host_unref(fp_host *host); /* NULL is allowed */

/* Borrowed from the host. Threads: any. */
fp_span fp_host_hash_key(const fp_host *host); /* as configured, or fp_host_key */
fp_span fp_host_address(const fp_host *host);
fp_span fp_host_hostname(const fp_host *host);
fp_span fp_host_key(const fp_host *host); /* "address:port", "[address]:port" when the address has a colon */
uint16_t fp_host_port(const fp_host *host);

/* As in the newest published host set that has this host. Threads: any. */
uint32_t fp_host_weight(const fp_host *host);
uint32_t fp_host_priority(const fp_host *host);
fp_health_status fp_host_health(const fp_host *host);

/* Count a request to the host as active, and no longer. A release without its acquire is FASTPATH_ERR_STATE and counts
   nothing. Threads: any. */
void fp_host_acquire(fp_host *host);
fp_status fp_host_release(fp_host *host);

/*
 * Count how a request ended.
 *   status   of the response, 100 to 599; 0 when there was none
 *   reset    why there was none, or why it broke off
 *   latency  nanoseconds; negative when not measured
 * FASTPATH_DUE when outlier detection has to look at the host now: fp_cluster_judge_host. FASTPATH_ERR_ARGUMENT when
 * status or reset are out of range, or say nothing at all. Threads: any.
 */
fp_status fp_host_report(fp_host *host, uint32_t status, fp_reset reset, int64_t latency);

/* Acquired and not yet released. Threads: any. */
uint64_t fp_host_active_requests(const fp_host *host);

/* Each value is read atomically; together they are not of one moment. Threads: any. */
void fp_host_stats_get(const fp_host *host, fp_host_stats *stats);

/* A pointer for the embedder, NULL at first; the core never looks at it. Threads: any. */
void *fp_host_user_data(const fp_host *host);
void fp_host_set_user_data(fp_host *host, void *data);

/* ---- clusters ---- */

/*
 * A cluster of `count` endpoints, which may be 0. Of endpoints with the same address and port the first counts, with
 * its weight, priority and health; the others are left out. Errors: FASTPATH_ERR_CONFIG (an empty address, a priority
 * or health out of range), FASTPATH_ERR_CONFIG_WEIGHT (weight 0; weights of one locality above 2^32-1 in sum), each
 * with the index of the endpoint as position; FASTPATH_ERR_CONFIG with position SIZE_MAX for options that the policy
 * refuses; FASTPATH_ERR_ARGUMENT for the rest of the config. Threads: any.
 */
fp_status fp_cluster_new(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                         fp_cluster **cluster, fp_error *error);
fp_cluster *fp_cluster_ref(fp_cluster *cluster);
void fp_cluster_unref(fp_cluster *cluster); /* NULL is allowed */

/*
 * Build a host set and publish it. Errors as fp_cluster_new; then the old set stays. A priority whose hosts, weights
 * and health are as before is taken over as it stands, tables and schedules included. Threads: any; updates of one
 * cluster follow one another.
 */
fp_status fp_cluster_update(fp_cluster *cluster, const fp_cluster_config *config, const fp_endpoint *endpoints,
                            size_t count, fp_error *error);

/* The current host set, with a reference for the caller. Threads: any. */
fp_host_set *fp_cluster_host_set(fp_cluster *cluster);

/* ---- host sets ---- */

fp_host_set *fp_host_set_ref(fp_host_set *set);
void fp_host_set_unref(fp_host_set *set); /* NULL is allowed */

/* Hosts by priority, and within a priority in configured order. The host is borrowed from the set; NULL for an index
   out of range. Threads: any. */
size_t fp_host_set_count(const fp_host_set *set);
fp_host *fp_host_set_host(const fp_host_set *set, size_t index);

/* How many priorities there are, at least 1, and whether one is in panic: all its hosts are used, healthy or not. 0 for a
   priority out of range. Threads: any. */
uint32_t fp_host_set_priority_count(const fp_host_set *set);
uint32_t fp_host_set_in_panic(const fp_host_set *set, uint32_t priority);

/* ---- pickers ---- */

/*
 * A worker's picker. It references the cluster. Pickers with the same seed that see the same host sets choose alike;
 * with round robin, `seed` is what Envoy draws when a worker starts. NULL when out of memory. Threads: any.
 */
fp_picker *fp_picker_new(fp_cluster *cluster, uint64_t seed);
void fp_picker_free(fp_picker *picker); /* NULL is allowed */

/*
 * Choose a host of the current host set.
 *   options  NULL for none
 *   index    of the host in fp_picker_host_set(picker); may be NULL
 *   host     borrowed until the picker is next used or freed; nothing is counted
 * NONE when there is no host to give: the cluster is empty, no host is healthy and panic is off, or all are excluded.
 * With subsets, hosts of the request's subset only, or of the fallback's.
 * FASTPATH_ERR_MEMORY when a schedule for a new host set could not be allocated; the next call tries again. A policy of
 * your own may add errors, and FASTPATH_ERR_STATE when it gives no index.
 */
fp_status fp_picker_pick(fp_picker *picker, const fp_pick_options *options, fp_host **host, size_t *index);

/*
 * Choose `count` times as fp_picker_pick would for requests with these hashes, all from one host set.
 *   hashes   count of them; NULL: requests without a hash
 *   indices  of the hosts in fp_picker_host_set(picker)
 * NONE when one of the choices found no host; what indices then holds is unspecified. Errors as fp_picker_pick.
 */
fp_status fp_picker_pick_many(fp_picker *picker, const uint64_t *hashes, size_t count, uint32_t *indices);

/*
 * The host that a request asks for by its address, as fp_host_key gives it, whatever its priority, subset and weight: so
 * sessions stay where they are. NONE when the current host set has no such host, or its health is none that
 * override_statuses names: then choose another one, or fail, as the session wants it. The host is borrowed until the
 * picker is next used or freed; nothing is counted. Errors as fp_picker_pick.
 */
fp_status fp_picker_pick_override(fp_picker *picker, fp_span key, fp_host **host);

/* Begin a request. FASTPATH_ERR_ARGUMENT when update_frequency is 0. Threads: one per retry_priority. */
fp_status fp_retry_priority_init(fp_retry_priority *retry_priority, uint32_t update_frequency);

/* The request was sent to this host, or was to be. Threads: one per retry_priority. */
void fp_retry_priority_attempted(fp_retry_priority *retry_priority, const fp_host *host);

/* The host set of the last pick, borrowed until the picker is next used or freed; NULL before the first pick. */
fp_host_set *fp_picker_host_set(const fp_picker *picker);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
