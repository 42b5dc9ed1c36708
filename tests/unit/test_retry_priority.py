"""Retries go to priorities that were not tried."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fastpath import Cluster, ClusterManager, Host, MetadataMatch, NoHostAvailable, RetryPriority, models
from fastpath.models import Endpoint, HealthStatus, LbPolicy, LocalityEndpoints
from fastpath.policies import HostPolicy


def make(*sizes: int, policies: dict[str, HostPolicy] | None = None, **fields: Any) -> Cluster:
    groups = tuple(
        LocalityEndpoints(tuple(Endpoint(f"10.0.{priority}.1", 1 + port) for port in range(size)), priority=priority)
        for priority, size in enumerate(sizes)
    )
    return ClusterManager([models.Cluster("c", groups, **fields)], seed=3, policies=policies)["c"]


def tries(cluster: Cluster, retry_priority: RetryPriority, count: int, **options: Any) -> list[int]:
    """The priorities of one request's attempts."""
    made: list[Host] = []
    for _ in range(count):
        given = retry_priority if made else None
        made.append(cluster.pick_host(retry_priority=given, **options))
        retry_priority.attempted(made[-1])
    return [host.priority for host in made]


@pytest.mark.parametrize("policy", [LbPolicy.ROUND_ROBIN, LbPolicy.RANDOM, LbPolicy.LEAST_REQUEST, LbPolicy.PEAK_EWMA])
def test_each_priority_in_turn_and_then_all_again(policy: LbPolicy) -> None:
    cluster = make(2, 2, 2, lb_policy=policy)
    assert tries(cluster, RetryPriority(1), 7) == [0, 1, 2, 0, 1, 2, 0]
    assert tries(cluster, RetryPriority(2), 7) == [0, 0, 1, 1, 2, 2, 0]
    assert tries(cluster, RetryPriority(99), 4) == [0, 0, 0, 0]


def test_hash_policies_do_not_ask() -> None:
    cluster = make(2, 2, lb_policy=LbPolicy.MAGLEV)
    assert tries(cluster, RetryPriority(1), 3, hash_key="a") == [0, 0, 0]


def test_with_hosts_excluded() -> None:
    cluster = make(1, 1)
    retry_priority = RetryPriority(1)
    with cluster.pick() as first:
        retry_priority.attempted(first.host)
    with cluster.pick(exclude=[first.host], retry_priority=retry_priority) as second:
        assert second.host.priority == 1
    with pytest.raises(NoHostAvailable):
        cluster.pick(exclude=cluster.hosts, retry_priority=retry_priority)


def test_a_policy_of_ones_own_is_asked_under_its_lock() -> None:
    class First(HostPolicy):
        def pick(self, prepared: Any, number: int, attempt: int) -> int:
            return 0

    assert tries(make(2, 2, policies={"c": First()}), RetryPriority(1), 3) == [0, 1, 0]


def test_a_subset_shares_load_by_its_own_hosts() -> None:
    def endpoint(priority: int, version: str) -> Endpoint:
        return Endpoint(f"10.0.{priority}.1", ord(version), metadata={"envoy.lb": {"v": version}})

    groups = tuple(
        LocalityEndpoints(tuple(endpoint(priority, version) for version in versions), priority=priority)
        for priority, versions in enumerate(["ab", "b", "ab"])
    )
    subsets = models.SubsetConfig(selectors=(models.SubsetSelector(frozenset({"v"})),))
    cluster = ClusterManager([models.Cluster("c", groups, subsets=subsets)])["c"]
    for version, expected in (("a", [0, 2, 0]), ("b", [0, 1, 2])):
        assert tries(cluster, RetryPriority(1), 3, metadata_match=MetadataMatch({"v": version})) == expected


def test_when_nothing_is_healthy_it_goes_as_ever() -> None:
    ill = tuple(Endpoint("10.0.0.1", port, health_status=HealthStatus.UNHEALTHY) for port in (1, 2))
    model = models.Cluster("c", (LocalityEndpoints(ill),))
    assert tries(ClusterManager([model])["c"], RetryPriority(1), 3) == [0, 0, 0]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="update_frequency is 0"):
        RetryPriority(0)
    with pytest.raises(OverflowError):
        RetryPriority(-1)
    with pytest.raises(TypeError):
        copy.copy(RetryPriority(1))
