# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Heads made from their parts, to be sent."""
cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport uint8_t, uint32_t

from fastpath._headers cimport Headers
from fastpath._objects cimport Py_DECREF, Py_INCREF, PyBytes_AS_STRING, PyBytes_FromStringAndSize
from fastpath._record cimport HeadRecord, live, record_new, record_unref
from fastpath._status cimport check_local
from fastpath.libfastpath.base cimport FASTPATH_OK, fp_error, fp_status
from fastpath.libfastpath.http cimport *
from fastpath.libfastpath.http_write cimport *

from fastpath.errors import LocalProtocolError


cdef HeadRecord *record_from_message(const fp_http_message *message, bint is_request) except NULL:
    """Writes the head, then reads it: what can be made can be sent, and has one representation."""
    cdef size_t length = 0
    cdef fp_error error
    cdef fp_status status
    cdef bytes text
    cdef HeadRecord *record
    cdef fp_http_limits limits
    status = write_head(message, is_request, NULL, 0, &length, &error)
    check_local(status, &error)
    made = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>length)
    text = <bytes>made
    Py_DECREF(made)
    status = write_head(message, is_request, <uint8_t *>PyBytes_AS_STRING(made), length, &length, &error)
    check_local(status, &error)
    # Limits are for what strangers send.
    fp_http_limits_default(&limits)
    limits.max_headers = 65535
    limits.max_head = limits.max_line = 1 << 30
    record = record_new(<uint32_t>message.header_count)
    if is_request:
        status = fp_http_parse_request(text, length, &limits, &record.head, &error)
    else:
        status = fp_http_parse_response(text, length, FASTPATH_HTTP_METHOD_GET, &limits, &record.head, &error)
    if status != FASTPATH_OK:
        record_unref(record)
        check_local(status, &error)
        raise LocalProtocolError("the head is not complete")
    record.data = text
    record.source = made
    Py_INCREF(made)
    return record


cdef inline fp_status write_head(
    const fp_http_message *message, bint is_request, uint8_t *dst, size_t capacity, size_t *length, fp_error *error
) noexcept:
    if is_request:
        return fp_http_write_request(message, dst, capacity, length, error)
    return fp_http_write_response(message, dst, capacity, length, error)


cdef uint8_t minor_version(object version) except 255:
    if version == b"1.1" or version == "1.1":
        return 1
    if version == b"1.0" or version == "1.0":
        return 0
    raise LocalProtocolError("the version is 1.0 or 1.1", code="http_version", status=505)


cdef bytes ascii_bytes(object value, str what):
    if type(value) is bytes:
        return <bytes>value
    if isinstance(value, str):
        return value.encode("ascii")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{what}: expected bytes or str, not {type(value).__name__}")


@cython.final
cdef class HeaderList:
    def __dealloc__(self):
        PyMem_Free(self.items)


cdef HeaderList header_list(object pairs):
    """Header pairs as the core takes them. `pairs`: Headers, or an iterable of (name, value), bytes or ASCII str."""
    cdef HeaderList listed = HeaderList()
    cdef HeadRecord *record
    cdef const fp_http_field *field
    cdef size_t i
    cdef bytes text
    if type(pairs) is Headers:
        record = live((<Headers>pairs).record)
        listed.held = [pairs]
        listed.count = record.head.field_count
        listed.items = <fp_http_header *>PyMem_Malloc((listed.count + 1) * sizeof(fp_http_header))
        if listed.items is NULL:
            raise MemoryError
        for i in range(listed.count):
            field = &record.head.fields[i]
            listed.items[i].name.data = record.data + field.name
            listed.items[i].name.len = field.name_len
            listed.items[i].value.data = record.data + field.value
            listed.items[i].value.len = field.value_len
        return listed
    listed.held = []
    for name, value in pairs:
        listed.held.append(ascii_bytes(name, "header name"))
        listed.held.append(ascii_bytes(value, "header value"))
    listed.count = len(listed.held) // 2
    if listed.count > 65535:
        raise LocalProtocolError("more than 65535 headers", code="http_too_many_headers", status=431)
    listed.items = <fp_http_header *>PyMem_Malloc((listed.count + 1) * sizeof(fp_http_header))
    if listed.items is NULL:
        raise MemoryError
    for i in range(listed.count):
        text = listed.held[2 * i]
        listed.items[i].name.data = text
        listed.items[i].name.len = len(text)
        text = listed.held[2 * i + 1]
        listed.items[i].value.data = text
        listed.items[i].value.len = len(text)
    return listed
