# cython: wraparound=False, nonecheck=True
"""Route tables over the C core: building, publishing, matching. `fastpath.routing` composes them from models."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from fastpath._http cimport Request, record_of
from fastpath._path cimport PathNormalizer
from fastpath._record cimport HeadRecord
from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_OK, fp_error, fp_span, fp_status
from fastpath.libfastpath.http cimport FASTPATH_HTTP_ABSOLUTE_FORM, fp_http_head
from fastpath.libfastpath.path cimport *
from fastpath.libfastpath.route cimport *
from fastpath.libfastpath.snapshot cimport *

cdef enum:
    STACK_ROOM = 2048  # bytes that a normalised path may take before they come from the heap

PATH_PREFIX = FASTPATH_ROUTE_PATH_PREFIX
PATH_EXACT = FASTPATH_ROUTE_PATH_EXACT
PATH_SEPARATED = FASTPATH_ROUTE_PATH_SEPARATED


cdef inline int text_span(object value, fp_span *span, str what) except -1:
    """The bytes of a str (UTF-8) or bytes; None has no bytes, not even an address. Borrowed from the value."""
    cdef Py_ssize_t length = 0
    cdef const char *data
    if isinstance(value, str):
        data = PyUnicode_AsUTF8AndSize(value, &length)
    elif isinstance(value, bytes):
        data = PyBytes_AS_STRING(value)
        length = PyBytes_GET_SIZE(value)
    elif value is None:
        data = NULL
    else:
        raise TypeError(f"{what} must be str, bytes or None, not {type(value).__name__}")
    span.data = <const uint8_t *>data
    span.len = <size_t>length
    return 0


cdef inline int required_span(object value, fp_span *span, str what) except -1:
    if value is None:
        raise TypeError(f"{what} must be str or bytes, not None")
    return text_span(value, span, what)


cdef inline void request_of(const HeadRecord *record, fp_route_request *request) noexcept nogil:
    """What a table looks at, as spans into a parsed head."""
    cdef const fp_http_head *head = &record.head
    request.authority.data = record.data + head.authority_off if head.authority_len != 0 else NULL
    request.authority.len = head.authority_len
    request.path.data = record.data + head.path_off
    request.path.len = head.path_len
    if head.path_len == 0 and head.flags & FASTPATH_HTTP_ABSOLUTE_FORM:
        request.path.data = <const uint8_t *>b"/"  # RFC 9110 section 4.2.3: an empty path means the root
        request.path.len = 1


cdef void release_context(void *context) noexcept with gil:
    Py_DECREF(<object>context)


cdef void table_ref(void *table) noexcept nogil:
    fp_route_table_ref(<fp_route_table *>table)


cdef void table_unref(void *table) noexcept nogil:
    fp_route_table_unref(<fp_route_table *>table)


cdef inline uint64_t next_random(uint64_t *state) noexcept nogil:
    """SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    cdef uint64_t z
    state[0] += <uint64_t>0x9E3779B97F4A7C15
    z = state[0]
    z = (z ^ (z >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * <uint64_t>0x94D049BB133111EB
    return z ^ (z >> 31)


@cython.final
cdef class RouteTableBuilder:
    """Collects virtual hosts, domains and routes, in order of precedence; see fastpath/route.h for each step."""

    def __cinit__(self):
        self.builder = fp_route_builder_new()
        if self.builder is NULL:
            raise MemoryError

    def __dealloc__(self):
        fp_route_builder_free(self.builder)

    def add_virtual_host(self):
        cdef fp_error error
        check(fp_route_builder_add_virtual_host(self.builder, &error), &error)

    def share_virtual_host(self, RouteTableSnapshot snapshot not None, uint32_t index):
        cdef fp_error error
        if snapshot.table is NULL:
            raise ValueError("the snapshot was not built")
        check(fp_route_builder_share_virtual_host(self.builder, snapshot.table, index, &error), &error)

    def add_domain(self, domain):
        cdef fp_error error
        cdef fp_span span
        required_span(domain, &span, "domain")
        check(fp_route_builder_add_domain(self.builder, span.data, span.len, &error), &error)

    def add_route(self, int kind, path, bint ignore_case=False):
        cdef fp_error error
        cdef fp_span span
        required_span(path, &span, "path")
        check(
            fp_route_builder_add_route(
                self.builder, <fp_route_path_kind>kind, span.data, span.len,
                FASTPATH_ROUTE_IGNORE_CASE if ignore_case else 0, &error,
            ),
            &error,
        )

    def add_share(self, uint32_t weight):
        cdef fp_error error
        check(fp_route_builder_add_share(self.builder, weight, &error), &error)

    def build(self, tuple context not None, *, bint ignore_port=False):
        """The table as a snapshot. `context` says what its indices stand for, see _route.pxd. Releases the GIL."""
        cdef fp_error error
        cdef fp_status status
        cdef fp_route_table *table = NULL
        cdef uint32_t flags = FASTPATH_ROUTE_TABLE_IGNORE_PORT if ignore_port else 0
        cdef fp_route_builder *builder = self.builder
        # Other threads run meanwhile: they find an empty builder instead of the one that is being read.
        self.builder = fp_route_builder_new()
        if self.builder is NULL:
            self.builder = builder
            raise MemoryError
        with nogil:
            status = fp_route_builder_build(builder, flags, &table, &error)
            fp_route_builder_free(builder)
        check(status, &error)
        snapshot = <RouteTableSnapshot>RouteTableSnapshot.__new__(RouteTableSnapshot)
        snapshot.table = table
        Py_INCREF(context)
        fp_route_table_set_context(table, <void *>context, release_context)
        return snapshot


@cython.final
cdef class RouteTableSnapshot:
    """An immutable table, made by RouteTableBuilder.build and published by RouteMatcher.publish."""

    def __dealloc__(self):
        fp_route_table_unref(self.table)

    @property
    def context(self):
        """What was given to build."""
        return <object>fp_route_table_context(self.table) if self.table is not NULL else ()

    @property
    def size(self):
        """Bytes that the compiled table holds."""
        return fp_route_table_size(self.table) if self.table is not NULL else 0


cdef class RouteMatcher:
    """Matches requests against the snapshot published last. Matching never waits for a build."""

    def __cinit__(self, *args, **kwargs):
        memset(&self.reader, 0, sizeof(self.reader))

    def __init__(self, uint64_t seed, PathNormalizer normalizer=None):
        self.random_state = seed
        self.normalizer = normalizer

    def __dealloc__(self):
        fp_snapshot_reader_clear(&self.reader)
        fp_snapshot_cell_unref(self.cell)

    def publish(self, RouteTableSnapshot snapshot not None):
        """Make the snapshot the one that matches from now on."""
        if snapshot.table is NULL:
            raise ValueError("the snapshot was not built")
        fp_route_table_ref(snapshot.table)
        if self.cell is not NULL:
            fp_snapshot_publish(self.cell, snapshot.table)
            return
        self.cell = fp_snapshot_cell_new(snapshot.table, table_ref, table_unref)
        if self.cell is NULL:
            fp_route_table_unref(snapshot.table)
            raise MemoryError
        fp_snapshot_reader_init(&self.reader, self.cell)

    @property
    def snapshot(self):
        """The snapshot published last."""
        if self.cell is NULL:
            raise ValueError("nothing was published")
        snapshot = <RouteTableSnapshot>RouteTableSnapshot.__new__(RouteTableSnapshot)
        snapshot.table = <fp_route_table *>fp_snapshot_acquire(self.cell)
        return snapshot

    cdef Match answer(self, fp_route_request *request, object random):
        if self.normalizer is None or request.path.len == 0:
            return self.look_up(request, random)
        return self.answer_normalized(request, random)

    cdef Match answer_normalized(self, fp_route_request *request, object random):
        cdef uint8_t small[STACK_ROOM]
        cdef uint8_t *room = small
        cdef size_t capacity = fp_path_capacity(request.path.len)
        cdef fp_path normalized
        cdef fp_error error
        cdef Match match
        if capacity > STACK_ROOM:
            room = <uint8_t *>PyMem_Malloc(capacity)
            if room is NULL:
                raise MemoryError
        try:
            check(
                fp_path_normalize(
                    &self.normalizer.options, request.path.data, request.path.len, room, capacity, &normalized, &error
                ),
                &error,
            )
            request.path = normalized.path
            match = self.look_up(request, random)
            if match is not None and normalized.action != FASTPATH_PATH_UNCHANGED:
                match.path = PyBytes_FromStringAndSize(
                    <const char *>normalized.path.data, <Py_ssize_t>normalized.path.len
                )
                match.path_redirect = normalized.action == FASTPATH_PATH_REDIRECT
            return match
        finally:
            if room is not small:
                PyMem_Free(room)

    cdef Match look_up(self, const fp_route_request *request, object random):
        cdef fp_route_table *table
        cdef fp_route_match found
        cdef uint32_t share
        cdef uint64_t value = 0
        cdef tuple entry
        cdef Match match
        if self.cell is NULL:
            raise ValueError("nothing was published")
        if random is not None:
            value = random
        table = <fp_route_table *>fp_snapshot_read(&self.reader)
        if fp_route_table_match(table, request, &found) != FASTPATH_OK:
            return None
        share = FASTPATH_ROUTE_INDEX_NONE
        if found.share_total != 0:
            if random is None:
                value = next_random(&self.random_state)
            share = fp_route_table_choose_share(table, &found, value)
        entry = (<tuple>fp_route_table_context(table))[found.virtual_host]
        # Making an object may run a collection, and that code which publishes: the table must not be used any more.
        match = <Match>Match.__new__(Match)
        match.entry = entry
        match.index = found.route
        match.share = share
        return match

    def match(self, Request request not None, random=None):
        """The route for a parsed request, or None. Reads the head where it lies.

        Raises RemoteProtocolError for a path that the table's normaliser rejects.

        random: the value, 0 to 2**64-1, that chooses among weighted clusters (`random % sum of weights`); None draws
            one from the table's own generator.
        """
        cdef fp_route_request parts
        request_of(record_of(request), &parts)
        return self.answer(&parts, random)

    def match_many(self, requests):
        """The routes for parsed requests, as a list of what `match` returns for each."""
        cdef fp_route_request parts
        cdef list matches = []
        for request in requests:
            if not isinstance(request, Request):
                raise TypeError(f"expected a Request, found {type(request).__name__}")
            request_of(record_of(request), &parts)
            matches.append(self.answer(&parts, None))
        return matches

    def match_parts(
        self, *, method="GET", authority=None, path=None, headers=(), scheme="http", source=None, tls=None, random=None
    ):
        """The route for a request given in parts, or None.

        authority: host, with or without port; None when the request has none.
        path: with or without query; None or empty for a request without one (CONNECT), which no route takes.
        random: the value, 0 to 2**64-1, that chooses among weighted clusters (`random % sum of weights`); None draws
            one from the table's own generator.
        method, headers, scheme, source, tls: what routes may put conditions on; not looked at by those that do not.

        Text may be str (UTF-8) or bytes. Raises OverflowError when `random` is out of its range, and
        RemoteProtocolError for a path that the table's normaliser rejects.
        """
        cdef fp_route_request request
        text_span(authority, &request.authority, "authority")
        text_span(path, &request.path, "path")
        return self.answer(&request, random)


@cython.final
@cython.freelist(64)
cdef class Match:
    """What a table chose for a request; the weighted cluster, if any, is already chosen.

    path: the request's path (without its query) as the table's normaliser changed it: what to forward. None when the
        request's own path was matched, unchanged.
    path_redirect: whether the normaliser wants a 307 with that path as Location instead of forwarding.
    """

    def __init__(self):
        raise TypeError("a Match is made by a route table")

    @property
    def route(self):
        """The `fastpath.models.Route`, as given to the table."""
        cdef tuple routes = self.entry[1]
        return routes[self.index]

    @property
    def cluster(self):
        """Name of the cluster to forward to; None when the route answers itself."""
        cdef tuple clusters = self.entry[2]
        if self.share == FASTPATH_ROUTE_INDEX_NONE:
            return clusters[self.index]
        clusters = clusters[self.index]
        return clusters[self.share]

    @property
    def virtual_host(self):
        """The `fastpath.models.VirtualHost` that the route belongs to."""
        return self.entry[0]

    def __repr__(self):
        return f"<Match route={self.route.name!r} cluster={self.cluster!r} virtual_host={self.virtual_host.name!r}>"
