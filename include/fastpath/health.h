/*
 * fastpath/health.h - which hosts of a cluster are fit to be chosen, as seen while it is used.
 *
 *   configured (fp_endpoint.health) --+
 *   active checks: fp_cluster_flag_host --> flags of the host --> host set without the host --> pickers
 *   outlier detection --------------------+        (survive updates)
 *
 *   fp_host_report --FASTPATH_DUE--> fp_cluster_judge_host    a host failed often enough in a row
 *   a timer -----------------------> fp_cluster_tick          rates are compared, ejected hosts come back
 *
 * A change of flags builds the host set again off to the side and publishes it; pickers see it with their next pick.
 * The core has no clock: `now` is nanoseconds of a clock of the caller's, the same one in every call. One that goes
 * backwards counts as standing still.
 *
 * Source of the semantics: envoy.config.cluster.v3.OutlierDetection.
 */
#ifndef FASTPATH_HEALTH_H
#define FASTPATH_HEALTH_H

#include <fastpath/base.h>
#include <fastpath/cluster.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

/* Why a host gets no load, or less: bits, numbered as Envoy does. */
typedef enum fp_host_flag {
  FASTPATH_HOST_FAILED_ACTIVE_CHECK = 0x1,
  FASTPATH_HOST_FAILED_OUTLIER_CHECK = 0x2,
  FASTPATH_HOST_FAILED_CONFIGURED = 0x4, /* configured as unhealthy, draining or timed out */
  FASTPATH_HOST_DEGRADED_ACTIVE_CHECK = 0x8,
  FASTPATH_HOST_DEGRADED_CONFIGURED = 0x10,
  FASTPATH_HOST_ACTIVE_CHECK_TIMEOUT = 0x100 /* beside FAILED_ACTIVE_CHECK: the check got no answer in time */
} fp_host_flag;

/* What makes a host an outlier (envoy.data.cluster.v3.OutlierEjectionType). */
typedef enum fp_outlier_type {
  FASTPATH_OUTLIER_CONSECUTIVE_5XX = 0,
  FASTPATH_OUTLIER_CONSECUTIVE_GATEWAY_FAILURE = 1,
  FASTPATH_OUTLIER_SUCCESS_RATE = 2,
  FASTPATH_OUTLIER_CONSECUTIVE_LOCAL_ORIGIN_FAILURE = 3,
  FASTPATH_OUTLIER_SUCCESS_RATE_LOCAL_ORIGIN = 4,
  FASTPATH_OUTLIER_FAILURE_PERCENTAGE = 5,
  FASTPATH_OUTLIER_FAILURE_PERCENTAGE_LOCAL_ORIGIN = 6
} fp_outlier_type;

#define FASTPATH_OUTLIER_TYPES 7

/* Fill with fp_outlier_config_default and change what is needed. Times are in milliseconds, as Envoy counts them. */
typedef struct fp_outlier_config {
  uint64_t interval;                                /* between two comparisons; 10000. At least 1 */
  uint64_t base_ejection_time;                      /* times the number of ejections; 30000. At least 1 */
  uint64_t max_ejection_time;                       /* 300000. At least base_ejection_time */
  uint64_t max_ejection_time_jitter;                /* up to so much is added; 0 */
  uint32_t max_ejection_percent;                    /* of all hosts, ejected at once; 10 */
  uint32_t always_eject_one_host;                   /* 1: the first ejection is not held to that share; 0 */
  uint32_t consecutive_5xx;                         /* 5; 0 is never, here and below */
  uint32_t consecutive_gateway_failure;             /* of 502, 503, 504; 5 */
  uint32_t consecutive_local_origin_failure;        /* 5 */
  uint32_t split_external_local_origin_errors;      /* 1: resets count as local, and not as if they were 5xx; 0 */
  uint32_t success_rate_minimum_hosts;              /* with enough requests; 5 */
  uint32_t success_rate_request_volume;             /* requests within an interval; 100 */
  uint32_t success_rate_stdev_factor;               /* thousandths; 1900 */
  uint32_t failure_percentage_threshold;            /* 85 */
  uint32_t failure_percentage_minimum_hosts;        /* 5 */
  uint32_t failure_percentage_request_volume;       /* 50 */
  uint32_t enforcing[FASTPATH_OUTLIER_TYPES];       /* percent of what is detected; by fp_outlier_type */
} fp_outlier_config;

/* Envoy's counters (cluster.<name>.outlier_detection.*). */
typedef struct fp_outlier_stats {
  uint64_t ejections_active; /* hosts ejected now */
  uint64_t ejections_enforced_total;
  uint64_t ejections_overflow; /* not ejected, because enough are */
  uint64_t ejections_detected[FASTPATH_OUTLIER_TYPES];
  uint64_t ejections_enforced[FASTPATH_OUTLIER_TYPES];
  uint64_t events_lost; /* that nobody took in time */
} fp_outlier_stats;

typedef enum fp_health_event_kind {
  FASTPATH_HEALTH_EVENT_DETECTED = 0, /* an outlier, and not ejected: the draw of `enforcing` was against it */
  FASTPATH_HEALTH_EVENT_EJECTED = 1,
  FASTPATH_HEALTH_EVENT_READMITTED = 2
} fp_health_event_kind;

typedef struct fp_health_event {
  fp_host *host; /* with a reference for who takes the event */
  fp_health_event_kind kind;
  fp_outlier_type type; /* for DETECTED and EJECTED */
} fp_health_event;

/* The flags of a host, configured health included. Threads: any. */
uint32_t fp_host_flags(const fp_host *host);

/*
 * Set and clear what active checks say: FAILED_ACTIVE_CHECK, DEGRADED_ACTIVE_CHECK, ACTIVE_CHECK_TIMEOUT. Nothing is
 * published when that changes nothing. A host that the cluster does not have any more is left alone: NONE.
 * FASTPATH_ERR_ARGUMENT for other flags; FASTPATH_ERR_MEMORY when the flags stand but the host set could not be built:
 * it is with the next call that publishes, fp_cluster_tick among them. Threads: any.
 */
fp_status fp_cluster_flag_host(fp_cluster *cluster, fp_host *host, uint32_t set, uint32_t clear);

void fp_outlier_config_default(fp_outlier_config *config);

/*
 * Look for outliers from now on, or with NULL no more; then those that are ejected come back. Hosts keep what was
 * counted. `seed` decides the draws of `enforcing` and the jitter. FASTPATH_ERR_CONFIG for a config out of its ranges;
 * FASTPATH_ERR_MEMORY as for fp_cluster_flag_host. Threads: any.
 */
fp_status fp_cluster_detect_outliers(fp_cluster *cluster, const fp_outlier_config *config, uint64_t seed, int64_t now,
                                     fp_error *error);

/*
 * After fp_host_report has said FASTPATH_DUE: eject the host, if its share of `enforcing` and max_ejection_percent let
 * it be. NONE when nothing changed. FASTPATH_ERR_MEMORY as for fp_cluster_flag_host. Threads: any.
 */
fp_status fp_cluster_judge_host(fp_cluster *cluster, fp_host *host, int64_t now);

/* An ejected host comes back before its time (successful_active_health_check_uneject_host). As fp_cluster_judge_host. */
fp_status fp_cluster_readmit_host(fp_cluster *cluster, fp_host *host, int64_t now);

/*
 * Do what time brings: take ejected hosts back, compare rates, and whatever reports left to be judged. `next` is when
 * to call again, INT64_MAX for never; calling earlier is harmless, a late call counts as one. NONE when no host's flags
 * changed. FASTPATH_ERR_MEMORY as for fp_cluster_flag_host. Threads: any.
 */
fp_status fp_cluster_tick(fp_cluster *cluster, int64_t now, int64_t *next);

/* Threads: any. */
void fp_cluster_outlier_stats_get(fp_cluster *cluster, fp_outlier_stats *stats);

/* Take the oldest event; NONE when there is none. Up to 64 are kept, later ones are lost. Threads: any. */
fp_status fp_cluster_next_event(fp_cluster *cluster, fp_health_event *event);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
