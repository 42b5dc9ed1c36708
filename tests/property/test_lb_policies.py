"""Policies against the plain Python that defines them."""

from __future__ import annotations

import math
import struct
import zlib
from collections import Counter

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import Cluster, ClusterManager, models
from fastpath.clusters import xxh64
from fastpath.models import Endpoint, HealthStatus, LbPolicy, LocalityEndpoints

weights_of_some = st.lists(st.integers(1, 20), min_size=1, max_size=30)
seeds = st.integers(0, 2**64 - 1)
HASHES = [number * 0x9E3779B97F4A7C15 % 2**64 for number in range(200)]


def cluster_of(policy: LbPolicy, weights: list[int], seed: int = 0) -> Cluster:
    endpoints = tuple(Endpoint(f"10.0.0.{index}", 8000 + index, weight) for index, weight in enumerate(weights))
    return ClusterManager([models.Cluster("c", (LocalityEndpoints(endpoints),), lb_policy=policy)], seed=seed)["c"]


def indices(cluster: Cluster, count: int) -> list[int]:
    return [host.port - 8000 for host in cluster.pick_many(count)]


# ---- least request


def split_mix(state: int) -> int:
    value = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
    return value ^ value >> 31


def test_of_thousands_of_hosts_least_request_takes_the_less_busy_of_the_two_drawn() -> None:
    count, active, seed = 3000, [0] * 3000, 5
    endpoints = tuple(Endpoint(f"10.0.{index >> 8}.{index & 255}", 8000 + index) for index in range(count))
    model = models.Cluster("c", (LocalityEndpoints(endpoints),), lb_policy=LbPolicy.LEAST_REQUEST)
    cluster = ClusterManager([model], seed=seed)["c"]
    held = []
    for turn in range(1, 10_001):
        bits = split_mix((seed + turn * 0x9E3779B97F4A7C15) % 2**64)
        first, second = (bits % 2**32) * count >> 32, (bits >> 32) * count >> 32
        held.append(cluster.pick())
        expected = second if active[second] < active[first] else first
        assert held[-1].host.port == 8000 + expected
        active[expected] += 1


# ---- scheduled round robin


@given(weights_of_some, seeds)
def test_a_schedule_gives_each_host_its_turns_evenly(weights: list[int], seed: int) -> None:
    turns = [weight // math.gcd(*weights) for weight in weights]
    length = sum(turns)
    due = [((2 * n + 1) * length // (2 * w), i) for i, w in enumerate(turns) for n in range(w)]
    expected = [host for _, host in sorted(due)]
    start = seed % length if len(weights) > 1 else 0
    assert indices(cluster_of(LbPolicy.SCHEDULED_ROUND_ROBIN, weights, seed), 2 * length) == [
        expected[(start + n) % length] for n in range(2 * length)
    ]


@given(weights_of_some, seeds)
def test_a_schedule_is_smooth(weights: list[int], seed: int) -> None:
    """After any number of picks each host is within two turns of its share."""
    seen = [0] * len(weights)
    for number, host in enumerate(indices(cluster_of(LbPolicy.SCHEDULED_ROUND_ROBIN, weights), sum(weights)), 1):
        seen[host] += 1
        for index, weight in enumerate(weights):
            assert abs(seen[index] - number * weight / sum(weights)) <= 2


def test_a_schedule_of_enormous_weights_is_rounded() -> None:
    weights = [2**31 - 1, 2**30, 1]
    seen = Counter(indices(cluster_of(LbPolicy.SCHEDULED_ROUND_ROBIN, weights), 2**20))
    for index, weight in enumerate(weights):
        assert abs(seen[index] - 2**20 * weight / sum(weights)) <= 3
    assert seen[2] > 0


# ---- random


@settings(max_examples=examples(20))
@given(weights_of_some, seeds)
def test_weighted_random_follows_the_weights(weights: list[int], seed: int) -> None:
    count = 5000
    seen = Counter(indices(cluster_of(LbPolicy.WEIGHTED_RANDOM, weights, seed), count))
    for index, weight in enumerate(weights):
        share = weight / sum(weights)
        assert abs(seen[index] - count * share) <= 6 * math.sqrt(count * share * (1 - share)) + 1


# ---- pick first


@given(st.integers(1, 10), st.integers(0, 9))
def test_pick_first_goes_on_past_excluded_hosts(count: int, excluded: int) -> None:
    cluster = cluster_of(LbPolicy.PICK_FIRST, [1] * count)
    excluded = min(excluded, count - 1)
    assert cluster.pick_host(exclude=cluster.hosts[:excluded], max_attempts=20) is cluster.hosts[excluded]
    assert cluster.pick_host(exclude=cluster.hosts[:excluded]) is cluster.hosts[excluded]
    assert cluster.pick_host() is cluster.hosts[0]


# ---- IPVS


def naive_ipvs(name: str, weights: list[int], active: list[int]) -> int:
    everyone = range(len(weights))
    if name == "lc":
        return min(everyone, key=lambda i: active[i])
    if name == "nq" and 0 in active:
        return active.index(0)
    more = 0 if name == "wlc" else 1
    best = 0
    for i in everyone:
        if (active[best] + more) * weights[i] > (active[i] + more) * weights[best]:
            best = i
    return best


@given(
    st.sampled_from(["lc", "wlc", "sed", "nq"]),
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 4)), min_size=1, max_size=8),
)
def test_the_least_connection_policies_are_those_of_ipvs(name: str, hosts: list[tuple[int, int]]) -> None:
    weights, active = [weight for weight, _ in hosts], [count for _, count in hosts]
    cluster = cluster_of(LbPolicy.from_ipvs(name), weights)
    held = []
    while any(host.active_requests < count for host, count in zip(cluster.hosts, active, strict=True)):
        full = [host for host, count in zip(cluster.hosts, active, strict=True) if host.active_requests >= count]
        held.append(cluster.pick(exclude=full))
    for _ in range(10):
        held.append(cluster.pick())
        expected = naive_ipvs(name, weights, active)
        assert held[-1].host is cluster.hosts[expected]
        active[expected] += 1


# ---- peak EWMA


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 2), st.floats(1e-6, 2)), min_size=1, max_size=30))
def test_peak_ewma_is_the_rule_that_defines_it(answers: list[tuple[int, float, float]]) -> None:
    """Of two hosts both are drawn: each pick tells which of them costs less."""
    now = 100.0
    endpoints = tuple(Endpoint("10.0.0.1", port) for port in (1, 2))
    config = models.PeakEwmaConfig(decay_time=1.0)
    model = models.Cluster("c", (LocalityEndpoints(endpoints),), lb_policy=LbPolicy.PEAK_EWMA, peak_ewma=config)
    cluster = ClusterManager([model], clock=lambda: now)["c"]
    known: list[tuple[float, float]] = [(-1.0, 0.0)] * 2
    for index, wait, latency in answers:
        now += round(wait, 3)
        average, since = known[index]
        part = math.exp(since - now)
        known[index] = (latency if latency >= average else average * part + latency * (1 - part)), now
        with cluster.pick(exclude=[cluster.hosts[1 - index]]) as pick:
            pick.report(200, latency=latency)
        costs = [0.01 if each < 0 else each * math.exp(at - now) for each, at in known]
        if abs(costs[0] - costs[1]) > 5e-3 * max(costs):  # milliseconds are counted whole
            assert cluster.pick_host() is cluster.hosts[costs[1] < costs[0]]


# ---- hashing


def ketama_points(weights: list[int]) -> list[tuple[int, int]]:
    points: dict[int, int] = {}
    for index, weight in enumerate(weights):
        base = zlib.crc32(f"10.0.0.{index}\0{8000 + index}".encode())
        value = 0
        for _ in range(160 * weight):
            value = zlib.crc32(struct.pack("<I", value), base)
            points.setdefault(value, index)
    return sorted(points.items())


@settings(max_examples=examples(20))
@given(st.lists(st.integers(1, 5), min_size=2, max_size=10))
def test_ketama_is_the_ring_of_nginx(weights: list[int]) -> None:
    points = ketama_points(weights)
    cluster = cluster_of(LbPolicy.KETAMA, weights)
    for number in range(200):
        key = f"user-{number}"
        value = zlib.crc32(key.encode())
        at = next((n for n, (point, _) in enumerate(points) if point >= value), 0)
        assert cluster.pick_host(hash_key=key) is cluster.pick_host(hash_key=value) is cluster.hosts[points[at][1]]
        first = cluster.hosts[points[at][1]]
        again = cluster.hosts[points[(at + 1) % len(points)][1]]
        assert cluster.pick_host(hash_key=value, exclude=[first], max_attempts=1) is again
    for point, index in points[:50]:
        assert cluster.pick_host(hash_key=point) is cluster.hosts[index]
    assert cluster.pick_many(hash_keys=["user-1"]) == [cluster.pick_host(hash_key="user-1")]


def rendezvous_score(key: int, host: int, share: float) -> float:
    value = key ^ host
    value ^= value >> 12
    value ^= value << 25 & 2**64 - 1
    value ^= value >> 27
    bits = value * 2685821657736338717 & 2**53 - 1
    return -share / math.log(bits / 2**53) if bits else 0.0


@settings(max_examples=examples(20))
@given(st.lists(st.integers(1, 5), min_size=2, max_size=12))
def test_rendezvous_takes_the_highest_score(weights: list[int]) -> None:
    cluster = cluster_of(LbPolicy.RENDEZVOUS, weights)
    hashes = [xxh64(str(host).encode()) for host in cluster.hosts]
    for key in HASHES:
        scores = [rendezvous_score(key, h, w / sum(weights)) for h, w in zip(hashes, weights, strict=True)]
        chosen = cluster.hosts.index(cluster.pick_host(hash_key=key))
        # The core's logarithm is an approximation, good to three digits.
        assert scores[chosen] >= max(scores) * 0.995


@settings(max_examples=examples(20))
@given(st.lists(st.integers(1, 5), min_size=3, max_size=12), st.data())
def test_rendezvous_moves_only_requests_of_the_host_that_left(weights: list[int], data: st.DataObject) -> None:
    before = cluster_of(LbPolicy.RENDEZVOUS, weights)
    gone = data.draw(st.integers(0, len(weights) - 1))
    (locality,) = before.model.localities
    rest = locality.endpoints[:gone] + locality.endpoints[gone + 1 :]
    model = models.Cluster("c", (LocalityEndpoints(rest),), lb_policy=LbPolicy.RENDEZVOUS)
    after = ClusterManager([model])["c"]
    for key in HASHES:
        host = before.pick_host(hash_key=key)
        assert host is before.hosts[gone] or str(after.pick_host(hash_key=key)) == str(host)


# ---- many at once


@given(
    st.sampled_from([LbPolicy.RING_HASH, LbPolicy.MAGLEV]),
    st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=12),
    st.sampled_from([None, 100, 150]),
    st.lists(st.integers(0, 2**64 - 1), max_size=30),
)
@settings(max_examples=examples(60))
def test_many_choices_at_once_are_those_made_one_by_one(
    policy: LbPolicy, hosts: list[tuple[int, bool]], factor: int | None, held: list[int]
) -> None:
    """Some hosts are not healthy, and some have more than their share when load is bounded."""
    endpoints = tuple(
        Endpoint(f"10.0.0.{i}", 80, weight, health_status=HealthStatus.HEALTHY if healthy else HealthStatus.UNHEALTHY)
        for i, (weight, healthy) in enumerate(hosts)
    )
    hashing = models.ConsistentHashingConfig(hash_balance_factor=factor)
    model = models.Cluster("c", (LocalityEndpoints(endpoints),), lb_policy=policy, consistent_hashing=hashing)
    cluster = ClusterManager([model], seed=1)["c"]
    picks = [cluster.pick(hash_key=key) for key in held]
    keys = [*HASHES, 0, 2**64 - 1]
    assert cluster.pick_many(hash_keys=keys) == [cluster.pick_host(hash_key=key) for key in keys]
    for pick in picks:
        pick.release()
