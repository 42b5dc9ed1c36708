# Mirror of fastpath/route.h; what each means is told there.
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status


cdef extern from "fastpath/route.h" nogil:
    const uint32_t FASTPATH_ROUTE_DOMAIN_MAX
    const uint32_t FASTPATH_ROUTE_INDEX_NONE

    ctypedef enum fp_route_path_kind:
        FASTPATH_ROUTE_PATH_PREFIX
        FASTPATH_ROUTE_PATH_EXACT
        FASTPATH_ROUTE_PATH_SEPARATED

    enum:
        FASTPATH_ROUTE_IGNORE_CASE
        FASTPATH_ROUTE_TABLE_IGNORE_PORT

    ctypedef struct fp_route_builder:
        pass

    ctypedef struct fp_route_table:
        pass

    ctypedef struct fp_route_request:
        fp_span authority
        fp_span path

    ctypedef struct fp_route_match:
        uint32_t virtual_host
        uint32_t route
        uint32_t share_total

    ctypedef void (*fp_route_release_fn)(void *context) noexcept nogil

    fp_route_builder *fp_route_builder_new()
    void fp_route_builder_free(fp_route_builder *builder)
    fp_status fp_route_builder_add_virtual_host(fp_route_builder *builder, fp_error *error)
    fp_status fp_route_builder_share_virtual_host(fp_route_builder *builder, const fp_route_table *table,
                                                  uint32_t virtual_host, fp_error *error)
    fp_status fp_route_builder_add_domain(fp_route_builder *builder, const uint8_t *domain, size_t len,
                                          fp_error *error)
    fp_status fp_route_builder_add_route(fp_route_builder *builder, fp_route_path_kind kind, const uint8_t *path,
                                         size_t len, uint32_t flags, fp_error *error)
    fp_status fp_route_builder_add_share(fp_route_builder *builder, uint32_t weight, fp_error *error)
    fp_status fp_route_builder_build(fp_route_builder *builder, uint32_t flags, fp_route_table **table,
                                     fp_error *error)

    fp_route_table *fp_route_table_ref(fp_route_table *table)
    void fp_route_table_unref(fp_route_table *table)
    void fp_route_table_set_context(fp_route_table *table, void *context, fp_route_release_fn release)
    void *fp_route_table_context(const fp_route_table *table)
    size_t fp_route_table_size(const fp_route_table *table)
    uint32_t fp_route_table_virtual_host_count(const fp_route_table *table)
    fp_status fp_route_table_match(const fp_route_table *table, const fp_route_request *request, fp_route_match *match)
    uint32_t fp_route_table_choose_share(const fp_route_table *table, const fp_route_match *match, uint64_t value)
