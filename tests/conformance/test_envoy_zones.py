"""Zone aware routing: how much stays in the zone and where the rest goes, as a real Envoy does it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from .balance_oracle import Balancers, Case, Group, Local, balancers

PICKS = 480
ROUND_ROBIN = "type.googleapis.com/envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin"
WEIGHTED: dict[str, Any] = {"common_lb_config": {"locality_weighted_lb_config": {}}}


def zones(**fields: Any) -> dict[str, Any]:
    return {"common_lb_config": {"zone_aware_lb_config": fields}}


def policy(**fields: Any) -> dict[str, Any]:
    """What a load balancing policy says of zones."""
    typed = {"@type": ROUND_ROBIN, "locality_lb_config": {"zone_aware_lb_config": fields}}
    return {"load_balancing_policy": {"policies": [{"typed_extension_config": {"name": "x", "typed_config": typed}}]}}


def case(name: str, groups: tuple[Group, ...], fields: dict[str, Any] | None = None, **more: Any) -> Case:
    return Case(name, groups, fields or {}, picks=PICKS, **more)


# Of the callers 40 % are in a, where the proxy is, 40 % in b, and 20 % in c.
CALLERS = Case("callers", (Group("--", "b"), Group("--", "a"), Group("-", "c")))
SPREAD = (Group("----", "b"), Group("--", "a"), Group("--", "c"))
SUBSETS = {"lb_subset_config": {"fallback_policy": "ANY_ENDPOINT", "subset_selectors": [{"keys": ["v"]}]}}
VERSIONS = ({"v": "1"}, {"v": "2"})

CASES = [
    CALLERS,
    case("stays", (Group("--", "b"), Group("---", "a"), Group("-", "c"))),
    case("spreads", SPREAD),
    case("spreads_by_random", SPREAD, {"lb_policy": "RANDOM"}),
    case("spreads_by_least_request", SPREAD, {"lb_policy": "LEAST_REQUEST"}),
    case("ring_has_none", SPREAD, {"lb_policy": "RING_HASH"}, by_hash=True),
    case("maglev_has_none", SPREAD, {"lb_policy": "MAGLEV"}, by_hash=True),
    case("weights_in_zones", (Group("----", "b", host_weights=(1, 2, 3, 4)), Group("--", "a", host_weights=(3, 1)))),
    case("none_here", (Group("----", "b"), Group("---", "c"))),
    case("unknown_zone", (Group("--", "b"), Group("-", "a"), Group("----", "d"))),
    case("one_zone", (Group("-------", "b"),)),
    case("too_small", (Group("---", "b"), Group("--", "a"))),
    case("small_will_do", (Group("---", "b"), Group("-", "a")), zones(min_cluster_size=4)),
    case("just_too_small", (Group("---", "b"), Group("-", "a")), zones(min_cluster_size=5)),
    case("some", SPREAD, zones(routing_enabled={"value": 30})),
    case("never", SPREAD, zones(routing_enabled={"value": 0})),
    case("healthy_ones_count", (Group("--u-u-", "b"), Group("--u", "a"), Group("-u--", "c"))),
    case("none_healthy_here", (Group("----", "b"), Group("uu", "a"), Group("---", "c"))),
    case("panic", (Group("uuu-", "b"), Group("-u", "a"), Group("uu", "c")), zones(min_cluster_size=1)),
    case("fails_in_panic", (Group("uuu-", "b"), Group("-u", "a")), zones(fail_traffic_on_panic=True)),
    case(
        "rings_never_fail",
        (Group("uuu-", "b"), Group("-u", "a")),
        {**zones(fail_traffic_on_panic=True), "lb_policy": "RING_HASH"},
        by_hash=True,
    ),
    case("degraded", (Group("-du", "b"), Group("-duu", "a"), Group("-ddu", "c")), zones(min_cluster_size=1)),
    case(
        "first_priority_only",
        (
            Group("-u--", "b"),
            Group("-uu", "a"),
            Group("-u", "c"),
            Group("--", "a", priority=1),
            Group("--", "b", priority=1),
        ),
        zones(min_cluster_size=1),
    ),
    case("weighted_without_weights", SPREAD, WEIGHTED),
    case("weighted", (Group("----", "b", 1), Group("--", "a", 2), Group("--", "c", 5)), WEIGHTED),
    case(
        "weighted_ring",
        (Group("----", "b", 1), Group("--", "a", 2), Group("--", "c", 5)),
        {**WEIGHTED, "lb_policy": "RING_HASH"},
        by_hash=True,
    ),
    case(
        "in_a_subset",
        (Group("----", "b", metadata=VERSIONS * 2), Group("--", "a", metadata=VERSIONS)),
        {**SUBSETS, **zones(min_cluster_size=1)},
        metadata_match={"v": "1"},
    ),
    case(
        "a_subset_elsewhere",
        (Group("----", "b", metadata=VERSIONS * 2), Group("-", "a", metadata=VERSIONS[:1]), Group("-", "c")),
        {**SUBSETS, **zones(min_cluster_size=1)},
        metadata_match={"v": "2"},
    ),
    case("forced", SPREAD, policy(force_local_zone={})),
    case(
        "forced_now_and_then",
        SPREAD,
        policy(force_local_zone={}, routing_enabled={"value": 50}),
    ),
    case(
        "too_few_to_force",
        SPREAD,
        policy(force_local_zone={"min_size": 3}),
    ),
    case(
        "by_weight",
        (Group("----", "b", host_weights=(1, 1, 1, 1)), Group("--", "a", host_weights=(1, 2)), Group("-", "c")),
        policy(locality_basis="HEALTHY_HOSTS_WEIGHT"),
    ),
]

# Most callers are ill: what they ask of zones is not known.
ILL = [
    Case("callers", (Group("u-u", "b"), Group("-uu", "a"))),
    case("ill_callers", SPREAD),
    case("fails_with_ill_callers", SPREAD, zones(fail_traffic_on_panic=True)),
    case("threshold_of_its_own", SPREAD, {"common_lb_config": {"healthy_panic_threshold": {"value": 20}}}),
]

# All callers are in one zone.
TOGETHER = [
    Case("callers", (Group("--", "a"),)),
    case("callers_together", SPREAD),
    case("together_and_forced", SPREAD, policy(force_local_zone={})),
]

# The proxy is where no caller is.
ELSEWHERE = [Case("callers", (Group("--", "a"), Group("--", "b"))), case("no_caller_here", SPREAD)]

# What other zones are asked of their own callers is all that they can take, and the own one has no healthy host: the
# rest goes to any zone, to the own one as well, where there is nobody.
FULL = [
    Case("callers", (Group("--", "b"), Group("u", "a"), Group("--", "c"))),
    case("nothing_left", (Group("--", "b"), Group("u", "a"), Group("--", "c")), zones(min_cluster_size=1)),
]

TOPOLOGIES = {
    "spread": ("a", CASES),
    "ill": ("a", ILL),
    "together": ("a", TOGETHER),
    "elsewhere": ("c", ELSEWHERE),
    "full": ("a", FULL),
}


@pytest.fixture(scope="module")
def topologies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Balancers]]:
    running = {
        name: balancers(cases, tmp_path_factory.mktemp(name), Local(zone, "callers"))
        for name, (zone, cases) in TOPOLOGIES.items()
    }
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(each) for name, each in running.items()}


@pytest.mark.parametrize(
    ("topology", "case"),
    [pytest.param(name, each, id=f"{name}-{each.name}") for name, (_, cases) in TOPOLOGIES.items() for each in cases],
)
def test_hosts_get_what_envoy_gives_them(topologies: dict[str, Balancers], topology: str, case: Case) -> None:
    topologies[topology].check(case)
