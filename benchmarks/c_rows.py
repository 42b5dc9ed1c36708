"""The HTTP/1 rows in C: llhttp and picohttpparser taking turns with fastpath.

The programs stand in build/core/release. Every peer is a shared library of its own, compiled with -O3, the two others
also with the SSE4.2 paths that they have.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from measuring import Row, compared

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import llhttp
from pinned_sdist import extract

from fastpath.benchmarking import inputs

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
CORE = ROOT / "build" / "core" / "release"
PROGRAMS = CORE / "benchmarks" / "c"
PICO = BUILD / "picohttpparser"
PICO_FILES = ("picohttpparser.c", "picohttpparser.h")
SSE42 = ["-msse4.2"] if platform.machine() == "x86_64" else []

TURNS = 9
"""Runs of each program: their minima give the spread."""
HEAD_ROUNDS = 40
CHUNK_ROUNDS = 8


def compile_peer(name: str, *arguments: str | Path) -> str:
    library = BUILD / f"{name}.so"
    sources = [f"benchmarks/c/peer_{name}.c", *map(str, arguments)]
    subprocess.run(
        ["gcc", "-std=c11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-w", *sources, "-o", str(library)],
        cwd=ROOT,
        check=True,
    )
    return str(library)


def peers() -> dict[str, str]:
    judge = llhttp.fetched_or_bundled()
    if not all((PICO / name).is_file() for name in PICO_FILES):
        extract(ROOT / "benchmarks" / "picohttpparser.txt", "picohttpparser", PICO_FILES, PICO)
    return {
        "fastpath": compile_peer("fastpath", "-Iinclude", CORE / "libfastpath.a", CORE / "libllhttp.a"),
        "llhttp": compile_peer("llhttp", *SSE42, f"-I{judge}/include", *(judge / "src").glob("*.c")),
        "picohttpparser": compile_peer("pico", *SSE42, f"-I{PICO}", PICO / "picohttpparser.c"),
    }


def minima(command: list[str]) -> dict[tuple[str, str], list[float]]:
    """Nanoseconds, by input and by who, of each run."""
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(TURNS):
        for line in subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
            case, name, nanoseconds = line.split()
            found.setdefault((case, name), []).append(float(nanoseconds))
    return found


def heads() -> Iterator[Row]:
    BUILD.mkdir(parents=True, exist_ok=True)
    messages = BUILD / "messages"
    inputs.write(messages)
    libraries = [f"{name}={library}" for name, library in peers().items()]
    times = minima([str(PROGRAMS / "bench_head"), str(messages), str(HEAD_ROUNDS), *libraries])
    for peer in ("llhttp", "picohttpparser"):
        figures = {f"{name}, {case}": min(times[case, name]) for name in ("fastpath", peer) for case in "abcdg"}
        ours, theirs = ([times[case, name] for case in "acdg"] for name in ("fastpath", peer))
        yield compared(f"c-head-{peer}", "", ours, theirs, figures)


def chunks() -> Iterator[Row]:
    times = minima([str(PROGRAMS / "bench_chunked"), str(CHUNK_ROUNDS)])
    for size, of in (("16", ""), ("64", ""), ("1024", ""), ("16384", ""), ("0", "1 to 128")):
        for way in ("spans", "joined"):
            figures = {name: min(times[size, name]) for name in (way, "llhttp")}
            key = "c-chunked-64" if (size, way) == ("64", "spans") else "c-chunked"
            case = "" if key != "c-chunked" else f"{way}, {of or size} B"
            yield compared(key, case, [times[size, way]], [times[size, "llhttp"]], figures)


def rows() -> Iterator[Row]:
    yield from heads()
    yield from chunks()
