"""Picks and updates beside what one would write in Python. Groups by number of hosts: the ratios stand in the table.

- heapq EDF: Envoy's weighted round robin on a heap of (deadline, order, host)
- smooth WRR: nginx's smooth weighted round robin, a pass over all hosts
- uhashring: a ketama ring in Python
- bisect + xxhash: a sorted list of XXH64 hashes, searched by bisect
- Maglev in Python: the table of the paper, built and indexed in Python, hashed by xxhash
- P2C in Python: two draws from random, one comparison
"""

from __future__ import annotations

import array
import bisect
import functools
import heapq
import random
from collections.abc import Callable

import pytest
import uhashring
import xxhash
from pytest_benchmark.fixture import BenchmarkFixture

from fastpath import Cluster, ClusterManager, models
from fastpath.models import Endpoint, LbPolicy, LocalityEndpoints

COUNTS = [10, 100, 1_000, 10_000]
BATCH = 1_000
KEYS = [f"user-{number}" for number in range(BATCH)]
POINTS = 160  # of each host on a ring, as uhashring makes them


def weights_of(count: int) -> list[int]:
    generator = random.Random(count)
    return [generator.randint(1, 100) for _ in range(count)]


def model_of(weights: list[int], lb_policy: LbPolicy = LbPolicy.ROUND_ROBIN, ring_size: int = 1024) -> models.Cluster:
    endpoints = tuple(
        Endpoint(f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}", 80, weight)
        for index, weight in enumerate(weights)
    )
    ring_hash = models.RingHashConfig(minimum_ring_size=ring_size)
    return models.Cluster("c", (LocalityEndpoints(endpoints),), lb_policy=lb_policy, ring_hash=ring_hash)


def cluster_of(count: int) -> Cluster:
    return ClusterManager([model_of(weights_of(count))], seed=1)["c"]


def equal_cluster_of(count: int, policy: LbPolicy) -> Cluster:
    return ClusterManager([model_of([1] * count, policy, POINTS * count)], seed=1)["c"]


def heapq_edf(weights: list[int]) -> Callable[[], int]:
    heap = [(1.0 / weight, index, index, 1.0 / weight) for index, weight in enumerate(weights)]
    heapq.heapify(heap)
    order = len(weights)
    heapreplace = heapq.heapreplace

    def pick() -> int:
        nonlocal order
        deadline, _, index, interval = heap[0]
        heapreplace(heap, (deadline + interval, order, index, interval))
        order += 1
        return index

    return pick


def smooth_wrr(weights: list[int]) -> Callable[[], int]:
    current = [0] * len(weights)
    total = sum(weights)

    def pick() -> int:
        best = 0
        for index, weight in enumerate(weights):
            current[index] += weight
            if current[index] > current[best]:
                best = index
        current[best] -= total
        return best

    return pick


def names_of(count: int) -> list[str]:
    return [f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}:80" for index in range(count)]


def bisect_ring(names: list[str]) -> Callable[[str], str]:
    points = sorted((xxhash.xxh64_intdigest(f"{name}_{i}".encode()), name) for name in names for i in range(POINTS))
    hashes = [point[0] for point in points]
    hosts = [point[1] for point in points]
    find, digest = bisect.bisect_left, xxhash.xxh64_intdigest

    def pick(key: str) -> str:
        at = find(hashes, digest(key.encode()))
        return hosts[at if at < len(hosts) else 0]

    return pick


def python_maglev(names: list[str], size: int = 65537) -> Callable[[str], str]:
    offsets = [xxhash.xxh64_intdigest(name.encode()) % size for name in names]
    skips = [xxhash.xxh64_intdigest(name.encode(), 1) % (size - 1) + 1 for name in names]
    table: list[str | None] = [None] * size
    taken = 0
    while taken < size:
        for index, name in enumerate(names):
            while table[offsets[index]] is not None:
                offsets[index] = (offsets[index] + skips[index]) % size
            table[offsets[index]] = name
            taken += 1
            if taken == size:
                break
    digest = xxhash.xxh64_intdigest

    def pick(key: str) -> str | None:
        return table[digest(key.encode()) % size]

    return pick  # type: ignore[return-value]


def python_p2c(count: int) -> Callable[[], int]:
    active = [0] * count
    draw = random.Random(1).randrange

    def pick() -> int:
        first, second = draw(count), draw(count)
        return second if active[second] < active[first] else first

    return pick


def with_keys(call: Callable[[str], object]) -> Callable[[], None]:
    def run() -> None:
        for key in KEYS:
            call(key)

    return run


def by_key(cluster: Cluster) -> Callable[[], None]:
    pick_host = cluster.pick_host

    def run() -> None:
        for key in KEYS:
            pick_host(hash_key=key)

    return run


def repeat(call: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(BATCH):
            call()

    return run


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
