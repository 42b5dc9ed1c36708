/*
 * live_schedule.h - earliest deadline first with weights that change by themselves: an entry counts with the weight that
 * it has when it goes back into the schedule. For weights that stay, edf.h is faster.
 *
 * A file that includes this gives the weight of an entry at a moment: static, so that it becomes part of the loops.
 */
#ifndef FASTPATH_INTERNAL_LIVE_SCHEDULE_H
#define FASTPATH_INTERNAL_LIVE_SCHEDULE_H

#include <fastpath/lb.h>

#include "edf.h"
#include "memory.h"
#include "slow_start.h"
#include "tournament.h"

/* Where one worker stands. One thread at a time. */
typedef struct fp_live_schedule {
  fp_tournament hosts;
  uint64_t next_order;
} fp_live_schedule;

/* `now` counts in groups that have slow start, and is 0 elsewhere. */
typedef double (*fp_live_weight)(const fp_host_group *group, uint32_t index, int64_t now);

static inline int64_t fp_live_now(const fp_host_group *group) {
  return group->slow_start ? fp_slow_start_now(group->options) : 0;
}

/* What part of its weight a host of the group counts with. */
static inline double fp_live_factor(const fp_host_group *group, uint32_t index, int64_t now) {
  return group->slow_start ? fp_slow_start_factor(group->options, group->hosts[index], now) : 1.0;
}

static inline uint32_t fp_live_schedule_take(fp_live_schedule *self, const fp_host_group *group,
                                             fp_live_weight weight_of, int64_t now) {
  const uint32_t index = self->hosts.winner;
  const double due = fp_tournament_deadline(self->hosts.deadlines[index]);
  fp_tournament_replay(&self->hosts, fp_tournament_bits(due + 1.0 / weight_of(group, index, now)), self->next_order++);
  return index;
}

static inline uint32_t fp_live_schedule_pick(fp_live_schedule *self, const fp_host_group *group,
                                             fp_live_weight weight_of) {
  return fp_live_schedule_take(self, group, weight_of, fp_live_now(group));
}

/* As fp_edf_new, with the weights that hosts in slow start had when the group was made, as Envoy, which does not wait for
   the first pick. */
static inline void fp_live_schedule_start(fp_live_schedule *self, const fp_host_group *group, uint32_t picks,
                                          fp_live_weight weight_of) {
  const int64_t now = group->slow_start ? group->made_at : 0;
  double sum = 0.0;
  uint32_t done = 0;
  /* The deadlines hold the weights until the sum is known: they must not change between the two passes. */
  for (uint32_t i = 0; i < group->count; i++) {
    const double weight = weight_of(group, i, now) + FP_EDF_WEIGHT_NUDGE;
    self->hosts.deadlines[i] = fp_tournament_bits(weight);
    sum += weight;
  }
  for (uint32_t i = 0; i < group->count; i++) {
    const double weight = fp_tournament_deadline(self->hosts.deadlines[i]);
    const uint32_t share = fp_edf_share(weight, picks, sum);
    self->hosts.deadlines[i] = fp_tournament_bits((share + 1) / weight);
    self->hosts.orders[i] = i;
    done += share;
  }
  self->next_order = group->count;
  fp_tournament_start(&self->hosts);
  for (; done < picks; done++) (void)fp_live_schedule_take(self, group, weight_of, now);
}

/* Freed with fp_memory_free. NULL when out of memory. */
static inline fp_live_schedule *fp_live_schedule_new(const fp_host_group *group, uint64_t seed,
                                                     fp_live_weight weight_of) {
  fp_live_schedule *made = fp_memory_alloc(sizeof *made + fp_tournament_size(group->count));
  if (made == NULL) return NULL;
  fp_tournament_init(&made->hosts, group->count, made + 1);
  fp_live_schedule_start(made, group, (uint32_t)seed % FP_EDF_MAX_PICKS_AHEAD, weight_of);
  return made;
}

#endif
