"""Balancers beside what one would write in Python, and a request in one call. Rivals take turns."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import uhashring
from measuring import Row, Sample, Work, compared, figure, in_turns, timed

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
from fastpath.benchmarking.parsers import httptools_fresh, httptools_kept
from fastpath.models import Endpoint, LbPolicy, Route, RouteAction, RouteMatch, VirtualHost

BENCH_TABLES = Path(__file__).parent.parent / "build/core/release/benchmarks/c/bench_tables"
ROUNDS = 9
REQUESTS = 1_000


def against(key: str, case: object, ours: Work, rival: Work, operations: int = BATCH, rounds: int = ROUNDS) -> Row:
    times = in_turns({"fastpath": timed(ours), "rival": timed(rival)}, rounds)
    figures = {name: min(taken) / operations * 1e9 for name, taken in times.items()}
    return compared(key, f"{case} hosts" if case else "", [times["fastpath"]], [times["rival"]], figures)


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

    works = {"fastpath": ours}
    works |= {
        "httptools, fresh": lambda: httptools_fresh(messages),
        "httptools, kept": lambda: httptools_kept(messages),
    }
    times = in_turns({name: timed(work) for name, work in works.items()}, ROUNDS)
    fresh, kept = times["httptools, fresh"], times["httptools, kept"]
    figures = {name: min(taken) / REQUESTS * 1e9 for name, taken in times.items()}
    yield compared(
        "one-call", "", [times["fastpath"]], [[min(turn) for turn in zip(fresh, kept, strict=True)]], figures
    )


def rings() -> Iterator[Row]:
    for count in (10, 100, 1_000, 10_000):
        cluster, names = equal_cluster_of(count, LbPolicy.RING_HASH), names_of(count)
        uhash = with_keys(uhashring.HashRing(names).get_node) if count < 10_000 else None
        bisected = with_keys(bisect_ring(names))
        ours = by_key(cluster)
        if uhash is not None:
            yield against("ring-uhashring", count, ours, uhash)
            yield against("ring-many", count, functools.partial(cluster.pick_many, hash_keys=KEYS), uhash)
        yield against("ring-bisect", count, ours, bisected)
    names, model = names_of(1_000), [model_of([1] * 1_000, LbPolicy.RING_HASH, POINTS * 1_000)]
    built = functools.partial(uhashring.HashRing, names)
    yield against("ring-built", 1_000, lambda: ClusterManager(model), built, operations=1, rounds=5)


def core_table(count: int) -> Sample:
    """A Maglev table alone, by the core: its hosts are there, as the names are that the rival begins with."""

    def sample() -> float:
        done = subprocess.run([BENCH_TABLES, str(count), "3"], check=True, capture_output=True, text=True)
        return float(done.stdout.split()[-1]) / 1e9

    return sample


def maglev() -> Iterator[Row]:
    for count in (10, 100, 1_000, 10_000):
        cluster, names = equal_cluster_of(count, LbPolicy.MAGLEV), names_of(count)
        ours, rival = by_key(cluster), python_maglev(names)
        assert [str(host) for host in cluster.pick_many(hash_keys=KEYS)] == [rival(key) for key in KEYS]
        yield against("maglev", count, ours, with_keys(rival))
        build = functools.partial(python_maglev, names)
        times = in_turns({"fastpath": core_table(count), "rival": timed(build)}, rounds=5)
        figures = {name: min(taken) * 1e9 for name, taken in times.items()}
        yield compared("maglev-built", f"{count} hosts", [times["fastpath"]], [times["rival"]], figures)
        model = [model_of([1] * count, LbPolicy.MAGLEV)]
        made = functools.partial(ClusterManager, model)
        yield against("maglev-cluster-built", count, made, build, operations=1, rounds=5)


def turns() -> Iterator[Row]:
    for count in (100, 1_000):
        model = model_of(weights_of(count), LbPolicy.SCHEDULED_ROUND_ROBIN)
        ours = repeat(ClusterManager([model], seed=1)["c"].pick_host)
        rival = repeat(smooth_wrr(weights_of(count)))
        yield against(f"scheduled-{count}", "", ours, rival, rounds=5)
    for count in (10, 100, 1_000, 10_000):
        # A turn goes round its hosts: where the one before has emptied the caches, few picks would measure that.
        picks = max(BATCH, 2 * count)
        ours, rival = cluster_of(count).pick_host, heapq_edf(weights_of(count))
        yield against("edf", count, repeat(ours, picks), repeat(rival, picks), picks)
        ours, rival = equal_cluster_of(count, LbPolicy.LEAST_REQUEST).pick_host, python_p2c(count)
        yield against("p2c", count, repeat(ours, picks), repeat(rival, picks), picks)


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


def updates() -> Iterator[Row]:
    for name, policy, ring_size in (
        ("ring of 10,240 points", LbPolicy.RING_HASH, 10_240),
        ("ring of 1,600,000 points", LbPolicy.RING_HASH, POINTS * 10_000),
        ("Maglev", LbPolicy.MAGLEV, 1024),
        ("round robin", LbPolicy.ROUND_ROBIN, 1024),
    ):
        times = in_turns({name: timed(change_of(policy, ring_size))}, ROUNDS)[name]
        yield figure("one-changed", name, [taken * 1e3 for taken in times], "ms")


def rows() -> Iterator[Row]:
    for part in (one_call, rings, maglev, turns, updates):
        yield from part()
