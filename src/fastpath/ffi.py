"""The C ABI through cffi: `ffi` and `lib`, for PyPy and for programs that embed the core without Cython.

Raw and small: what the headers in `fastpath.get_include()` say about ownership, lifetime and threads is all there is,
and a status is an integer that the caller looks at.

    from fastpath.ffi import ffi, lib

    head = ffi.new("fp_http_head *")
    fields = ffi.new("fp_http_field[]", 100)
    head.fields, head.field_capacity = fields, 100
    status = lib.fp_http_parse_request(data, len(data), ffi.NULL, head, ffi.NULL)

Needs the package cffi at run time (`pip install fastpath[cffi]`).
"""

from __future__ import annotations

from fastpath._ffi import ffi, lib

__all__ = ["ffi", "lib"]
