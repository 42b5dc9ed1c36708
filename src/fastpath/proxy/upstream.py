"""Connections to hosts, and the pools that keep them for reuse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastpath import (
    CLIENT,
    Connection,
    ConnectionClosed,
    Data,
    EndOfMessage,
    InformationalResponse,
    ProtocolError,
    Response,
)

from ..aio import HTTPProtocol
from .retry import CONNECT_FAILURE, RESET

if TYPE_CHECKING:
    from fastpath import CircuitBreaker, HeadRewriter, Host, Request

    from .gateway import Gateway
    from .upstream_request import UpstreamRequest

__all__ = ["Pool", "Upstream"]


class Upstream(HTTPProtocol):
    """One connection to a host. It serves one request at a time, and between two it lies in its pool."""

    def __init__(self, pool: Pool):
        gateway = pool.gateway
        super().__init__(Connection(CLIENT, limits=gateway.options.limits, pool=gateway.buffers))
        self.pool = pool
        self.request: UpstreamRequest | None = None
        self.reused = False
        self._answered = False  # something of the response has come
        self._unwanted = -1  # bytes of a response that nobody wants, once there is one

    # --- sending ---------------------------------------------------------------------------------------------------

    def send_head(
        self,
        request: Request,
        rewriter: HeadRewriter,
        *,
        path: bytes | None = None,
        query: bytes | None = None,
        authority: bytes | None = None,
        values: Sequence[bytes | None] = (),
        upgrade: bool = False,
    ) -> None:
        """Send a request's head as the route rewrites it. ProtocolError or ValueError for one that cannot be sent."""
        self._answered = False
        self.connection.forward_into(
            self.out, request, rewriter, path=path, query=query, authority=authority, values=values, upgrade=upgrade
        )

    def send_data(self, data: Data) -> None:
        """Send a stretch of the body, untouched."""
        self.connection.send_into(self.out, data)

    def send_end(self, end: EndOfMessage) -> None:
        """The request is complete."""
        self.connection.send_into(self.out, end)

    def writable_changed(self) -> None:
        if self.request is None:
            return
        if self.tunnel is not None:
            client = self.tunnel
            client.pause_reading() if self.write_paused else client.resume_reading()
        else:
            self.request.upstream_writable(not self.write_paused)

    # --- receiving -------------------------------------------------------------------------------------------------

    def received(self) -> None:
        request = self.request
        try:
            self._take_events()
        except ProtocolError as error:
            self._lost(RESET if error.code == "http_unexpected_eof" else "protocol")
        if request is not None:
            request.events_taken()

    def _take_events(self) -> None:
        next_event = self.connection.next_event
        while True:
            event = next_event()
            if isinstance(event, Data):
                if self.request is not None:
                    self.request.response_data(event)
                elif not self._drop(len(event)):
                    return
            elif isinstance(event, Response):
                self._answered = True
                if self.request is None or not self.request.response_head(event):
                    self._discard()
                elif self.tunnel is not None:
                    return
            elif isinstance(event, EndOfMessage):
                self._complete(event)
                return
            elif isinstance(event, InformationalResponse):
                self._answered = True
                if self.request is not None:
                    self.request.interim_response(event)
            elif isinstance(event, ConnectionClosed):
                self._lost(RESET)
                return
            else:  # NEED_DATA or PAUSED
                return

    def _complete(self, end: EndOfMessage) -> None:
        request, self.request = self.request, None
        self._unwanted = -1
        if self.connection.reusable:
            self.connection.start_next_cycle()
            self.pool.give_back(self)
        else:
            self.close()
        if request is not None:
            request.response_end(end)

    def _discard(self) -> None:
        """Read the rest of a response that nobody wants, so that the connection can be kept."""
        self.request = None
        self._unwanted = 0
        if not self.closing:
            self.pool.gateway.upstream_idle.start(self)  # the rest may never come

    def _drop(self, size: int) -> bool:
        self._unwanted += size
        if self._unwanted > self.pool.gateway.options.max_discarded_bytes:
            self.close()
            return False
        return True

    def tunnelled(self, nbytes: int) -> None:
        if self.request is not None:
            self.request.tunnelled(sent=nbytes)

    def eof(self) -> None:
        if self.tunnel is None:
            self.received()
        else:
            self._lost(RESET)
        if self.transport is not None:
            self.transport.close()

    def lost(self, error: Exception | None) -> None:
        self.pool.forget(self)
        self._lost(RESET)

    def _lost(self, failure: str) -> None:
        request = self.request
        self.close()
        if request is not None:
            request.upstream_lost(failure, self.reused and not self._answered)

    def close_tunnel(self) -> None:
        """End the connection once what was written has left."""
        self.request = None
        self.pool.forget(self)
        super().close()

    def close(self) -> None:
        """End the connection; what it was used for is over."""
        self.request = None
        self.pool.forget(self)
        self.abort()


class Pool:
    """The connections to one host: those that wait for a request, the latest used first, and a count of all.

    The cluster's breaker bounds connections, requests that wait for one, and requests, as in Envoy: a request waits
    when there may be no further connection, unless the host has none at all.
    """

    def __init__(self, gateway: Gateway, host: Host, breaker: CircuitBreaker):
        self.gateway = gateway
        self.host = host
        self.breaker = breaker
        self.connections: set[Upstream] = set()
        self._idle: list[Upstream] = []
        self._connecting: dict[UpstreamRequest, asyncio.Task[None]] = {}
        self._waiting: dict[UpstreamRequest, float] = {}  # for a connection to be free; with the time to connect

    @property
    def empty(self) -> bool:
        """Whether there is no connection, and none under way."""
        return not self.connections and not self._connecting

    def take(self) -> Upstream | None:
        """A kept connection, or None."""
        while self._idle:
            upstream = self._idle.pop()
            self.gateway.upstream_idle.stop(upstream)
            if not upstream.closing:
                upstream.reused = True
                return upstream
        return None

    def give_back(self, upstream: Upstream) -> None:
        """Give a connection to the next request, or keep it for one, unless enough are kept."""
        if upstream.closing or self.gateway.draining:
            upstream.close()
            return
        if self._waiting:
            upstream.reused = True
            self._hand(self._next_waiting()[0], upstream)
            return
        if len(self._idle) >= self.gateway.options.max_idle_per_host:
            upstream.close()
        else:
            self._idle.append(upstream)
            self.gateway.upstream_idle.start(upstream)

    def forget(self, upstream: Upstream) -> None:
        """The connection has ended."""
        if upstream not in self.connections:
            return
        self.connections.discard(upstream)
        self.gateway.upstream_idle.stop(upstream)
        if upstream in self._idle:
            self._idle.remove(upstream)
        self._ended()

    def connect(self, request: UpstreamRequest, timeout: float) -> bool:
        """Open a connection for a request, or let it wait for one. False when as much is under way as there may be."""
        if len(self.connections) + len(self._connecting) >= self.gateway.options.max_connections_per_host:
            return False
        if not self.breaker.acquire("pending_requests"):
            return False
        if self._may_connect():
            self._start(request, timeout)
        else:
            self._waiting[request] = timeout
        return True

    def cancel(self, request: UpstreamRequest) -> None:
        """The request does not wait for a connection any more."""
        if self._waiting.pop(request, None) is not None:
            self.breaker.release("pending_requests")
        task = self._connecting.pop(request, None)
        if task is not None:
            self.breaker.release("pending_requests")
            task.cancel()
            self._ended()

    def _may_connect(self) -> bool:
        if self.breaker.acquire("connections"):
            return True
        if self.empty:  # or nothing would ever serve those who wait
            self.breaker.add("connections")
            return True
        return False

    def _start(self, request: UpstreamRequest, timeout: float) -> None:
        self._connecting[request] = self.gateway.start_task(self._connect(request, timeout))
        self.gateway.pool_changed(self)

    def _next_waiting(self) -> tuple[UpstreamRequest, float]:
        request = next(iter(self._waiting))
        return request, self._waiting.pop(request)

    def _hand(self, request: UpstreamRequest, upstream: Upstream) -> None:
        self.breaker.release("pending_requests")
        if request.begin(self.breaker):
            request.connected(upstream)
        else:
            self.give_back(upstream)
            request.connect_failed("overflow")

    def _ended(self) -> None:
        """There is one connection less, or one under way: another one may take its place."""
        self.breaker.release("connections")
        if self._waiting and self._may_connect():
            self._start(*self._next_waiting())
        self.gateway.pool_changed(self)

    async def _connect(self, request: UpstreamRequest, timeout: float) -> None:
        upstream = Upstream(self)
        loop = self.gateway.loop
        connecting = loop.create_connection(lambda: upstream, self.host.address, self.host.port)
        try:
            await asyncio.wait_for(connecting, timeout)
        except (OSError, ValueError, asyncio.TimeoutError):  # ValueError: a name that DNS cannot have
            upstream.close()
            if self._connecting.pop(request, None) is not None:
                self.breaker.release("pending_requests")
                self._ended()
                request.connect_failed(CONNECT_FAILURE)
            return
        except asyncio.CancelledError:
            upstream.close()
            raise
        self.connections.add(upstream)
        if self._connecting.pop(request, None) is not None:
            self._hand(request, upstream)
        else:  # it was given up at the last moment, and was not counted any more
            self.breaker.add("connections")
            self.give_back(upstream)

    def close(self) -> None:
        """End all connections."""
        for request in [*self._waiting, *self._connecting]:
            self.cancel(request)
        for upstream in list(self.connections):
            upstream.close()
        self.gateway.pool_changed(self)
