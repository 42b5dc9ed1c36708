"""Filter chain tables over the C core. `fastpath.connections` composes them from models."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath._status cimport check
from fastpath.libfastpath.base cimport fp_error, fp_span
from fastpath.libfastpath.filter_chain cimport *


cdef int address_of(bytes packed, uint8_t prefix_len, fp_cidr *cidr) except -1:
    """An address of 4 or 16 bytes, or of none."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(packed)
    memset(cidr, 0, sizeof(fp_cidr))
    if size != 0:
        if size != 4 and size != 16:
            raise ValueError("an address has 4 or 16 bytes")
        cidr.family = 4 if size == 4 else 6
        cidr.prefix_len = prefix_len
        memcpy(cidr.address, PyBytes_AS_STRING(packed), <size_t>size)
    return 0


cdef inline fp_span span_of(bytes text):
    cdef fp_span span
    span.data = <const uint8_t *>PyBytes_AS_STRING(text)
    span.len = <size_t>PyBytes_GET_SIZE(text)
    return span


cdef class Arena:
    """Memory for the arrays of one match."""
    cdef list blocks

    def __cinit__(self):
        self.blocks = []

    cdef void *take(self, size_t count, size_t size) except NULL:
        block = bytearray(count * size + 1)
        self.blocks.append(block)
        return <void *><char *>block

    cdef fp_cidr *ranges(self, list ranges) except NULL:
        cdef fp_cidr *made = <fp_cidr *>self.take(<size_t>len(ranges), sizeof(fp_cidr))
        for i in range(len(ranges)):
            packed, prefix_len = ranges[i]
            address_of(packed, prefix_len, &made[i])
        return made

    cdef fp_span *names(self, list names) except NULL:
        cdef fp_span *made = <fp_span *>self.take(<size_t>len(names), sizeof(fp_span))
        for i in range(len(names)):
            made[i] = span_of(names[i])
        return made


cdef void release_context(void *context) noexcept with gil:
    Py_DECREF(<object>context)


@cython.final
cdef class FilterChainTableBuilder:
    """Collects filter chains; see fastpath/filter_chain.h."""
    cdef fp_filter_chain_builder *builder

    def __cinit__(self):
        self.builder = fp_filter_chain_builder_new()
        if self.builder is NULL:
            raise MemoryError

    def __dealloc__(self):
        fp_filter_chain_builder_free(self.builder)

    def add(
        self, *, uint32_t destination_port, list destinations not None, list server_names not None,
        bytes transport_protocol not None, list application_protocols not None, list direct_sources not None,
        uint32_t source_type, list sources not None, list source_ports not None,
    ):
        """Add a chain. Ranges are pairs of packed address and prefix length, names are bytes."""
        cdef fp_filter_chain_match match
        cdef fp_error error
        cdef Arena arena = Arena()
        cdef uint16_t *ports = <uint16_t *>arena.take(<size_t>len(source_ports), sizeof(uint16_t))
        for i in range(len(source_ports)):
            ports[i] = source_ports[i]
        match.destination_port = destination_port
        match.destinations = arena.ranges(destinations)
        match.destination_count = <size_t>len(destinations)
        match.server_names = arena.names(server_names)
        match.server_name_count = <size_t>len(server_names)
        match.transport_protocol = span_of(transport_protocol)
        match.application_protocols = arena.names(application_protocols)
        match.application_protocol_count = <size_t>len(application_protocols)
        match.direct_sources = arena.ranges(direct_sources)
        match.direct_source_count = <size_t>len(direct_sources)
        match.source_type = source_type
        match.sources = arena.ranges(sources)
        match.source_count = <size_t>len(sources)
        match.source_ports = ports
        match.source_port_count = <size_t>len(source_ports)
        check(fp_filter_chain_builder_add(self.builder, &match, &error), &error)

    def build(self, tuple chains not None):
        """The table; `chains` are what the numbers stand for."""
        cdef fp_filter_chain_table *table = NULL
        cdef fp_error error
        check(fp_filter_chain_builder_build(self.builder, &table, &error), &error)
        made = <FilterChainTableSnapshot>FilterChainTableSnapshot.__new__(FilterChainTableSnapshot)
        made.table = table
        Py_INCREF(chains)
        fp_filter_chain_table_set_context(table, <void *>chains, release_context)
        return made


@cython.final
cdef class FilterChainTableSnapshot:
    """An immutable table, made by FilterChainTableBuilder.build."""
    cdef fp_filter_chain_table *table  # counted; NULL until built

    def __dealloc__(self):
        fp_filter_chain_table_unref(self.table)

    @property
    def chains(self):
        """What was given to build."""
        return <object>fp_filter_chain_table_context(self.table) if self.table is not NULL else ()

    def match(
        self, bytes destination not None, uint32_t destination_port, bytes server_name not None,
        bytes transport_protocol not None, bytes application_protocols not None, bytes direct_source not None,
        bytes source not None, uint32_t source_port,
    ):
        """The chain, or None. Addresses are packed, or empty; the protocols as in a ClientHello."""
        cdef fp_connection_info connection
        cdef uint32_t number
        if self.table is NULL:
            raise ValueError("the table was not built")
        address_of(destination, 0, &connection.destination)
        address_of(direct_source, 0, &connection.direct_source)
        address_of(source, 0, &connection.source)
        connection.destination_port = destination_port
        connection.source_port = source_port
        connection.server_name = span_of(server_name)
        connection.transport_protocol = span_of(transport_protocol)
        connection.application_protocols = span_of(application_protocols)
        number = fp_filter_chain_table_match(self.table, &connection)
        if number == FASTPATH_FILTER_CHAIN_NONE:
            return None
        return (<tuple>fp_filter_chain_table_context(self.table))[number]
