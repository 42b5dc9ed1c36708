#include "traffic.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "histogram.h"
#include "memory.h"

#define SHARDS 8u

typedef struct shard {
  _Atomic uint64_t statuses[600];
  _Atomic uint64_t resets[4];
  fp_histogram latencies;
} shard;

/* Requests that threads began, less those they ended: one may end what another began, so only the sum says something. */
typedef struct balance {
  alignas(64) _Atomic uint64_t active;
} balance;

typedef struct kept_timing {
  fp_latency_timing timing;
  struct kept_timing *next;
} kept_timing;

struct fp_traffic {
  _Atomic size_t references;
  _Atomic(const fp_latency_timing *) timing; /* one of those kept, or NULL */
  kept_timing *kept;
  _Atomic uint64_t lost;
  _Atomic(shard *) shards[SHARDS]; /* NULL until a thread that it is for reports */
  balance balances[SHARDS];
};

fp_traffic *fp_traffic_new(void) {
  fp_traffic *traffic = fp_memory_alloc(sizeof *traffic);
  if (traffic == NULL) return NULL;
  memset(traffic, 0, sizeof *traffic);
  atomic_init(&traffic->references, 1);
  return traffic;
}

fp_traffic *fp_traffic_ref(fp_traffic *traffic) {
  atomic_fetch_add_explicit(&traffic->references, 1, memory_order_relaxed);
  return traffic;
}

void fp_traffic_unref(fp_traffic *traffic) {
  if (traffic == NULL || atomic_fetch_sub_explicit(&traffic->references, 1, memory_order_acq_rel) != 1) return;
  for (kept_timing *each = traffic->kept, *next; each != NULL; each = next) {
    next = each->next;
    fp_memory_free(each);
  }
  for (uint32_t i = 0; i < SHARDS; i++) fp_memory_free(atomic_load_explicit(&traffic->shards[i], memory_order_relaxed));
  fp_memory_free(traffic);
}

static bool same_timing(const fp_latency_timing *a, const fp_latency_timing *b) {
  return a->decay == b->decay && a->clock == b->clock && a->clock_data == b->clock_data;
}

const fp_latency_timing *fp_traffic_keep_timing(fp_traffic *traffic, const fp_latency_timing *timing) {
  kept_timing *made;
  for (const kept_timing *each = traffic->kept; each != NULL; each = each->next)
    if (same_timing(&each->timing, timing)) return &each->timing;
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return NULL;
  *made = (kept_timing){*timing, traffic->kept};
  traffic->kept = made;
  return &made->timing;
}

void fp_traffic_set_timing(fp_traffic *traffic, const fp_latency_timing *timing) {
  atomic_store_explicit(&traffic->timing, timing, memory_order_release);
}

const fp_latency_timing *fp_traffic_timing(const fp_traffic *traffic) {
  return atomic_load_explicit(&traffic->timing, memory_order_acquire);
}

/* The calling thread's: threads lie at least a page apart. */
static uint32_t place(void) {
  const uint64_t mixed = ((uint64_t)(uintptr_t)pthread_self() >> 12) * UINT64_C(0x9E3779B97F4A7C15);
  return (uint32_t)(mixed >> 61);
}

void fp_traffic_acquire(fp_traffic *traffic) {
  atomic_fetch_add_explicit(&traffic->balances[place()].active, 1, memory_order_relaxed);
}

void fp_traffic_release(fp_traffic *traffic) {
  atomic_fetch_sub_explicit(&traffic->balances[place()].active, 1, memory_order_relaxed);
}

uint64_t fp_traffic_active(const fp_traffic *traffic) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < SHARDS; i++) sum += atomic_load_explicit(&traffic->balances[i].active, memory_order_relaxed);
  return sum > INT64_MAX ? 0 : sum; /* more ends than beginnings were seen */
}

static shard *shard_of(fp_traffic *traffic) {
  _Atomic(shard *) *at = &traffic->shards[place()];
  shard *found = atomic_load_explicit(at, memory_order_acquire), *made;
  if (found != NULL) return found;
  made = fp_memory_alloc(sizeof *made);
  if (made == NULL) return NULL;
  memset(made, 0, sizeof *made);
  if (atomic_compare_exchange_strong_explicit(at, &found, made, memory_order_acq_rel, memory_order_acquire))
    return made;
  fp_memory_free(made);
  return found;
}

static void count(_Atomic uint64_t *value) { atomic_fetch_add_explicit(value, 1, memory_order_relaxed); }

void fp_traffic_record(fp_traffic *traffic, uint32_t status, fp_reset reset, int64_t latency) {
  shard *own = shard_of(traffic);
  if (own == NULL) {
    count(&traffic->lost);
    return;
  }
  if (status != 0) count(&own->statuses[status]);
  if (reset != FASTPATH_RESET_NONE) count(&own->resets[reset]);
  if (latency >= 0) fp_histogram_record(&own->latencies, (uint64_t)latency);
}

void fp_traffic_get(const fp_traffic *traffic, fp_cluster_stats *stats) {
  memset(stats, 0, sizeof *stats);
  stats->lost = atomic_load_explicit(&traffic->lost, memory_order_relaxed);
  for (uint32_t i = 0; i < SHARDS; i++) {
    const shard *each = atomic_load_explicit(&traffic->shards[i], memory_order_acquire);
    if (each == NULL) continue;
    for (int status = 100; status < 600; status++)
      stats->statuses[status] += atomic_load_explicit(&each->statuses[status], memory_order_relaxed);
    for (int reset = 1; reset < 4; reset++)
      stats->resets[reset] += atomic_load_explicit(&each->resets[reset], memory_order_relaxed);
    fp_histogram_add_to(&each->latencies, &stats->latencies);
  }
}
