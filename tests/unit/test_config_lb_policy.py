"""Balancing said by extensions (load_balancing_policy): what is read, what is passed over, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import ConfigError, load, models
from fastpath.config import to_dict
from fastpath.models import Cluster, HashFunction, LbPolicy

PACKAGE = "type.googleapis.com/envoy.extensions.load_balancing_policies."
ROUND_ROBIN = "round_robin.v3.RoundRobin"
BY_REPORTS = "client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin"
OVERRIDE = "override_host.v3.OverrideHost"
LOCALITIES = "wrr_locality.v3.WrrLocality"


def policies(*listed: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "policies": [
            {"typed_extension_config": {"name": "x", "typed_config": {"@type": PACKAGE + kind, **config}}}
            for kind, config in listed
        ]
    }


KEY = {"key": "envoy.lb", "path": [{"key": "a"}, {"key": "b"}]}
RANDOM = policies(("random.v3.Random", {}))


def override(source: dict[str, Any], fallback: dict[str, Any] = RANDOM, **fields: Any) -> dict[str, Any]:
    return policies((OVERRIDE, {"override_host_sources": [source], "fallback_policy": fallback, **fields}))


def struct(type_url: str) -> dict[str, Any]:
    kind = "type.googleapis.com/xds.type.v3.TypedStruct"
    config = {"@type": kind, "type_url": type_url, "value": {"a": 1}}
    return {"typed_extension_config": {"name": "own", "typed_config": config}}


def read(policy: dict[str, Any], **fields: Any) -> Cluster:
    document = {"static_resources": {"clusters": [{"name": "c", "load_balancing_policy": policy, **fields}]}}
    config = load(document)
    assert load(to_dict(config)) == config
    (cluster,) = config.clusters
    return cluster


def refusal(policy: dict[str, Any], **fields: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        read(policy, **fields)
    return str(caught.value)


WEIGHTED = {"locality_weighted_lb_config": {}}


@pytest.mark.parametrize(
    ("kind", "config", "expected"),
    [
        (ROUND_ROBIN, {}, {"lb_policy": LbPolicy.ROUND_ROBIN}),
        (ROUND_ROBIN, {"locality_lb_config": WEIGHTED}, {"locality_weighted": True}),
        ("random.v3.Random", {"locality_lb_config": {}}, {"lb_policy": LbPolicy.RANDOM}),
        (
            "random.v3.Random",
            {"locality_lb_config": {"zone_aware_lb_config": {"force_local_zone": {}, "min_cluster_size": 9}}},
            {
                "lb_policy": LbPolicy.RANDOM,
                "zone_aware": models.ZoneAwareConfig(min_cluster_size=9, force_local_zone_min_size=1),
            },
        ),
        (
            ROUND_ROBIN,
            {
                "locality_lb_config": {
                    "zone_aware_lb_config": {
                        "force_local_zone": {"min_size": 0},
                        "locality_basis": "HEALTHY_HOSTS_WEIGHT",
                    }
                }
            },
            {
                "zone_aware": models.ZoneAwareConfig(
                    force_local_zone_min_size=0, locality_basis=models.LocalityBasis.HEALTHY_HOSTS_WEIGHT
                )
            },
        ),
        (
            "least_request.v3.LeastRequest",
            {"choice_count": 3, "locality_lb_config": WEIGHTED},
            {
                "lb_policy": LbPolicy.LEAST_REQUEST,
                "least_request": models.LeastRequestConfig(3),
                "locality_weighted": True,
            },
        ),
        (
            "least_request.v3.LeastRequest",
            {"selection_method": "FULL_SCAN"},
            {"lb_policy": LbPolicy.LEAST_REQUEST, "least_request": models.LeastRequestConfig(full_scan=True)},
        ),
        (
            "ring_hash.v3.RingHash",
            {"minimum_ring_size": 7, "hash_function": "MURMUR_HASH_2", **WEIGHTED},
            {
                "lb_policy": LbPolicy.RING_HASH,
                "ring_hash": models.RingHashConfig(7, hash_function=HashFunction.MURMUR_HASH_2),
                "locality_weighted": True,
            },
        ),
        ("ring_hash.v3.RingHash", {"hash_function": "DEFAULT_HASH"}, {"lb_policy": LbPolicy.RING_HASH}),
        (
            "maglev.v3.Maglev",
            {"table_size": 251, "consistent_hashing_lb_config": {"hash_balance_factor": 150}},
            {
                "lb_policy": LbPolicy.MAGLEV,
                "maglev": models.MaglevConfig(251),
                "consistent_hashing": models.ConsistentHashingConfig(hash_balance_factor=150),
            },
        ),
        ("pick_first.v3.PickFirst", {}, {"lb_policy": LbPolicy.PICK_FIRST}),
        (
            BY_REPORTS,
            {
                "enable_oob_load_report": False,
                "oob_reporting_period": "9s",
                "blackout_period": "2s",
                "weight_expiration_period": "3s",
                "weight_update_period": "0.5s",
                "error_utilization_penalty": 1.5,
                "metric_names_for_computing_utilization": ["named_metrics.a", "utilization.*"],
                "slow_start_config": {"slow_start_window": "4s"},
            },
            {
                "lb_policy": LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN,
                "client_side_weighted_round_robin": models.ClientSideWeightedRoundRobinConfig(
                    2.0, 3.0, 0.5, 1.5, ("named_metrics.a", "utilization.*"), models.SlowStartConfig(4.0)
                ),
            },
        ),
        (
            OVERRIDE,
            {
                "override_host_sources": [{"header": "x-to"}, {"metadata": KEY}],
                "fallback_policy": policies((LOCALITIES, {"endpoint_picking_policy": policies((BY_REPORTS, {}))})),
            },
            {
                "lb_policy": LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN,
                "locality_weighted": True,
                "override_host": models.OverrideHostConfig(
                    (
                        models.OverrideHostSource("x-to"),
                        models.OverrideHostSource(metadata=models.MetadataKey("envoy.lb", ("a", "b"))),
                    )
                ),
            },
        ),
        (
            OVERRIDE,
            {
                "override_host_sources": [{"header": "x-to"}],
                "fallback_policy": policies(
                    (
                        "subset.v3.Subset",
                        {"subset_selectors": [{"keys": ["a"]}], "subset_lb_policy": policies((ROUND_ROBIN, {}))},
                    )
                ),
            },
            {
                "override_host": models.OverrideHostConfig((models.OverrideHostSource("x-to"),)),
                "subsets": models.SubsetConfig((models.SubsetSelector(frozenset({"a"})),)),
            },
        ),
        (BY_REPORTS, {}, {"lb_policy": LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN}),
        (
            LOCALITIES,
            {"endpoint_picking_policy": policies((BY_REPORTS, {"blackout_period": "2s"}))},
            {
                "lb_policy": LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN,
                "client_side_weighted_round_robin": models.ClientSideWeightedRoundRobinConfig(2.0),
                "locality_weighted": True,
            },
        ),
        (
            "subset.v3.Subset",
            {
                "subset_selectors": [{"keys": ["a"]}],
                "allow_redundant_keys": True,
                "subset_lb_policy": policies(("random.v3.Random", {})),
            },
            {
                "lb_policy": LbPolicy.RANDOM,
                "subsets": models.SubsetConfig((models.SubsetSelector(frozenset({"a"})),), allow_redundant_keys=True),
            },
        ),
    ],
)
def test_a_policy_is_read(kind: str, config: dict[str, Any], expected: dict[str, Any]) -> None:
    assert read(policies((kind, config))) == Cluster("c", **expected)


def test_it_counts_whatever_lb_policy_says() -> None:
    expected = Cluster("c")
    policy = policies((ROUND_ROBIN, {}))
    assert read(policy, lb_policy="LOAD_BALANCING_POLICY_CONFIG") == expected
    assert read(policy, lb_policy="MAGLEV", maglev_lb_config={"table_size": 251}) == expected


def test_the_first_policy_that_envoy_knows_counts() -> None:
    policy = policies(("random.v3.Random", {}), ("maglev.v3.Maglev", {"table_size": 4}))
    assert read(policy).lb_policy is LbPolicy.RANDOM
    policy["policies"].insert(0, struct("example.com/a.b.C"))
    assert read(policy).lb_policy is LbPolicy.RANDOM


@pytest.mark.parametrize(
    ("policy", "fields", "reason"),
    [
        ({}, {}, "none of the policies is supported"),
        ({"policies": [struct("a/b.C")]}, {}, "none of the policies is supported"),
        ({"policies": [struct(PACKAGE + ROUND_ROBIN)]}, {}, "is not supported as a TypedStruct"),
        (
            policies(("cluster_provided.v3.ClusterProvided", {}), (ROUND_ROBIN, {})),
            {},
            "the policy 'cluster_provided.v3.ClusterProvided' is not supported; supported are round_robin.v3.",
        ),
        (policies((LOCALITIES, {})), {}, "endpoint_picking_policy"),
        (
            policies((LOCALITIES, {"endpoint_picking_policy": policies((ROUND_ROBIN, {}))})),
            {},
            f"'{ROUND_ROBIN}' is not supported; supported are {BY_REPORTS}",
        ),
        (
            policies(("subset.v3.Subset", {"subset_lb_policy": policies((BY_REPORTS, {}))})),
            {},
            f"the policy '{BY_REPORTS}' is not supported",
        ),
        (policies((BY_REPORTS, {"enable_oob_load_report": True})), {}, "load reports come with responses"),
        (
            policies((BY_REPORTS, {"error_utilization_penalty": -1})),
            {},
            "a penalty of a load balancing policy is from 0",
        ),
        (
            policies((BY_REPORTS, {"slow_start_config": {"min_weight_percent": {"value": 101}}})),
            {},
            "a percentage of a load balancing policy is from 0 to 100, found 101",
        ),
        (policies((BY_REPORTS, {"oob_reporting_config": {}})), {}, "'oob_reporting_config' is not supported"),
        (policies((BY_REPORTS, {"blackout_period": "-1s"})), {}, "blackout_period"),
        (policies((BY_REPORTS, {"weights": 1})), {}, "'weights' is unknown"),
        (policies((OVERRIDE, {"fallback_policy": RANDOM})), {}, "override_host_sources has at least one"),
        (policies((OVERRIDE, {"override_host_sources": [{"header": "a"}]})), {}, "fallback_policy"),
        (override({}), {}, "has no source: one of header, metadata is needed"),
        (override({"header": "a", "metadata": KEY}), {}, "header"),
        (override({"header": "a b"}), {}, "expected the name of a header field"),
        (override({"metadata": {"key": "a"}}), {}, "path has at least one key"),
        (override({"metadata": {"key": "", "path": [{"key": "b"}]}}), {}, "override_host_sources[0].metadata"),
        (override({"metadata": {"key": "a", "path": [{"key": ""}]}}), {}, "metadata.path[0]"),
        (override({"header": "a"}, selected_host_key=KEY), {}, "'selected_host_key' is not supported"),
        (
            policies((OVERRIDE, {"override_host_sources": [{"header": "a"}], "fallback_policy": override({})})),
            {},
            f"the policy '{OVERRIDE}' is not supported",
        ),
        (policies(("pick_first.v3.PickFirst", {"shuffle_address_list": True})), {}, "'shuffle_address_list' is not"),
        (policies(("subset.v3.Subset", {})), {}, "subset_lb_policy"),
        (policies(("ring_hash.v3.RingHash", {"hash_balance_factor": 120})), {}, "'hash_balance_factor' is unknown or"),
        (
            policies((ROUND_ROBIN, {"locality_lb_config": {"zone_aware_lb_config": {"locality_basis": "BY_AGE"}}})),
            {},
            "locality_basis",
        ),
        (
            policies((ROUND_ROBIN, {"locality_lb_config": {"zone_aware_lb_config": {"force_local_zone": {"a": 1}}}})),
            {},
            "force_local_zone",
        ),
        (policies((ROUND_ROBIN, {})), {"lb_subset_config": {}}, "load_balancing_policy and lb_subset_config exclude"),
        (policies((ROUND_ROBIN, {})), {"common_lb_config": WEIGHTED}, "load_balancing_policy excludes"),
        (
            policies((ROUND_ROBIN, {})),
            {"common_lb_config": {"consistent_hashing_lb_config": {}}},
            "load_balancing_policy excludes",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(policy: dict[str, Any], fields: dict[str, Any], reason: str) -> None:
    assert reason in refusal(policy, **fields)


def test_asking_for_a_policy_and_giving_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs a load_balancing_policy"):
        load({"static_resources": {"clusters": [{"name": "c", "lb_policy": "LOAD_BALANCING_POLICY_CONFIG"}]}})
