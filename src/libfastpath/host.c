#include "host.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "clock.h"
#include "histogram.h"
#include "latency_average.h"
#include "memory.h"

typedef _Atomic uint64_t counter;

struct fp_host {
  /* What a pick touches comes first, so that it shares a cache line; what an update touches shares the next one. */
  fp_host_front front;
  fp_latency_average latency;
  counter requests;
  _Atomic size_t references;
  counter success;
  counter error;
  counter connect_failures;
  counter connection_resets;
  _Atomic(fp_traffic *) traffic; /* referenced; of the cluster */
  _Atomic uint32_t weight;
  _Atomic uint32_t priority;
  _Atomic int health;
  _Atomic uint32_t flags; /* fp_host_flag, without what is configured */
  _Atomic int64_t healthy_since;
  size_t address_len;
  size_t hostname_len;
  size_t key_len;
  size_t hash_key_len; /* 0: none configured */
  uint16_t port;
  counter timeouts;
  counter latency_count;
  counter latency_total;
  _Atomic(fp_histogram *) latencies; /* NULL until one is reported */
  fp_outlier_monitor *monitor; /* behind the text, so that looking for a host reads little */
  uint8_t text[];              /* address, hostname, key, hash key */
};

static uint8_t *append(uint8_t *text, fp_span span) {
  if (span.len > 0) memcpy(text, span.data, span.len);
  return text + span.len;
}

/* In decimal, behind a colon; at most 6 bytes. */
static size_t write_port(uint8_t *text, uint16_t port) {
  uint8_t digits[5];
  size_t count = 0;
  *text = ':';
  do {
    digits[count++] = (uint8_t)('0' + port % 10);
    port = (uint16_t)(port / 10);
  } while (port > 0);
  for (size_t i = 0; i < count; i++) text[1 + i] = digits[count - 1 - i];
  return count + 1;
}

fp_host *fp_host_new(const fp_endpoint *endpoint, uint32_t flags) {
  const fp_span address = endpoint->address, hostname = endpoint->hostname, hash_key = endpoint->hash_key;
  const int bracketed = memchr(address.data, ':', address.len) != NULL;
  uint8_t port[8];
  const size_t port_len = write_port(port, endpoint->port);
  const size_t key_len = address.len + (bracketed ? 2 : 0) + port_len;
  size_t size;
  fp_host *host;
  uint8_t *text;
  if (address.len > SIZE_MAX / 8 || hostname.len > SIZE_MAX / 8 || hash_key.len > SIZE_MAX / 8) return NULL;
  size = sizeof *host + address.len + hostname.len + key_len + hash_key.len;
  size += alignof(fp_outlier_monitor) - 1 - (size - 1) % alignof(fp_outlier_monitor);
  host = fp_memory_alloc(size + sizeof *host->monitor);
  if (host == NULL) return NULL;
  memset(host, 0, size + sizeof *host->monitor);
  host->monitor = (void *)((uint8_t *)host + size);
  atomic_init(&host->references, 1);
  atomic_init(&host->flags, flags);
  atomic_init(&host->healthy_since, FP_NEVER);
  host->port = endpoint->port;
  host->address_len = address.len;
  host->hostname_len = hostname.len;
  host->key_len = key_len;
  host->hash_key_len = hash_key.len;
  text = append(append(host->text, address), hostname);
  if (bracketed) *text++ = '[';
  text = append(text, address);
  if (bracketed) *text++ = ']';
  memcpy(text, port, port_len);
  append(text + port_len, hash_key);
  fp_host_set_attributes(host, endpoint->weight, endpoint->priority, (fp_health_status)endpoint->health);
  return host;
}

fp_host *fp_host_ref(fp_host *host) {
  atomic_fetch_add_explicit(&host->references, 1, memory_order_relaxed);
  return host;
}

void fp_host_unref(fp_host *host) {
  if (host == NULL || atomic_fetch_sub_explicit(&host->references, 1, memory_order_acq_rel) != 1) return;
  fp_traffic_unref(atomic_load_explicit(&host->traffic, memory_order_relaxed));
  fp_memory_free(atomic_load_explicit(&host->latencies, memory_order_relaxed));
  fp_memory_free(host);
}

bool fp_host_join(fp_host *host, fp_traffic *traffic) {
  if (atomic_load_explicit(&host->traffic, memory_order_relaxed) != NULL) return false;
  atomic_store_explicit(&host->traffic, fp_traffic_ref(traffic), memory_order_release);
  return true;
}

static int same(fp_span a, fp_span b) { return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0); }

/* As configured; empty when there is none. */
static fp_span own_hash_key(const fp_host *host) {
  return (fp_span){host->text + host->address_len + host->hostname_len + host->key_len, host->hash_key_len};
}

int fp_host_is(const fp_host *host, const fp_endpoint *endpoint) {
  return host->port == endpoint->port && same(fp_host_address(host), endpoint->address);
}

int fp_host_agrees(const fp_host *host, const fp_endpoint *endpoint) {
  return same(fp_host_hostname(host), endpoint->hostname) && same(own_hash_key(host), endpoint->hash_key);
}

void fp_host_set_attributes(fp_host *host, uint32_t weight, uint32_t priority, fp_health_status health) {
  atomic_store_explicit(&host->weight, weight, memory_order_relaxed);
  atomic_store_explicit(&host->priority, priority, memory_order_relaxed);
  atomic_store_explicit(&host->health, (int)health, memory_order_relaxed);
}

fp_span fp_host_address(const fp_host *host) { return (fp_span){host->text, host->address_len}; }

fp_span fp_host_hostname(const fp_host *host) { return (fp_span){host->text + host->address_len, host->hostname_len}; }

fp_span fp_host_key(const fp_host *host) {
  return (fp_span){host->text + host->address_len + host->hostname_len, host->key_len};
}

fp_span fp_host_hash_key(const fp_host *host) {
  return host->hash_key_len > 0 ? own_hash_key(host) : fp_host_key(host);
}

uint16_t fp_host_port(const fp_host *host) { return host->port; }

uint32_t fp_host_weight(const fp_host *host) { return atomic_load_explicit(&host->weight, memory_order_relaxed); }

uint32_t fp_host_priority(const fp_host *host) { return atomic_load_explicit(&host->priority, memory_order_relaxed); }

fp_health_status fp_host_health(const fp_host *host) {
  return (fp_health_status)atomic_load_explicit(&host->health, memory_order_relaxed);
}

void fp_host_change_flags(fp_host *host, uint32_t set, uint32_t clear) {
  const uint32_t flags = atomic_load_explicit(&host->flags, memory_order_relaxed);
  atomic_store_explicit(&host->flags, (flags & ~clear) | set, memory_order_relaxed);
}

static uint32_t own_flags(const fp_host *host) { return atomic_load_explicit(&host->flags, memory_order_relaxed); }

bool fp_host_has_flag(const fp_host *host, uint32_t flag) { return (own_flags(host) & flag) != 0; }

uint32_t fp_host_flags(const fp_host *host) {
  switch (fp_host_health(host)) {
    case FASTPATH_HEALTH_UNKNOWN:
    case FASTPATH_HEALTH_HEALTHY: break;
    case FASTPATH_HEALTH_UNHEALTHY:
    case FASTPATH_HEALTH_DRAINING:
    case FASTPATH_HEALTH_TIMEOUT: return own_flags(host) | FASTPATH_HOST_FAILED_CONFIGURED;
    case FASTPATH_HEALTH_DEGRADED: return own_flags(host) | FASTPATH_HOST_DEGRADED_CONFIGURED;
  }
  return own_flags(host);
}

uint8_t fp_host_health_now(const fp_host *host, fp_health_status configured) {
  const uint32_t flags = own_flags(host);
  uint32_t health = (uint32_t)configured;
  if (flags & (FASTPATH_HOST_FAILED_ACTIVE_CHECK | FASTPATH_HOST_FAILED_OUTLIER_CHECK)) health |= FP_HEALTH_FAILED;
  if (flags & FASTPATH_HOST_DEGRADED_ACTIVE_CHECK) health |= FP_HEALTH_DEGRADED;
  return (uint8_t)health;
}

int64_t fp_host_healthy_since(const fp_host *host) {
  return atomic_load_explicit(&host->healthy_since, memory_order_relaxed);
}

void fp_host_set_healthy_since(fp_host *host, int64_t since) {
  atomic_store_explicit(&host->healthy_since, since, memory_order_relaxed);
}

bool fp_host_is_healthy(const fp_host *host) {
  return fp_health_is_healthy(fp_host_health_now(host, fp_host_health(host)));
}

fp_outlier_monitor *fp_host_monitor(fp_host *host) { return host->monitor; }

/* One by one, 2^64 is out of reach. */
static void count(counter *value) { atomic_fetch_add_explicit(value, 1, memory_order_relaxed); }

static void saturating_add(counter *value, uint64_t amount) {
  uint64_t old = atomic_load_explicit(value, memory_order_relaxed);
  while (!atomic_compare_exchange_weak_explicit(value, &old, amount > UINT64_MAX - old ? UINT64_MAX : old + amount,
                                                memory_order_relaxed, memory_order_relaxed)) {
  }
}

/* NULL before the host set that brings the host is published. */
static fp_traffic *traffic_of(const fp_host *host) {
  return atomic_load_explicit(&host->traffic, memory_order_acquire);
}

void fp_host_acquire(fp_host *host) {
  count(&host->front.active_requests);
  count(&host->requests);
  if (traffic_of(host) != NULL) fp_traffic_acquire(traffic_of(host));
}

fp_status fp_host_release(fp_host *host) {
  uint64_t old = atomic_load_explicit(&host->front.active_requests, memory_order_relaxed);
  do {
    if (old == 0) return FASTPATH_ERR_STATE;
  } while (!atomic_compare_exchange_weak_explicit(&host->front.active_requests, &old, old - 1, memory_order_relaxed,
                                                  memory_order_relaxed));
  if (traffic_of(host) != NULL) fp_traffic_release(traffic_of(host));
  return FASTPATH_OK;
}

uint64_t fp_host_cluster_active(const fp_host *host) {
  return traffic_of(host) == NULL ? 0 : fp_traffic_active(traffic_of(host));
}

/* Without the memory for it the latency is counted with the cluster only. */
static void record_latency(fp_host *host, uint64_t latency) {
  fp_histogram *known = atomic_load_explicit(&host->latencies, memory_order_acquire), *made;
  if (known == NULL) {
    made = fp_histogram_new();
    if (made == NULL) return;
    if (atomic_compare_exchange_strong_explicit(&host->latencies, &known, made, memory_order_acq_rel,
                                                memory_order_acquire))
      known = made;
    else
      fp_memory_free(made);
  }
  fp_histogram_record(known, latency);
}

void fp_host_latencies_get(const fp_host *host, fp_histogram_counts *counts) {
  const fp_histogram *known = atomic_load_explicit(&host->latencies, memory_order_acquire);
  memset(counts, 0, sizeof *counts);
  if (known != NULL) fp_histogram_add_to(known, counts);
}

double fp_host_latency(const fp_host *host, int64_t now, int64_t decay) {
  return fp_latency_average_get(&host->latency, now, decay);
}

/* What it took to find out that there is no connection says nothing about answers. */
static void average_latency(fp_host *host, const fp_traffic *traffic, fp_reset reset, int64_t latency) {
  const fp_latency_timing *timing = fp_traffic_timing(traffic);
  if (timing == NULL || (reset != FASTPATH_RESET_NONE && reset != FASTPATH_RESET_TIMEOUT)) return;
  fp_latency_average_add(&host->latency, latency, fp_clock_now(timing->clock, timing->clock_data), timing->decay);
}

fp_status fp_host_report(fp_host *host, uint32_t status, fp_reset reset, int64_t latency) {
  fp_traffic *traffic = traffic_of(host);
  if (status != 0 ? status < 100 || status > 599 : reset == FASTPATH_RESET_NONE) return FASTPATH_ERR_ARGUMENT;
  switch (reset) {
    case FASTPATH_RESET_NONE: break;
    case FASTPATH_RESET_CONNECT_FAILURE: count(&host->connect_failures); break;
    case FASTPATH_RESET_CONNECTION: count(&host->connection_resets); break;
    case FASTPATH_RESET_TIMEOUT: count(&host->timeouts); break;
    default: return FASTPATH_ERR_ARGUMENT;
  }
  count(reset != FASTPATH_RESET_NONE || status >= 500 ? &host->error : &host->success);
  if (latency >= 0) {
    saturating_add(&host->latency_total, (uint64_t)latency);
    count(&host->latency_count);
    record_latency(host, (uint64_t)latency);
    if (traffic != NULL) average_latency(host, traffic, reset, latency);
  }
  if (traffic != NULL) fp_traffic_record(traffic, status, reset, latency);
  return fp_outlier_monitor_report(host->monitor, status, reset) ? FASTPATH_DUE : FASTPATH_OK;
}

uint64_t fp_host_active_requests(const fp_host *host) { return fp_host_active(host); }

void fp_host_stats_get(const fp_host *host, fp_host_stats *stats) {
  stats->active_requests = fp_host_active(host);
  stats->requests = atomic_load_explicit(&host->requests, memory_order_relaxed);
  stats->success = atomic_load_explicit(&host->success, memory_order_relaxed);
  stats->error = atomic_load_explicit(&host->error, memory_order_relaxed);
  stats->connect_failures = atomic_load_explicit(&host->connect_failures, memory_order_relaxed);
  stats->connection_resets = atomic_load_explicit(&host->connection_resets, memory_order_relaxed);
  stats->timeouts = atomic_load_explicit(&host->timeouts, memory_order_relaxed);
  stats->latency_count = atomic_load_explicit(&host->latency_count, memory_order_relaxed);
  stats->latency_total = atomic_load_explicit(&host->latency_total, memory_order_relaxed);
}

void *fp_host_user_data(const fp_host *host) { return fp_host_owner(host); }

void fp_host_set_user_data(fp_host *host, void *data) {
  atomic_store_explicit(&host->front.user_data, data, memory_order_release);
}
