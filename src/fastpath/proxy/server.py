"""One listener: its socket, its clients' connections, its routes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastpath import Match, RouteTable

from ..models import HttpConnectionManager, Listener
from ..routing import path_normalizer
from .downstream import Downstream
from .timeouts import FOREVER, TimeoutQueue

if TYPE_CHECKING:
    from .exchange import Exchange
    from .fault_filter import FaultFilter
    from .gateway import Gateway

__all__ = ["Server"]


class Server:
    """Accepts a listener's connections and matches their requests."""

    def __init__(
        self,
        gateway: Gateway,
        listener: Listener,
        manager: HttpConnectionManager,
        table: RouteTable,
        faults: FaultFilter | None,
    ):
        options, loop = gateway.options, gateway.loop
        self.gateway = gateway
        self.listener = listener
        self.table = table
        self.faults = faults
        self.sessions = manager.stateful_session
        self.connections: set[Downstream] = set()
        head, idle = manager.request_headers_timeout, manager.idle_timeout
        head = options.request_headers_timeout if head is None else head
        idle = options.idle_timeout if idle is None else idle
        self.head_timeout = TimeoutQueue(loop, head or FOREVER, Downstream.head_timed_out)
        self.idle = TimeoutQueue(loop, idle or FOREVER, Downstream.idle_timed_out)
        self.linger = TimeoutQueue(loop, options.linger_timeout, Downstream.abort)
        self.normalizer = path_normalizer(manager)
        self.upgrade_types = frozenset(each.encode() for each in manager.upgrade_types)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Bind and listen."""
        loop = self.gateway.loop
        self._server = await loop.create_server(
            lambda: Downstream(self), self.listener.address, self.listener.port, backlog=1024
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._server is not None
        name = self._server.sockets[0].getsockname()
        return name[0], name[1]

    @property
    def busy(self) -> bool:
        """Whether a request is under way, or the end of a response is still to be sent."""
        return any(connection.busy for connection in self.connections)

    def match(self, exchange: Exchange, random: int | None = None) -> Match | None:
        """The route of a request. `random` chooses among the clusters of a split instead of the table's generator."""
        return self.table.match(exchange.request, random)

    def stop_listening(self) -> None:
        """Accept no more, and end the connections that have nothing under way."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.drain()

    def abort(self) -> None:
        """End all connections now."""
        for connection in list(self.connections):
            connection.abort()
        for queue in (self.head_timeout, self.idle, self.linger):
            queue.close()

    async def wait_closed(self) -> None:
        """Until the socket is closed."""
        if self._server is not None:
            await self._server.wait_closed()
