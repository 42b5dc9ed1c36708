# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""What requests and responses have in common. One free list serves all of them, since they are of one size."""
cimport cython

from fastpath._headers cimport headers_new
from fastpath._record cimport HeadRecord, has, length_of, live, record_unref, span
from fastpath.libfastpath.http cimport *


@cython.freelist(64)
cdef class Head:
    """The base of `Request`, `Response` and `InformationalResponse`; not to be made by itself."""

    def __dealloc__(self):
        if self.record is not NULL:
            record_unref(self.record)

    @property
    def version(self):
        """`b"1.1"` or `b"1.0"`."""
        return b"1.1" if live(self.record).head.minor else b"1.0"

    @property
    def headers(self):
        """The header fields: a `Headers` view."""
        cdef HeadRecord *record = live(self.record)
        record.references += 1
        return headers_new(record)

    @property
    def head_length(self):
        """Bytes that the head takes, empty lines before it included: where the body starts."""
        return live(self.record).head.head_len

    def __bytes__(self):
        return span(live(self.record), 0, live(self.record).head.head_len)


cdef class FramedHead(Head):
    """A head that says how the body behind it is framed (RFC 9112 section 6)."""

    @property
    def content_length(self):
        """The Content-Length in bytes, else None. An answer to HEAD may have one and no body."""
        return length_of(live(self.record))

    @property
    def chunked(self):
        """Whether the body comes in the chunked transfer coding."""
        return has(self.record, FASTPATH_HTTP_CHUNKED)

    @property
    def keep_alive(self):
        """Whether the sender allows another request on the same connection after this message."""
        return has(self.record, FASTPATH_HTTP_KEEP_ALIVE)

    @property
    def upgrade(self):
        """Whether the sender asks for another protocol, or switches to it: Connection says upgrade, Upgrade to what."""
        return has(self.record, FASTPATH_HTTP_UPGRADE)


cdef HeadRecord *record_of(object head) except NULL:
    if isinstance(head, Head):
        return live((<Head>head).record)
    raise TypeError(f"expected a Request or a Response, not {type(head).__name__}")
