"""Heads made from their parts: what can be made can be sent, and says exactly what it was given."""

from __future__ import annotations

import pytest

from fastpath import InformationalResponse, LocalProtocolError, Request, Response, parse_request, parse_response


def test_request_is_what_was_asked_for() -> None:
    head = Request(method="POST", target=b"/x?y", headers=[("Host", "a.example"), (b"X-Tag", b"1"), (b"x-tag", b"2")])
    assert bytes(head) == b"POST /x?y HTTP/1.1\r\nHost: a.example\r\nX-Tag: 1\r\nx-tag: 2\r\n\r\n"
    assert (head.method, head.path, head.query, head.authority) == (b"POST", b"/x", b"y", b"a.example")
    assert head.headers.get_all(b"x-tag") == [b"1", b"2"]
    assert head.head_length == len(bytes(head))


def test_request_survives_being_read_again() -> None:
    head = Request(method=b"PUT", target=b"/", headers=[(b"Host", b"a"), (b"Content-Length", b"3")])
    again = parse_request(bytes(head))
    assert again is not None
    assert again.headers == head.headers
    assert again.content_length == head.content_length == 3


def test_response_is_what_was_asked_for() -> None:
    head = Response(status_code=201, headers={b"Content-Length": b"0"}.items())
    assert bytes(head) == b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    assert Response(status_code=299).reason == b""
    assert Response(status_code=200, reason="Fine", http_version="1.0").reason == b"Fine"
    assert bytes(Response(status_code=200, http_version=b"1.0")).startswith(b"HTTP/1.0 200 OK\r\n")


def test_interim_response_is_what_was_asked_for() -> None:
    assert bytes(InformationalResponse(status_code=100)) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_headers_of_another_head_can_be_passed_on() -> None:
    received = parse_response(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\n")
    assert isinstance(received, Response)
    assert bytes(Response(status_code=200, headers=received.headers)) == bytes(received)


def test_more_headers_than_strangers_may_send() -> None:
    head = Response(status_code=200, headers=[(b"X-%d" % index, b"y" * 100) for index in range(1000)])
    assert len(head.headers) == 1000


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"method": b"G T"}, "http_method"),
        ({"method": b""}, "http_method"),
        ({"method": b"GET\r\n"}, "http_method"),
        ({"target": b""}, "http_target"),
        ({"target": b"/a b"}, "http_target"),
        ({"target": b"/a\r\nX: y"}, "http_target"),
        ({"target": b"/a#b"}, "http_target"),
        ({"target": b"x"}, "http_target"),
        ({"headers": []}, "http_host"),
        ({"headers": [(b"Host", b"a"), (b"host", b"a")]}, "http_host"),
        ({"headers": [(b"Host", b"a"), (b"X", b"y\r\nZ: w")]}, "http_header_value"),
        ({"headers": [(b"Host", b"a"), (b"X", b"y\n")]}, "http_header_value"),
        ({"headers": [(b"Host", b"a"), (b"X", b"y\0")]}, "http_header_value"),
        ({"headers": [(b"Host", b"a"), (b"X\r\nY", b"z")]}, "http_header_name"),
        ({"headers": [(b"Host", b"a"), (b"X ", b"z")]}, "http_header_name"),
        ({"headers": [(b"Host", b"a"), (b"", b"z")]}, "http_header_name"),
        ({"headers": [(b"Host", b"a"), (b"Content-Length", b"-1")]}, "http_content_length"),
        ({"headers": [(b"Host", b"a"), (b"Content-Length", b"1, 1")]}, "http_content_length"),
        ({"headers": [(b"Host", b"a"), (b"Transfer-Encoding", b"gzip")]}, "http_transfer_encoding"),
        (
            {"headers": [(b"Host", b"a"), (b"Content-Length", b"1"), (b"Transfer-Encoding", b"chunked")]},
            "http_framing_conflict",
        ),
        ({"http_version": b"2"}, "http_version"),
        ({"http_version": b"1.2"}, "http_version"),
    ],
)
def test_request_that_must_not_be_sent(parts: dict[str, object], code: str) -> None:
    right = {"method": b"GET", "target": b"/", "headers": [(b"Host", b"a")]}
    Request(**right)  # type: ignore[arg-type]
    with pytest.raises(LocalProtocolError) as refused:
        Request(**right | parts)  # type: ignore[arg-type]
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"status_code": 99}, "http_status_line"),
        ({"status_code": 100}, "http_status_line"),
        ({"status_code": 600}, "http_status_line"),
        ({"status_code": -1}, "http_status_line"),
        ({"reason": b"a\r\nb"}, "http_status_line"),
        ({"headers": [(b"X", b"\x7f")]}, "http_header_value"),
        ({"headers": [(b"Content-Length", b"1"), (b"Content-Length", b"2")]}, "http_content_length"),
    ],
)
def test_response_that_must_not_be_sent(parts: dict[str, object], code: str) -> None:
    with pytest.raises(LocalProtocolError) as refused:
        Response(**{"status_code": 200, "headers": []} | parts)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_final_status_is_not_interim() -> None:
    with pytest.raises(LocalProtocolError):
        InformationalResponse(status_code=200)


@pytest.mark.parametrize("headers", [[(b"X", 1)], [(None, b"y")], [b"X: y"], 7])
def test_headers_are_pairs_of_strings(headers: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        Response(status_code=200, headers=headers)  # type: ignore[arg-type]


def test_strings_that_are_not_ascii_are_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        Response(status_code=200, headers=[("X", "caf\u00e9")])
    assert Response(status_code=200, headers=[(b"X", "café".encode())]).headers[b"x"] == "café".encode()


def test_a_head_cannot_be_made_without_its_parts() -> None:
    with pytest.raises(TypeError):
        Request()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Response()  # type: ignore[call-arg]
