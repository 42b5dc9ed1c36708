# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""A parsed head rewritten for the next hop in one call (RFC 9110 section 7.6)."""
cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint64_t

from fastpath._head cimport record_of
from fastpath._http cimport Request
from fastpath._message cimport ascii_bytes
from fastpath._record cimport HeadRecord
from fastpath._status cimport check_local
from fastpath.libfastpath.base cimport FASTPATH_NEED_MORE, FASTPATH_OK, fp_error, fp_span, fp_status
from fastpath.libfastpath.http_write cimport *

cdef enum:
    STACK_ROOM = 4096


@cython.final
cdef class HeadRewriter:
    """What to do to the header fields of heads that are forwarded, checked and laid out once.

    `remove`: names. `set`, `append`, `add_if_absent`, `overwrite_if_exists`: mappings or lists of `(name, value)`, with
    the meaning of Envoy's HeaderAppendAction: OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD, ADD_IF_ABSENT and
    OVERWRITE_IF_EXISTS. A value of None is filled in by each call, from its `values`, in the order in which they stand
    here. Hop-by-hop fields, Host and the framing fields are the rewrite's own business: naming one is a ValueError.
    Immutable; may be shared between threads.
    """

    def __cinit__(self, *, set=(), append=(), add_if_absent=(), overwrite_if_exists=(), remove=()):
        cdef list names = [ascii_bytes(name, "header name") for name in remove]
        cdef list kinds = [FASTPATH_HTTP_OP_REMOVE] * len(names)
        cdef list texts = [b""] * len(names)
        for kind, pairs in (
            (FASTPATH_HTTP_OP_SET, set),
            (FASTPATH_HTTP_OP_APPEND, append),
            (FASTPATH_HTTP_OP_ADD_IF_ABSENT, add_if_absent),
            (FASTPATH_HTTP_OP_OVERWRITE_IF_EXISTS, overwrite_if_exists),
        ):
            for name, value in pairs.items() if hasattr(pairs, "items") else pairs:
                kinds.append(kind)
                names.append(ascii_bytes(name, "header name"))
                texts.append(None if value is None else ascii_bytes(value, "header value"))
        cdef size_t count = len(kinds)
        cdef fp_http_op *ops = <fp_http_op *>PyMem_Malloc((count + 1) * sizeof(fp_http_op))
        if ops is NULL:
            raise MemoryError
        cdef fp_error error
        cdef size_t i
        try:
            for i in range(count):
                ops[i].kind = kinds[i]
                ops[i].slot = -1
                set_span(&ops[i].name, names[i])
                set_span(&ops[i].value, texts[i])
                if texts[i] is None:
                    ops[i].slot = <int>self.open_values
                    self.open_values += 1
            self.compiled = fp_http_rewrite_new(ops, count, &error)
            if self.compiled is NULL:
                check_local(error.code, &error)
        finally:
            PyMem_Free(ops)

    def __dealloc__(self):
        fp_http_rewrite_unref(self.compiled)

    cdef int prepare(
        self, Forwarding *forwarding, tuple values, bytes method, bytes path, bytes query, bytes authority,
        object content_length, object chunked, bint upgrade, bint close, bint keep_alive, bint proxy_authorization
    ) except -1:
        """Lays out one call's arguments. Nothing is copied: they have to stay until the forwarding is used."""
        cdef fp_http_forward *forward = &forwarding.forward
        cdef size_t i
        forward.rewrite = self.compiled
        forward.values = forwarding.values
        forward.value_count = self.open_values
        if self.open_values != <size_t>len(values):
            raise ValueError(f"{self.open_values} values are to be filled in, not {len(values)}")
        for i in range(self.open_values):
            set_span(&forwarding.values[i], values[i])
        set_span(&forward.method, method)
        set_span(&forward.path, path)
        set_span(&forward.query, query)
        set_span(&forward.authority, authority)
        forward.flags = (
            (FASTPATH_FORWARD_UPGRADE if upgrade else 0)
            | (FASTPATH_FORWARD_CLOSE if close else 0)
            | (FASTPATH_FORWARD_KEEP_ALIVE if keep_alive else 0)
            | (FASTPATH_FORWARD_PROXY_AUTH if proxy_authorization else 0)
        )
        forward.content_length = 0
        if content_length is not None:
            if chunked is not None:
                raise ValueError("content_length and chunked exclude each other")
            forward.framing = FASTPATH_FRAMING_LENGTH
            forward.content_length = <uint64_t>content_length
        elif chunked is None:
            forward.framing = FASTPATH_FRAMING_AS_RECEIVED
        else:
            forward.framing = FASTPATH_FRAMING_CHUNKED if chunked else FASTPATH_FRAMING_NONE
        return 0

    def rewrite(
        self, head, *, values=(), bytes method=None, bytes path=None, bytes query=None, bytes authority=None,
        content_length=None, chunked=None, bint upgrade=False, bint close=False, bint keep_alive=False,
        bint proxy_authorization=False,
    ):
        """The head of a Request or Response as it goes to the next hop: bytes of an HTTP/1.1 head.

        values               a list or tuple with a bytes (or None, to leave that field out) for each None of the type
        method, path, query, authority   replace a request's; `query=b""` drops it. Host becomes the authority
        content_length, chunked          reframe: a length; True for chunked; False for neither. By default as received
        upgrade              pass Upgrade on
        close, keep_alive    say `Connection: close`, or `Connection: keep-alive` to an HTTP/1.0 peer
        proxy_authorization  pass Proxy-Authorization or Proxy-Authenticate on

        Raises ValueError for an argument that must not be written.
        """
        cdef HeadRecord *record = record_of(head)
        cdef Forwarding forwarding
        cdef uint8_t room[STACK_ROOM]
        cdef size_t length = 0
        cdef fp_error error
        cdef fp_status status
        cdef bytes made
        cdef bint is_request = type(head) is Request
        cdef tuple filled = tuple(values)
        self.prepare(
            &forwarding, filled, method, path, query, authority, content_length, chunked, upgrade, close, keep_alive,
            proxy_authorization,
        )
        status = write(record, is_request, &forwarding.forward, room, STACK_ROOM, &length, &error)
        if status == FASTPATH_OK:
            return PyBytes_FromStringAndSize(<char *>room, <Py_ssize_t>length)
        if status == FASTPATH_NEED_MORE:
            made = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length)
            status = write(record, is_request, &forwarding.forward, <uint8_t *><char *>made, length, &length, &error)
            if status == FASTPATH_OK:
                # What suffices may be more than what was needed.
                return made if <size_t>len(made) == length else made[:length]
        check_local(status, &error)
        raise RuntimeError("the head grew while it was written")


cdef inline void set_span(fp_span *span, bytes text) noexcept:
    if text is None:
        span.data = NULL
        span.len = 0
    else:
        span.data = <const uint8_t *><const char *>text
        span.len = len(text)


cdef inline fp_status write(
    HeadRecord *record, bint is_request, const fp_http_forward *forward, uint8_t *room, size_t capacity, size_t *length,
    fp_error *error
) noexcept:
    if is_request:
        return fp_http_rewrite_request(record.data, &record.head, forward, room, capacity, length, error)
    return fp_http_rewrite_response(record.data, &record.head, forward, room, capacity, length, error)
