# Tables under construction and built, for other Cython modules.
from fastpath.libfastpath.route cimport fp_route_builder, fp_route_table


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
#   7  whether some cluster is named by a header
cdef class RouteTableSnapshot:
    cdef fp_route_table *table  # counted; NULL until built
