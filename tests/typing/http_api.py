"""What a user of the HTTP/1 API writes; mypy and pyright check it, nothing runs it."""

from __future__ import annotations

import socket

from typing_extensions import assert_never, assert_type

import fastpath
from fastpath import http


def heads(data: bytes) -> None:
    head = fastpath.parse_request(data)
    assert_type(head, fastpath.Request | None)
    if head is None:
        return
    assert_type(head.method, bytes)
    assert_type(head.query, bytes | None)
    assert_type(head.content_length, int | None)
    assert_type(head.routing_key(), tuple[bytes, bytes, bytes])
    assert_type(head.headers.get(b"host"), bytes | None)
    assert_type(head.headers.get(b"host", b""), bytes)
    assert_type(head.headers.get(b"age", 0), bytes | int)
    assert_type(head.headers.get_all(b"via"), list[bytes])
    assert_type(head.headers.items(), list[tuple[bytes, bytes]])
    assert_type(head.headers.flat(), tuple[bytes, ...])
    assert_type(dict(head.headers), dict[bytes, bytes])
    head.method = b"PUT"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def responses(data: memoryview) -> None:
    head = fastpath.parse_response(data, b"HEAD")
    assert_type(head, fastpath.Response | fastpath.InformationalResponse | None)


def serve(connection: http.Connection, peer: socket.socket) -> None:
    """Every event there is: the type checkers say so when one is forgotten."""
    while True:
        event = connection.next_event()
        if event is http.NEED_DATA:
            connection.receive_data(peer.recv(65536))
        elif event is http.PAUSED:
            connection.start_next_cycle()
        elif isinstance(event, http.Request):
            peer.sendall(connection.send(http.Response(status_code=200, headers=[("X-A", "b"), (b"X-C", b"d")])))
        elif isinstance(event, http.Data):
            peer.sendmsg(connection.send_with_data_passthrough(event))
        elif isinstance(event, http.EndOfMessage):
            assert_type(event.trailers, http.Headers)
            peer.sendall(connection.send(event))
        elif isinstance(event, http.ConnectionClosed):
            return
        elif isinstance(event, (http.Response, http.InformationalResponse)):
            assert_type(event.status_code, int)
        else:
            assert_never(event)


def forward(upstream: http.Connection, request: http.Request) -> None:
    rewriter = fastpath.HeadRewriter(set={b"x-request-id": None}, append={"via": "1.1 gw"}, remove=["cookie"])
    assert_type(rewriter.rewrite(request, values=[b"7"]), bytes)
    assert_type(upstream.forward(request, rewriter, values=(b"7",), authority=b"up:80", close=True), bytes)
    out = fastpath.Buffer()
    upstream.forward_into(out, request, rewriter, values=(None,), chunked=True)
    upstream.send_into(out, http.Data(data=memoryview(b"abc")))


def pieces(data: bytearray) -> None:
    requests = http.iter_requests(data, http.Limits(max_headers=10))
    for request in requests:
        assert_type(request, http.Request)
        assert_type(requests.body, bytes)
    decoder = http.ChunkedDecoder()
    assert_type(decoder.decode(data), bytes)
    assert_type(decoder.trailers, http.Headers | None)
    normalizer = http.PathNormalizer(escaped_slashes="redirect")
    assert_type(normalizer.resolve(b"/a"), tuple[bytes, bool])
    http.PathNormalizer(escaped_slashes="maybe")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    http.Connection("CLIENT")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
