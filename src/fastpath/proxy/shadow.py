"""A copy of a request on its way to another cluster: sent once the request is complete, its answer thrown away."""

from __future__ import annotations

from asyncio import TimerHandle
from typing import TYPE_CHECKING, Any

from fastpath import Data, EndOfMessage, HeadRewriter, InformationalResponse, NoHostAvailable, ProtocolError, Response

from .load_reports import load_in
from .replay import ReplayBody
from .retry import TIMEOUT, reset_kind
from .upstream_request import UpstreamRequest

if TYPE_CHECKING:
    from fastpath import Cluster, Pick, Request

    from ..actions import RouteActions
    from ..balancing.override_hosts import OverrideHosts
    from .finalizer import FinalRequest
    from .gateway import Gateway
    from .upstream import Upstream

__all__ = ["Shadow", "start_shadows"]


def start_shadows(gateway: Gateway, actions: RouteActions, request: Request, final: FinalRequest) -> list[Shadow]:
    """The copies that a route's mirror policies ask for; each leaves when the request is complete."""
    shadows: list[Shadow] = []
    for mirror in actions.mirrors(final.head(), gateway.draw):
        cluster = gateway.clusters.get(mirror.cluster)
        if cluster is not None and len(gateway.shadows) < gateway.options.max_shadows:
            arguments = {**final.arguments, "authority": mirror.authority}
            named = None if cluster.model.override_host is None else cluster.override_hosts(final.head())
            shadows.append(Shadow(gateway, cluster, request, final.rewriter, arguments, named))
    return shadows


class Shadow(UpstreamRequest):
    """Nobody waits for it, and it is tried once."""

    __slots__ = ("_arguments", "_body", "_cluster", "_end", "_named", "_request", "_rewriter", "_timer")

    def __init__(
        self,
        gateway: Gateway,
        cluster: Cluster,
        request: Request,
        rewriter: HeadRewriter,
        arguments: dict[str, Any],
        named: OverrideHosts | None,
    ):
        super().__init__(gateway)
        self._cluster = cluster
        self._request = request
        self._rewriter = rewriter
        self._arguments = arguments  # for Upstream.send_head
        self._named = named  # hosts that the request names
        self._body = ReplayBody(gateway.options.max_replay_bytes)
        self._end: EndOfMessage | None = None
        self._timer: TimerHandle | None = None
        gateway.shadows.add(self)

    # --- from the exchange that it copies --------------------------------------------------------------------------

    def data(self, data: Data) -> None:
        """A stretch of the body. One that is too long to keep ends the copy."""
        self._body.add(data)
        if not self._body.complete:
            self.give_up()

    def start(self, end: EndOfMessage | None, timeout: float) -> None:
        """The request is complete: send its copy, and allow it so many seconds."""
        if self not in self.gateway.shadows:
            return
        self._end = end
        try:
            pick = self._choose(self._cluster)
        except NoHostAvailable:
            self.give_up()
            return
        self._timer = self.gateway.loop.call_later(timeout, self.timed_out)
        if not self._go_to(pick, self._cluster):
            self.give_up()

    def _choose(self, cluster: Cluster) -> Pick:
        named = None if self._named is None else self._named.take()
        return cluster.pick(self._request) if named is None else cluster.acquire(named)

    def give_up(self) -> None:
        """End the copy, whatever has become of it."""
        self.gateway.shadows.discard(self)
        self._body.drop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._abandon()
        self._release()

    # --- from the upstream -----------------------------------------------------------------------------------------

    def connected(self, upstream: Upstream) -> None:
        """A connection to the host is here: send all."""
        upstream.request = self
        self.upstream = upstream
        try:
            upstream.send_head(self._request, self._rewriter, **self._arguments)
            for data in self._body.blocks:
                upstream.send_data(data)
            if self._end is not None:
                upstream.send_end(self._end)
        except (ProtocolError, ValueError):
            self.give_up()
            return
        self._body.drop()
        upstream.flush()

    def connect_failed(self, failure: str) -> None:
        """No connection to the host."""
        self._report(failure)

    def upstream_lost(self, failure: str, reused: bool) -> None:
        """The connection has ended."""
        self.upstream = None
        self._report(failure)

    def timed_out(self) -> None:
        """Its time is up."""
        self._report(TIMEOUT)

    def _report(self, failure: str) -> None:
        if self._pick is not None:
            self._pick.report(reset=reset_kind(failure))
        self.give_up()

    def upstream_writable(self, writable: bool) -> None:
        """All has been handed over; when it leaves does not matter."""

    def interim_response(self, response: InformationalResponse) -> None:
        """Not wanted."""

    def response_head(self, response: Response) -> bool:
        """The answer counts for the host; it is not wanted."""
        if self._pick is not None:
            self._pick.report(response.status_code, load_report=load_in(response.headers, self._cluster))
        self.upstream = None
        self.give_up()
        return False

    def response_data(self, data: Data) -> None:
        """Not wanted."""

    def response_end(self, end: EndOfMessage) -> None:
        """Not wanted."""

    def tunnelled(self, *, received: int = 0, sent: int = 0) -> None:
        """Copies do not upgrade."""

    def events_taken(self) -> None:
        """There is nobody to tell."""
