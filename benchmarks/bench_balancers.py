"""Picks and updates beside what one would write in Python. Groups by number of hosts: the ratios stand in the table.

heapq EDF     Envoy's weighted round robin on a heap of (deadline, order, host)
smooth WRR    nginx's smooth weighted round robin, a pass over all hosts
"""

from __future__ import annotations

import array
import heapq
import random
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fastpath import Cluster, ClusterManager, models
from fastpath.models import Endpoint, LocalityEndpoints

COUNTS = [10, 100, 1_000, 10_000]
BATCH = 1_000


def weights_of(count: int) -> list[int]:
    generator = random.Random(count)
    return [generator.randint(1, 100) for _ in range(count)]


def model_of(weights: list[int]) -> models.Cluster:
    endpoints = tuple(
        Endpoint(f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}", 80, weight)
        for index, weight in enumerate(weights)
    )
    return models.Cluster("c", (LocalityEndpoints(endpoints),))


def cluster_of(count: int) -> Cluster:
    return ClusterManager([model_of(weights_of(count))], seed=1)["c"]


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


def test_fastpath_pick_many_into(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark(cluster_of(count).pick_many_into, array.array("I", bytes(4 * BATCH)))


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
