/* histogram.h - latencies counted by whoever reports, without locks. See fastpath/stats.h for the buckets. */
#ifndef FASTPATH_INTERNAL_HISTOGRAM_H
#define FASTPATH_INTERNAL_HISTOGRAM_H

#include <fastpath/stats.h>
#include <stdatomic.h>

typedef struct fp_histogram {
  _Atomic uint64_t sum;
  _Atomic uint64_t buckets[FASTPATH_HISTOGRAM_BUCKETS];
} fp_histogram;

/* All counters 0. NULL when out of memory. Freed with fp_memory_free. */
fp_histogram *fp_histogram_new(void);

void fp_histogram_record(fp_histogram *histogram, uint64_t value);

/* Adds what was counted. */
void fp_histogram_add_to(const fp_histogram *histogram, fp_histogram_counts *counts);

#endif
