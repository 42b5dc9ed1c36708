# fields.py is compiled: most of what it takes to load a configuration is spent there. Documents hold plain dicts.

cdef class Located:
    cdef readonly object problems
    cdef readonly object where


cdef class Value(Located):
    cdef readonly object raw


cdef class Section(Located):
    cdef readonly dict members
    cdef readonly set asked
    cdef list _absent
    cdef bint _camel
