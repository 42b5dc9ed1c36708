from fastpath._subset cimport Labels, SubsetRules
from fastpath.libfastpath.base cimport fp_status
from fastpath.libfastpath.cluster cimport fp_cluster, fp_host_set, fp_picker, fp_pick_options
from fastpath.libfastpath.lb cimport fp_host


cdef class Host:
    cdef fp_host *ptr  # referenced
    cdef readonly str address
    cdef readonly int port


cdef class Pick:
    cdef readonly Host host
    cdef bint counted
    cdef bint reported


cdef class Cluster:
    cdef readonly str name
    cdef fp_cluster *ptr  # referenced
    cdef fp_picker *picker
    cdef fp_host_set *set  # referenced: what all_hosts lists
    cdef tuple all_hosts

    cdef fp_host *choose(self, object hash_key, object exclude, object max_attempts,
                         Labels metadata_match) except NULL
    cdef fp_host *choose_with(self, fp_pick_options *options, object exclude, object max_attempts) except NULL
    cdef int checked(self, fp_status status, size_t excluded) except -1
    cdef tuple hosts_of(self, fp_host_set *set)
    cdef int configure(self, int policy, tuple rules, tuple options, SubsetRules subset_rules,
                       list groups) except -1
