/*
 * outlier_detector.h - who is an outlier among a cluster's hosts, and for how long. The cluster's lock guards all of
 * it; hosts get their flag, and publishing that is the cluster's affair.
 */
#ifndef FASTPATH_INTERNAL_OUTLIER_DETECTOR_H
#define FASTPATH_INTERNAL_OUTLIER_DETECTOR_H

#include <fastpath/health.h>
#include <stdbool.h>

#define FP_HEALTH_EVENTS 64

/* All zero bytes: off. */
typedef struct fp_outlier_detector {
  bool on;
  fp_outlier_config config;
  uint64_t random;
  int64_t now;  /* never goes back */
  int64_t next; /* comparison */
  fp_outlier_stats stats;
  fp_health_event events[FP_HEALTH_EVENTS]; /* a ring; their hosts are referenced */
  uint32_t first_event, event_count;
} fp_outlier_detector;

/* See fp_cluster_detect_outliers; `set` holds the hosts. Whether flags changed. */
fp_status fp_outlier_detector_check(const fp_outlier_config *config, fp_error *error);
bool fp_outlier_detector_start(fp_outlier_detector *detector, const fp_outlier_config *config, uint64_t seed,
                               const fp_host_set *set, int64_t now);

/* A host is new. */
void fp_outlier_detector_watch(const fp_outlier_detector *detector, fp_host *host);

/* Hosts have come or gone: those that are gone do not count as ejected any more. */
void fp_outlier_detector_recount(fp_outlier_detector *detector, const fp_host_set *set);

/* Each returns whether a flag changed. The host is one of the set. */
bool fp_outlier_detector_judge(fp_outlier_detector *detector, fp_host *host, const fp_host_set *set, int64_t now);
bool fp_outlier_detector_readmit(fp_outlier_detector *detector, fp_host *host, int64_t now);
bool fp_outlier_detector_tick(fp_outlier_detector *detector, const fp_host_set *set, int64_t now);

bool fp_outlier_detector_take_event(fp_outlier_detector *detector, fp_health_event *event);

#endif
