# Mirror of fastpath/base.h; what each means is told there.
from libc.stdint cimport uint8_t, uint32_t


cdef extern from "fastpath/base.h" nogil:
    const int FASTPATH_VERSION_MAJOR
    const int FASTPATH_VERSION_MINOR
    const int FASTPATH_VERSION_PATCH
    const int FASTPATH_ABI_VERSION
    const int FASTPATH_ERROR_MESSAGE_MAX

    ctypedef enum fp_status:
        FASTPATH_OK
        FASTPATH_NEED_MORE
        FASTPATH_NONE
        FASTPATH_PAUSED
        FASTPATH_DUE
        FASTPATH_ERR_MEMORY
        FASTPATH_ERR_ARGUMENT
        FASTPATH_ERR_BUSY
        FASTPATH_ERR_STATE
        FASTPATH_ERR_OVERFLOW
        FASTPATH_ERR_HTTP_METHOD
        FASTPATH_ERR_HTTP_TARGET
        FASTPATH_ERR_HTTP_VERSION
        FASTPATH_ERR_HTTP_STATUS_LINE
        FASTPATH_ERR_HTTP_HEADER_NAME
        FASTPATH_ERR_HTTP_HEADER_VALUE
        FASTPATH_ERR_HTTP_LINE_END
        FASTPATH_ERR_HTTP_LINE_FOLDING
        FASTPATH_ERR_HTTP_HOST
        FASTPATH_ERR_HTTP_CONTENT_LENGTH
        FASTPATH_ERR_HTTP_TRANSFER_ENCODING
        FASTPATH_ERR_HTTP_FRAMING_CONFLICT
        FASTPATH_ERR_HTTP_CHUNK_SIZE
        FASTPATH_ERR_HTTP_CHUNK_EXTENSION
        FASTPATH_ERR_HTTP_CHUNK_END
        FASTPATH_ERR_HTTP_TRAILER
        FASTPATH_ERR_HTTP_UPGRADE
        FASTPATH_ERR_HTTP_UNEXPECTED_EOF
        FASTPATH_ERR_HTTP_DATA_AFTER_CLOSE
        FASTPATH_ERR_HTTP_HTTP2_PREFACE
        FASTPATH_ERR_HTTP_HEAD_TOO_LARGE
        FASTPATH_ERR_HTTP_TARGET_TOO_LONG
        FASTPATH_ERR_HTTP_LINE_TOO_LONG
        FASTPATH_ERR_HTTP_TOO_MANY_HEADERS
        FASTPATH_ERR_HTTP_CHUNK_OVERHEAD
        FASTPATH_ERR_HTTP_TOO_MANY_INTERIM
        FASTPATH_ERR_HTTP_PATH
        FASTPATH_ERR_HTTP_UNEXPECTED_RESPONSE
        FASTPATH_ERR_HTTP_MALFORMED
        FASTPATH_ERR_CONFIG
        FASTPATH_ERR_CONFIG_DUPLICATE_DOMAIN
        FASTPATH_ERR_CONFIG_DOMAIN
        FASTPATH_ERR_CONFIG_PATH
        FASTPATH_ERR_CONFIG_WEIGHT
        FASTPATH_ERR_CONFIG_REGEX
        FASTPATH_ERR_CONFIG_CONDITION
        FASTPATH_ERR_CONFIG_FILTER_CHAIN
        FASTPATH_ERR_INSPECT_PROXY
        FASTPATH_ERR_INSPECT_TLS
        FASTPATH_ERR_INSPECT_TLS_REFUSED
        FASTPATH_ERR_INSPECT_HTTP

    ctypedef struct fp_error:
        fp_status code
        int http_status
        size_t position
        char *message

    ctypedef struct fp_span:
        const uint8_t *data
        size_t len

    ctypedef struct fp_cidr:
        uint8_t family
        uint8_t prefix_len
        uint8_t address[16]

    uint32_t fp_version() noexcept
    uint32_t fp_abi_version() noexcept
    const char *fp_status_name(fp_status status) noexcept
