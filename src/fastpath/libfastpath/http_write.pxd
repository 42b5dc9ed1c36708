# Mirror of fastpath/http_write.h; what each means is told there.
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status
from fastpath.libfastpath.http cimport fp_http_head


cdef extern from "fastpath/http_write.h" nogil:
    ctypedef struct fp_http_header:
        fp_span name
        fp_span value

    ctypedef struct fp_http_message:
        fp_span method
        fp_span target
        fp_span reason
        const fp_http_header *headers
        size_t header_count
        uint16_t status
        uint8_t minor

    fp_status fp_http_write_request(
        const fp_http_message *message, uint8_t *dst, size_t capacity, size_t *len, fp_error *error
    ) noexcept
    fp_status fp_http_write_response(
        const fp_http_message *message, uint8_t *dst, size_t capacity, size_t *len, fp_error *error
    ) noexcept
    fp_status fp_http_write_trailers(
        const fp_http_header *trailers, size_t count, uint8_t *dst, size_t capacity, size_t *len, fp_error *error
    ) noexcept
    const char *fp_http_reason(unsigned status) noexcept

    ctypedef enum fp_http_op_kind:
        FASTPATH_HTTP_OP_REMOVE
        FASTPATH_HTTP_OP_APPEND
        FASTPATH_HTTP_OP_SET
        FASTPATH_HTTP_OP_ADD_IF_ABSENT
        FASTPATH_HTTP_OP_OVERWRITE_IF_EXISTS

    ctypedef struct fp_http_op:
        int kind
        int slot
        fp_span name
        fp_span value

    ctypedef struct fp_http_rewrite

    fp_http_rewrite *fp_http_rewrite_new(const fp_http_op *ops, size_t count, fp_error *error) noexcept
    fp_http_rewrite *fp_http_rewrite_ref(fp_http_rewrite *rewrite) noexcept
    void fp_http_rewrite_unref(fp_http_rewrite *rewrite) noexcept

    enum:
        FASTPATH_FORWARD_UPGRADE
        FASTPATH_FORWARD_CLOSE
        FASTPATH_FORWARD_KEEP_ALIVE
        FASTPATH_FORWARD_PROXY_AUTH

    ctypedef enum fp_http_framing:
        FASTPATH_FRAMING_AS_RECEIVED
        FASTPATH_FRAMING_LENGTH
        FASTPATH_FRAMING_CHUNKED
        FASTPATH_FRAMING_NONE

    ctypedef struct fp_http_forward:
        const fp_http_rewrite *rewrite
        const fp_span *values
        size_t value_count
        fp_span authority
        fp_span path
        fp_span query
        fp_span method
        uint64_t content_length
        uint32_t flags
        int framing

    fp_status fp_http_rewrite_request(
        const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward, uint8_t *dst, size_t capacity,
        size_t *len, fp_error *error
    ) noexcept
    fp_status fp_http_rewrite_response(
        const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward, uint8_t *dst, size_t capacity,
        size_t *len, fp_error *error
    ) noexcept
