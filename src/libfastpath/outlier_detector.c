#include "outlier_detector.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "host.h"

#define NANOSECONDS INT64_C(1000000) /* in a millisecond */

static const uint32_t enforcing_default[FASTPATH_OUTLIER_TYPES] = {100, 0, 100, 100, 100, 0, 0};
static const fp_outlier_type type_of_row[FP_OUTLIER_ROWS] = {
    [FP_OUTLIER_ROW_5XX] = FASTPATH_OUTLIER_CONSECUTIVE_5XX,
    [FP_OUTLIER_ROW_GATEWAY] = FASTPATH_OUTLIER_CONSECUTIVE_GATEWAY_FAILURE,
    [FP_OUTLIER_ROW_LOCAL] = FASTPATH_OUTLIER_CONSECUTIVE_LOCAL_ORIGIN_FAILURE};

void fp_outlier_config_default(fp_outlier_config *config) {
  *config = (fp_outlier_config){.interval = 10000,
                                .base_ejection_time = 30000,
                                .max_ejection_time = 300000,
                                .max_ejection_percent = 10,
                                .consecutive_5xx = 5,
                                .consecutive_gateway_failure = 5,
                                .consecutive_local_origin_failure = 5,
                                .success_rate_minimum_hosts = 5,
                                .success_rate_request_volume = 100,
                                .success_rate_stdev_factor = 1900,
                                .failure_percentage_threshold = 85,
                                .failure_percentage_minimum_hosts = 5,
                                .failure_percentage_request_volume = 50};
  memcpy(config->enforcing, enforcing_default, sizeof enforcing_default);
}

fp_status fp_outlier_detector_check(const fp_outlier_config *config, fp_error *error) {
  if (config->interval == 0 || config->base_ejection_time == 0)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "interval and base_ejection_time are more than 0");
  if (config->max_ejection_time < config->base_ejection_time)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "max_ejection_time is below base_ejection_time");
  if (config->max_ejection_percent > 100 || config->failure_percentage_threshold > 100)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "a percentage is above 100");
  for (int type = 0; type < FASTPATH_OUTLIER_TYPES; type++)
    if (config->enforcing[type] > 100)
      return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "a percentage is above 100");
  return FASTPATH_OK;
}

static uint64_t saturating_add(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static uint64_t saturating_multiply(uint64_t a, uint64_t b) {
  return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

/* Whether so many milliseconds have passed from `since` to `now`. */
static bool passed(uint64_t milliseconds, int64_t since, int64_t now) {
  return now >= since && ((uint64_t)now - (uint64_t)since) / (uint64_t)NANOSECONDS >= milliseconds;
}

static int64_t after(int64_t now, uint64_t milliseconds) {
  const int64_t most = (INT64_MAX - (now > 0 ? now : 0)) / NANOSECONDS;
  return milliseconds > (uint64_t)most ? INT64_MAX : now + (int64_t)milliseconds * NANOSECONDS;
}

static void advance(fp_outlier_detector *detector, int64_t now) {
  if (now > detector->now) detector->now = now;
}

static void note(fp_outlier_detector *detector, fp_host *host, fp_health_event_kind kind, fp_outlier_type type) {
  uint32_t at;
  if (detector->event_count == FP_HEALTH_EVENTS) {
    detector->stats.events_lost++;
    return;
  }
  at = (detector->first_event + detector->event_count++) % FP_HEALTH_EVENTS;
  detector->events[at] = (fp_health_event){fp_host_ref(host), kind, type};
}

bool fp_outlier_detector_take_event(fp_outlier_detector *detector, fp_health_event *event) {
  if (detector->event_count == 0) return false;
  *event = detector->events[detector->first_event];
  detector->first_event = (detector->first_event + 1) % FP_HEALTH_EVENTS;
  detector->event_count--;
  return true;
}

static bool is_ejected(const fp_host *host) { return fp_host_has_flag(host, FASTPATH_HOST_FAILED_OUTLIER_CHECK); }

bool fp_outlier_detector_readmit(fp_outlier_detector *detector, fp_host *host, int64_t now) {
  fp_outlier_monitor *monitor = fp_host_monitor(host);
  if (!is_ejected(host)) return false;
  advance(detector, now);
  fp_host_change_flags(host, 0, FASTPATH_HOST_FAILED_OUTLIER_CHECK);
  detector->stats.ejections_active--;
  for (int row = 0; row < FP_OUTLIER_ROWS; row++) fp_outlier_monitor_clear_row(monitor, (fp_outlier_row)row);
  monitor->readmitted_at = detector->now;
  monitor->was_readmitted = true;
  note(detector, host, FASTPATH_HEALTH_EVENT_READMITTED, FASTPATH_OUTLIER_CONSECUTIVE_5XX);
  return true;
}

void fp_outlier_detector_watch(const fp_outlier_detector *detector, fp_host *host) {
  fp_outlier_monitor_configure(fp_host_monitor(host), detector->on ? &detector->config : NULL);
}

void fp_outlier_detector_recount(fp_outlier_detector *detector, const fp_host_set *set) {
  detector->stats.ejections_active = 0;
  for (size_t i = fp_host_set_count(set); i-- > 0;)
    detector->stats.ejections_active += is_ejected(fp_host_set_host(set, i)) ? 1 : 0;
}

bool fp_outlier_detector_start(fp_outlier_detector *detector, const fp_outlier_config *config, uint64_t seed,
                               const fp_host_set *set, int64_t now) {
  bool changed = false;
  detector->on = config != NULL;
  if (config != NULL) {
    detector->config = *config;
    detector->random = seed;
    detector->now = now;
    detector->next = after(now, config->interval);
  } else {
    for (size_t i = fp_host_set_count(set); i-- > 0;)
      changed = fp_outlier_detector_readmit(detector, fp_host_set_host(set, i), now) || changed;
  }
  for (size_t i = fp_host_set_count(set); i-- > 0;) fp_outlier_detector_watch(detector, fp_host_set_host(set, i));
  return changed;
}

static bool draw(fp_outlier_detector *detector, uint32_t percent) {
  return fp_lb_random(&detector->random) % 100 < percent;
}

/* Ejects the host, unless enough are, or the draw lets it off. Whether it is. */
static bool eject(fp_outlier_detector *detector, fp_host *host, fp_outlier_type type, size_t host_count) {
  const fp_outlier_config *config = &detector->config;
  fp_outlier_monitor *monitor = fp_host_monitor(host);
  fp_outlier_stats *stats = &detector->stats;
  const double percent = 100.0 * (double)(stats->ejections_active + 1) / (double)host_count;
  const bool first = config->always_eject_one_host && stats->ejections_active == 0;
  stats->ejections_detected[type]++;
  if (percent > config->max_ejection_percent && !first) {
    stats->ejections_overflow++;
    return false;
  }
  if (is_ejected(host)) return false; /* for its rate, a moment ago */
  if (!draw(detector, config->enforcing[type])) {
    note(detector, host, FASTPATH_HEALTH_EVENT_DETECTED, type);
    return false;
  }
  stats->ejections_active++;
  stats->ejections_enforced_total++;
  stats->ejections_enforced[type]++;
  fp_host_change_flags(host, FASTPATH_HOST_FAILED_OUTLIER_CHECK, 0);
  monitor->ejected_at = detector->now;
  monitor->jitter = config->max_ejection_time_jitter == UINT64_MAX
                        ? fp_lb_random(&detector->random)
                        : fp_lb_random(&detector->random) % (config->max_ejection_time_jitter + 1);
  /* Growing beyond the longest time would only make the way back longer. */
  if (saturating_multiply(config->base_ejection_time, monitor->multiplier) <
      saturating_add(config->max_ejection_time, config->base_ejection_time))
    monitor->multiplier++;
  note(detector, host, FASTPATH_HEALTH_EVENT_EJECTED, type);
  return true;
}

static bool judge(fp_outlier_detector *detector, fp_host *host, size_t host_count) {
  static const fp_outlier_row order[FP_OUTLIER_ROWS] = {FP_OUTLIER_ROW_GATEWAY, FP_OUTLIER_ROW_5XX,
                                                        FP_OUTLIER_ROW_LOCAL};
  fp_outlier_monitor *monitor = fp_host_monitor(host);
  uint32_t due;
  bool changed = false;
  if (atomic_load_explicit(&monitor->due, memory_order_relaxed) == 0) return false;
  due = atomic_exchange_explicit(&monitor->due, 0, memory_order_acquire);
  for (int i = 0; i < FP_OUTLIER_ROWS; i++) {
    if (!(due >> order[i] & 1) || is_ejected(host)) continue;
    changed = eject(detector, host, type_of_row[order[i]], host_count) || changed;
    fp_outlier_monitor_clear_row(monitor, order[i]);
  }
  return changed;
}

bool fp_outlier_detector_judge(fp_outlier_detector *detector, fp_host *host, const fp_host_set *set, int64_t now) {
  if (!detector->on) return false;
  advance(detector, now);
  return judge(detector, host, fp_host_set_count(set));
}

static bool is_over(const fp_outlier_detector *detector, const fp_outlier_monitor *monitor) {
  const fp_outlier_config *config = &detector->config;
  const uint64_t grown = saturating_multiply(config->base_ejection_time, monitor->multiplier);
  const uint64_t time = grown < config->max_ejection_time ? grown : config->max_ejection_time;
  return passed(saturating_add(time, monitor->jitter), monitor->ejected_at, detector->now);
}

/* Whether the host's rate of the interval that is over counts. */
static bool has_volume(fp_host *host, fp_outlier_origin origin, uint64_t volume) {
  const fp_outlier_monitor *monitor = fp_host_monitor(host);
  return monitor->volume[origin] > 0 && monitor->volume[origin] >= volume;
}

/* What hosts that are ejected already were asked does not count. */
static void leave_out_ejected(const fp_host_set *set, fp_outlier_origin origin) {
  for (size_t i = fp_host_set_count(set); i-- > 0;) {
    fp_host *host = fp_host_set_host(set, i);
    if (is_ejected(host)) fp_host_monitor(host)->volume[origin] = 0;
  }
}

/* Ejects whose success rate is far below the average. */
static bool compare_success_rates(fp_outlier_detector *detector, const fp_host_set *set, fp_outlier_origin origin) {
  const fp_outlier_config *config = &detector->config;
  const fp_outlier_type type =
      origin == FP_OUTLIER_EXTERNAL ? FASTPATH_OUTLIER_SUCCESS_RATE : FASTPATH_OUTLIER_SUCCESS_RATE_LOCAL_ORIGIN;
  const size_t count = fp_host_set_count(set);
  size_t valid = 0;
  double sum = 0.0, variance = 0.0, mean, threshold;
  bool changed = false;
  for (size_t i = 0; i < count; i++) {
    fp_host *host = fp_host_set_host(set, i);
    if (!has_volume(host, origin, config->success_rate_request_volume)) continue;
    sum += fp_host_monitor(host)->rate[origin];
    valid++;
  }
  if (valid == 0 || valid < config->success_rate_minimum_hosts) return false;
  mean = sum / (double)valid;
  for (size_t i = 0; i < count; i++) {
    fp_host *host = fp_host_set_host(set, i);
    const double distance = fp_host_monitor(host)->rate[origin] - mean;
    if (has_volume(host, origin, config->success_rate_request_volume)) variance += distance * distance;
  }
  threshold = mean - (double)config->success_rate_stdev_factor / 1000.0 * sqrt(variance / (double)valid);
  for (size_t i = 0; i < count; i++) {
    fp_host *host = fp_host_set_host(set, i);
    if (has_volume(host, origin, config->success_rate_request_volume) &&
        fp_host_monitor(host)->rate[origin] < threshold)
      changed = eject(detector, host, type, count) || changed;
  }
  return changed;
}

static size_t count_with_volume(const fp_host_set *set, fp_outlier_origin origin, uint64_t volume) {
  size_t valid = 0;
  for (size_t i = fp_host_set_count(set); i-- > 0;)
    valid += has_volume(fp_host_set_host(set, i), origin, volume) ? 1 : 0;
  return valid;
}

/* Ejects who fails too often, whatever the others do. */
static bool compare_failures(fp_outlier_detector *detector, const fp_host_set *set, fp_outlier_origin origin) {
  const fp_outlier_config *config = &detector->config;
  const fp_outlier_type type = origin == FP_OUTLIER_EXTERNAL ? FASTPATH_OUTLIER_FAILURE_PERCENTAGE
                                                             : FASTPATH_OUTLIER_FAILURE_PERCENTAGE_LOCAL_ORIGIN;
  const size_t count = fp_host_set_count(set);
  const size_t valid = count_with_volume(set, origin, config->failure_percentage_request_volume);
  bool changed = false;
  if (valid == 0 || valid < config->failure_percentage_minimum_hosts) return false;
  for (size_t i = 0; i < count; i++) {
    fp_host *host = fp_host_set_host(set, i);
    if (has_volume(host, origin, config->failure_percentage_request_volume) &&
        100.0 - fp_host_monitor(host)->rate[origin] >= config->failure_percentage_threshold)
      changed = eject(detector, host, type, count) || changed;
  }
  return changed;
}

/* An interval is over. */
static bool compare(fp_outlier_detector *detector, const fp_host_set *set) {
  const fp_outlier_config *config = &detector->config;
  const size_t count = fp_host_set_count(set);
  bool changed = false;
  for (size_t i = 0; i < count; i++) {
    fp_host *host = fp_host_set_host(set, i);
    if (is_ejected(host) && is_over(detector, fp_host_monitor(host)))
      changed = fp_outlier_detector_readmit(detector, host, detector->now) || changed;
    fp_outlier_monitor_turn(fp_host_monitor(host));
  }
  for (int origin = 0; origin < FP_OUTLIER_ORIGINS; origin++) {
    leave_out_ejected(set, (fp_outlier_origin)origin);
    changed = compare_success_rates(detector, set, (fp_outlier_origin)origin) || changed;
    changed = compare_failures(detector, set, (fp_outlier_origin)origin) || changed;
  }
  for (size_t i = 0; i < count; i++) {
    fp_host *host = fp_host_set_host(set, i);
    fp_outlier_monitor *monitor = fp_host_monitor(host);
    if (!is_ejected(host) && monitor->was_readmitted && monitor->multiplier > 0 &&
        passed(config->interval, monitor->readmitted_at, detector->now))
      monitor->multiplier--;
  }
  detector->next = after(detector->now, config->interval);
  return changed;
}

bool fp_outlier_detector_tick(fp_outlier_detector *detector, const fp_host_set *set, int64_t now) {
  bool changed = false;
  if (!detector->on) return false;
  advance(detector, now);
  for (size_t i = 0; i < fp_host_set_count(set); i++)
    changed = judge(detector, fp_host_set_host(set, i), fp_host_set_count(set)) || changed;
  if (detector->now >= detector->next) changed = compare(detector, set) || changed;
  return changed;
}
