# cython: wraparound=False, nonecheck=True
"""Route tables over the C core: building, publishing, matching. `fastpath.routing` composes them from models."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DATA, PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy, memset

from fastpath._attributes cimport AttributeTest, RequestAttributes
from fastpath._http cimport Request, record_of
from fastpath._path cimport PathNormalizer
from fastpath._record cimport HeadRecord
from fastpath._status cimport check
from fastpath.libfastpath.authority cimport fp_authority_normalize
from fastpath.libfastpath.base cimport FASTPATH_OK, fp_error, fp_span, fp_status
from fastpath.libfastpath.http cimport FASTPATH_HTTP_ABSOLUTE_FORM, fp_http_field, fp_http_head, fp_http_name_id
from fastpath.libfastpath.path cimport *
from fastpath.libfastpath.route cimport *
from fastpath.libfastpath.route_matcher cimport *
from fastpath.libfastpath.snapshot cimport *

from sys import intern

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text) noexcept
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 highest)

cdef enum:
    STACK_ROOM = 2048  # bytes that a normalised path may take before they come from the heap

PATH_PREFIX = FASTPATH_ROUTE_PATH_PREFIX
PATH_EXACT = FASTPATH_ROUTE_PATH_EXACT
PATH_SEPARATED = FASTPATH_ROUTE_PATH_SEPARATED
PATH_REGEX = FASTPATH_ROUTE_PATH_REGEX
PATH_TEMPLATE = FASTPATH_ROUTE_PATH_TEMPLATE
PATH_CONNECT = FASTPATH_ROUTE_PATH_CONNECT

CONDITION_HEADER = FASTPATH_ROUTE_CONDITION_HEADER
CONDITION_QUERY = FASTPATH_ROUTE_CONDITION_QUERY
CONDITION_COOKIE = FASTPATH_ROUTE_CONDITION_COOKIE
CONDITION_GRPC = FASTPATH_ROUTE_CONDITION_GRPC
CONDITION_FRACTION = FASTPATH_ROUTE_CONDITION_FRACTION
CONDITION_TLS_PRESENTED = FASTPATH_ROUTE_CONDITION_TLS_PRESENTED
CONDITION_TLS_VALIDATED = FASTPATH_ROUTE_CONDITION_TLS_VALIDATED
CONDITION_METADATA = FASTPATH_ROUTE_CONDITION_METADATA
CONDITION_FILTER_STATE = FASTPATH_ROUTE_CONDITION_FILTER_STATE
CONDITION_FILTER_STATE_ADDRESS = FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS

COMPARE_PRESENT = FASTPATH_ROUTE_COMPARE_PRESENT
COMPARE_EXACT = FASTPATH_ROUTE_COMPARE_EXACT
COMPARE_PREFIX = FASTPATH_ROUTE_COMPARE_PREFIX
COMPARE_SUFFIX = FASTPATH_ROUTE_COMPARE_SUFFIX
COMPARE_CONTAINS = FASTPATH_ROUTE_COMPARE_CONTAINS
COMPARE_REGEX = FASTPATH_ROUTE_COMPARE_REGEX
COMPARE_RANGE = FASTPATH_ROUTE_COMPARE_RANGE

INVERT = FASTPATH_ROUTE_INVERT
MISSING_AS_EMPTY = FASTPATH_ROUTE_MISSING_AS_EMPTY
IGNORE_CASE = FASTPATH_ROUTE_VALUE_IGNORE_CASE

MATCHER_LIST = FASTPATH_ROUTE_MATCHER_LIST
MATCHER_EXACT_MAP = FASTPATH_ROUTE_MATCHER_EXACT_MAP
MATCHER_PREFIX_MAP = FASTPATH_ROUTE_MATCHER_PREFIX_MAP
MATCHER_KEY = FASTPATH_ROUTE_MATCHER_KEY
MATCHER_TEST = FASTPATH_ROUTE_MATCHER_TEST
MATCHER_AND = FASTPATH_ROUTE_MATCHER_AND
MATCHER_OR = FASTPATH_ROUTE_MATCHER_OR
MATCHER_NOT = FASTPATH_ROUTE_MATCHER_NOT
MATCHER_ROUTES = FASTPATH_ROUTE_MATCHER_ROUTES
MATCHER_ELSE = FASTPATH_ROUTE_MATCHER_NO_MATCH
MATCHER_IGNORE_CASE = FASTPATH_ROUTE_MATCHER_IGNORE_CASE


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
    """What a table looks at, as spans into a parsed head. The connection's scheme is left alone."""
    cdef const fp_http_head *head = &record.head
    request.data = record.data
    request.fields = head.fields
    request.field_count = head.field_count
    request.method.data = record.data + head.method_off
    request.method.len = head.method_len
    request.authority.data = record.data + head.authority_off if head.authority_len != 0 else NULL
    request.authority.len = head.authority_len
    request.path.data = record.data + head.path_off
    request.path.len = head.path_len
    if head.query_off != 0:
        request.path.len = <size_t>(head.query_off + head.query_len - head.path_off)
    request.flags &= ~<uint32_t>(FASTPATH_ROUTE_REQUEST_TARGET_HTTP | FASTPATH_ROUTE_REQUEST_TARGET_HTTPS)
    if head.flags & FASTPATH_HTTP_ABSOLUTE_FORM:
        request.flags |= (
            FASTPATH_ROUTE_REQUEST_TARGET_HTTP if record.data[head.target_off + 4] == c":"
            else FASTPATH_ROUTE_REQUEST_TARGET_HTTPS
        )
        if head.path_len == 0:
            # RFC 9110 section 4.2.3: an empty path means the root. A query after it is not looked at.
            request.path.data = <const uint8_t *>b"/"
            request.path.len = 1


cdef inline size_t path_end(fp_span path) noexcept nogil:
    """Where the path's query begins."""
    cdef size_t end = path.len
    cdef const void *mark = memchr(path.data, c"?", end) if end != 0 else NULL
    if mark is not NULL:
        end = <size_t>(<const uint8_t *>mark - path.data)
    mark = memchr(path.data, c"#", end) if end != 0 else NULL
    return end if mark is NULL else <size_t>(<const uint8_t *>mark - path.data)


cdef inline bytes bytes_of(fp_span span):
    return PyBytes_FromStringAndSize(<const char *>span.data, <Py_ssize_t>span.len)


cdef struct Lines:
    # Header lines that were given as objects, copied into one piece of memory: fields first, then their bytes.
    uint8_t *block
    uint32_t count


cdef int lines_from(object headers, Lines *lines) except -1:
    """Copy pairs of names and values; lines_clear gives the memory back, also after an exception."""
    cdef list pairs = [tuple(pair) for pair in headers]  # the objects stay while their bytes are borrowed
    cdef size_t room = 0, at
    cdef fp_span name, value
    cdef fp_http_field *field
    if not pairs:
        return 0
    for pair in pairs:
        if len(<tuple>pair) != 2:
            raise ValueError("a header is a pair of name and value")
        required_span((<tuple>pair)[0], &name, "a header's name")
        required_span((<tuple>pair)[1], &value, "a header's value")
        if name.len > 0xffff:
            raise ValueError("a header's name is longer than 65535 bytes")
        room += name.len + value.len
    at = len(pairs) * sizeof(fp_http_field)
    if room > 0x40000000 or len(pairs) > 0x100000:
        raise ValueError("the headers are longer than 1 GiB together")
    lines.block = <uint8_t *>PyMem_Malloc(at + room + 1)
    if lines.block is NULL:
        raise MemoryError
    field = <fp_http_field *>lines.block
    for pair in pairs:
        required_span((<tuple>pair)[0], &name, "a header's name")
        required_span((<tuple>pair)[1], &value, "a header's value")
        field.name = <uint32_t>at
        field.name_len = <uint16_t>name.len
        field.value = <uint32_t>(at + name.len)
        field.value_len = <uint32_t>value.len
        field.id = fp_http_name_id(name.data, name.len)
        memcpy(lines.block + at, name.data, name.len)
        memcpy(lines.block + at + name.len, value.data, value.len)
        at += name.len + value.len
        field += 1
    lines.count = <uint32_t>len(pairs)
    return 0


cdef int tls_flags(object tls, uint32_t *flags) except -1:
    if tls is not None:
        if tls.presented:
            flags[0] |= FASTPATH_ROUTE_REQUEST_TLS_PRESENTED
        if tls.validated:
            flags[0] |= FASTPATH_ROUTE_REQUEST_TLS_VALIDATED
    return 0


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

    def require_tls(self, int require):
        cdef fp_error error
        check(fp_route_builder_require_tls(self.builder, <fp_route_require_tls>require, &error), &error)

    def set_host_header(self, name):
        cdef fp_error error
        cdef fp_span span
        required_span(name, &span, "name")
        check(fp_route_builder_set_host_header(self.builder, span, &error), &error)

    def add_route(self, int kind, path, bint ignore_case=False, bint any_segment=False):
        cdef fp_error error
        cdef fp_span span
        cdef uint32_t flags = FASTPATH_ROUTE_IGNORE_CASE if ignore_case else 0
        if any_segment:
            flags |= FASTPATH_ROUTE_ANY_SEGMENT
        required_span(path, &span, "path")
        check(
            fp_route_builder_add_route(
                self.builder, <fp_route_path_kind>kind, span.data, span.len, flags, &error
            ),
            &error,
        )

    def add_condition(
        self, uint8_t kind, uint8_t compare=0, uint8_t flags=0, name="", value="", int64_t start=0, int64_t end=0,
        uint32_t numerator=0, uint32_t denominator=1, AttributeTest test=None,
    ):
        cdef fp_error error
        cdef fp_route_condition condition
        memset(&condition, 0, sizeof(condition))
        if test is not None:
            test.fill(&condition)
        condition.kind = kind
        condition.compare = compare
        condition.flags = flags
        condition.start = start
        condition.end = end
        condition.numerator = numerator
        condition.denominator = denominator
        required_span(name, &condition.name, "a name")
        required_span(value, &condition.value, "a value")
        check(fp_route_builder_add_condition(self.builder, &condition, &error), &error)

    def add_share(self, uint32_t weight):
        cdef fp_error error
        check(fp_route_builder_add_share(self.builder, weight, &error), &error)

    def set_matcher(self, list steps not None):
        """Steps are tuples of kind, compare, flags, count, name and value. After an error `failed_step` tells which."""
        cdef fp_error error
        cdef fp_status status
        cdef size_t failed = 0, i
        cdef fp_route_matcher_step *room
        cdef fp_route_matcher_step *step
        room = <fp_route_matcher_step *>PyMem_Malloc((len(steps) + 1) * sizeof(fp_route_matcher_step))
        if room is NULL:
            raise MemoryError
        try:
            for i in range(<size_t>len(steps)):
                self.failed_step = i
                step = &room[i]
                kind, compare, flags, count, name, value = steps[i]
                step.kind = kind
                step.compare = compare
                step.flags = flags
                step.count = count
                required_span(name, &step.name, "a header's name")
                required_span(value, &step.value, "a value")
            status = fp_route_builder_set_matcher(self.builder, room, <size_t>len(steps), &failed, &error)
            self.failed_step = failed
            check(status, &error)
        finally:
            PyMem_Free(room)

    def build(self, list context not None, *, bint ignore_port=False, bint ignore_parameters=False):
        """The table as a snapshot. `context` says what its indices stand for: the entries of _route.pxd as lists, whose
        variables' names are filled in here. Releases the GIL."""
        cdef fp_error error
        cdef fp_status status
        cdef fp_route_table *table = NULL
        cdef uint32_t flags = FASTPATH_ROUTE_TABLE_IGNORE_PORT if ignore_port else 0
        if ignore_parameters:
            flags |= FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS
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
        entries = tuple([with_param_names(table, index, entry) for index, entry in enumerate(context)])
        Py_INCREF(entries)
        fp_route_table_set_context(table, <void *>entries, release_context)
        return snapshot


cdef tuple with_param_names(fp_route_table *table, uint32_t virtual_host, list entry):
    """An entry of the context, with the names of the templates' variables."""
    cdef fp_route_match found
    cdef uint32_t i
    cdef list names
    if entry[3]:
        found.virtual_host = virtual_host
        names = []
        for found.route in range(<uint32_t>len(entry[1])):
            count = fp_route_table_param_count(table, &found)
            names.append(
                tuple([intern_name(fp_route_table_param_name(table, &found, i)) for i in range(count)])
                if count else None
            )
        entry[3] = tuple(names)
    return tuple(entry)


cdef str intern_name(fp_span name):
    return intern(name.data[:name.len].decode("utf-8", "surrogateescape"))


@cython.final
cdef class RouteTableSnapshot:
    """An immutable table, made by RouteTableBuilder.build and published by RouteMatcher.publish."""

    def __dealloc__(self):
        fp_route_table_unref(self.table)

    @property
    def context(self):
        """What was given to build."""
        return <object>fp_route_table_context(self.table) if self.table is not NULL else ()

    def shadowed(self, uint32_t virtual_host):
        """The routes of a virtual host that never win, each with the one in its way, as pairs of indices."""
        cdef uint32_t route = 0, by = 0
        cdef list found = []
        while self.table is not NULL:
            fp_route_table_next_shadowed(self.table, virtual_host, route, &route, &by)
            if route == FASTPATH_ROUTE_INDEX_NONE:
                break
            found.append((route, by))
            route += 1
        return found

    @property
    def size(self):
        """Bytes that the compiled table holds."""
        return fp_route_table_size(self.table) if self.table is not NULL else 0


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

    cdef Match answer(self, fp_route_request *request, object random):
        if self.cell is NULL:
            raise ValueError("nothing was published")
        request.random = next_random(&self.random_state) if random is None else random
        if self.normalizes_authority:
            return self.answer_with_authority_normalized(request)
        return self.answer_with_path(request)

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
                match.authority = bytes_of(request.authority)
            return match
        finally:
            if room is not small:
                PyMem_Free(room)

    cdef Match answer_with_path(self, fp_route_request *request):
        if self.normalizer is None or request.path.len == 0:
            return self.look_up(request)
        return self.answer_with_path_normalized(request)

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
                match.path = bytes_of(normalized.path)
                match.path_redirect = normalized.action == FASTPATH_PATH_REDIRECT
            return match
        finally:
            if room is not small:
                PyMem_Free(room)

    cdef Match look_up(self, const fp_route_request *request):
        cdef fp_route_table *table = <fp_route_table *>fp_snapshot_read(&self.reader)
        cdef fp_route_match found
        cdef fp_status status = fp_route_table_match(table, request, &found)
        cdef uint32_t share = FASTPATH_ROUTE_INDEX_NONE
        cdef fp_span spans[32]  # FASTPATH_ROUTE_PARAMS_MAX
        cdef fp_span path
        cdef tuple entry
        cdef Match match
        if status != FASTPATH_OK:
            if status < 0:
                check(status, NULL)
            return None
        entry = (<tuple>fp_route_table_context(table))[found.virtual_host]
        if found.share_total != 0:
            share = fp_route_table_choose_share(table, &found, chooser(entry, found.route, request))
        if entry[3] is not None and found.tls_redirect == 0:
            path = request.path
            path.len = path_end(path)
            fp_route_table_params(table, &found, path, spans)
        # Making an object may run a collection, and that code which publishes: the table must not be used any more.
        match = <Match>Match.__new__(Match)
        match.entry = entry
        match.index = found.route
        match.share = share
        if found.tls_redirect == 0:
            if entry[3] is not None:
                match.params = params_of((<tuple>entry[3])[found.route], spans)
            match.named_cluster = named_cluster(match, request)
        return match

    def draw(self):
        """The next value of the table's own generator, 0 to 2**64-1."""
        return next_random(&self.random_state)

    def match(
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
        return self.match_record(record_of(request), scheme_span, tls, random, metadata, filter_state)

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

    def match_many(self, requests, *, scheme=b"http", tls=None):
        """The routes for parsed requests, as a list of what `match` returns for each."""
        cdef fp_route_request parts
        cdef list matches = []
        parts.flags = 0
        parts.attributes = NULL
        required_span(scheme, &parts.scheme, "scheme")
        tls_flags(tls, &parts.flags)
        for request in requests:
            if not isinstance(request, Request):
                raise TypeError(f"expected a Request, found {type(request).__name__}")
            request_of(record_of(request), &parts)
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


cdef uint64_t chooser(tuple entry, uint32_t route, const fp_route_request *request):
    """What chooses the share: the number in a header that the route names, if there is one, else the random value."""
    cdef dict headers = entry[4]
    cdef fp_span value
    cdef uint64_t number = 0
    cdef size_t i
    cdef bytes name = None if headers is None else headers.get(route)
    if name is None or not fp_route_request_header(
        request, <const uint8_t *>PyBytes_AS_STRING(name), <size_t>PyBytes_GET_SIZE(name), &value
    ):
        return request.random
    if fp_route_request_header_count(
        request, <const uint8_t *>PyBytes_AS_STRING(name), <size_t>PyBytes_GET_SIZE(name)
    ) != 1:
        return request.random
    if value.len != 0 and value.data[0] == c"+":
        value.data += 1
        value.len -= 1
    if value.len == 0:
        return request.random
    for i in range(value.len):
        digit = <uint32_t>value.data[i] - 48
        if digit > 9 or number > (<uint64_t>0xffffffffffffffff - digit) // 10:
            return request.random
        number = number * 10 + digit
    return number


cdef dict params_of(tuple names, const fp_span *spans):
    cdef Py_ssize_t i
    if names is None:
        return None
    return {<str>names[i]: bytes_of(spans[i]) for i in range(len(names))}


cdef str named_cluster(Match match, const fp_route_request *request):
    """The cluster that a header names, where the route wants that."""
    cdef object cluster = (<tuple>match.entry[2])[match.index]
    cdef fp_span value
    if match.share != FASTPATH_ROUTE_INDEX_NONE:
        cluster = (<tuple>cluster)[match.share]
    if type(cluster) is not bytes or not fp_route_request_header(
        request, <const uint8_t *>PyBytes_AS_STRING(cluster), <size_t>PyBytes_GET_SIZE(cluster), &value
    ):
        return None
    return value.data[:value.len].decode("utf-8", "surrogateescape")


@cython.final
@cython.freelist(64)
cdef class Match:
    """What a table chose for a request; the weighted cluster, if any, is already chosen.

    params: what the variables of the route's path_template stand for, in bytes; None when it has no template.
    path: the request's path (without its query) as the table's normaliser changed it: what to forward. None when the
        request's own path was matched, unchanged.
    authority: the request's host as the table's options changed it: what to forward. None when it is unchanged.
    path_redirect: whether the normaliser wants a 307 with that path as Location instead of forwarding.
    """

    def __init__(self):
        raise TypeError("a Match is made by a route table")

    @property
    def tls_redirect(self):
        """Whether the virtual host wants a 301 to the same place by https; then there is no route."""
        return self.index == FASTPATH_ROUTE_INDEX_NONE

    @property
    def route(self):
        """The `fastpath.models.Route`, as given to the table. LookupError with a tls_redirect."""
        cdef tuple routes = self.entry[1]
        if self.index == FASTPATH_ROUTE_INDEX_NONE:
            raise LookupError("there is no route, but a redirect to https: look at tls_redirect first")
        return routes[self.index]

    @property
    def cluster(self):
        """Name of the cluster to forward to; None when the route answers itself, or names a header that is missing."""
        cdef tuple clusters = self.entry[2]
        cdef object cluster
        if self.index == FASTPATH_ROUTE_INDEX_NONE:
            return None
        cluster = clusters[self.index]
        if self.share != FASTPATH_ROUTE_INDEX_NONE:
            clusters = cluster
            cluster = clusters[self.share]
        return self.named_cluster if type(cluster) is bytes else cluster

    @property
    def weighted_cluster(self):
        """The `fastpath.models.WeightedCluster` that was chosen; None when the route is not split."""
        if self.share == FASTPATH_ROUTE_INDEX_NONE:
            return None
        return self.route.action.weighted_clusters[self.share]

    @property
    def virtual_host(self):
        """The `fastpath.models.VirtualHost` that the route belongs to."""
        return self.entry[0]

    @property
    def configuration(self):
        """The `fastpath.models.RouteConfiguration` that the table was made of; None when of virtual hosts."""
        return self.entry[5]

    @property
    def layout(self):
        """What the table's maker has laid out for the route; `fastpath.actions.actions_of` reads it. LookupError with a
        tls_redirect."""
        if self.index == FASTPATH_ROUTE_INDEX_NONE:
            raise LookupError("there is no route, but a redirect to https: look at tls_redirect first")
        return self.entry[6][self.index]

    def __repr__(self):
        if self.index == FASTPATH_ROUTE_INDEX_NONE:
            return f"<Match tls_redirect virtual_host={self.virtual_host.name!r}>"
        return f"<Match route={self.route.name!r} cluster={self.cluster!r} virtual_host={self.virtual_host.name!r}>"


cdef class PathMatcher(RouteMatcher):
    """Matches paths alone, for those who have no hosts and conditions. The snapshot has one virtual host, for "*", and
    what its context has for routes is handed out."""

    def find(self, path, /):
        """What stands for the route that takes a path (str or bytes), None for none."""
        cdef tuple routes
        cdef fp_route_request request
        cdef fp_route_match found
        cdef fp_status status
        cdef fp_route_table *table
        memset(&request, 0, sizeof(request))
        required_span(path, &request.path, "path")
        table = <fp_route_table *>fp_snapshot_read(&self.reader)
        status = fp_route_table_match(table, &request, &found)
        if status != FASTPATH_OK:
            if status < 0:
                check(status, NULL)
            return None
        routes = (<tuple>(<tuple>fp_route_table_context(table))[0])[1]
        return routes[found.route]

    def find_with_params(self, path, /):
        """The same, and what the template's variables stand for in a dict, of the type of `path`."""
        cdef fp_route_request request
        cdef fp_route_match found
        cdef fp_span spans[32]  # FASTPATH_ROUTE_PARAMS_MAX
        cdef fp_status status
        cdef Py_ssize_t i
        cdef fp_route_table *table
        cdef tuple entry, names
        cdef object route
        cdef dict params
        memset(&request, 0, sizeof(request))
        required_span(path, &request.path, "path")
        table = <fp_route_table *>fp_snapshot_read(&self.reader)
        status = fp_route_table_match(table, &request, &found)
        if status != FASTPATH_OK:
            if status < 0:
                check(status, NULL)
            return None
        entry = (<tuple>fp_route_table_context(table))[0]
        route = (<tuple>entry[1])[found.route]
        names = (<tuple>entry[3])[found.route]
        params = {}
        if names is not None:
            request.path.len = path_end(request.path)
            fp_route_table_params(table, &found, request.path, spans)
            for i in range(PyTuple_GET_SIZE(names)):
                params[names[i]] = piece_of(path, spans[i])
        return route, params


cdef inline object piece_of(object path, fp_span span):
    """Some of the bytes of a path, in an object of its type."""
    cdef str piece
    if isinstance(path, bytes):
        return bytes_of(span)
    if not PyUnicode_IS_ASCII(path):
        return PyUnicode_DecodeUTF8(<const char *>span.data, <Py_ssize_t>span.len, NULL)
    piece = PyUnicode_New(<Py_ssize_t>span.len, 127)
    memcpy(PyUnicode_DATA(piece), span.data, span.len)
    return piece
