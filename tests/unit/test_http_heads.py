"""Parsed request and response heads: what the attributes say, and that nothing is made or kept beyond that."""

from __future__ import annotations

import gc
import pickle
import sys
from collections.abc import Callable

import pytest

from fastpath import HeadParser, Limits, LocalProtocolError, RemoteProtocolError, parse_request, parse_response
from fastpath._headers import Headers
from fastpath._http import Request
from fastpath._response import InformationalResponse, Response

POST = (
    b"POST /orders/7?dry=1&x HTTP/1.1\r\nHost: shop.example:8080\r\nuser-agent: probe\r\nX-Tag: one\r\nx-tag:  two \r\n"
    b"Content-Length: 5\r\nCookie: a=b\r\nEmpty:\r\n\r\n"
)


def request(data: bytes) -> Request:
    parsed = parse_request(data)
    assert parsed is not None
    return parsed


def test_request_line() -> None:
    head = request(POST + b"hello")
    assert head.method == b"POST"
    assert head.target == b"/orders/7?dry=1&x"
    assert head.path == b"/orders/7"
    assert head.query == b"dry=1&x"
    assert head.authority == b"shop.example:8080"
    assert head.version == b"1.1"
    assert head.routing_key() == (b"POST", b"/orders/7", b"shop.example:8080")
    assert head.head_length == len(POST)
    assert bytes(head) == POST


def test_framing_and_connection() -> None:
    head = request(POST)
    assert (head.content_length, head.chunked, head.has_body) == (5, False, True)
    assert (head.keep_alive, head.upgrade, head.expect_continue) == (True, False, False)


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (b"Transfer-Encoding: chunked", {"chunked": True, "content_length": None, "has_body": True}),
        (b"Content-Length: 0", {"content_length": 0, "has_body": False}),
        (b"Content-Length: 9223372036854775807", {"content_length": 2**63 - 1}),
        (b"Connection: close", {"keep_alive": False}),
        (b"Connection: Upgrade\r\nUpgrade: websocket", {"upgrade": True}),
        (b"Upgrade: websocket", {"upgrade": False}),
        (b"Expect: 100-continue\r\nContent-Length: 3", {"expect_continue": True}),
        (b"X: y", {"content_length": None, "chunked": False, "has_body": False, "keep_alive": True}),
    ],
)
def test_framing_fields(line: bytes, seen: dict[str, object]) -> None:
    head = request(b"POST / HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n\r\n")
    assert {name: getattr(head, name) for name in seen} == seen


def test_http_1_0_does_not_keep_alive_unless_asked() -> None:
    head = request(b"GET / HTTP/1.0\r\n\r\n")
    assert (head.version, head.keep_alive, head.authority) == (b"1.0", False, b"")
    assert request(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive


@pytest.mark.parametrize(
    ("line", "host", "path", "query", "authority"),
    [
        (b"GET http://a.example:81/x?y HTTP/1.1", b"a.example:81", b"/x", b"y", b"a.example:81"),
        (b"GET http://a.example HTTP/1.1", b"a.example", b"", None, b"a.example"),
        (b"OPTIONS * HTTP/1.1", b"a.example", b"*", None, b"a.example"),
        (b"CONNECT a.example:443 HTTP/1.1", b"a.example:443", b"", None, b"a.example:443"),
        (b"GET /? HTTP/1.1", b"a.example", b"/", b"", b"a.example"),
        (b"GET /a?b?c HTTP/1.1", b"[::1]:80", b"/a", b"b?c", b"[::1]:80"),
    ],
)
def test_target_forms(line: bytes, host: bytes, path: bytes, query: bytes | None, authority: bytes) -> None:
    head = request(line + b"\r\nHost: " + host + b"\r\n\r\n")
    assert (head.path, head.query, head.authority) == (path, query, authority)
    assert head.target == line.split()[1]


def test_uncommon_method_is_kept_as_it_is() -> None:
    head = request(b"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert head.method == b"PROPFIND"
    assert head.routing_key()[0] == b"PROPFIND"


def test_headers_keep_order_and_case() -> None:
    headers = request(POST).headers
    pairs = [
        (b"Host", b"shop.example:8080"),
        (b"user-agent", b"probe"),
        (b"X-Tag", b"one"),
        (b"x-tag", b"two"),
        (b"Content-Length", b"5"),
        (b"Cookie", b"a=b"),
        (b"Empty", b""),
    ]
    assert headers.items() == pairs == list(headers)
    assert headers.lower_items() == [(name.lower(), value) for name, value in pairs]
    assert headers.flat() == tuple(text for pair in pairs for text in pair)
    assert len(headers) == len(pairs)
    assert dict(headers)[b"Cookie"] == b"a=b"


@pytest.mark.parametrize("spelling", [b"x-tag", b"X-Tag", b"X-TAG"])
def test_lookup_ignores_case_and_sees_every_line(spelling: bytes) -> None:
    headers = request(POST).headers
    assert headers[spelling] == headers.get(spelling) == b"one"
    assert headers.get_all(spelling) == [b"one", b"two"]
    assert spelling in headers


@pytest.mark.parametrize("spelling", [b"user-agent", b"User-Agent", b"USER-AGENT"])
def test_lookup_of_a_well_known_name(spelling: bytes) -> None:
    headers = request(POST).headers
    assert headers[spelling] == b"probe"
    assert headers.get_all(spelling) == [b"probe"]


def test_lookup_of_what_is_absent() -> None:
    headers = request(POST).headers
    assert headers.get(b"x-none") is None
    assert headers.get(b"accept", b"*/*") == b"*/*"
    assert headers.get_all(b"accept") == []
    assert b"accept" not in headers
    with pytest.raises(KeyError):
        headers[b"accept"]


@pytest.mark.parametrize("name", ["Host", None, 1, bytearray(b"Host")])
def test_names_are_bytes(name: object) -> None:
    headers = request(POST).headers
    with pytest.raises(TypeError):
        headers.get(name)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        headers[name]  # type: ignore[index]


def test_names_differ_when_only_bit_5_of_a_symbol_does() -> None:
    # "^" and "~", "@"-free: folding case must touch letters only.
    headers = request(b"GET / HTTP/1.1\r\nHost: a\r\nx^y: 1\r\n\r\n").headers
    assert headers.get(b"x~y") is None
    assert headers.get(b"X^Y") == b"1"
    assert headers.lower_items()[1] == (b"x^y", b"1")


def test_common_strings_are_made_once() -> None:
    first, second = request(POST), request(POST)
    assert first.method is second.method
    assert first.version is second.version
    (host, _), (agent, _), *_ = first.headers.items()
    assert host is second.headers.flat()[0]
    assert agent is second.headers.flat()[2]
    assert first.headers.lower_items()[0][0] is second.headers.lower_items()[0][0]


@pytest.mark.parametrize("cut", range(len(POST)))
def test_incomplete_is_none(cut: int) -> None:
    assert parse_request(POST[:cut]) is None


def test_more_headers_than_a_pooled_record_holds() -> None:
    lines = b"".join(b"X-%d: %d\r\n" % (index, index) for index in range(99))
    head = request(b"GET / HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n")
    assert len(head.headers) == 100
    assert head.headers[b"x-98"] == b"98"
    assert head.headers.flat()[-2:] == (b"X-98", b"98")


def test_response() -> None:
    data = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nServer: x\r\n\r\n"
    head = parse_response(data + b"not found")
    assert isinstance(head, Response)
    assert (head.status_code, head.reason, head.version) == (404, b"Not Found", b"1.1")
    assert (head.content_length, head.chunked, head.until_close, head.keep_alive) == (9, False, False, True)
    assert head.headers.items() == [(b"Content-Length", b"9"), (b"Server", b"x")]
    assert head.head_length == len(data)
    assert bytes(head) == data


def test_response_without_framing_runs_until_close() -> None:
    head = parse_response(b"HTTP/1.1 200 OK\r\n\r\n")
    assert isinstance(head, Response)
    assert head.until_close
    assert not head.keep_alive


def test_response_to_head_has_no_body() -> None:
    head = parse_response(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", b"HEAD")
    assert isinstance(head, Response)
    assert (head.content_length, head.until_close) == (7, False)


def test_interim_response_is_a_type_of_its_own() -> None:
    head = parse_response(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
    assert isinstance(head, InformationalResponse)
    assert not isinstance(head, Response)
    assert (head.status_code, head.reason, head.headers[b"link"]) == (103, b"Early Hints", b"</a>; rel=preload")


@pytest.mark.parametrize("wrap", [bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_other_bytes_like_sources(wrap: type[memoryview]) -> None:
    assert parse_request(wrap(POST)).headers.items() == request(POST).headers.items()  # type: ignore[union-attr]


def test_what_the_caller_does_to_a_bytearray_later_is_not_seen() -> None:
    source = bytearray(POST)
    head = parse_request(source)
    assert head is not None
    source[:] = b"!" * len(source)
    source.clear()
    assert bytes(head) == POST
    assert head.headers[b"cookie"] == b"a=b"


@pytest.mark.parametrize("strange", [memoryview(POST)[::2], memoryview(POST)[::-1]])
def test_strided_memory_is_refused(strange: memoryview) -> None:
    with pytest.raises(BufferError):
        parse_request(strange)


@pytest.mark.parametrize("strange", ["GET / HTTP/1.1\r\n\r\n", None, 7, [POST]])
def test_what_is_not_bytes_is_refused(strange: object) -> None:
    with pytest.raises(TypeError):
        parse_request(strange)  # type: ignore[arg-type]


def test_views_outlive_the_request_and_the_source() -> None:
    source = bytes(bytearray(POST))
    headers = request(source).headers
    del source
    gc.collect()
    assert headers[b"host"] == b"shop.example:8080"


def test_source_is_shared_and_given_back() -> None:
    source = bytes(bytearray(POST))
    before = sys.getrefcount(source)
    heads = [request(source) for _ in range(200)]
    views = [head.headers for head in heads]
    assert sys.getrefcount(source) == before + 200
    del heads
    assert sys.getrefcount(source) == before + 200
    del views
    assert sys.getrefcount(source) == before


def test_heads_need_no_garbage_collector() -> None:
    head = request(POST)
    assert not gc.is_tracked(head)
    assert not gc.is_tracked(head.headers)


def test_types_are_final_and_heads_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        type("Mine", (Request,), {})
    with pytest.raises(TypeError):
        pickle.dumps(request(POST))


@pytest.mark.parametrize(
    ("kind", "use"),
    [
        (Request, lambda head: head.method),
        (Request, lambda head: head.headers),
        (Request, lambda head: head.routing_key()),
        (Response, lambda head: head.status_code),
        (InformationalResponse, lambda head: head.reason),
        (Headers, len),
        (Headers, lambda headers: headers.flat()),
        (Headers, lambda headers: headers.get(b"host")),
    ],
)
def test_an_object_made_around_its_type_is_dead_but_harmless(kind: type, use: Callable[[object], object]) -> None:
    with pytest.raises(RuntimeError):
        use(kind.__new__(kind))


def test_representations_hold_no_values() -> None:
    head = request(b"GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Basic c2VjcmV0\r\n\r\n")
    assert repr(head) == "<Request GET b'/x' with 2 headers>"
    assert repr(head.headers) == "<Headers Host, Authorization>"


def test_limits_are_the_parsers_own() -> None:
    parser = HeadParser(Limits(max_headers=2, max_head=128, max_line=64))
    assert parser.parse_request(b"GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n") is not None
    with pytest.raises(RemoteProtocolError) as refused:
        parser.parse_request(b"GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n")
    assert (refused.value.code, refused.value.status) == ("http_too_many_headers", 431)
    with pytest.raises(RemoteProtocolError) as refused:
        parser.parse_request(b"GET /" + b"x" * 64 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (refused.value.code, refused.value.status) == ("http_target_too_long", 414)
    with pytest.raises(RemoteProtocolError) as refused:
        parser.parse_response(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 64 + b"\r\n\r\n")
    assert (refused.value.code, refused.value.status) == ("http_line_too_long", 502)


def test_a_parser_may_allow_more_than_the_default() -> None:
    lines = b"".join(b"X-%d: y\r\n" % index for index in range(3000))
    data = b"GET / HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n"
    with pytest.raises(RemoteProtocolError):
        parse_request(data)
    head = HeadParser(Limits(max_headers=4000)).parse_request(data)
    assert head is not None
    assert len(head.headers.items()) == 3001


def test_limits_are_values() -> None:
    limits = Limits(max_headers=3)
    assert limits.max_headers == 3
    assert limits.max_head == Limits().max_head == 65536
    assert limits == Limits(max_headers=3) != Limits()
    assert hash(limits) == hash(Limits(max_headers=3))
    assert pickle.loads(pickle.dumps(limits)) == limits
    assert "max_headers=3" in repr(limits)
    with pytest.raises(AttributeError):
        limits.max_headers = 4  # type: ignore[misc]


@pytest.mark.parametrize("wrong", [-1, 65536, 2**40])
def test_limits_have_a_range(wrong: int) -> None:
    with pytest.raises(ValueError, match="max_headers"):
        Limits(max_headers=wrong)


def test_a_status_belongs_to_its_kind_of_head() -> None:
    with pytest.raises(LocalProtocolError, match="200 or above"):
        Response(status_code=199)
    with pytest.raises(LocalProtocolError, match="below 200"):
        InformationalResponse(status_code=200)
    assert Response(status_code=101).status_code == 101


def test_parts_of_a_head_are_bytes_or_text() -> None:
    with pytest.raises(TypeError, match="not int"):
        Request(method="GET", target="/", headers=[("Host", 7)])  # type: ignore[list-item]
    request = Request(method=bytearray(b"GET"), target=memoryview(b"/a"), headers=[("Host", "a")])  # type: ignore[arg-type]
    assert (request.method, request.target) == (b"GET", b"/a")


def test_a_head_holds_65535_fields() -> None:
    host = [("Host", "a")]
    assert len(Request(method="GET", target="/", headers=[*host, *[("X", "")] * 65534]).headers) == 65535
    with pytest.raises(LocalProtocolError, match="more than 65535"):
        Request(method="GET", target="/", headers=[*host, *[("X", "")] * 65535])


def test_heads_say_what_they_are() -> None:
    assert repr(Response(status_code=204, headers=[("A", "b")])) == "<Response 204 with 1 headers>"
    assert repr(InformationalResponse(status_code=103)) == "<InformationalResponse 103 with 0 headers>"


def test_headers_equal_headers_only() -> None:
    headers = Response(status_code=204, headers=[("A", "b")]).headers
    assert headers == Response(status_code=204, headers=[("A", "b")]).headers
    assert headers != [(b"A", b"b")]


def test_a_head_parser_waits_for_the_rest_of_a_head() -> None:
    parser = HeadParser(Limits(max_headers=1))
    assert parser.parse_request(b"GET / HTTP/1.1\r\nHost: a\r\n") is None
    assert parser.parse_response(b"HTTP/1.1 204 No Content\r\n") is None
    answer = parser.parse_response(b"HTTP/1.1 204 No Content\r\nA: b\r\n\r\n")
    assert isinstance(answer, Response)
    assert answer.status_code == 204
    with pytest.raises(RemoteProtocolError) as refused:
        parser.parse_response(b"HTTP/1.1 204 No Content\r\nA: b\r\nC: d\r\n\r\n")
    assert refused.value.code == "http_too_many_headers"
