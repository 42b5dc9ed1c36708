# What a table chose, for other Cython modules.
from libc.stdint cimport uint32_t


# What few matches have.
cdef class MatchDetails:
    cdef str named_cluster  # that a header names; None when there is no such header
    cdef dict params
    cdef bytes path
    cdef bytes authority
    cdef bint path_redirect


# Holds the virtual host's part of a table's context (see _route_builder.pxd), and finds in it what is asked for.
cdef class Match:
    cdef tuple entry
    cdef MatchDetails details  # None: nothing of it
    cdef uint32_t index  # of the route; FASTPATH_ROUTE_INDEX_NONE with a TLS redirect
    cdef uint32_t share  # chosen among the route's clusters, FASTPATH_ROUTE_INDEX_NONE when it is not split

    cdef MatchDetails with_details(self)


cdef Match match_new(tuple entry, uint32_t index, uint32_t share)
