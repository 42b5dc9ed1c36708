"""What pytest-benchmark measures, as rows: in each group, how many times as long as fastpath the others take."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from measuring import Row

__all__ = ["measure", "rows_of"]

HERE = Path(__file__).parent


def measure(document: Path, options: Sequence[str] = ()) -> dict[str, Any]:
    """The benches of this directory under pytest-benchmark. CalledProcessError when one fails."""
    document.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", str(HERE), "-q", "-p", "no:cacheprovider", "--benchmark-only"]
    command += ["--benchmark-quiet", "--benchmark-disable-gc", "--benchmark-max-time=0.3", "--benchmark-min-rounds=3"]
    subprocess.run([*command, f"--benchmark-json={document}", *options], check=True, cwd=HERE.parent)
    measured: dict[str, Any] = json.loads(document.read_text())
    return measured


def rows_of(document: dict[str, Any]) -> Iterator[Row]:
    """The peers' are ratios to the group's first row of fastpath, and fastpath's own are nanoseconds; so are all of a
    group that has no row of fastpath's name."""
    measured = sorted(document["benchmarks"], key=lambda row: row["group"] or "")
    for group, found in groupby(measured, lambda row: row["group"] or ""):
        together = list(found)
        ours = next((row for row in together if "fastpath" in _name(row)), None)
        for row in together:
            if ours is None or "fastpath" in _name(row):
                spread = _each(row, "q1"), _each(row, "q3")
                yield Row(group, _name(row), _each(row, "min"), spread, "ns")
            else:
                spread = _each(row, "q1") / _each(ours, "q3"), _each(row, "q3") / _each(ours, "q1")
                yield Row(group, _name(row), _each(row, "min") / _each(ours, "min"), spread)


def _name(row: dict[str, Any]) -> str:
    """`fastpath bench` names its rows; those of a test have its own name."""
    return str(row["extra_info"].get("name") or row["name"].removeprefix("test_").removeprefix("bench_"))


def _each(row: dict[str, Any], stat: str) -> float:
    return float(row["stats"][stat] / row["extra_info"].get("operations", 1) * 1e9)
