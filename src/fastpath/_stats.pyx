"""What was counted of clusters and hosts: one to one over fastpath/stats.h. Times are in seconds here."""

from collections import namedtuple

cimport cython
from libc.stdint cimport uint64_t

from fastpath._cluster cimport Cluster
from fastpath._host cimport Host, live
from fastpath.libfastpath.stats cimport *

ClusterStats = namedtuple("ClusterStats", "statuses resets lost latencies")

cdef tuple _RESETS = (None, "connect-failure", "reset", "timeout")


@cython.final
cdef class Latencies:
    """Latencies as they were counted at one time. A quantile is at most 1/32 (3.2 %) off, or 32 ns."""
    cdef fp_histogram_counts counts

    def __init__(self):
        raise TypeError("latencies come from cluster_stats and host_latencies")

    @property
    def count(self):
        """How many there are."""
        return self.counts.count

    @property
    def sum(self):
        """All together, in seconds."""
        return <double>self.counts.sum / 1e9

    def quantile(self, double share):
        """Seconds that a share of 0 to 1 of them did not exceed; 0.0 without any. ValueError for another share."""
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"{share} is not a share of 0 to 1")
        return fp_histogram_quantile(&self.counts, share) / 1e9

    def at_most(self, double seconds):
        """How many took no longer, as far as the buckets tell: those of the bucket with that time count as longer."""
        cdef uint64_t total = 0
        for bucket in range(FASTPATH_HISTOGRAM_BUCKETS):
            if <double>fp_histogram_bound(bucket) / 1e9 > seconds * (1 + 1e-12):
                break
            total += self.counts.buckets[bucket]
        return total

    def __repr__(self):
        return f"<Latencies of {self.counts.count}, p50 {self.quantile(0.5):.6g} s, p99 {self.quantile(0.99):.6g} s>"


def cluster_stats(Cluster cluster not None):
    """A ClusterStats: counts by status and by reset of what occurred, reports lost for want of memory, Latencies."""
    cdef fp_cluster_stats stats
    cdef Latencies latencies = Latencies.__new__(Latencies)
    fp_cluster_stats_get(cluster.ptr, &stats)
    latencies.counts = stats.latencies
    return ClusterStats(
        {status: stats.statuses[status] for status in range(600) if stats.statuses[status]},
        {_RESETS[reset]: stats.resets[reset] for reset in range(1, 4) if stats.resets[reset]},
        stats.lost,
        latencies,
    )


def host_latencies(Host host not None):
    """The Latencies of a host."""
    cdef Latencies latencies = Latencies.__new__(Latencies)
    fp_host_latencies_get(live(host), &latencies.counts)
    return latencies
