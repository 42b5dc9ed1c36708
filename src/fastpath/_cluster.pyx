# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Clusters and picks: one to one over fastpath/cluster.h. Composition from models is in fastpath.clusters."""

from threading import Lock

cimport cython
from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_Occurred
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.list cimport PyList_New, PyList_SET_ITEM
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.math cimport isfinite
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset
from posix.unistd cimport getpid

from fastpath._endpoints cimport EndpointArray
from fastpath._hash_keys cimport HashKeys, hash_keys_of, hash_of
from fastpath._host cimport Host, live, wrap
from fastpath._plain_method cimport PyMethodDef, PyObject_Vectorcall, add_plain_method
from fastpath._retry_priority cimport RetryPriority
from fastpath._status cimport check
from fastpath._subset cimport Labels, SubsetRules
from fastpath.libfastpath.base cimport FASTPATH_DUE, FASTPATH_OK, fp_error, fp_span, fp_status
from fastpath.libfastpath.cluster cimport *
from fastpath.libfastpath.lb cimport (
    FASTPATH_LB_LEAST_REQUEST,
    FASTPATH_LB_PEAK_EWMA,
    FASTPATH_LB_REQUEST_HASH,
    fp_host,
    fp_lb_options_default,
    fp_lb_policy_get,
    fp_lb_policy_id,
)

from fastpath.errors import NoHostAvailable

cdef extern from "Python.h":
    const Py_ssize_t PY_SSIZE_T_MAX
    unsigned long PyThread_get_thread_ident() noexcept nogil

cdef extern from *:
    """
    #include <stdint.h>
    static int64_t cell_read(void *cell) { return __atomic_load_n((int64_t *)cell, __ATOMIC_RELAXED); }
    static void cell_write(int64_t *cell, int64_t value) { __atomic_store_n(cell, value, __ATOMIC_RELAXED); }
    """
    int64_t cell_read(void *cell) noexcept nogil
    void cell_write(int64_t *cell, int64_t value) noexcept nogil

cdef enum:
    EXCLUDED_ON_STACK = 8

cdef tuple NOTHING = ()
cdef dict _RESETS = {
    None: FASTPATH_RESET_NONE,
    "connect-failure": FASTPATH_RESET_CONNECT_FAILURE,
    "reset": FASTPATH_RESET_CONNECTION,
    "timeout": FASTPATH_RESET_TIMEOUT,
}

cdef inline fp_span span_of(bytes data):
    """Borrowed from data."""
    cdef fp_span span
    span.data = <const uint8_t *>PyBytes_AS_STRING(data)
    span.len = <size_t>PyBytes_GET_SIZE(data)
    return span


@cython.final
@cython.no_gc
@cython.freelist(64)
cdef class Pick:
    """A chosen host, counted as one active request until the pick is given back.

    It is given back once: by leaving the `with` block, by `release()`, or when it is collected.
    """

    def __init__(self):
        raise TypeError("picks come from a Cluster")

    def __dealloc__(self):
        if self.counted:
            fp_host_release(self.host.ptr)

    def __reduce__(self):
        raise TypeError("a Pick counts one request: it cannot be copied or pickled")

    def release(self):
        """Give the pick back: the request is no longer active. Again: nothing happens."""
        if self.counted:
            self.counted = False
            fp_host_release(self.host.ptr)

    def report(self, status=None, *, latency=None, reset=None, load_report=None):
        """Say how the request ended, once.

        `status` is the response's (100 to 599), `latency` is in seconds, `reset` says why there was no whole response:
        "connect-failure", "reset" (the connection broke) or "timeout". `load_report` is what the response says of the
        host's load (`fastpath.orca.load_report_of`), for LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN. ValueError when
        neither status nor reset is given or one is out of range; RuntimeError on a second report.
        """
        cdef uint32_t code = 0
        cdef int64_t nanoseconds = -1
        cdef double seconds
        if self.reported:
            raise RuntimeError("this pick was reported before")
        if status is not None:
            code = status
            if not 100 <= code <= 599:
                raise ValueError(f"status {code} is not one of 100 to 599")
        if reset not in _RESETS:
            raise ValueError(f"reset {reset!r} is none of 'connect-failure', 'reset', 'timeout'")
        if latency is not None:
            seconds = latency
            if not isfinite(seconds) or seconds < 0:
                raise ValueError(f"latency {seconds} is not a duration in seconds")
            nanoseconds = <int64_t>(seconds * 1e9) if seconds < 9e9 else INT64_MAX
        if status is None and reset is None:
            raise ValueError("neither status nor reset is given")
        cdef fp_host *host = live(self.host)
        self.cluster.look_at_clock()
        cdef int result = check(
            fp_host_report(host, code, <fp_reset><int>_RESETS[reset], nanoseconds), NULL
        )
        self.reported = True
        if load_report is not None:
            self.cluster.report_load(self.host, load_report)
        if result == FASTPATH_DUE:
            self.cluster._judge(self.host)

    def __enter__(self):
        return self

    def __exit__(self, exception_type, exception, traceback):
        self.release()

    def __repr__(self):
        return f"<Pick {self.host}{'' if self.counted else ' released'}>"


cdef class Policy:
    """What a Cluster takes for a policy of its own; made by fastpath.policies."""


@cython.final
cdef class PickLock:
    def __cinit__(self):
        self.lock = Lock()
        self.process = getpid()

    cdef int enter(self) except -1:
        if self.owner == PyThread_get_thread_ident():
            raise RuntimeError("a policy must not ask its own cluster for a host")
        if self.process != getpid():
            # Whoever held it at the fork is not here to give it back.
            self.process = getpid()
            self.lock = Lock()
        self.lock.acquire()
        self.owner = PyThread_get_thread_ident()
        return 0

    cdef int leave(self) except -1:
        self.owner = 0
        self.lock.release()
        return 0


cdef Pick pick_of(Cluster cluster, Host host):
    cdef Pick pick = Pick.__new__(Pick)
    pick.host = host
    pick.cluster = cluster
    pick.counted = True
    fp_host_acquire(host.ptr)
    return pick


cdef inline Host host_chosen(Cluster self, fp_status status, fp_host *host, size_t index):
    """The Host of what the picker has answered."""
    if status != FASTPATH_OK:
        self.refuse(status, 0)
    # Where the policy has just read the host, that is nearer than the tuple is; which is of another set when an update
    # has come meanwhile.
    if not self.reads_hosts and fp_picker_host_set(self.picker) is self.set:
        return <Host>PyTuple_GET_ITEM(self.all_hosts, <Py_ssize_t>index)
    return wrap(host)


cdef inline int begin_options(Cluster self, fp_pick_options *options, object hash_key) except -1:
    """Options of which there is a hash key, or None, and nothing else yet."""
    memset(options, 0, sizeof(fp_pick_options))
    if hash_key is not None:
        options.has_hash = True
        options.hash = hash_of(hash_key, self.key_hash)
    return 0


cdef inline Host choose_now(
    Cluster self, object hash_key, object exclude, object max_attempts, Labels metadata_match,
    RetryPriority retry_priority
):
    cdef fp_host *host
    cdef size_t index
    cdef fp_pick_options options
    cdef fp_status status
    if self.ticking is not None:
        self.read_clock()
    if retry_priority is not None or (exclude is not NOTHING and exclude):
        return wrap(self.choose_besides(hash_key, exclude, max_attempts, metadata_match, retry_priority))
    if hash_key is None and metadata_match is None:
        status = fp_picker_pick(self.picker, NULL, &host, &index)
    else:
        begin_options(self, &options, hash_key)
        options.metadata_match = metadata_match.ptr if metadata_match is not None else NULL
        status = fp_picker_pick(self.picker, &options, &host, &index)
    return host_chosen(self, status, host, index)


cdef inline Host choose_host(
    Cluster self, object hash_key, object exclude, object max_attempts, Labels metadata_match,
    RetryPriority retry_priority
):
    if self.pick_lock is not None:
        return self.choose_alone(hash_key, exclude, max_attempts, metadata_match, retry_priority)
    return choose_now(self, hash_key, exclude, max_attempts, metadata_match, retry_priority)


cdef inline Host choose_by_key(Cluster self, PyObject *hash_key):
    """Choose with a hash key, or NULL, and nothing else."""
    cdef fp_host *host
    cdef size_t index
    cdef fp_pick_options options
    cdef fp_status status
    if self.pick_lock is not None or self.ticking is not None:
        return choose_host(self, None if hash_key is NULL else <object>hash_key, NOTHING, None, None, None)
    if hash_key is NULL or hash_key is <PyObject *>None:
        status = fp_picker_pick(self.picker, NULL, &host, &index)
    else:
        begin_options(self, &options, <object>hash_key)
        status = fp_picker_pick(self.picker, &options, &host, &index)
    return host_chosen(self, status, host, index)


cdef class Cluster:
    """Hosts and the policy that chooses among them.

    Any thread may call any method at any time; picks of one object follow one sequence, which the GIL guards. An update
    is built without the GIL, and picks go on meanwhile with the hosts from before.
    """

    def __cinit__(self, str name not None, policy, tuple rules not None, tuple options not None,
                  SubsetRules subset_rules, tuple zones, EndpointArray endpoints not None, uint64_t seed, clock=None):
        self.name = name
        self.given_clock = clock
        if isinstance(policy, Policy) and (<Policy>policy).runs_python:
            self.pick_lock = PickLock()
        self.configure(policy, rules, options, subset_rules, zones, endpoints)
        self.picker = fp_picker_new(self.ptr, seed)
        if self.picker is NULL:
            raise MemoryError
        self.hosts_of(NULL)

    def _reseed(self, uint64_t seed):
        """Go on as a worker that starts with this seed."""
        if self.pick_lock is not None and self.pick_lock.owner == PyThread_get_thread_ident():
            return  # the policy itself has forked, and its picker is in use
        cdef fp_picker *picker = fp_picker_new(self.ptr, seed)
        if picker is NULL:
            raise MemoryError
        fp_picker_free(self.picker)
        self.picker = picker

    def __dealloc__(self):
        fp_picker_free(self.picker)
        fp_host_set_unref(self.set)
        fp_cluster_unref(self.ptr)

    cdef int look_at_clock(self) except -1:
        """Have the core see the time of a clock of Python's."""
        if self.ticking is not None:
            self.read_clock()
        return 0

    cdef int read_clock(self) except -1:
        cell_write(&self.now, <int64_t>int(self.given_clock() * 1e9))
        return 0

    cdef int configure(self, object policy, tuple rules, tuple options, SubsetRules subset_rules, tuple zones,
                       EndpointArray endpoints) except -1:
        """Make the cluster, or update it.

        rules: (panic_threshold, overprovisioning_factor, weighted_priority_health, locality_weighted,
        override_statuses, fail_on_panic);
        options: (active_request_bias, choice_count, minimum_ring_size, maximum_ring_size, hash_function, table_size,
        slow_start_window, slow_start_aggression, slow_start_min_weight, hash_balance_factor, full_scan, decay_time,
        default_latency, latency_penalty);
        zones: (callers, zone, routing_enabled, min_cluster_size, by_weight, force_local, force_local_min), callers: a
        Cluster; None without zone routing.
        """
        cdef fp_cluster_config config
        cdef fp_error error
        cdef fp_status status
        cdef Cluster callers
        config.panic_threshold, config.overprovisioning_factor, config.weighted_priority_health, \
            config.locality_weighted, config.override_statuses, config.fail_on_panic = rules
        config.zones.callers = NULL
        config.zones.routing_enabled = 0
        if zones is not None:
            callers, config.zones.zone, config.zones.routing_enabled, config.zones.min_cluster_size, \
                config.zones.by_weight, config.zones.force_local, config.zones.force_local_min = zones
            config.zones.callers = callers.ptr
        config.subset_rules = subset_rules.ptr if subset_rules is not None else NULL
        config.initial_flags = self.initial_flags
        fp_lb_options_default(&config.options)
        if isinstance(policy, Policy):
            config.policy = (<Policy>policy).ptr
            config.options.context = (<Policy>policy).context
        else:
            config.policy = fp_lb_policy_get(<fp_lb_policy_id><int>policy)
        config.options.active_request_bias, config.options.choice_count, config.options.minimum_ring_size, \
            config.options.maximum_ring_size, config.options.hash_function, config.options.table_size, \
            config.options.slow_start_window, config.options.slow_start_aggression, \
            config.options.slow_start_min_weight, config.options.hash_balance_factor, \
            config.options.full_scan, config.options.decay_time, config.options.default_latency, \
            config.options.latency_penalty = options
        timed = config.options.slow_start_window > 0 or config.policy is fp_lb_policy_get(FASTPATH_LB_PEAK_EWMA)
        ticking = self.given_clock if timed else None
        if ticking is not None:
            self.read_clock()
            config.options.clock = cell_read
            config.options.clock_data = &self.now
        with nogil:
            if self.ptr is NULL:
                status = fp_cluster_new(&config, endpoints.items, endpoints.count, &self.ptr, &error)
            else:
                status = fp_cluster_update(self.ptr, &config, endpoints.items, endpoints.count, &error)
        check(status, &error)
        self.policy = policy
        self.key_hash = config.policy.hash
        self.ticking = ticking
        self.reads_hosts = config.policy is fp_lb_policy_get(FASTPATH_LB_LEAST_REQUEST)
        self.looks_at_requests = config.policy.number == FASTPATH_LB_REQUEST_HASH or subset_rules is not None
        return 0

    def _update(self, policy, tuple rules not None, tuple options not None, SubsetRules subset_rules,
                tuple zones, EndpointArray endpoints not None):
        self.configure(policy, rules, options, subset_rules, zones, endpoints)
        self.hosts_of(NULL)

    def _judge(self, Host host not None):
        """Outlier detection has to look at a host. Filled in by fastpath.health."""

    def report_load(self, Host host not None, report):
        """A host says what its load is. Filled in by fastpath.clusters."""

    def override_hosts(self, request, metadata=None):
        """The hosts that a request names. Filled in by fastpath.clusters."""

    def acquire(self, Host host not None):
        """As `pick`, for a host that is chosen already, whatever is known of its health."""
        live(host)
        return pick_of(self, host)

    cdef tuple hosts_of(self, fp_host_set *set):
        """The Hosts of a host set (NULL: the current one), which also keeps those of the newest set alive."""
        cdef fp_host_set *old
        cdef size_t i
        set = fp_cluster_host_set(self.ptr) if set is NULL else fp_host_set_ref(set)
        try:
            if set is self.set:
                return self.all_hosts
            hosts = tuple([wrap(fp_host_set_host(set, i)) for i in range(fp_host_set_count(set))])
            old = self.set
            self.set = fp_host_set_ref(set)
            self.all_hosts = hosts
            fp_host_set_unref(old)
            return hosts
        finally:
            fp_host_set_unref(set)

    @property
    def hosts(self):
        """All hosts, healthy or not, by priority and in configured order."""
        return self.hosts_of(NULL)

    cdef Host overriding(self, str key, bint strict):
        """The host of this address; None when another one may be chosen."""
        cdef fp_host *host
        cdef bytes encoded = key.encode("utf-8", "surrogateescape")
        cdef fp_status status
        if self.pick_lock is not None:
            self.pick_lock.enter()
        try:
            status = fp_picker_pick_override(self.picker, span_of(encoded), &host)
            if status == FASTPATH_OK:
                return wrap(host)
        finally:
            if self.pick_lock is not None:
                self.pick_lock.leave()
        check(status, NULL)
        if strict:
            raise NoHostAvailable(f"cluster {self.name!r} has no host {key} to offer")
        return None

    cdef Host choose_alone(self, object hash_key, object exclude, object max_attempts, Labels metadata_match,
                           RetryPriority retry_priority):
        self.pick_lock.enter()
        try:
            return choose_now(self, hash_key, exclude, max_attempts, metadata_match, retry_priority)
        finally:
            self.pick_lock.leave()

    cdef Host choose(self, object hash_key, object exclude, object max_attempts, Labels metadata_match):
        return choose_host(self, hash_key, exclude, max_attempts, metadata_match, None)

    cdef fp_host *choose_besides(self, object hash_key, object exclude, object max_attempts, Labels metadata_match,
                                 RetryPriority retry_priority) except NULL:
        """Borrowed until the picker is next used."""
        cdef fp_host *excluded[EXCLUDED_ON_STACK]
        cdef fp_host **array = excluded
        cdef fp_host *host = NULL
        cdef fp_pick_options options
        cdef fp_status status
        cdef tuple hosts = tuple(exclude)
        cdef size_t count = len(hosts), i
        begin_options(self, &options, hash_key)
        options.max_attempts = FASTPATH_PICK_STRICT
        if max_attempts is not None:
            options.max_attempts = min(<uint32_t>max_attempts, <uint32_t>FASTPATH_PICK_STRICT - 1)
        options.metadata_match = metadata_match.ptr if metadata_match is not None else NULL
        options.retry_priority = &retry_priority.value if retry_priority is not None else NULL
        if count > EXCLUDED_ON_STACK:
            array = <fp_host **>malloc(count * sizeof(fp_host *))
            if array is NULL:
                raise MemoryError
        try:
            for i in range(count):
                array[i] = live(<Host?>hosts[i])
            options.excluded = <const fp_host **>array
            options.excluded_count = count
            status = fp_picker_pick(self.picker, &options, &host, NULL)
        finally:
            if array is not excluded:
                free(array)
        if status != FASTPATH_OK:
            self.refuse(status, count)
        return host

    cdef int refuse(self, fp_status status, size_t excluded) except -1:
        if PyErr_Occurred() is not NULL:
            return -1  # what the policy raised
        check(status, NULL)
        besides = f" besides the {excluded} excluded" if excluded else ""
        raise NoHostAvailable(f"cluster {self.name!r} has no host to offer{besides}")

    def _pick(self, request=None, *, hash_key=None, exclude=(), max_attempts=None,
              Labels metadata_match=None, str override_host=None, bint override_strict=False,
              RetryPriority retry_priority=None):
        """Choose a host for a request and count the request as active there until the Pick is given back.

        `hash_key` (bytes, str, or a 64-bit hash as an integer) and `request` are what hash policies go by; the others
        ignore them. `exclude` holds hosts not wanted, such as those tried before. With `max_attempts` None none of them
        is ever chosen; with a number the policy is asked again at most so often, and then what it gives is taken, as
        Envoy does with its `previous_hosts` predicate and `host_selection_retry_max_attempts`. `metadata_match` (a
        MetadataMatch) says which of the cluster's subsets the request is for; without it the cluster's fallback is.

        `override_host` is a host that a session wants to stay with, as str(host) names it. It is given whatever the
        rest says while the cluster has it and its health is one of the cluster's `override_host_status`; else another
        one is, or none with `override_strict`. For a retry, leave it out.

        `retry_priority` is a request's RetryPriority, for its retries; policies that go by a hash do not ask it.

        NoHostAvailable when the cluster is empty, nothing is healthy and panic is off, or all hosts are excluded.
        """
        cdef Host host = None
        if override_host is not None:
            host = self.overriding(override_host, override_strict)
        if host is None:
            host = choose_host(self, hash_key, exclude, max_attempts, metadata_match, retry_priority)
        return pick_of(self, host)

    def _pick_host(self, request=None, *, hash_key=None, exclude=(), max_attempts=None,
                   Labels metadata_match=None, str override_host=None, bint override_strict=False,
                   RetryPriority retry_priority=None):
        """As `pick`, but gives the bare Host and counts nothing."""
        cdef Host host = None
        if override_host is not None:
            host = self.overriding(override_host, override_strict)
            if host is not None:
                return host
        return choose_host(self, hash_key, exclude, max_attempts, metadata_match, retry_priority)

    def pick_many(self, count=None, *, hash_keys=None, out=None):
        """Many choices at once, as by `pick_host()`, all from one set of hosts; nothing is counted.

        `hash_keys` are what hash policies go by: an iterable of str, bytes or 64-bit hashes, or a contiguous buffer of
        unsigned 64-bit hashes (`array("Q", …)`, numpy uint64). `count` is how many hosts are wanted; not needed with
        hash_keys or out. Gives a list of hosts.

        With `out`, a writable contiguous buffer of unsigned 32-bit integers (`array("I", …)`, numpy uint32), indices go
        there instead, and the tuple of hosts is returned that they are indices of.

        NoHostAvailable as `pick`. ValueError when count is negative or sizes do not agree, BufferError or ValueError
        for another kind of buffer.
        """
        cdef HashKeys keys = None if hash_keys is None else hash_keys_of(hash_keys, self.key_hash)
        cdef Py_ssize_t wanted = -1
        if count is not None:
            wanted = count
            if wanted < 0:
                raise ValueError("count is negative")
        if keys is not None:
            if wanted >= 0 and <size_t>wanted != keys.count:
                raise ValueError(f"count is {wanted}, but there are {keys.count} hash keys")
            wanted = <Py_ssize_t>keys.count
        if out is not None:
            return self.pick_into(keys, wanted, out)
        if wanted < 0:
            raise TypeError("one of count, hash_keys and out is needed")
        return self.pick_list(keys, wanted)

    cdef tuple pick_into(self, HashKeys keys, Py_ssize_t wanted, object out):
        cdef Py_buffer view
        PyObject_GetBuffer(out, &view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | PyBUF_WRITABLE)
        try:
            if view.itemsize != 4 or view.format is NULL or view.format[0] not in (b"I", b"L") or view.format[1] != 0:
                raise ValueError("out is not a buffer of unsigned 32-bit integers")
            if wanted >= 0 and wanted != view.len // 4:
                raise ValueError(f"out has room for {view.len // 4} indices, not for {wanted}")
            return self.pick_indices(keys, <size_t>view.len // 4, <uint32_t *>view.buf)
        finally:
            PyBuffer_Release(&view)

    cdef list pick_list(self, HashKeys keys, Py_ssize_t wanted):
        cdef tuple hosts
        cdef list picked
        cdef Py_ssize_t i
        cdef uint32_t *indices
        if wanted > PY_SSIZE_T_MAX // 8:
            raise MemoryError
        indices = <uint32_t *>PyMem_Malloc(<size_t>max(wanted, 1) * sizeof(uint32_t))
        if indices is NULL:
            raise MemoryError
        try:
            hosts = self.pick_indices(keys, <size_t>wanted, indices)
            picked = PyList_New(wanted)
            for i in range(wanted):
                host = <object>PyTuple_GET_ITEM(hosts, <Py_ssize_t>indices[i])
                Py_INCREF(host)
                PyList_SET_ITEM(picked, i, host)
            return picked
        finally:
            PyMem_Free(indices)

    cdef tuple pick_indices(self, HashKeys keys, size_t count, uint32_t *indices):
        """Fills indices; gives the hosts that they are indices of."""
        cdef fp_status status
        self.look_at_clock()
        if self.pick_lock is not None:
            self.pick_lock.enter()
        try:
            if keys is None:
                status = fp_picker_pick_many(self.picker, NULL, count, indices)
            else:
                status = fp_picker_pick_many(self.picker, keys.hashes, count, indices)
            if status != FASTPATH_OK:
                self.refuse(status, 0)
            return self.hosts_of(fp_picker_host_set(self.picker))
        finally:
            if self.pick_lock is not None:
                self.pick_lock.leave()

    def __repr__(self):
        return f"<Cluster {self.name!r} of {len(self.hosts)} hosts>"


cdef class ClusterDirectory:
    """Clusters by name, replaced as a whole."""

    def __cinit__(self, *args, **kwargs):
        self.clusters = {}

    @property
    def _clusters(self):
        return self.clusters

    @_clusters.setter
    def _clusters(self, dict clusters not None):
        self.clusters = clusters


def has_policy(int policy):
    """Whether the core has the policy of this number (LbPolicy)."""
    return fp_lb_policy_get(<fp_lb_policy_id>policy) is not NULL


# Most picks name a hash key or nothing at all.

cdef str HASH_KEY = "hash_key"


cdef inline bint is_plain(Py_ssize_t count, PyObject *names):
    """Whether there is no argument, or only `hash_key=`."""
    if count != 0:
        return False
    return names is NULL or (
        PyTuple_GET_SIZE(<tuple>names) == 1 and PyTuple_GET_ITEM(<tuple>names, 0) is <PyObject *>HASH_KEY
    )


cdef object pick(object self, PyObject *const *arguments, Py_ssize_t count, PyObject *names):
    if not is_plain(count, names):
        return PyObject_Vectorcall(self._pick, arguments, <size_t>count, names)
    return pick_of(<Cluster>self, choose_by_key(<Cluster>self, NULL if names is NULL else arguments[0]))


cdef object pick_host(object self, PyObject *const *arguments, Py_ssize_t count, PyObject *names):
    if not is_plain(count, names):
        return PyObject_Vectorcall(self._pick_host, arguments, <size_t>count, names)
    return choose_by_key(<Cluster>self, NULL if names is NULL else arguments[0])


cdef PyMethodDef pick_method, pick_host_method
cdef bytes pick_doc = Cluster._pick.__doc__.encode()
cdef bytes pick_host_doc = Cluster._pick_host.__doc__.encode()
add_plain_method(Cluster, &pick_method, b"pick", pick, pick_doc)
add_plain_method(Cluster, &pick_host_method, b"pick_host", pick_host, pick_host_doc)
