#include "histogram.h"

#include <string.h>

#include "bits.h"
#include "memory.h"

#define UNIT_BITS 6 /* values are counted in units of 64 */
#define PART_BITS 4 /* 16 buckets for a power of two */
#define PARTS (1u << PART_BITS)

static uint32_t bucket_of(uint64_t value) {
  const uint64_t units = value >> UNIT_BITS;
  uint32_t power, bucket;
  if (units < PARTS) return (uint32_t)units;
  power = last_bit(units);
  bucket = (power - PART_BITS + 1) * PARTS + ((uint32_t)(units >> (power - PART_BITS)) & (PARTS - 1));
  return bucket < FASTPATH_HISTOGRAM_BUCKETS ? bucket : FASTPATH_HISTOGRAM_BUCKETS - 1;
}

/* The least value in a bucket. */
static uint64_t start_of(uint32_t bucket) {
  const uint32_t row = bucket / PARTS, part = bucket % PARTS;
  if (row == 0) return (uint64_t)part << UNIT_BITS;
  return (uint64_t)(PARTS + part) << (row - 1 + UNIT_BITS);
}

uint64_t fp_histogram_bound(uint32_t bucket) {
  return bucket + 1 < FASTPATH_HISTOGRAM_BUCKETS ? start_of(bucket + 1) : UINT64_MAX;
}

double fp_histogram_quantile(const fp_histogram_counts *counts, double share) {
  const double wanted = share * (double)counts->count;
  uint64_t reached = 0;
  for (uint32_t i = 0; i < FASTPATH_HISTOGRAM_BUCKETS; i++) {
    reached += counts->buckets[i];
    if (reached == 0 || (double)reached < wanted) continue;
    if (i + 1 == FASTPATH_HISTOGRAM_BUCKETS) return (double)start_of(i);
    return ((double)start_of(i) + (double)start_of(i + 1)) / 2.0;
  }
  return 0.0;
}

fp_histogram *fp_histogram_new(void) {
  fp_histogram *histogram = fp_memory_alloc(sizeof *histogram);
  if (histogram != NULL) memset(histogram, 0, sizeof *histogram);
  return histogram;
}

void fp_histogram_record(fp_histogram *histogram, uint64_t value) {
  atomic_fetch_add_explicit(&histogram->sum, value, memory_order_relaxed);
  atomic_fetch_add_explicit(&histogram->buckets[bucket_of(value)], 1, memory_order_relaxed);
}

void fp_histogram_add_to(const fp_histogram *histogram, fp_histogram_counts *counts) {
  counts->sum += atomic_load_explicit(&histogram->sum, memory_order_relaxed);
  for (uint32_t i = 0; i < FASTPATH_HISTOGRAM_BUCKETS; i++) {
    const uint64_t count = atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
    counts->buckets[i] += count;
    counts->count += count;
  }
}
