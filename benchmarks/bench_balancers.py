"""Picks and updates beside what one would write in Python. Groups by number of hosts: the ratios stand in the table."""

from __future__ import annotations

import array
import functools

import pytest
import uhashring
from pytest_benchmark.fixture import BenchmarkFixture

from fastpath import ClusterManager
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
from fastpath.models import LbPolicy

COUNTS = [10, 100, 1_000, 10_000]


@pytest.fixture(params=COUNTS)
def count(request: pytest.FixtureRequest, benchmark: BenchmarkFixture) -> int:
    benchmark.group = f"weighted round robin, {BATCH} picks of {request.param} hosts"
    return int(request.param)


def test_fastpath_pick_host(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark(repeat(cluster_of(count).pick_host))


def test_fastpath_pick(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark(repeat(cluster_of(count).pick))


def test_fastpath_pick_many(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark(cluster_of(count).pick_many, BATCH)


def test_fastpath_pick_many_out(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark(functools.partial(cluster_of(count).pick_many, out=array.array("I", bytes(4 * BATCH))))


def test_heapq_edf(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark(repeat(heapq_edf(weights_of(count))))


def test_smooth_wrr(benchmark: BenchmarkFixture, count: int) -> None:
    if count > 100:
        benchmark.pedantic(repeat(smooth_wrr(weights_of(count))), rounds=1)
    else:
        benchmark(repeat(smooth_wrr(weights_of(count))))


@pytest.mark.parametrize("count", COUNTS)
def test_one_host_changed(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark.group = f"one host of {count} changed: update and first pick"
    weights = weights_of(count)
    cluster = ClusterManager([model_of(weights)], seed=1)["c"]
    versions = [model_of(weights), model_of([*weights[:-1], weights[-1] + 1])]
    turn = 0

    def change() -> None:
        nonlocal turn
        turn += 1
        cluster.update(versions[turn % 2])
        cluster.pick_host()

    benchmark(change)


@pytest.fixture(params=[10, 100, 1_000])
def ring_count(request: pytest.FixtureRequest, benchmark: BenchmarkFixture) -> int:
    benchmark.group = f"ring of {POINTS} points a host, {BATCH} keys among {request.param} hosts"
    return int(request.param)


def test_fastpath_ring(benchmark: BenchmarkFixture, ring_count: int) -> None:
    benchmark(by_key(equal_cluster_of(ring_count, LbPolicy.RING_HASH)))


def test_fastpath_ring_many(benchmark: BenchmarkFixture, ring_count: int) -> None:
    benchmark(functools.partial(equal_cluster_of(ring_count, LbPolicy.RING_HASH).pick_many, hash_keys=KEYS))


def test_uhashring(benchmark: BenchmarkFixture, ring_count: int) -> None:
    benchmark(with_keys(uhashring.HashRing(names_of(ring_count)).get_node))


def test_bisect_xxhash(benchmark: BenchmarkFixture, ring_count: int) -> None:
    benchmark(with_keys(bisect_ring(names_of(ring_count))))


@pytest.mark.parametrize("count", [100, 1_000])
class TestRingBuild:
    @pytest.fixture(autouse=True)
    def group(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark.group = f"ring of {POINTS} points a host built for {count} hosts"

    def test_fastpath(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark(ClusterManager, [model_of([1] * count, LbPolicy.RING_HASH, POINTS * count)])

    def test_uhashring(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark.pedantic(uhashring.HashRing, (names_of(count),), rounds=3)


@pytest.mark.parametrize("count", [10, 1_000])
class TestMaglev:
    @pytest.fixture(autouse=True)
    def group(self, benchmark: BenchmarkFixture, count: int, request: pytest.FixtureRequest) -> None:
        what = "table built" if "build" in request.node.name else f"{BATCH} keys"
        benchmark.group = f"Maglev, {what} for {count} hosts"

    def test_fastpath_pick(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark(by_key(equal_cluster_of(count, LbPolicy.MAGLEV)))

    def test_python_pick(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark(with_keys(python_maglev(names_of(count))))

    def test_fastpath_build(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark(ClusterManager, [model_of([1] * count, LbPolicy.MAGLEV)])

    def test_python_build(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark.pedantic(python_maglev, (names_of(count),), rounds=3)


@pytest.mark.parametrize("count", [10, 1_000])
class TestPowerOfTwoChoices:
    @pytest.fixture(autouse=True)
    def group(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark.group = f"least request, {BATCH} picks of {count} hosts"

    def test_fastpath(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark(repeat(equal_cluster_of(count, LbPolicy.LEAST_REQUEST).pick_host))

    def test_python(self, benchmark: BenchmarkFixture, count: int) -> None:
        benchmark(repeat(python_p2c(count)))
