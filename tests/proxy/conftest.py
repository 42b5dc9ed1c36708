"""A laboratory on loopback: scripted upstreams, a gateway, clients. Neither side of it uses the library under test."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from fastpath import load
from fastpath.proxy import Gateway, Options

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
PREVIOUS_HOSTS = {
    "name": "envoy.retry_host_predicates.previous_hosts",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    },
}

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Message:
    """A request or response as read off the wire."""

    start: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    trailers: bytes = b""

    @property
    def status(self) -> int:
        return int(self.start.split()[1])

    def get(self, name: bytes) -> bytes | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) < 2, f"{name!r} stands there twice"
        return values[0] if values else None


async def read_head(reader: asyncio.StreamReader) -> Message:
    start, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    pairs = [line.split(b":", 1) for line in lines]
    return Message(start, [(name, value.strip()) for name, value in pairs])


async def read_body(reader: asyncio.StreamReader, message: Message, *, until_close: bool = False) -> Message:
    if message.get(b"transfer-encoding") is not None:
        assert message.get(b"transfer-encoding") == b"chunked"
        assert message.get(b"content-length") is None
        while size := int((await reader.readuntil(b"\r\n"))[:-2], 16):
            message.body += await reader.readexactly(size)
            assert await reader.readexactly(2) == b"\r\n"
        while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
            message.trailers += line
    elif message.get(b"content-length") is not None:
        message.body = await reader.readexactly(int(message.get(b"content-length") or 0))
    elif until_close:
        message.body = await reader.read()
    return message


async def read_response(reader: asyncio.StreamReader, method: bytes = b"GET") -> Message:
    message = await read_head(reader)
    if method == b"HEAD" or message.status in (204, 304) or message.status < 200:
        return message
    return await read_body(reader, message, until_close=True)


def answer(status: int = 200, body: bytes = b"", *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 %d X" % status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class Upstream:
    """A server that answers with its own name, and remembers what it was sent."""

    name: str
    port: int
    requests: list[Message] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0
    raw: bytearray = field(default_factory=bytearray)
    gate: asyncio.Semaphore | None = None

    def release(self, answers: int) -> None:
        """Let an upstream that holds its answers back give so many."""
        assert self.gate is not None
        for _ in range(answers):
            self.gate.release()


@dataclass
class Client:
    """A raw connection to the gateway."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def response(self, method: bytes = b"GET") -> Message:
        return await read_response(self.reader, method)

    async def request(self, data: bytes) -> Message:
        await self.send(data)
        return await self.response(data.split(b" ", 1)[0])

    async def closed(self) -> bool:
        """Whether the gateway has ended the connection without another byte."""
        with suppress(ConnectionResetError):
            return await self.reader.read(1) == b""
        return True


def get(path: str = "/", *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: a.example", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class Lab:
    """What a test has running; all of it ends with the test."""

    def __init__(self, uses_uvloop: bool):
        self.uses_uvloop = uses_uvloop
        self.expects_problems = False
        self.stack = AsyncExitStack()
        self.get = get
        self.answer = answer
        self.read_head = read_head
        self.read_body = read_body
        self.previous_hosts = PREVIOUS_HOSTS

    async def serve(self, handler: Handler) -> int:
        """A server with this handler for each connection; returns its port."""

        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                with suppress(asyncio.IncompleteReadError, ConnectionError):
                    await handler(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(guarded, "127.0.0.1", 0, backlog=1024)
        self.stack.callback(server.close)
        return int(server.sockets[0].getsockname()[1])

    async def upstream(
        self, name: str = "up", status: int = 200, *, delay: float = 0.0, held: bool = False
    ) -> Upstream:
        """A well-behaved upstream: keeps connections, answers every request with its name; `held`, when released."""
        upstream = Upstream(name, 0, gate=asyncio.Semaphore(0) if held else None)

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            upstream.connections += 1
            upstream.open_connections += 1
            try:
                while True:
                    request = await read_body(reader, await read_head(reader))
                    upstream.requests.append(request)
                    if delay:
                        await asyncio.sleep(delay)
                    if upstream.gate is not None:
                        await upstream.gate.acquire()
                    body = b"" if request.start.startswith(b"HEAD ") else name.encode()
                    head = answer(status, name.encode(), b"X-Upstream: " + name.encode()).partition(b"\r\n\r\n")[0]
                    writer.write(head + b"\r\n\r\n" + body)
                    await writer.drain()
            finally:
                upstream.open_connections -= 1

        upstream.port = await self.serve(handle)
        return upstream

    def dead_port(self) -> int:
        """A port that refuses connections."""
        import socket

        holder = socket.socket()
        self.stack.callback(holder.close)
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])

    async def gateway(
        self,
        clusters: dict[str, list[Any]],
        routes: list[dict[str, Any]] | None = None,
        *,
        kind: type[Gateway] = Gateway,
        options: Options | None = None,
        seed: int | None = 7,
        manager: dict[str, Any] | None = None,
        cluster: dict[str, Any] | None = None,
    ) -> Gateway:
        """A gateway to clusters of ports (or (port, weight)); without routes all goes to the first one."""
        if routes is None:
            routes = [{"match": {"prefix": "/"}, "route": {"cluster": next(iter(clusters))}}]
        config = {
            "@type": HCM,
            "stat_prefix": "web",
            "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
            "route_config": {"name": "web", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
            **(manager or {}),
        }
        document = {
            "static_resources": {
                "listeners": [
                    {
                        "name": "web",
                        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
                        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": config}]}],
                    }
                ],
                "clusters": [_cluster(name, ports, cluster or {}) for name, ports in clusters.items()],
            }
        }
        gateway = kind(load(document), options, seed=seed)
        await self.stack.enter_async_context(gateway)
        self.address = gateway.addresses["web"]
        return gateway

    async def client(self) -> Client:
        """A connection to the latest gateway."""
        client = Client(*await asyncio.open_connection(*self.address))
        self.stack.callback(client.writer.close)
        return client

    async def fetch(self, request: bytes | str = "/") -> Message:
        """One request on a connection of its own."""
        client = await self.client()
        try:
            return await client.request(get(request) if isinstance(request, str) else request)
        finally:
            client.writer.close()

    def fetches(self, count: int) -> list[asyncio.Task[Message]]:
        """Requests at once, each on a connection of its own."""
        return [asyncio.create_task(self.fetch()) for _ in range(count)]

    async def answered(self, fetches: list[asyncio.Task[Message]], count: int) -> None:
        """Wait until so many of them have their answer."""
        await self.until(lambda: sum(each.done() for each in fetches) >= count)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that happens elsewhere."""
        while not condition():
            await asyncio.sleep(0.002)


def _cluster(name: str, ports: list[Any], fields: dict[str, Any]) -> dict[str, Any]:
    endpoints = []
    host = "localhost" if "type" in fields else "127.0.0.1"
    for each in ports:
        port, weight = each if isinstance(each, tuple) else (each, 1)
        address = {"socket_address": {"address": host, "port_value": getattr(port, "port", port)}}
        endpoints.append({"endpoint": {"address": address}, "load_balancing_weight": weight})
    assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
    return {"name": name, "connect_timeout": "2s", "load_assignment": assignment, **fields}


@pytest.fixture(params=["asyncio", "uvloop"])
def lab(request: pytest.FixtureRequest) -> Lab:
    return Lab(request.param == "uvloop")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run coroutine tests, on the lab's event loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    lab = arguments["lab"]

    async def body() -> None:
        async with lab.stack:
            await asyncio.wait_for(pyfuncitem.obj(**arguments), 60)

    loop = uvloop.new_event_loop() if lab.uses_uvloop else asyncio.new_event_loop()
    problems: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: problems.append(context))
    try:
        loop.run_until_complete(body())
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
    if not lab.expects_problems:
        assert not [each for each in problems if not isinstance(each.get("exception"), asyncio.CancelledError)]
    return True
