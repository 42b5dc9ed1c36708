"""Hosts that sessions ask for by their address."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import ClusterManager, NoHostAvailable, load, models
from fastpath.models import Endpoint, HealthStatus, LocalityEndpoints

HEALTH = [HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.DEGRADED, HealthStatus.DRAINING]


def cluster(**fields: Any) -> Any:
    endpoints = tuple(Endpoint("10.0.0.1", port, health_status=health) for port, health in enumerate(HEALTH, start=1))
    last = LocalityEndpoints((Endpoint("::1", 9),), priority=1)
    return ClusterManager([models.Cluster("c", (LocalityEndpoints(endpoints), last), **fields)], seed=0)["c"]


@pytest.mark.parametrize("key", ["10.0.0.1:1", "10.0.0.1:3", "[::1]:9"])
def test_a_host_is_given_to_who_asks_for_it(key: str) -> None:
    made = cluster()
    for _ in range(3):
        assert str(made.pick_host(override_host=key, override_strict=True)) == key
    with made.pick(override_host=key) as pick:
        assert str(pick.host) == key
        assert pick.host.active_requests == 1


NOT_WELL = ["10.0.0.1:2", "10.0.0.1:4"]
NOT_THERE = ["10.0.0.2:1", "10.0.0.1:01", "10.0.0.1:65537", "10.0.0.1:99999999", "[10.0.0.1]:1", "::1:9", "[::1]:9 "]
NO_ADDRESS = ["", ":1", "10.0.0.1", "10.0.0.1:", "[]:9", "\udc80:1"]


@pytest.mark.parametrize("key", NOT_WELL + NOT_THERE + NO_ADDRESS)
def test_another_one_is_given_for_a_host_that_is_not_there_or_not_well(key: str) -> None:
    made = cluster()
    assert made.pick_host(override_host=key).health_status is not HealthStatus.UNHEALTHY
    for method in (made.pick, made.pick_host):
        with pytest.raises(NoHostAvailable):
            method(override_host=key, override_strict=True)


def test_which_health_will_do_is_the_clusters_to_say() -> None:
    made = cluster(override_host_status=frozenset({HealthStatus.DRAINING}))
    assert made.pick_host(override_host="10.0.0.1:4", override_strict=True).port == 4
    with pytest.raises(NoHostAvailable):
        made.pick_host(override_host="10.0.0.1:1", override_strict=True)


def test_statuses_are_read() -> None:
    def read(**fields: Any) -> frozenset[HealthStatus]:
        (found,) = load({"static_resources": {"clusters": [{"name": "c", "common_lb_config": fields}]}}).clusters
        return found.override_host_status

    default = frozenset({HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DEGRADED})
    assert read() == read(override_host_status={}) == default
    assert read(override_host_status={"statuses": ["DRAINING", "HEALTHY"]}) == frozenset(
        {HealthStatus.DRAINING, HealthStatus.HEALTHY}
    )
