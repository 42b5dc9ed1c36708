"""`fastpath bench`: the library's speed on this machine, beside the peers that are installed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from . import console
from .errors import ConfigError

__all__ = ["add_commands"]


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Put `bench` among the commands."""
    bench = commands.add_parser("bench", help="measure parsing, routes, picks, builds, updates and memory here")
    bench.add_argument("words", nargs="*", metavar="WORD", help="only rows whose name has one of these (default: all)")
    bench.add_argument("--quick", action="store_true", help="a few rows in seconds, roughly")
    bench.add_argument("--json", type=Path, metavar="FILE", help="keep the run, in pytest-benchmark's format")
    bench.add_argument("--compare", type=Path, metavar="FILE", help="show what changed since a run that was kept")
    bench.add_argument("--plots", type=Path, metavar="DIR", help="draw the run, as PNG and SVG")
    bench.set_defaults(command=_bench)


def _bench(options: argparse.Namespace) -> int:
    from .benchmarking.run import Result, run

    earlier = _load(options.compare) if options.compare else None
    try:
        document = run(options.words, quick=options.quick)
    except LookupError as error:
        print(f"fastpath: {error.args[0]}", file=sys.stderr)
        return 1
    results = list(Result.all_of(document))
    _print_surroundings(document)
    _print_results(results)
    if document["memory"]:
        console.table(("memory of", ">bytes"), [(name, f"{size:,.0f}") for name, size in document["memory"].items()])
    if earlier is not None:
        _print_changes(list(Result.all_of(earlier)), results, same_machine=_machine(earlier) == _machine(document))
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    if options.plots:
        from .benchmarking.plots import draw

        for file in draw(options.plots, results, document["memory"]):
            console.say(f"drawn: {file}")
    return 0


def _load(file: Path) -> dict[str, Any]:
    """A run that was kept."""
    from .benchmarking.run import Result

    try:
        document: dict[str, Any] = json.loads(file.read_text())
        list(Result.all_of(document))
    except (ValueError, LookupError, TypeError) as error:
        raise ConfigError("not a run that `fastpath bench --json` has kept", source=str(file)) from error
    return document


def _machine(document: dict[str, Any]) -> str:
    info = document.get("machine_info", {})
    return (
        f"{info.get('cpu', {}).get('brand_raw', 'unknown processor')}, {info.get('system')} {info.get('release')}, "
        f"{info.get('python_implementation')} {info.get('python_version')}"
    )


def _print_surroundings(document: dict[str, Any]) -> None:
    console.say(_machine(document))
    console.say(", ".join(f"{name} {version}" for name, version in document["versions"].items()))


def _print_results(results: Iterable[Any]) -> None:
    """A group's ratios are to its first row, which is fastpath's: how many times its time the others take."""
    rows: list[tuple[str, ...]] = []
    for _, group in groupby(results, lambda result: result.group):
        first, *others = group
        rows.append((first.group, "", "", "", "", ""))
        for result in (first, *others):
            least, median = result.least / first.least, result.median / first.median
            rows.append(
                (
                    f"  {result.name}",
                    *(_time(nanoseconds) for nanoseconds in (result.least, result.median, result.iqr)),
                    *(("", "") if result is first else (_times(least), _times(median))),
                )
            )
    if rows:
        console.table(("row", ">min", ">median", ">IQR", ">times min", ">times median"), rows)


def _print_changes(earlier: list[Any], now: list[Any], *, same_machine: bool) -> None:
    before = {(row.group, row.name): row for row in earlier}
    both = [(before[row.group, row.name], row) for row in now if (row.group, row.name) in before]
    if not same_machine:
        console.say("the earlier run was on another machine or Python: its times are not comparable")
    if not both:
        console.say("the earlier run has none of these rows")
        return
    rows = [
        (f"{new.group}, {new.name}", _time(old.least), _time(new.least), f"{new.least / old.least - 1:+.1%}")
        for old, new in both
    ]
    console.table(("since the earlier run", ">then", ">now", ">change"), rows)


def _time(nanoseconds: float) -> str:
    for limit, unit, size in ((1e3, "ns", 1.0), (1e6, "us", 1e3), (1e9, "ms", 1e6)):
        if nanoseconds < limit:
            return (
                f"{nanoseconds / size:.3g} {unit}" if nanoseconds / size < 100 else f"{nanoseconds / size:.0f} {unit}"
            )
    return f"{nanoseconds / 1e9:.3g} s"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}" if ratio < 100 else f"{ratio:.0f}"
