#include "outlier_monitor.h"

static void count(_Atomic uint64_t *value) { atomic_fetch_add_explicit(value, 1, memory_order_relaxed); }

void fp_outlier_monitor_configure(fp_outlier_monitor *monitor, const fp_outlier_config *config) {
  uint32_t mode = FP_OUTLIER_OFF;
  if (config != NULL) {
    const uint32_t limits[FP_OUTLIER_ROWS] = {config->consecutive_5xx, config->consecutive_gateway_failure,
                                              config->consecutive_local_origin_failure};
    for (int row = 0; row < FP_OUTLIER_ROWS; row++)
      atomic_store_explicit(&monitor->limit[row], limits[row], memory_order_relaxed);
    mode = config->split_external_local_origin_errors ? FP_OUTLIER_SPLIT : FP_OUTLIER_TOGETHER;
  }
  atomic_store_explicit(&monitor->mode, mode, memory_order_relaxed);
}

void fp_outlier_monitor_clear_row(fp_outlier_monitor *monitor, fp_outlier_row row) {
  /* Most are clear already, and stay in every core's cache if nobody writes. */
  if (atomic_load_explicit(&monitor->row[row], memory_order_relaxed) != 0)
    atomic_store_explicit(&monitor->row[row], 0, memory_order_relaxed);
}

static bool lengthen(fp_outlier_monitor *monitor, fp_outlier_row row) {
  const uint32_t length = atomic_fetch_add_explicit(&monitor->row[row], 1, memory_order_relaxed) + 1;
  if (length == 0 || length != atomic_load_explicit(&monitor->limit[row], memory_order_relaxed)) return false;
  atomic_fetch_or_explicit(&monitor->due, 1u << row, memory_order_release);
  return true;
}

static fp_outlier_bucket *bucket_of(fp_outlier_monitor *monitor, fp_outlier_origin origin) {
  return &monitor->buckets[origin][atomic_load_explicit(&monitor->writing, memory_order_relaxed)];
}

static bool report_status(fp_outlier_monitor *monitor, uint32_t status) {
  fp_outlier_bucket *bucket = bucket_of(monitor, FP_OUTLIER_EXTERNAL);
  bool due = false;
  count(&bucket->total);
  if (status < 500) {
    count(&bucket->success);
    fp_outlier_monitor_clear_row(monitor, FP_OUTLIER_ROW_5XX);
    fp_outlier_monitor_clear_row(monitor, FP_OUTLIER_ROW_GATEWAY);
    return false;
  }
  if (status >= 502 && status <= 504)
    due = lengthen(monitor, FP_OUTLIER_ROW_GATEWAY);
  else
    fp_outlier_monitor_clear_row(monitor, FP_OUTLIER_ROW_GATEWAY);
  return lengthen(monitor, FP_OUTLIER_ROW_5XX) || due;
}

static bool report_local(fp_outlier_monitor *monitor, bool success) {
  fp_outlier_bucket *bucket = bucket_of(monitor, FP_OUTLIER_LOCAL);
  count(&bucket->total);
  if (!success) return lengthen(monitor, FP_OUTLIER_ROW_LOCAL);
  count(&bucket->success);
  fp_outlier_monitor_clear_row(monitor, FP_OUTLIER_ROW_LOCAL);
  return false;
}

bool fp_outlier_monitor_report(fp_outlier_monitor *monitor, uint32_t status, fp_reset reset) {
  const uint32_t mode = atomic_load_explicit(&monitor->mode, memory_order_relaxed);
  bool due = false;
  if (mode == FP_OUTLIER_OFF) return false;
  /* A connection that was there, whatever came of it, is a success of this side. */
  if (mode == FP_OUTLIER_SPLIT && reset != FASTPATH_RESET_CONNECT_FAILURE) due = report_local(monitor, true);
  if (status != 0) due = report_status(monitor, status) || due;
  if (reset == FASTPATH_RESET_NONE) return due;
  if (mode == FP_OUTLIER_SPLIT) return report_local(monitor, false) || due;
  return report_status(monitor, reset == FASTPATH_RESET_TIMEOUT ? 504 : 503) || due;
}

void fp_outlier_monitor_turn(fp_outlier_monitor *monitor) {
  const uint32_t over = atomic_load_explicit(&monitor->writing, memory_order_relaxed), next = 1 - over;
  for (int origin = 0; origin < FP_OUTLIER_ORIGINS; origin++) {
    atomic_store_explicit(&monitor->buckets[origin][next].success, 0, memory_order_relaxed);
    atomic_store_explicit(&monitor->buckets[origin][next].total, 0, memory_order_relaxed);
  }
  atomic_store_explicit(&monitor->writing, next, memory_order_relaxed);
  for (int origin = 0; origin < FP_OUTLIER_ORIGINS; origin++) {
    /* Somebody may still be counting: no more successes than there were requests. */
    const uint64_t success = atomic_load_explicit(&monitor->buckets[origin][over].success, memory_order_relaxed);
    const uint64_t total = atomic_load_explicit(&monitor->buckets[origin][over].total, memory_order_relaxed);
    monitor->volume[origin] = total;
    monitor->rate[origin] = total == 0 ? 0.0 : (double)(success < total ? success : total) * 100.0 / (double)total;
  }
}
