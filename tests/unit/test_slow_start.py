"""Hosts that have just joined, or come back, get their load by and by."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from fastpath import Cluster, ClusterManager, ConfigError, models
from fastpath.models import (
    Endpoint,
    HealthStatus,
    HostFlag,
    LbPolicy,
    LeastRequestConfig,
    LocalityEndpoints,
    RoundRobinConfig,
    SlowStartConfig,
)

TEN = SlowStartConfig(10.0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def model(hosts: int, slow_start: SlowStartConfig | None = TEN, *, priority: int = 0, **fields: Any) -> models.Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port + 1) for port in range(hosts))
    groups = (LocalityEndpoints(endpoints, priority=priority),)
    return models.Cluster(
        "c",
        groups,
        round_robin=RoundRobinConfig(slow_start),
        least_request=LeastRequestConfig(slow_start=slow_start),
        **fields,
    )


def make(model: models.Cluster) -> tuple[Cluster, Clock]:
    clock = Clock()
    return ClusterManager([model], seed=3, clock=clock)["c"], clock


def share(cluster: Cluster, port: int, picks: int = 3000) -> float:
    return Counter(cluster.pick_host().port for _ in range(picks))[port] / picks


def with_factor(factor: float, others: int = 2) -> Any:
    return pytest.approx(factor / (others + factor), abs=0.01)


def joined(slow_start: SlowStartConfig = TEN, **fields: Any) -> tuple[Cluster, Clock]:
    """Two hosts since long ago, and a third one now."""
    cluster, clock = make(model(2, slow_start, **fields))
    clock.now += 3600
    cluster.update(model(3, slow_start, **fields))
    return cluster, clock


@pytest.mark.parametrize("policy", [LbPolicy.ROUND_ROBIN, LbPolicy.LEAST_REQUEST])
def test_the_weight_of_a_host_that_joins_grows_evenly(policy: LbPolicy) -> None:
    cluster, clock = joined(lb_policy=policy)
    for seconds, factor in ((0, 0.1), (1, 0.1), (3, 0.3), (5, 0.5), (9, 0.9), (10, 1.0), (60, 1.0)):
        clock.now = 4600.0 + seconds
        assert share(cluster, 3) == with_factor(factor), seconds


@pytest.mark.parametrize(("aggression", "factor"), [(2.0, 0.5), (0.5, 0.0625), (1.0, 0.25)])
def test_aggression_bends_the_curve(aggression: float, factor: float) -> None:
    cluster, clock = joined(SlowStartConfig(10.0, aggression, min_weight_percent=1.0))
    clock.now += 2.5
    share(cluster, 3)  # its first turn comes late: it was scheduled when the host had next to no weight
    assert share(cluster, 3) == with_factor(factor)


def test_other_policies_have_none() -> None:
    cluster, _ = joined(lb_policy=LbPolicy.SCHEDULED_ROUND_ROBIN)
    assert share(cluster, 3) == pytest.approx(1 / 3)


def test_hosts_that_join_together_share_alike() -> None:
    cluster, _ = make(model(4))
    assert share(cluster, 2, 4000) == pytest.approx(0.25)


def test_a_window_that_is_over_leaves_turns() -> None:
    cluster, clock = joined()
    clock.now += 11
    cluster.update(model(4))
    clock.now += 11
    cluster.update(model(3))
    assert Counter(cluster.pick_host().port for _ in range(300)) == {1: 100, 2: 100, 3: 100}


def test_a_host_that_stays_does_not_start_again() -> None:
    cluster, clock = joined()
    clock.now += 8
    cluster.update(model(4))
    clock.now += 2
    assert share(cluster, 3, 6000) == pytest.approx(1 / 3.2, abs=0.01)
    assert share(cluster, 4, 6000) == pytest.approx(0.2 / 3.2, abs=0.01)


def test_a_host_starts_when_its_checks_have_passed() -> None:
    cluster, clock = joined()
    clock.now += 3600
    host = cluster.hosts[2]
    cluster.flag_host(host, HostFlag.FAILED_ACTIVE_HC)
    assert share(cluster, 3) == 0.0
    clock.now += 3600
    cluster.flag_host(host, HostFlag(0))
    assert share(cluster, 3) == with_factor(0.1)
    clock.now += 5
    assert share(cluster, 3) == with_factor(0.5)
    cluster.flag_host(host, HostFlag(0))  # it had passed already
    assert share(cluster, 3) == with_factor(0.5)


def test_a_host_that_joins_ill_starts_when_it_is_well() -> None:
    cluster, clock = make(model(2))
    clock.now += 3600
    ill = Endpoint("10.0.0.1", 3, health_status=HealthStatus.UNHEALTHY)
    well = model(3)
    (group,) = well.localities
    cluster.update(
        models.Cluster("c", (LocalityEndpoints((*group.endpoints[:2], ill)),), round_robin=RoundRobinConfig(TEN))
    )
    clock.now += 3600
    assert share(cluster, 3) == 0.0
    cluster.update(well)
    assert share(cluster, 3) == with_factor(0.1)


def test_pick_many_sees_the_time() -> None:
    cluster, clock = joined()
    clock.now += 5
    assert Counter(host.port for host in cluster.pick_many(3000))[3] / 3000 == with_factor(0.5)


def test_the_systems_clock_is_there_without_another() -> None:
    cluster = ClusterManager([model(2, SlowStartConfig(3600.0))], seed=3)["c"]
    cluster.update(model(3, SlowStartConfig(3600.0)))
    assert share(cluster, 3) == pytest.approx(1 / 3, abs=0.01)  # all have joined just now


def test_an_update_that_is_refused_leaves_the_clock() -> None:
    cluster, clock = joined()
    with pytest.raises(ConfigError):
        cluster.update(model(3, None, priority=129))
    clock.now += 5
    assert share(cluster, 3) == with_factor(0.5)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (SlowStartConfig(-1.0), "window"),
        (SlowStartConfig(math.inf), "window"),
        (SlowStartConfig(1e10), "window"),
        (SlowStartConfig(1.0, 0.0), "aggression"),
        (SlowStartConfig(1.0, math.nan), "aggression"),
        (SlowStartConfig(1.0, 1.0, 101.0), "min_weight_percent"),
        (SlowStartConfig(1.0, 1.0, -1.0), "min_weight_percent"),
    ],
)
@pytest.mark.parametrize("policy", ["round_robin", "least_request"])
def test_settings_that_make_no_sense_are_refused(config: SlowStartConfig, field: str, policy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(model(1, config, lb_policy=LbPolicy[policy.upper()]))
    assert caught.value.path == f"clusters[0].{policy}.slow_start.{field}"
