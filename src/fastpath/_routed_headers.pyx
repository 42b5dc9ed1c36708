# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""The header fields of a request as routes and their actions see them."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t

from fastpath._http cimport Request
from fastpath._record cimport HeadRecord, live, record_unref
from fastpath._route_request cimport request_of
from fastpath._spans cimport bytes_of
from fastpath.libfastpath.base cimport fp_span
from fastpath.libfastpath.route cimport (
    fp_route_request,
    fp_routed_fields,
    fp_routed_fields_init,
    fp_routed_fields_next,
)


@cython.final
@cython.freelist(16)
cdef class RoutedHeaders:
    """What Envoy's HTTP connection manager leaves of the header fields of a Request, in their order and spelling.

    Gone are those of one hop (Connection and what it names, unless another protocol is asked for; of TE "trailers" may
    stay), those that Envoy takes from no client (x-envoy-internal and its kind), and a Referer that is none. Made by
    `routed_headers`. A view: it keeps the message's bytes alive.
    """
    cdef HeadRecord *record
    cdef fp_route_request request
    cdef fp_routed_fields fields
    cdef frozenset without

    def __dealloc__(self):
        if self.record is not NULL:
            record_unref(self.record)

    def get(self, bytes name not None, default=None, /):
        """The first value of that name, in any letter case, or the default."""
        cdef uint32_t at = 0
        cdef fp_span found, value
        if (self.without is not None and name.lower() in self.without) or not self.next_of(name, &at, &found, &value):
            return default
        return bytes_of(value)

    def get_all(self, bytes name not None, /):
        """Every value of that name, in order: a list, empty when there is none."""
        cdef list values = []
        cdef uint32_t at = 0
        cdef fp_span found, value
        if self.without is not None and name.lower() in self.without:
            return values
        while self.next_of(name, &at, &found, &value):
            values.append(bytes_of(value))
        return values

    def items(self):
        """All `(name, value)` pairs."""
        cdef list pairs = []
        cdef uint32_t at = 0
        cdef fp_span found, value
        cdef bytes name
        while self.next_of(None, &at, &found, &value):
            name = bytes_of(found)
            if self.without is None or name.lower() not in self.without:
                pairs.append((name, bytes_of(value)))
        return pairs

    cdef bint next_of(self, bytes name, uint32_t *at, fp_span *found, fp_span *value) except -1:
        cdef fp_span wanted
        wanted.data = NULL
        wanted.len = 0
        if name is not None:
            wanted.data = <const uint8_t *>PyBytes_AS_STRING(name)
            wanted.len = <size_t>PyBytes_GET_SIZE(name)
        live(self.record)
        return fp_routed_fields_next(&self.fields, wanted, at, found, value) != 0


def routed_headers(Request request not None, frozenset without not None=frozenset(), /):
    """What is left of a request's fields, and `without` those of these names, which are in lower case: such as a
    RouteConfiguration's internal_only_headers."""
    cdef HeadRecord *record = live(request.record)
    cdef RoutedHeaders made = RoutedHeaders.__new__(RoutedHeaders)
    record.references += 1
    made.record = record
    made.without = without if without else None
    request_of(record, &made.request)
    fp_routed_fields_init(&made.fields, &made.request)
    return made
