# Mirror of fastpath/inspect.h; what each means is told there.
from libc.stdint cimport int16_t, uint8_t, uint16_t, uint32_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status


cdef extern from "fastpath/inspect.h" nogil:
    const uint32_t FASTPATH_CLIENT_HELLO_MAX
    const uint32_t FASTPATH_HTTP_LINE_MAX

    ctypedef enum fp_proxy_family:
        FASTPATH_PROXY_NONE
        FASTPATH_PROXY_IPV4
        FASTPATH_PROXY_IPV6
        FASTPATH_PROXY_UNIX

    ctypedef struct fp_proxy_header:
        uint8_t version
        uint8_t family
        uint8_t datagram
        uint8_t local
        uint16_t source_port
        uint16_t destination_port
        uint8_t source[16]
        uint8_t destination[16]
        uint32_t len
        uint32_t tlvs_offset
        uint32_t tlvs_len

    ctypedef struct fp_client_hello:
        uint16_t legacy_version
        uint16_t max_version
        uint32_t len
        fp_span server_name
        fp_span alpn
        fp_span cipher_suites
        fp_span versions
        fp_span groups
        fp_span signature_algorithms
        fp_span point_formats
        fp_span extensions

    ctypedef struct fp_client_hello_reader:
        uint32_t at
        uint32_t got
        uint8_t empty_records
        uint8_t warnings
        int16_t verdict

    ctypedef enum fp_http_version:
        FASTPATH_HTTP_1_0
        FASTPATH_HTTP_1_1
        FASTPATH_HTTP_2

    fp_status fp_proxy_header_parse(const uint8_t *data, size_t len, fp_proxy_header *header, fp_error *error)
    fp_status fp_client_hello_read(fp_client_hello_reader *reader, const uint8_t *data, size_t len, size_t max_len,
                                   uint8_t *scratch, fp_client_hello *hello, fp_error *error)
    fp_status fp_client_hello_parse(const uint8_t *data, size_t len, uint8_t *scratch, fp_client_hello *hello,
                                    fp_error *error)
    int fp_alpn_next(fp_span *list, fp_span *name)
    int fp_tls_extension_next(fp_span *extensions, uint16_t *type, fp_span *content)
    fp_status fp_http_detect(const uint8_t *data, size_t len, size_t *looked, fp_http_version *version, fp_error *error)
