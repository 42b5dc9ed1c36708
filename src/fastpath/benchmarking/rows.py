"""What `fastpath bench` measures. Benchmarks of a group do the same work, the first one with fastpath."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

from ..clusters import ClusterManager
from ..models import LbPolicy
from . import balancers, inputs, parsers
from .balancers import BATCH, KEYS, POINTS
from .routers import Find, paths_of, questions, table_of, with_dict, with_path_router, with_pymatchit

__all__ = ["PEERS", "TOPICS", "Benchmark", "chosen"]

PEERS = ("httptools", "gunicorn_h1c", "zttp", "h11", "pymatchit", "uhashring", "xxhash")
TOPICS = ("parse", "routes", "picks", "builds", "updates")
LOOKUPS = 10_000

Work = Callable[[], object]


@dataclass(frozen=True)
class Benchmark:
    topic: str
    group: str
    name: str
    make: Callable[[], Work]
    """What is measured, ready to be called."""
    operations: int = 1
    """How many of them a call does."""
    size: int = 0
    """Of the routes or hosts, where the group is one of several that differ in it."""
    needs: str = ""
    """The peer without which there is no row."""
    quick: bool = True
    """In `--quick` too."""


def chosen(words: list[str], *, quick: bool) -> list[Benchmark]:
    """Those whose topic, group or name has one of the words, of peers that are installed."""
    return [
        row
        for row in _rows()
        if (row.quick or not quick)
        and (not row.needs or find_spec(row.needs))
        and (not words or any(word.lower() in f"{row.topic} {row.group} {row.name}".lower() for word in words))
    ]


def _rows() -> Iterator[Benchmark]:
    for rows in (_parse, _routes, _picks, _builds, _updates):
        yield from rows()


def _parse() -> Iterator[Benchmark]:
    def over(messages: list[bytes], operation: parsers.Operation) -> Work:
        repeated = messages * max(1, 512 // len(messages))
        return partial(operation, repeated)

    tasks: dict[str, dict[str, parsers.Operation]] = {
        "method, path and host": {
            "fastpath": parsers.fastpath_route,
            "httptools": parsers.httptools_fresh,
            "gunicorn_h1c": parsers.gunicorn_route,
            "zttp": parsers.zttp_route,
        },
        "all headers": {
            "fastpath": parsers.fastpath_pairs,
            "httptools": parsers.httptools_fresh,
            "gunicorn_h1c": parsers.gunicorn_pairs,
            "zttp": parsers.zttp_pairs,
            "h11": parsers.h11_pairs,
        },
        "head rewritten": {"fastpath": parsers.fastpath_rewrite, "httptools": parsers.httptools_rewrite},
    }
    sets = {"a": "browser", "b": "tiny", "c": "mesh", "g": "512 different"}
    for task, operations in tasks.items():
        for letter, what in sets.items():
            messages = [parsers.for_kept_parser(message) for message in inputs.sets()[letter]]
            for name, operation in operations.items():
                make = partial(over, messages, operation)
                needs = "" if name == "fastpath" else name
                yield Benchmark("parse", f"{task}: {what}", name, make, 512, needs=needs, quick=letter == "a")
    for size in (64, 1024):
        bodies = [parsers.chunked_body(size)]
        for name, operation in (("fastpath", parsers.fastpath_dechunk), ("httptools", parsers.httptools_dechunk)):
            needs = "" if name == "fastpath" else name
            yield Benchmark(
                "parse",
                f"64 KB in chunks of {size} B",
                name,
                partial(partial, operation, bodies),
                needs=needs,
                quick=False,
            )


def _routes() -> Iterator[Benchmark]:
    def asked(make: Callable[[list[str]], Find], count: int) -> Work:
        find = make(paths_of(count))
        paths = questions(count, LOOKUPS)

        def run() -> None:
            for path in paths:
                find(path)

        return run

    def with_table(paths: list[str]) -> Find:
        match_parts = table_of(paths, "prefix").match_parts
        return lambda path: match_parts(path=path)

    for count in (100, 1_000, 10_000, 100_000):
        row = Benchmark("routes", f"{count} static paths", "", lambda: _nothing, LOOKUPS, count, quick=count <= 1_000)
        yield replace(row, name="fastpath, PathRouter", make=partial(asked, with_path_router, count))
        yield replace(row, name="fastpath, RouteTable", make=partial(asked, with_table, count))
        yield replace(row, name="dict", make=partial(asked, with_dict, count))
        yield replace(row, name="pymatchit", make=partial(asked, with_pymatchit, count), needs="pymatchit")


def _nothing() -> None: ...


def _after(wrap: Callable[[Any], Work], make: Callable[[Any], Any], of: object) -> Work:
    return wrap(make(of))


def _picks() -> Iterator[Benchmark]:
    def keyed(policy: LbPolicy, count: int) -> Work:
        return balancers.by_key(balancers.equal_cluster_of(count, policy))

    def many(policy: LbPolicy, count: int) -> Work:
        return partial(balancers.equal_cluster_of(count, policy).pick_many, hash_keys=KEYS)

    def equal(policy: LbPolicy, count: int) -> Work:
        return balancers.repeat(balancers.equal_cluster_of(count, policy).pick_host)

    def turns(policy: LbPolicy, count: int) -> Work:
        model = balancers.model_of(balancers.weights_of(count), policy)
        return balancers.repeat(ClusterManager([model], seed=1)["c"].pick_host)

    def picking(count: int) -> Work:
        return balancers.cluster_of(count).pick

    def many_turns(count: int) -> Work:
        return partial(balancers.cluster_of(count).pick_many, BATCH)

    def into_array(count: int) -> Work:
        return partial(balancers.cluster_of(count).pick_many, BATCH, out=array("I", bytes(4 * BATCH)))

    for count in (100, 1_000):
        weights, names = balancers.weights_of(count), balancers.names_of(count)
        row = Benchmark("picks", "", "fastpath", lambda: _nothing, BATCH, count, quick=count == 100)
        edf = replace(row, group=f"weighted round robin of {count}")
        yield replace(edf, make=partial(turns, LbPolicy.ROUND_ROBIN, count))
        yield replace(edf, name="fastpath, pick", make=partial(_after, balancers.repeat, picking, count))
        yield replace(edf, name="fastpath, many in one call", make=partial(many_turns, count))
        yield replace(edf, name="fastpath, many into an array", make=partial(into_array, count))
        yield replace(edf, name="heapq", make=partial(_after, balancers.repeat, balancers.heapq_edf, weights))
        smooth = replace(row, group=f"scheduled round robin of {count}")
        yield replace(smooth, make=partial(turns, LbPolicy.SCHEDULED_ROUND_ROBIN, count))
        yield replace(smooth, name="smooth WRR", make=partial(_after, balancers.repeat, balancers.smooth_wrr, weights))
        least = replace(row, group=f"least request of {count}")
        yield replace(least, make=partial(equal, LbPolicy.LEAST_REQUEST, count))
        yield replace(least, name="Python", make=partial(_after, balancers.repeat, balancers.python_p2c, count))
        ring = replace(row, group=f"ring of {count}")
        yield replace(ring, make=partial(keyed, LbPolicy.RING_HASH, count))
        yield replace(ring, name="fastpath, many in one call", make=partial(many, LbPolicy.RING_HASH, count))
        yield replace(
            ring,
            name="uhashring",
            make=partial(_after, balancers.with_keys, balancers.uhash_ring, names),
            needs="uhashring",
        )
        yield replace(
            ring, name="bisect", make=partial(_after, balancers.with_keys, balancers.bisect_ring, names), needs="xxhash"
        )
        maglev = replace(row, group=f"Maglev of {count}")
        yield replace(maglev, make=partial(keyed, LbPolicy.MAGLEV, count))
        yield replace(
            maglev,
            name="Python",
            make=partial(_after, balancers.with_keys, balancers.python_maglev, names),
            needs="xxhash",
        )


def _builds() -> Iterator[Benchmark]:
    for count in (100, 1_000):
        names = balancers.names_of(count)
        row = Benchmark("builds", "", "fastpath", lambda: _nothing, size=count, quick=count == 100)
        ring = replace(row, group=f"ring of {count} built")
        model = balancers.model_of([1] * count, LbPolicy.RING_HASH, POINTS * count)
        yield replace(ring, make=partial(partial, ClusterManager, [model]))
        yield replace(ring, name="uhashring", make=partial(partial, balancers.uhash_ring, names), needs="uhashring")
        maglev = replace(row, group=f"Maglev of {count} built")
        model = balancers.model_of([1] * count, LbPolicy.MAGLEV)
        yield replace(maglev, make=partial(partial, ClusterManager, [model]))
        yield replace(maglev, name="Python", make=partial(partial, balancers.python_maglev, names), needs="xxhash")
    for count in (1_000, 10_000):
        make = partial(partial, table_of, paths_of(count), "prefix")
        yield Benchmark("builds", f"{count} routes built", "fastpath", make, size=count, quick=count == 1_000)


def _updates() -> Iterator[Benchmark]:
    def changing(policy: LbPolicy, count: int) -> Work:
        weights = [1] * count
        versions = [balancers.model_of(w, policy) for w in (weights, [*weights[:-1], 2])]
        cluster = ClusterManager(versions[:1], seed=1)["c"]
        turn = 0

        def run() -> None:
            nonlocal turn
            turn += 1
            cluster.update(versions[turn % 2])
            cluster.pick_host(hash_key=b"key")

        return run

    for count in (100, 10_000):
        for policy in (LbPolicy.ROUND_ROBIN, LbPolicy.RING_HASH, LbPolicy.MAGLEV):
            group = f"one host of {count} changed: {policy.name}"
            yield Benchmark(
                "updates", group, "fastpath", partial(changing, policy, count), size=count, quick=count == 100
            )
