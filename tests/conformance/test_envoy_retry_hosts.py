"""The hosts on which a real Envoy tries a request again, and the gateway does: the same ones in the same order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from conformance.balance_oracle import Case, Group, document
from conformance.envoy_oracle import run_envoy
from conformance.failing_server import FailingServer
from conformance.ports import free_ports

from fastpath import load
from fastpath.proxy import Gateway

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
    policy: dict[str, Any] = {
        "retry_on": "5xx",
        "num_retries": 3,
        "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.001s"},
        "retry_host_predicate": predicates,
    }
    return policy if attempts is None else {**policy, "host_selection_retry_max_attempts": attempts}


async def tried(port: int, server: FailingServer) -> dict[bytes, list[str]]:
    """Through the proxy at this port."""
    server.tried.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for case in CASES:
        for key in range(KEYS):
            writer.write(f"GET /{case.name}/?key={key} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert head.startswith(b"HTTP/1.1 503"), head
    writer.close()
    await writer.wait_closed()
    return dict(server.tried)


async def compare(directory: Path) -> None:
    port, server_port = free_ports(2)
    configured = document(CASES, port, server_port)
    resources = configured["static_resources"]
    resources["listeners"] = resources["listeners"][:1]
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    (host,) = manager["route_config"]["virtual_hosts"]
    del host["response_headers_to_add"]
    for case, route in zip(CASES, host["routes"], strict=True):
        route["route"]["retry_policy"] = retry_policy(case)
    server = FailingServer()
    listening = await asyncio.start_server(server.handle, "0.0.0.0", server_port)
    try:
        with run_envoy(configured, [port], directory):
            theirs = await tried(port, server)
        resources["listeners"][0]["address"]["socket_address"]["port_value"] = 0
        async with Gateway(load({"static_resources": resources}), seed=7) as gateway:
            ours = await tried(gateway.addresses["front"][1], server)
    finally:
        listening.close()
    await asyncio.sleep(0.1)  # for the connections to end
    assert len(theirs) == len(CASES) * KEYS
    assert {target: hosts for target, hosts in ours.items() if hosts != theirs[target]} == {}


def test_requests_are_tried_again_where_envoy_tries_them(tmp_path: Path) -> None:
    asyncio.run(compare(tmp_path))
