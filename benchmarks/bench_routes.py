"""Looking up a route, beside a dict and the routers that Python has. Paths are asked for in shuffled order.

    pytest benchmarks/bench_routes.py --benchmark-only    groups by number of routes
    python benchmarks/bench_routes.py                     the rows with their goals, the C core's among them
    python benchmarks/bench_routes.py --plot FILE         also draws how lookups grow, to FILE.png and FILE.svg

A dict is the floor: it finds equal keys only, in no order of precedence. The goals count in its lookups, in shuffled
order: by strings that are equal to its keys and not the same objects, whose hashes are known from an earlier round.
A dict, and routers that are made of dicts, profit from known hashes: there is a table as well by strings that were just
made, as a server has them.
Routers that are compared take turns, a round each, and the least of the rounds counts. The C core's figures come from
bench_route, which `make bench` builds; its table has prefixes, the requests go on after them.
"""

from __future__ import annotations

import argparse
import platform
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import median

import github_routes
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import fastpath
from fastpath.benchmarking import routers
from fastpath.benchmarking.plots import draw_curves
from fastpath.benchmarking.routers import Find, paths_of, table_of, with_dict, with_path_router, with_pymatchit
from fastpath.models import (
    HeaderMatcher,
    MatchedRoutes,
    MatcherMap,
    Route,
    RouteAction,
    RouteMatch,
    StringMatcher,
    VirtualHost,
)

SIZES = [100, 1_000, 10_000, 100_000]
LOOKUPS = 100_000
BENCH_ROUTE = Path(__file__).parent.parent / "build/core/release/benchmarks/c/bench_route"


def questions(count: int) -> list[str]:
    return routers.questions(count, LOOKUPS)


def with_fastpath(paths: list[str]) -> Find:
    match_parts = table_of(paths, "path").match_parts
    return lambda path: match_parts(path=path)


def with_autoroutes(paths: list[str]) -> Find:
    from autoroutes import Routes

    routes = Routes()
    for index, path in enumerate(paths):
        routes.add(path, index=index)
    find: Find = routes.match
    return find


def with_falcon(paths: list[str]) -> Find:
    from falcon.routing import CompiledRouter

    class Resource:
        def on_get(self, request: object, response: object) -> None: ...

    router = CompiledRouter()
    for path in paths:
        router.add_route(path, Resource())
    router.find(paths[0])  # compiles
    find: Find = router.find
    return find


def with_sanic_routing(paths: list[str]) -> Find:
    from sanic_routing import BaseRouter

    class Router(BaseRouter):
        def get(self, path: str, method: str, extra: object = None) -> object:
            return self.resolve(path=path, method=method)

    router = Router()
    for path in paths:
        router.add(path, print, methods=["GET"], strict=True)
    router.finalize()
    resolve = router.resolve
    return lambda path: resolve(path=path, method="GET")


def with_werkzeug(paths: list[str]) -> Find:
    from werkzeug.routing import Map, Rule

    find: Find = Map([Rule(path, endpoint=path) for path in paths]).bind("host").match
    return find


def with_starlette(paths: list[str]) -> Find:
    from starlette.routing import Match, Route

    routes = [Route(path, print) for path in paths]

    def find(path: str) -> object:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
        return next(route for route in routes if route.matches(scope)[0] is Match.FULL)

    return find


# Each with the most routes that it is asked with, so that a run ends.
ENGINES: dict[str, tuple[Callable[[list[str]], Find], int]] = {
    "dict": (with_dict, 100_000),
    "PathRouter": (with_path_router, 100_000),
    "RouteTable": (with_fastpath, 100_000),
    "pymatchit": (with_pymatchit, 100_000),
    "autoroutes": (with_autoroutes, 10_000),
    "falcon": (with_falcon, 1_000),
    "sanic-routing": (with_sanic_routing, 1_000),
    "werkzeug": (with_werkzeug, 1_000),
    "starlette": (with_starlette, 100),
}
BY_NEW_STRINGS = ("dict", "PathRouter", "pymatchit", "autoroutes")
SLOW = ("sanic-routing", "werkzeug", "starlette")


def ask(find: Find, paths: list[str]) -> None:
    for path in paths:
        find(path)


def asked(engine: str, count: int) -> list[str]:
    """Enough lookups to measure; few of what is slow."""
    return questions(count)[:200] if engine in SLOW else questions(count)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", SIZES)
def test_lookup(benchmark: BenchmarkFixture, engine: str, count: int) -> None:
    make, most = ENGINES[engine]
    count = min(count, most)
    paths = asked(engine, count)
    benchmark.group = f"{count} routes"
    benchmark.extra_info["lookups"] = len(paths)
    benchmark.pedantic(ask, args=(make(paths_of(count)), paths), rounds=10, warmup_rounds=1)


@pytest.mark.parametrize("count", SIZES)
def test_build(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark.group = "build a table"
    paths = paths_of(count)
    table = benchmark.pedantic(table_of, args=(paths, "prefix"), rounds=5)
    benchmark.extra_info["bytes per route"] = table.size / count


def least(work: Callable[[], object], seconds: float = 1.0) -> float:
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def least_in_turns(finds: dict[str, Find], paths: dict[str, list[str]], rounds: int = 40) -> dict[str, float]:
    """Nanoseconds per lookup of each: what slows the machine down slows all of them down."""
    best = dict.fromkeys(finds, float("inf"))
    for _ in range(rounds):
        for name, find in finds.items():
            start = time.perf_counter()
            ask(find, paths[name])
            best[name] = min(best[name], (time.perf_counter() - start) / len(paths[name]) * 1e9)
    return best


def lookup_rows(count: int) -> dict[str, float]:
    names = [name for name, (_, most) in ENGINES.items() if count <= most]
    finds = {name: ENGINES[name][0](paths_of(count)) for name in names}
    return least_in_turns(finds, {name: asked(name, count) for name in names}, rounds=15)


def new_string_rows(count: int, rounds: int = 12) -> dict[str, float]:
    """Nanoseconds per lookup by strings whose hashes nobody knows."""
    names = [name for name in BY_NEW_STRINGS if count <= ENGINES[name][1]]
    finds = {name: ENGINES[name][0](paths_of(count)) for name in names}
    asked_for = questions(count)[:20_000]
    best = dict.fromkeys(names, float("inf"))
    for _ in range(rounds):
        for name, find in finds.items():
            paths = ["".join(path) for path in asked_for]
            start = time.perf_counter()
            ask(find, paths)
            best[name] = min(best[name], (time.perf_counter() - start) / len(paths) * 1e9)
    return best


def print_lookups(times: dict[tuple[str, int], float], names: Iterable[str]) -> None:
    print(f"{'routes':>14}", *(f"{count:>16}" for count in SIZES))
    for name in names:
        cells = (
            f"{times[name, n]:9.0f} {times[name, n] / times['PathRouter', n]:6.1f}" if (name, n) in times else " " * 16
            for n in SIZES
        )
        print(f"{name:>14}", *cells)


def dict_item_ns(count: int, seconds: float = 1.0) -> float:
    """A lookup written as d[key], the goals' unit. Pieces of the lookups are timed, each as short as a round of what is
    compared, and the least of each counts: on a busy machine no long round goes by undisturbed."""
    paths, table = questions(count), dict(zip(paths_of(count), range(count), strict=True))
    pieces = [paths[at : at + 2000] for at in range(0, len(paths), 2000)]
    best, end = [float("inf")] * len(pieces), time.perf_counter() + seconds
    while time.perf_counter() < end or best[-1] == float("inf"):
        for number, piece in enumerate(pieces):
            start = time.perf_counter()
            for path in piece:
                table[path]
            best[number] = min(best[number], time.perf_counter() - start)
    return sum(best) / len(paths) * 1e9


def in_dict_lookups(count: int, sample: Callable[[float], float], turns: int = 7) -> tuple[float, float]:
    """The least nanoseconds of a sample of some seconds, and the median of how many dict lookups it takes, each turn
    beside a dict's own: what slows the machine down slows both down."""
    times, ratios = [], []
    for _ in range(turns):
        floor = dict_item_ns(count, 0.15)
        times.append(sample(0.3))
        ratios.append(times[-1] / ((floor + dict_item_ns(count, 0.15)) / 2))
    return min(times), median(ratios)


def core_figures(count: int) -> list[float]:
    """Nanoseconds per lookup, milliseconds to build, bytes per route."""
    line = subprocess.run([BENCH_ROUTE, str(count)], check=True, capture_output=True, text=True).stdout
    return [float(figure) for figure in line.split()[1:]]


def core_rows() -> None:
    print("\nC core, a table of prefixes: ns per lookup, in dict lookups (the median of turns), build, size")
    ns_of = {}
    for count in SIZES:
        figures = []

        def sample(_: float, count: int = count, figures: list[list[float]] = figures) -> float:
            figures.append(core_figures(count))
            return figures[-1][0]

        ns_of[count], ratio = in_dict_lookups(count, sample)
        build_ms, size = min(figure[1] for figure in figures), figures[0][2]
        goal = {1_000: "<= 0.50", 10_000: "<= 0.75", 100_000: "<= 0.75"}.get(count, "")
        limits = " (goals <= 150 ms, <= 200 B)" if count == SIZES[-1] else ""
        print(
            f"{count:>8} {ns_of[count]:8.1f} {ratio:6.2f} {goal:8} {build_ms:8.1f} ms {size:6.1f} B per route{limits}"
        )
    print(f"growth from 100 to 10,000 routes: {ns_of[10_000] / ns_of[100]:.1f} (goal <= 3)")


def with_variables(engine: str, routes: list[str]) -> Find:
    """A router that also says what the variables stand for."""
    match engine:
        case "PathRouter":
            return fastpath.PathRouter(dict.fromkeys(routes, 1)).match
        case "werkzeug" | "sanic-routing":
            return ENGINES[engine][0]([re.sub(r"{(\w+)}", r"<\1>", route) for route in routes])
        case _:
            return ENGINES[engine][0](routes)


def variable_rows(routes: list[str], paths: list[str], engines: Iterable[str], rounds: int = 40) -> None:
    """Every engine gives the variables in a dict of str. The spread is that of the ratios, round by round."""
    finds = {engine: with_variables(engine, routes) for engine in engines}
    asked_of = {engine: paths[: 200 if engine in SLOW else 5000] for engine in engines}
    times: dict[str, list[float]] = {engine: [] for engine in engines}
    for _ in range(rounds):
        for engine, ns in least_in_turns(finds, asked_of, rounds=1).items():
            times[engine].append(ns)
    ours = times["PathRouter"]
    for engine, rows in times.items():
        ratios = sorted(ns / own for ns, own in zip(rows, ours, strict=True))
        goal = {"pymatchit": ">= 1.9", "autoroutes": ">= 5", "falcon": ">= 10"}.get(engine, "")
        spread = f"{ratios[len(ratios) // 4]:.1f} to {ratios[3 * len(ratios) // 4]:.1f}"
        print(f"{engine:>14} {min(rows):9.0f} {min(rows) / min(ours):6.2f} {goal:7} middle half of the rounds {spread}")


def github_rows() -> None:
    print(
        f"\n{len(github_routes.ROUTES)} routes of GitHub's, with what the variables stand for: ns, times PathRouter's"
    )
    engines = ("PathRouter", "pymatchit", "autoroutes", "falcon", "sanic-routing", "werkzeug", "starlette")
    variable_rows(github_routes.ROUTES, github_routes.requests(20_000), engines)


def synthetic_rows(count: int, engines: Iterable[str]) -> None:
    print(f"\n{count} routes with two variables each: ns, times PathRouter's")
    routes = [f"{path}{{id}}/{{part}}" for path in paths_of(count)]
    rng = random.Random(count)
    variables = ("7", "100200300", "0a1b2c3d4e5f", "history")
    paths = [re.sub(r"{\w+}", lambda _: rng.choice(variables), rng.choice(routes)) for _ in range(5000)]
    variable_rows(routes, paths, engines)


def condition_table(count: int) -> tuple[fastpath.RouteTable, list[fastpath.Request]]:
    """Hosts, paths and two header conditions on each route; requests that meet them."""
    per_host = 100
    hosts = []
    paths = paths_of(count)
    for first in range(0, count, per_host):
        routes = tuple(
            Route(
                RouteMatch(
                    prefix=path,
                    headers=(
                        HeaderMatcher(":method", StringMatcher(exact="GET")),
                        HeaderMatcher("x-env", StringMatcher(exact="prod")),
                    ),
                ),
                RouteAction(cluster="c"),
            )
            for path in paths[first : first + per_host]
        )
        hosts.append(VirtualHost(f"h{first}", (f"h{first}.example",), routes))
    rng = random.Random(count)
    requests = []
    for _ in range(2000):
        index = rng.randrange(count)
        host = f"h{index - index % per_host}.example"
        lines = [f"GET {paths[index]}17 HTTP/1.1", f"Host: {host}", "accept: */*", "x-env: prod", "", ""]
        request = fastpath.parse_request("\r\n".join(lines).encode())
        assert request is not None
        requests.append(request)
    return fastpath.RouteTable(hosts), requests


def heavy_table(kind: str, count: int) -> tuple[fastpath.RouteTable, list[fastpath.Request]]:
    """Routes that differ only in a regex, or only in a header's value, by conditions or by a matcher tree's map."""
    matches = {
        "regex": [RouteMatch(safe_regex=f"/api/v[0-9]+/team{i}/items/[^/]+") for i in range(count)],
        "header": [
            RouteMatch(prefix="/", headers=(HeaderMatcher("x-tenant", StringMatcher(exact=f"t{i}")),))
            for i in range(count)
        ],
        "tree": [RouteMatch(prefix="/")] * count,
    }[kind]
    tree = MatcherMap("x-tenant", tuple((f"t{i}", MatchedRoutes(1)) for i in range(count))) if kind == "tree" else None
    rng = random.Random(count)
    requests = []
    for _ in range(2000):
        i = rng.randrange(count)
        head = f"GET /api/v12/team{i}/items/77 HTTP/1.1\r\nHost: h\r\nx-tenant: t{i}\r\n\r\n"
        request = fastpath.parse_request(head.encode())
        assert request is not None
        requests.append(request)
    routes = tuple(Route(match, RouteAction(cluster="c")) for match in matches)
    return fastpath.RouteTable([VirtualHost("all", ("*",), routes, matcher=tree)]), requests


def matched_ns(table: fastpath.RouteTable, requests: list[fastpath.Request], seconds: float = 1.0) -> float:
    match = table.match
    assert all(match(request) for request in requests)

    def run() -> None:
        for request in requests:
            match(request)

    return least(run, seconds) / len(requests) * 1e9


def condition_rows() -> None:
    table, requests = condition_table(10_000)
    ns, ratio = in_dict_lookups(10_000, lambda seconds: matched_ns(table, requests, seconds))
    print("\nfrom Python, a parsed request against host, path and two header conditions")
    print(f"{10_000:>8} {ns:8.1f} ns {ratio:6.2f} dict lookups, the median of turns (goal <= 2)")
    kinds = {
        "regex": "differ in a regex alone",
        "header": "differ in a header alone",
        "tree": "are found by the map of a matcher tree",
    }
    for kind, how in kinds.items():
        row = " ".join(f"{count}: {matched_ns(*heavy_table(kind, count)):.0f} ns" for count in (10, 100, 1000))
        print(f"routes that {how}: {row}")


def plot(times: dict[tuple[str, int], float], file: str) -> None:
    """Draw how lookups grow with the number of routes."""
    curves = {name: [(count, times[name, count]) for count in SIZES if (name, count) in times] for name in ENGINES}
    for drawn in draw_curves(Path(file), curves, ylabel="ns per lookup", title="Finding one of N static routes"):
        print(f"drawn to {drawn}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", metavar="FILE", help="draw how lookups grow, to FILE.png and FILE.svg")
    options = parser.parse_args()
    peers = [name for name in ENGINES if name not in ("dict", "PathRouter", "RouteTable")]
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in peers))
    print("\nns per lookup of a static path, and how many times PathRouter's (goal against pymatchit >= 3)")
    times = {(name, n): ns for n in SIZES for name, ns in lookup_rows(n).items()}
    print_lookups(times, ENGINES)
    print("\nthe same by strings that were just made")
    print_lookups({(name, n): ns for n in SIZES for name, ns in new_string_rows(n).items()}, BY_NEW_STRINGS)
    github_rows()
    synthetic_rows(1_000, ("PathRouter", "pymatchit", "autoroutes", "falcon"))
    synthetic_rows(10_000, ("PathRouter", "pymatchit", "falcon"))  # autoroutes takes minutes to build
    condition_rows()
    core_rows()
    if options.plot:
        plot(times, options.plot)


if __name__ == "__main__":
    main()
