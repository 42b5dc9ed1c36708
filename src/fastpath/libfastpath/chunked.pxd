# Mirror of fastpath/chunked.h; what each means is told there.
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status
from fastpath.libfastpath.http cimport fp_http_field, fp_http_limits


cdef extern from "fastpath/chunked.h" nogil:
    const int FASTPATH_CHUNK_HEADER_MAX

    ctypedef struct fp_chunked:
        pass

    ctypedef struct fp_chunked_part:
        fp_span *spans
        size_t span_capacity
        size_t span_count
        size_t body_len
        size_t consumed
        fp_span trailers

    void fp_chunked_init(fp_chunked *decoder, const fp_http_limits *limits) noexcept
    fp_status fp_chunked_decode(
        fp_chunked *decoder, const uint8_t *data, size_t len, fp_chunked_part *part, fp_error *error
    ) noexcept
    fp_status fp_chunked_join(
        fp_chunked *decoder, const uint8_t *data, size_t len, uint8_t *dst, fp_chunked_part *part, fp_error *error
    ) noexcept
    fp_status fp_chunked_eof(fp_chunked *decoder, fp_error *error) noexcept
    fp_status fp_chunked_trailers(
        fp_span trailers, fp_http_field *fields, uint32_t capacity, uint32_t *count, fp_error *error
    ) noexcept
    int fp_chunked_trailer_forbidden(const uint8_t *name, size_t len) noexcept
    size_t fp_chunk_header(uint8_t *dst, uint64_t size, int first) noexcept
    size_t fp_chunk_end(uint8_t *dst, int first) noexcept
