# Mirror of fastpath/route_attributes.h; what each means is told there.
from libc.stdint cimport uint8_t, uint32_t

from fastpath.libfastpath.base cimport fp_cidr, fp_span


cdef extern from "fastpath/route_attributes.h" nogil:
    ctypedef enum fp_value_kind:
        FASTPATH_VALUE_NULL
        FASTPATH_VALUE_NUMBER
        FASTPATH_VALUE_TEXT
        FASTPATH_VALUE_BOOL
        FASTPATH_VALUE_STRUCT
        FASTPATH_VALUE_LIST

    ctypedef struct fp_value:
        uint8_t kind
        uint8_t truth
        fp_span name
        fp_span text
        double number
        const fp_value *items
        size_t count

    ctypedef struct fp_filter_state:
        fp_span key
        fp_span text
        fp_cidr address

    ctypedef struct fp_route_attributes:
        const fp_value *metadata
        size_t metadata_count
        const fp_filter_state *filter_state
        size_t filter_state_count

    ctypedef enum fp_value_test_kind:
        FASTPATH_VALUE_TEST_NULL
        FASTPATH_VALUE_TEST_NUMBER
        FASTPATH_VALUE_TEST_RANGE
        FASTPATH_VALUE_TEST_TEXT
        FASTPATH_VALUE_TEST_BOOL
        FASTPATH_VALUE_TEST_PRESENT
        FASTPATH_VALUE_TEST_ANY_ITEM
        FASTPATH_VALUE_TEST_ANY_OF

    ctypedef struct fp_value_test:
        uint8_t kind
        uint8_t truth
        uint8_t compare
        uint8_t flags
        uint32_t count
        double start
        double end
        fp_span text
