# Mirror of fastpath/route_matcher.h; what each means is told there.
from libc.stdint cimport uint8_t, uint32_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status
from fastpath.libfastpath.route cimport fp_route_builder, fp_route_request, fp_route_table


cdef extern from "fastpath/route_matcher.h" nogil:
    const uint32_t FASTPATH_ROUTE_MATCHER_DEPTH_MAX

    ctypedef enum fp_route_matcher_kind:
        FASTPATH_ROUTE_MATCHER_LIST
        FASTPATH_ROUTE_MATCHER_EXACT_MAP
        FASTPATH_ROUTE_MATCHER_PREFIX_MAP
        FASTPATH_ROUTE_MATCHER_KEY
        FASTPATH_ROUTE_MATCHER_TEST
        FASTPATH_ROUTE_MATCHER_AND
        FASTPATH_ROUTE_MATCHER_OR
        FASTPATH_ROUTE_MATCHER_NOT
        FASTPATH_ROUTE_MATCHER_ROUTES

    enum:
        FASTPATH_ROUTE_MATCHER_NO_MATCH
        FASTPATH_ROUTE_MATCHER_IGNORE_CASE

    ctypedef struct fp_route_matcher_step:
        uint8_t kind
        uint8_t compare
        uint8_t flags
        uint32_t count
        fp_span name
        fp_span value

    fp_status fp_route_builder_set_matcher(fp_route_builder *builder, const fp_route_matcher_step *steps, size_t count,
                                           size_t *step, fp_error *error)
    uint32_t fp_route_table_list_count(const fp_route_table *table, uint32_t virtual_host)
    void fp_route_table_list(const fp_route_table *table, uint32_t virtual_host, uint32_t index, uint32_t *first,
                             uint32_t *end)
    fp_status fp_route_table_choose_list(const fp_route_table *table, uint32_t virtual_host,
                                         const fp_route_request *request, uint32_t *index)
