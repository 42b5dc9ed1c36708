from fastpath.libfastpath.subset cimport fp_labels, fp_subset_rules


cdef class Labels:
    cdef fp_labels *ptr  # referenced


cdef class SubsetRules:
    cdef fp_subset_rules *ptr  # referenced
