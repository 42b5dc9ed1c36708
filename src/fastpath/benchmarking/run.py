"""Rows under pytest-benchmark in a process of their own, and memory. The document is pytest-benchmark's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fastpath

from . import memory
from .rows import PEERS, chosen

__all__ = ["Result", "run"]

_SECONDS = 0.3
_QUICK_SECONDS = 0.02


@dataclass(frozen=True)
class Result:
    """A row that was measured; nanoseconds of one operation."""

    topic: str
    group: str
    name: str
    size: int
    least: float
    median: float
    iqr: float

    @classmethod
    def all_of(cls, document: dict[str, Any]) -> Iterator[Result]:
        """Those of a document, in its order."""
        for row in document["benchmarks"]:
            stats, extra = row["stats"], row["extra_info"]
            times = (stats[name] / extra["operations"] * 1e9 for name in ("min", "median", "iqr"))
            yield cls(extra["topic"], row["group"], extra["name"], extra["size"], *times)


def run(words: Sequence[str], *, quick: bool) -> dict[str, Any]:
    """Measure the rows that have one of the words, or all.

    ImportError where pytest-benchmark is not installed, LookupError when no row has any of the words.
    """
    if not find_spec("pytest_benchmark"):
        raise ImportError("fastpath bench needs pytest-benchmark: pip install 'fastpath[bench]'")
    wanted = {"words": list(words), "quick": quick}
    with_memory = sys.platform == "linux" and (not words or "memory" in words)
    found = chosen(list(words), quick=quick)
    if not found and not with_memory:
        raise LookupError(f"no row has any of: {', '.join(words)}")
    document: dict[str, Any] = {"benchmarks": []}
    if found:
        document = _timed(wanted, _QUICK_SECONDS if quick else _SECONDS)
    document["versions"] = _versions()
    document["memory"] = memory.figures() if with_memory and not (quick and not words) else {}
    return document


def _timed(wanted: dict[str, Any], seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory, "run.json")
        command = [sys.executable, "-m", "pytest", str(Path(__file__).with_name("test_rows.py")), "-q", "-s"]
        options = [
            *("-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", directory, "--import-mode=importlib"),
            *("--benchmark-only", "--benchmark-quiet", "--benchmark-disable-gc", f"--benchmark-json={output}"),
            *(f"--benchmark-max-time={seconds}", "--benchmark-min-rounds=3", "--benchmark-min-time=0.00001"),
        ]
        # What a pytest around this one, or its user's habits, would have it do is no part of the measurement.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment["FASTPATH_BENCH"] = json.dumps(wanted)
        done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, cwd=directory)
        if done.returncode:
            raise OSError(f"the benchmarks ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        document: dict[str, Any] = json.loads(output.read_text())
        return document


def _versions() -> dict[str, str]:
    """Of fastpath and of the peers that are installed."""
    found = {"fastpath": fastpath.__version__}
    for name in PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
