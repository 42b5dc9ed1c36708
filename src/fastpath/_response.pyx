# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Response heads.

Two types, as in h11, so that nobody takes an interim response for the final one.
"""
cimport cython
from libc.stdint cimport uint16_t

from fastpath._head cimport FramedHead, Head
from fastpath._message cimport HeaderList, ascii_bytes, header_list, minor_version, record_from_message
from fastpath._record cimport HeadRecord, has, live, record_unref, span
from fastpath.libfastpath.http cimport *
from fastpath.libfastpath.http_write cimport fp_http_message

from fastpath.errors import LocalProtocolError


@cython.final
cdef class Response(FramedHead):
    """A final response head (status 200 and above, or a 101 that was asked for).

    Made by `parse_response` and `Connection.next_event`, or from its parts to be sent:
    `Response(status_code=200, headers=[(b"Content-Length", b"5")])`. Immutable. Strings are bytes, as received.
    """

    def __init__(self, *, status_code, headers=(), reason=None, http_version=b"1.1"):
        cdef HeadRecord *record = record_of_response(status_code, headers, reason, http_version)
        if record.head.status < 200 and record.head.status != 101:
            record_unref(record)
            raise LocalProtocolError("a final response has a status of 200 or above", code="http_status_line")
        if self.record is not NULL:
            record_unref(self.record)
        self.record = record

    @property
    def status_code(self):
        """The status: 200 .. 599, or 101."""
        return live(self.record).head.status

    @property
    def reason(self):
        """The reason phrase; may be empty."""
        return reason_of(live(self.record))

    @property
    def until_close(self):
        """Whether the body runs to the end of the stream."""
        return has(self.record, FASTPATH_HTTP_UNTIL_CLOSE)

    def __repr__(self):
        cdef HeadRecord *record = live(self.record)
        return f"<Response {record.head.status} with {record.head.field_count} headers>"


@cython.final
cdef class InformationalResponse(Head):
    """An interim response (1xx): the final one still follows. `InformationalResponse(status_code=100)` makes one."""

    def __init__(self, *, status_code, headers=(), reason=None, http_version=b"1.1"):
        cdef HeadRecord *record = record_of_response(status_code, headers, reason, http_version)
        if record.head.status >= 200:
            record_unref(record)
            raise LocalProtocolError("an interim response has a status below 200", code="http_status_line")
        if self.record is not NULL:
            record_unref(self.record)
        self.record = record

    @property
    def status_code(self):
        """The status: 100 .. 199."""
        return live(self.record).head.status

    @property
    def reason(self):
        """The reason phrase; may be empty."""
        return reason_of(live(self.record))

    def __repr__(self):
        cdef HeadRecord *record = live(self.record)
        return f"<InformationalResponse {record.head.status} with {record.head.field_count} headers>"


cdef inline bytes reason_of(HeadRecord *record):
    return span(record, record.head.reason_off, record.head.reason_len)


cdef object response_new(HeadRecord *record):
    cdef Response final
    cdef InformationalResponse interim
    try:
        if record.head.status >= 200 or record.head.status == 101:
            final = Response.__new__(Response)
            final.record = record
            return final
        interim = InformationalResponse.__new__(InformationalResponse)
        interim.record = record
        return interim
    except BaseException:
        record_unref(record)
        raise


cdef HeadRecord *record_of_response(object status_code, object headers, object reason, object version) except NULL:
    cdef fp_http_message message
    cdef HeaderList listed = header_list(headers)
    cdef bytes reason_text
    cdef int status = status_code
    if not 100 <= status <= 599:
        raise LocalProtocolError("a status is between 100 and 599", code="http_status_line")
    message.status = <uint16_t>status
    message.minor = minor_version(version)
    message.headers = listed.items
    message.header_count = listed.count
    message.reason.data = NULL
    message.reason.len = 0
    if reason is not None:
        reason_text = ascii_bytes(reason, "reason")
        message.reason.data = reason_text
        message.reason.len = len(reason_text)
    return record_from_message(&message, False)
