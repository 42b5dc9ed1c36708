"""The report of `make bench`: the machine, every row with what is wanted of it, what was missed; as JSON and pictures.

    python benchmarks/report.py --json FILE [--compare EARLIER] [--plots DIRECTORY] [--strict] [PART ...]

Parts are c, http, routes, balancers (rivals in turns, most rows with a target), installed (`fastpath bench`, which is
what the pictures show) and tables (the benches of this directory under pytest-benchmark). The exit status is 1 when
something could not be measured; with --strict also when a must is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from measuring import Row
from verdicts import MISSED, STRETCH, Change, Target, changes, load_targets, not_measured, verdict

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
WIDTH = 82
TIMES = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass
class Report:
    """What was measured, and where."""

    surroundings: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "rows": [row.as_json() for row in self.rows]}

    @classmethod
    def load(cls, file: Path) -> Report:
        document = json.loads(file.read_text())
        return cls(**{**document, "rows": [Row.from_json(row) for row in document["rows"]]})


def surroundings() -> dict[str, Any]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    pinned = (ROOT / "requirements" / "bench.txt").read_text().splitlines()
    peers = [line.split("==")[0] for line in pinned if "==" in line and ";" not in line]
    compiler = subprocess.run(["gcc", "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "processor": names[0] if names else platform.machine(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": compiler,
        "versions": {name: version(name) for name in ("fastpath", *peers)},
    }


def installed(report: Report, plots: Path) -> Iterator[Row]:
    """`fastpath bench`, its memory and its pictures."""
    from tables import rows_of

    from fastpath.benchmarking.plots import draw
    from fastpath.benchmarking.run import Result, run

    document = run([], quick=False)
    report.memory = document["memory"]
    yield from rows_of(document)
    for file in draw(plots, Result.all_of(document), report.memory):
        print(f"drawn: {file}")


def tables() -> Iterator[Row]:
    from tables import measure, rows_of

    yield from rows_of(measure(BUILD / "tables.json"))


def rows_in(module: str) -> Iterator[Row]:
    """What a module of rows yields; imported when it is its turn, since peers are imported with it."""
    found: Iterator[Row] = import_module(module).rows()
    yield from found


# ---- words


def amount(value: float, unit: str) -> str:
    if unit == "ns":
        value, unit = next((value / size, name) for name, size in TIMES.items() if value < 1000 * size or name == "s")
    text = f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
    return f"{text}x" if unit == "x" else f"{text} {unit}"


def line_of(row: Row, target: Target | None) -> str:
    name = ", ".join(filter(None, (target.text if target else row.key, row.case)))
    low, high = (amount(value, row.unit if row.unit == "ns" else "").strip() for value in row.spread)
    line = f"  {name:<{WIDTH}} {amount(row.value, row.unit):>16}  ({low} to {high})"
    if target is None:
        return line
    wanted = f"must {target.must:g}" + (f", stretch {target.stretch:g}" if target.stretch is not None else "")
    return f"{line:<{WIDTH + 42}} {wanted:<26} {verdict(row, target)}"


def say_surroundings(where: dict[str, Any]) -> None:
    print(f"{where['processor']} ({where['processors']} of them, load {where['load']:.1f}), {where['system']}")
    print(f"{where['python']}, {where['compiler']}")
    print(", ".join(f"{name} {number}" for name, number in where["versions"].items()))


def say_verdicts(report: Report, targets: dict[str, Target]) -> list[Row]:
    """How many rows reach what is wanted of them, and which do not."""
    judged = [(row, verdict(row, targets[row.key])) for row in report.rows if row.key in targets]
    missed = [row for row, said in judged if said == MISSED]
    print(f"\n{len(judged)} rows with a target: {sum(said == STRETCH for _, said in judged)} reach the stretch,")
    print(f"{len(judged) - len(missed)} the must, {len(missed)} miss it{':' if missed else '.'}")
    for row in missed:
        print(line_of(row, targets[row.key]))
    return missed


def say_changes(report: Report, earlier: Report) -> None:
    same = all(report.surroundings[of] == earlier.surroundings[of] for of in ("processor", "python"))
    found: list[Change] = [change for change in changes(earlier.rows, report.rows) if same or change.after.unit == "x"]
    print(f"\nsince {earlier.surroundings['date']}" + ("" if same else " (another machine or Python: ratios alone)"))
    for change in found:
        old, new = (amount(row.value, row.unit) for row in (change.before, change.after))
        name = ", ".join(filter(None, (change.after.key, change.after.case)))
        print(f"  {name:<{WIDTH}} {old:>16} {new:>16}  {change.gain - 1:+.0%}")
    fallen = [change for change in found if change.fell]
    print(f"{len(found)} rows in both, {len(fallen)} worse by more than 10 %{':' if fallen else '.'}")
    for change in fallen:
        print(f"  {', '.join(filter(None, (change.after.key, change.after.case)))}: {change.gain - 1:+.0%}")


def gather(report: Report, parts: dict[str, Callable[[], Iterator[Row]]], targets: dict[str, Target]) -> None:
    """Every part, also after one that fails."""
    for name, rows in parts.items():
        print(f"\n{name}", flush=True)
        start = time.perf_counter()
        try:
            for row in rows():
                report.rows.append(row)
                print(line_of(row, targets.get(row.key)), flush=True)
        except Exception as error:
            traceback.print_exc()
            report.failures.append(f"{name}: {error}")
        report.seconds += time.perf_counter() - start
        print(f"  in {time.perf_counter() - start:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--json", type=Path, default=BUILD / "report.json")
    parser.add_argument("--compare", type=Path, metavar="EARLIER")
    parser.add_argument("--plots", type=Path, default=BUILD / "plots")
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    earlier = Report.load(options.compare) if options.compare else None

    report, targets = Report(surroundings()), load_targets()
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "c": lambda: rows_in("c_rows"),
        "http": lambda: rows_in("http_rows"),
        "routes": lambda: rows_in("route_rows"),
        "balancers": lambda: rows_in("balancer_rows"),
        "installed": lambda: installed(report, options.plots),
        "tables": tables,
    }
    if unknown := set(options.parts) - set(parts):
        parser.error(f"no part is named {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    say_surroundings(report.surroundings)
    gather(report, {name: parts[name] for name in parts if not options.parts or name in options.parts}, targets)
    for name, size in report.memory.items():
        print(f"memory of {name}: {size:,.0f} B")
    if not options.parts:
        report.failures += [f"not measured: {target.text}" for target in not_measured(report.rows, targets)]
    if earlier is not None:
        say_changes(report, earlier)
    missed = say_verdicts(report, targets)
    for failure in report.failures:
        print(f"failed: {failure}", file=sys.stderr)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n")
    print(f"{report.seconds:.0f} s; kept in {options.json}")
    return int(bool(report.failures) or (options.strict and bool(missed)))


if __name__ == "__main__":
    sys.exit(main())
