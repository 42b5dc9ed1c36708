"""The cffi module `fastpath._ffi` over the whole C ABI: its declarations are cut from the public headers.

Run as a program, prints them.
"""

from __future__ import annotations

import re
from pathlib import Path

from cffi import FFI
from cffi.recompiler import make_c_source

INCLUDE = Path(__file__).resolve().parent.parent / "include"
MARKED = re.compile(r"/\* \[cffi\] \*/(.*?)/\* \[/cffi\] \*/", re.DOTALL)
NEEDED = re.compile(r"#include <(fastpath/\w+\.h)>")


def headers() -> list[str]:
    """Every public header, each behind those that it includes."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name not in ordered:
            for needed in NEEDED.findall((INCLUDE / name).read_text()):
                visit(needed)
            ordered.append(name)

    for path in sorted((INCLUDE / "fastpath").glob("*.h")):
        visit(f"fastpath/{path.name}")
    return ordered


def declarations() -> str:
    """What stands between the marks of the headers, in an order that a compiler accepts."""
    return "\n".join(part for name in headers() for part in MARKED.findall((INCLUDE / name).read_text()))


def emit(path: str) -> None:
    """Write the module's C source, unless it is there already and the same."""
    builder = FFI()
    builder.cdef(declarations())
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    make_c_source(builder, "fastpath._ffi", "\n".join(f"#include <{name}>" for name in headers()), path)


if __name__ == "__main__":
    print(declarations())
