"""What each HTTP/1 parser is asked to do, each in its own best way.

An operation takes a list of messages and handles each of them. Where a library has two ways, both are measured and the
faster one is taken: `kept` names a parser that stays for the next message of its connection, `fresh` one that is made
for each. Every message comes with its body and keeps the connection alive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastpath

from .peers import peer

Operation = Callable[[list[bytes]], object]

aiohttp_parser: Any = peer("aiohttp.http_parser")
gunicorn_h1c: Any = peer("gunicorn_h1c")
h11: Any = peer("h11")
httptools: Any = peer("httptools")
zttp: Any = peer("zttp")

# Fields of a forwarded request that a gateway drops, and those that it sets.
DROPPED = (b"cookie", b"x-envoy-attempt-count")
ADDED = ((b"x-forwarded-proto", b"https"), (b"x-request-id", b"5b3e1c9a-8f40-4d1e-9a77-3c2f6d0b8e15"))
NOT_FORWARDED = {
    *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"),
    *DROPPED,
    *(name for name, _ in ADDED),
}


def for_kept_parser(message: bytes) -> bytes:
    """The message with its body and without a wish to close, so that a parser that is kept takes the next one."""
    message = message.replace(b"onnection: close\r\n", b"onnection: keep-alive\r\n")
    head = fastpath.parse_request(message)
    assert head is not None
    return message + (b"0\r\n\r\n" if head.chunked else bytes(head.content_length or 0))


def chunked_body(size: int, total: int = 65536) -> bytes:
    return b"".join(fastpath.encode_chunk(b"x" * size) for _ in range(total // size)) + fastpath.encode_last_chunk()


# ---- fastpath

parse_request = fastpath.parse_request
rewriter = fastpath.HeadRewriter(set=ADDED, remove=DROPPED)


def fastpath_parse(messages: list[bytes]) -> None:
    for message in messages:
        parse_request(message)


def fastpath_route(messages: list[bytes]) -> None:
    for message in messages:
        parse_request(message).routing_key()  # type: ignore[union-attr]


def fastpath_pairs(messages: list[bytes]) -> None:
    for message in messages:
        parse_request(message).headers.items()  # type: ignore[union-attr]


def fastpath_flat(messages: list[bytes]) -> None:
    for message in messages:
        parse_request(message).headers.flat()  # type: ignore[union-attr]


def fastpath_connection(messages: list[bytes]) -> None:
    for message in messages:
        connection = fastpath.Connection(fastpath.SERVER)
        connection.receive_data(message)
        connection.next_event().headers.items()  # type: ignore[union-attr]


def fastpath_rewrite(messages: list[bytes]) -> None:
    rewrite = rewriter.rewrite
    for message in messages:
        rewrite(parse_request(message))  # type: ignore[arg-type]


def fastpath_dechunk(bodies: list[bytes]) -> None:
    for body in bodies:
        fastpath.ChunkedDecoder().decode(body)


def fastpath_dechunk_views(bodies: list[bytes]) -> None:
    for body in bodies:
        fastpath.ChunkedDecoder().decode_views(body)


# ---- httptools


class Collector:
    __slots__ = ("headers", "url")

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.url = b""

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))


def httptools_fresh(messages: list[bytes]) -> None:
    for message in messages:
        collector = Collector()
        parser = httptools.HttpRequestParser(collector)
        parser.feed_data(message)
        parser.get_method()


def httptools_kept(messages: list[bytes]) -> None:
    collector = Collector()
    parser = httptools.HttpRequestParser(collector)
    for message in messages:
        collector.headers = []
        parser.feed_data(message)
        parser.get_method()


def httptools_rewrite(messages: list[bytes]) -> None:
    for message in messages:
        collector = Collector()
        parser = httptools.HttpRequestParser(collector)
        parser.feed_data(message)
        pieces = [parser.get_method(), b" ", collector.url, b" HTTP/1.1\r\n"]
        for name, value in collector.headers:
            if name.lower() not in NOT_FORWARDED:
                pieces += (name, b": ", value, b"\r\n")
        for name, value in ADDED:
            pieces += (name, b": ", value, b"\r\n")
        pieces.append(b"\r\n")
        b"".join(pieces)


CHUNKED_HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


class BodyCollector:
    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def on_body(self, body: bytes) -> None:
        self.pieces.append(body)


def httptools_dechunk(bodies: list[bytes]) -> None:
    for body in bodies:
        collector = BodyCollector()
        parser = httptools.HttpRequestParser(collector)
        parser.feed_data(CHUNKED_HEAD)
        parser.feed_data(body)
        b"".join(collector.pieces)


# ---- gunicorn_h1c


def gunicorn_route(messages: list[bytes]) -> None:
    parse = gunicorn_h1c.parse_request_fast
    for message in messages:
        request = parse(message)
        _ = request.method, request.path, request.get_header(b"host")


def gunicorn_route_kept(messages: list[bytes]) -> None:
    parser = gunicorn_h1c.H1CProtocol()
    for message in messages:
        parser.feed(message)
        _ = parser.method, parser.path, parser.get_header(b"host")
        parser.reset()


def gunicorn_pairs(messages: list[bytes]) -> None:
    parse = gunicorn_h1c.parse_request_fast
    for message in messages:
        _ = parse(message).headers


def gunicorn_pairs_kept(messages: list[bytes]) -> None:
    parser = gunicorn_h1c.H1CProtocol()
    for message in messages:
        parser.feed(message)
        _ = parser.headers
        parser.reset()


# ---- zttp


def zttp_route(messages: list[bytes]) -> None:
    for message in messages:
        request = zttp.Connection(zttp.SERVER).receive_event(message)
        _ = request.method, request.path, request.headers.get(b"host")


def zttp_pairs(messages: list[bytes]) -> None:
    for message in messages:
        list(zttp.Connection(zttp.SERVER).receive_event(message).headers)


# ---- aiohttp


def aiohttp_pairs(messages: list[bytes]) -> None:
    loop = peer("asyncio").new_event_loop()
    protocol = peer("aiohttp.base_protocol").BaseProtocol(loop)
    for message in messages:
        parser = aiohttp_parser.HttpRequestParser(protocol, loop, 65536)
        parser.feed_data(message)
    loop.close()


# ---- h11


def h11_pairs(messages: list[bytes]) -> None:
    for message in messages:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(message)
        list(connection.next_event().headers)
