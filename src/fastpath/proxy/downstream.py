"""A client's connection: requests in, one at a time, responses out."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from typing import TYPE_CHECKING

from fastpath import (
    SERVER,
    Connection,
    ConnectionClosed,
    Data,
    EndOfMessage,
    InformationalResponse,
    ProtocolError,
    Request,
    Response,
    State,
)

from ..aio import HTTPProtocol
from .exchange import Exchange
from .heads import RESPONSE_REWRITER
from .reply import Reply
from .stream import connection_info

if TYPE_CHECKING:
    from fastpath import ConnectionInfo, HeadRewriter

    from .server import Server

__all__ = ["Downstream"]

_CONTINUE = InformationalResponse(status_code=100)
_END = EndOfMessage()


class Downstream(HTTPProtocol):
    """One client's connection to a listener."""

    def __init__(self, server: Server):
        gateway = server.gateway
        super().__init__(Connection(SERVER, limits=gateway.options.limits, pool=gateway.buffers))
        self.server = server
        self.gateway = gateway
        self.exchange: Exchange | None = None
        self._info: ConnectionInfo | None = None
        self._advancing = False
        self._head_timer = False
        self._unwanted = 0  # bytes of a request's body that came after its answer

    def connected(self) -> None:
        if self.transport is not None:
            self.transport.set_write_buffer_limits(high=self.gateway.options.write_buffer_bytes)
        self.server.connections.add(self)
        self.server.idle.start(self)

    @property
    def info(self) -> ConnectionInfo:
        """What operators and hash policies read of the connection; made when it is first asked for."""
        if self._info is None:
            self._info = connection_info(self.transport, self.gateway.next_connection_number())
        return self._info

    @property
    def busy(self) -> bool:
        """Whether a request is under way, or something is still to be sent."""
        return self.exchange is not None or (self.transport is not None and self.transport.get_write_buffer_size() > 0)

    # --- receiving -------------------------------------------------------------------------------------------------

    def received(self) -> None:
        self.advance()

    def advance(self) -> None:
        """Take events as long as somebody wants them, then send what came of it."""
        if self._advancing:
            return  # further up the stack, the loop goes on
        self._advancing = True
        try:
            self._take_events()
        except ProtocolError as error:
            self._refuse(error)
        finally:
            self._advancing = False
        self.flush()
        exchange = self.exchange
        if exchange is not None and exchange.upstream is not None:
            exchange.upstream.flush()
        if self.discarding < 0 and self.tunnel is None:
            full = self.connection.buffered > self.gateway.options.max_held_bytes
            if full != self.read_paused:
                self.pause_reading() if full else self.resume_reading()

    def _take_events(self) -> None:
        next_event = self.connection.next_event
        while not self.closing and self.discarding < 0:
            exchange = self.exchange
            if exchange is not None and (not exchange.wants_body or self.tunnel is not None):
                return
            event = next_event()
            if isinstance(event, Request):
                self._begin(event)
            elif isinstance(event, Data):
                if exchange is not None:
                    exchange.request_data(event)
                else:
                    self._unwanted += len(event)
                    if self._unwanted > self.gateway.options.max_discarded_bytes:
                        self.close()
            elif isinstance(event, EndOfMessage):
                if exchange is not None:
                    exchange.request_end(event)
                else:
                    self._next_cycle()
            elif isinstance(event, ConnectionClosed):
                self.close()
            else:  # NEED_DATA or PAUSED
                if exchange is None and not self._head_timer and self.connection.buffered:
                    self._head_timer = True
                    self.server.head_timeout.start(self)
                return

    def _begin(self, request: Request) -> None:
        if self._head_timer:
            self._head_timer = False
            self.server.head_timeout.stop(self)
        self.exchange = exchange = Exchange(self.gateway, self, request, self.gateway.loop.time())
        exchange.start()

    def _refuse(self, error: ProtocolError) -> None:
        """The client sent what is not HTTP: say so, as far as that is still possible, and end the connection."""
        reply = Reply(error.status, f"{error.reason}\n".encode())
        exchange = self.exchange
        if exchange is None:
            self._answer_and_end(reply)
        elif exchange.status:
            exchange.client_gone("client-protocol")
            self.abort()
        else:
            exchange.reply(reply, "client-protocol", close=True)

    def _answer_and_end(self, reply: Reply) -> None:
        """Answer what never became a request."""
        if self.connection.our_state in (State.IDLE, State.SEND_RESPONSE):
            self.send_reply(reply, None, close=True)
            self._end()
        else:
            self.abort()

    def head_timed_out(self) -> None:
        """A request's head has not arrived in time."""
        self._answer_and_end(Reply(408, b"the request did not arrive in time\n"))

    def idle_timed_out(self) -> None:
        """No request for too long."""
        if self.exchange is None and not self.closing:
            self.close()

    def eof(self) -> None:
        """The client is gone. One that only shut down its sending side is not told apart, as in Envoy and nginx."""
        if self.exchange is not None:
            self.exchange.client_gone()
        self.close()

    def lost(self, error: Exception | None) -> None:
        self.server.connections.discard(self)
        for queue in (self.server.idle, self.server.head_timeout, self.server.linger):
            queue.stop(self)
        if self.exchange is not None:
            self.exchange.client_gone()

    # --- sending ---------------------------------------------------------------------------------------------------

    def invite_body(self) -> None:
        """Somebody takes the request's body now: have it sent, and take what is there."""
        if self.connection.client_is_waiting_for_100_continue:
            self.connection.send_into(self.out, _CONTINUE)
        self.advance()

    def send_interim(self, response: InformationalResponse) -> None:
        """Send an upstream's 1xx on, to a client that knows of those."""
        if self.connection.their_http_version == b"1.1":
            self.connection.forward_into(self.out, response, RESPONSE_REWRITER)

    def tunnelled(self, nbytes: int) -> None:
        if self.exchange is not None:
            self.exchange.tunnelled(received=nbytes)

    def send_response(
        self,
        response: Response,
        request: Request,
        rewriter: HeadRewriter,
        values: Sequence[bytes | None],
        close: bool,
    ) -> None:
        """Send an upstream's response head on."""
        keep_alive = not close and request.version == b"1.0" and request.keep_alive
        upgrade = response.status_code == 101
        self.connection.forward_into(
            self.out,
            response,
            rewriter,
            values=values,
            close=close and not upgrade,
            keep_alive=keep_alive,
            upgrade=upgrade,
        )

    def send_data(self, data: Data) -> None:
        """Send a stretch of the body, untouched."""
        self.connection.send_into(self.out, data)

    def send_end(self, end: EndOfMessage) -> None:
        """The response is complete."""
        self.connection.send_into(self.out, end)

    def send_reply(self, reply: Reply, request: Request | None, close: bool) -> None:
        """Send an answer of the gateway's own."""
        headers = [(b"Date", formatdate(usegmt=True).encode()), *reply.headers]
        without_body = reply.status in (204, 304)
        if not without_body:
            headers.append((b"Content-Length", b"%d" % len(reply.body)))
            if reply.body and not any(name.lower() == b"content-type" for name, _ in reply.headers):
                headers.append((b"Content-Type", b"text/plain"))
        if close:
            headers.append((b"Connection", b"close"))
        elif request is not None and request.version == b"1.0" and request.keep_alive:
            headers.append((b"Connection", b"keep-alive"))
        send = self.connection.send_into
        send(self.out, Response(status_code=reply.status, headers=headers))
        if reply.body and not without_body and (request is None or request.method != b"HEAD"):
            send(self.out, Data(data=reply.body))
        send(self.out, _END)

    def writable_changed(self) -> None:
        """The upstream waits while the client does not take what is sent."""
        upstream = self.exchange.upstream if self.exchange is not None else None
        if upstream is not None:
            upstream.pause_reading() if self.write_paused else upstream.resume_reading()

    # --- the end of an exchange, and of the connection -------------------------------------------------------------

    def exchange_finished(self) -> None:
        """The response is on its way, or nobody wants it: on to the next request, or to the end."""
        exchange, self.exchange = self.exchange, None
        self._unwanted = 0
        if self.closing or exchange is None:
            return
        if self.connection.our_state is not State.DONE:
            self._end()
        elif exchange.request_complete:
            self._next_cycle()
        else:
            self.server.idle.start(self)  # the rest of the body is read for nobody, but not for ever
        self.advance()

    def _next_cycle(self) -> None:
        if self.connection.our_state is State.DONE and not self.gateway.draining:
            self.connection.start_next_cycle()
            self.server.idle.start(self)
        else:
            self._end()

    def _end(self) -> None:
        """Close; but a client that may still be sending would lose the answer with that, so let it finish first."""
        self.flush()
        if self.closing or self.transport is None:
            return
        if self.connection.their_state in (State.DONE, State.MUST_CLOSE, State.CLOSED) and not self.connection.buffered:
            self.close()
            return
        self.discarding = 0
        self.resume_reading()
        self.server.linger.start(self)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def discarded(self) -> None:
        if self.discarding > self.gateway.options.max_discarded_bytes:
            self.abort()

    def drain(self) -> None:
        """The gateway closes: end the connection when nothing is under way."""
        if self.exchange is None and not self.closing:
            self.close()
