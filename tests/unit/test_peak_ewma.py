"""Hosts are chosen by how soon they should answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from fastpath import Cluster, ClusterManager, ConfigError, models
from fastpath.models import Endpoint, LbPolicy, LocalityEndpoints, PeakEwmaConfig


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


DEFAULT = PeakEwmaConfig()


def model(hosts: int, config: PeakEwmaConfig = DEFAULT) -> models.Cluster:
    endpoints = tuple(Endpoint("10.0.0.1", port + 1) for port in range(hosts))
    return models.Cluster("c", (LocalityEndpoints(endpoints),), lb_policy=LbPolicy.PEAK_EWMA, peak_ewma=config)


def make(model: models.Cluster, clock: Callable[[], float]) -> Cluster:
    return ClusterManager([model], seed=3, clock=clock)["c"]


def answer(cluster: Cluster, port: int, latency: float) -> None:
    others = [host for host in cluster.hosts if host.port != port]
    with cluster.pick(exclude=others) as pick:
        pick.report(200, latency=latency)


def chosen(cluster: Cluster) -> set[int]:
    return {cluster.pick_host().port for _ in range(30)}


def test_a_slow_answer_counts_at_once_and_is_forgotten_by_and_by() -> None:
    clock = Clock()
    cluster = make(model(2, PeakEwmaConfig(decay_time=2.0)), clock)
    answer(cluster, 1, 0.010)
    answer(cluster, 2, 0.020)
    assert chosen(cluster) == {1}
    answer(cluster, 1, 0.500)
    assert chosen(cluster) == {2}
    answer(cluster, 1, 0.010)
    assert chosen(cluster) == {2}
    clock.now += 5  # 500 ms have become 41 ms, the others' 20 ms stay as long as answers come
    answer(cluster, 2, 0.020)
    assert chosen(cluster) == {2}
    clock.now += 5
    answer(cluster, 2, 0.020)
    assert chosen(cluster) == {1}


def test_requests_under_way_count() -> None:
    cluster = make(model(2), Clock())
    answer(cluster, 1, 0.010)
    answer(cluster, 2, 0.025)
    held = [cluster.pick() for _ in range(3)]
    assert [pick.host.port for pick in held] == [1, 1, 2]
    for pick in held:
        pick.release()


def test_a_host_that_has_not_answered_waits_for_its_first_answer() -> None:
    cluster = make(model(3), Clock())
    answer(cluster, 1, 0.030)
    with cluster.pick(exclude=cluster.hosts[:2]), cluster.pick(exclude=[cluster.hosts[0], cluster.hosts[2]]):
        seen = Counter(cluster.pick_host().port for _ in range(600))
    assert 0.6 < seen[1] / 600 < 0.74  # it is drawn two times out of three


def test_averages_survive_updates() -> None:
    cluster = make(model(2), Clock())
    answer(cluster, 1, 0.010)
    answer(cluster, 2, 0.005)
    cluster.update(model(2, PeakEwmaConfig(default_latency=0.001)))
    assert chosen(cluster) == {2}
    cluster.update(replace(cluster.model, lb_policy=LbPolicy.ROUND_ROBIN))
    assert chosen(cluster) == {1, 2}
    cluster.update(model(3))
    answer(cluster, 3, 0.1)
    assert chosen(cluster) == {1, 2}


def test_without_a_clock_of_ones_own_it_goes_by_the_systems() -> None:
    cluster = ClusterManager([model(2)])["c"]
    answer(cluster, 1, 0.5)
    answer(cluster, 2, 0.1)
    assert chosen(cluster) == {2}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decay_time", 0.0),
        ("decay_time", 0.0009),
        ("decay_time", float("inf")),
        ("decay_time", cast(Any, "10s")),
        ("default_latency", -1.0),
        ("default_latency", float("nan")),
        ("latency_penalty", -0.001),
        ("latency_penalty", 1e300),
    ],
)
def test_settings_that_make_no_sense_are_refused(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match="is not a number of seconds") as caught:
        make(model(2, replace(PeakEwmaConfig(), **{field: value})), Clock())
    assert caught.value.path == f"clusters[0].peak_ewma.{field}"
