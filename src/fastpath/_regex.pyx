# cython: binding=False, boundscheck=False, wraparound=False, initializedcheck=False, always_allow_keywords=False
"""Regular expressions with RE2's syntax and semantics, in linear time, alone and many at once."""
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport SIZE_MAX, uint8_t, uint32_t

from fastpath._status cimport check
from fastpath.libfastpath.base cimport FASTPATH_NONE, FASTPATH_OK, fp_error, fp_span, fp_status
from fastpath.libfastpath.regex cimport *

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text)

cdef enum:
    STACK_ROOM = 2048  # bytes of a replacement before it comes from the heap
    STACK_IDS = 64
    LONG_TEXT = 4096  # from here on the GIL is given up


cdef inline object span_of(object text, fp_span *span):
    """The bytes of a str (UTF-8, escaped surrogates as the bytes they stand for) or bytes. Returns what owns them."""
    cdef Py_ssize_t length
    if isinstance(text, str):
        if PyUnicode_IS_COMPACT_ASCII(text):
            span.data = <const uint8_t *>PyUnicode_AsUTF8AndSize(text, &length)
            span.len = <size_t>length
            return text
        text = text.encode("utf-8", "surrogateescape")
    elif not isinstance(text, bytes):
        raise TypeError(f"text must be str or bytes, not {type(text).__name__}")
    span.data = <const uint8_t *>PyBytes_AS_STRING(text)
    span.len = <size_t>PyBytes_GET_SIZE(text)
    return text


cdef inline str text_of(fp_span span):
    return PyBytes_FromStringAndSize(<const char *>span.data, <Py_ssize_t>span.len).decode("utf-8", "surrogatepass")


cdef inline fp_status set_match(
    const fp_regex_set *regexes, const fp_span *text, uint32_t first, uint32_t *ids, size_t *count
) noexcept nogil:
    return fp_regex_set_match(regexes, text.data, text.len, first, FASTPATH_REGEX_ID_END, ids, STACK_IDS, count)


cdef Regex regex_of(object pattern):
    return pattern if isinstance(pattern, Regex) else Regex(pattern)


@cython.final
cdef class Regex:
    """A compiled pattern: RE2's syntax and semantics as Envoy uses them (UTF-8, `.` is no newline unless (?s)).

    ConfigError when RE2 would refuse the pattern, or when its program would pass `max_program_size` instructions;
    `index` is the offset in the encoded pattern. Texts are str or bytes. Immutable; may be shared between threads.

    latin1: characters are bytes, of the pattern and of texts: what Envoy does with paths and header values. A str still
        stands for its bytes in UTF-8.
    """

    def __cinit__(self, pattern, *, max_program_size=None, bint latin1=False):
        cdef fp_regex_limits limits
        cdef fp_error error
        cdef fp_status status
        cdef fp_span span
        if isinstance(pattern, str):
            pattern = pattern.encode("utf-8", "surrogateescape")
        _owner = span_of(pattern, &span)
        fp_regex_limits_default(&limits)
        self.latin1 = latin1
        if latin1:
            limits.encoding = FASTPATH_REGEX_LATIN1
        if max_program_size is not None:
            limits.max_instructions = max_program_size
        with nogil:
            status = fp_regex_new(span.data, span.len, &limits, &self.regex, &error)
        check(status, &error)

    def __dealloc__(self):
        fp_regex_unref(self.regex)

    @property
    def pattern(self):
        """What was compiled."""
        if self.latin1:
            return fp_regex_bytes(self).decode("utf-8", "surrogateescape")
        return text_of(fp_regex_pattern(self.regex))

    @property
    def group_count(self):
        """How many groups capture something; the whole match is not counted."""
        return fp_regex_group_count(self.regex)

    @property
    def group_names(self):
        """The names of the groups from 1 on, None for one without a name."""
        cdef uint32_t i
        cdef fp_span name
        names = []
        for i in range(1, fp_regex_group_count(self.regex) + 1):
            name = fp_regex_group_name(self.regex, i)
            names.append(text_of(name) if name.len else None)
        return tuple(names)

    @property
    def literal_prefix(self):
        """The bytes with which every text begins that matches in full."""
        cdef fp_span span = fp_regex_literal_prefix(self.regex)
        return PyBytes_FromStringAndSize(<const char *>span.data, <Py_ssize_t>span.len)

    @property
    def program_size(self):
        """Instructions of the compiled program."""
        return fp_regex_program_size(self.regex)

    def full_match(self, text, /):
        """Does all of the text match? Time is linear in its length."""
        cdef fp_span span
        cdef fp_status status
        _owner = span_of(text, &span)
        if span.len < LONG_TEXT:
            status = fp_regex_full_match(self.regex, span.data, span.len)
        else:
            with nogil:
                status = fp_regex_full_match(self.regex, span.data, span.len)
        check(status, NULL)
        return status == FASTPATH_OK

    def search(self, text, start=0, /):
        """The spans `(begin, end)` of the leftmost match at `start` or behind it and of its groups, or None.

        A group that took no part has None instead of a span. Offsets count bytes of the UTF-8 text, also in a str.
        ValueError when start is behind the end.
        """
        cdef fp_span span
        cdef fp_status status
        cdef size_t at = start
        cdef size_t count = fp_regex_group_count(self.regex) + 1
        cdef size_t i
        _owner = span_of(text, &span)
        cdef fp_regex_group *groups = <fp_regex_group *>PyMem_Malloc(count * sizeof(fp_regex_group))
        if groups is NULL:
            raise MemoryError
        try:
            with nogil:
                status = fp_regex_search(self.regex, span.data, span.len, at, groups, count)
            if check(status, NULL) == FASTPATH_NONE:
                return None
            found = []
            for i in range(count):
                found.append((groups[i].begin, groups[i].end) if groups[i].begin != SIZE_MAX else None)
            return tuple(found)
        finally:
            PyMem_Free(groups)

    def check_substitution(self, substitution, /):
        """Raise ConfigError for a substitution that `replace_all` would refuse."""
        cdef fp_span by
        cdef fp_error error
        _owner = span_of(substitution, &by)
        check(fp_regex_check_substitution(self.regex, by.data, by.len, &error), &error)

    def replace_all(self, substitution, text, /):
        """The text with all matches replaced, as RE2::GlobalReplace does it, of the type of `text`.

        In the substitution \\0 is the match, \\1 to \\9 a group, \\\\ a backslash; ConfigError for anything else behind
        a backslash, and for a group that there is not.
        """
        cdef uint8_t small[STACK_ROOM]
        cdef uint8_t *room = small
        cdef size_t capacity = STACK_ROOM
        cdef size_t length
        cdef fp_span span
        cdef fp_span by
        cdef fp_error error
        cdef fp_status status
        _owners = span_of(text, &span), span_of(substitution, &by)
        check(fp_regex_check_substitution(self.regex, by.data, by.len, &error), &error)
        try:
            while True:
                with nogil:
                    status = fp_regex_replace_all(
                        self.regex, by.data, by.len, span.data, span.len, room, capacity, &length, NULL
                    )
                if check(status, NULL) == FASTPATH_NONE:
                    return text
                if length <= capacity:
                    break
                room = <uint8_t *>PyMem_Malloc(length)
                if room is NULL:
                    raise MemoryError
                capacity = length
            result = PyBytes_FromStringAndSize(<const char *>room, <Py_ssize_t>length)
            return result.decode("utf-8", "surrogateescape") if isinstance(text, str) else result
        finally:
            if room is not small:
                PyMem_Free(room)

    def __reduce__(self):
        return (_compile, (fp_regex_bytes(self), self.latin1))

    def __sizeof__(self):
        return object.__sizeof__(self) + fp_regex_size(self.regex)

    def __repr__(self):
        return f"Regex({self.pattern!r})"


def _compile(bytes pattern, bint latin1):
    return Regex(pattern, latin1=latin1)


cdef bytes fp_regex_bytes(Regex regex):
    cdef fp_span span = fp_regex_pattern(regex.regex)
    return PyBytes_FromStringAndSize(<const char *>span.data, <Py_ssize_t>span.len)


@cython.final
cdef class RegexSet:
    """Many patterns, matched in one pass over a text as far as they fit together. Their ids are 0, 1, ...

    Takes patterns or `Regex` objects. Immutable; may be shared between threads.
    """

    def __cinit__(self, patterns, /):
        cdef list compiled = [regex_of(pattern) for pattern in patterns]
        cdef size_t count = len(compiled)
        cdef size_t i
        cdef fp_error error
        cdef fp_status status
        cdef fp_regex **regexes = <fp_regex **>PyMem_Malloc((count + 1) * sizeof(fp_regex *))
        if regexes is NULL:
            raise MemoryError
        try:
            for i in range(count):
                regexes[i] = (<Regex>compiled[i]).regex
            with nogil:
                status = fp_regex_set_new(regexes, count, NULL, &self.regexes, &error)
            check(status, &error)
        finally:
            PyMem_Free(regexes)

    def __dealloc__(self):
        fp_regex_set_unref(self.regexes)

    def full_match(self, text, /):
        """The ids of the patterns that match all of the text, ascending."""
        cdef uint32_t ids[STACK_IDS]
        cdef uint32_t first = 0
        cdef size_t count = STACK_IDS
        cdef size_t i
        cdef fp_span span
        cdef fp_status status
        _owner = span_of(text, &span)
        cdef list found = []
        while count == STACK_IDS:
            if span.len < LONG_TEXT:
                status = set_match(self.regexes, &span, first, ids, &count)
            else:
                with nogil:
                    status = set_match(self.regexes, &span, first, ids, &count)
            check(status, NULL)
            for i in range(count):
                found.append(ids[i])
            first = ids[count - 1] + 1 if count else 0
        return found

    def __len__(self):
        return fp_regex_set_count(self.regexes)

    def __sizeof__(self):
        return object.__sizeof__(self) + fp_regex_set_size(self.regexes)
