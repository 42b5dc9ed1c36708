"""Subsets of hosts by metadata: the hosts that a real Envoy gives, under every fallback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from .balance_oracle import Balancers, Case, Group, balancers

V1, V2 = {"version": "1", "stage": "prod"}, {"version": "2", "stage": "prod"}
DEV, BARE, NUMBER = {"version": "2", "stage": "dev"}, {}, {"version": 1, "stage": True}
HOSTS = (
    Group("---", "a", 3, metadata=(V1, V2, DEV)),
    Group("-u-", "b", 1, metadata=(V1, V2, BARE)),
    Group("--", "c", 1, metadata=(NUMBER, {"version": ["1", "2"], "stage": ["prod", "dev"]})),
)
ILL = (Group("u--", metadata=(V1, V2, BARE)), Group("u-", priority=1, metadata=(V1, BARE)))
STAGES = [{"keys": ["version"]}, {"keys": ["stage", "version"]}]


def subset(**fields: Any) -> dict[str, Any]:
    return {"lb_subset_config": {"subset_selectors": STAGES, **fields}}


def selectors(*listed: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"lb_subset_config": {"subset_selectors": list(listed), **fields}}


WEIGHTED = {"common_lb_config": {"locality_weighted_lb_config": {}}}
NO_PANIC = {"common_lb_config": {"healthy_panic_threshold": {"value": 0}}}
ANY, DEFAULT = {"fallback_policy": "ANY_ENDPOINT"}, {"fallback_policy": "DEFAULT_SUBSET", "default_subset": V2}
ONE, BOTH, WRONG = {"version": "1"}, {"version": "2", "stage": "prod"}, {"version": "9"}
KEYS = {
    "keys": ["version", "stage"],
    "fallback_policy": "KEYS_SUBSET",
    "fallback_keys_subset": ["stage"],
}
WANTED: dict[str, Mapping[str, Any] | None] = {
    "one": ONE,
    "both": BOTH,
    "wrong": WRONG,
    "nothing": None,
    "empty": {},
    "stage": {"stage": "prod"},
    "more": {**BOTH, "colour": "red"},
    "number": {"version": 1},
    "true": {"version": 1, "stage": True},
    "list": {"version": ["1", "2"]},
    "wrong_stage": {"version": "2", "stage": "none"},
    "wrong_version": {"version": "9", "stage": "prod"},
}
CONFIGS: dict[str, dict[str, Any]] = {
    "none": subset(),
    "any": subset(**ANY),
    "default": subset(**DEFAULT),
    "default_all": subset(fallback_policy="DEFAULT_SUBSET"),
    "default_wrong": subset(fallback_policy="DEFAULT_SUBSET", default_subset=WRONG),
    "panic_any": subset(fallback_policy="DEFAULT_SUBSET", default_subset=WRONG, panic_mode_any=True),
    "lists": subset(**ANY, list_as_any=True),
    "keys": selectors(KEYS, {"keys": ["stage"]}, {"keys": ["version"], "fallback_policy": "NO_FALLBACK"}, **ANY),
    "selector_any": selectors({"keys": ["version"], "fallback_policy": "ANY_ENDPOINT"}),
    "selector_default": selectors({"keys": ["version"], "fallback_policy": "DEFAULT_SUBSET"}, default_subset=V1),
    "begun": selectors({"keys": ["stage", "version"]}, {"keys": ["stage"], "fallback_policy": "NO_FALLBACK"}, **ANY),
    "twice": selectors({"keys": ["version"]}, {"keys": ["version"], "fallback_policy": "NO_FALLBACK"}, **ANY),
    "maglev": {**subset(**ANY), "lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": 251}},
    "ring": {**subset(**ANY), "lb_policy": "RING_HASH"},
}


def cases() -> Iterator[Case]:
    for name, fields in CONFIGS.items():
        by_hash = "lb_policy" in fields
        for wanted, metadata in WANTED.items():
            yield Case(
                f"{name}.{wanted}",
                HOSTS,
                fields,
                metadata_match=metadata,
                by_hash=by_hash,
                tolerance=1,
                picks=24,
            )
    for name, metadata in (("one", ONE), ("both", BOTH), ("wrong", WRONG)):
        for policy in ("ROUND_ROBIN", "RING_HASH"):
            by_hash = policy == "RING_HASH"
            aware = {**subset(**ANY, locality_weight_aware=True), **WEIGHTED, "lb_policy": policy}
            scaled = {**subset(**ANY, locality_weight_aware=True, scale_locality_weight=True), **WEIGHTED}
            scaled["lb_policy"] = policy
            unaware = {**subset(**ANY), **WEIGHTED, "lb_policy": policy}
            for kind, fields in (("aware", aware), ("scaled", scaled), ("unaware", unaware)):
                yield Case(
                    f"{kind}.{name}.{policy}",
                    HOSTS,
                    fields,
                    metadata_match=metadata,
                    by_hash=by_hash,
                    tolerance=3,
                    picks=60,
                )
        yield Case(f"ill.{name}", ILL, subset(**ANY), metadata_match=metadata)
        yield Case(f"ill_calm.{name}", ILL, {**subset(**ANY), **NO_PANIC}, metadata_match=metadata)
        default_ill = subset(fallback_policy="DEFAULT_SUBSET", default_subset=V1, panic_mode_any=True)
        yield Case(f"ill_panic_any.{name}", ILL, {**default_ill, **NO_PANIC}, metadata_match=metadata)
        single = selectors({"keys": ["version"], "single_host_per_subset": True}, **ANY)
        yield Case(f"single.{name}", ILL, {**single, **NO_PANIC}, metadata_match=metadata, picks=40)


CASES = list(cases())


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balancers]:
    with balancers(CASES, tmp_path_factory.mktemp("subsets")) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hosts_are_those_of_envoys_subset(both: Balancers, case: Case) -> None:
    both.check(case)
