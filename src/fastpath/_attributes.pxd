# What is known of a request beside its head, and what conditions ask of it, as the core takes them.
from fastpath.libfastpath.base cimport fp_cidr, fp_span
from fastpath.libfastpath.route cimport fp_route_condition
from fastpath.libfastpath.route_attributes cimport fp_filter_state, fp_route_attributes, fp_value, fp_value_test


cdef class RequestAttributes:
    cdef fp_route_attributes data  # lives as long as the object
    cdef list kept  # blocks of memory, and the objects whose bytes are borrowed


cdef class AttributeTest:
    cdef const fp_span *path
    cdef size_t path_len
    cdef const fp_value_test *tests
    cdef size_t test_count
    cdef const fp_cidr *ranges
    cdef size_t range_count
    cdef list kept

    cdef void fill(self, fp_route_condition *condition) noexcept
