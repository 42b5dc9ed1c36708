# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False
"""A model's endpoints as the core has them. There may be tens of thousands: they are read right into its structs."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.long cimport PyLong_CheckExact
from cpython.unicode cimport PyUnicode_CheckExact
from libc.stdint cimport UINT16_MAX, UINT32_MAX, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from fastpath._hash_keys cimport PyUnicode_1BYTE_DATA, PyUnicode_GET_LENGTH, PyUnicode_IS_COMPACT_ASCII
from fastpath._subset cimport Labels
from fastpath.models._slots cimport slot_of, slot_offset

from fastpath.models import Endpoint, HealthStatus

cdef extern from "Python.h":
    const Py_ssize_t PY_SSIZE_T_MAX
    long long PyLong_AsLongLongAndOverflow(object value, int *overflow) except? -1

cdef object UNKNOWN = HealthStatus.UNKNOWN
cdef type PLAIN = Endpoint
cdef Py_ssize_t ADDRESS = slot_offset(Endpoint.address)
cdef Py_ssize_t PORT = slot_offset(Endpoint.port)
cdef Py_ssize_t WEIGHT = slot_offset(Endpoint.weight)
cdef Py_ssize_t HOSTNAME = slot_offset(Endpoint.hostname)
cdef Py_ssize_t HEALTH = slot_offset(Endpoint.health_status)
cdef Py_ssize_t METADATA = slot_offset(Endpoint.metadata)
cdef bint HAS_SLOTS = min(ADDRESS, PORT, WEIGHT, HOSTNAME, HEALTH, METADATA) > 0


cdef inline object field(object endpoint, Py_ssize_t offset, str name):
    if HAS_SLOTS and type(endpoint) is PLAIN:
        return slot_of(endpoint, offset, name)
    return getattr(endpoint, name)


cdef inline bint is_within(object value, long long least, long long most, long long *number) except -1:
    """Whether it is an integer in this range: number, then."""
    cdef int overflow = 0
    if not PyLong_CheckExact(value):
        return False
    number[0] = PyLong_AsLongLongAndOverflow(value, &overflow)
    return overflow == 0 and least <= number[0] <= most


cdef object hash_key_of(object metadata, object hostname, bint by_hostname):
    """What hash policies place it by, when that is not its address: the string `hash_key` of metadata `envoy.lb`."""
    cdef object fields = metadata.get("envoy.lb") if metadata else None
    cdef object key = fields.get("hash_key") if fields else None
    if key and isinstance(key, str):
        return key
    return hostname if by_hostname else ""


@cython.final
cdef class EndpointArray:
    """Endpoints in the order in which they are added. Nobody may read them meanwhile; then it changes no more."""

    def __cinit__(self):
        self.kept = []

    def __dealloc__(self):
        free(self.items)

    def __reduce__(self):
        raise TypeError("an EndpointArray cannot be copied or pickled")

    cdef int reserve(self, size_t more) except -1:
        cdef void *grown
        if more > <size_t>PY_SSIZE_T_MAX // sizeof(fp_endpoint) - self.count:
            raise MemoryError
        grown = realloc(self.items, (self.count + more + 1) * sizeof(fp_endpoint))
        if grown is NULL:
            raise MemoryError
        self.items = <fp_endpoint *>grown
        self.room = self.count + more
        return 0

    def add(self, tuple endpoints not None, tuple place not None, list labels, bint by_hostname):
        """Add the endpoints of one locality, which are models.Endpoint.

        place: (priority, locality, locality_weight, zone); labels: of each a Labels or None, None when subsets ask for
        none; by_hostname: hash policies place them by their hostnames.

        Gives how many were added: not all when the next one's weight or port is not what it must be.
        """
        cdef fp_endpoint item, common
        cdef Labels own
        cdef Py_ssize_t i
        memset(&common, 0, sizeof(common))
        common.priority, common.locality, common.locality_weight, common.zone = place
        self.reserve(<size_t>len(endpoints))
        for i in range(len(endpoints)):
            item = common
            if not self.read(endpoints[i], by_hostname, &item):
                return i
            if labels is not None:
                own = labels[i]
                item.labels = own.ptr if own is not None else NULL
                self.kept.append(own)
            if self.count == self.room:
                raise RuntimeError("endpoints are added while others are")
            self.items[self.count] = item
            self.count += 1
        return len(endpoints)

    cdef int take_text(self, object text, fp_span *span) except -1:
        cdef bytes encoded
        if PyUnicode_CheckExact(text) and PyUnicode_IS_COMPACT_ASCII(text):
            self.kept.append(text)
            span.data = <const uint8_t *>PyUnicode_1BYTE_DATA(text)
            span.len = <size_t>PyUnicode_GET_LENGTH(text)
            return 0
        encoded = text.encode("utf-8", "surrogateescape")
        self.kept.append(encoded)
        span.data = <const uint8_t *>PyBytes_AS_STRING(encoded)
        span.len = <size_t>PyBytes_GET_SIZE(encoded)
        return 0

    cdef bint read(self, object endpoint, bint by_hostname, fp_endpoint *item) except -1:
        """Whether weight and port are what they must be; the item, then."""
        cdef long long number = 1
        cdef object weight = field(endpoint, WEIGHT, "weight"), hostname, metadata, health
        if weight is not None and not is_within(weight, 1, UINT32_MAX, &number):
            return False
        item.weight = <uint32_t>number
        if not is_within(field(endpoint, PORT, "port"), 0, UINT16_MAX, &number):
            return False
        item.port = <uint16_t>number
        self.take_text(field(endpoint, ADDRESS, "address"), &item.address)
        hostname = field(endpoint, HOSTNAME, "hostname")
        if hostname:
            self.take_text(hostname, &item.hostname)
        metadata = field(endpoint, METADATA, "metadata")
        if by_hostname or metadata:
            self.take_text(hash_key_of(metadata, hostname, by_hostname), &item.hash_key)
        health = field(endpoint, HEALTH, "health_status")
        item.health = 0 if health is UNKNOWN else health.value
        return True

    cdef EndpointArray copy(self):
        cdef EndpointArray made = EndpointArray.__new__(EndpointArray)
        made.reserve(self.count)
        memcpy(made.items, self.items, self.count * sizeof(fp_endpoint))
        made.count = self.count
        made.kept = self.kept
        return made

    def has_weights_of(self, EndpointArray other not None):
        """Whether each endpoint has the weight of the other array's."""
        cdef size_t i
        if self.count != other.count:
            return False
        for i in range(self.count):
            if self.items[i].weight != other.items[i].weight:
                return False
        return True
