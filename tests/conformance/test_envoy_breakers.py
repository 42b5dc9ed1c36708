"""Circuit breakers against a real Envoy: of requests that come at once the same numbers are answered and refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.envoy_oracle import run_envoy
from conformance.ports import free_ports

from fastpath import load
from fastpath.proxy import Gateway

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
FIRST_AFTER, ANSWER_AFTER = 1.0, 0.4  # seconds: long enough for all requests, or all retries, to be there


@dataclass(frozen=True)
class Case:
    """How many requests come at once, to how many hosts, that answer with this status.

    `first` of them come before: a request waits until its connection is there, so that how many wait would depend on
    how soon that is.
    """

    name: str
    thresholds: dict[str, Any]
    first: int = 0
    requests: int = 12
    hosts: int = 1
    status: int = 200
    route: dict[str, Any] = field(default_factory=dict)


RETRIES = {"retry_policy": {"retry_on": "5xx", "num_retries": 1, "retry_back_off": {"base_interval": "0.001s"}}}
CASES = [
    Case("all", {}),
    Case("requests", {"max_requests": 3}),
    Case("no_requests", {"max_requests": 0}),
    Case("pending", {"max_connections": 1, "max_pending_requests": 4}, first=1),
    Case("connections", {"max_connections": 2}),
    Case("connections_and_pending", {"max_connections": 2, "max_pending_requests": 5}, first=2),
    Case("one_connection_each", {"max_connections": 1, "max_pending_requests": 6}, first=3, hosts=3),
    Case("retries", {"max_retries": 2}, status=503, route=RETRIES),
    # A share of what is under way would depend on how many answers have come by the first retry.
    Case(
        "least_retries",
        {"retry_budget": {"budget_percent": {"value": 1}, "min_retry_concurrency": 2}},
        status=503,
        route=RETRIES,
    ),
]


class Upstream:
    """Answers after a while, and counts."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.requests = 0
        self.first_at: float | None = None

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                now = asyncio.get_running_loop().time()
                self.first_at = self.first_at or now
                self.requests += 1
                await asyncio.sleep(max(ANSWER_AFTER, self.first_at + FIRST_AFTER - now))
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % self.status)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def cluster(case: Case, ports: list[int]) -> dict[str, Any]:
    endpoints = [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports
    ]
    return {
        "name": case.name,
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [case.thresholds]},
        "load_assignment": {"cluster_name": case.name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def document(clusters: list[dict[str, Any]], port: int) -> dict[str, Any]:
    routes = [{"match": {"prefix": f"/{case.name}/"}, "route": {"cluster": case.name, **case.route}} for case in CASES]
    manager = {
        "@type": HCM,
        "stat_prefix": "web",
        "http_filters": [ROUTER],
        "route_config": {"name": "web", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
    }
    listener = {
        "name": "web",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


async def ask(port: int, name: str) -> tuple[int, bool]:
    """Status, and whether the answer says that something is overloaded."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /{name}/ HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), b"x-envoy-overloaded: true" in head.lower()


async def outcomes(port: int, upstreams: dict[str, list[Upstream]]) -> dict[str, tuple[Counter[tuple[int, bool]], int]]:
    """By case: the answers, and how many requests the hosts got. All cases at once, since they share nothing."""
    answers = await asyncio.gather(*(outcome(port, case, upstreams[case.name]) for case in CASES))
    return {case.name: found for case, found in zip(CASES, answers, strict=True)}


async def outcome(port: int, case: Case, upstreams: list[Upstream]) -> tuple[Counter[tuple[int, bool]], int]:
    def arrived() -> int:
        return sum(each.requests for each in upstreams) - before

    before = sum(each.requests for each in upstreams)
    for each in upstreams:
        each.first_at = None
    asked = [asyncio.ensure_future(ask(port, case.name)) for _ in range(case.first)]
    while arrived() < case.first:
        await asyncio.sleep(0.001)
    asked += [asyncio.ensure_future(ask(port, case.name)) for _ in range(case.requests - case.first)]
    return Counter(await asyncio.gather(*asked)), arrived()


async def compare(directory: Path) -> None:
    (port,) = free_ports(1)
    upstreams = {case.name: [Upstream(case.status) for _ in range(case.hosts)] for case in CASES}
    clusters, servers = [], []
    for case in CASES:
        listening = [await asyncio.start_server(each.handle, "127.0.0.1", 0) for each in upstreams[case.name]]
        servers += listening
        clusters.append(cluster(case, [each.sockets[0].getsockname()[1] for each in listening]))
    with run_envoy(document(clusters, port), [port], directory):
        envoys = await outcomes(port, upstreams)
    async with Gateway(load(document(clusters, 0)), seed=1) as gateway:
        own = await outcomes(gateway.addresses["web"][1], upstreams)
    for server in servers:
        server.close()
    await asyncio.sleep(0.1)  # for the connections to end
    assert own == envoys


def test_the_same_numbers_are_refused(tmp_path: Path) -> None:
    asyncio.run(compare(tmp_path))
