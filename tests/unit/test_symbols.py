"""The core has no state of its own, and an extension module shows nothing but its entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fastpath

ROOT = Path(__file__).resolve().parent.parent.parent
# Of the builds that there may be, those without a sanitizer's and a coverage tool's own data.
ARCHIVES = [ROOT / "build" / f"temp-{sys.implementation.cache_tag}{kind}" / "libfastpath.a" for kind in ("", "-debug")]
SOURCES = sorted((ROOT / "src/fastpath").glob("_*.pyx"))
EXTENSIONS = sorted(Path(fastpath.__file__).parent.glob(f"_*.{sys.implementation.cache_tag}-*.so"))


def run(*command: str | Path) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def writable_symbols(archive: Path) -> list[str]:
    """Symbols in sections that stay writable once a program runs (.data.rel.ro does not: it is sealed at load)."""
    found = []
    for line in run("objdump", "--syms", archive):
        head, _, tail = line.partition("\t")
        section = head.split()[-1] if tail else ""
        writable = section.startswith((".data", ".bss", ".tdata", ".tbss", "*COM*")) and ".rel.ro" not in section
        if writable and " d " not in head:
            found.append(f"{tail.split()[-1]} in {section}")
    return found


def test_core_has_no_writable_globals() -> None:
    found = [writable_symbols(archive) for archive in ARCHIVES if archive.is_file()]
    assert found
    assert not any(found)


def test_writable_globals_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "state.c").write_text(
        "int counter; static int hidden = 1; int next(void) { return counter + hidden++; }"
    )
    run("gcc", "-c", "-fPIC", tmp_path / "state.c", "-o", tmp_path / "state.o")
    assert sorted(symbol.split()[0] for symbol in writable_symbols(tmp_path / "state.o")) == ["counter", "hidden"]


def test_every_extension_shows_only_its_entry_point() -> None:
    assert {path.name.partition(".")[0] for path in EXTENSIONS} >= {path.stem for path in SOURCES}
    for extension in EXTENSIONS:
        defined = {line.split()[-1] for line in run("nm", "--dynamic", "--defined-only", extension)}
        assert defined == {f"PyInit_{extension.name.partition('.')[0]}"}
