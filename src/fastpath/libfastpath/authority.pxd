# Mirror of fastpath/authority.h; what each means is told there.
from libc.stdint cimport uint8_t, uint16_t

from fastpath.libfastpath.base cimport fp_span


cdef extern from "fastpath/authority.h" nogil:
    ctypedef struct fp_authority_options:
        uint8_t strip_trailing_dot
        uint8_t strip_any_port
        uint16_t strip_port

    fp_span fp_authority_normalize(const fp_authority_options *options, const uint8_t *data, size_t len, uint8_t *dst)
