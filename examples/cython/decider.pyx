# cython: language_level=3
"""Decisions without the GIL: a package of somebody else's, built against an installed fastpath.

    decider = Decider(table, clusters["shop"], seed=1)      # a fastpath.RouteTable, a fastpath.Cluster
    decider.decide([head, head, ...])                       # [(route, host), (None, None), ...]

Table and cluster stay what Python holds: an update there is seen by the next call here.
"""
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport free, malloc

from fastpath._cluster cimport Cluster
from fastpath._route cimport RouteMatcher
from fastpath.libfastpath.base cimport FASTPATH_OK
from fastpath.libfastpath.cluster cimport fp_host_key, fp_picker, fp_picker_free, fp_picker_new, fp_picker_pick
from fastpath.libfastpath.http cimport fp_http_field, fp_http_head, fp_http_parse_request
from fastpath.libfastpath.lb cimport fp_host
from fastpath.libfastpath.route cimport (
    FASTPATH_ROUTE_INDEX_NONE, fp_route_match, fp_route_request, fp_route_table, fp_route_table_match,
)
from fastpath.libfastpath.snapshot cimport (
    fp_snapshot_read, fp_snapshot_reader, fp_snapshot_reader_clear, fp_snapshot_reader_init,
)

cdef enum:
    FIELDS = 64


cdef struct Decision:
    const uint8_t *data
    size_t size
    size_t route  # FASTPATH_ROUTE_INDEX_NONE: none
    fp_host *host  # NULL: none; borrowed until the picker is next used, hence its key is copied at once
    char key[64]
    size_t key_size


cdef void decide_one(const fp_route_table *table, fp_picker *picker, Decision *decision) noexcept nogil:
    cdef fp_http_field fields[FIELDS]
    cdef fp_http_head head
    cdef fp_route_request request
    cdef fp_route_match match
    cdef const uint8_t *data = decision.data
    head.fields = fields
    head.field_capacity = FIELDS
    decision.route = FASTPATH_ROUTE_INDEX_NONE
    decision.host = NULL
    if fp_http_parse_request(data, decision.size, NULL, &head, NULL) != FASTPATH_OK:
        return
    request.authority.data, request.authority.len = data + head.authority_off, head.authority_len
    request.path.data = data + head.path_off
    request.path.len = head.query_off + head.query_len - head.path_off if head.query_off else head.path_len
    request.method.data, request.method.len = data + head.method_off, head.method_len
    request.scheme.data, request.scheme.len = NULL, 0
    request.data, request.fields, request.field_count = data, fields, head.field_count
    request.flags, request.random, request.attributes = 0, 0, NULL
    if fp_route_table_match(table, &request, &match) != FASTPATH_OK or match.tls_redirect:
        return
    decision.route = match.route
    fp_picker_pick(picker, NULL, &decision.host, NULL)


cdef class Decider:
    """One worker's: one thread at a time."""

    cdef RouteMatcher table
    cdef Cluster cluster
    cdef fp_snapshot_reader reader
    cdef fp_picker *picker

    def __cinit__(self, RouteMatcher table not None, Cluster cluster not None, uint64_t seed):
        self.table, self.cluster = table, cluster
        fp_snapshot_reader_init(&self.reader, table.cell)
        self.picker = fp_picker_new(cluster.ptr, seed)
        if self.picker is NULL:
            raise MemoryError

    def __dealloc__(self):
        fp_picker_free(self.picker)
        fp_snapshot_reader_clear(&self.reader)

    def decide(self, heads):
        """For each head (bytes) the index of its route and the host it goes to (bytes), None where there is none."""
        cdef tuple kept = tuple(heads)  # others may change a list while the GIL is not held
        cdef size_t count = len(kept), i
        cdef bytes head
        cdef const fp_route_table *table
        cdef Decision *decisions = <Decision *>malloc((count + 1) * sizeof(Decision))
        if decisions is NULL:
            raise MemoryError
        try:
            for i in range(count):
                head = kept[i]
                decisions[i].data, decisions[i].size = <const uint8_t *><const char *>head, len(head)
            with nogil:
                table = <const fp_route_table *>fp_snapshot_read(&self.reader)
                for i in range(count):
                    decide_one(table, self.picker, &decisions[i])
                    keep_key(&decisions[i])
            return [
                (
                    None if decisions[i].route == FASTPATH_ROUTE_INDEX_NONE else decisions[i].route,
                    None if decisions[i].host is NULL else decisions[i].key[:decisions[i].key_size],
                )
                for i in range(count)
            ]
        finally:
            free(decisions)


cdef void keep_key(Decision *decision) noexcept nogil:
    cdef size_t i
    if decision.host is not NULL:
        key = fp_host_key(decision.host)
        decision.key_size = min(key.len, sizeof(decision.key))
        for i in range(decision.key_size):
            decision.key[i] = <char>key.data[i]
