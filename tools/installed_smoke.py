"""Run by tools/try_install.sh where nothing but fastpath (and cffi) is installed, away from the repository."""

from __future__ import annotations

import importlib.metadata
import pathlib

import fastpath
from fastpath.ffi import ffi, lib

HEAD = b"GET /cart?item=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n"


def main() -> None:
    files = [str(path) for path in importlib.metadata.files("fastpath") or ()]
    names = {pathlib.PurePosixPath(path).name for path in files}
    package = pathlib.Path(fastpath.__file__).parent
    assert {"LICENSE", "NOTICE", "py.typed", "base.h", "base.pxd"} <= names, sorted(names)
    assert not [path for path in files if path.endswith((".c", ".pyx"))], "sources do not belong into a wheel"
    assert pathlib.Path(fastpath.get_include(), "fastpath", "http.h").is_file()
    assert package in pathlib.Path(fastpath.get_include()).parents
    for stub in package.glob("_*.pyi"):
        importlib.import_module(f"fastpath.{stub.stem}")

    request = fastpath.parse_request(HEAD)
    assert request is not None
    assert (request.method, request.path, request.authority) == (b"GET", b"/cart", b"shop.example")

    fields = ffi.new("fp_http_field[]", 4)
    head = ffi.new("fp_http_head *", {"fields": fields, "field_capacity": 4})
    assert lib.fp_http_parse_request(HEAD, len(HEAD), ffi.NULL, head, ffi.NULL) == lib.FASTPATH_OK
    assert head.head_len == len(HEAD)
    print(f"fastpath {fastpath.__version__} from {package}: {len(files)} files, imports, parses")


if __name__ == "__main__":
    main()
