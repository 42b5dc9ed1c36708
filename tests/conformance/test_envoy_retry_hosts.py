"""The hosts on which a real Envoy tries a request again, and the gateway does: the same ones in the same order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.balance_oracle import Case, Group
from conformance.ports import free_ports
from conformance.retry_oracle import RETRIES, tried_by_both

PACKAGE = "type.googleapis.com/envoy.extensions.retry.host."
KEYS = 40


def predicate(name: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"name": f"envoy.retry_host_predicates.{name}", "typed_config": {"@type": PACKAGE + kind, **config}}


def without(**wanted: Any) -> dict[str, Any]:
    match = {"filter_metadata": {"envoy.lb": wanted, "other": {"a": 1}}}
    return predicate("omit_host_metadata", "omit_host_metadata.v3.OmitHostMetadataConfig", metadata_match=match)


PREVIOUS = predicate("previous_hosts", "previous_hosts.v3.PreviousHostsPredicate")
CANARIES = predicate("omit_canary_hosts", "omit_canary_hosts.v3.OmitCanaryHostsPredicate")
METADATA: tuple[dict[str, Any], ...] = (
    {"canary": True, "stage": "prod"},
    {"canary": "true", "stage": "prod"},
    {"canary": 1, "stage": ["prod", "test"], "number": 1},
    {"stage": "test", "number": True},
    {},
)
HOSTS = (Group("-----", metadata=METADATA),)
RING, MAGLEV = {"lb_policy": "RING_HASH"}, {"lb_policy": "MAGLEV"}
PREDICATES: dict[str, tuple[list[dict[str, Any]], int | None]] = {
    "none": ([], None),
    "previous": ([PREVIOUS], None),
    "previous5": ([PREVIOUS], 5),
    "previous0": ([PREVIOUS], 0),
    "canaries": ([CANARIES], 9),
    "prod": ([without(stage="prod")], 9),
    "one": ([without(number=1)], 9),
    "true": ([without(number=True, stage="test")], 9),
    "list": ([without(stage=["prod", "test"])], 9),
    "all": ([without()], 4),
    "several": ([PREVIOUS, CANARIES, without(stage="test")], 9),
    "either": ([without(stage="test"), without(number=1)], 9),
}


def cases(policy: dict[str, Any]) -> list[Case]:
    return [Case(f"{policy['lb_policy']}-{name}", HOSTS, policy, by_hash=True) for name in PREDICATES]


CASES = cases(RING) + cases(MAGLEV)


def retry_policy(case: Case) -> dict[str, Any]:
    predicates, attempts = PREDICATES[case.name.partition("-")[2]]
    policy = {**RETRIES, "num_retries": 3, "retry_host_predicate": predicates}
    return policy if attempts is None else {**policy, "host_selection_retry_max_attempts": attempts}


def test_requests_are_tried_again_where_envoy_tries_them(tmp_path: Path) -> None:
    requests = [f"GET /{case.name}/?key={key} HTTP/1.1\r\nHost: a\r\n\r\n" for case in CASES for key in range(KEYS)]
    theirs, ours = tried_by_both(CASES, retry_policy, requests, *free_ports(1), tmp_path)
    assert len(theirs) == len(CASES) * KEYS
    assert {target: hosts for target, hosts in ours.items() if hosts != theirs[target]} == {}
