"""Labels, and the rules of subsets, as the core takes them."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t
from libc.stdlib cimport calloc, free

from fastpath._status cimport check
from fastpath.libfastpath.base cimport fp_error, fp_span
from fastpath.libfastpath.subset cimport *


cdef inline fp_span span_of(bytes data):
    """Borrowed from data."""
    cdef fp_span span
    span.data = <const uint8_t *>PyBytes_AS_STRING(data)
    span.len = <size_t>PyBytes_GET_SIZE(data)
    return span


cdef void *array_of(size_t count, size_t size) except NULL:
    cdef void *memory = calloc(count + 1, size)
    if memory is NULL:
        raise MemoryError
    return memory


cdef class Labels:
    """Pairs of a key and a value, sorted. Immutable."""

    def __cinit__(self, pairs):
        cdef tuple kept = tuple(pairs)
        cdef size_t count = len(kept), i
        cdef bytes key, value
        cdef fp_label *array = <fp_label *>array_of(count, sizeof(fp_label))
        try:
            for i in range(count):
                key, value = kept[i]
                array[i].key = span_of(key)
                array[i].value = span_of(value)
            self.ptr = fp_labels_new(array, count)
        finally:
            free(array)
        if self.ptr is NULL:
            raise MemoryError

    def __dealloc__(self):
        fp_labels_unref(self.ptr)


cdef class SubsetRules:
    """selectors: (keys, fallback, fallback keys, single host); default_subset: None for all hosts;
    flags: (panic_mode_any, allow_redundant_keys, locality_weight_aware, scale_locality_weight).

    ConfigError, with the number of the selector as `index` where one is to blame.
    """

    def __cinit__(self, selectors, int fallback, Labels default_subset, tuple flags not None):
        cdef tuple kept = tuple([(tuple(keys), by, tuple(others), single) for keys, by, others, single in selectors])
        cdef size_t count = len(kept), total = sum([len(each[0]) + len(each[2]) for each in kept]), i, at = 0
        cdef fp_error error
        cdef fp_subset_config config
        cdef fp_subset_selector *array = NULL
        cdef fp_span *spans = <fp_span *>array_of(total, sizeof(fp_span))
        try:
            array = <fp_subset_selector *>array_of(count, sizeof(fp_subset_selector))
            for i in range(count):
                keys, array[i].fallback, others, array[i].single_host = kept[i]
                array[i].keys, array[i].key_count = spans + at, len(keys)
                array[i].fallback_keys, array[i].fallback_key_count = spans + at + len(keys), len(others)
                for key in keys + others:
                    spans[at] = span_of(key)
                    at += 1
            config.selectors, config.selector_count = array, count
            config.default_subset = default_subset.ptr if default_subset is not None else NULL
            config.fallback = fallback
            config.panic_mode_any, config.allow_redundant_keys, config.locality_weight_aware, \
                config.scale_locality_weight = flags
            check(fp_subset_rules_new(&config, &self.ptr, &error), &error)
        finally:
            free(array)
            free(spans)

    def __dealloc__(self):
        fp_subset_rules_unref(self.ptr)
