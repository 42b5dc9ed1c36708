"""Declarations of the C ABI for Cython: `from fastpath.libfastpath.base cimport fp_status`. Nothing to import at run time."""
