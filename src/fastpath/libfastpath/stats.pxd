# Mirror of fastpath/stats.h; what each means is told there.
from libc.stdint cimport uint32_t, uint64_t

from fastpath.libfastpath.cluster cimport fp_cluster
from fastpath.libfastpath.lb cimport fp_host


cdef extern from "fastpath/stats.h" nogil:
    const int FASTPATH_HISTOGRAM_BUCKETS

    ctypedef struct fp_histogram_counts:
        uint64_t count
        uint64_t sum
        uint64_t buckets[512]

    ctypedef struct fp_cluster_stats:
        uint64_t statuses[600]
        uint64_t resets[4]
        uint64_t lost
        fp_histogram_counts latencies

    uint64_t fp_histogram_bound(uint32_t bucket)
    double fp_histogram_quantile(const fp_histogram_counts *counts, double share)
    void fp_host_latencies_get(const fp_host *host, fp_histogram_counts *counts)
    void fp_cluster_stats_get(const fp_cluster *cluster, fp_cluster_stats *stats)
