"""The C ABI as it is built: every function with its types, every structure with its layout, every constant.

abi.py --write FILE    keeps it in a file; refused when something that the file tells has gone or become different under
                       the same FASTPATH_ABI_VERSION
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

__all__ = ["changed", "description", "fields_of"]


def fields_of(structure: str) -> list[tuple[str, Any]] | None:
    """Its fields, or None when it is opaque: cffi must not be asked for those then."""
    from fastpath.ffi import ffi

    try:
        ffi.sizeof(structure)
    except ffi.error:
        return None
    return list(ffi.typeof(structure).fields)


def description() -> list[str]:
    """A line for each thing that a program can have been compiled against. The first tells the version."""
    from fastpath.ffi import ffi, lib

    typedefs, _, _ = ffi.list_types()
    lines = []
    for name in dir(lib):
        kind = ffi.typeof(getattr(lib, name)) if callable(getattr(lib, name)) else None
        if kind is None:
            lines.append(f"constant {name} = {getattr(lib, name)}")
        else:
            arguments = ", ".join(argument.cname for argument in kind.args)
            lines.append(f"function {kind.result.cname} {name}({arguments})")
    for name in typedefs:
        kind = ffi.typeof(name)
        if kind.kind != "struct":
            lines.append(f"type {name}: {kind.cname if kind.kind != 'enum' else 'enum'}, {ffi.sizeof(kind)} bytes")
        elif (members := fields_of(name)) is None:
            lines.append(f"struct {name}: opaque")
        else:
            fields = ", ".join(f"{field.type.cname} {label} @{field.offset}" for label, field in members)
            lines.append(f"struct {name}: {ffi.sizeof(kind)} bytes: {fields}")
    return [f"version {lib.fp_abi_version()}", *sorted(lines)]


def changed(before: list[str], after: list[str]) -> list[str]:
    """What a program compiled against `before` would miss in `after`, unless the version says that it is another."""
    return [] if before[:1] != after[:1] else sorted(set(before) - set(after))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="FILE", required=True)
    path = parser.parse_args().write
    after = description()
    if path.exists() and (missing := changed(path.read_text().splitlines(), after)):
        print("gone or changed, so that FASTPATH_ABI_VERSION has to grow:", *missing, sep="\n  ", file=sys.stderr)
        return 1
    path.write_text("\n".join(after) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
