"""The HTTP/1 rows of the benchmark table: ratios against each peer, in one run, measured in turns.

    python benchmarks/http_rows.py [seconds per row]

Prints the machine and the versions first. A ratio is the peer's time over fastpath's for the same messages, each the
least of many interleaved repeats: times drift from run to run, ratios hold. Says of each goal whether it is met, and
fails for none.
"""

from __future__ import annotations

import math
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import fastpath
from fastpath.benchmarking import inputs
from fastpath.benchmarking import parsers as peers

PEERS = ("httptools", "gunicorn_h1c", "zttp", "aiohttp", "h11")
Work = Callable[[], object]


def least_times(works: dict[str, Work], seconds: float) -> dict[str, float]:
    """Seconds for one run of each work: the least of as many turns as fit."""
    best = dict.fromkeys(works, math.inf)
    end = time.perf_counter() + seconds
    turns = 0
    while turns < 5 or time.perf_counter() < end:
        for name, work in works.items():
            start = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - start)
        turns += 1
    return best


def measure(operations: dict[str, peers.Operation], messages: list[bytes], seconds: float) -> dict[str, float]:
    """Microseconds per message of each operation, without the loop around it."""
    repeated = messages * max(1, 512 // len(messages))
    works: dict[str, Work] = {name: lambda run=run: run(repeated) for name, run in operations.items()}
    times = least_times(works, seconds)
    return {name: spent / len(repeated) * 1e6 for name, spent in times.items()}


def geomean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


class Report:
    def __init__(self) -> None:
        self.missed: list[str] = []

    def goal(self, what: str, ratio: float, must: float, stretch: float | None = None) -> None:
        verdict = "must missed" if ratio < must else "stretch" if stretch and ratio >= stretch else "must"
        if ratio < must:
            self.missed.append(what)
        wanted = f"{must:g}x" + (f" / {stretch:g}x" if stretch else "")
        print(f"  {what:<58} {ratio:7.2f}x   wanted {wanted:<12} {verdict}")


def table(title: str, columns: dict[str, dict[str, float]]) -> None:
    print(f"\n{title}, us per message")
    rows = list(next(iter(columns.values())))
    print(f"  {'':<28}" + "".join(f"{name:>9}" for name in columns))
    for row in rows:
        cells = "".join(f"{columns[name][row]:9.3f}" for name in columns)
        print(f"  {row:<28}{cells}")


def ratios(columns: dict[str, dict[str, float]], ours: str, theirs: tuple[str, ...], names: str) -> float:
    """How much faster ours is than the best of theirs: the geometric mean over the named inputs."""
    return geomean([min(columns[name][peer] for peer in theirs) / columns[name][ours] for name in names])


def over_inputs(operations: dict[str, peers.Operation], names: str, seconds: float) -> dict[str, dict[str, float]]:
    messages = {name: [peers.for_kept_parser(message) for message in inputs.sets()[name]] for name in names}
    return {name: measure(operations, messages[name], seconds) for name in names}


def routing(report: Report, seconds: float) -> None:
    operations: dict[str, peers.Operation] = {
        "fastpath": peers.fastpath_route,
        "fastpath, parse only": peers.fastpath_parse,
        "httptools, fresh": peers.httptools_fresh,
        "httptools, kept": peers.httptools_kept,
        "gunicorn_h1c": peers.gunicorn_route,
        "gunicorn_h1c, kept": peers.gunicorn_route_kept,
        "gunicorn_h1c, parse only": peers.gunicorn_parse,
        "zttp": peers.zttp_route,
        "zttp, parse only": peers.zttp_parse,
    }
    columns = over_inputs(operations, "abcg", seconds)
    table("method, path and host", columns)
    httptools = ("httptools, fresh", "httptools, kept")
    report.goal("against httptools (a, c, g)", ratios(columns, "fastpath", httptools, "acg"), 6, 9)
    report.goal("against httptools (b, tiny)", ratios(columns, "fastpath", httptools, "b"), 3, 4)
    gunicorn = ("gunicorn_h1c", "gunicorn_h1c, kept")
    report.goal("against gunicorn_h1c (a, c, g)", ratios(columns, "fastpath", gunicorn, "acg"), 3, 4.5)
    report.goal("against zttp (a, c, g)", ratios(columns, "fastpath", ("zttp",), "acg"), 4, 6)


def all_headers(report: Report, seconds: float) -> None:
    operations: dict[str, peers.Operation] = {
        "fastpath, list of tuples": peers.fastpath_pairs,
        "fastpath, flat tuple": peers.fastpath_flat,
        "fastpath, Connection": peers.fastpath_connection,
        "httptools, fresh": peers.httptools_fresh,
        "httptools, kept": peers.httptools_kept,
        "gunicorn_h1c": peers.gunicorn_pairs,
        "gunicorn_h1c, kept": peers.gunicorn_pairs_kept,
        "zttp": peers.zttp_pairs,
        "aiohttp": peers.aiohttp_pairs,
        "h11": peers.h11_pairs,
    }
    columns = over_inputs(operations, "abcg", seconds)
    table("all headers", columns)
    httptools = ("httptools, fresh", "httptools, kept")
    gunicorn = ("gunicorn_h1c", "gunicorn_h1c, kept")
    tuples, flat = "fastpath, list of tuples", "fastpath, flat tuple"
    report.goal("tuples against httptools (a, c, g)", ratios(columns, tuples, httptools, "acg"), 2.5, 3.2)
    report.goal("tuples against gunicorn_h1c (a, c, g)", ratios(columns, tuples, gunicorn, "acg"), 1.7, 2.3)
    report.goal("flat against httptools (a, c, g)", ratios(columns, flat, httptools, "acg"), 3.5, 4.5)


def dechunking(report: Report, seconds: float) -> None:
    operations: dict[str, peers.Operation] = {
        "fastpath, joined": peers.fastpath_dechunk,
        "fastpath, views": peers.fastpath_dechunk_views,
        "httptools, joined": peers.httptools_dechunk,
    }
    columns = {
        name: measure(operations, [peers.chunked_body(size)] * 8, seconds)
        for name, size in (("1 KB", 1024), ("64 B", 64))
    }
    table("64 KB of chunked body, in chunks of", columns)
    for name, must, stretch in (("1 KB", 4, 6), ("64 B", 6, 9)):
        ratio = columns[name]["httptools, joined"] / columns[name]["fastpath, joined"]
        report.goal(f"chunks of {name} against httptools", ratio, must, stretch)


def rewriting(report: Report, seconds: float) -> None:
    operations: dict[str, peers.Operation] = {
        "fastpath": peers.fastpath_rewrite,
        "httptools and join": peers.httptools_rewrite,
    }
    columns = over_inputs(operations, "abcg", seconds)
    table("parse and rewrite the head for the next hop", columns)
    report.goal(
        "against httptools and join (a, c, g)", ratios(columns, "fastpath", ("httptools and join",), "acg"), 8, 15
    )


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    print(f"{platform.platform()}, {processor()}, {platform.python_implementation()} {platform.python_version()}")
    print(", ".join([f"fastpath {fastpath.__version__}", *(f"{name} {version(name)}" for name in PEERS)]))
    report = Report()
    for rows in (routing, all_headers, rewriting, dechunking):
        rows(report, seconds)
    print(f"\nmusts missed: {', '.join(report.missed) or 'none'}")


if __name__ == "__main__":
    main()
