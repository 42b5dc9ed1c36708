"""Balancers beside what one would write in Python, and a request in one call, as rows with their goals.

    python benchmarks/balancer_rows.py [WORD ...]    only rows whose name has one of the words

Rivals take turns, a round each, and the least of the rounds counts; a ratio is of two figures of the same run. `must`
and `stretch` are the goals. Memory is what a process grows by, and has no goal.
"""

from __future__ import annotations

import functools
import gc
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import uhashring

import fastpath
from fastpath import ClusterManager, Dispatcher, RouteTable
from fastpath.benchmarking.balancers import (
    BATCH,
    KEYS,
    POINTS,
    bisect_ring,
    by_key,
    cluster_of,
    equal_cluster_of,
    heapq_edf,
    model_of,
    names_of,
    python_maglev,
    python_p2c,
    repeat,
    smooth_wrr,
    weights_of,
    with_keys,
)
from fastpath.benchmarking.memory import grown
from fastpath.benchmarking.parsers import httptools_fresh, httptools_kept
from fastpath.models import Endpoint, LbPolicy, Route, RouteAction, RouteMatch, VirtualHost

ROUNDS = 9
REQUESTS = 1_000


@dataclass
class Row:
    name: str
    ours: Callable[[], object]
    rival: Callable[[], object]
    must: float
    stretch: float
    rounds: int = ROUNDS


def seconds(call: Callable[[], object]) -> float:
    """Of the processor, so that what other processes take away does not count. A short call runs once before, with the
    caches as the rival has left them."""
    for _ in range(2):
        start = time.process_time()
        call()
        taken = time.process_time() - start
        if taken > 0.02:
            break
    return taken


def ratio(row: Row) -> tuple[float, float]:
    """Least times of ours and of the rival's."""
    ours = rival = float("inf")
    gc.collect()
    gc.disable()
    for _ in range(row.rounds):
        ours = min(ours, seconds(row.ours))
        rival = min(rival, seconds(row.rival))
    gc.enable()
    return ours, rival


def request_of(length: int) -> bytes:
    """A head of so many bytes, as a browser behind a proxy sends it."""
    fields = [
        "GET /api/v1/team71/orders/778/lines?page=2 HTTP/1.1",
        "Host: shop.example.com",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language: en-US,en;q=0.5",
        "Accept-Encoding: gzip, deflate, br",
        "Referer: https://shop.example.com/orders?from=2026-01-01&to=2026-06-30",
        "Connection: keep-alive",
        "X-Request-Id: 5b3e1c9a-8f40-4d1e-9a77-3c2f6d0b8e15",
        "X-Forwarded-For: 203.0.113.77, 10.1.2.3",
        "X-Forwarded-Proto: https",
    ]
    start = "\r\n".join([*fields, "Cookie: session="])
    return f"{start}{'a' * (length - len(start) - 4)}\r\n\r\n".encode()


def one_call() -> Iterator[Row]:
    data = request_of(700)
    routes = tuple(
        Route(RouteMatch(prefix=f"/api/v{i % 3}/team{i % 101}/orders/{i}/"), RouteAction(cluster=f"c{i % 10}"))
        for i in range(1_000)
    )
    clusters = [model_of([1] * 100) for _ in range(10)]
    manager = ClusterManager(
        [fastpath.models.Cluster(f"c{i}", model.localities) for i, model in enumerate(clusters)], seed=1
    )
    dispatcher = Dispatcher(RouteTable([VirtualHost("v", ("*",), routes)], seed=1), manager)
    decision = dispatcher.dispatch(data)
    assert decision is not None
    assert decision.host is not None
    assert len(data) == 700
    messages = [data] * REQUESTS
    dispatch = dispatcher.dispatch

    def ours() -> None:
        for message in messages:
            dispatch(message)

    yield Row("one call: 700 B to a host, against httptools parsing it", ours, lambda: httptools_fresh(messages), 2, 4)
    yield Row("one call, against a httptools parser that is kept", ours, lambda: httptools_kept(messages), 2, 4)


def rings() -> Iterator[Row]:
    for count in (10, 100, 1_000, 10_000):
        cluster, names = equal_cluster_of(count, LbPolicy.RING_HASH), names_of(count)
        uhash = with_keys(uhashring.HashRing(names).get_node) if count < 10_000 else None
        bisected = with_keys(bisect_ring(names))
        ours = by_key(cluster)
        if uhash is not None:
            yield Row(f"ring, pick(str) of {count} against uhashring", ours, uhash, 35, 60)
            many = functools.partial(cluster.pick_many, hash_keys=KEYS)
            yield Row(f"ring, many keys of {count} against uhashring", many, uhash, 90, 150)
        yield Row(f"ring, pick(str) of {count} against bisect + xxhash", ours, bisected, 8, 10)
    names, model = names_of(1_000), [model_of([1] * 1_000, LbPolicy.RING_HASH, POINTS * 1_000)]
    built = functools.partial(uhashring.HashRing, names)
    yield Row("ring of 1000 built against uhashring", lambda: ClusterManager(model), built, 70, 100, rounds=3)


def maglev() -> Iterator[Row]:
    for count in (10, 100, 1_000, 10_000):
        cluster, names = equal_cluster_of(count, LbPolicy.MAGLEV), names_of(count)
        ours, rival = by_key(cluster), python_maglev(names)
        assert [str(host) for host in cluster.pick_many(hash_keys=KEYS)] == [rival(key) for key in KEYS]
        yield Row(f"Maglev, pick(str) of {count}", ours, with_keys(rival), 3.5, 4)
        model = [model_of([1] * count, LbPolicy.MAGLEV)]
        build = functools.partial(python_maglev, names)
        yield Row(f"Maglev of {count} built", functools.partial(ClusterManager, model), build, 25, 40, rounds=3)


def turns() -> Iterator[Row]:
    for count, must, stretch in ((100, 120, 300), (1_000, 1_200, 3_000)):
        model = model_of(weights_of(count), LbPolicy.SCHEDULED_ROUND_ROBIN)
        ours = repeat(ClusterManager([model], seed=1)["c"].pick_host)
        rival = repeat(smooth_wrr(weights_of(count)))
        yield Row(f"scheduled WRR of {count} against smooth WRR", ours, rival, must, stretch, rounds=3)
    for count in (10, 100, 1_000, 10_000):
        rival = repeat(heapq_edf(weights_of(count)))
        yield Row(f"EDF of {count} against heapq", repeat(cluster_of(count).pick_host), rival, 5, 8)
    for count in (10, 100, 1_000, 10_000):
        ours = repeat(equal_cluster_of(count, LbPolicy.LEAST_REQUEST).pick_host)
        yield Row(f"P2C of {count} against Python", ours, repeat(python_p2c(count)), 10, 14)


def change_of(policy: LbPolicy, ring_size: int) -> Callable[[], None]:
    """Another host in the place of one of 10,000, back and forth: from the new model to the first pick."""
    before = model_of([1] * 10_000, policy, ring_size)
    group = before.localities[0]
    endpoints = list(group.endpoints)
    endpoints[5_000] = Endpoint("10.255.0.1", 80)
    after = replace(before, localities=(replace(group, endpoints=tuple(endpoints)),))
    cluster = ClusterManager([before], seed=1)["c"]

    def change() -> None:
        cluster.update(before if cluster.model is after else after)
        cluster.pick_host(hash_key="key")

    return change


def updates() -> None:
    """In milliseconds, which is how the goal is given."""
    for name, policy, ring_size in (
        ("ring of 10,240 points", LbPolicy.RING_HASH, 10_240),
        ("ring of 1,600,000 points", LbPolicy.RING_HASH, POINTS * 10_000),
        ("Maglev", LbPolicy.MAGLEV, 1024),
        ("round robin", LbPolicy.ROUND_ROBIN, 1024),
    ):
        change = change_of(policy, ring_size)
        taken = min(seconds(change) for _ in range(ROUNDS)) * 1e3
        must, stretch = 20, 2
        print(
            f"{f'one host of 10,000 changed, {name}':<58}{taken:>7.1f} ms{'':>20}{must:>5} ms{stretch:>6} ms"
            f"{'' if taken <= must else '  missed'}",
            flush=True,
        )


def memory() -> None:
    """Each figure in a process of its own: models not counted, what building has left over is."""
    figures = {}
    for policy, count, ring_size in (
        (LbPolicy.ROUND_ROBIN, 100_000, 1024),
        (LbPolicy.RING_HASH, 1_000, 1_000_000),
        (LbPolicy.MAGLEV, 10, 1024),
        (LbPolicy.ROUND_ROBIN, 1_000, 1024),
    ):
        figures[policy, count] = grown(policy.name, count, ring_size)
    hosts = figures[LbPolicy.ROUND_ROBIN, 100_000] / 100_000
    ring = figures[LbPolicy.RING_HASH, 1_000] - figures[LbPolicy.ROUND_ROBIN, 1_000]
    print(f"{'memory of a host, its Host in Python included':<58}{hosts:>8.0f} B")
    print(f"{'memory of a ring, for each of a million points':<58}{ring / 1_000_000:>8.1f} B")
    print(f"{'memory of a Maglev table of 65537':<58}{figures[LbPolicy.MAGLEV, 10] / 1024:>8.0f} KiB")


def main() -> None:
    words = [word.lower() for word in sys.argv[1:]]
    print(f"fastpath {fastpath.__version__}, {platform.python_implementation()} {platform.python_version()}")
    print(f"{'':<58}{'ours':>10}{'rival':>11}{'ratio':>9}{'must':>7}{'stretch':>9}")
    for rows in (one_call, rings, maglev, turns):
        for row in rows():
            if words and not any(word in row.name.lower() for word in words):
                continue
            ours, rival = ratio(row)
            each = BATCH if " built" not in row.name else 1
            met = "" if rival / ours >= row.must else "  missed"
            print(
                f"{row.name:<58}{ours / each * 1e9:>7.0f} ns{rival / each * 1e9:>8.0f} ns"
                f"{rival / ours:>8.1f}x{row.must:>6g}x{row.stretch:>8g}x{met}",
                flush=True,
            )
    if not words or "changed" in words:
        updates()
    if not words or "memory" in words:
        memory()


if __name__ == "__main__":
    main()
