"""What a route makes of the heads that pass: the request's on its way out, the response's and the gateway's own on the
way back (finalizeRequestHeaders and finalizeResponseHeaders in Envoy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .heads import REQUEST_REWRITER, RESPONSE_REWRITER
from .stream import note_answer, note_attempt, stream_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastpath import HeadRewriter, Match, RequestHead, Response, RouteActions, StreamInfo

    from .exchange import Exchange
    from .heads import HeaderChanges
    from .reply import Reply

__all__ = ["FinalRequest", "Finalizer"]


class FinalRequest:
    """A request's head as a host gets it."""

    __slots__ = ("_head", "arguments", "rewriter")

    def __init__(self, rewriter: HeadRewriter, arguments: dict[str, Any], head: Callable[[], RequestHead]):
        self.rewriter = rewriter
        self.arguments = arguments
        """For Upstream.send_head."""
        self._head = head

    def head(self) -> RequestHead:
        """What mirror policies look at."""
        return self._head()


class Finalizer:
    """One request's: the actions of its route, and what their operators know of the request.

    `hash` is what the hash policies say, once they have been asked.
    """

    __slots__ = ("_cookies", "_exchange", "_stream", "actions", "hash")

    def __init__(self, exchange: Exchange, actions: RouteActions):
        self.actions = actions
        self.hash: int | None = None
        self._exchange = exchange
        self._stream: StreamInfo | None = None
        self._cookies: list[bytes] | None = None

    def take_hash(self) -> None:
        """Ask the hash policies about the request as it came."""
        stream = self._info()
        assert stream.head is not None
        self.hash = self.actions.hash(stream.head, stream).key

    def take_host_hash(self, match: Match) -> None:
        """Ask the hash policies about the request as it will be; cookies that they make up are set in the response."""
        made = self.actions.host_hash(match, self._exchange.request, self._info())
        self.hash = made.key
        self._cookies = made.cookies or None

    def answer(self, match: Match) -> Reply:
        """Of a route that has no cluster."""
        answer = self.actions.answer(match, self._exchange.request, self._known())
        assert answer is not None
        return answer

    def request(self, match: Match, changes: HeaderChanges | None) -> FinalRequest:
        """The head as the route, and then a hook, will have it."""
        actions, exchange = self.actions, self._exchange
        attempt = len(exchange.failed) + 1
        stream = self._known()
        if stream is not None:
            note_attempt(stream, exchange, actions, match, attempt)
        if actions.plain:
            rewriter = REQUEST_REWRITER if changes is None else changes.request_rewriter()
            return FinalRequest(
                rewriter,
                {"path": match.path, "authority": match.authority},
                lambda: actions.head_of(match, exchange.request),
            )
        host = exchange.host
        hostname = host.hostname if host is not None else ""
        route = actions.finalize_request(match, exchange.request, stream, hostname=hostname, attempt=attempt)
        return FinalRequest(
            changes.after(route) if changes else route.rewriter,
            {
                "path": route.path,
                "query": route.query,
                "authority": route.authority,
                "values": () if changes else route.values,
            },
            lambda: route.head,
        )

    def response(
        self, response: Response, changes: HeaderChanges | None
    ) -> tuple[HeadRewriter, tuple[bytes | None, ...]]:
        """What makes the response's head what the route, and then a hook, will have of it."""
        actions, exchange = self.actions, self._exchange
        if actions.plain_response and self._cookies is None:
            return (RESPONSE_REWRITER if changes is None else changes.response_rewriter()), ()
        stream = self._known()
        if stream is not None:
            note_answer(stream, exchange, response.status_code, "")
        attempts = len(exchange.failed) + 1
        route = actions.finalize_response(response, stream, cookies=self._cookies or (), attempts=attempts)
        return (changes.after(route), ()) if changes else (route.rewriter, route.values)

    def decorate(self, reply: Reply, error: str) -> Reply:
        """An answer of the gateway's own, with the route's changes to responses."""
        actions, exchange = self.actions, self._exchange
        if actions.plain_response:
            return reply
        stream = self._known()
        if stream is not None:
            note_answer(stream, exchange, reply.status, error)
        return actions.decorate(reply, stream, attempts=len(exchange.failed))

    def _known(self) -> StreamInfo | None:
        """What operators read, when there are any."""
        return self._info() if self.actions.reads_stream else None

    def _info(self) -> StreamInfo:
        stream = self._stream
        if stream is None:
            stream = self._stream = stream_info(self._exchange, self.actions)
        return stream
