# Mirror of fastpath/subset.h; what each means is told there.
from libc.stdint cimport uint32_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status


cdef extern from "fastpath/subset.h" nogil:
    const int FASTPATH_SUBSET_MAX_KEYS
    const int FASTPATH_SUBSET_MAX_MEMBERSHIPS

    ctypedef struct fp_label:
        fp_span key
        fp_span value

    ctypedef struct fp_labels:
        pass

    ctypedef enum fp_subset_fallback:
        FASTPATH_SUBSET_NOT_DEFINED
        FASTPATH_SUBSET_NO_FALLBACK
        FASTPATH_SUBSET_ANY_ENDPOINT
        FASTPATH_SUBSET_DEFAULT_SUBSET
        FASTPATH_SUBSET_KEYS_SUBSET

    ctypedef struct fp_subset_selector:
        const fp_span *keys
        size_t key_count
        const fp_span *fallback_keys
        size_t fallback_key_count
        uint32_t fallback
        uint32_t single_host

    ctypedef struct fp_subset_config:
        const fp_subset_selector *selectors
        size_t selector_count
        const fp_labels *default_subset
        uint32_t fallback
        uint32_t panic_mode_any
        uint32_t allow_redundant_keys
        uint32_t locality_weight_aware
        uint32_t scale_locality_weight

    ctypedef struct fp_subset_rules:
        pass

    fp_labels *fp_labels_new(const fp_label *labels, size_t count)
    fp_labels *fp_labels_ref(fp_labels *labels)
    void fp_labels_unref(fp_labels *labels)

    fp_status fp_subset_rules_new(const fp_subset_config *config, fp_subset_rules **rules, fp_error *error)
    fp_subset_rules *fp_subset_rules_ref(fp_subset_rules *rules)
    void fp_subset_rules_unref(fp_subset_rules *rules)
