"""The C ABI is one: headers, Cython declarations, cffi and the archive agree, and it changes only on purpose."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastpath
from fastpath.ffi import ffi, lib

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import abi  # noqa: E402
import exported_functions  # noqa: E402

HEADERS = sorted((ROOT / "include/fastpath").glob("*.h"))
DECLARATIONS = sorted((ROOT / "src/fastpath/libfastpath").glob("*.pxd"))
KEPT = Path(__file__).with_name("abi.txt")

Signatures = dict[str, tuple[str, ...]]


def of_kind(text: str) -> str:
    """The type of "const uint8_t *data": without its name, arrays as pointers, in one spelling."""
    text = re.sub(r"\w+\s*\[\w*\]", "*", text) if "[" in text else text
    words = re.findall(r"\w+|\*", text)
    if len(words) > 1 and words[-1] != "*" and words[:-1] != ["const"]:
        words.pop()
    return re.sub(r"\* const", "*", " ".join(words))  # Cython has no constant pointers


def signatures(text: str) -> Signatures:
    """Result and parameters of the functions that a C or Cython text declares, without what hides in other things."""
    found: Signatures = {}
    for result, name, parameters in re.findall(r"^([\w ]+?[ *]+)(fp_\w+)\(([^()]*)\)", text, re.MULTILINE):
        kinds = [of_kind(parameter) for parameter in parameters.split(",")]
        found[name] = (of_kind(result + "x"), *(kind for kind in kinds if kind not in ("", "void")))
    return found


def in_headers() -> Signatures:
    found: Signatures = {}
    for path in HEADERS:
        found |= signatures(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL))
    return found


def in_declarations() -> Signatures:
    found: Signatures = {}
    for path in DECLARATIONS:
        text = re.sub(r"#.*", "", path.read_text())
        text = re.sub(r"^ +ctypedef [^\n]*\(\*.*?\)[^\n]*\(.*?\)", "", text, flags=re.DOTALL | re.MULTILINE)
        found |= signatures(re.sub(r"^ +", "", text, flags=re.MULTILINE))
    return found


def test_headers_are_read() -> None:
    assert sorted(in_headers()) == sorted(exported_functions.exported())
    assert in_headers()["fp_http_name"] == ("const char *", "uint16_t", "size_t *")


def test_cython_declares_the_same() -> None:
    headers, declarations = in_headers(), in_declarations()
    assert sorted(headers.keys() - declarations.keys()) == []
    assert {name: (declarations[name], kinds) for name, kinds in headers.items() if declarations[name] != kinds} == {}


def test_cython_declares_no_structure_or_constant_that_is_none() -> None:
    words = set()
    for path in DECLARATIONS:
        text = re.sub(r"#.*", "", path.read_text())
        words |= set(re.findall(r"^ +(?:const int )?(FASTPATH_\w+)$", text, re.MULTILINE))
        for name, body in re.findall(r"ctypedef struct (fp_\w+):\n((?: {8}.*\n)+)", text):
            body = re.sub(r"\(\*(\w+)\)\([^)]*\).*", r"\1", body)  # pointers to functions
            fields = set(re.findall(r"(\w+)(?:\[\w+\])?$", body, re.MULTILINE)) - {"pass"}
            assert fields <= {label for label, _ in abi.fields_of(name) or ()}, name
    # The version of the library is for the preprocessor, which cffi has none of.
    assert sorted(word for word in words if not hasattr(lib, word) and "FASTPATH_VERSION_" not in word) == []


def test_cffi_declares_the_same() -> None:
    told = {line.split("(")[0].split()[-1]: line for line in abi.description() if line.startswith("function ")}
    assert sorted(told) == sorted(in_headers())
    for name, (result, *parameters) in in_headers().items():
        kind = ffi.typeof(getattr(lib, name))
        plain = [ffi.typeof(re.sub(r"\bconst\b", "", parameter)) for parameter in parameters]
        assert list(kind.args) == plain, name
        assert kind.result == ffi.typeof(re.sub(r"\bconst\b", "", result)), name


def test_the_archive_has_them_and_no_name_outside_of_its_own() -> None:
    archive = Path(fastpath.get_library_dir()) / "libfastpath.a"
    listed = subprocess.run(["nm", "-g", "--defined-only", archive], check=True, capture_output=True, text=True).stdout
    symbols = {name: kind for kind, name in re.findall(r"^[0-9a-f]+ (\w) (\w+)$", listed, re.MULTILINE)}
    assert sorted(name for name in in_headers() if symbols.get(name) != "T") == []
    ours = re.compile("fp_|__asan|__ubsan|__odr_asan|__gcov|_GLOBAL_")  # the others come with sanitizers and coverage
    assert sorted(name for name in symbols if not ours.match(name)) == []


def test_version_is_that_of_the_headers() -> None:
    version = re.search(r"#define FASTPATH_ABI_VERSION (\d+)", (ROOT / "include/fastpath/base.h").read_text())
    assert version is not None
    assert lib.fp_abi_version() == int(version[1])


def test_abi_is_the_one_that_is_kept() -> None:
    assert abi.description() == KEPT.read_text().splitlines(), "`make abi` keeps another one"


def test_a_change_needs_another_version() -> None:
    before = ["version 1", "function void fp_a(int)", "struct fp_b: 8 bytes"]
    assert abi.changed(before, [*before, "function void fp_c(int)"]) == []
    assert abi.changed(before, [before[0], "function void fp_a(long)", before[2]]) == [before[1]]
    assert abi.changed(before, ["version 2", before[2]]) == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("void fp_a(void);", ("void",)),
        ("const char *fp_a(const uint8_t *data, size_t len);", ("const char *", "const uint8_t *", "size_t")),
        ("fp_x **fp_a(fp_y y, uint8_t out[16],\n   const void *);", ("fp_x * *", "fp_y", "uint8_t *", "const void *")),
    ],
)
def test_types_are_told_apart(text: str, kinds: tuple[str, ...]) -> None:
    assert signatures(text) == {"fp_a": kinds}
