# Mirror of fastpath/cluster.h; what each means is told there.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status
from fastpath.libfastpath.lb cimport fp_host, fp_lb_options, fp_lb_policy
from fastpath.libfastpath.subset cimport fp_labels, fp_subset_rules


cdef extern from "fastpath/cluster.h" nogil:
    const int FASTPATH_CLUSTER_MAX_PRIORITY
    const uint32_t FASTPATH_PICK_STRICT

    ctypedef enum fp_health_status:
        FASTPATH_HEALTH_UNKNOWN
        FASTPATH_HEALTH_HEALTHY
        FASTPATH_HEALTH_UNHEALTHY
        FASTPATH_HEALTH_DRAINING
        FASTPATH_HEALTH_TIMEOUT
        FASTPATH_HEALTH_DEGRADED

    ctypedef enum fp_reset:
        FASTPATH_RESET_NONE
        FASTPATH_RESET_CONNECT_FAILURE
        FASTPATH_RESET_CONNECTION
        FASTPATH_RESET_TIMEOUT

    ctypedef struct fp_endpoint:
        fp_span address
        fp_span hostname
        fp_span hash_key
        uint32_t weight
        uint32_t priority
        uint32_t locality
        uint32_t locality_weight
        uint32_t zone
        uint16_t port
        uint8_t health
        fp_labels *labels

    ctypedef struct fp_cluster:
        pass

    ctypedef struct fp_zone_config:
        fp_cluster *callers
        uint32_t zone
        uint32_t routing_enabled
        uint64_t min_cluster_size
        uint32_t by_weight
        uint32_t force_local
        uint32_t force_local_min

    ctypedef struct fp_cluster_config:
        const fp_lb_policy *policy
        uint32_t panic_threshold
        uint32_t initial_flags
        fp_lb_options options
        uint32_t overprovisioning_factor
        uint32_t weighted_priority_health
        uint32_t locality_weighted
        uint32_t override_statuses
        fp_subset_rules *subset_rules
        fp_zone_config zones
        uint32_t fail_on_panic

    ctypedef struct fp_host_stats:
        uint64_t active_requests
        uint64_t requests
        uint64_t success
        uint64_t error
        uint64_t connect_failures
        uint64_t connection_resets
        uint64_t timeouts
        uint64_t latency_count
        uint64_t latency_total

    ctypedef struct fp_host_set:
        pass

    ctypedef struct fp_picker:
        pass

    ctypedef struct fp_retry_priority:
        pass

    ctypedef struct fp_pick_options:
        const fp_host **excluded
        size_t excluded_count
        uint32_t max_attempts
        uint32_t has_hash
        uint64_t hash
        const fp_labels *metadata_match
        fp_retry_priority *retry_priority

    fp_host *fp_host_ref(fp_host *host)
    void fp_host_unref(fp_host *host)
    fp_span fp_host_hash_key(const fp_host *host)
    fp_span fp_host_address(const fp_host *host)
    fp_span fp_host_hostname(const fp_host *host)
    fp_span fp_host_key(const fp_host *host)
    uint16_t fp_host_port(const fp_host *host)
    uint32_t fp_host_weight(const fp_host *host)
    uint32_t fp_host_priority(const fp_host *host)
    fp_health_status fp_host_health(const fp_host *host)
    void fp_host_acquire(fp_host *host)
    fp_status fp_host_release(fp_host *host)
    fp_status fp_host_report(fp_host *host, uint32_t status, fp_reset reset, int64_t latency)
    uint64_t fp_host_active_requests(const fp_host *host)
    void fp_host_stats_get(const fp_host *host, fp_host_stats *stats)
    void *fp_host_user_data(const fp_host *host)
    void fp_host_set_user_data(fp_host *host, void *data)

    fp_status fp_cluster_new(const fp_cluster_config *config, const fp_endpoint *endpoints, size_t count,
                             fp_cluster **cluster, fp_error *error)
    fp_cluster *fp_cluster_ref(fp_cluster *cluster)
    void fp_cluster_unref(fp_cluster *cluster)
    fp_status fp_cluster_update(fp_cluster *cluster, const fp_cluster_config *config, const fp_endpoint *endpoints,
                                size_t count, fp_error *error)
    fp_host_set *fp_cluster_host_set(fp_cluster *cluster)

    fp_host_set *fp_host_set_ref(fp_host_set *set)
    void fp_host_set_unref(fp_host_set *set)
    size_t fp_host_set_count(const fp_host_set *set)
    uint32_t fp_host_set_priority_count(const fp_host_set *set)
    uint32_t fp_host_set_in_panic(const fp_host_set *set, uint32_t priority)
    fp_host *fp_host_set_host(const fp_host_set *set, size_t index)

    fp_picker *fp_picker_new(fp_cluster *cluster, uint64_t seed)
    void fp_picker_free(fp_picker *picker)
    fp_status fp_picker_pick(fp_picker *picker, const fp_pick_options *options, fp_host **host, size_t *index)
    fp_status fp_picker_pick_many(fp_picker *picker, const uint64_t *hashes, size_t count, uint32_t *indices)
    fp_status fp_picker_pick_override(fp_picker *picker, fp_span key, fp_host **host)
    fp_status fp_retry_priority_init(fp_retry_priority *retry_priority, uint32_t update_frequency)
    void fp_retry_priority_attempted(fp_retry_priority *retry_priority, const fp_host *host)
    fp_host_set *fp_picker_host_set(const fp_picker *picker)
