"""What the build finds out by itself: where llhttp is, in which order headers are declared to cffi."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import ffi_build  # noqa: E402
import llhttp  # noqa: E402


def test_named_directory_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in llhttp.FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("FASTPATH_LLHTTP_DIR", str(tmp_path))
    monkeypatch.delenv("FASTPATH_LLHTTP_SYSTEM", raising=False)
    found = llhttp.locate()
    assert found.include_dirs == [str(tmp_path / "include")]
    assert {Path(source).name for source in found.sources} == {"llhttp.c", "api.c", "http.c"}


def test_incomplete_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTPATH_LLHTTP_DIR", str(tmp_path))
    with pytest.raises(SystemExit, match="lacks one of"):
        llhttp.source_directory()


def test_system_library_comes_from_pkg_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pkg-config"
    program.write_text(
        "#!/bin/sh\n"
        'case "$1" in --libs) echo -L/opt/lib -lllhttp;; --cflags-only-I) echo -I/opt/include;; '
        f'--atleast-version={llhttp.SYSTEM_MINIMUM}) ;; *) exit 1;; esac\n[ "$2" = libllhttp ]\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PKG_CONFIG", str(program))
    monkeypatch.setenv("FASTPATH_LLHTTP_SYSTEM", "1")
    assert llhttp.locate() == llhttp.Llhttp(
        include_dirs=["/opt/include"], sources=[], libraries=["llhttp"], library_dirs=["/opt/lib"]
    )


def test_missing_system_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PKG_CONFIG", "false")
    monkeypatch.setenv("FASTPATH_LLHTTP_SYSTEM", "1")
    with pytest.raises(SystemExit, match="FASTPATH_LLHTTP_SYSTEM is set"):
        llhttp.locate()


def test_pinned_version_is_the_fetched_one() -> None:
    header = (llhttp.fetched_or_bundled() / "include" / "llhttp.h").read_text()
    numbers = [re.search(rf"#define LLHTTP_VERSION_{part} (\d+)", header) for part in ("MAJOR", "MINOR", "PATCH")]
    version = ".".join(number[1] for number in numbers if number)
    assert f"llhttp {version} " in llhttp.PINNED.read_text()


def test_headers_come_after_those_they_include() -> None:
    ordered = ffi_build.headers()
    assert len(ordered) == len(set(ordered)) == len(list((ROOT / "include" / "fastpath").glob("*.h")))
    for index, name in enumerate(ordered):
        needed = set(ffi_build.NEEDED.findall((ROOT / "include" / name).read_text()))
        assert needed <= set(ordered[:index])


def test_marks_come_in_pairs() -> None:
    for name in ffi_build.headers():
        text = (ROOT / "include" / name).read_text()
        marks = re.findall(r"/\* \[(/?)cffi\] \*/", text)
        assert marks == ["", "/"] * (len(marks) // 2), name
