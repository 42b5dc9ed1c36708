"""What Envoy's clusters say about localities and priorities, read and refused."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import ConfigError, load, models


def read(**fields: Any) -> models.Cluster:
    (cluster,) = load({"static_resources": {"clusters": [{"name": "c", **fields}]}}).clusters
    return cluster


def assignment(**fields: Any) -> dict[str, Any]:
    return {"cluster_name": "c", **fields}


def test_localities_are_weighted_when_the_cluster_says_so() -> None:
    assert not read().locality_weighted
    assert not read(common_lb_config={}).locality_weighted
    assert read(common_lb_config={"locality_weighted_lb_config": {}}).locality_weighted


@pytest.mark.parametrize("window", ["0s", "1.5s", {"seconds": 3}])
def test_a_window_for_updates_changes_nothing(window: Any) -> None:
    assert read(common_lb_config={"update_merge_window": window}) == read()


def test_the_policy_of_an_assignment_is_read() -> None:
    assert read().overprovisioning_factor == 140
    cluster = read(
        load_assignment=assignment(policy={"overprovisioning_factor": 100, "weighted_priority_health": True})
    )
    assert cluster.overprovisioning_factor == 100
    assert cluster.weighted_priority_health


def test_a_weight_of_no_locality_is_none() -> None:
    groups = [{"load_balancing_weight": 7}, {"locality": {}, "load_balancing_weight": 7}]
    first, second = read(load_assignment=assignment(endpoints=groups)).localities
    assert first.weight is None
    assert second.weight == 7


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (
            {"common_lb_config": {"locality_weighted_lb_config": {"x": 1}}},
            "common_lb_config.locality_weighted_lb_config",
        ),
        ({"common_lb_config": {"zone_aware_lb_config": {"x": 1}}}, "common_lb_config.zone_aware_lb_config"),
        ({"round_robin_lb_config": {"x": 1}}, "round_robin_lb_config"),
        ({"common_lb_config": {"close_connections_on_host_set_change": True}}, "common_lb_config"),
        ({"common_lb_config": {"ignore_new_hosts_until_first_hc": True}}, "common_lb_config"),
        ({"common_lb_config": {"update_merge_window": "-1s"}}, "common_lb_config.update_merge_window"),
        ({"load_assignment": assignment(policy={"drop_overloads": []})}, "load_assignment.policy"),
        (
            {"load_assignment": assignment(policy={"overprovisioning_factor": 0})},
            "load_assignment.policy.overprovisioning_factor",
        ),
    ],
)
def test_what_is_not_supported_is_refused(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**fields)
    assert caught.value.path == f"static_resources.clusters[0].{path}"


def test_consistent_hashing_is_read() -> None:
    def hashing(kind: str = "STRICT_DNS", **fields: Any) -> models.ConsistentHashingConfig:
        return read(type=kind, common_lb_config={"consistent_hashing_lb_config": fields}).consistent_hashing

    assert hashing() == models.ConsistentHashingConfig()
    assert hashing(use_hostname_for_hashing=True, hash_balance_factor=100) == models.ConsistentHashingConfig(True, 100)
    with pytest.raises(ConfigError, match="hash_balance_factor"):
        hashing(hash_balance_factor=99)
    with pytest.raises(ConfigError, match="a STATIC cluster cannot use_hostname_for_hashing"):
        hashing("STATIC", use_hostname_for_hashing=True)
