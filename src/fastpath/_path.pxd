# The path normaliser for other Cython modules.
from fastpath.libfastpath.path cimport fp_path_options


cdef class PathNormalizer:
    cdef fp_path_options options

    cdef tuple apply(self, bytes target)
