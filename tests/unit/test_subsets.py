from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fastpath import Cluster, ClusterManager, ConfigError, MetadataMatch, NoHostAvailable, load, models
from fastpath.models import (
    Endpoint,
    HealthStatus,
    LocalityEndpoints,
    SubsetConfig,
    SubsetFallback,
    SubsetSelector,
    SubsetSelectorFallback,
)

VERSION = SubsetSelector(frozenset({"version"}))


def cluster_of(config: SubsetConfig, *hosts: dict[str, object] | None, **fields: Any) -> Cluster:
    endpoints = tuple(
        Endpoint("10.0.0.1", port, metadata={} if each is None else {"envoy.lb": each})
        for port, each in enumerate(hosts, start=1)
    )
    return ClusterManager([models.Cluster("c", (LocalityEndpoints(endpoints),), subsets=config, **fields)], seed=0)["c"]


def ports(cluster: Cluster, wanted: dict[str, object] | None, count: int = 4) -> list[int]:
    match = None if wanted is None else MetadataMatch(wanted)
    return [cluster.pick_host(metadata_match=match).port for _ in range(count)]


def test_a_subset_has_turns_of_its_own() -> None:
    cluster = cluster_of(SubsetConfig((VERSION,)), {"version": 1}, {"version": 2}, {"version": 1})
    assert ports(cluster, {"version": 1}) == [1, 3, 1, 3]
    assert ports(cluster, {"version": 2}) == [2] * 4
    assert ports(cluster, {"version": 1.0}) == [1, 3, 1, 3]


def test_no_subset_and_no_fallback_is_no_host() -> None:
    cluster = cluster_of(SubsetConfig((VERSION,)), {"version": 1})
    for wanted in ({"version": "1"}, {"version": True}, {}, {"version": 1, "stage": 1}):
        with pytest.raises(NoHostAvailable):
            ports(cluster, wanted)
    with pytest.raises(NoHostAvailable):
        cluster.pick_host()
    with pytest.raises(NoHostAvailable):
        cluster.pick_many(1)


def test_turns_go_on_through_an_update() -> None:
    cluster = cluster_of(SubsetConfig((VERSION,)), {"version": 1}, {"version": 2}, {"version": 1})
    assert ports(cluster, {"version": 1}, 3) == [1, 3, 1]
    endpoints = (*cluster.model.localities[0].endpoints, Endpoint("10.0.0.1", 9, metadata={"envoy.lb": {"version": 2}}))
    cluster.update(models.Cluster("c", (LocalityEndpoints(endpoints),), subsets=cluster.model.subsets))
    assert ports(cluster, {"version": 1}, 3) == [3, 1, 3]
    assert set(ports(cluster, {"version": 2})) == {2, 9}


def test_other_metadata_moves_a_host_that_stays_the_same() -> None:
    config = SubsetConfig((VERSION,))
    cluster = cluster_of(config, {"version": 1}, {"version": 2})
    host = cluster.hosts[0]
    moved = tuple(
        Endpoint("10.0.0.1", port, metadata={"envoy.lb": {"version": version}}) for port, version in ((1, 2), (2, 1))
    )
    with cluster.pick(metadata_match=MetadataMatch({"version": 1})) as pick:
        assert pick.host is host
        cluster.update(models.Cluster("c", (LocalityEndpoints(moved),), subsets=config))
        assert cluster.hosts[0] is host
        assert host.active_requests == 1
        assert ports(cluster, {"version": 1}) == [2] * 4
        assert ports(cluster, {"version": 2}) == [1] * 4


def test_endpoints_that_stay_are_read_anew_for_other_subsets() -> None:
    cluster = cluster_of(SubsetConfig((VERSION,)), {"version": [1, 2]}, {"version": 2})
    with pytest.raises(NoHostAvailable):
        ports(cluster, {"version": 1})
    cluster.update(replace(cluster.model, subsets=SubsetConfig((VERSION,), list_as_any=True)))
    assert ports(cluster, {"version": 1}) == [1] * 4
    assert set(ports(cluster, {"version": 2})) == {1, 2}
    cluster.update(replace(cluster.model, subsets=None))
    assert set(ports(cluster, {"version": 3})) == {1, 2}


def test_an_excluded_host_gives_way_to_one_of_the_same_subset() -> None:
    cluster = cluster_of(SubsetConfig((VERSION,)), {"version": 1}, {"version": 2}, {"version": 1})
    match = MetadataMatch({"version": 1})
    first, other, third = cluster.hosts
    for _ in range(5):
        assert cluster.pick_host(exclude=[first], metadata_match=match) is third
        with pytest.raises(NoHostAvailable):
            cluster.pick_host(exclude=[first, third], metadata_match=match)
    assert cluster.pick_host(exclude=[other], max_attempts=2, metadata_match=MetadataMatch({"version": 2})) is other


def test_panic_is_the_subsets_own() -> None:
    config = SubsetConfig((VERSION,))
    endpoints = tuple(
        Endpoint("10.0.0.1", port, health_status=health, metadata={"envoy.lb": {"version": version}})
        for port, (version, health) in enumerate(
            [(1, HealthStatus.UNHEALTHY), (1, HealthStatus.UNHEALTHY), *[(2, HealthStatus.HEALTHY)] * 6], start=1
        )
    )
    cluster = ClusterManager([models.Cluster("c", (LocalityEndpoints(endpoints),), subsets=config)], seed=0)["c"]
    assert set(ports(cluster, {"version": 1})) == {1, 2}
    assert set(ports(cluster, {"version": 2}, 12)) == set(range(3, 9))


def test_values_of_metadata_are_json() -> None:
    with pytest.raises(TypeError):
        MetadataMatch({"version": {1, 2}})
    with pytest.raises(TypeError):
        MetadataMatch({1: 2})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "selector",
    [
        SubsetSelector(frozenset()),
        SubsetSelector(frozenset(map(str, range(65)))),
        SubsetSelector(frozenset("ab"), fallback_keys_subset=frozenset("a")),
        SubsetSelector(frozenset("ab"), SubsetSelectorFallback.KEYS_SUBSET),
        SubsetSelector(frozenset("ab"), SubsetSelectorFallback.KEYS_SUBSET, frozenset("ab")),
        SubsetSelector(frozenset("ab"), SubsetSelectorFallback.KEYS_SUBSET, frozenset("c")),
    ],
)
def test_selectors_that_make_no_sense_are_refused(selector: SubsetSelector) -> None:
    with pytest.raises(ConfigError) as caught:
        cluster_of(SubsetConfig((VERSION, selector)), {"version": 1})
    assert caught.value.path == "clusters[0].subsets.selectors[1]"


def test_a_host_in_too_many_subsets_is_refused() -> None:
    config = SubsetConfig((SubsetSelector(frozenset("ab")),), list_as_any=True)
    wide: dict[str, object] = {"a": list(range(40)), "b": list(range(40))}
    with pytest.raises(ConfigError, match="more than 1024 subsets") as caught:
        cluster_of(config, wide)
    assert caught.value.path == "clusters[0].localities[0].endpoints[0]"


def test_metadata_that_is_no_json_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        cluster_of(SubsetConfig((VERSION,)), {"version": 1}, {"version": object()})
    assert caught.value.path == "clusters[0].localities[0].endpoints[1].metadata"
    with pytest.raises(ConfigError) as caught:
        cluster_of(SubsetConfig((VERSION,), default_subset={"version": b"1"}))
    assert caught.value.path == "clusters[0].subsets.default_subset"


def test_updates_that_are_refused_change_nothing() -> None:
    config = SubsetConfig((VERSION,), SubsetFallback.ANY_ENDPOINT)
    cluster = cluster_of(config, {"version": 1}, {"version": 2})
    with pytest.raises(ConfigError):
        cluster.update(models.Cluster("c", subsets=SubsetConfig((SubsetSelector(frozenset()),))))
    assert ports(cluster, {"version": 1}) == [1] * 4
    assert set(ports(cluster, None)) == {1, 2}


def read(**fields: Any) -> SubsetConfig | None:
    (cluster,) = load({"static_resources": {"clusters": [{"name": "c", "lb_subset_config": fields}]}}).clusters
    return cluster.subsets


def test_a_config_is_read() -> None:
    assert read() is None
    assert read(fallback_policy="ANY_ENDPOINT") is None
    keys = {"keys": ["b", "a"], "fallback_policy": "KEYS_SUBSET", "fallback_keys_subset": ["a"]}
    assert read(
        fallback_policy="DEFAULT_SUBSET",
        default_subset={"version": 1, "stages": ["prod"]},
        subset_selectors=[keys, {"keys": ["c"], "single_host_per_subset": True}],
        list_as_any=True,
    ) == SubsetConfig(
        (
            SubsetSelector(frozenset("ab"), SubsetSelectorFallback.KEYS_SUBSET, frozenset("a")),
            SubsetSelector(frozenset("c"), single_host_per_subset=True),
        ),
        SubsetFallback.DEFAULT_SUBSET,
        {"version": 1, "stages": ["prod"]},
        list_as_any=True,
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"metadata_fallback_policy": "FALLBACK_LIST"}, ""),
        ({"default_subset": 7}, ".default_subset"),
        ({"subset_selectors": [{}]}, ".subset_selectors[0]"),
        ({"subset_selectors": [{"keys": ["a"], "fallback_keys_subset": ["a"]}]}, ".subset_selectors[0]"),
        ({"subset_selectors": [{"keys": ["a"], "fallback_policy": "KEYS_SUBSET"}]}, ".subset_selectors[0]"),
        (
            {
                "subset_selectors": [
                    {"keys": ["a"], "fallback_policy": "KEYS_SUBSET", "fallback_keys_subset": ["a"]},
                ]
            },
            ".subset_selectors[0]",
        ),
        (
            {"subset_selectors": [{"keys": ["a"], "fallback_policy": "SOMETIMES"}]},
            ".subset_selectors[0].fallback_policy",
        ),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**fields)
    assert caught.value.path == f"static_resources.clusters[0].lb_subset_config{path}"
