"""Find llhttp for the build. Run as a program, prints the directory that holds its sources.

FASTPATH_LLHTTP_SYSTEM=1 takes the system's library, through pkg-config. Else its generated C is compiled, from, in this
order: the directory that FASTPATH_LLHTTP_DIR names, the copy that an sdist carries, the one fetched before, and the
sdist pinned in llhttp.txt, fetched by pip.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from pinned_sdist import extract

ROOT = Path(__file__).resolve().parent.parent
PINNED = ROOT / "tools" / "llhttp.txt"
BUNDLED = ROOT / "third_party" / "llhttp"
FETCHED = ROOT / "build" / "llhttp"
FILES = ("include/llhttp.h", "src/llhttp.c", "src/api.c", "src/http.c", "LICENSE")
SYSTEM_MINIMUM = "9.2"


@dataclass
class Llhttp:
    """What a build needs to know. `sources` is empty when the library is the system's."""

    include_dirs: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=lambda: ["llhttp"])
    library_dirs: list[str] = field(default_factory=list)


def is_complete(directory: Path) -> bool:
    return all((directory / name).is_file() for name in FILES)


def fetched_or_bundled() -> Path:
    """The directory that holds the pinned sources, fetched when they are not there yet."""
    for directory in (BUNDLED, FETCHED):
        if is_complete(directory):
            return directory
    extract(PINNED, "vendor/llhttp", FILES, FETCHED)
    return FETCHED


def source_directory() -> Path:
    """The directory whose sources are compiled."""
    named = os.environ.get("FASTPATH_LLHTTP_DIR")
    if not named:
        return fetched_or_bundled()
    directory = Path(named)
    if not is_complete(directory):
        raise SystemExit(f"FASTPATH_LLHTTP_DIR={named} lacks one of {', '.join(FILES)}")
    return directory


def pkg_config(*arguments: str) -> list[str]:
    command = [os.environ.get("PKG_CONFIG", "pkg-config"), *arguments, "libllhttp"]
    try:
        return shlex.split(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"FASTPATH_LLHTTP_SYSTEM is set, but `{shlex.join(command)}` failed: {error}") from error


def system() -> Llhttp:
    pkg_config(f"--atleast-version={SYSTEM_MINIMUM}")
    libs = pkg_config("--libs")
    return Llhttp(
        include_dirs=[flag[2:] for flag in pkg_config("--cflags-only-I")],
        libraries=[flag[2:] for flag in libs if flag.startswith("-l")],
        library_dirs=[flag[2:] for flag in libs if flag.startswith("-L")],
    )


def locate() -> Llhttp:
    """How to compile and link with llhttp."""
    if os.environ.get("FASTPATH_LLHTTP_SYSTEM", "0") not in ("", "0"):
        return system()
    directory = source_directory()
    if directory.is_relative_to(ROOT):
        directory = directory.relative_to(ROOT)
    return Llhttp(
        include_dirs=[str(directory / "include")],
        sources=[str(directory / name) for name in FILES if name.endswith(".c")],
    )


if __name__ == "__main__":
    print(source_directory())
