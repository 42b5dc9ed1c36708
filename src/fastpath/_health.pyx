"""Flags of hosts and outlier detection: one to one over fastpath/health.h. Composition is in fastpath.health."""

from collections import namedtuple

from libc.stdint cimport INT64_MAX, int64_t, uint32_t, uint64_t

from fastpath._cluster cimport Cluster
from fastpath._host cimport Host, live, wrap
from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_OK, fp_error, fp_status
from fastpath.libfastpath.cluster cimport (
    fp_cluster_host_set,
    fp_host_set,
    fp_host_set_in_panic,
    fp_host_set_priority_count,
    fp_host_set_unref,
    fp_host_unref,
)
from fastpath.libfastpath.health cimport *
from fastpath.libfastpath.lb cimport fp_host

OutlierStats = namedtuple(
    "OutlierStats",
    "ejections_active ejections_enforced_total ejections_overflow ejections_detected ejections_enforced events_lost",
)


def set_initial_flags(Cluster cluster not None, uint32_t flags):
    """The flags of hosts that later updates bring."""
    cluster.initial_flags = flags


def flag_host(Cluster cluster not None, Host host not None, uint32_t set_flags, uint32_t clear):
    """Whether the host's flags, or what pickers see of them, have changed."""
    cdef fp_host *ptr = live(host)
    cdef fp_status status
    cluster.look_at_clock()
    with nogil:
        status = fp_cluster_flag_host(cluster.ptr, ptr, set_flags, clear)
    return check(status, NULL) == FASTPATH_OK


def detect_outliers(Cluster cluster not None, tuple values, uint64_t seed, int64_t now):
    """values: the fields of fp_outlier_config in their order, `enforcing` as a tuple; None: detect none."""
    cdef fp_outlier_config config
    cdef fp_outlier_config *given = NULL
    cdef fp_error error
    cdef fp_status status
    if values is not None:
        config.interval, config.base_ejection_time, config.max_ejection_time, config.max_ejection_time_jitter, \
            config.max_ejection_percent, config.always_eject_one_host, config.consecutive_5xx, \
            config.consecutive_gateway_failure, config.consecutive_local_origin_failure, \
            config.split_external_local_origin_errors, config.success_rate_minimum_hosts, \
            config.success_rate_request_volume, config.success_rate_stdev_factor, \
            config.failure_percentage_threshold, config.failure_percentage_minimum_hosts, \
            config.failure_percentage_request_volume, enforcing = values
        for type in range(FASTPATH_OUTLIER_TYPES):
            config.enforcing[type] = enforcing[type]
        given = &config
    cluster.look_at_clock()
    with nogil:
        status = fp_cluster_detect_outliers(cluster.ptr, given, seed, now, &error)
    return check(status, &error) == FASTPATH_OK


def judge_host(Cluster cluster not None, Host host not None, int64_t now):
    """Whether flags have changed, here and below."""
    cdef fp_host *ptr = live(host)
    cdef fp_status status
    cluster.look_at_clock()
    with nogil:
        status = fp_cluster_judge_host(cluster.ptr, ptr, now)
    return check(status, NULL) == FASTPATH_OK


def readmit_host(Cluster cluster not None, Host host not None, int64_t now):
    cdef fp_host *ptr = live(host)
    cdef fp_status status
    cluster.look_at_clock()
    with nogil:
        status = fp_cluster_readmit_host(cluster.ptr, ptr, now)
    return check(status, NULL) == FASTPATH_OK


def tick(Cluster cluster not None, int64_t now):
    """When to come again, in nanoseconds; None for never."""
    cdef int64_t next = INT64_MAX
    cdef fp_status status
    cluster.look_at_clock()
    with nogil:
        status = fp_cluster_tick(cluster.ptr, now, &next)
    check(status, NULL)
    return None if next == INT64_MAX else next


def outlier_stats(Cluster cluster not None):
    """An OutlierStats; `ejections_detected` and `ejections_enforced` are tuples by type."""
    cdef fp_outlier_stats stats
    with nogil:
        fp_cluster_outlier_stats_get(cluster.ptr, &stats)
    return OutlierStats(
        stats.ejections_active,
        stats.ejections_enforced_total,
        stats.ejections_overflow,
        tuple([stats.ejections_detected[type] for type in range(FASTPATH_OUTLIER_TYPES)]),
        tuple([stats.ejections_enforced[type] for type in range(FASTPATH_OUTLIER_TYPES)]),
        stats.events_lost,
    )


def next_event(Cluster cluster not None):
    """(host, kind, type), None when there is none."""
    cdef fp_health_event event
    cdef fp_status status
    with nogil:
        status = fp_cluster_next_event(cluster.ptr, &event)
    if status != FASTPATH_OK:
        return None
    try:
        return wrap(event.host), <int>event.kind, <int>event.type
    finally:
        fp_host_unref(event.host)


def panics(Cluster cluster not None):
    """Whether each priority is in panic now: a tuple."""
    cdef fp_host_set *host_set = fp_cluster_host_set(cluster.ptr)
    try:
        return tuple([
            fp_host_set_in_panic(host_set, priority) != 0 for priority in range(fp_host_set_priority_count(host_set))
        ])
    finally:
        fp_host_set_unref(host_set)
