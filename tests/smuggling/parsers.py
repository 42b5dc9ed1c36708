"""Parsers in this process: fastpath, llhttp through httptools, h11. Each reads a stream as a server does.

What is asked for is answered 404, so that no CONNECT and no Upgrade comes about.
"""

from __future__ import annotations

from collections.abc import Callable

import h11
import httptools
from smuggling.outcome import NO_SAY, Message, Outcome, host_name, origin_form

import fastpath

__all__ = ["PARSERS"]


def read_with_fastpath(stream: bytes) -> Outcome:
    connection = fastpath.Connection(fastpath.SERVER)
    messages: list[Message] = []
    request, length = None, 0
    connection.receive_data(stream)
    try:
        while (event := connection.next_event()) is not fastpath.NEED_DATA:
            if isinstance(event, fastpath.Request):
                request, length = event, 0
            elif isinstance(event, fastpath.Data):
                length += len(event.data)
            elif isinstance(event, fastpath.EndOfMessage):
                assert request is not None
                target = origin_form(bytes(request.target))
                messages.append(Message(bytes(request.method), target, length, host_name(request.authority)))
                connection.send(fastpath.Response(status_code=404, headers=[(b"Content-Length", b"0")]))
                connection.send(fastpath.EndOfMessage())
                if connection.our_state is not fastpath.State.DONE:
                    return Outcome(tuple(messages), "closed")
                connection.start_next_cycle()
            else:
                return Outcome(tuple(messages), "closed")
    except fastpath.RemoteProtocolError as error:
        return Outcome(tuple(messages), str(error.status))
    return _end(messages)


class _Llhttp:
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.target = b""
        self.length = 0
        self.closing = False
        self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        if self.closing:  # what a server that was asked to close would not look at
            raise EOFError
        self.target, self.length = b"", 0

    def on_url(self, piece: bytes) -> None:
        self.target += piece

    def on_body(self, piece: bytes) -> None:
        self.length += len(piece)

    def on_message_complete(self) -> None:
        self.messages.append(Message(self.parser.get_method(), origin_form(self.target), self.length))
        self.closing = not self.parser.should_keep_alive()


def read_with_llhttp(stream: bytes) -> Outcome:
    protocol = _Llhttp()
    try:
        protocol.parser.feed_data(stream)
    except httptools.HttpParserUpgrade:
        # httptools leaves it to its user where the body ends, and what follows.
        return Outcome(tuple(protocol.messages[:-1]), NO_SAY)
    except httptools.HttpParserError:
        return Outcome(tuple(protocol.messages), "closed" if protocol.closing else "refused")
    return _end(protocol.messages)


def read_with_h11(stream: bytes) -> Outcome:
    connection = h11.Connection(h11.SERVER)
    messages: list[Message] = []
    request, length = None, 0
    connection.receive_data(stream)
    try:
        while (event := connection.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Request):
                request, length = event, 0
            elif isinstance(event, h11.Data):
                length += len(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                messages.append(Message(request.method, origin_form(request.target), length))
                connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    return Outcome(tuple(messages), "closed")
                connection.start_next_cycle()
            else:
                return Outcome(tuple(messages), "closed")
    except h11.RemoteProtocolError as error:
        return Outcome(tuple(messages), str(error.error_status_hint))
    return _end(messages)


def _end(messages: list[Message]) -> Outcome:
    seen = bool(messages) and messages[-1].target == b"/next"
    return Outcome(tuple(messages), "" if seen else "waits")


PARSERS: dict[str, Callable[[bytes], Outcome]] = {
    "fastpath": read_with_fastpath,
    "llhttp": read_with_llhttp,
    "h11": read_with_h11,
}
