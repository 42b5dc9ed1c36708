"""An ASGI middleware that routes and balances: what a route of the table takes goes upstream, the rest to the app.

app = Balanced(app, fastpath.load("canary.yaml"))
uvicorn asgi_middleware:app          # needs httpx, and an ASGI server
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx

import fastpath

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HOP_BY_HOP = {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"host"}
ATTEMPTS = 3


class Balanced:
    def __init__(self, app: App, config: fastpath.models.Config, client: httpx.AsyncClient | None = None):
        self.app = app
        self.table = fastpath.RouteTable.from_config(config)
        self.clusters = fastpath.ClusterManager(config.clusters)
        self.client = client or httpx.AsyncClient(timeout=10)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        match = self.match(scope) if scope["type"] == "http" else None
        cluster = match.cluster if match is not None else None  # None: a redirect, or an answer of the route's own
        if cluster is None or cluster not in self.clusters:
            await self.app(scope, receive, send)
        else:
            await self.forward(self.clusters[cluster], scope, receive, send)

    def match(self, scope: Message) -> fastpath.Match | None:
        headers = scope["headers"]
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        return self.table.match_parts(
            method=scope["method"],
            authority=next((value for name, value in headers if name == b"host"), None),
            path=scope["raw_path"] + query,
            headers=headers,
            scheme=scope["scheme"],
        )

    async def forward(self, cluster: fastpath.Cluster, scope: Message, receive: Receive, send: Send) -> None:
        """Another host is tried while no byte of the body was taken: nothing is sent twice."""
        tried: list[fastpath.Host] = []
        body = Body(receive)
        for _ in range(ATTEMPTS):
            try:
                pick = cluster.pick(exclude=tried)
            except fastpath.NoHostAvailable:
                break
            with pick:
                try:
                    await self.exchange(pick, scope, body, send)
                    return
                except httpx.ConnectError:
                    pick.report(reset="connect-failure")
                    tried.append(pick.host)
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"no host\n"})

    async def exchange(self, pick: fastpath.Pick, scope: Message, body: Body, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name not in HOP_BY_HOP]
        url = httpx.URL(
            scheme="http", host=pick.host.address, port=pick.host.port, raw_path=scope["raw_path"], params=None
        ).copy_with(query=scope["query_string"] or None)
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        content = body.parts() if has_body else None
        async with self.client.stream(scope["method"], url, headers=headers, content=content) as response:
            pick.report(response.status_code)
            kept = [(name.lower(), value) for name, value in response.headers.raw if name.lower() not in HOP_BY_HOP]
            await send({"type": "http.response.start", "status": response.status_code, "headers": kept})
            async for part in response.aiter_raw():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


class Body:
    """A request's body, taken once."""

    def __init__(self, receive: Receive):
        self.receive = receive

    async def parts(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.receive()
            if message["type"] != "http.request":
                raise httpx.RequestError("the client has gone")
            yield message.get("body", b"")
            more = message.get("more_body", False)


async def not_found(scope: Message, receive: Receive, send: Send) -> None:
    """The app behind the middleware of this example."""
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"nothing here\n"})


if configuration := os.environ.get("FASTPATH_CONFIG"):
    app = Balanced(not_found, fastpath.load(configuration))
