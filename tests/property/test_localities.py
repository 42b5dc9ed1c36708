"""Locality weighted balancing against a plain model of Envoy's."""

from __future__ import annotations

import heapq
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastpath import ClusterManager, NoHostAvailable, models
from fastpath.models import Endpoint, HealthStatus, LbPolicy, LocalityEndpoints

WELL = (HealthStatus.UNKNOWN, HealthStatus.HEALTHY)


class Turns:
    """Earliest deadline first among weights, as a heap that is really picked from `seed` times."""

    def __init__(self, weights: list[float], seed: int) -> None:
        nudged = [weight + 1e-13 for weight in weights]
        self.weights = nudged
        self.heap = [(1.0 / weight, index, index) for index, weight in enumerate(nudged)]
        heapq.heapify(self.heap)
        self.order = len(weights)
        for _ in range(seed):
            self.pick()
        self.weights = weights

    def pick(self) -> int:
        deadline, _, index = self.heap[0]
        heapq.heapreplace(self.heap, (deadline + 1.0 / self.weights[index], self.order, index))
        self.order += 1
        return index


def expected(groups: list[LocalityEndpoints], factor: int, count: int) -> list[int]:
    """The ports that round robin gives, all in priority 0 and not in panic, by a worker whose seed is 0."""
    zones: dict[str, list[Endpoint]] = {}
    weights: dict[str, int] = {}
    for group in groups:
        zones.setdefault(group.zone, []).extend(group.endpoints)
        if group.weight is not None:
            weights[group.zone] = group.weight
    turns: list[tuple[float, list[int]]] = []
    for zone in sorted(zones):
        well = [endpoint.port for endpoint in zones[zone] if endpoint.health_status in WELL]
        if well and weights.get(zone):
            available = factor / 100.0 * (1.0 * len(well) / len(zones[zone]))
            turns.append((weights[zone] * min(1.0, available), well))
    if not turns:
        turns = [(1.0, [each.port for group in groups for each in group.endpoints if each.health_status in WELL])]
    order = Turns([weight for weight, _ in turns], 0)
    taken = [0] * len(turns)
    ports: list[int] = []
    for _ in range(count):
        at = order.pick()
        ports.append(turns[at][1][taken[at] % len(turns[at][1])])
        taken[at] += 1
    return ports


@st.composite
def grouped(draw: st.DrawFn) -> list[LocalityEndpoints]:
    port = 0
    groups: list[LocalityEndpoints] = []
    for _ in range(draw(st.integers(1, 5))):
        endpoints: list[Endpoint] = []
        for _ in range(draw(st.integers(0, 4))):
            port += 1
            health = draw(st.sampled_from([*WELL, HealthStatus.UNHEALTHY]))
            endpoints.append(Endpoint("10.0.0.1", port, health_status=health))
        weight = draw(st.one_of(st.none(), st.integers(1, 5), st.integers(1, 2**32 - 1)))
        zone = draw(st.sampled_from(["", "a", "b", "B"]))
        groups.append(LocalityEndpoints(tuple(endpoints), zone=zone, weight=weight))
    return groups


def is_well(groups: list[LocalityEndpoints]) -> list[bool]:
    return [endpoint.health_status in WELL for group in groups for endpoint in group.endpoints]


@given(grouped(), st.sampled_from([1, 100, 140, 300]))
def test_localities_take_turns_as_in_the_model(groups: list[LocalityEndpoints], factor: int) -> None:
    model = models.Cluster(
        "c", tuple(groups), locality_weighted=True, overprovisioning_factor=factor, healthy_panic_threshold=0.0
    )
    cluster = ClusterManager([model], seed=0)["c"]
    well = is_well(groups)
    if any(well):
        assert [host.port for host in cluster.pick_many(100)] == expected(groups, factor, 100)
    else:
        with pytest.raises(NoHostAvailable):
            cluster.pick_host()


@given(grouped(), st.sampled_from(sorted(set(LbPolicy) - {LbPolicy.KETAMA}, key=str)), st.integers(0, 2**64 - 1))
def test_hosts_of_a_locality_without_a_weight_get_nothing(
    groups: list[LocalityEndpoints], policy: LbPolicy, seed: int
) -> None:
    groups = [group if group.weight is None else replace(group, zone=group.zone + "+") for group in groups]
    allowed = {each.port for group in groups if group.weight is not None for each in group.endpoints}
    useful = {each.port for group in groups if group.weight for each in group.endpoints if each.health_status in WELL}
    model = models.Cluster("c", tuple(groups), lb_policy=policy, locality_weighted=True, healthy_panic_threshold=0.0)
    cluster = ClusterManager([model], seed=seed)["c"]
    if useful:
        for key in range(50):
            assert cluster.pick_host(hash_key=str(key)).port in allowed
