"""Hosts that requests name: a real Envoy sends them, and tries them again, where the gateway does."""

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

POLICIES = "type.googleapis.com/envoy.extensions.load_balancing_policies."
HOSTS = (Group("-u-d-"), Group("--", priority=1))


def policy(kind: str, **config: Any) -> dict[str, Any]:
    typed = {"@type": POLICIES + kind, **config}
    return {"policies": [{"typed_extension_config": {"name": "x", "typed_config": typed}}]}


def overriding(*sources: dict[str, Any]) -> dict[str, Any]:
    fallback = policy("ring_hash.v3.RingHash")
    return {
        "load_balancing_policy": policy(
            "override_host.v3.OverrideHost", override_host_sources=list(sources), fallback_policy=fallback
        )
    }


METADATA = {"metadata": {"key": "envoy.lb", "path": [{"key": "x-to"}]}}
CASES = [
    Case("header", HOSTS, overriding({"header": "x-to"}), by_hash=True),
    Case("several", HOSTS, overriding({"header": "X-Also"}, METADATA, {"header": "x-to"}), by_hash=True),
    Case("authority", HOSTS, overriding({"header": ":authority"}), by_hash=True),
    Case("added", HOSTS, overriding({"header": "x-added"}), by_hash=True),
]
# Hosts are named H1 to H7.
LINES = [
    [],
    ["x-to: H3"],
    ["x-to: H2"],  # unhealthy
    ["x-to: H7"],  # of the other priority
    ["x-to: H3,H1"],
    ["x-to: H3,H1,H5,H6,H7"],
    ["x-to:  H3 ,\tH1 , , H4,"],
    ["x-to: 10.9.9.9:80, H4, H3"],
    ["x-to: nonsense, 127.0.1.3, H4:1, [H3], H5"],
    ["x-to: H3,H3,H3"],
    ["x-to:"],
    ["x-to: ,"],
    ["x-to: H3", "x-to: H4"],
    ["X-TO: H4"],
    ["x-also: H1,H2", "x-to: H3"],
    ["x-also: ", "x-to: H3"],
    ["x-added: H1"],
]


async def tried(port: int, server: FailingServer, server_port: int) -> dict[bytes, list[str]]:
    """Through the proxy at this port."""
    server.tried.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for case in CASES:
        for number, lines in enumerate(LINES):
            for key in range(4):
                fields = "".join(f"{line}\r\n" for line in lines)
                authority = "H5" if number % 2 else "a"
                text = f"GET /{case.name}/?key={key}&line={number} HTTP/1.1\r\nHost: {authority}\r\n{fields}\r\n"
                for host in range(1, 8):
                    text = text.replace(f"H{host}", f"127.0.1.{host}:{server_port}")
                writer.write(text.encode())
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
    for route in host["routes"]:
        route["route"]["retry_policy"] = {
            "retry_on": "5xx",
            "num_retries": 3,
            "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.001s"},
        }
        value = f"127.0.1.4:{server_port}"
        route["request_headers_to_add"] = [{"header": {"key": "x-added", "value": value}}]
    server = FailingServer()
    listening = await asyncio.start_server(server.handle, "0.0.0.0", server_port)
    try:
        with run_envoy(configured, [port], directory):
            theirs = await tried(port, server, server_port)
        resources["listeners"][0]["address"]["socket_address"]["port_value"] = 0
        async with Gateway(load({"static_resources": resources}), seed=7) as gateway:
            ours = await tried(gateway.addresses["front"][1], server, server_port)
    finally:
        listening.close()
    await asyncio.sleep(0.1)  # for the connections to end
    assert len(theirs) == len(CASES) * len(LINES) * 4
    assert {target: (hosts, theirs[target]) for target, hosts in ours.items() if hosts != theirs[target]} == {}
    assert len({tuple(hosts) for hosts in theirs.values()}) > 20


def test_requests_go_to_the_hosts_that_they_name(tmp_path: Path) -> None:
    asyncio.run(compare(tmp_path))
