# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Weights that hosts have earned, and what that makes of a cluster's endpoints."""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport UINT32_MAX, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, qsort

from fastpath._host cimport Host, live
from fastpath._endpoints cimport EndpointArray
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.cluster cimport (
    fp_endpoint,
    fp_host_address,
    fp_host_hostname,
    fp_host_port,
)
from fastpath.libfastpath.lb cimport fp_host

cdef enum:
    NONE = -1


cdef struct Record:
    bint reports
    uint32_t weight
    double since  # reporting
    double last


cdef struct Member:
    uint32_t record  # of its host
    bint is_first    # of those of its host in its priority


cdef inline bytes bytes_of(fp_span span):
    return PyBytes_FromStringAndSize(<const char *>span.data, <Py_ssize_t>span.len)


cdef inline tuple key_of(fp_span address, unsigned int port, fp_span hostname):
    """What a host is known by, before and after it is one."""
    return bytes_of(address), port, bytes_of(hostname)


cdef void *array_of(size_t count, size_t size) except NULL:
    cdef void *memory = calloc(count + 1, size)
    if memory is NULL:
        raise MemoryError
    return memory


cdef int by_number(const void *a, const void *b) noexcept nogil:
    cdef uint32_t left = (<const uint32_t *>a)[0], right = (<const uint32_t *>b)[0]
    return (left > right) - (left < right)


cdef uint64_t median_of(uint32_t *weights, size_t count) noexcept nogil:
    """1 of none. Sorts them."""
    cdef size_t middle = count // 2
    if count == 0:
        return 1
    qsort(weights, count, sizeof(uint32_t), by_number)
    if count % 2:
        return weights[middle]
    return (<uint64_t>weights[middle - 1] + weights[middle]) // 2


cdef inline uint64_t own_or(int64_t weight, uint64_t median) noexcept nogil:
    cdef uint64_t counted = median if weight == NONE else <uint64_t>weight
    return counted if counted > 0 else 1


cdef void weigh_priority(fp_endpoint *items, const Member *members, size_t count, uint32_t priority,
                         const int64_t *weights, uint32_t *scratch) noexcept nogil:
    """Gives the endpoints of one priority the weights that they count with, in sum what the core takes."""
    cdef size_t i, known = 0
    cdef uint64_t hosts = 0, total = 0, most, median, weight
    for i in range(count):
        if items[i].priority == priority and members[i].is_first:
            hosts += 1
            if weights[members[i].record] != NONE:
                scratch[known] = <uint32_t>weights[members[i].record]
                known += 1
    if hosts == 0:
        return
    median = median_of(scratch, known)
    for i in range(count):
        if items[i].priority == priority and members[i].is_first:
            total += own_or(weights[members[i].record], median)
    most = UINT32_MAX - hosts
    for i in range(count):
        if items[i].priority == priority:
            weight = own_or(weights[members[i].record], median)
            items[i].weight = <uint32_t>(weight if total <= UINT32_MAX else max(weight * most // total, <uint64_t>1))


@cython.final
cdef class HostWeights:
    """By host. Any thread may report; one at a time may do the rest."""

    cdef EndpointArray endpoints  # whose hosts these are
    cdef dict numbers             # of records, by key_of
    cdef Record *records
    cdef Member *members          # by endpoint

    def __cinit__(self):
        self.endpoints = EndpointArray()
        self.numbers = {}

    def __dealloc__(self):
        free(self.records)
        free(self.members)

    def watch(self, EndpointArray endpoints not None):
        """The hosts are these from now on; of those that were there before, what they earned is kept."""
        cdef dict numbers = {}
        cdef set seen = set()
        cdef Member *members
        cdef Record *records
        cdef fp_endpoint *item
        cdef size_t i
        cdef uint32_t number
        if endpoints is self.endpoints:
            return
        members = <Member *>array_of(endpoints.count, sizeof(Member))
        records = NULL
        try:
            records = <Record *>array_of(endpoints.count, sizeof(Record))
            for i in range(endpoints.count):
                item = &endpoints.items[i]
                key = key_of(item.address, item.port, item.hostname)
                number = members[i].record = numbers.setdefault(key, len(numbers))
                known = self.numbers.get(key)
                if known is not None:
                    records[number] = self.records[<size_t>known]
                place = item.priority, number
                members[i].is_first = place not in seen
                seen.add(place)
            self.endpoints, self.numbers = endpoints, numbers
            self.members, members = members, self.members
            self.records, records = records, self.records
        finally:
            free(members)
            free(records)

    def report(self, Host host not None, uint32_t weight, double now):
        """It counts with this weight. Nothing becomes of that when the host is not there any more."""
        cdef fp_host *of = live(host)
        cdef object number = self.numbers.get(key_of(fp_host_address(of), fp_host_port(of), fp_host_hostname(of)))
        cdef Record *record
        if number is None:
            return
        record = &self.records[<size_t>number]
        if not record.reports:
            record.since = now
        record.reports, record.weight, record.last = True, weight, now

    cdef int64_t valid_weight(self, Record *record, double now, double blackout, double expiration) noexcept:
        """The host's own weight, if it counts."""
        if not record.reports or record.since > now - blackout:
            return NONE
        if record.last < now - expiration:
            record.reports = False  # its reports begin anew, and so does its blackout period
            return NONE
        return record.weight

    def weigh(self, double now, double blackout_period, double expiration_period):
        """The endpoints with the weights of this moment. Works without the GIL once it knows what was reported."""
        cdef EndpointArray made = self.endpoints.copy()
        cdef size_t count = made.count, records = <size_t>len(self.numbers), i
        cdef uint32_t priority, last = 0
        cdef uint32_t *scratch
        cdef int64_t *weights = <int64_t *>malloc((records + 1) * (sizeof(int64_t) + sizeof(uint32_t)))
        if weights is NULL:
            raise MemoryError
        scratch = <uint32_t *>(weights + records + 1)
        for i in range(records):
            weights[i] = self.valid_weight(&self.records[i], now, blackout_period, expiration_period)
        with nogil:
            for i in range(count):
                last = max(last, made.items[i].priority)
            for priority in range(last + 1):
                weigh_priority(made.items, self.members, count, priority, weights, scratch)
        free(weights)
        return made
