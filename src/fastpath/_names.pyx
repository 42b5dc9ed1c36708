# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""The names of fields and methods that everyone uses, as strings that are made once."""
from cpython.mem cimport PyMem_Malloc
from cpython.object cimport PyObject
from libc.stdint cimport uint16_t

from fastpath._objects cimport Py_INCREF
from fastpath.libfastpath.http cimport *

# The usual spelling on the wire, where it is not the lower-case name with its words capitalised.
_SPELLINGS = {
    b"etag": b"ETag",
    b"te": b"TE",
    b"dnt": b"DNT",
    b"www-authenticate": b"WWW-Authenticate",
    b"sec-websocket-accept": b"Sec-WebSocket-Accept",
    b"sec-websocket-extensions": b"Sec-WebSocket-Extensions",
    b"sec-websocket-key": b"Sec-WebSocket-Key",
    b"sec-websocket-protocol": b"Sec-WebSocket-Protocol",
    b"sec-websocket-version": b"Sec-WebSocket-Version",
    b"x-xss-protection": b"X-XSS-Protection",
}

cdef KnownName *names = NULL
cdef PyObject *methods[FASTPATH_HTTP_METHOD_PATCH + 1]
cdef dict METHOD_IDS = {
    b"GET": FASTPATH_HTTP_METHOD_GET,
    b"HEAD": FASTPATH_HTTP_METHOD_HEAD,
    b"POST": FASTPATH_HTTP_METHOD_POST,
    b"PUT": FASTPATH_HTTP_METHOD_PUT,
    b"DELETE": FASTPATH_HTTP_METHOD_DELETE,
    b"CONNECT": FASTPATH_HTTP_METHOD_CONNECT,
    b"OPTIONS": FASTPATH_HTTP_METHOD_OPTIONS,
    b"TRACE": FASTPATH_HTTP_METHOD_TRACE,
    b"PATCH": FASTPATH_HTTP_METHOD_PATCH,
}


cdef int intern_names() except -1:
    """Make the strings that live as long as the module: written once, while it is imported."""
    global names
    cdef uint16_t count = fp_http_name_count()
    cdef size_t length
    cdef const char *text
    names = <KnownName *>PyMem_Malloc((count + 1) * sizeof(KnownName))
    if names is NULL:
        raise MemoryError
    for index in range(1, count + 1):
        text = fp_http_name(<uint16_t>index, &length)
        lower = <bytes>text[:length]
        usual = _SPELLINGS.get(lower) or b"-".join([word.capitalize() for word in lower.split(b"-")])
        names[index].lower = <PyObject *>lower
        names[index].usual = <PyObject *>usual
        Py_INCREF(names[index].lower)
        Py_INCREF(names[index].usual)
    for method, number in METHOD_IDS.items():
        methods[<int>number] = <PyObject *>method
        Py_INCREF(<PyObject *>method)
    return 0


intern_names()


cdef const KnownName *known_names() noexcept:
    return names


cdef PyObject **known_methods() noexcept:
    return methods


cdef int method_id(bytes method) noexcept:
    cdef object number = METHOD_IDS.get(method)
    return FASTPATH_HTTP_METHOD_UNKNOWN if number is None else <int>number
