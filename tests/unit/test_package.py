"""What `import fastpath` gives: lazy public names, versions that agree, headers to compile against."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastpath

SOURCE = Path(fastpath.__file__).read_text()


@pytest.mark.parametrize("name", fastpath.__all__)
def test_public_name_is_there(name: str) -> None:
    value = getattr(fastpath, name)
    module = fastpath._EXPORTS.get(name)
    if module is not None:
        assert value is getattr(importlib.import_module(module), name)


def test_type_checkers_see_what_is_exported() -> None:
    block = next(node for node in ast.parse(SOURCE).body if isinstance(node, ast.If))
    seen = {
        alias.asname or alias.name: statement.module
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert seen == fastpath._EXPORTS
    assert set(fastpath.__all__) == {*seen, "get_include", "get_library_dir"}


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'warp_drive'"):
        fastpath.warp_drive  # type: ignore[attr-defined] # noqa: B018


def test_import_loads_no_extension() -> None:
    program = "import sys, fastpath; print([name for name in sys.modules if name.startswith('fastpath.')])"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_versions_agree() -> None:
    header = Path(fastpath.get_include(), "fastpath", "base.h").read_text()
    numbers = re.findall(r"#define FASTPATH_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header)
    assert ".".join(numbers) == fastpath.__version__


def test_headers_compile_as_c_and_cpp(tmp_path: Path) -> None:
    headers = sorted(Path(fastpath.get_include(), "fastpath").glob("*.h"))
    assert headers
    for header in headers:
        for language, standard in (("c", "c11"), ("c++", "c++17")):
            source = tmp_path / f"{header.stem}.{language}"
            source.write_text(f"#include <fastpath/{header.name}>\n")
            command = ["gcc", "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
            subprocess.run([*command, f"-I{fastpath.get_include()}", str(source)], check=True)


def test_one_header_includes_all_others() -> None:
    directory = Path(fastpath.get_include(), "fastpath")
    included = re.findall(r"#include <fastpath/(\w+\.h)>", (directory / "fastpath.h").read_text())
    assert included == sorted(path.name for path in directory.glob("*.h") if path.name != "fastpath.h")


def test_archives_are_there_to_link_with() -> None:
    assert Path(fastpath.get_library_dir(), "libfastpath.a").is_file()
