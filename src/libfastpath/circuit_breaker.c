#include <fastpath/admission.h>

#include <stdatomic.h>
#include <string.h>

#include "error.h"
#include "memory.h"

typedef struct resource {
  _Atomic uint64_t active;
  _Atomic uint64_t overflow;
  _Atomic uint32_t max;
} resource;

struct fp_circuit_breaker {
  resource resources[FASTPATH_BREAKER_RESOURCES];
  _Atomic uint32_t has_retry_budget;
  _Atomic uint32_t min_retry_concurrency;
  _Atomic double budget_percent;
  _Atomic size_t references;
};

void fp_breaker_thresholds_default(fp_breaker_thresholds *thresholds) {
  *thresholds =
      (fp_breaker_thresholds){.max = {1024, 1024, 1024, 3}, .budget_percent = 20.0, .min_retry_concurrency = 3};
}

fp_status fp_circuit_breaker_configure(fp_circuit_breaker *breaker, const fp_breaker_thresholds *thresholds,
                                       fp_error *error) {
  if (!(thresholds->budget_percent >= 0.0 && thresholds->budget_percent <= 100.0)) /* also false for NaN */
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "the retry budget is no percentage");
  for (int i = 0; i < FASTPATH_BREAKER_RESOURCES; i++)
    atomic_store_explicit(&breaker->resources[i].max, thresholds->max[i], memory_order_relaxed);
  atomic_store_explicit(&breaker->budget_percent, thresholds->budget_percent, memory_order_relaxed);
  atomic_store_explicit(&breaker->min_retry_concurrency, thresholds->min_retry_concurrency, memory_order_relaxed);
  atomic_store_explicit(&breaker->has_retry_budget, thresholds->has_retry_budget, memory_order_relaxed);
  return FASTPATH_OK;
}

fp_status fp_circuit_breaker_new(const fp_breaker_thresholds *thresholds, fp_circuit_breaker **breaker,
                                 fp_error *error) {
  fp_circuit_breaker *made = fp_memory_alloc(sizeof *made);
  fp_status status;
  if (made == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  memset(made, 0, sizeof *made);
  atomic_init(&made->references, 1);
  status = fp_circuit_breaker_configure(made, thresholds, error);
  if (status < 0)
    fp_memory_free(made);
  else
    *breaker = made;
  return status;
}

fp_circuit_breaker *fp_circuit_breaker_ref(fp_circuit_breaker *breaker) {
  atomic_fetch_add_explicit(&breaker->references, 1, memory_order_relaxed);
  return breaker;
}

void fp_circuit_breaker_unref(fp_circuit_breaker *breaker) {
  if (breaker != NULL && atomic_fetch_sub_explicit(&breaker->references, 1, memory_order_acq_rel) == 1)
    fp_memory_free(breaker);
}

static uint64_t active(const fp_circuit_breaker *breaker, fp_breaker_resource which) {
  return atomic_load_explicit(&breaker->resources[which].active, memory_order_relaxed);
}

static uint64_t limit(const fp_circuit_breaker *breaker, fp_breaker_resource which) {
  uint64_t least, share;
  if (which != FASTPATH_BREAKER_RETRIES || !atomic_load_explicit(&breaker->has_retry_budget, memory_order_relaxed))
    return atomic_load_explicit(&breaker->resources[which].max, memory_order_relaxed);
  least = atomic_load_explicit(&breaker->min_retry_concurrency, memory_order_relaxed);
  share = (uint64_t)(atomic_load_explicit(&breaker->budget_percent, memory_order_relaxed) *
                     (double)(active(breaker, FASTPATH_BREAKER_REQUESTS) +
                              active(breaker, FASTPATH_BREAKER_PENDING_REQUESTS)) /
                     100.0);
  return share > least ? share : least;
}

fp_status fp_circuit_breaker_acquire(fp_circuit_breaker *breaker, fp_breaker_resource which) {
  resource *wanted = &breaker->resources[which];
  uint64_t before = atomic_load_explicit(&wanted->active, memory_order_relaxed);
  do {
    if (before >= limit(breaker, which)) {
      atomic_fetch_add_explicit(&wanted->overflow, 1, memory_order_relaxed);
      return FASTPATH_NONE;
    }
  } while (!atomic_compare_exchange_weak_explicit(&wanted->active, &before, before + 1, memory_order_relaxed,
                                                  memory_order_relaxed));
  return FASTPATH_OK;
}

void fp_circuit_breaker_add(fp_circuit_breaker *breaker, fp_breaker_resource which) {
  atomic_fetch_add_explicit(&breaker->resources[which].active, 1, memory_order_relaxed);
}

fp_status fp_circuit_breaker_release(fp_circuit_breaker *breaker, fp_breaker_resource which) {
  resource *given = &breaker->resources[which];
  uint64_t before = atomic_load_explicit(&given->active, memory_order_relaxed);
  do {
    if (before == 0) return FASTPATH_ERR_STATE;
  } while (!atomic_compare_exchange_weak_explicit(&given->active, &before, before - 1, memory_order_relaxed,
                                                  memory_order_relaxed));
  return FASTPATH_OK;
}

void fp_circuit_breaker_stats_get(const fp_circuit_breaker *breaker, fp_breaker_resource which,
                                  fp_breaker_stats *stats) {
  stats->active = active(breaker, which);
  stats->max = limit(breaker, which);
  stats->overflow = atomic_load_explicit(&breaker->resources[which].overflow, memory_order_relaxed);
}
