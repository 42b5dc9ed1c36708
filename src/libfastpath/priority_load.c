#include "priority_load.h"

#include <string.h>

static uint32_t at_most(uint64_t value, uint32_t limit) { return value < limit ? (uint32_t)value : limit; }

/* A weight is at most 2^63: 2^31 hosts of 2^32. */
static uint32_t availability(const fp_priority_load *load, uint64_t available) {
  if (load->total_weight == 0 || available == 0) return 0;
  if (load->overprovisioning_factor > UINT64_MAX / available) return 100;
  return at_most(load->overprovisioning_factor * available / load->total_weight, 100);
}

static uint32_t healthy_availability(const fp_priority_load *load) { return availability(load, load->healthy_weight); }

static uint32_t degraded_availability(const fp_priority_load *load) {
  return availability(load, load->degraded_weight);
}

/* Gives out `load` in order of priority, up to each one's availability scaled to the sum; what is left remains. */
static uint32_t take_load(uint32_t *load, uint32_t available, uint32_t sum) {
  const uint32_t share = at_most((uint64_t)available * 100 / sum, *load);
  *load -= share;
  return share;
}

static void share_by_availability(fp_priority_load *loads, size_t count, uint32_t sum) {
  uint32_t left = 100;
  for (size_t i = 0; i < count; i++) loads[i].healthy_load = take_load(&left, healthy_availability(&loads[i]), sum);
  for (size_t i = 0; i < count; i++) loads[i].degraded_load = take_load(&left, degraded_availability(&loads[i]), sum);
  for (size_t i = 0; left > 0 && i < count; i++) { /* what rounding left over */
    if (healthy_availability(&loads[i]) > 0) {
      loads[i].healthy_load += left;
      left = 0;
    }
  }
  for (size_t i = 0; left > 0 && i < count; i++) {
    if (degraded_availability(&loads[i]) > 0) {
      loads[i].degraded_load += left;
      left = 0;
    }
  }
}

static void share_by_count(fp_priority_load *loads, size_t count) {
  uint64_t total = 0;
  uint32_t left = 100;
  for (size_t i = 0; i < count; i++) total += loads[i].total;
  for (size_t i = 0; i < count; i++) {
    loads[i].healthy_load = total == 0 ? 0 : (uint32_t)(100 * (uint64_t)loads[i].total / total);
    loads[i].degraded_load = 0;
    left -= loads[i].healthy_load;
  }
  for (size_t i = 0; i < count; i++) {
    if (loads[i].total > 0 || total == 0) {
      loads[i].healthy_load += left;
      return;
    }
  }
}

static int below_threshold(const fp_priority_load *load, uint32_t threshold) {
  double healthy, degraded;
  if (load->total == 0) return threshold > 0;
  healthy = 100.0 * load->healthy / load->total;
  degraded = 100.0 * load->degraded / load->total;
  return healthy + degraded < threshold;
}

void fp_priority_load_compute(fp_priority_load *loads, size_t count, uint32_t panic_threshold) {
  uint64_t sum = 0;
  int all_panic = 1;
  for (size_t i = 0; i < count; i++) {
    sum += healthy_availability(&loads[i]) + degraded_availability(&loads[i]);
    loads[i].healthy_load = loads[i].degraded_load = loads[i].panic = 0;
  }
  if (sum == 0 && panic_threshold == 0) {
    loads[0].healthy_load = 100; /* nobody to give it to: the pick finds no host there */
    return;
  }
  if (sum > 0) share_by_availability(loads, count, at_most(sum, 100));
  for (size_t i = 0; i < count; i++) {
    loads[i].panic = sum < 100 && below_threshold(&loads[i], panic_threshold);
    all_panic = all_panic && loads[i].panic;
  }
  if (all_panic) share_by_count(loads, count);
}

/* Adds a priority's part, or what is left. */
static uint32_t add_share(uint8_t *load, uint32_t available, uint32_t sum, uint32_t left) {
  const uint32_t share = at_most((uint64_t)available * 100 / sum, left);
  *load = (uint8_t)(*load + share);
  return left - share;
}

bool fp_priority_load_without(const fp_priority_load *loads, size_t count, const uint8_t *excluded, uint8_t *healthy,
                              uint8_t *degraded) {
  uint32_t sum = 0, left = 100;
  for (size_t i = 0; i < count; i++)
    if (!excluded[i]) sum += healthy_availability(&loads[i]) + degraded_availability(&loads[i]);
  if (sum == 0) return false;
  sum = at_most(sum, 100);
  memset(healthy, 0, count);
  memset(degraded, 0, count);
  while (left > 0) { /* what rounding leaves over goes round again */
    for (size_t i = 0; i < count; i++)
      if (!excluded[i]) left = add_share(&healthy[i], healthy_availability(&loads[i]), sum, left);
    for (size_t i = 0; i < count; i++)
      if (!excluded[i]) left = add_share(&degraded[i], degraded_availability(&loads[i]), sum, left);
  }
  return true;
}
