"""Zones and slow start, for clusters of any shape: shares are those that the rules say."""

from __future__ import annotations

import math
from collections import Counter

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import ClusterManager, NoHostAvailable, models
from fastpath.models import (
    Endpoint,
    HealthStatus,
    LbPolicy,
    Locality,
    LocalityEndpoints,
    RoundRobinConfig,
    SlowStartConfig,
    ZoneAwareConfig,
)

PICKS = 3000
ZONES = "abcd"
quick = settings(max_examples=examples(60), deadline=None)

# By zone: how many hosts, and how many of them are ill.
shapes = st.dictionaries(st.sampled_from(ZONES), st.tuples(st.integers(1, 5), st.integers(0, 2)), min_size=1)


def cluster(name: str, shape: dict[str, tuple[int, int]], **fields: object) -> models.Cluster:
    groups = []
    for zone, (hosts, ill) in shape.items():
        endpoints = tuple(
            Endpoint(
                "10.0.0.1",
                ZONES.index(zone) * 10 + number,
                health_status=HealthStatus.UNHEALTHY if number < ill else HealthStatus.HEALTHY,
            )
            for number in range(hosts)
        )
        groups.append(LocalityEndpoints(endpoints, zone=zone))
    return models.Cluster(name, tuple(groups), healthy_panic_threshold=0.0, **fields)  # type: ignore[arg-type]


def healthy(shape: dict[str, tuple[int, int]]) -> dict[str, int]:
    return {zone: max(0, hosts - ill) for zone, (hosts, ill) in shape.items()}


def parts(counts: dict[str, int]) -> dict[str, int]:
    whole = sum(counts.values())
    return {zone: 10000 * count // whole if whole else 0 for zone, count in counts.items()}


def expected(hosts: dict[str, tuple[int, int]], callers: dict[str, tuple[int, int]], least: int) -> dict[str, float]:
    """The part of each zone, told plainly; empty when no host is well."""
    well = healthy(hosts)
    total = sum(well.values())
    if total == 0:
        return {}
    anywhere = {zone: count / total for zone, count in well.items()}
    if len(hosts) < 2 or len(callers) < 2 or "a" not in callers or total < least:
        return anywhere
    takes = parts(well)
    asks = {zone: part for zone, part in parts(healthy(callers)).items() if well.get(zone)}
    here_takes, here_asks = takes.get("a", 0), asks.get("a", 0)
    if here_takes and here_takes >= here_asks:
        return {"a": 1.0}
    stays = here_takes * 10000 // here_asks / 10000 if here_takes and here_asks else 0.0
    spare = {zone: max(0, part - asks.get(zone, 0)) for zone, part in takes.items() if zone != "a"}
    left = sum(spare.values())
    shares = {zone: (1 - stays) * (each / left if left else 0) for zone, each in spare.items()}
    if not left:  # one of the zones at random, those without a host included
        shares = {zone: (1 - stays) / len(hosts) for zone in hosts}
        return {zone: share + (stays if zone == "a" else 0) for zone, share in shares.items() if well[zone]}
    return {"a": stays, **shares}


@quick
@given(
    hosts=shapes,
    callers=shapes,
    least=st.integers(0, 6),
    policy=st.sampled_from([LbPolicy.ROUND_ROBIN, LbPolicy.LEAST_REQUEST, LbPolicy.RANDOM]),
    seed=st.integers(0, 2**64 - 1),
)
def test_zones_get_what_their_hosts_can_take(
    hosts: dict[str, tuple[int, int]], callers: dict[str, tuple[int, int]], least: int, policy: LbPolicy, seed: int
) -> None:
    config = ZoneAwareConfig(min_cluster_size=least)
    made = ClusterManager(
        [cluster("callers", callers), cluster("c", hosts, lb_policy=policy, zone_aware=config)],
        seed=seed,
        locality=Locality(zone="a"),
        local_cluster_name="callers",
    )["c"]
    shares = expected(hosts, callers, least)
    found: Counter[str] = Counter()
    for _ in range(PICKS):
        try:
            found[ZONES[made.pick_host().port // 10]] += 1
        except NoHostAvailable:
            found["none"] += 1
    shares["none"] = max(0.0, 1.0 - sum(shares.values()))
    for zone in {*found, *shares}:
        share = shares.get(zone, 0.0)
        sigma = math.sqrt(PICKS * share * (1 - min(share, 1.0)))
        assert abs(found[zone] - PICKS * share) <= 5.5 * sigma + 2, (found, shares)


@quick
@given(
    weights=st.lists(st.integers(1, 9), min_size=2, max_size=6),
    aggression=st.floats(0.25, 4),
    least=st.floats(5, 100),
    parts_of_window=st.lists(st.floats(0, 1.2), min_size=1, max_size=4).map(sorted),
    seed=st.integers(0, 2**64 - 1),
)
def test_a_host_that_joins_gets_the_part_of_its_weight_that_the_time_says(
    weights: list[int], aggression: float, least: float, parts_of_window: list[float], seed: int
) -> None:
    now = 0.0
    config = RoundRobinConfig(SlowStartConfig(100.0, aggression, least))

    def model(count: int) -> models.Cluster:
        endpoints = tuple(Endpoint("10.0.0.1", port, weight) for port, weight in enumerate(weights[:count]))
        return models.Cluster("c", (LocalityEndpoints(endpoints),), round_robin=config)

    made = ClusterManager([model(len(weights) - 1)], seed=seed, clock=lambda: now)["c"]
    now = 1000.0
    made.update(model(len(weights)))
    others = sum(weights[:-1])
    for part in parts_of_window:
        now = 1000.0 + 100.0 * part
        made.pick_many(20 * (others + weights[-1]))  # until it has had a turn with the weight of now
        factor = max(least / 100, min(1.0, max(part, 1e-5)) ** (1 / aggression))
        share = weights[-1] * factor / (others + weights[-1] * factor)
        found = sum(host.port == len(weights) - 1 for host in made.pick_many(PICKS))
        assert abs(found - PICKS * share) <= 3 + 0.005 * PICKS, (part, found, PICKS * share)
