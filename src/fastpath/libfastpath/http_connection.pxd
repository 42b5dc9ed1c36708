# Mirror of fastpath/http_connection.h; what each means is told there.
from libc.stdint cimport uint8_t

from fastpath.libfastpath.base cimport fp_error, fp_span, fp_status
from fastpath.libfastpath.buffer cimport fp_buffer, fp_segment, fp_slice
from fastpath.libfastpath.http cimport fp_http_head, fp_http_limits
from fastpath.libfastpath.http_write cimport fp_http_forward, fp_http_header, fp_http_message


cdef extern from "fastpath/http_connection.h" nogil:
    ctypedef enum fp_http_role:
        FASTPATH_HTTP_CLIENT
        FASTPATH_HTTP_SERVER

    ctypedef enum fp_http_state:
        FASTPATH_HTTP_IDLE
        FASTPATH_HTTP_SEND_RESPONSE
        FASTPATH_HTTP_SEND_BODY
        FASTPATH_HTTP_DONE
        FASTPATH_HTTP_MUST_CLOSE
        FASTPATH_HTTP_CLOSED
        FASTPATH_HTTP_MIGHT_SWITCH_PROTOCOL
        FASTPATH_HTTP_SWITCHED_PROTOCOL
        FASTPATH_HTTP_ERROR

    ctypedef enum fp_http_event_type:
        FASTPATH_HTTP_EVENT_NEED_DATA
        FASTPATH_HTTP_EVENT_PAUSED
        FASTPATH_HTTP_EVENT_REQUEST
        FASTPATH_HTTP_EVENT_INFORMATIONAL
        FASTPATH_HTTP_EVENT_RESPONSE
        FASTPATH_HTTP_EVENT_DATA
        FASTPATH_HTTP_EVENT_END_OF_MESSAGE
        FASTPATH_HTTP_EVENT_CONNECTION_CLOSED

    ctypedef struct fp_http_connection

    ctypedef struct fp_http_event:
        fp_http_head head
        fp_slice bytes
        const fp_span *spans
        size_t span_count
        size_t body_len
        int type

    fp_http_connection *fp_http_connection_new(fp_http_role role, const fp_http_limits *limits) noexcept
    void fp_http_connection_free(fp_http_connection *connection) noexcept
    void fp_http_connection_reset(fp_http_connection *connection) noexcept
    fp_status fp_http_connection_receive(
        fp_http_connection *connection, fp_segment *segment, const uint8_t *data, size_t len, fp_error *error
    ) noexcept
    fp_status fp_http_connection_receive_buffer(
        fp_http_connection *connection, fp_buffer *source, fp_error *error
    ) noexcept
    fp_status fp_http_connection_receive_copy(
        fp_http_connection *connection, const uint8_t *data, size_t len, fp_error *error
    ) noexcept
    fp_status fp_http_connection_receive_eof(fp_http_connection *connection, fp_error *error) noexcept
    fp_status fp_http_connection_next_event(
        fp_http_connection *connection, fp_http_event *event, fp_error *error
    ) noexcept
    fp_status fp_http_connection_send_request(
        fp_http_connection *connection, const fp_http_message *message, fp_buffer *out, fp_error *error
    ) noexcept
    fp_status fp_http_connection_send_response(
        fp_http_connection *connection, const fp_http_message *message, fp_buffer *out, fp_error *error
    ) noexcept
    fp_status fp_http_connection_forward_request(
        fp_http_connection *connection, const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
        fp_buffer *out, fp_error *error
    ) noexcept
    fp_status fp_http_connection_forward_response(
        fp_http_connection *connection, const uint8_t *data, const fp_http_head *head, const fp_http_forward *forward,
        fp_buffer *out, fp_error *error
    ) noexcept
    fp_status fp_http_connection_send_data(
        fp_http_connection *connection, fp_segment *segment, const uint8_t *data, size_t len, fp_buffer *out,
        fp_error *error
    ) noexcept
    fp_status fp_http_connection_send_end(
        fp_http_connection *connection, const fp_http_header *trailers, size_t count, fp_buffer *out, fp_error *error
    ) noexcept
    fp_status fp_http_connection_send_close(fp_http_connection *connection, fp_error *error) noexcept
    void fp_http_connection_send_failed(fp_http_connection *connection) noexcept
    fp_status fp_http_connection_start_next_cycle(fp_http_connection *connection, fp_error *error) noexcept
    fp_http_state fp_http_connection_our_state(const fp_http_connection *connection) noexcept
    fp_http_state fp_http_connection_their_state(const fp_http_connection *connection) noexcept
    int fp_http_connection_waiting_for_continue(const fp_http_connection *connection) noexcept
    int fp_http_connection_their_minor(const fp_http_connection *connection) noexcept
    int fp_http_connection_reusable(const fp_http_connection *connection) noexcept
    size_t fp_http_connection_held(const fp_http_connection *connection) noexcept
    fp_status fp_http_connection_take_held(
        fp_http_connection *connection, fp_buffer *out, fp_error *error
    ) noexcept
