# Regular expressions for other Cython modules.
from fastpath.libfastpath.regex cimport fp_regex, fp_regex_set


cdef class Regex:
    cdef bint latin1
    cdef fp_regex *regex  # counted


cdef class RegexSet:
    cdef fp_regex_set *regexes  # counted


cdef Regex regex_of(object pattern)
