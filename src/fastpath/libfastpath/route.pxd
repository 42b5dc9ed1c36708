# Mirror of fastpath/route.h; what each means is told there.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_cidr, fp_error, fp_span, fp_status
from fastpath.libfastpath.http cimport fp_http_field
from fastpath.libfastpath.route_attributes cimport fp_route_attributes, fp_value_test


cdef extern from "fastpath/route.h" nogil:
    const uint32_t FASTPATH_ROUTE_DOMAIN_MAX
    const uint32_t FASTPATH_ROUTE_ROUTES_MAX
    const uint32_t FASTPATH_ROUTE_CONDITIONS_MAX
    const uint32_t FASTPATH_ROUTE_PARAMS_MAX
    const uint32_t FASTPATH_ROUTE_INDEX_NONE

    ctypedef enum fp_route_path_kind:
        FASTPATH_ROUTE_PATH_PREFIX
        FASTPATH_ROUTE_PATH_EXACT
        FASTPATH_ROUTE_PATH_SEPARATED
        FASTPATH_ROUTE_PATH_REGEX
        FASTPATH_ROUTE_PATH_TEMPLATE
        FASTPATH_ROUTE_PATH_CONNECT

    enum:
        FASTPATH_ROUTE_IGNORE_CASE
        FASTPATH_ROUTE_ANY_SEGMENT
        FASTPATH_ROUTE_TABLE_IGNORE_PORT
        FASTPATH_ROUTE_TABLE_IGNORE_PARAMETERS
        FASTPATH_ROUTE_INVERT
        FASTPATH_ROUTE_MISSING_AS_EMPTY
        FASTPATH_ROUTE_VALUE_IGNORE_CASE
        FASTPATH_ROUTE_REQUEST_INTERNAL
        FASTPATH_ROUTE_REQUEST_TLS_PRESENTED
        FASTPATH_ROUTE_REQUEST_TLS_VALIDATED
        FASTPATH_ROUTE_REQUEST_TARGET_HTTP
        FASTPATH_ROUTE_REQUEST_TARGET_HTTPS

    ctypedef enum fp_route_require_tls:
        FASTPATH_ROUTE_TLS_NONE
        FASTPATH_ROUTE_TLS_EXTERNAL
        FASTPATH_ROUTE_TLS_ALL

    ctypedef enum fp_route_condition_kind:
        FASTPATH_ROUTE_CONDITION_HEADER
        FASTPATH_ROUTE_CONDITION_QUERY
        FASTPATH_ROUTE_CONDITION_COOKIE
        FASTPATH_ROUTE_CONDITION_GRPC
        FASTPATH_ROUTE_CONDITION_FRACTION
        FASTPATH_ROUTE_CONDITION_TLS_PRESENTED
        FASTPATH_ROUTE_CONDITION_TLS_VALIDATED
        FASTPATH_ROUTE_CONDITION_METADATA
        FASTPATH_ROUTE_CONDITION_FILTER_STATE
        FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS

    ctypedef enum fp_route_compare:
        FASTPATH_ROUTE_COMPARE_PRESENT
        FASTPATH_ROUTE_COMPARE_EXACT
        FASTPATH_ROUTE_COMPARE_PREFIX
        FASTPATH_ROUTE_COMPARE_SUFFIX
        FASTPATH_ROUTE_COMPARE_CONTAINS
        FASTPATH_ROUTE_COMPARE_REGEX
        FASTPATH_ROUTE_COMPARE_RANGE

    ctypedef struct fp_route_condition:
        uint8_t kind
        uint8_t compare
        uint8_t flags
        fp_span name
        fp_span value
        int64_t start
        int64_t end
        uint32_t numerator
        uint32_t denominator
        const fp_span *path
        size_t path_len
        const fp_value_test *tests
        size_t test_count
        const fp_cidr *ranges
        size_t range_count

    ctypedef struct fp_route_builder:
        pass

    ctypedef struct fp_route_table:
        pass

    ctypedef struct fp_route_request:
        fp_span authority
        fp_span path
        fp_span method
        fp_span scheme
        const uint8_t *data
        const fp_http_field *fields
        uint32_t field_count
        uint32_t flags
        uint64_t random
        const fp_route_attributes *attributes

    ctypedef struct fp_route_match:
        uint32_t virtual_host
        uint32_t route
        uint32_t share_total
        uint32_t tls_redirect

    ctypedef void (*fp_route_release_fn)(void *context) noexcept nogil

    fp_route_builder *fp_route_builder_new()
    void fp_route_builder_free(fp_route_builder *builder)
    fp_status fp_route_builder_add_virtual_host(fp_route_builder *builder, fp_error *error)
    fp_status fp_route_builder_share_virtual_host(fp_route_builder *builder, const fp_route_table *table,
                                                  uint32_t virtual_host, fp_error *error)
    fp_status fp_route_builder_require_tls(fp_route_builder *builder, fp_route_require_tls require, fp_error *error)
    fp_status fp_route_builder_add_domain(fp_route_builder *builder, const uint8_t *domain, size_t len,
                                          fp_error *error)
    fp_status fp_route_builder_add_route(fp_route_builder *builder, fp_route_path_kind kind, const uint8_t *path,
                                         size_t len, uint32_t flags, fp_error *error)
    fp_status fp_route_builder_add_condition(fp_route_builder *builder, const fp_route_condition *condition,
                                             fp_error *error)
    fp_status fp_route_builder_add_share(fp_route_builder *builder, uint32_t weight, fp_error *error)
    fp_status fp_route_builder_set_host_header(fp_route_builder *builder, fp_span name, fp_error *error)
    fp_status fp_route_builder_build(fp_route_builder *builder, uint32_t flags, fp_route_table **table,
                                     fp_error *error)

    fp_route_table *fp_route_table_ref(fp_route_table *table)
    void fp_route_table_unref(fp_route_table *table)
    void fp_route_table_set_context(fp_route_table *table, void *context, fp_route_release_fn release)
    void *fp_route_table_context(const fp_route_table *table)
    size_t fp_route_table_size(const fp_route_table *table)
    uint32_t fp_route_table_virtual_host_count(const fp_route_table *table)
    void fp_route_table_next_shadowed(const fp_route_table *table, uint32_t virtual_host, uint32_t start,
                                      uint32_t *route, uint32_t *by)
    fp_status fp_route_table_match(const fp_route_table *table, const fp_route_request *request, fp_route_match *match)
    uint32_t fp_route_table_choose_share(const fp_route_table *table, const fp_route_match *match, uint64_t value)
    ctypedef struct fp_routed_fields:
        const fp_route_request *request
    void fp_routed_fields_init(fp_routed_fields *fields, const fp_route_request *request)
    int fp_routed_fields_next(const fp_routed_fields *fields, fp_span wanted, uint32_t *at, fp_span *name,
                              fp_span *value)
    int fp_routed_field_is_joined(const uint8_t *name, size_t len)
    uint32_t fp_route_table_param_count(const fp_route_table *table, const fp_route_match *match)
    fp_span fp_route_table_param_name(const fp_route_table *table, const fp_route_match *match, uint32_t index)
    void fp_route_table_params(const fp_route_table *table, const fp_route_match *match, fp_span path, fp_span *params)
