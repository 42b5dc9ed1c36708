# Route tables for other Cython modules: the cell that a table's snapshots are published through, and what they hold.
from libc.stdint cimport uint32_t, uint64_t

from fastpath._path cimport PathNormalizer
from fastpath._record cimport HeadRecord
from fastpath.libfastpath.authority cimport fp_authority_options
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.route cimport fp_route_builder, fp_route_match, fp_route_request, fp_route_table
from fastpath.libfastpath.snapshot cimport fp_snapshot_cell, fp_snapshot_reader


cdef class RouteTableBuilder:
    cdef fp_route_builder *builder
    cdef readonly size_t failed_step  # of set_matcher, after an error


# One published table. Its context is a tuple with an entry for each virtual host:
#   0  the virtual host
#   1  its routes
#   2  their clusters, each a name (str), the name of the header that holds it (bytes), a tuple of such in order of the
#      shares, or None
#   3  the names of their templates' variables, each a tuple or None; None when no route has a template
#   4  {route: name of the header (bytes) whose number chooses the share}, or None
#   5  the route configuration, or None
#   6  {route: what is laid out for it}, which makes what is missing when it is asked for
cdef class RouteTableSnapshot:
    cdef fp_route_table *table  # counted; NULL until built


cdef class RouteMatcher:
    cdef fp_snapshot_cell *cell  # of fp_route_table; NULL until the first publication
    cdef fp_snapshot_reader reader  # used with the GIL held; another thread may make a reader of its own on the cell
    cdef uint64_t random_state
    cdef PathNormalizer normalizer  # None: paths are matched as they are
    cdef fp_authority_options authority_options
    cdef bint normalizes_authority

    cdef Match match_record(
        self, HeadRecord *record, fp_span scheme, object tls, object random, object metadata, object filter_state
    )
    cdef Match answer(self, fp_route_request *request, object random)
    cdef Match answer_with_path(self, fp_route_request *request)
    cdef Match answer_with_path_normalized(self, fp_route_request *request)
    cdef Match answer_with_authority_normalized(self, fp_route_request *request)
    cdef Match look_up(self, const fp_route_request *request)


cdef class PathMatcher(RouteMatcher):
    pass


# Holds the virtual host's part of the context, and finds in it what is asked for.
cdef class Match:
    cdef tuple entry
    cdef uint32_t index  # of the route; FASTPATH_ROUTE_INDEX_NONE with a TLS redirect
    cdef uint32_t share  # chosen among the route's clusters, FASTPATH_ROUTE_INDEX_NONE when it is not split
    cdef str named_cluster  # that a header names; None when there is no such header
    cdef readonly dict params
    cdef readonly bytes path
    cdef readonly bytes authority
    cdef readonly bint path_redirect
