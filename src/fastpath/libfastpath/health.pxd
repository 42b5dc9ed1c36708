# Mirror of fastpath/health.h; what each means is told there.
from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_status
from fastpath.libfastpath.cluster cimport fp_cluster
from fastpath.libfastpath.lb cimport fp_host


cdef extern from "fastpath/health.h" nogil:
    const int FASTPATH_OUTLIER_TYPES

    ctypedef enum fp_host_flag:
        FASTPATH_HOST_FAILED_ACTIVE_CHECK
        FASTPATH_HOST_FAILED_OUTLIER_CHECK
        FASTPATH_HOST_FAILED_CONFIGURED
        FASTPATH_HOST_DEGRADED_ACTIVE_CHECK
        FASTPATH_HOST_DEGRADED_CONFIGURED
        FASTPATH_HOST_ACTIVE_CHECK_TIMEOUT

    ctypedef enum fp_outlier_type:
        FASTPATH_OUTLIER_CONSECUTIVE_5XX
        FASTPATH_OUTLIER_CONSECUTIVE_GATEWAY_FAILURE
        FASTPATH_OUTLIER_SUCCESS_RATE
        FASTPATH_OUTLIER_CONSECUTIVE_LOCAL_ORIGIN_FAILURE
        FASTPATH_OUTLIER_SUCCESS_RATE_LOCAL_ORIGIN
        FASTPATH_OUTLIER_FAILURE_PERCENTAGE
        FASTPATH_OUTLIER_FAILURE_PERCENTAGE_LOCAL_ORIGIN

    ctypedef struct fp_outlier_config:
        uint64_t interval
        uint64_t base_ejection_time
        uint64_t max_ejection_time
        uint64_t max_ejection_time_jitter
        uint32_t max_ejection_percent
        uint32_t always_eject_one_host
        uint32_t consecutive_5xx
        uint32_t consecutive_gateway_failure
        uint32_t consecutive_local_origin_failure
        uint32_t split_external_local_origin_errors
        uint32_t success_rate_minimum_hosts
        uint32_t success_rate_request_volume
        uint32_t success_rate_stdev_factor
        uint32_t failure_percentage_threshold
        uint32_t failure_percentage_minimum_hosts
        uint32_t failure_percentage_request_volume
        uint32_t enforcing[7]

    ctypedef struct fp_outlier_stats:
        uint64_t ejections_active
        uint64_t ejections_enforced_total
        uint64_t ejections_overflow
        uint64_t ejections_detected[7]
        uint64_t ejections_enforced[7]
        uint64_t events_lost

    ctypedef enum fp_health_event_kind:
        FASTPATH_HEALTH_EVENT_DETECTED
        FASTPATH_HEALTH_EVENT_EJECTED
        FASTPATH_HEALTH_EVENT_READMITTED

    ctypedef struct fp_health_event:
        fp_host *host
        fp_health_event_kind kind
        fp_outlier_type type

    uint32_t fp_host_flags(const fp_host *host)
    fp_status fp_cluster_flag_host(fp_cluster *cluster, fp_host *host, uint32_t set, uint32_t clear)
    void fp_outlier_config_default(fp_outlier_config *config)
    fp_status fp_cluster_detect_outliers(fp_cluster *cluster, const fp_outlier_config *config, uint64_t seed,
                                         int64_t now, fp_error *error)
    fp_status fp_cluster_judge_host(fp_cluster *cluster, fp_host *host, int64_t now)
    fp_status fp_cluster_readmit_host(fp_cluster *cluster, fp_host *host, int64_t now)
    fp_status fp_cluster_tick(fp_cluster *cluster, int64_t now, int64_t *next)
    void fp_cluster_outlier_stats_get(fp_cluster *cluster, fp_outlier_stats *stats)
    fp_status fp_cluster_next_event(fp_cluster *cluster, fp_health_event *event)
