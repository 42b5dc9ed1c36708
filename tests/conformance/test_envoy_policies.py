"""Rings, Maglev tables and weighted round robin: host by host what a real Envoy chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fastpath import ClusterManager, load
from fastpath.models import Cluster

from .balance_oracle import Balancers, Case, Group, balancers

KEYS = 500
LISTS: dict[str, tuple[Group, ...]] = {
    "one": (Group("-"),),
    "three": (Group("---"),),
    "weights": (Group("-----", host_weights=(1, 2, 3, 50, 7)),),
    "uneven": (Group("----", host_weights=(1, 1, 1, 1000)),),
    "many": (Group("-" * 60),),
    "ill": (Group("-u--d-u---"),),
    "priorities": (Group("-u-"), Group("----", priority=1, host_weights=(4, 1, 1, 2))),
}


def ring(minimum: int, maximum: int = 8388608, function: str = "XX_HASH") -> dict[str, Any]:
    sizes = {"minimum_ring_size": minimum, "maximum_ring_size": maximum, "hash_function": function}
    return {"lb_policy": "RING_HASH", "ring_hash_lb_config": sizes}


def maglev(size: int) -> dict[str, Any]:
    return {"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": size}}


POLICIES = {
    "ring": {"lb_policy": "RING_HASH"},
    "small_ring": ring(5),
    "bounded_ring": ring(64, 100),
    "murmur_ring": ring(1024, function="MURMUR_HASH_2"),
    "maglev": {"lb_policy": "MAGLEV"},
    "small_maglev": maglev(251),
}
HASHED = [
    Case(f"{policy}_{hosts}", groups, POLICIES[policy], by_hash=True, picks=KEYS)
    for hosts, groups in LISTS.items()
    for policy in POLICIES
]
# Powers of two, whose reciprocals are exact: then the order depends on Envoy's seed by its rest alone.
WEIGHTS = [(1, 2, 4, 8), (1, 1, 2), (16, 4, 4, 1), (8, 1, 1, 1, 1), (2, 2, 1, 4, 1, 32)]
TURNS = [
    Case(f"turns{number}", (Group("-" * len(weights), host_weights=weights),), picks=KEYS)
    for number, weights in enumerate(WEIGHTS)
]
EQUAL = Case("equal", (Group("-----"),), picks=KEYS)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balancers]:
    with balancers([*HASHED, *TURNS, EQUAL], tmp_path_factory.mktemp("policies")) as running:
        yield running


@pytest.mark.parametrize("case", HASHED, ids=lambda case: case.name)
def test_every_key_has_the_same_host(both: Balancers, case: Case) -> None:
    both.check(case)


def model_of(case: Case) -> Cluster:
    (cluster,) = load({"static_resources": {"clusters": [case.cluster(80)]}}).clusters
    return cluster


@pytest.mark.parametrize("case", [*TURNS, EQUAL], ids=lambda case: case.name)
def test_turns_come_in_the_same_order(both: Balancers, case: Case) -> None:
    """For one seed of a few: Envoy draws its own, of which the rest by the sum of the weights matters."""
    envoys = both.envoys(case)
    total = sum(case.groups[0].host_weights) or len(case.groups[0].hosts)
    model = model_of(case)
    orders = [
        [host.address for host in ClusterManager([model], seed=seed)[case.name].pick_many(KEYS)]
        for seed in range(total, 2 * total)
    ]
    assert envoys in orders
