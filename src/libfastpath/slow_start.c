#include "slow_start.h"

#include <math.h>

#include "clock.h"
#include "host.h"

#define NANOSECONDS_PER_MILLISECOND 1000000

const char *fp_slow_start_check(const fp_lb_options *options) {
  if (options->slow_start_window == 0) return NULL;
  if (options->slow_start_window < 0) return "the slow start window is negative";
  if (!isfinite(options->slow_start_aggression) || options->slow_start_aggression <= 0)
    return "the slow start aggression is not above 0 and finite";
  if (!(options->slow_start_min_weight >= 0 && options->slow_start_min_weight <= 1))
    return "the slow start's least weight is not from 0 to 1";
  return NULL;
}

int64_t fp_slow_start_now(const fp_lb_options *options) { return fp_clock_now(options->clock, options->clock_data); }

/* Envoy counts whole milliseconds. A clock that went back, or is another one than before, makes no time pass. */
static int64_t milliseconds_since(int64_t since, int64_t now) {
  int64_t passed;
  if (now <= since) return 0;
  return __builtin_sub_overflow(now, since, &passed) ? INT64_MAX : passed / NANOSECONDS_PER_MILLISECOND;
}

static int64_t window(const fp_lb_options *options) { return options->slow_start_window / NANOSECONDS_PER_MILLISECOND; }

int fp_slow_start_wanted(const fp_lb_options *options) { return window(options) > 0; }

int fp_slow_start_has(const fp_lb_options *options, int64_t since, int64_t now) {
  return since != FP_NEVER && milliseconds_since(since, now) <= window(options);
}

double fp_slow_start_factor(const fp_lb_options *options, const fp_host *host, int64_t now) {
  const int64_t since = fp_host_healthy_since(host), whole = window(options);
  int64_t passed;
  double part;
  if (since == FP_NEVER || !fp_host_is_healthy(host)) return 1.0;
  passed = milliseconds_since(since, now);
  if (passed >= whole) return 1.0;
  part = (double)(passed > 1 ? passed : 1) / (double)whole;
  if (options->slow_start_aggression < 1.0 || options->slow_start_aggression > 1.0)
    part = part < 1.0 ? pow(part, 1.0 / options->slow_start_aggression) : part;
  return part > options->slow_start_min_weight ? part : options->slow_start_min_weight;
}
