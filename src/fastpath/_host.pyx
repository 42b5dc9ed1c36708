# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""The endpoints of a cluster, each of them one object."""

from collections import namedtuple

cimport cython

from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.cluster cimport *
from fastpath.libfastpath.health cimport fp_host_flags
from fastpath.libfastpath.lb cimport fp_host

from fastpath.models import HealthStatus, HostFlag

cdef tuple _HEALTH = tuple(HealthStatus(number) for number in range(6))

HostStats = namedtuple(
    "HostStats",
    "active_requests requests success error connect_failures connection_resets timeouts latency_count latency_total",
)


cdef inline str text(fp_span span):
    return (<char *>span.data)[:span.len].decode("utf-8", "surrogateescape")


cdef Host make_host(fp_host *ptr):
    cdef Host host = Host.__new__(Host)  # runs no other code, so that ptr stays
    host.ptr = fp_host_ref(ptr)
    host.port = fp_host_port(ptr)
    host.address = text(fp_host_address(ptr))
    cdef void *known = fp_host_user_data(ptr)
    if known is not NULL:
        return <Host>known
    fp_host_set_user_data(ptr, <void *>host)
    return host


@cython.final
@cython.no_gc
cdef class Host:
    """An endpoint of a cluster: the same object for as long as the cluster has it, whatever else is updated.

    Compares by identity. `address` is a string (an IP address or a name), `port` an integer.
    """

    def __init__(self):
        raise TypeError("hosts come from a Cluster")

    def __dealloc__(self):
        if self.ptr is NULL:
            return
        if fp_host_user_data(self.ptr) is <void *>self:
            fp_host_set_user_data(self.ptr, NULL)
        fp_host_unref(self.ptr)

    @property
    def hostname(self):
        """The name it was configured with, or ""."""
        return text(fp_host_hostname(live(self)))

    @property
    def weight(self):
        """1 to 2^32-1."""
        return fp_host_weight(live(self))

    @property
    def priority(self):
        """0 is the first to get load."""
        return fp_host_priority(live(self))

    @property
    def health_status(self):
        """As configured: a HealthStatus."""
        return _HEALTH[<int>fp_host_health(live(self))]

    @property
    def flags(self):
        """What is held against it: a HostFlag, 0 for nothing."""
        return HostFlag(fp_host_flags(live(self)))

    @property
    def active_requests(self):
        """Picks that were not given back yet."""
        return fp_host_active_requests(live(self))

    @property
    def stats(self):
        """What happened here so far: a HostStats. `latency_total` is in seconds."""
        cdef fp_host_stats stats
        fp_host_stats_get(live(self), &stats)
        return HostStats(
            stats.active_requests, stats.requests, stats.success, stats.error, stats.connect_failures,
            stats.connection_resets, stats.timeouts, stats.latency_count, <double>stats.latency_total / 1e9,
        )

    def __str__(self):
        return text(fp_host_key(live(self)))

    def __repr__(self):
        return f"<Host {self} weight={self.weight} {self.health_status.name}>"
