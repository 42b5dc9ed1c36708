# cython: wraparound=False, nonecheck=True
"""Building route tables in the C core. `fastpath.routing` composes them from models."""
cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memset

from fastpath._attributes cimport AttributeTest
from fastpath._spans cimport required_span
from fastpath._status cimport check
from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status
from fastpath.libfastpath.route cimport *
from fastpath.libfastpath.route_matcher cimport *

from sys import intern

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


cdef void release_context(void *context) noexcept with gil:
    Py_DECREF(<object>context)


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
        """The table as a snapshot. `context` says what its indices stand for: the entries of _route_builder.pxd as
        lists, whose variables' names are filled in here. Releases the GIL."""
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
