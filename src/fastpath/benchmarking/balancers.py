"""Balancers of fastpath, and those that one would write in Python.

- heapq EDF: Envoy's weighted round robin on a heap of (deadline, order, host)
- smooth WRR: nginx's smooth weighted round robin, a pass over all hosts
- uhashring: a ketama ring in Python
- bisect + xxhash: a sorted list of XXH64 hashes, searched by bisect
- Maglev in Python: the table of the paper, built and indexed in Python, hashed by xxhash
- P2C in Python: two draws from random, one comparison
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import random
from collections.abc import Callable
from typing import Any

from .. import models
from ..clusters import Cluster, ClusterManager
from ..models import Endpoint, LbPolicy, LocalityEndpoints
from .peers import peer

uhashring: Any = peer("uhashring")
xxhash: Any = peer("xxhash")

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


def python_maglev(names: list[str], size: int = 65537) -> Callable[[str], str | None]:
    """Slot for slot the table of fastpath: hosts take turns in the order of their names."""
    ordered = sorted(names)
    count = len(ordered)
    slots = [xxhash.xxh64_intdigest(name.encode()) % size for name in ordered]
    skips = [xxhash.xxh64_intdigest(name.encode(), 1) % (size - 1) + 1 for name in ordered]
    table: list[str | None] = [None] * size
    for left in range(size, 0, -count):
        for index in range(min(count, left)):
            slot, skip = slots[index], skips[index]
            while table[slot] is not None:
                slot = (slot + skip) % size
            table[slot] = ordered[index]
            slots[index] = slot
    digest = xxhash.xxh64_intdigest

    def pick(key: str) -> str | None:
        return table[int(digest(key.encode())) % size]

    return pick


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


def repeat(call: Callable[[], object], times: int = BATCH) -> Callable[[], None]:
    def run() -> None:
        for _ in itertools.repeat(None, times):  # as timeit does: numbers would take as long as a short call
            call()

    return run


def uhash_ring(names: list[str]) -> Callable[[str], object]:
    find: Callable[[str], object] = uhashring.HashRing(names).get_node
    return find
