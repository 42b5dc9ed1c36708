/*
 * outlier_monitor.h - what outlier detection knows of one host: failures in a row and rates, counted without locks by
 * whoever reports, and when it was ejected, which the cluster's lock guards.
 */
#ifndef FASTPATH_INTERNAL_OUTLIER_MONITOR_H
#define FASTPATH_INTERNAL_OUTLIER_MONITOR_H

#include <fastpath/health.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Where errors come from: from the host, or from this side of the connection to it. */
typedef enum fp_outlier_origin {
  FP_OUTLIER_EXTERNAL,
  FP_OUTLIER_LOCAL
} fp_outlier_origin;
#define FP_OUTLIER_ORIGINS 2

/* Failures in a row. */
typedef enum fp_outlier_row {
  FP_OUTLIER_ROW_5XX,
  FP_OUTLIER_ROW_GATEWAY,
  FP_OUTLIER_ROW_LOCAL
} fp_outlier_row;
#define FP_OUTLIER_ROWS 3

typedef enum fp_outlier_mode {
  FP_OUTLIER_OFF,
  FP_OUTLIER_TOGETHER, /* a reset counts as a 5xx */
  FP_OUTLIER_SPLIT
} fp_outlier_mode;

typedef struct fp_outlier_bucket {
  _Atomic uint64_t success;
  _Atomic uint64_t total;
} fp_outlier_bucket;

/* All zero bytes: a monitor that counts nothing. */
typedef struct fp_outlier_monitor {
  _Atomic uint32_t mode; /* fp_outlier_mode */
  _Atomic uint32_t row[FP_OUTLIER_ROWS];
  _Atomic uint32_t limit[FP_OUTLIER_ROWS]; /* 0: none */
  _Atomic uint32_t due; /* bits by fp_outlier_row: the limit was reached, and nobody has judged it */
  _Atomic uint32_t writing; /* which bucket of each pair is counted in; the other one is looked at */
  fp_outlier_bucket buckets[FP_OUTLIER_ORIGINS][2];
  /* Guarded by the cluster's lock. */
  int64_t ejected_at;
  int64_t readmitted_at;
  uint64_t jitter; /* milliseconds */
  uint32_t multiplier;
  bool was_readmitted;
  double rate[FP_OUTLIER_ORIGINS]; /* percent, of the interval that is over */
  uint64_t volume[FP_OUTLIER_ORIGINS];
} fp_outlier_monitor;

/* Counts from now on as the config says; NULL: not at all. */
void fp_outlier_monitor_configure(fp_outlier_monitor *monitor, const fp_outlier_config *config);

/* Counts an outcome. Whether a limit was reached with it. Threads: any. */
bool fp_outlier_monitor_report(fp_outlier_monitor *monitor, uint32_t status, fp_reset reset);

/* The failures in a row begin anew. */
void fp_outlier_monitor_clear_row(fp_outlier_monitor *monitor, fp_outlier_row row);

/* An interval is over: rate and volume are of it, and a new one begins. */
void fp_outlier_monitor_turn(fp_outlier_monitor *monitor);

#endif
