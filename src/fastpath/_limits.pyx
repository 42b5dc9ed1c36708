# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""How much of a message is read before it is refused."""
cimport cython
from libc.stdint cimport uint32_t

from fastpath.libfastpath.http cimport fp_http_limits, fp_http_limits_default


cdef uint32_t limit(object value, uint32_t default, uint32_t most, str name) except? 0xFFFFFFFF:
    if value is None:
        return default
    if not 0 <= value <= most:
        raise ValueError(f"{name}: {value} is not between 0 and {most}")
    return <uint32_t>value


@cython.final
cdef class Limits:
    """How much of a message is read before it is refused; None stands for the default. Immutable.

    max_headers         fields in a head (100, at most 65535)
    max_head            bytes of a head (65536, at most 2**30)
    max_line            bytes of one line (16384)
    max_chunk_overhead  bytes of chunk framing beyond those of the body so far; bytes of extensions (16384)
    max_trailers        fields in a trailer section (100)
    max_trailer_bytes   bytes of a trailer section (16384)
    max_interim         1xx responses before a final one (16)
    max_leading_blank   empty lines before a start line (1)
    """

    def __cinit__(
        self, *, max_headers=None, max_head=None, max_line=None, max_chunk_overhead=None, max_trailers=None,
        max_trailer_bytes=None, max_interim=None, max_leading_blank=None,
    ):
        cdef fp_http_limits made
        fp_http_limits_default(&made)
        made.max_headers = limit(max_headers, made.max_headers, 65535, "max_headers")
        made.max_head = limit(max_head, made.max_head, 1 << 30, "max_head")
        made.max_line = limit(max_line, made.max_line, 1 << 30, "max_line")
        made.max_chunk_overhead = limit(max_chunk_overhead, made.max_chunk_overhead, 1 << 30, "max_chunk_overhead")
        made.max_trailers = limit(max_trailers, made.max_trailers, 65535, "max_trailers")
        made.max_trailer_bytes = limit(max_trailer_bytes, made.max_trailer_bytes, 1 << 30, "max_trailer_bytes")
        made.max_interim = limit(max_interim, made.max_interim, 1 << 30, "max_interim")
        made.max_leading_blank = limit(max_leading_blank, made.max_leading_blank, 1 << 30, "max_leading_blank")
        self.limits = made

    @property
    def max_headers(self):
        return self.limits.max_headers

    @property
    def max_head(self):
        return self.limits.max_head

    @property
    def max_line(self):
        return self.limits.max_line

    @property
    def max_chunk_overhead(self):
        return self.limits.max_chunk_overhead

    @property
    def max_trailers(self):
        return self.limits.max_trailers

    @property
    def max_trailer_bytes(self):
        return self.limits.max_trailer_bytes

    @property
    def max_interim(self):
        return self.limits.max_interim

    @property
    def max_leading_blank(self):
        return self.limits.max_leading_blank

    def __eq__(self, other):
        return limits_tuple(self) == limits_tuple(other) if type(other) is Limits else NotImplemented

    def __hash__(self):
        return hash(limits_tuple(self))

    def __reduce__(self):
        return _limits_from, limits_tuple(self)

    def __repr__(self):
        return "Limits(%s)" % ", ".join(f"{name}={value}" for name, value in zip(_LIMIT_NAMES, limits_tuple(self)))


_LIMIT_NAMES = (
    "max_headers", "max_head", "max_line", "max_chunk_overhead", "max_trailers", "max_trailer_bytes", "max_interim",
    "max_leading_blank",
)


def _limits_from(*values):
    return Limits(**dict(zip(_LIMIT_NAMES, values)))


cdef tuple limits_tuple(Limits value):
    cdef fp_http_limits *limits = &value.limits
    return (
        limits.max_headers, limits.max_head, limits.max_line, limits.max_chunk_overhead, limits.max_trailers,
        limits.max_trailer_bytes, limits.max_interim, limits.max_leading_blank,
    )
