# Mirror of fastpath/http.h; what each means is told there.
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.libfastpath.base cimport fp_error, fp_status


cdef extern from "fastpath/http.h" nogil:
    ctypedef enum fp_http_method:
        FASTPATH_HTTP_METHOD_UNKNOWN
        FASTPATH_HTTP_METHOD_GET
        FASTPATH_HTTP_METHOD_HEAD
        FASTPATH_HTTP_METHOD_POST
        FASTPATH_HTTP_METHOD_PUT
        FASTPATH_HTTP_METHOD_DELETE
        FASTPATH_HTTP_METHOD_CONNECT
        FASTPATH_HTTP_METHOD_OPTIONS
        FASTPATH_HTTP_METHOD_TRACE
        FASTPATH_HTTP_METHOD_PATCH

    enum:
        FASTPATH_HTTP_HAS_CONTENT_LENGTH
        FASTPATH_HTTP_CHUNKED
        FASTPATH_HTTP_KEEP_ALIVE
        FASTPATH_HTTP_UPGRADE
        FASTPATH_HTTP_EXPECT_CONTINUE
        FASTPATH_HTTP_UNTIL_CLOSE
        FASTPATH_HTTP_ABSOLUTE_FORM
        FASTPATH_HTTP_CONNECTION_OPTIONS
        FASTPATH_HTTP_FAST_PATH

    ctypedef struct fp_http_limits:
        uint32_t max_headers
        uint32_t max_head
        uint32_t max_line
        uint32_t max_chunk_overhead
        uint32_t max_trailers
        uint32_t max_trailer_bytes
        uint32_t max_interim
        uint32_t max_leading_blank

    ctypedef struct fp_http_field:
        uint32_t name
        uint32_t value
        uint32_t value_len
        uint16_t name_len
        uint16_t id

    ctypedef struct fp_http_head:
        fp_http_field *fields
        uint32_t field_capacity
        uint32_t field_count
        uint32_t head_len
        uint32_t flags
        uint8_t method
        uint8_t minor
        uint16_t status
        uint32_t method_off
        uint32_t method_len
        uint32_t target_off
        uint32_t target_len
        uint32_t path_off
        uint32_t path_len
        uint32_t query_off
        uint32_t query_len
        uint32_t authority_off
        uint32_t authority_len
        uint32_t reason_off
        uint32_t reason_len
        uint64_t content_length

    ctypedef struct fp_http_head_reader:
        pass

    void fp_http_limits_default(fp_http_limits *limits) noexcept
    fp_status fp_http_parse_request(
        const uint8_t *data, size_t len, const fp_http_limits *limits, fp_http_head *head, fp_error *error
    ) noexcept
    fp_status fp_http_parse_response(
        const uint8_t *data, size_t len, fp_http_method request_method, const fp_http_limits *limits,
        fp_http_head *head, fp_error *error
    ) noexcept
    fp_http_head_reader *fp_http_head_reader_new(int is_response, const fp_http_limits *limits) noexcept
    void fp_http_head_reader_free(fp_http_head_reader *reader) noexcept
    fp_status fp_http_head_reader_read(
        fp_http_head_reader *reader, const uint8_t *data, size_t len, fp_http_method request_method, fp_http_head *head,
        fp_error *error
    ) noexcept
    void fp_http_head_reader_reset(fp_http_head_reader *reader) noexcept
    uint16_t fp_http_name_count() noexcept
    uint16_t fp_http_name_id(const uint8_t *name, size_t len) noexcept
    const char *fp_http_name(uint16_t id, size_t *len) noexcept
    const char *fp_http_name_wire(uint16_t id, size_t *len) noexcept
