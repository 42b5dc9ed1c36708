"""Messages that must be refused: with which code, at which byte, with which status, and the same for every split."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fastpath import (
    CLIENT,
    SERVER,
    Connection,
    EndOfMessage,
    Limits,
    RemoteProtocolError,
    Request,
    Response,
    parse_request,
    parse_response,
)

REQUESTS = [
    (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "http_framing_conflict",
        45,
        400,
    ),
    (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        "http_framing_conflict",
        54,
        400,
    ),
    (
        b"POST / HTTP/1.1\r\nHost: a\r\ntRANSFER-eNCODING: CHUNKED\r\ncONTENT-lENGTH: 5\r\n\r\n",
        "http_framing_conflict",
        54,
        400,
    ),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", "http_transfer_encoding", 45, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "http_transfer_encoding", 53, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "http_transfer_encoding", 45, 501),
    (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "http_transfer_encoding",
        74,
        400,
    ),
    (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n",
        "http_transfer_encoding",
        55,
        400,
    ),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;a=b\r\n\r\n", "http_transfer_encoding", 45, 400),
    (b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n', "http_transfer_encoding", 45, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", "http_header_value", 45, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\xa0\r\n\r\n", "http_transfer_encoding", 45, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", "http_header_name", 47, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", "http_transfer_encoding", 46, 400),
    (b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "http_transfer_encoding", 26, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", "http_transfer_encoding", 45, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", "http_content_length", 42, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", "http_content_length", 42, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", "http_content_length", 43, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n", "http_content_length", 43, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 0\r\n\r\n", "http_content_length", 44, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n", "http_content_length", 43, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "http_content_length", 45, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", "http_content_length", 43, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", "http_content_length", 42, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\n", "http_content_length", 62, 400),
    (b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "http_line_end", 23, 400),
    (b"GET / HTTP/1.1\nHost: a\r\n\r\n", "http_line_end", 14, 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\n", "http_header_name", 26, 400),
    (b"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "http_line_end", 24, 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "http_line_end", 30, 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", "http_line_end", 26, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", "http_header_value", 30, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nX\x00: a\r\n\r\n", "http_header_name", 27, 400),
    (b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 5, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n", "http_header_value", 30, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", "http_header_value", 30, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "http_line_folding", 32, 400),
    (b"POST / HTTP/1.1\r\n Host: a\r\n\r\n", "http_line_folding", 17, 400),
    (b"POST / HTTP/1.1\r\nHost : a\r\n\r\n", "http_header_name", 21, 400),
    (b"POST / HTTP/1.1\r\nHost\t: a\r\n\r\n", "http_header_name", 21, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nX(y): z\r\n\r\n", "http_header_name", 27, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n", "http_header_name", 26, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nX\xe9: z\r\n\r\n", "http_header_name", 27, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n", "http_header_name", 29, 400),
    (b"GET /\r\n\r\n", "http_version", 5, 400),
    (b"POST /tHTTP/1.1\r\nHost: a\r\n\r\n", "http_version", 15, 400),
    (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", "http_version", 11, 505),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "http_version", 11, 505),
    (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "http_version", 11, 505),
    (b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", "http_version", 14, 400),
    (b"GET / http/1.1\r\nHost: a\r\n\r\n", "http_version", 6, 400),
    (b"GET / ICE/1.0\r\nHost: a\r\n\r\n", "http_version", 9, 400),
    (b"GET / RTSP/1.0\r\nHost: a\r\n\r\n", "http_version", 6, 400),
    (b"POST / HTTP/1.1\r\nX: y\r\n\r\n", "http_host", 23, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "http_host", 26, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", "http_host", 26, 400),
    (b"POST / HTTP/1.1\r\nHost:\r\n\r\n", "http_host", 22, 400),
    (b"POST / HTTP/1.1\r\nHost: a b\r\n\r\n", "http_host", 24, 400),
    (b"POST / HTTP/1.1\r\nHost: a/b\r\n\r\n", "http_host", 24, 400),
    (b"POST / HTTP/1.1\r\nHost: u@a\r\n\r\n", "http_host", 24, 400),
    (b"POST / HTTP/1.1\r\nHost: a, b\r\n\r\n", "http_host", 25, 400),
    (b"POST / HTTP/1.1\r\nHost: a:b\r\n\r\n", "http_host", 25, 400),
    (b"POST / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "http_host", 25, 400),
    (b"POST / HTTP/1.1\r\nHost: [::1\r\n\r\n", "http_host", 23, 400),
    (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 4, 400),
    (b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 12, 400),
    (b"GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 11, 400),
    (b"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 9, 400),
    (b"CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 8, 400),
    (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "http_framing_conflict", 31, 400),
    (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "http_framing_conflict", 31, 400),
    (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 4, 400),
    (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 5, 400),
    (b"GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 6, 400),
    (b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 5, 400),
    (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "http_version", 7, 400),
    (b"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 6, 400),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "http_target", 4, 400),
    (b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "http_method", 0, 400),
    (b"get / HTTP/1.1\r\nHost: a\r\n\r\n", "http_method", 0, 501),
    (b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", "http_method", 1, 501),
    (b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "http_method", 1, 400),
    (b"\nPOST / HTTP/1.1\r\nHost: a\r\n\r\n", "http_line_end", 0, 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http_http2_preface", 0, 505),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "http_method", 0, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "http_content_length", 45, 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", "http_content_length", 43, 400),
]

RESPONSES = [
    (b"\r\nHTTP/1.1 200 OK\r\n\r\n", "http_status_line", 0, 502),
    (b"200 OK\r\n\r\n", "http_status_line", 0, 502),
    (b"<html>\r\n\r\n", "http_status_line", 0, 502),
    (b"HTTP/0.9 200 OK\r\n\r\n", "http_version", 5, 502),
    (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "http_transfer_encoding", 17, 502),
    (b"HTTP/1.1  200 OK\r\n\r\n", "http_status_line", 9, 502),
    (b"HTTP/1.1 +200 OK\r\n\r\n", "http_status_line", 9, 502),
    (b"HTTP/1.1 099 OK\r\n\r\n", "http_status_line", 9, 502),
    (b"HTTP/1.1 20 OK\r\n\r\n", "http_status_line", 11, 502),
    (b"HTTP/1.1 200 O\x00K\r\n\r\n", "http_status_line", 14, 502),
    (b"HTTP/1.1 200 OK\nX: y\r\n\r\n", "http_line_end", 15, 502),
    (b"HTTP/1.1 200 OK\r\n X: a\r\n\r\n", "http_line_folding", 17, 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "http_content_length", 33, 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "http_content_length", 36, 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "http_framing_conflict", 36, 502),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", "http_content_length", 33, 502),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", "http_transfer_encoding", 36, 502),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "http_transfer_encoding", 36, 502),
    (b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "http_header_name", 18, 502),
    (b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n", "http_header_value", 21, 502),
    (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "http_line_folding", 23, 502),
    (b"HTTP/1.1 200 OK\r\nX: y\n\r\n", "http_line_end", 21, 502),
    (b"HTTP/1.1 200 OK\rX: y\r\n\r\n", "http_line_end", 16, 502),
    (b"HTTP/1.1 2000 OK\r\n\r\n", "http_status_line", 12, 502),
    (b"HTTP/1.1 600 OK\r\n\r\n", "http_status_line", 9, 502),
    (b"HTTP/1.10 200 OK\r\n\r\n", "http_version", 8, 502),
    (b"HTTP/2.0 200 OK\r\n\r\n", "http_version", 5, 502),
    (b"ICY 200 OK\r\n\r\n", "http_status_line", 2, 502),
    (b"RTSP/1.0 200 OK\r\n\r\n", "http_version", 0, 502),
]

# More than the limits allow. Limits are those of the library unless given.
TOO_MUCH = [
    (
        b"POST / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(100)) + b"\r\n",
        None,
        "http_too_many_headers",
        431,
    ),
    (b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", None, "http_target_too_long", 414),
    (b"GET /" + b"x" * 100000, None, "http_target_too_long", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20000 + b"\r\n\r\n", None, "http_line_too_long", 431),
    (
        b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"X: " + b"y" * 1000 + b"\r\n") * 90 + b"\r\n",
        None,
        "http_head_too_large",
        431,
    ),
    (b"\r\n" * 1000 + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", None, "http_line_end", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Limits(max_head=20), "http_head_too_large", 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Limits(max_headers=0), "http_too_many_headers", 431),
    (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Limits(max_leading_blank=0), "http_line_end", 400),
]


def refusal_of(action: Callable[[], object]) -> tuple[str, int | None, int]:
    with pytest.raises(RemoteProtocolError) as refused:
        action()
    assert refused.value.reason
    return refused.value.code, refused.value.position, refused.value.status


def feed(connection: Connection, data: bytes, step: int) -> None:
    for start in range(0, len(data), step):
        connection.receive_data(data[start : start + step])
        connection.next_event()


def client_that_asked() -> Connection:
    connection = Connection(CLIENT)
    connection.send(Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(EndOfMessage())
    return connection


@pytest.mark.parametrize(("data", "code", "position", "status"), REQUESTS)
def test_refused_request(data: bytes, code: str, position: int, status: int) -> None:
    assert refusal_of(lambda: parse_request(data)) == (code, position, status)
    # Whatever follows makes no difference.
    assert refusal_of(lambda: parse_request(data + b"GET / HTTP/1.1\r\n")) == (code, position, status)


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize(("data", "code", "position", "status"), REQUESTS)
def test_refused_request_in_pieces(data: bytes, code: str, position: int, status: int, step: int) -> None:
    connection = Connection(SERVER)
    assert refusal_of(lambda: feed(connection, data, step)) == (code, position, status)
    # The refusal stays, and nothing can be fed around it.
    assert refusal_of(connection.next_event) == (code, position, status)
    assert refusal_of(lambda: feed(connection, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000)) == (code, position, status)
    # The server can still say so.
    assert connection.send(Response(status_code=status, headers=[("Content-Length", "0")])).startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize(("data", "code", "position", "status"), RESPONSES)
def test_refused_response(data: bytes, code: str, position: int, status: int) -> None:
    assert refusal_of(lambda: parse_response(data)) == (code, position, status)


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize(("data", "code", "position", "status"), RESPONSES)
def test_refused_response_in_pieces(data: bytes, code: str, position: int, status: int, step: int) -> None:
    connection = client_that_asked()
    assert refusal_of(lambda: feed(connection, data, step)) == (code, position, status)
    assert refusal_of(connection.next_event) == (code, position, status)
    assert not connection.reusable


@pytest.mark.parametrize("step", [997, 10**6])
@pytest.mark.parametrize(("data", "limits", "code", "status"), TOO_MUCH)
def test_limits(data: bytes, limits: Limits | None, code: str, status: int, step: int) -> None:
    connection = Connection(SERVER, limits=limits)
    found, _, answer = refusal_of(lambda: feed(connection, data, step))
    assert (found, answer) == (code, status)
    # Refused as soon as it is too much, not when it is complete.
    assert connection.buffered <= 65536 + step


def test_a_request_that_never_ends_is_read_in_linear_time() -> None:
    connection = Connection(SERVER, limits=Limits(max_head=1 << 20, max_line=1 << 20))
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    for _ in range(50_000):
        connection.receive_data(b"y")
        connection.next_event()
    connection.receive_data(b"\r\n\r\n")
    request = connection.next_event()
    assert isinstance(request, Request)
    assert len(request.headers[b"x"]) == 50_000


def test_the_target_decides_where_host_says_otherwise() -> None:
    head = parse_request(b"GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n")
    assert head is not None
    assert head.authority == b"a.example"


@pytest.mark.parametrize("blanks", [b"", b" ", b"\t", b"  \t "])
def test_blanks_around_a_value_are_no_part_of_it(blanks: bytes) -> None:
    head = parse_request(
        b"POST / HTTP/1.1\r\nHost:" + blanks + b"a" + blanks + b"\r\nContent-Length:" + blanks + b"5\r\n\r\n"
    )
    assert head is not None
    assert (head.authority, head.content_length) == (b"a", 5)


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"DELETE", b"OPTIONS"])
@pytest.mark.parametrize(
    ("framing", "body"), [(b"Content-Length: 5", b"hello"), (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")]
)
def test_bodies_of_methods_that_seldom_have_one_are_no_second_request(
    method: bytes, framing: bytes, body: bytes
) -> None:
    head = method + b" / HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n"
    connection = Connection(SERVER)
    connection.receive_data(head + body + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
    request = connection.next_event()
    assert isinstance(request, Request)
    # Answered early: the body is still to be read.
    connection.send(Response(status_code=200, headers=[("Content-Length", "0")]))
    connection.send(EndOfMessage())
    assert bytes(connection.next_event()) == b"hello"  # type: ignore[arg-type]
    assert isinstance(connection.next_event(), EndOfMessage)
    connection.start_next_cycle()
    following = connection.next_event()
    assert isinstance(following, Request)
    assert following.target == b"/next"
