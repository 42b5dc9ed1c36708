# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""The one path normaliser: what it returns is what to match, to apply policy to and to forward."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t

from fastpath._status cimport check
from fastpath.libfastpath.base cimport fp_error, fp_status
from fastpath.libfastpath.path cimport *

cdef enum:
    STACK_ROOM = 2048

cdef dict SLASH_ACTIONS = {
    "keep": FASTPATH_PATH_KEEP_UNCHANGED,
    "reject": FASTPATH_PATH_REJECT_REQUEST,
    "redirect": FASTPATH_PATH_UNESCAPE_AND_REDIRECT,
    "forward": FASTPATH_PATH_UNESCAPE_AND_FORWARD,
}


@cython.final
cdef class PathNormalizer:
    """Path normalisation with the options of Envoy's HttpConnectionManager, idempotent. Immutable.

    escaped_slashes   path_with_escaped_slashes_action, what to do about %2F and %5C: "keep", "reject", or unescape
                      them and "redirect" or "forward"
    normalize         normalize_path: resolve `.` and `..`, unescape unreserved characters, `\\` becomes `/`
    merge_slashes     `//` becomes `/`
    strip_parameters  drop `;...` from each segment
    reject_backslash  refuse a literal backslash
    reject_invalid    refuse `%` without two hexadecimal digits, %00, and octets that are not well-formed UTF-8

    The defaults are the library's own, strict ones. `PathNormalizer.envoy()` starts from Envoy's, which keep all.
    """

    def __cinit__(
        self, *, escaped_slashes="reject", bint normalize=True, bint merge_slashes=True, bint strip_parameters=False,
        bint reject_backslash=True, bint reject_invalid=True,
    ):
        if escaped_slashes not in SLASH_ACTIONS:
            raise ValueError(f"escaped_slashes: {escaped_slashes!r} is not one of {', '.join(SLASH_ACTIONS)}")
        self.options.escaped_slashes = <uint8_t><int>SLASH_ACTIONS[escaped_slashes]
        self.options.normalize = normalize
        self.options.merge_slashes = merge_slashes
        self.options.strip_parameters = strip_parameters
        self.options.reject_backslash = reject_backslash
        self.options.reject_invalid = reject_invalid

    @staticmethod
    def envoy(
        *, escaped_slashes="keep", bint normalize=False, bint merge_slashes=False, bint strip_parameters=False
    ):
        """With Envoy's defaults, to be changed as its configuration says."""
        cdef PathNormalizer normalizer = PathNormalizer(
            escaped_slashes=escaped_slashes, normalize=normalize, merge_slashes=merge_slashes,
            strip_parameters=strip_parameters, reject_backslash=False, reject_invalid=False,
        )
        if merge_slashes:
            normalizer.options.merge_slashes = FASTPATH_PATH_MERGE_AS_ENVOY
        return normalizer

    def normalize(self, bytes target not None, /):
        """The normalised form of an origin-form target; the query is left alone. RemoteProtocolError when rejected."""
        return self.apply(target)[0]

    def resolve(self, bytes target not None, /):
        """`(target, redirect)`: the normalised form, and whether to answer 307 with it as Location instead."""
        return self.apply(target)

    cdef tuple apply(self, bytes target):
        cdef uint8_t small[STACK_ROOM]
        cdef uint8_t *room = small
        cdef size_t length = <size_t>PyBytes_GET_SIZE(target)
        cdef size_t capacity = fp_path_capacity(length)
        cdef fp_path out
        cdef fp_error error
        cdef fp_status status
        if capacity > STACK_ROOM:
            room = <uint8_t *>PyMem_Malloc(capacity)
            if room is NULL:
                raise MemoryError
        try:
            status = fp_path_normalize(
                &self.options, <const uint8_t *>PyBytes_AS_STRING(target), length, room, capacity, &out, &error
            )
            check(status, &error)
            if out.whole.data != <const uint8_t *>PyBytes_AS_STRING(target):
                target = PyBytes_FromStringAndSize(<const char *>out.whole.data, <Py_ssize_t>out.whole.len)
            return target, out.action == FASTPATH_PATH_REDIRECT
        finally:
            if room is not small:
                PyMem_Free(room)

    def __repr__(self):
        cdef const fp_path_options *options = &self.options
        action = next(name for name, number in SLASH_ACTIONS.items() if number == options.escaped_slashes)
        return (
            f"PathNormalizer(escaped_slashes={action!r}, normalize={bool(options.normalize)}, "
            f"merge_slashes={bool(options.merge_slashes)}, strip_parameters={bool(options.strip_parameters)}, "
            f"reject_backslash={bool(options.reject_backslash)}, reject_invalid={bool(options.reject_invalid)})"
        )


cdef PathNormalizer strict = PathNormalizer()


def normalize_path(bytes target not None, /):
    """`PathNormalizer().normalize(target)`: the library's own defaults."""
    return strict.apply(target)[0]
