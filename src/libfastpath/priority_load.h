/* priority_load.h - how load is shared between priorities, from how many of their hosts are well. */
#ifndef FASTPATH_INTERNAL_PRIORITY_LOAD_H
#define FASTPATH_INTERNAL_PRIORITY_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fp_priority_load {
  uint32_t overprovisioning_factor; /* in: percent */
  uint32_t total;                   /* in: hosts; healthy and degraded ones among them */
  uint32_t healthy;
  uint32_t degraded;
  uint64_t total_weight; /* in: what availability is measured by: as above, or their weights */
  uint64_t healthy_weight;
  uint64_t degraded_weight;
  uint32_t healthy_load; /* out: percent; both columns add up to 100 */
  uint32_t degraded_load;
  uint32_t panic; /* out: 1 when all hosts are used whatever their health */
} fp_priority_load;

/* Envoy's rule, in integer percentages. count is at least 1. */
void fp_priority_load_compute(fp_priority_load *loads, size_t count, uint32_t panic_threshold);

/* How load is shared when priorities are excluded, in percent. False, and nothing is written, when no other has any. */
bool fp_priority_load_without(const fp_priority_load *loads, size_t count, const uint8_t *excluded, uint8_t *healthy,
                              uint8_t *degraded);

#endif
