"""What a cluster makes of the endpoints of its model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from fastpath import Cluster, ClusterManager, ConfigError, models
from fastpath.models import (
    ConsistentHashingConfig,
    DiscoveryType,
    Endpoint,
    HealthStatus,
    LbPolicy,
    LocalityEndpoints,
)


def cluster_of(*endpoints: Endpoint, **fields: Any) -> Cluster:
    return ClusterManager([models.Cluster("c", (LocalityEndpoints(endpoints),), **fields)], seed=0)["c"]


@pytest.mark.parametrize("text", ["a.example", "bücher.example", "東京", "raw\udcff", "a\0b"])
def test_texts_come_back_as_they_were(text: str) -> None:
    (host,) = cluster_of(Endpoint(text, 80, hostname=text)).hosts
    assert (host.address, host.hostname, str(host)) == (text, text, f"{text}:80")


def test_all_that_is_said_of_an_endpoint_arrives() -> None:
    given = [Endpoint("10.0.0.1", port, 2**32 - 1 - port, "h", status) for port, status in enumerate(HealthStatus)]
    found = [
        (host.address, host.port, host.weight, host.hostname, host.health_status)
        for each in given
        for host in cluster_of(each).hosts
    ]
    assert found == [(each.address, each.port, each.weight, "h", each.health_status) for each in given]


def test_a_class_of_ones_own_may_stand_for_an_endpoint() -> None:
    class Alike:
        address, port, weight, hostname, metadata, health_status = "10.0.0.2", 7, 3, "", {}, HealthStatus.DRAINING

    hosts = cluster_of(Endpoint("10.0.0.1", 9), cast(Any, Alike())).hosts
    assert [(str(host), host.weight) for host in hosts] == [("10.0.0.1:9", 1), ("10.0.0.2:7", 3)]
    assert hosts[1].health_status is HealthStatus.DRAINING


@pytest.mark.parametrize("weight", [0, -1, 2**32, 2**70, True, 1.0, "1"])
def test_the_endpoint_whose_weight_is_none_is_named(weight: object) -> None:
    good = tuple(Endpoint("10.0.0.1", port) for port in range(5000))
    with pytest.raises(ConfigError) as caught:
        cluster_of(*good, Endpoint("10.0.0.2", 80, cast(Any, weight)), Endpoint("10.0.0.3", -1))
    assert caught.value.path == "clusters[0].localities[0].endpoints[5000].weight"


def test_names_that_are_no_hosts_yet_do_not_shift_what_a_refusal_names() -> None:
    with pytest.raises(ConfigError) as caught:
        cluster_of(
            Endpoint("a.example", -1), Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", -1), type=DiscoveryType.STRICT_DNS
        )
    assert caught.value.path == "clusters[0].localities[0].endpoints[2].port"


def keys_of(*endpoints: Endpoint, by_hostname: bool) -> list[int | None]:
    """Ports by some hash keys: equal lists are equal placements."""
    hashing = ConsistentHashingConfig(use_hostname_for_hashing=by_hostname)
    cluster = cluster_of(*endpoints, lb_policy=LbPolicy.MAGLEV, consistent_hashing=hashing, type=DiscoveryType.EDS)
    return [cluster.pick_host(hash_key=f"user-{number}").port for number in range(50)]


def test_hosts_are_placed_by_key_then_hostname_then_address() -> None:
    plain = [Endpoint(f"10.0.0.{port}", port, hostname=f"h{port}") for port in range(1, 9)]
    keyed = [replace(each, metadata={"envoy.lb": {"hash_key": f"h{each.port}"}}) for each in plain]
    odd = [replace(each, metadata={"envoy.lb": {"hash_key": 5}, "other": {"hash_key": "x"}}) for each in plain]
    by_name = keys_of(*plain, by_hostname=True)
    assert by_name != keys_of(*plain, by_hostname=False)
    assert keys_of(*keyed, by_hostname=False) == keys_of(*keyed, by_hostname=True) == by_name
    assert keys_of(*odd, by_hostname=True) == by_name
    assert keys_of(*odd, by_hostname=False) == keys_of(*plain, by_hostname=False)
