"""A request on its way to a host, as the connection there and its pool see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastpath import CircuitBreaker, Cluster, Data, EndOfMessage, InformationalResponse, Pick, Response

    from .gateway import Gateway
    from .upstream import Pool, Upstream

__all__ = ["UpstreamRequest"]


class UpstreamRequest:
    """What a Pool finds a connection for, and what an Upstream tells of the answer: one attempt at a time."""

    __slots__ = ("_counted", "_pick", "_pool", "gateway", "upstream")

    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.upstream: Upstream | None = None
        """The connection that the request was given to, until the answer has come."""
        self._pick: Pick | None = None
        self._pool: Pool | None = None
        self._counted: CircuitBreaker | None = None  # what counts it among the active requests

    # --- for those who send ----------------------------------------------------------------------------------------

    def _go_to(self, pick: Pick, cluster: Cluster) -> bool:
        """Take a connection to the host, or wait for one. False when as much is under way as there may be."""
        self._pick = pick
        pool = self._pool = self.gateway.pool(pick.host, cluster)
        upstream = pool.take()
        if upstream is None:
            return pool.connect(self, cluster.model.connect_timeout)
        if self.begin(pool.breaker):
            self.connected(upstream)
            return True
        pool.give_back(upstream)
        return False

    def _go_again(self, cluster: Cluster) -> bool:
        """The same host, over a connection of its own."""
        assert self._pick is not None
        self._uncount()
        self._pool = self.gateway.pool(self._pick.host, cluster)  # the one before may have gone with an update
        return self._pool.connect(self, cluster.model.connect_timeout)

    def begin(self, breaker: CircuitBreaker) -> bool:
        """Count it among the active requests. False when there are as many as there may be."""
        if not breaker.acquire("requests"):
            return False
        self._counted = breaker
        return True

    def _uncount(self) -> None:
        breaker, self._counted = self._counted, None
        if breaker is not None:
            breaker.release("requests")

    def _abandon(self) -> None:
        """The answer is not wanted any more, nor a connection."""
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.close()
        elif self._pool is not None:
            self._pool.cancel(self)

    def _release(self) -> None:
        """The host is done with this request."""
        self._uncount()
        pick, self._pick = self._pick, None
        if pick is not None:
            pick.release()

    # --- what pools and connections say ----------------------------------------------------------------------------

    def connected(self, upstream: Upstream) -> None:
        """A connection to the host is here."""
        raise NotImplementedError

    def connect_failed(self, failure: str) -> None:
        """No connection to the host."""
        raise NotImplementedError

    def upstream_writable(self, writable: bool) -> None:
        """The connection's send buffer has filled up, or has room again."""
        raise NotImplementedError

    def interim_response(self, response: InformationalResponse) -> None:
        """A 1xx on the way to the final response."""
        raise NotImplementedError

    def response_head(self, response: Response) -> bool:
        """The response begins. False when it is not wanted."""
        raise NotImplementedError

    def response_data(self, data: Data) -> None:
        """A stretch of the response's body."""
        raise NotImplementedError

    def response_end(self, end: EndOfMessage) -> None:
        """The response is complete."""
        raise NotImplementedError

    def tunnelled(self, *, received: int = 0, sent: int = 0) -> None:
        """Bytes of another protocol have passed."""
        raise NotImplementedError

    def upstream_lost(self, failure: str, reused: bool) -> None:
        """The connection has ended, or sent what is not HTTP. `reused`: before a byte of this response."""
        raise NotImplementedError

    def events_taken(self) -> None:
        """All that has been received is told: what it led to may be sent on."""
        raise NotImplementedError
