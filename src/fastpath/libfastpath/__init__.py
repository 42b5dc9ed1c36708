"""Declarations of the C ABI for Cython (`from fastpath.libfastpath.base cimport fp_status`); nothing at run time."""
