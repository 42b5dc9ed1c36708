"""The cffi door: the whole C ABI is there, and a request goes through it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastpath
from fastpath.ffi import ffi, lib

ROOT = Path(__file__).resolve().parent.parent.parent
HEAD = b"GET /cart?item=1 HTTP/1.1\r\nHost: shop.example\r\nX-Trace: a b\r\n\r\n"


def parse(data: bytes, capacity: int = 16):  # type: ignore[no-untyped-def]
    fields = ffi.new("fp_http_field[]", capacity)
    head = ffi.new("fp_http_head *", {"fields": fields, "field_capacity": capacity})
    error = ffi.new("fp_error *")
    status = lib.fp_http_parse_request(data, len(data), ffi.NULL, head, error)
    return status, head, fields, error


def test_request_is_parsed() -> None:
    status, head, fields, _ = parse(HEAD + b"body")
    assert status == lib.FASTPATH_OK
    assert head.head_len == len(HEAD)
    assert head.method == lib.FASTPATH_HTTP_METHOD_GET
    assert HEAD[head.path_off :][: head.path_len] == b"/cart"
    assert HEAD[head.query_off :][: head.query_len] == b"item=1"
    assert HEAD[head.authority_off :][: head.authority_len] == b"shop.example"
    seen = [
        (HEAD[field.name :][: field.name_len], HEAD[field.value :][: field.value_len])
        for field in (fields[index] for index in range(head.field_count))
    ]
    assert seen == [(b"Host", b"shop.example"), (b"X-Trace", b"a b")]


@pytest.mark.parametrize("length", range(len(HEAD)))
def test_beginning_of_a_request_needs_more(length: int) -> None:
    status, *_ = parse(HEAD[:length])
    assert status == lib.FASTPATH_NEED_MORE


def test_refusal_has_code_position_and_answer() -> None:
    status, _, _, error = parse(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert status == lib.FASTPATH_ERR_HTTP_HOST == error.code
    assert error.http_status == 400
    assert error.position >= len(b"GET / HTTP/1.1\r\nHost: a\r\n")
    assert ffi.string(error.message)
    assert ffi.string(lib.fp_status_name(status)) == b"http_host"


def test_buffer_holds_what_was_put_in() -> None:
    buffer = ffi.gc(lib.fp_buffer_new(ffi.NULL), lib.fp_buffer_free)
    assert lib.fp_buffer_append(buffer, HEAD, len(HEAD)) == lib.FASTPATH_OK
    assert lib.fp_buffer_length(buffer) == len(HEAD)


def test_every_public_function_is_there() -> None:
    declared = set()
    for header in Path(fastpath.get_include(), "fastpath").glob("*.h"):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
        text = re.sub(r"^static inline .*?^}", "", text, flags=re.DOTALL | re.MULTILINE)
        declared |= set(re.findall(r"^[\w \t]+[ *](fp_\w+)\(", text, re.MULTILINE))
    assert len(declared) > 50
    assert sorted(name for name in declared if not hasattr(lib, name)) == []


def test_works_without_the_cython_modules() -> None:
    program = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("fastpath._") and name != "fastpath._ffi":
            raise ImportError(name)
sys.meta_path.insert(0, Missing())
import fastpath
from fastpath.ffi import lib
print(fastpath.__version__, lib.fp_version())
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == [fastpath.__version__, str(lib.fp_version())]
