"""Where a real Envoy tries failing requests, and the gateway of this library does with the same configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastpath import load
from fastpath.proxy import Gateway

from .balance_oracle import Case, document
from .envoy_oracle import run_envoy
from .ports import free_ports

__all__ = ["RETRIES", "Tried", "tried_by_both"]

RETRIES = {"retry_on": "5xx", "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.001s"}}
"""The beginning of a retry_policy."""

Tried = dict[str, list[str]]
"""The addresses that the request of each target came to, in their order."""


class _FailingServer:
    """Answers 503 on every address."""

    def __init__(self) -> None:
        self.tried: Tried = {}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = head.split(b" ")[1].decode()
                self.tried.setdefault(target, []).append(writer.get_extra_info("sockname")[0])
                writer.write(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def tried_through(self, port: int, requests: Iterable[str]) -> Tried:
        """By the proxy at this port, which gets the requests over one connection."""
        self.tried = {}
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in requests:
            writer.write(request.encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert head.startswith(b"HTTP/1.1 503"), head
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0] or 0))
        writer.close()
        await writer.wait_closed()
        return self.tried


def tried_by_both(
    cases: Sequence[Case],
    retry_policy: Callable[[Case], dict[str, Any]],
    requests: Sequence[str],
    hosts_port: int,
    directory: Path,
    **more: Any,
) -> tuple[Tried, Tried]:
    """Envoy's and the gateway's tries, for clusters of these cases whose hosts all fail, on a free port.

    `more` are further fields of the routes. All requests are answered with 503 in the end.
    """
    (port,) = free_ports(1)
    configured = document(cases, port, hosts_port)
    resources = configured["static_resources"]
    resources["listeners"] = resources["listeners"][:1]  # the failing server is the other one
    (front,) = resources["listeners"]
    (host,) = front["filter_chains"][0]["filters"][0]["typed_config"]["route_config"]["virtual_hosts"]
    del host["response_headers_to_add"]
    for case, route in zip(cases, host["routes"], strict=True):
        route["route"]["retry_policy"] = retry_policy(case)
        route.update(more)

    async def both() -> tuple[Tried, Tried]:
        server = _FailingServer()
        listening = await asyncio.start_server(server.handle, "0.0.0.0", hosts_port)
        try:
            with run_envoy(configured, [port], directory):
                theirs = await server.tried_through(port, requests)
            front["address"]["socket_address"]["port_value"] = 0
            async with Gateway(load({"static_resources": resources}), seed=7) as gateway:
                ours = await server.tried_through(gateway.addresses["front"][1], requests)
        finally:
            listening.close()
        await asyncio.sleep(0.1)  # for the connections to end
        return theirs, ours

    return asyncio.run(both())
