"""The priorities to which a real Envoy's retries go with previous_priorities, and the gateway's do."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

from conformance.balance_oracle import Case, Group
from conformance.ports import free_ports
from conformance.retry_oracle import RETRIES, Tried, tried_by_both

CONFIG = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
PREVIOUS_HOSTS = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
REQUESTS = 48


def priorities(*health: str) -> tuple[Group, ...]:
    return tuple(Group(hosts, zone="z", priority=priority) for priority, hosts in enumerate(health))


WELL = priorities("hh", "hh", "hh", "hh")
# With how many attempts change the priorities.
CASES: tuple[tuple[Case, int], ...] = (
    (Case("every", WELL), 1),
    (Case("every_second", WELL), 2),
    (Case("every_third", WELL), 3),
    (Case("never", WELL), 9),
    (Case("random", WELL, {"lb_policy": "RANDOM"}), 1),
    (Case("least_request", WELL, {"lb_policy": "LEAST_REQUEST"}), 2),
    (Case("ring_hash", WELL, {"lb_policy": "RING_HASH"}, by_hash=True), 1),
    (Case("maglev", WELL, {"lb_policy": "MAGLEV"}, by_hash=True), 1),
    (Case("two", priorities("hhh", "hhh")), 1),
    (Case("two_every_second", priorities("hhh", "hhh")), 2),
    (Case("sole", priorities("hhh")), 1),
    (Case("sole_every_third", priorities("hhh")), 3),
    (Case("half_ill", priorities("hu", "hu", "hh", "hu")), 1),
    (Case("half_ill_every_second", priorities("hu", "hu", "hh", "hu")), 2),
    (Case("little", priorities("huuu", "huuuu", "huuu")), 1),
    (Case("degraded", priorities("hdd", "ddu", "huu", "ddd")), 1),
    (Case("degraded_every_second", priorities("hdd", "ddu", "huu", "ddd")), 2),
    (Case("none_well", priorities("uuu", "uu", "uu")), 1),
    (Case("none_well_every_second", priorities("uuu", "uu", "uu")), 2),
    (Case("one_well", priorities("uuu", "uu", "hh")), 1),
    (Case("empty_between", (Group("hh"), Group("hh", priority=2))), 1),
    (Case("no_panic", priorities("huu", "huu", "uuh"), {"common_lb_config": {"healthy_panic_threshold": {}}}), 1),
    (
        Case(
            "subset",
            tuple(
                Group("hh", priority=priority, metadata=({"v": "a"}, {"v": "b" if priority != 1 else "a"}))
                for priority in range(3)
            ),
            {"lb_subset_config": {"fallback_policy": "ANY_ENDPOINT", "subset_selectors": [{"keys": ["v"]}]}},
            metadata_match={"v": "b"},
        ),
        1,
    ),
)


FREQUENCIES = {case.name: frequency for case, frequency in CASES}


def retry_policy(case: Case) -> dict[str, Any]:
    policy = {
        **RETRIES,
        "num_retries": 5,
        "retry_priority": {
            "name": "envoy.retry_priorities.previous_priorities",
            "typed_config": {"@type": CONFIG, "update_frequency": FREQUENCIES[case.name]},
        },
    }
    if case.name.endswith("_second"):  # both at once, as is usual
        predicate = {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": PREVIOUS_HOSTS}}
        policy |= {"retry_host_predicate": [predicate], "host_selection_retry_max_attempts": 3}
    return policy


def priority_of(case: Case) -> dict[str, int]:
    listed = [group.priority for group in case.groups for _ in group.hosts]
    return {f"127.0.1.{number}": priority for number, priority in enumerate(listed, 1)}


def target(case: Case, key: int) -> str:
    return f"/{case.name}/?key={key}"


def priorities_tried(case: Case, tried: Tried) -> Counter[tuple[int, ...]]:
    """How often the case's requests were tried on these priorities, in this order."""
    known = priority_of(case)
    found = (tried.get(target(case, key), []) for key in range(REQUESTS))
    return Counter(tuple(known[host] for host in hosts) for hosts in found)


def prefixes(tried: Counter[tuple[int, ...]], length: int) -> Counter[tuple[int, ...]]:
    found = Counter[tuple[int, ...]]()
    for tries, number in tried.items():
        found[tries[:length]] += number
    return found


def test_retries_go_to_the_priorities_that_envoy_takes(tmp_path: Path) -> None:
    cases = [case for case, _ in CASES]
    requests = [f"GET {target(case, key)} HTTP/1.1\r\nHost: a\r\n\r\n" for case in cases for key in range(REQUESTS)]
    theirs, ours = tried_by_both(cases, retry_policy, requests, *free_ports(1), tmp_path)
    failures = {}
    for case in cases:
        envoys, own = priorities_tried(case, theirs), priorities_tried(case, ours)
        for length in range(7):  # prefixes first: there are fewer of them
            first, second = prefixes(envoys, length), prefixes(own, length)
            for tries in first | second:
                share = (first[tries] + second[tries]) / (2 * REQUESTS)
                tolerance = 0 if case.by_hash else 4.5 * math.sqrt(2 * REQUESTS * share * (1 - share))
                if abs(first[tries] - second[tries]) > tolerance:
                    failures[case.name] = tries, first[tries], second[tries]
    assert failures == {}
    assert set(priorities_tried(CASES[0][0], theirs)) == {(0, 1, 2, 3, 0, 1)}
