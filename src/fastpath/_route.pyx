# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Matching requests against the route table that was published last."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from fastpath._attributes cimport RequestAttributes
from fastpath._http cimport Request
from fastpath._match cimport Match, match_new
from fastpath._path cimport PathNormalizer
from fastpath._plain_method cimport PyMethodDef, PyObject_Vectorcall, add_plain_method
from fastpath._record cimport live
from fastpath._route_builder cimport RouteTableSnapshot
from fastpath._route_request cimport Lines, lines_from, path_end, request_of, tls_flags
from fastpath._spans cimport bytes_of, required_span, text_span
from fastpath._status cimport check
from fastpath.libfastpath.authority cimport fp_authority_normalize
from fastpath.libfastpath.base cimport FASTPATH_OK, fp_error, fp_span, fp_status
from fastpath.libfastpath.http cimport fp_http_field
from fastpath.libfastpath.lb cimport fp_lb_random
from fastpath.libfastpath.path cimport *
from fastpath.libfastpath.route cimport *
from fastpath.libfastpath.snapshot cimport *

cdef enum:
    STACK_ROOM = 2048  # bytes that a normalised path may take before they come from the heap


cdef void table_ref(void *table) noexcept nogil:
    fp_route_table_ref(<fp_route_table *>table)


cdef void table_unref(void *table) noexcept nogil:
    fp_route_table_unref(<fp_route_table *>table)


cdef class RouteMatcher:
    """Matches requests against the snapshot published last. Matching never waits for a build."""

    def __cinit__(self, *args, **kwargs):
        memset(&self.reader, 0, sizeof(self.reader))

    def __init__(
        self, uint64_t seed, PathNormalizer normalizer=None, *, bint strip_trailing_host_dot=False,
        bint strip_any_host_port=False, uint16_t strip_matching_host_port=0,
    ):
        self._reseed(seed)
        self.normalizer = normalizer
        self.authority_options.strip_trailing_dot = strip_trailing_host_dot
        self.authority_options.strip_any_port = strip_any_host_port
        self.authority_options.strip_port = strip_matching_host_port
        self.normalizes_authority = (
            strip_trailing_host_dot or strip_any_host_port or strip_matching_host_port != 0
        )
        self.takes_as_it_is = normalizer is None and not self.normalizes_authority

    def __dealloc__(self):
        fp_snapshot_reader_clear(&self.reader)
        fp_snapshot_cell_unref(self.cell)

    def _reseed(self, uint64_t seed):
        """Draw what is random from this seed on."""
        self.random_state = seed

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

    @cython.final
    cdef Match answer(self, fp_route_request *request, object random):
        request.random = fp_lb_random(&self.random_state) if random is None else random
        if self.takes_as_it_is:
            return self.look_up(request)
        if self.normalizes_authority:
            return self.answer_with_authority_normalized(request)
        return self.answer_with_path(request)

    @cython.final
    cdef Match answer_with_authority_normalized(self, fp_route_request *request):
        cdef uint8_t small[STACK_ROOM]
        cdef uint8_t *room = small
        cdef fp_span given = request.authority
        cdef Match match
        if given.len > STACK_ROOM:
            room = <uint8_t *>PyMem_Malloc(given.len)
            if room is NULL:
                raise MemoryError
        try:
            request.authority = fp_authority_normalize(&self.authority_options, given.data, given.len, room)
            match = self.answer_with_path(request)
            if match is not None and request.authority.len != given.len:
                match.with_details().authority = bytes_of(request.authority)
            return match
        finally:
            if room is not small:
                PyMem_Free(room)

    @cython.final
    cdef Match answer_with_path(self, fp_route_request *request):
        if self.normalizer is None or request.path.len == 0 or request.path.data[0] == c"?":  # which is no path
            return self.look_up(request)
        return self.answer_with_path_normalized(request)

    @cython.final
    cdef Match answer_with_path_normalized(self, fp_route_request *request):
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
            request.path = normalized.whole
            match = self.look_up(request)
            if match is not None and normalized.action != FASTPATH_PATH_UNCHANGED:
                details = match.with_details()
                details.path = bytes_of(normalized.path)
                details.path_redirect = normalized.action == FASTPATH_PATH_REDIRECT
            return match
        finally:
            if room is not small:
                PyMem_Free(room)

    @cython.final
    cdef Match look_up(self, const fp_route_request *request):
        cdef const fp_route_table *table
        cdef fp_route_match found
        cdef fp_status status
        cdef tuple entry
        if self.cell is NULL:
            raise ValueError("nothing was published")
        table = <const fp_route_table *>fp_snapshot_read(&self.reader)
        status = fp_route_table_match(table, request, &found)
        if status != FASTPATH_OK:
            check(status, NULL)
            return None
        entry = <tuple>PyTuple_GET_ITEM(<tuple>fp_route_table_context(table), <Py_ssize_t>found.virtual_host)
        if found.share_total == 0 and not has_more(entry):
            return match_new(entry, found.route, FASTPATH_ROUTE_INDEX_NONE)
        return match_with_more(table, &found, entry, request)

    def draw(self):
        """The next value of the table's own generator, 0 to 2**64-1."""
        return fp_lb_random(&self.random_state)

    def _match(
        self, Request request not None, random=None, *, scheme=b"http", tls=None, metadata=None, filter_state=None
    ):
        """The route for a parsed request, or None. Reads the head where it lies.

        Raises RemoteProtocolError for a path that the table's normaliser rejects.

        random: the value, 0 to 2**64-1, that chooses among weighted clusters (`random % sum of weights`) and decides
            runtime fractions; None draws one from the table's own generator.
        scheme: "http" or "https": how the request came.
        tls: what is known of the client's certificate, an object with `presented` and `validated`; None for nothing.
        metadata: the request's dynamic metadata: for each filter, by its name, a mapping of values as JSON has them.
        filter_state: for each key a text (str or bytes), or an `ipaddress` address.
        """
        cdef fp_span scheme_span
        required_span(scheme, &scheme_span, "scheme")
        return self.match_record(live(request.record), scheme_span, tls, random, metadata, filter_state)

    cdef Match match_record(
        self, HeadRecord *record, fp_span scheme, object tls, object random, object metadata, object filter_state
    ):
        cdef fp_route_request parts
        cdef RequestAttributes attributes
        parts.flags = 0
        parts.scheme = scheme
        parts.attributes = NULL
        request_of(record, &parts)
        if tls is not None:
            tls_flags(tls, &parts.flags)
        if metadata is not None or filter_state is not None:
            attributes = RequestAttributes(metadata, filter_state)
            parts.attributes = &attributes.data
        return self.answer(&parts, random)

    def match_many(self, requests, *, scheme=b"http", tls=None, metadata=None, filter_state=None):
        """The routes for parsed requests, as a list of what `match` returns for each.

        The other arguments are those of `match`, for all of the requests.
        """
        cdef fp_route_request parts
        cdef RequestAttributes attributes
        cdef list matches = []
        parts.flags = 0
        parts.attributes = NULL
        required_span(scheme, &parts.scheme, "scheme")
        tls_flags(tls, &parts.flags)
        if metadata is not None or filter_state is not None:
            attributes = RequestAttributes(metadata, filter_state)
            parts.attributes = &attributes.data
        for request in requests:
            if not isinstance(request, Request):
                raise TypeError(f"expected a Request, found {type(request).__name__}")
            request_of(live((<Request>request).record), &parts)
            matches.append(self.answer(&parts, None))
        return matches

    def match_parts(
        self, *, method="GET", authority=None, path=None, headers=(), scheme="http", source=None, tls=None, random=None,
        metadata=None, filter_state=None,
    ):
        """The route for a request given in parts, or None.

        authority: host, with or without port; None when the request has none.
        path: with or without query; None or empty for a request without one (CONNECT).
        headers: pairs of name and value, in any letter case; `host` is not looked at, `authority` is.
        scheme: "http" or "https": how the request came.
        source: the client's address. Nothing of a route looks at it yet.
        tls: what is known of the client's certificate, an object with `presented` and `validated`; None for nothing.
        metadata: the request's dynamic metadata: for each filter, by its name, a mapping of values as JSON has them.
        filter_state: for each key a text (str or bytes), or an `ipaddress` address.
        random: the value, 0 to 2**64-1, that chooses among weighted clusters (`random % sum of weights`) and decides
            runtime fractions; None draws one from the table's own generator.

        Text may be str (UTF-8) or bytes. Raises OverflowError when `random` is out of its range, and
        RemoteProtocolError for a path that the table's normaliser rejects.
        """
        cdef fp_route_request request
        cdef Lines lines
        cdef RequestAttributes attributes
        memset(&request, 0, sizeof(request))
        text_span(authority, &request.authority, "authority")
        text_span(path, &request.path, "path")
        required_span(method, &request.method, "method")
        required_span(scheme, &request.scheme, "scheme")
        if tls is not None:
            tls_flags(tls, &request.flags)
        if metadata is not None or filter_state is not None:
            attributes = RequestAttributes(metadata, filter_state)
            request.attributes = &attributes.data
        if not headers:
            return self.answer(&request, random)
        memset(&lines, 0, sizeof(lines))
        try:
            lines_from(headers, &lines)
            request.data = lines.block
            request.fields = <const fp_http_field *>lines.block
            request.field_count = lines.count
            return self.answer(&request, random)
        finally:
            PyMem_Free(lines.block)


# Most matches ask with a request and nothing else.

cdef object match(object self, PyObject *const *arguments, Py_ssize_t count, PyObject *names):
    cdef fp_route_request request
    if count != 1 or names is not NULL or type(<object>arguments[0]) is not Request:
        return PyObject_Vectorcall(self._match, arguments, <size_t>count, names)
    request.flags = 0
    request.scheme.data = <const uint8_t *>b"http"
    request.scheme.len = 4
    request.attributes = NULL
    request_of(live((<Request>arguments[0]).record), &request)
    if not (<RouteMatcher>self).takes_as_it_is:
        return (<RouteMatcher>self).answer(&request, None)
    request.random = fp_lb_random(&(<RouteMatcher>self).random_state)
    return (<RouteMatcher>self).look_up(&request)


cdef PyMethodDef match_method
cdef bytes match_doc = RouteMatcher._match.__doc__.encode()
add_plain_method(RouteMatcher, &match_method, b"match", match, match_doc)


cdef inline bint has_more(tuple entry):
    """Whether some of the virtual host's matches have more to them than a route: variables, a cluster's name."""
    return <object>PyTuple_GET_ITEM(entry, 3) is not None or <object>PyTuple_GET_ITEM(entry, 7) is True


cdef Match match_with_more(
    const fp_route_table *table, const fp_route_match *found, tuple entry, const fp_route_request *request
):
    """The match for an entry whose routes may be split, have templates, or name a header with the cluster."""
    cdef uint32_t share = FASTPATH_ROUTE_INDEX_NONE
    cdef fp_span spans[32]  # FASTPATH_ROUTE_PARAMS_MAX
    cdef fp_span path
    cdef Match match
    cdef bint with_params = entry[3] is not None and found.tls_redirect == 0
    if found.share_total != 0:
        share = fp_route_table_choose_share(table, found, chooser(entry, found.route, request))
    if with_params:
        path = request.path
        path.len = path_end(path)
        fp_route_table_params(table, found, path, spans)
    # Making an object may run a collection, and that code which publishes: the table must not be used any more.
    match = match_new(entry, found.route, share)
    if with_params:
        match.with_details().params = params_of(<tuple>(<tuple>entry[3])[found.route], spans)
    if entry[7] is True and found.tls_redirect == 0:
        match.with_details().named_cluster = named_cluster(match, request)
    return match


cdef uint64_t chooser(tuple entry, uint32_t route, const fp_route_request *request):
    """What chooses the share: the number in a header that the route names, if there is one, else the random value."""
    cdef dict headers = entry[4]
    cdef uint64_t number = 0
    cdef uint32_t digit
    cdef Py_ssize_t i, start
    cdef bytes name = None if headers is None else headers.get(route)
    cdef bytes value = None if name is None else value_of(request, name, True)
    if value is None:
        return request.random
    start = 1 if value[:1] == b"+" else 0
    if len(value) == start:
        return request.random
    for i in range(start, len(value)):
        digit = <uint32_t><uint8_t>value[i] - 48
        if digit > 9 or number > (<uint64_t>0xffffffffffffffff - digit) // 10:
            return request.random
        number = number * 10 + digit
    return number


cdef bytes value_of(const fp_route_request *request, bytes name, bint alone=False):
    """A header's value, None for none: its lines together where Envoy keeps them so, else the first of them, or where
    it is to be `alone` the only one."""
    cdef fp_routed_fields fields
    cdef fp_span wanted, found, value
    cdef uint32_t at = 0
    cdef list values = []
    if name == b":authority" or name.lower() == b"host":
        return None if request.authority.data is NULL else bytes_of(request.authority)
    if name == b":path" or name == b":method":
        return bytes_of(request.path if name == b":path" else request.method)
    wanted.data = <const uint8_t *>PyBytes_AS_STRING(name)
    wanted.len = <size_t>PyBytes_GET_SIZE(name)
    fp_routed_fields_init(&fields, request)
    while fp_routed_fields_next(&fields, wanted, &at, &found, &value):
        values.append(bytes_of(value))
    if len(values) > 1 and fp_routed_field_is_joined(wanted.data, wanted.len):
        return b",".join(filter(None, values))
    return values[0] if len(values) == 1 or (values and not alone) else None


cdef dict params_of(tuple names, const fp_span *spans):
    cdef Py_ssize_t i
    if names is None:
        return None
    return {<str>names[i]: bytes_of(spans[i]) for i in range(len(names))}


cdef str named_cluster(Match match, const fp_route_request *request):
    """The cluster that a header names, where the route wants that."""
    cdef object cluster = (<tuple>match.entry[2])[match.index]
    if match.share != FASTPATH_ROUTE_INDEX_NONE:
        cluster = (<tuple>cluster)[match.share]
    value = value_of(request, <bytes>cluster) if type(cluster) is bytes else None
    return None if value is None else value.decode("utf-8", "surrogateescape")
