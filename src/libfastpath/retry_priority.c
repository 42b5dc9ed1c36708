#include "retry_priority.h"

#include <string.h>

fp_status fp_retry_priority_init(fp_retry_priority *retry_priority, uint32_t update_frequency) {
  if (update_frequency == 0) return FASTPATH_ERR_ARGUMENT;
  *retry_priority = (fp_retry_priority){.update_frequency = update_frequency};
  return FASTPATH_OK;
}

void fp_retry_priority_attempted(fp_retry_priority *retry_priority, const fp_host *host) {
  const uint32_t priority = fp_host_priority(host);
  if (priority < FASTPATH_CLUSTER_PRIORITIES) retry_priority->attempted[priority] = 1;
  if (retry_priority->attempts < UINT32_MAX) retry_priority->attempts++;
}

static bool share(fp_retry_priority *self, const fp_host_set *set) {
  return fp_priority_load_without(set->loads, set->priority_count, self->excluded, self->healthy_load,
                                  self->degraded_load);
}

static bool share_anew(fp_retry_priority *self, const fp_host_set *set) {
  for (uint32_t i = 0; i < FASTPATH_CLUSTER_PRIORITIES; i++) self->excluded[i] |= self->attempted[i];
  if (share(self, set)) return true;
  /* All were tried. */
  memset(self->excluded, 0, sizeof self->excluded);
  memset(self->attempted, 0, sizeof self->attempted);
  self->attempts = 0;
  return share(self, set);
}

bool fp_retry_priority_update(fp_retry_priority *self, const fp_host_set *set) {
  if (self->attempts < self->update_frequency) return false;
  if (self->attempts % self->update_frequency == 0) self->shared = share_anew(self, set);
  return self->shared != 0;
}
