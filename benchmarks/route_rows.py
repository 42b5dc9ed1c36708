"""Looking up a route, beside a dict and the routers that Python has. Paths are asked for in shuffled order.

A dict is the floor: it finds equal keys only, in no order of precedence. The goals count in its lookups, in shuffled
order: by strings that are equal to its keys and not the same objects, whose hashes are known from an earlier round.
A dict, and routers that are made of dicts, profit from known hashes: there are rows as well by strings that were just
made, as a server has them.
Routers that are compared take turns, a round each. The C core's figures come from
bench_route, which `make bench` builds; its table has prefixes, the requests go on after them.
"""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import github_routes
from measuring import Row, Sample, compared, figure, in_turns, middle_half, timed

import fastpath
from fastpath.benchmarking import routers
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


def least(work: Callable[[], object], seconds: float = 1.0) -> float:
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def by_new_strings(find: Find, paths: list[str]) -> Sample:
    """Lookups by strings whose hashes nobody knows."""

    def sample() -> float:
        made = ["".join(path) for path in paths]
        start = time.process_time()
        ask(find, made)
        return time.process_time() - start

    return sample


def beside_path_router(
    key: str, case: str, samples: dict[str, Sample], lookups: dict[str, int], rounds: int
) -> Iterator[Row]:
    """A row for each other router, of nanoseconds per lookup."""
    times = {
        name: [taken / lookups[name] * 1e9 for taken in turns] for name, turns in in_turns(samples, rounds).items()
    }
    ours = times.pop("PathRouter")
    for name, theirs in times.items():
        yield compared(f"{key}-{name}", case, [ours], [theirs], {"PathRouter": min(ours), name: min(theirs)})


def static_rows(count: int) -> Iterator[Row]:
    names = [name for name, (_, most) in ENGINES.items() if count <= most]
    finds = {name: ENGINES[name][0](paths_of(count)) for name in names}
    paths = {name: asked(name, count) for name in names}
    samples = {name: timed(partial(ask, finds[name], paths[name])) for name in names}
    yield from beside_path_router("static", f"{count} routes", samples, {name: len(paths[name]) for name in names}, 15)
    new = [name for name in BY_NEW_STRINGS if name in names]
    some = questions(count)[:20_000]
    samples = {name: by_new_strings(finds[name], some) for name in new}
    yield from beside_path_router("static-new", f"{count} routes", samples, dict.fromkeys(new, len(some)), 12)


def dict_item_ns(count: int, seconds: float = 1.0) -> float:
    """A lookup written as d[key], the goals' unit. Pieces of the lookups are timed, each as short as a round of what is
    compared, and the least of each counts: on a busy machine no long round goes by undisturbed."""
    paths, table = questions(count), dict(zip(paths_of(count), range(count), strict=True))
    pieces = [paths[at : at + 2000] for at in range(0, len(paths), 2000)]
    best, end = [float("inf")] * len(pieces), time.perf_counter() + seconds
    while time.perf_counter() < end or best[-1] == float("inf"):
        for number, piece in enumerate(pieces):
            start = time.process_time()
            for path in piece:
                table[path]
            best[number] = min(best[number], time.process_time() - start)
    return sum(best) / len(paths) * 1e9


def in_dict_lookups(key: str, count: int, sample: Callable[[float], float], turns: int = 7) -> Row:
    """How many dict lookups a sample of some seconds takes, each turn beside a dict's own: what slows the machine down
    slows both down. The median of the turns."""
    times, ratios = [], []
    for _ in range(turns):
        floor = dict_item_ns(count, 0.15)
        times.append(sample(0.3))
        ratios.append(times[-1] / ((floor + dict_item_ns(count, 0.15)) / 2))
    figures = {"fastpath": min(times), "dict": min(times) / median(ratios)}
    return Row(key, "", median(ratios), middle_half(ratios), "dict lookups", figures)


def core_figures(count: int) -> list[float]:
    """Nanoseconds per lookup, milliseconds to build, bytes per route."""
    line = subprocess.run([BENCH_ROUTE, str(count)], check=True, capture_output=True, text=True).stdout
    return [float(figure) for figure in line.split()[1:]]


def core_rows() -> Iterator[Row]:
    """In C, a table of prefixes."""
    for count in SIZES:
        figures: list[list[float]] = []

        def sample(_: float, count: int = count, figures: list[list[float]] = figures) -> float:
            figures.append(core_figures(count))
            return figures[-1][0]

        yield in_dict_lookups(f"c-routes-{count}", count, sample)
        if count == SIZES[-1]:
            yield figure("c-routes-built", "", [built for _, built, _ in figures], "ms")
            yield figure("c-routes-memory", "", [size for _, _, size in figures], "B")
    growth = [core_figures(10_000)[0] / core_figures(100)[0] for _ in range(7)]
    yield figure("c-routes-growth", "", growth, "times")


def with_variables(engine: str, routes: list[str]) -> Find:
    """A router that also says what the variables stand for."""
    match engine:
        case "PathRouter":
            return fastpath.PathRouter(dict.fromkeys(routes, 1)).match
        case "werkzeug" | "sanic-routing":
            return ENGINES[engine][0]([re.sub(r"{(\w+)}", r"<\1>", route) for route in routes])
        case _:
            return ENGINES[engine][0](routes)


def variable_rows(case: str, routes: list[str], paths: list[str], engines: Iterable[str]) -> Iterator[Row]:
    """Paths with variables: for who asks which route it is, and for who wants the variables too. Other routers have one
    answer for both, a dict of str; to make that alone takes most of the time of ours."""
    asked_of = {engine: paths[: 200 if engine in SLOW else 5000] for engine in engines}
    lookups = {name: len(of) for name, of in asked_of.items()}
    samples = {name: timed(partial(ask, with_variables(name, routes), some)) for name, some in asked_of.items()}
    yield from beside_path_router("variables", case, samples, lookups, 40)
    samples["PathRouter"] = timed(partial(ask, with_path_router(routes), asked_of["PathRouter"]))
    yield from beside_path_router("index", case, samples, lookups, 40)


def github_rows() -> Iterator[Row]:
    engines = ("PathRouter", "pymatchit", "autoroutes", "falcon", *SLOW)
    case = f"{len(github_routes.ROUTES)} routes of GitHub's"
    yield from variable_rows(case, github_routes.ROUTES, github_routes.requests(20_000), engines)


def synthetic_rows(count: int, engines: Iterable[str]) -> Iterator[Row]:
    routes = [f"{path}{{id}}/{{part}}" for path in paths_of(count)]
    rng = random.Random(count)
    variables = ("7", "100200300", "0a1b2c3d4e5f", "history")
    paths = [re.sub(r"{\w+}", lambda _: rng.choice(variables), rng.choice(routes)) for _ in range(5000)]
    yield from variable_rows(f"{count} routes of two variables", routes, paths, engines)


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


def condition_rows() -> Iterator[Row]:
    """From Python, a parsed request against host, path and two header conditions; and routes that differ in a regex
    alone, in a header alone, or are found by the map of a matcher tree."""
    table, requests = condition_table(10_000)
    yield in_dict_lookups("conditions", 10_000, lambda seconds: matched_ns(table, requests, seconds))
    for kind in ("regex", "header", "tree"):
        for count in (10, 100, 1000):
            ns = [matched_ns(*heavy_table(kind, count), seconds=0.3) for _ in range(3)]
            yield figure(f"heavy-{kind}", f"{count} routes", ns, "ns")


def rows() -> Iterator[Row]:
    for count in SIZES:
        yield from static_rows(count)
    yield from github_rows()
    yield from synthetic_rows(1_000, ("PathRouter", "pymatchit", "autoroutes", "falcon"))
    yield from synthetic_rows(10_000, ("PathRouter", "pymatchit", "falcon"))  # autoroutes takes minutes to build
    yield from condition_rows()
    yield from core_rows()
