# Mirror of fastpath/filter_chain.h; what each means is told there.
from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.libfastpath.base cimport fp_cidr, fp_error, fp_span, fp_status


cdef extern from "fastpath/filter_chain.h" nogil:
    const uint32_t FASTPATH_FILTER_CHAIN_NONE

    ctypedef enum fp_source_type:
        FASTPATH_SOURCE_ANY
        FASTPATH_SOURCE_SAME_IP_OR_LOOPBACK
        FASTPATH_SOURCE_EXTERNAL

    ctypedef struct fp_filter_chain_match:
        uint32_t destination_port
        const fp_cidr *destinations
        size_t destination_count
        const fp_span *server_names
        size_t server_name_count
        fp_span transport_protocol
        const fp_span *application_protocols
        size_t application_protocol_count
        const fp_cidr *direct_sources
        size_t direct_source_count
        uint32_t source_type
        const fp_cidr *sources
        size_t source_count
        const uint16_t *source_ports
        size_t source_port_count

    ctypedef struct fp_connection_info:
        fp_cidr destination
        fp_cidr source
        fp_cidr direct_source
        uint32_t destination_port
        uint32_t source_port
        fp_span server_name
        fp_span transport_protocol
        fp_span application_protocols

    ctypedef struct fp_filter_chain_builder:
        pass

    ctypedef struct fp_filter_chain_table:
        pass

    ctypedef void (*fp_filter_chain_release_fn)(void *context) noexcept nogil

    fp_filter_chain_builder *fp_filter_chain_builder_new()
    void fp_filter_chain_builder_free(fp_filter_chain_builder *builder)
    fp_status fp_filter_chain_builder_add(fp_filter_chain_builder *builder, const fp_filter_chain_match *match,
                                          fp_error *error)
    fp_status fp_filter_chain_builder_build(fp_filter_chain_builder *builder, fp_filter_chain_table **table,
                                            fp_error *error)
    fp_filter_chain_table *fp_filter_chain_table_ref(fp_filter_chain_table *table)
    void fp_filter_chain_table_unref(fp_filter_chain_table *table)
    void fp_filter_chain_table_set_context(fp_filter_chain_table *table, void *context,
                                           fp_filter_chain_release_fn release)
    void *fp_filter_chain_table_context(const fp_filter_chain_table *table)
    uint32_t fp_filter_chain_table_match(const fp_filter_chain_table *table, const fp_connection_info *connection)
