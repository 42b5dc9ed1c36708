/*
 * fastpath/lb.h - load balancing policies: what a policy is given, and the functions it consists of.
 *
 *   host set (snapshot, shared)                        picker (one per worker)
 *   +- priority 0 -- group "healthy" -- table  <-----  state: cursor, counter, random numbers
 *   |             +- group "degraded" - table  <-----  state
 *   |             +- group "all" ------ table  <-----  state      (used in panic)
 *   +- priority 1 ...
 *
 * A table (a ring, the weight classes of a schedule) depends on the hosts only; it is built off to the side, without
 * locks, and never changes. A cursor (where a schedule stands) belongs to one worker. A policy is one such set of
 * functions, in a file of its own, over the same groups.
 */
#ifndef FASTPATH_LB_H
#define FASTPATH_LB_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* One upstream endpoint; see cluster.h. Shared, atomic count. */
typedef struct fp_host fp_host;

/* Policies by Envoy's numbers (envoy.config.cluster.v3.Cluster.LbPolicy). */
typedef enum fp_lb_policy_id {
  FASTPATH_LB_ROUND_ROBIN = 0,   /* weighted: earliest deadline first; equal weights: one after the other */
  FASTPATH_LB_LEAST_REQUEST = 1, /* weighted: earliest deadline first, by weight and load; else the best of a few */
  FASTPATH_LB_RING_HASH = 2,     /* ketama: the next point on a ring of hashes */
  FASTPATH_LB_RANDOM = 3,        /* any, whatever its weight */
  FASTPATH_LB_MAGLEV = 5,         /* a table of hosts, indexed by the hash */
  /* Envoy has no number for these. */
  FASTPATH_LB_SCHEDULED_ROUND_ROBIN = 64,     /* weighted, by a smooth schedule that is made once */
  FASTPATH_LB_WEIGHTED_RANDOM = 65,           /* any, with the chance that its weight gives it */
  FASTPATH_LB_PICK_FIRST = 66,                /* the first, and the next ones when it is excluded */
  FASTPATH_LB_LEAST_CONNECTION = 67,          /* IPVS's lc: fewest active requests of all; of equals the first */
  FASTPATH_LB_WEIGHTED_LEAST_CONNECTION = 68, /* wlc: active requests / weight */
  FASTPATH_LB_SHORTEST_EXPECTED_DELAY = 69,   /* sed: (active requests + 1) / weight */
  FASTPATH_LB_NEVER_QUEUE = 70,               /* nq: the first idle one, else as sed */
  FASTPATH_LB_KETAMA = 71,                    /* nginx's and pingora's consistent hash; keys by CRC-32 */
  FASTPATH_LB_RENDEZVOUS = 72,                /* the highest score of hash and weight */
  FASTPATH_LB_PEAK_EWMA = 73                  /* of two the one with less latency * (active requests + 1) */
} fp_lb_policy_id;

typedef enum fp_lb_hash_function {
  FASTPATH_LB_XX_HASH = 0,       /* XXH64 */
  FASTPATH_LB_MURMUR_HASH_2 = 1  /* MurmurHash64A with the seed of libstdc++ */
} fp_lb_hash_function;

/* Nanoseconds since some moment; never goes back. Must not block. Threads: any. */
typedef int64_t (*fp_clock)(void *data);

#define FASTPATH_LB_MAX_RING_SIZE 8388608
#define FASTPATH_LB_MAX_TABLE_SIZE 5000011

/*
 * What policies can be told. Fill with fp_lb_options_default and change what is needed.
 *
 * Peak EWMA goes by the latencies that fp_host_report is told, those of responses and timeouts: each host has a moving
 * average that rises to a higher latency at once, and falls towards lower ones, or while there are none, with
 * exp(-time / decay_time). Weights do not count.
 *
 * Slow start, of round robin and least request: until the window has passed since a host joined, or passed the active
 * check that it had failed, it counts with weight * max(min_weight, (part of the window)^(1 / aggression)).
 */
typedef struct fp_lb_options {
  double active_request_bias; /* least request, weighted: weight / (active requests + 1)^bias; 1.0. Finite, >= 0 */
  uint32_t choice_count;      /* least request, equal weights: how many are looked at; 2. At least 2 */
  uint32_t full_scan;         /* least request, equal weights: 1 to look at all; 0 */
  uint32_t minimum_ring_size; /* ring hash: 1024. At most maximum_ring_size */
  uint32_t maximum_ring_size; /* ring hash: 8388608, which is the most */
  uint32_t hash_function;     /* ring hash: fp_lb_hash_function */
  uint32_t table_size;        /* Maglev: 65537. A prime, at most 5000011, and no less than hosts */
  uint32_t hash_balance_factor; /* hashing: percent of its share that a host may have; 0: any, else 100 and above */
  int64_t slow_start_window;  /* slow start: nanoseconds, of which whole milliseconds count; 0: none. Not negative */
  double slow_start_aggression; /* slow start: 1.0. Finite, above 0 */
  double slow_start_min_weight; /* slow start: 0.1. 0 to 1 */
  int64_t decay_time;      /* peak EWMA: nanoseconds; 10 s. At least a millisecond */
  int64_t default_latency; /* peak EWMA: of an idle host that none is known of; nanoseconds, 10 ms. Not negative */
  int64_t latency_penalty; /* peak EWMA: of one with active requests; 1000 s. Not negative */
  fp_clock clock;             /* slow start, peak EWMA: what they are timed by; NULL: the system's monotonic clock */
  void *clock_data;           /* for the clock; lives as long as the cluster, its pickers and its hosts do */
  void *context;              /* a policy of your own: what it needs; NULL. Must outlive cluster and pickers */
} fp_lb_options;

/* The hosts a policy chooses among, in configured order. Borrowed and immutable; count may be 0. */
typedef struct fp_host_group {
  uint32_t count;
  uint32_t weights_equal;    /* 1 when no two weights, or shares, differ */
  uint32_t slow_start;       /* 1 when some host of the cluster was in slow start when the group was made */
  uint32_t whole;            /* 1 when the positions are 0, 1, 2, ... */
  int64_t made_at;           /* when that was, by the clock of slow start; else unspecified */
  fp_host *const *hosts;     /* count entries */
  const uint32_t *weights;   /* count entries, each 1 to 2^32-1 */
  const double *shares;      /* count entries: of the load, when locality weights count too; else NULL */
  const uint32_t *positions; /* count entries: place in the priority's list of all hosts */
  const fp_lb_options *options;
  const void *table; /* what table_new made, or NULL */
  uint64_t weight_sum;
} fp_host_group;

/* What one worker keeps for one group. */
typedef struct fp_lb_state {
  uint64_t counter; /* starts at the worker's seed; survives updates of the group */
  uint32_t offset; /* counter % group count, kept by the policy */
  uint32_t ready; /* 1 when cursor and offset belong to the present group */
  void *cursor; /* what cursor_new made, or NULL */
  uint64_t *random; /* the worker's random state, for fp_lb_random */
} fp_lb_state;

/* The number a policy goes by when it chooses. */
typedef enum fp_lb_number {
  FASTPATH_LB_NO_NUMBER = 0,
  FASTPATH_LB_RANDOM_NUMBER = 1, /* one random number decides about priority and host */
  FASTPATH_LB_REQUEST_HASH = 2 /* the request's hash does, and degraded hosts are never used */
} fp_lb_number;

/* What one choice may depend on. */
typedef struct fp_lb_request {
  uint64_t number; /* see fp_lb_number; a request without a hash gets a random number for one */
  uint32_t attempt; /* 0, then 1, 2, ... while the choices before were refused */
} fp_lb_request;

/* What pick may return instead of an index. */
#define FASTPATH_LB_NO_HOST 0xFFFFFFFF /* none of the group: the choice is NONE */
#define FASTPATH_LB_FAILED 0xFFFFFFFE  /* the policy failed: the choice is FASTPATH_ERR_STATE */

/*
 * A policy: built in, or your own, for fp_cluster_config.policy. The struct and its strings live as long as any cluster
 * or picker that has it. Its functions must not use the cluster or the picker that they are called for.
 */
typedef struct fp_lb_policy {
  const char *name; /* C string */
  fp_lb_number number;
  /* What makes a request's hash of its key. NULL: XXH64 with seed 0. The core never calls it: hashes come ready. */
  uint64_t (*hash)(const uint8_t *data, size_t len);
  /* Refuse options that make no sense. NULL: all do. Threads: any. */
  fp_status (*check)(const fp_lb_options *options, fp_error *error);
  /* Make what all workers share about a group that has at least two hosts. Threads: any. NULL: no table. */
  fp_status (*table_new)(const fp_host_group *group, void **table, fp_error *error);
  void (*table_free)(void *table);
  /* Make what one worker keeps. group->count >= 2. NULL: no cursor. An error is that of the pick which needed it; the
     next one tries again. Called, as cursor_free and pick are, by whoever uses or frees the picker. */
  fp_status (*cursor_new)(const fp_host_group *group, uint64_t seed, void **cursor);
  void (*cursor_free)(void *cursor);
  /* Choose: an index below group->count, which is at least 1. Any other number but NO_HOST is the same as FAILED. With one
     host there may be no table and no cursor. Must not block. Threads: one per state. */
  uint32_t (*pick)(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request);
  /* Choose for `count` requests that have these numbers and attempt 0, as pick would for one after the other, and with
     the same answers. NULL: pick does it. Threads: one per state. */
  void (*pick_many)(const fp_host_group *group, fp_lb_state *state, const uint64_t *numbers, size_t count,
                    uint32_t *indices);
  /* Make the table that table_new would, of a group that takes the place of `previous`, which has one and the same policy
     and options: what they have in common may be taken from there. Hosts that stay are the same objects. Threads: any.
     NULL: table_new does it. */
  fp_status (*table_update)(const fp_host_group *group, const fp_host_group *previous, void **table, fp_error *error);
} fp_lb_policy;

void fp_lb_options_default(fp_lb_options *options);

/* A built-in policy, or NULL for a number that is none. Threads: any. */
const fp_lb_policy *fp_lb_policy_get(fp_lb_policy_id id);

/* The next 64 random bits of a state, which may start at any value (SplitMix64). Threads: one per state. */
uint64_t fp_lb_random(uint64_t *state);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
