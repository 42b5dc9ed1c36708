/*
 * slow_start.h - hosts that have just come, or come back, get less at first, as in Envoy.
 *
 * When a host set is built it is known whether a host of the cluster is in its window; groups made then have schedules
 * in which each host counts with the weight of the moment. Others have none of that.
 */
#ifndef FASTPATH_INTERNAL_SLOW_START_H
#define FASTPATH_INTERNAL_SLOW_START_H

#include <fastpath/lb.h>

#define FP_NEVER INT64_MIN

/* Of a host set that is made now. Zero bytes: without slow start. */
typedef struct fp_slow_start {
  int64_t now;
  uint32_t going_on; /* 1: a host is in its window */
} fp_slow_start;

/* NULL: they make sense. */
const char *fp_slow_start_check(const fp_lb_options *options);

/* Whether there is any: a window below a millisecond is none. */
int fp_slow_start_wanted(const fp_lb_options *options);

/* What the options' clock says. */
int64_t fp_slow_start_now(const fp_lb_options *options);

/* Whether a host that started then is in its window, both ends included. */
int fp_slow_start_has(const fp_lb_options *options, int64_t since, int64_t now);

/* What part of its weight a host counts with. */
double fp_slow_start_factor(const fp_lb_options *options, const fp_host *host, int64_t now);

#endif
