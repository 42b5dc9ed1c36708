"""Metadata and filter state of requests as plain values, laid out for the core, and what conditions ask of them."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset

from fastpath.libfastpath.base cimport fp_cidr, fp_span
from fastpath.libfastpath.route cimport fp_route_condition
from fastpath.libfastpath.route_attributes cimport *

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from socket import AF_INET6, inet_ntop

VALUE_NULL = FASTPATH_VALUE_TEST_NULL
VALUE_NUMBER = FASTPATH_VALUE_TEST_NUMBER
VALUE_RANGE = FASTPATH_VALUE_TEST_RANGE
VALUE_TEXT = FASTPATH_VALUE_TEST_TEXT
VALUE_BOOL = FASTPATH_VALUE_TEST_BOOL
VALUE_PRESENT = FASTPATH_VALUE_TEST_PRESENT
VALUE_ANY_ITEM = FASTPATH_VALUE_TEST_ANY_ITEM
VALUE_ANY_OF = FASTPATH_VALUE_TEST_ANY_OF

cdef enum:
    DEPTH_MAX = 100  # of values inside each other


cdef void *take(list kept, size_t count, size_t size) except NULL:
    """Zeroed memory that lives as long as the list."""
    block = bytearray(count * size + 1)
    kept.append(block)
    return <void *><char *>block


cdef fp_span span_of(list kept, object text, str what) except *:
    """The bytes of a str (UTF-8) or bytes, which is kept."""
    cdef fp_span span
    cdef Py_ssize_t length
    if isinstance(text, str):
        span.data = <const uint8_t *>PyUnicode_AsUTF8AndSize(text, &length)
        span.len = <size_t>length
    elif isinstance(text, bytes):
        span.data = <const uint8_t *>PyBytes_AS_STRING(text)
        span.len = <size_t>PyBytes_GET_SIZE(text)
    else:
        raise TypeError(f"{what} must be str or bytes, not {type(text).__name__}")
    kept.append(text)
    return span


cdef int address_into(bytes packed, fp_cidr *cidr) except -1:
    cidr.family = 4 if PyBytes_GET_SIZE(packed) == 4 else 6
    memcpy(cidr.address, PyBytes_AS_STRING(packed), <size_t>PyBytes_GET_SIZE(packed))
    return 0


cdef fp_value *fields_of(list kept, dict fields, int depth) except NULL:
    cdef fp_value *made = <fp_value *>take(kept, <size_t>len(fields), sizeof(fp_value))
    cdef size_t at = 0
    for name, value in fields.items():
        made[at].name = span_of(kept, name, "a name in metadata")
        value_into(kept, value, &made[at], depth)
        at += 1
    return made


cdef int value_into(list kept, object value, fp_value *made, int depth) except -1:
    cdef fp_value *items
    cdef dict fields
    cdef tuple members
    cdef size_t i
    if depth == DEPTH_MAX:
        raise ValueError(f"metadata is nested more than {DEPTH_MAX} deep")
    if value is None:
        made.kind = FASTPATH_VALUE_NULL
    elif isinstance(value, bool):
        made.kind = FASTPATH_VALUE_BOOL
        made.truth = value
    elif isinstance(value, (int, float)):
        made.kind = FASTPATH_VALUE_NUMBER
        made.number = value
    elif isinstance(value, (str, bytes)):
        made.kind = FASTPATH_VALUE_TEXT
        made.text = span_of(kept, value, "a text")
    elif isinstance(value, Mapping):
        fields = dict(value)
        made.kind = FASTPATH_VALUE_STRUCT
        made.count = <size_t>len(fields)
        made.items = fields_of(kept, fields, depth + 1)
    elif isinstance(value, (list, tuple)):
        members = tuple(value)
        items = <fp_value *>take(kept, <size_t>len(members), sizeof(fp_value))
        for i in range(<size_t>len(members)):
            value_into(kept, members[i], &items[i], depth + 1)
        made.kind = FASTPATH_VALUE_LIST
        made.count = <size_t>len(members)
        made.items = items
    else:
        raise TypeError(f"a value in metadata must be as in JSON, not {type(value).__name__}")
    return 0


cdef int object_into(list kept, object value, fp_filter_state *made) except -1:
    """An object of the filter state. Envoy's text of an address has a port, which is 0."""
    if isinstance(value, IPv4Address):
        address_into(value.packed, &made.address)
        value = f"{value}:0"
    elif isinstance(value, IPv6Address):
        address_into(value.packed, &made.address)
        value = f"[{inet_ntop(AF_INET6, value.packed)}]:0"
    made.text = span_of(kept, value, "an object of the filter state")
    return 0


@cython.final
cdef class RequestAttributes:
    """What conditions on metadata and filter state look at.

    metadata: for each filter, by its name, a mapping of values as JSON has them.
    filter_state: for each key a text (str or bytes), or an `ipaddress` address.
    """

    def __cinit__(self, metadata=None, filter_state=None):
        cdef fp_filter_state *objects
        cdef dict given
        cdef size_t at = 0
        self.kept = []
        memset(&self.data, 0, sizeof(self.data))
        if metadata is not None:
            given = dict(metadata)
            for name, fields in given.items():
                if not isinstance(fields, Mapping):
                    raise TypeError(f"the metadata of {name!r} must be a mapping, not {type(fields).__name__}")
            self.data.metadata = fields_of(self.kept, given, 0)
            self.data.metadata_count = <size_t>len(given)
        if filter_state is not None:
            given = dict(filter_state)
            objects = <fp_filter_state *>take(self.kept, <size_t>len(given), sizeof(fp_filter_state))
            self.data.filter_state = objects
            self.data.filter_state_count = <size_t>len(given)
            for key, value in given.items():
                objects[at].key = span_of(self.kept, key, "a key of the filter state")
                object_into(self.kept, value, &objects[at])
                at += 1


@cython.final
cdef class AttributeTest:
    """What a condition asks of a value or an address.

    path: names of fields.
    steps: tuples of kind, truth, compare, flags, count, start, end and text; see fastpath/route_attributes.h.
    ranges: pairs of packed address and length of the prefix.
    """

    def __cinit__(self, list path not None, list steps not None, list ranges not None):
        cdef fp_span *names
        cdef fp_value_test *tests
        cdef fp_value_test *test
        cdef fp_cidr *cidrs
        cdef size_t i
        self.kept = []
        self.path_len = <size_t>len(path)
        self.path = names = <fp_span *>take(self.kept, self.path_len, sizeof(fp_span))
        for i in range(self.path_len):
            names[i] = span_of(self.kept, path[i], "a name in a path")
        self.test_count = <size_t>len(steps)
        self.tests = tests = <fp_value_test *>take(self.kept, self.test_count, sizeof(fp_value_test))
        for i in range(self.test_count):
            test = &tests[i]
            test.kind, test.truth, test.compare, test.flags, test.count, test.start, test.end, text = steps[i]
            test.text = span_of(self.kept, text, "a text")
        self.range_count = <size_t>len(ranges)
        self.ranges = cidrs = <fp_cidr *>take(self.kept, self.range_count, sizeof(fp_cidr))
        for i in range(self.range_count):
            packed, length = ranges[i]
            address_into(packed, &cidrs[i])
            cidrs[i].prefix_len = length

    cdef void fill(self, fp_route_condition *condition) noexcept:
        """What it holds is borrowed."""
        condition.path = self.path
        condition.path_len = self.path_len
        condition.tests = self.tests
        condition.test_count = self.test_count
        condition.ranges = self.ranges
        condition.range_count = self.range_count
