"""The C rows of the benchmark table: parsing heads, llhttp and picohttpparser taking turns with fastpath.

    python benchmarks/c_rows.py [rounds]

Run by `make bench`, which builds build/core/release first. Every peer is a shared library of its own, compiled with
-O3, the two others also with the SSE4.2 paths that they have. Says of each goal whether it is met; nothing fails.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from math import prod
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import llhttp
from pinned_sdist import extract

from fastpath.benchmarking import inputs

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
CORE = ROOT / "build" / "core" / "release"
PICO = BUILD / "picohttpparser"
PICO_FILES = ("picohttpparser.c", "picohttpparser.h")
SSE42 = ["-msse4.2"] if platform.machine() == "x86_64" else []

SETS = {"a": "browser", "b": "tiny", "c": "mesh", "d": "response", "g": "512 different"}
GOALS = {"llhttp": 2.8, "picohttpparser": 1.3}
"""How many times faster, over the sets a, c, d and g together."""


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


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Nanoseconds per head: by set, by peer."""
    messages = BUILD / "messages"
    inputs.write(messages)
    program = CORE / "benchmarks" / "c" / "bench_head"
    libraries = [f"{name}={library}" for name, library in peers().items()]
    command = [str(program), str(messages), str(rounds), *libraries]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    times: dict[str, dict[str, float]] = {}
    for line in output.splitlines():
        name, peer, nanoseconds = line.split()
        times.setdefault(name, {})[peer] = float(nanoseconds)
    return times


def main() -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    times = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print("head parsing in C, nanoseconds per head and times faster than")
    print(f"{'':16}{'fastpath':>10}" + "".join(f"{peer:>22}" for peer in GOALS))
    for name, row in times.items():
        ratios = "".join(f"{row[peer]:>14.1f} {row[peer] / row['fastpath']:>6.2f}x" for peer in GOALS)
        print(f"{SETS[name]:16}{row['fastpath']:>10.1f}{ratios}")
    for peer, goal in GOALS.items():
        ratio = prod(times[name][peer] / times[name]["fastpath"] for name in "acdg") ** (1 / 4)
        print(f"{'met' if ratio >= goal else 'MISSED':8}{ratio:5.2f}x {peer} over a, c, d and g (goal {goal}x)")


if __name__ == "__main__":
    main()
