# Matching for other Cython modules: the cell that a table's snapshots are published through.
from libc.stdint cimport uint64_t

from fastpath._match cimport Match
from fastpath._path cimport PathNormalizer
from fastpath._record cimport HeadRecord
from fastpath.libfastpath.authority cimport fp_authority_options
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.route cimport fp_route_request
from fastpath.libfastpath.snapshot cimport fp_snapshot_cell, fp_snapshot_reader


cdef class RouteMatcher:
    cdef fp_snapshot_cell *cell  # of fp_route_table; NULL until the first publication
    cdef fp_snapshot_reader reader  # used with the GIL held; another thread may make a reader of its own on the cell
    cdef uint64_t random_state
    cdef PathNormalizer normalizer  # None: paths are matched as they are
    cdef fp_authority_options authority_options
    cdef bint normalizes_authority
    cdef bint takes_as_it_is  # neither authority nor path is normalised

    cdef Match match_record(
        self, HeadRecord *record, fp_span scheme, object tls, object random, object metadata, object filter_state
    )
    cdef Match answer(self, fp_route_request *request, object random)
    cdef Match answer_with_path(self, fp_route_request *request)
    cdef Match answer_with_path_normalized(self, fp_route_request *request)
    cdef Match answer_with_authority_normalized(self, fp_route_request *request)
    cdef Match look_up(self, const fp_route_request *request)
