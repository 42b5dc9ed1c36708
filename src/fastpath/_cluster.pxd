from libc.stdint cimport int64_t, uint32_t

from fastpath._endpoints cimport EndpointArray
from fastpath._hash_keys cimport HashKeys, key_hash
from fastpath._host cimport Host
from fastpath._retry_priority cimport RetryPriority
from fastpath._subset cimport Labels, SubsetRules
from fastpath.libfastpath.base cimport fp_status
from fastpath.libfastpath.cluster cimport fp_cluster, fp_host_set, fp_picker
from fastpath.libfastpath.lb cimport fp_host, fp_lb_policy


# How a cluster chooses that is not one of the built-in policies; see _policy.pyx.
cdef class Policy:
    cdef const fp_lb_policy *ptr
    cdef void *context  # for fp_lb_options; lives as long as this
    cdef bint runs_python


# Lets one thread at a time into a picker whose policy may give up the GIL.
cdef class PickLock:
    cdef object lock
    cdef unsigned long owner
    cdef int process

    cdef int enter(self) except -1
    cdef int leave(self) except -1


cdef class Pick
cdef class Cluster


# Counts an active request at a host of the cluster.
cdef Pick pick_of(Cluster cluster, Host host)


cdef class Pick:
    cdef readonly Host host
    cdef Cluster cluster
    cdef bint counted
    cdef bint reported


cdef class Cluster:
    cdef readonly str name
    cdef fp_cluster *ptr  # referenced
    cdef fp_picker *picker
    cdef PickLock pick_lock  # None when no policy can let another thread in meanwhile
    cdef readonly object policy  # a number (LbPolicy) or a Policy, which the core points to
    cdef fp_host_set *set  # referenced: what all_hosts lists
    cdef tuple all_hosts
    cdef uint32_t initial_flags  # of hosts that an update brings
    cdef key_hash key_hash  # of the policy
    cdef object given_clock  # None: the system's
    cdef object ticking  # the given clock while slow start needs it, else None
    cdef int64_t now  # what that said last
    cdef bint reads_hosts  # the policy does, before it gives one
    cdef readonly bint looks_at_requests  # the choice depends on a hash or on metadata_match
    cdef public object _override_host  # an OverrideHostConfig: requests may name hosts; see override_hosts

    cdef int look_at_clock(self) except -1
    cdef int read_clock(self) except -1
    cdef Host overriding(self, str key, bint strict)
    cdef Host choose_alone(self, object hash_key, object exclude, object max_attempts, Labels metadata_match,
                           RetryPriority retry_priority)
    cdef Host choose(self, object hash_key, object exclude, object max_attempts, Labels metadata_match)
    cdef fp_host *choose_besides(self, object hash_key, object exclude, object max_attempts, Labels metadata_match,
                                 RetryPriority retry_priority) except NULL
    cdef int refuse(self, fp_status status, size_t excluded) except -1
    cdef tuple pick_into(self, HashKeys keys, Py_ssize_t wanted, object out)
    cdef list pick_list(self, HashKeys keys, Py_ssize_t wanted)
    cdef tuple pick_indices(self, HashKeys keys, size_t count, uint32_t *indices)
    cdef tuple hosts_of(self, fp_host_set *set)
    cdef int configure(self, object policy, tuple rules, tuple options, SubsetRules subset_rules, tuple zones,
                       EndpointArray endpoints) except -1


# What a ClusterManager is to other modules: its clusters by name, replaced as a whole.
cdef class ClusterDirectory:
    cdef dict clusters
