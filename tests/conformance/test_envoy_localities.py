"""Locality weighted balancing, and how load is shared between priorities: as a real Envoy does it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .balance_oracle import Balancers, Case, Group, balancers

WEIGHTED: dict[str, Any] = {"common_lb_config": {"locality_weighted_lb_config": {}}}
THREE = (Group("--", "c", 1), Group("-", "a", 2), Group("---", "b", 5))
ILL = (Group("-u", "c", 4), Group("uuu-", "a", 2), Group("u", "b", 5), Group("-d", "d", 3))
RING = {**WEIGHTED, "lb_policy": "RING_HASH"}
MAGLEV = {**WEIGHTED, "lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": 1009}}

CASES = [
    Case("turns", THREE, WEIGHTED, tolerance=2),
    Case("unweighted_balancing", THREE, tolerance=1),
    Case("ill", ILL, WEIGHTED, tolerance=3),
    Case("ill_ring", ILL, RING, by_hash=True),
    Case("ill_maglev", ILL, MAGLEV, by_hash=True),
    Case("ill_at_100", ILL, WEIGHTED, policy={"overprovisioning_factor": 100}, tolerance=3),
    Case("no_weight", (Group("--", "a"), Group("---", "b")), WEIGHTED, tolerance=1),
    Case("no_weight_ring", (Group("--", "a"), Group("---", "b")), RING, by_hash=True),
    Case("one_weight", (Group("--", "a"), Group("---", "b", 3)), WEIGHTED, tolerance=1),
    Case("one_weight_maglev", (Group("--", "a"), Group("---", "b", 3)), MAGLEV, by_hash=True),
    Case("no_locality", (Group("--", None, 7), Group("---", "b", 3)), WEIGHTED, tolerance=1),
    Case("same_name", (Group("--", "b", 7), Group("-", "a", 2), Group("-", "b", 1)), WEIGHTED, tolerance=2),
    Case("same_name_ring", (Group("--", "b", 7), Group("-", "a", 2), Group("-", "b", 1)), RING, by_hash=True),
    Case(
        "weights_in_localities",
        (Group("--", "b", 1, host_weights=(1, 3)), Group("---", "a", 2, host_weights=(5, 1, 1))),
        WEIGHTED,
        tolerance=3,
    ),
    Case(
        "weights_ring",
        (Group("--", "b", 1, host_weights=(1, 3)), Group("---", "a", 2, host_weights=(5, 1, 1))),
        RING,
        by_hash=True,
    ),
    Case(
        "weights_maglev",
        (Group("--", "b", 1, host_weights=(1, 3)), Group("---", "a", 2, host_weights=(5, 1, 1))),
        MAGLEV,
        by_hash=True,
    ),
    Case("panic", (Group("uu", "a", 1), Group("u-", "b", 3)), WEIGHTED, tolerance=1),
    Case("panic_ring", (Group("uu", "a", 1), Group("u-", "b", 3)), RING, by_hash=True),
    Case("random", THREE, {**WEIGHTED, "lb_policy": "RANDOM"}),
    Case("least_request", THREE, {**WEIGHTED, "lb_policy": "LEAST_REQUEST"}),
    Case("degraded", (Group("ud", "a", 1), Group("-u", "b", 3)), WEIGHTED),
    Case("two", (Group("-u", "a", 1), Group("--", "a", 1, priority=1), Group("-", "b", 3, priority=1)), WEIGHTED),
    Case(
        "two_ring",
        (Group("-u", "a", 1), Group("--", "a", 1, priority=1), Group("-", "b", 3, priority=1)),
        RING,
        by_hash=True,
    ),
    Case("two_at_100", (Group("-u"), Group("--", priority=1)), policy={"overprovisioning_factor": 100}),
    Case("two_at_300", (Group("-uu"), Group("--", priority=1)), policy={"overprovisioning_factor": 300}, tolerance=1),
    Case("gap", (Group("-u"), Group("--", priority=2)), policy={"overprovisioning_factor": 100}),
    Case("gap_in_panic", (Group("uu-"), Group("uuuu-", priority=3))),
    Case("gap_and_no_panic", (Group("uuu"), Group("-u", priority=2)), policy={"overprovisioning_factor": 100}),
    Case("gap_below", (Group("--", priority=1), Group("-", priority=4))),
    Case("gap_below_in_panic", (Group("uu", priority=1), Group("uuu", priority=3))),
    Case("gap_ring", (Group("-u", priority=1), Group("--", priority=3)), {"lb_policy": "RING_HASH"}, by_hash=True),
    Case(
        "two_by_weight",
        (Group("-uu", host_weights=(1, 1, 4)), Group("--", priority=1)),
        policy={"weighted_priority_health": True},
    ),
    Case(
        "degraded_by_weight",
        (Group("-du", host_weights=(3, 2, 7)), Group("-d", priority=1, host_weights=(1, 9))),
        policy={"weighted_priority_health": True},
    ),
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balancers]:
    with balancers(CASES, tmp_path_factory.mktemp("localities")) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hosts_get_what_envoy_gives_them(both: Balancers, case: Case) -> None:
    both.check(case)
