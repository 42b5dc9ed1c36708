# Route tables for other Cython modules: the cell that a table's snapshots are published through, and what they hold.
from libc.stdint cimport uint32_t, uint64_t

from fastpath._path cimport PathNormalizer
from fastpath.libfastpath.route cimport fp_route_builder, fp_route_match, fp_route_request, fp_route_table
from fastpath.libfastpath.snapshot cimport fp_snapshot_cell, fp_snapshot_reader


cdef class RouteTableBuilder:
    cdef fp_route_builder *builder


# One published table. Its context is a tuple with (virtual host, its routes, their clusters) for each virtual host,
# where a route's cluster is a name, a tuple of names in order of the shares, or None.
cdef class RouteTableSnapshot:
    cdef fp_route_table *table  # counted; NULL until built


cdef class RouteMatcher:
    cdef fp_snapshot_cell *cell  # of fp_route_table; NULL until the first publication
    cdef fp_snapshot_reader reader  # used with the GIL held; another thread may make a reader of its own on the cell
    cdef uint64_t random_state
    cdef PathNormalizer normalizer  # None: paths are matched as they are

    cdef Match answer(self, fp_route_request *request, object random)
    cdef Match answer_normalized(self, fp_route_request *request, object random)
    cdef Match look_up(self, const fp_route_request *request, object random)


# Holds the virtual host's part of the context, and finds in it what is asked for.
cdef class Match:
    cdef tuple entry
    cdef uint32_t index  # of the route
    cdef uint32_t share  # chosen among the route's clusters, FASTPATH_ROUTE_INDEX_NONE when it is not split
    cdef readonly bytes path
    cdef readonly bint path_redirect
