# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""A request in one call: bytes, head, route, host, and nothing of it as an object before it is asked for."""
cimport cython
from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject

from fastpath._cluster cimport Cluster, ClusterDirectory, pick_of
from fastpath._host cimport Host
from fastpath._http cimport Request, parse_from, request_new
from fastpath._limits cimport Limits, limits_of
from fastpath._record cimport HeadRecord, live, record_unref
from fastpath._match cimport Match
from fastpath._route cimport RouteMatcher
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.route cimport FASTPATH_ROUTE_INDEX_NONE

from fastpath.errors import NoHostAvailable
from fastpath.models import RouteAction


@cython.final
@cython.no_gc
@cython.freelist(64)
cdef class Dispatched:
    """What a Dispatcher decided about a request.

    match: what the route table chose; None when no route takes the request.
    cluster: the cluster whose host was chosen; None when there is no route, or the route answers by itself.
    host: the host of it that was chosen. No request is counted there yet: see `pick()`.
    hash: what the route's hash policies came to (`fastpath.actions.Hash`, with cookies to set); None when they were not
        asked, since nothing depends on them.
    """

    cdef HeadRecord *record
    cdef Request made
    cdef readonly Match match
    cdef readonly Cluster cluster
    cdef readonly Host host
    cdef readonly object hash

    def __init__(self):
        raise TypeError("made by Dispatcher.dispatch")

    def __dealloc__(self):
        if self.record is not NULL:
            record_unref(self.record)

    def __reduce__(self):
        raise TypeError("a decision about a request cannot be copied or pickled")

    @property
    def route(self):
        """The `fastpath.models.Route`; None when no route takes the request, and with a `match.tls_redirect`."""
        if self.match is None or self.match.index == FASTPATH_ROUTE_INDEX_NONE:
            return None
        return self.match.route

    @property
    def request(self):
        """The request's head; the same object each time."""
        if self.made is None:
            live(self.record).references += 1
            self.made = request_new(self.record)
        return self.made

    @property
    def head_length(self):
        """Bytes that the head takes: where the body starts."""
        return live(self.record).head.head_len

    def pick(self):
        """Count the request as active at the host until the Pick is given back. RuntimeError when there is no host."""
        if self.host is None:
            raise RuntimeError("no host was chosen for this request")
        return pick_of(self.cluster, self.host)

    def __repr__(self):
        where = "no route" if self.match is None else self.match if self.host is None else self.host
        return f"<Dispatched {self.request!r} to {where!r}>"


@cython.final
cdef class Dispatcher:
    """Parses a request's head, finds its route and chooses its host, in one call.

        dispatcher = Dispatcher(table, clusters)
        found = dispatcher.dispatch(data)
        if found is not None and found.host is not None:
            forward(data, found.host.address, found.host.port)

    table: a RouteTable; clusters: the ClusterManager that its routes are of. Updates of both are seen by the next call.
    limits: of heads. scheme: "http" or "https", how requests come.

    The decision is that of `parse_request`, `table.match` and `cluster.pick_host` one after the other, with what the
    route's hash policies and `metadata_match` say. Any thread may call it at any time.
    """

    cdef readonly RouteMatcher table
    cdef readonly ClusterDirectory clusters
    cdef Limits limits
    cdef bytes scheme
    cdef fp_span scheme_span

    def __init__(self, RouteMatcher table not None, ClusterDirectory clusters not None, *, Limits limits=None,
                 scheme="http"):
        if scheme not in ("http", "https"):
            raise ValueError(f"scheme {scheme!r} is neither 'http' nor 'https'")
        self.table = table
        self.clusters = clusters
        self.limits = limits
        self.scheme = scheme.encode()
        self.scheme_span.data = self.scheme
        self.scheme_span.len = <size_t>len(self.scheme)

    def dispatch(self, data, /, stream=None, *, tls=None, metadata=None, filter_state=None):
        """The decision about the request that `data` (bytes-like, contiguous) starts with: a Dispatched, or None when
        its head is not complete yet.

        stream: a StreamInfo, for hash policies that look at the connection. tls: what is known of the client's
        certificate; metadata, filter_state: what conditions on these see, all as for `RouteTable.match`. Hash policies
        see the filter state, too; without it, the stream's.

        A request that no route takes has no `match`, one whose route answers by itself a `match` and no `host`.
        RemoteProtocolError for a head, or a path, that must be refused; NoHostAvailable when the route's cluster has no
        host to offer or is not there; its `dispatched` is what was found until then.
        """
        cdef Dispatched found
        cdef HeadRecord *record
        if self.table is None:
            raise RuntimeError("this object was made without calling its type")
        record = parse_from(data, -1, limits_of(self.limits))
        if record is NULL:
            return None
        try:
            found = Dispatched.__new__(Dispatched)
        except BaseException:
            record_unref(record)
            raise
        found.record = record
        found.match = self.table.match_record(record, self.scheme_span, tls, None, metadata, filter_state)
        if found.match is None or found.match.index == FASTPATH_ROUTE_INDEX_NONE:
            return found
        if found.match.details is not None and found.match.details.path_redirect:
            return found
        try:
            self.choose(found, stream, tls, metadata, filter_state)
        except NoHostAvailable as error:
            error.dispatched = found
            raise
        return found

    cdef int choose(
        self, Dispatched found, object stream, object tls, object metadata, object filter_state
    ) except -1:
        cdef object name = found.match.cluster
        cdef PyObject *known
        cdef Cluster cluster
        if found.match.share != FASTPATH_ROUTE_INDEX_NONE and found.match.route.action.use_hash_policy:
            self.share_by_hash(found, stream, tls, metadata, filter_state)
            name = found.match.cluster
        if name is None:
            if isinstance(found.match.route.action, RouteAction):
                raise NoHostAvailable("the header that names the cluster is missing")
            return 0
        known = PyDict_GetItemWithError(self.clusters.clusters, name)
        if known is NULL:
            raise NoHostAvailable(f"there is no cluster {name!r}")
        cluster = <Cluster>known
        found.cluster = cluster
        if cluster._override_host is not None:
            found.host = cluster.override_hosts(found.request, metadata).take()
        if found.host is not None:
            return 0
        if cluster.looks_at_requests:
            self.choose_by_request(found, stream, filter_state)
        else:
            found.host = cluster.choose(None, (), None, None)
        return 0

    cdef int choose_by_request(self, Dispatched found, object stream, object filter_state) except -1:
        actions = self.actions_of(found)
        if actions.hashes:
            found.hash = actions.host_hash(found.match, found.request, stream, filter_state=filter_state)
        key = found.hash.key if found.hash is not None else None
        found.host = found.cluster.choose(key, (), None, actions.metadata_match)
        return 0

    cdef int share_by_hash(
        self, Dispatched found, object stream, object tls, object metadata, object filter_state
    ) except -1:
        """The request's hash chooses among the route's clusters (RouteAction.use_hash_policy)."""
        actions = self.actions_of(found)
        if not actions.hashes:
            return 0
        found.hash = actions.hash(found.request, stream, filter_state=filter_state)
        if found.hash.key is not None:
            match = self.table.match_record(
                found.record, self.scheme_span, tls, found.hash.key, metadata, filter_state
            )
            if match is not None:
                found.match = match
        return 0

    cdef object actions_of(self, Dispatched found):
        return found.match.layout.of_share(found.match.weighted_cluster)

    def __repr__(self):
        return f"<Dispatcher of {self.table!r}>"
