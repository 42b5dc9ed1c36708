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
  FASTPATH_LB_ROUND_ROBIN = 0 /* weighted: earliest deadline first; equal weights: one after the other */
} fp_lb_policy_id;

/* The hosts a policy chooses among, in configured order. Borrowed and immutable; count may be 0. */
typedef struct fp_host_group {
  uint32_t count;
  uint32_t weights_equal;    /* 1 when no two weights differ */
  fp_host *const *hosts;     /* count entries */
  const uint32_t *weights;   /* count entries, each 1 to 2^32-1 */
  const uint32_t *positions; /* count entries: place in the priority's list of all hosts */
  const void *table;         /* what table_new made, or NULL */
} fp_host_group;

/* What one worker keeps for one group. */
typedef struct fp_lb_state {
  uint64_t counter; /* starts at the worker's seed; survives updates of the group */
  uint32_t offset;  /* counter % group count, kept by the policy */
  uint32_t ready;   /* 1 when cursor and offset belong to the present group */
  void *cursor;     /* what cursor_new made, or NULL */
  uint64_t *random; /* the worker's random state, for fp_lb_random */
} fp_lb_state;

/* What one choice may depend on. */
typedef struct fp_lb_request {
  uint64_t hash;    /* the request's hash; a random number when it has none */
  uint32_t attempt; /* 0, then 1, 2, ... while the choices before were refused */
} fp_lb_request;

/* A policy. The struct and its strings live as long as the program. */
typedef struct fp_lb_policy {
  const char *name; /* C string */
  int uses_hash;    /* 1: priority and host come from the request's hash, and degraded hosts are never used */
  /* Make what all workers share about a group that has at least two hosts. Threads: any. NULL: no table. */
  fp_status (*table_new)(const fp_host_group *group, void **table, fp_error *error);
  void (*table_free)(void *table);
  /* Make what one worker keeps. group->count >= 2. NULL: no cursor. */
  fp_status (*cursor_new)(const fp_host_group *group, uint64_t seed, void **cursor);
  void (*cursor_free)(void *cursor);
  /* Choose: an index below group->count, which is at least 1. Must not fail or block. Threads: one per state. */
  uint32_t (*pick)(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request);
} fp_lb_policy;

/* A built-in policy, or NULL for a number that is none. Threads: any. */
const fp_lb_policy *fp_lb_policy_get(fp_lb_policy_id id);

/* The next 64 random bits of a state, which may start at any value (SplitMix64). Threads: one per state. */
uint64_t fp_lb_random(uint64_t *state);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
