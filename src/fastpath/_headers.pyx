# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""The header fields of a message as a view that makes no object until it is asked."""
cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath._names cimport KnownName, known_names
from fastpath._objects cimport *
from fastpath._record cimport HeadRecord, live, record_unref, span
from fastpath.libfastpath.http cimport fp_http_field, fp_http_name_id

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* memcmp for the names of fields, most of which are so short that the call would cost more than the work. */
    static inline int fastpath_same_bytes(const void *first, const void *second, size_t length) {
      const char *a = (const char *)first, *b = (const char *)second;
      uint64_t x, y;
      uint32_t v, w;
      if (length < 4) return memcmp(a, b, length) == 0;
      if (length < 8) {
        memcpy(&v, a, 4), memcpy(&w, b, 4);
        if (v != w) return 0;
        memcpy(&v, a + length - 4, 4), memcpy(&w, b + length - 4, 4);
        return v == w;
      }
      for (size_t i = 0; i + 8 < length; i += 8) {
        memcpy(&x, a + i, 8), memcpy(&y, b + i, 8);
        if (x != y) return 0;
      }
      memcpy(&x, a + length - 8, 8), memcpy(&y, b + length - 8, 8);
      return x == y;
    }
    """
    bint same_bytes "fastpath_same_bytes"(const void *first, const void *second, size_t length) noexcept nogil

cdef const KnownName *known = known_names()


cdef inline PyObject *name_on_wire(HeadRecord *record, const fp_http_field *field) except NULL:
    """The field's name as received; a new reference."""
    cdef const uint8_t *text = record.data + field.name
    cdef PyObject *name
    if field.id != 0:
        name = known[field.id].lower if text[0] & 0x20 else known[field.id].usual
        if same_bytes(PyBytes_AS_STRING(name), text, field.name_len):
            Py_INCREF(name)
            return name
    return PyBytes_FromStringAndSize(<const char *>text, field.name_len)


cdef inline PyObject *name_in_lower_case(HeadRecord *record, const fp_http_field *field) except NULL:
    """The field's name in lower case; a new reference."""
    cdef PyObject *name
    cdef const uint8_t *text
    cdef uint8_t *target
    cdef uint8_t letter
    cdef uint32_t i
    if field.id != 0:
        name = known[field.id].lower
        Py_INCREF(name)
        return name
    text = record.data + field.name
    name = PyBytes_FromStringAndSize(NULL, field.name_len)
    target = <uint8_t *>PyBytes_AS_STRING(name)
    for i in range(field.name_len):
        letter = text[i]
        target[i] = letter | 0x20 if letter - 65u < 26u else letter
    return name


cdef inline PyObject *value_of(HeadRecord *record, const fp_http_field *field) except NULL:
    return PyBytes_FromStringAndSize(<const char *>record.data + field.value, field.value_len)


cdef inline bint names_equal(const uint8_t *a, const uint8_t *b, size_t length) noexcept nogil:
    """Whether two names that are not well known agree but for the case of their letters."""
    cdef size_t i
    cdef uint8_t x, y
    for i in range(length):
        x = a[i]
        y = b[i]
        if x != y and ((x ^ y) != 0x20 or (x | 0x20) - 97u >= 26u):
            return False
    return True


@cython.final
@cython.freelist(64)
cdef class Headers:
    """The header fields of one message, in the order and the spelling they had on the wire.

    Names are looked up without regard to case; a name that stands on several lines has several values, none of which is
    ever dropped or joined. Iteration gives `(name, value)` pairs of bytes. A view: it keeps the message's bytes alive.
    """

    def __dealloc__(self):
        if self.record is not NULL:
            record_unref(self.record)

    def __len__(self):
        return live(self.record).head.field_count

    def __iter__(self):
        return iter(header_pairs(live(self.record), False))

    def __contains__(self, bytes name not None):
        return next_field(live(self.record), name, 0) >= 0

    def __getitem__(self, bytes name not None):
        cdef HeadRecord *record = live(self.record)
        cdef Py_ssize_t index = next_field(record, name, 0)
        if index < 0:
            raise KeyError(name)
        return span(record, record.head.fields[index].value, record.head.fields[index].value_len)

    def get(self, bytes name not None, default=None, /):
        """The first value of that name, or the default."""
        cdef HeadRecord *record = live(self.record)
        cdef Py_ssize_t index = next_field(record, name, 0)
        if index < 0:
            return default
        return span(record, record.head.fields[index].value, record.head.fields[index].value_len)

    def get_all(self, bytes name not None, /):
        """Every value of that name, in order: a list, empty when there is none."""
        cdef HeadRecord *record = live(self.record)
        cdef Py_ssize_t index = next_field(record, name, 0)
        cdef list values = []
        while index >= 0:
            values.append(span(record, record.head.fields[index].value, record.head.fields[index].value_len))
            index = next_field(record, name, index + 1)
        return values

    def items(self):
        """All fields as a list of `(name, value)`, names as on the wire."""
        return header_pairs(live(self.record), False)

    def lower_items(self):
        """All fields as a list of `(name, value)`, names in lower case."""
        return header_pairs(live(self.record), True)

    def flat(self):
        """All fields as one tuple `(name, value, name, value, …)`, names as on the wire."""
        cdef HeadRecord *record = live(self.record)
        cdef Py_ssize_t count = record.head.field_count
        cdef const fp_http_field *field = record.head.fields
        cdef PyObject *made = PyTuple_New(2 * count)
        result = <tuple>made
        Py_DECREF(made)
        cdef Py_ssize_t i
        for i in range(count):
            PyTuple_SET_ITEM(made, 2 * i, name_on_wire(record, field))
            PyTuple_SET_ITEM(made, 2 * i + 1, value_of(record, field))
            field += 1
        return result

    def __eq__(self, other):
        if type(other) is not Headers:
            return NotImplemented
        return header_pairs(live(self.record), False) == header_pairs(live((<Headers>other).record), False)

    __hash__ = None

    def __repr__(self):
        # Names only: values hold credentials, and representations end up in logs.
        names = [name.decode("latin-1") for name, _ in header_pairs(live(self.record), False)]
        return f"<Headers {', '.join(names)}>"


cdef Headers headers_new(HeadRecord *record):
    cdef Headers headers
    try:
        headers = Headers.__new__(Headers)
    except BaseException:
        record_unref(record)
        raise
    headers.record = record
    return headers


cdef list header_pairs(HeadRecord *record, bint lower):
    cdef Py_ssize_t count = record.head.field_count
    cdef const fp_http_field *field = record.head.fields
    cdef PyObject *made = PyList_New(count)
    result = <list>made
    Py_DECREF(made)
    cdef PyObject *pair
    cdef Py_ssize_t i
    for i in range(count):
        pair = PyTuple_New(2)
        PyList_SET_ITEM(made, i, pair)
        PyTuple_SET_ITEM(pair, 0, name_in_lower_case(record, field) if lower else name_on_wire(record, field))
        PyTuple_SET_ITEM(pair, 1, value_of(record, field))
        field += 1
    return result


cdef Py_ssize_t next_field(HeadRecord *record, bytes name, Py_ssize_t start) noexcept:
    """Index of the first field of that name at or after start, or -1."""
    cdef const uint8_t *text = <const uint8_t *>PyBytes_AS_STRING(<PyObject *>name)
    cdef size_t length = PyBytes_GET_SIZE(<PyObject *>name)
    cdef uint16_t id = fp_http_name_id(text, length)
    cdef const fp_http_field *field = record.head.fields
    cdef Py_ssize_t i
    if id != 0:
        for i in range(start, <Py_ssize_t>record.head.field_count):
            if field[i].id == id:
                return i
    else:
        for i in range(start, <Py_ssize_t>record.head.field_count):
            if (
                field[i].name_len == length
                and field[i].id == 0
                and names_equal(record.data + field[i].name, text, length)
            ):
                return i
    return -1
