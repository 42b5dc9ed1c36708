"""Find llhttp's generated C for the build.

In this order: the directory that FASTPATH_LLHTTP_DIR names, a copy that an sdist carries, one fetched before, and else
the sdist pinned in llhttp.txt, fetched by pip.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINNED = ROOT / "tools" / "llhttp.txt"
BUNDLED = ROOT / "third_party" / "llhttp"
FETCHED = ROOT / "build" / "llhttp"
FILES = ("include/llhttp.h", "src/llhttp.c", "src/api.c", "src/http.c", "LICENSE")


def is_complete(directory: Path) -> bool:
    return all((directory / name).is_file() for name in FILES)


def fetch(destination: Path) -> None:
    """Download the pinned sdist and lay llhttp's files into `destination`."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
             "--require-hashes", "--requirement", str(PINNED), "--dest", scratch],
            check=True,
        )  # fmt: skip
        (archive,) = Path(scratch).glob("httptools-*.tar.gz")
        with tarfile.open(archive) as sdist:
            for member in sdist.getmembers():
                _, _, name = member.name.partition("/vendor/llhttp/")
                if name in FILES and member.isfile():
                    target = destination / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    source = sdist.extractfile(member)
                    assert source is not None
                    target.write_bytes(source.read())
    if not is_complete(destination):
        raise SystemExit(f"{archive.name} does not hold {', '.join(FILES)}")


def locate() -> Path:
    """The directory that holds llhttp's include/ and src/."""
    named = os.environ.get("FASTPATH_LLHTTP_DIR")
    if named:
        directory = Path(named)
        if not is_complete(directory):
            raise SystemExit(f"FASTPATH_LLHTTP_DIR={named} lacks one of {', '.join(FILES)}")
        return directory
    for directory in (BUNDLED, FETCHED):
        if is_complete(directory):
            return directory
    fetch(FETCHED)
    return FETCHED


if __name__ == "__main__":
    print(locate())
