/* host.h - how hosts come to be; the public part is in fastpath/cluster.h. */
#ifndef FASTPATH_INTERNAL_HOST_H
#define FASTPATH_INTERNAL_HOST_H

#include <fastpath/cluster.h>
#include <stdatomic.h>

#include "outlier_monitor.h"
#include "slow_start.h"
#include "traffic.h"

/* What a host begins with: what a pick reads, all of it in one cache line. */
typedef struct fp_host_front {
  _Atomic uint64_t active_requests;
  _Atomic(void *) user_data;
} fp_host_front;

/* As fp_host_active_requests and fp_host_user_data, for loops over many hosts. */
static inline uint64_t fp_host_active(const fp_host *host) {
  return atomic_load_explicit(&((const fp_host_front *)host)->active_requests, memory_order_relaxed);
}

static inline void *fp_host_owner(const fp_host *host) {
  return atomic_load_explicit(&((const fp_host_front *)host)->user_data, memory_order_acquire);
}

/* A host with one reference, these flags and all counters 0. Copies the strings. NULL when out of memory. */
fp_host *fp_host_new(const fp_endpoint *endpoint, uint32_t flags);

/* Whether the endpoint is this host: same address and port. */
int fp_host_is(const fp_host *host, const fp_endpoint *endpoint);

/* Whether what must not change while a host lives is as the endpoint says: hostname and hash key. */
int fp_host_agrees(const fp_host *host, const fp_endpoint *endpoint);

/* Takes over what an update may change. */
void fp_host_set_attributes(fp_host *host, uint32_t weight, uint32_t priority, fp_health_status health);

/* From now on reports count there, too: takes a reference. False, and nothing changes, for a host that counts already. */
bool fp_host_join(fp_host *host, fp_traffic *traffic);

/* How long it takes to answer, as its reports say, in nanoseconds: see latency_average.h; negative when that is not known.
   Threads: any. */
double fp_host_latency(const fp_host *host, int64_t now, int64_t decay);

/* Active requests to all hosts of its cluster, those that are no longer in it included. Threads: any. */
uint64_t fp_host_cluster_active(const fp_host *host);

#define FP_HOST_CHECK_FLAGS \
  (FASTPATH_HOST_FAILED_ACTIVE_CHECK | FASTPATH_HOST_DEGRADED_ACTIVE_CHECK | FASTPATH_HOST_ACTIVE_CHECK_TIMEOUT)

/* The cluster's lock guards changes; configured health is no part of these. */
void fp_host_change_flags(fp_host *host, uint32_t set, uint32_t clear);
bool fp_host_has_flag(const fp_host *host, uint32_t flag);

/* When it last became healthy, by joining or by passing an active check, as far as slow start cares; FP_NEVER. */
int64_t fp_host_healthy_since(const fp_host *host);
void fp_host_set_healthy_since(fp_host *host, int64_t since);

/* As configured in the newest published host set and by its flags. */
bool fp_host_is_healthy(const fp_host *host);

/* Borrowed from the host. */
fp_outlier_monitor *fp_host_monitor(fp_host *host);

/* What a host set remembers of a host's health, in a byte: the configured status, and whether flags say worse. */
uint8_t fp_host_health_now(const fp_host *host, fp_health_status configured);

static inline fp_health_status fp_health_configured(uint8_t health) { return (fp_health_status)(health & 7); }

#define FP_HEALTH_FAILED 0x8u
#define FP_HEALTH_DEGRADED 0x10u

/* How much load it gets: as other hosts, only what they can't take, or none. */
static inline bool fp_health_is_healthy(uint8_t health) {
  return health == FASTPATH_HEALTH_UNKNOWN || health == FASTPATH_HEALTH_HEALTHY;
}

static inline bool fp_health_is_degraded(uint8_t health) {
  const fp_health_status configured = fp_health_configured(health);
  return !(health & FP_HEALTH_FAILED) && (configured == FASTPATH_HEALTH_DEGRADED ||
                                          (health & FP_HEALTH_DEGRADED && fp_health_is_healthy((uint8_t)configured)));
}

#endif
