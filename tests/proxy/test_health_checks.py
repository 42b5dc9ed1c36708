"""Hosts that fail their checks get no requests, unless most of them do."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

CHECK = {
    "timeout": "1s",
    "interval": "0.02s",
    "no_traffic_interval": "0.02s",
    "unhealthy_threshold": 1,
    "healthy_threshold": 1,
    "http_health_check": {"path": "/health"},
}


class Checked:
    """An upstream that can be told how to answer checks."""

    def __init__(self, name: bytes, lab: Any) -> None:
        self.name = name
        self.lab = lab
        self.status = 200
        self.requests = 0
        self.checks = 0
        self.connections = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = await self.lab.read_head(reader)
            if head.start.split()[1] == b"/health":
                self.checks += 1
                writer.write(self.lab.answer(self.status, b"x"))
            else:
                self.requests += 1
                writer.write(self.lab.answer(200, self.name))


async def checked(lab: Any, *statuses: int) -> tuple[list[Checked], list[int]]:
    upstreams = [Checked(b"p%d" % number, lab) for number in range(len(statuses))]
    for upstream, status in zip(upstreams, statuses, strict=True):
        upstream.status = status
    return upstreams, [await lab.serve(upstream.handle) for upstream in upstreams]


async def shares(lab: Any, client: Any) -> Counter[bytes]:
    return Counter([(await client.request(lab.get())).body for _ in range(150)])


async def test_unhealthy_hosts_panic_and_recovery(lab: Any) -> None:
    upstreams, ports = await checked(lab, 200, 200, 500)
    gateway = await lab.gateway({"one": ports}, cluster={"health_checks": [CHECK]})
    client = await lab.client()
    assert await shares(lab, client) == {b"p0": 75, b"p1": 75}

    hosts = gateway.clusters["one"].hosts
    upstreams[1].status = 500
    await lab.until(lambda: hosts[1].flags)
    assert await shares(lab, client) == {b"p0": 50, b"p1": 50, b"p2": 50}

    upstreams[1].status = 200
    await lab.until(lambda: not hosts[1].flags)
    assert await shares(lab, client) == {b"p0": 75, b"p1": 75}
    assert all(host.stats.requests == upstream.requests for host, upstream in zip(hosts, upstreams, strict=True))
    assert upstreams[0].checks > 2
    assert upstreams[0].connections == 2  # one for requests, one for checks


async def test_requests_wait_for_nothing_once_hosts_are_checked(lab: Any) -> None:
    """The gateway listens when the first checks are through: no request meets a host that was not asked."""
    upstreams, ports = await checked(lab, 200, 500, 500)
    no_panic = {"healthy_panic_threshold": {"value": 0}}
    await lab.gateway({"one": ports}, cluster={"health_checks": [CHECK], "common_lb_config": no_panic})
    assert [(await lab.fetch()).body for _ in range(5)] == [b"p0"] * 5
    assert [upstream.checks >= 1 for upstream in upstreams] == [True] * 3


async def test_a_dead_host_and_a_silent_one_fail(lab: Any) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    _, ports = await checked(lab, 200)
    silent = await lab.serve(say_nothing)
    check = {**CHECK, "timeout": "0.3s"}
    gateway = await lab.gateway({"one": [*ports, silent, lab.dead_port()]}, cluster={"health_checks": [check]})
    flags = [str(host.flags) for host in gateway.clusters["one"].hosts]
    assert "TIMEOUT" not in flags[2]
    assert [bool(host.flags) for host in gateway.clusters["one"].hosts] == [False, True, True]


async def test_connections_are_enough_for_tcp(lab: Any) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4):
            writer.write(b"+PONG\r\n")

    port = await lab.serve(greet)
    tcp = {"send": {"text": b"PING".hex()}, "receive": [{"text": b"PONG".hex()}]}
    check = {name: value for name, value in CHECK.items() if name != "http_health_check"}
    gateway = await lab.gateway({"one": [port]}, cluster={"health_checks": [{**check, "tcp_health_check": tcp}]})
    assert not gateway.clusters["one"].hosts[0].flags
    checker = gateway.health.checkers["one"]
    await lab.until(lambda: checker.stats.success > 3)
    assert checker.stats.failure == 0
