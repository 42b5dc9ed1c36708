"""Balancing said by extensions: the hosts that a real Envoy gives, whatever lb_policy says beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .balance_oracle import Balancers, Case, Group, balancers

PACKAGE = "type.googleapis.com/envoy.extensions.load_balancing_policies."
WEIGHTED = {"locality_weighted_lb_config": {}}
ZONES = (Group("---", "a", 3, host_weights=(1, 2, 3)), Group("--", "b", 1))
LABELS = (Group("---", metadata=({"a": "1", "b": "1"}, {"a": "1"}, {"a": "2"})),)


def struct() -> dict[str, Any]:
    kind = "type.googleapis.com/xds.type.v3.TypedStruct"
    config = {"@type": kind, "type_url": "example.com/a.b.C", "value": {}}
    return {"typed_extension_config": {"name": "own", "typed_config": config}}


def policy(kind: str, **config: Any) -> dict[str, Any]:
    typed = {"@type": PACKAGE + kind, **config}
    return {"typed_extension_config": {"name": "x", "typed_config": typed}}


def balanced(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"load_balancing_policy": {"policies": list(listed)}}


RING = policy("ring_hash.v3.RingHash", minimum_ring_size=300, hash_function="MURMUR_HASH_2", **WEIGHTED)
MAGLEV = policy("maglev.v3.Maglev", table_size=251)
REDUNDANT = policy(
    "subset.v3.Subset",
    subset_selectors=[{"keys": ["a"]}, {"keys": ["a", "b"]}],
    allow_redundant_keys=True,
    subset_lb_policy={"policies": [MAGLEV]},
)
BY_REPORTS = policy(
    "client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin",
    weight_update_period="3600s",  # until then the weights of endpoints count
)
LOCALITIES = policy("wrr_locality.v3.WrrLocality", endpoint_picking_policy={"policies": [BY_REPORTS, RING]})
CASES = [
    Case("ring", ZONES, balanced(RING), by_hash=True),
    Case("default", ZONES, balanced(policy("ring_hash.v3.RingHash", hash_function="DEFAULT_HASH")), by_hash=True),
    Case("first", ZONES, balanced(MAGLEV, RING), by_hash=True),
    Case("own", ZONES, balanced(struct(), MAGLEV, RING), by_hash=True),
    Case("both", ZONES, {**balanced(MAGLEV), "lb_policy": "RING_HASH"}, by_hash=True),
    Case("subset", LABELS, balanced(REDUNDANT), metadata_match={"a": "1", "c": "9"}, by_hash=True),
    Case("longest", LABELS, balanced(REDUNDANT), metadata_match={"a": "1", "b": "1", "c": "9"}, by_hash=True),
    Case("weighted", ZONES, balanced(policy("round_robin.v3.RoundRobin", locality_lb_config=WEIGHTED)), tolerance=2.0),
    Case("reports", ZONES, balanced(BY_REPORTS), tolerance=2.0),
    Case("localities", ZONES, balanced(LOCALITIES), tolerance=2.0),
    Case("scan", ZONES[1:], balanced(policy("least_request.v3.LeastRequest", selection_method="FULL_SCAN"))),
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balancers]:
    with balancers(CASES, tmp_path_factory.mktemp("envoy")) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hosts_are_envoys(both: Balancers, case: Case) -> None:
    both.check(case)
