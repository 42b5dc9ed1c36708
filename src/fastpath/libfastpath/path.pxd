# Mirror of fastpath/path.h; what each means is told there.
from libc.stdint cimport uint8_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status


cdef extern from "fastpath/path.h" nogil:
    ctypedef enum fp_path_slashes:
        FASTPATH_PATH_KEEP_UNCHANGED
        FASTPATH_PATH_REJECT_REQUEST
        FASTPATH_PATH_UNESCAPE_AND_REDIRECT
        FASTPATH_PATH_UNESCAPE_AND_FORWARD

    ctypedef enum fp_path_merge:
        FASTPATH_PATH_MERGE_OFF
        FASTPATH_PATH_MERGE_ON
        FASTPATH_PATH_MERGE_AS_ENVOY

    ctypedef enum fp_path_action:
        FASTPATH_PATH_UNCHANGED
        FASTPATH_PATH_CHANGED
        FASTPATH_PATH_REDIRECT

    ctypedef struct fp_path_options:
        uint8_t escaped_slashes
        uint8_t normalize
        uint8_t merge_slashes
        uint8_t strip_parameters
        uint8_t reject_backslash
        uint8_t reject_invalid

    ctypedef struct fp_path:
        fp_span path
        fp_span query
        fp_span whole
        int action

    void fp_path_options_default(fp_path_options *options) noexcept
    void fp_path_options_envoy(fp_path_options *options) noexcept
    fp_status fp_path_normalize(
        const fp_path_options *options, const uint8_t *data, size_t len, uint8_t *dst, size_t capacity, fp_path *out,
        fp_error *error
    ) noexcept
    size_t fp_path_capacity(size_t len) noexcept
