"""The priorities to which a real Envoy's retries go with previous_priorities, and the gateway's do."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from pathlib import Path
from typing import Any

from conformance.balance_oracle import Case, Group, document
from conformance.envoy_oracle import run_envoy
from conformance.failing_server import FailingServer
from conformance.ports import free_ports

from fastpath import load
from fastpath.proxy import Gateway

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


def configured(port: int, server: int) -> dict[str, Any]:
    made = document([case for case, _ in CASES], port, server)
    resources = made["static_resources"]
    resources["listeners"] = resources["listeners"][:1]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    (host,) = manager["route_config"]["virtual_hosts"]
    del host["response_headers_to_add"]
    for (case, frequency), route in zip(CASES, host["routes"], strict=True):
        route["route"]["retry_policy"] = {
            "retry_on": "5xx",
            "num_retries": 5,
            "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.001s"},
            "retry_priority": {
                "name": "envoy.retry_priorities.previous_priorities",
                "typed_config": {"@type": CONFIG, "update_frequency": frequency},
            },
        }
        if case.name.endswith("_second"):  # both at once, as is usual
            predicate = {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": {"@type": PREVIOUS_HOSTS},
            }
            route["route"]["retry_policy"] |= {
                "retry_host_predicate": [predicate],
                "host_selection_retry_max_attempts": 3,
            }
    return made


def priority_of(case: Case) -> dict[str, int]:
    listed = [group.priority for group in case.groups for _ in group.hosts]
    return {f"127.0.1.{number}": priority for number, priority in enumerate(listed, 1)}


async def tried(port: int, server: FailingServer) -> dict[str, Counter[tuple[int, ...]]]:
    """The priorities of each request's tries, through the proxy at this port."""
    server.tried.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found: dict[str, Counter[tuple[int, ...]]] = {}
    for case, _ in CASES:
        known, counts = priority_of(case), Counter[tuple[int, ...]]()
        for key in range(REQUESTS):
            target = f"/{case.name}/?key={key}"
            writer.write(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert head.startswith(b"HTTP/1.1 503"), head
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
            await reader.readexactly(length)
            counts[tuple(known[host] for host in server.tried.get(target.encode(), []))] += 1
        found[case.name] = counts
    writer.close()
    await writer.wait_closed()
    return found


async def compare(directory: Path) -> None:
    port, server_port = free_ports(2)
    made = configured(port, server_port)
    server = FailingServer()
    listening = await asyncio.start_server(server.handle, "0.0.0.0", server_port)
    try:
        with run_envoy(made, [port], directory):
            theirs = await tried(port, server)
        made["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] = 0
        async with Gateway(load({"static_resources": made["static_resources"]}), seed=7) as gateway:
            ours = await tried(gateway.addresses["front"][1], server)
    finally:
        listening.close()
    await asyncio.sleep(0.1)  # for the connections to end
    failures = {}
    for case, _ in CASES:
        for length in range(7):  # prefixes first: there are fewer of them
            first, own = (Counter[tuple[int, ...]]() for _ in range(2))
            for tries, number in theirs[case.name].items():
                first[tries[:length]] += number
            for tries, number in ours[case.name].items():
                own[tries[:length]] += number
            for tries in first | own:
                share = (first[tries] + own[tries]) / (2 * REQUESTS)
                tolerance = 0 if case.by_hash else 4.5 * math.sqrt(2 * REQUESTS * share * (1 - share))
                if abs(first[tries] - own[tries]) > tolerance:
                    failures[case.name] = tries, first[tries], own[tries]
    assert failures == {}
    assert set(theirs["every"]) == {(0, 1, 2, 3, 0, 1)}


def test_retries_go_to_the_priorities_that_envoy_takes(tmp_path: Path) -> None:
    asyncio.run(compare(tmp_path))
