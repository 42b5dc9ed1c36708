"""A head rewritten for the next hop: hop-by-hop fields go, framing is written anew, the rest stays as it was."""

from __future__ import annotations

import pytest

from fastpath import HeadRewriter, Request, Response, parse_request, parse_response

PLAIN = HeadRewriter()


def request(*lines: bytes, start: bytes = b"GET /a?q HTTP/1.1") -> Request:
    parsed = parse_request(b"\r\n".join([start, *lines, b"", b""]))
    assert parsed is not None
    return parsed


def response(*lines: bytes, start: bytes = b"HTTP/1.1 200 OK", method: bytes = b"GET") -> Response:
    parsed = parse_response(b"\r\n".join([start, *lines, b"", b""]), method)
    assert isinstance(parsed, Response)
    return parsed


def lines_of(head: bytes) -> list[bytes]:
    assert head.endswith(b"\r\n\r\n")
    return head[:-4].split(b"\r\n")


def test_plain_rewrite_keeps_end_to_end_fields_in_order_and_case() -> None:
    head = request(b"Host: a", b"X-One: 1", b"accept: */*", b"X-One: 2")
    assert lines_of(PLAIN.rewrite(head)) == [
        b"GET /a?q HTTP/1.1",
        b"Host: a",
        b"X-One: 1",
        b"accept: */*",
        b"X-One: 2",
    ]


def test_hop_by_hop_fields_and_what_connection_names_are_dropped() -> None:
    head = request(
        b"Host: a", b"Connection: close, X-Hop", b"X-Hop: 1", b"Keep-Alive: 5", b"TE: gzip", b"Upgrade: h2c",
        b"Proxy-Connection: x", b"Proxy-Authorization: Basic eA==", b"Accept: */*",
    )  # fmt: skip
    assert lines_of(PLAIN.rewrite(head)) == [b"GET /a?q HTTP/1.1", b"Host: a", b"Accept: */*"]


def test_framing_is_written_from_what_was_parsed() -> None:
    assert b"Content-Length: 5" in lines_of(PLAIN.rewrite(request(b"Host: a", b"content-length: 0005")))
    rewritten = PLAIN.rewrite(request(b"Host: a", b"transfer-ENCODING: ChunkeD"))
    assert b"Transfer-Encoding: chunked" in lines_of(rewritten)


def test_absolute_form_becomes_origin_form_with_its_own_host() -> None:
    head = request(b"Host: b.example", start=b"GET http://b.example/x?y HTTP/1.0")
    assert lines_of(PLAIN.rewrite(head)) == [b"GET /x?y HTTP/1.1", b"Host: b.example"]


def test_operations() -> None:
    rewriter = HeadRewriter(
        set={b"x-set": b"new"},
        append=[(b"x-append", b"2")],
        add_if_absent={b"x-there": b"no", b"x-absent": b"yes"},
        overwrite_if_exists={b"x-over": b"written", b"x-nowhere": b"no"},
        remove=[b"cookie"],
    )
    head = request(
        b"Host: a", b"X-Set: old", b"X-Set: older", b"X-Append: 1", b"X-There: kept", b"X-Over: o", b"Cookie: c=1",
        b"cookie: d=2",
    )  # fmt: skip
    fields = parse_request(rewriter.rewrite(head)).headers  # type: ignore[union-attr]
    assert fields.get_all(b"x-set") == [b"new"]
    assert fields.get_all(b"x-append") == [b"1", b"2"]
    assert fields.get_all(b"x-there") == [b"kept"]
    assert fields.get_all(b"x-absent") == [b"yes"]
    assert fields.get_all(b"x-over") == [b"written"]
    assert b"x-nowhere" not in fields
    assert b"cookie" not in fields


def test_values_are_filled_in_by_each_call() -> None:
    rewriter = HeadRewriter(set={b"x-request-id": None, b"x-fixed": b"f"}, append={b"x-forwarded-for": None})
    for number in (b"1", b"2"):
        fields = parse_request(  # type: ignore[union-attr]
            rewriter.rewrite(request(b"Host: a"), values=(number, b"10.0.0." + number))
        ).headers
        assert fields[b"x-request-id"] == number
        assert fields[b"x-forwarded-for"] == b"10.0.0." + number
        assert fields[b"x-fixed"] == b"f"


def test_a_value_of_none_leaves_the_field_out() -> None:
    rewriter = HeadRewriter(set={b"x-id": None})
    assert lines_of(rewriter.rewrite(request(b"Host: a"), values=[None])) == [b"GET /a?q HTTP/1.1", b"Host: a"]


@pytest.mark.parametrize("values", [(), (b"a",), (b"a", b"b", b"c")])
def test_values_have_to_be_as_many_as_are_open(values: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="2 values"):
        HeadRewriter(set={b"x": None, b"y": None}).rewrite(request(b"Host: a"), values=values)


def test_request_line_and_host_can_be_replaced() -> None:
    head = request(b"Host: a")
    rewritten = PLAIN.rewrite(head, method=b"POST", path=b"/new", query=b"z=1", authority=b"upstream:8080")
    assert lines_of(rewritten) == [b"POST /new?z=1 HTTP/1.1", b"Host: upstream:8080"]
    assert lines_of(PLAIN.rewrite(head, path=b"/new"))[0] == b"GET /new?q HTTP/1.1"
    assert lines_of(PLAIN.rewrite(head, query=b""))[0] == b"GET /a HTTP/1.1"


def test_body_can_be_reframed() -> None:
    head = request(b"Host: a", b"Content-Length: 5")
    assert b"Content-Length: 7" in lines_of(PLAIN.rewrite(head, content_length=7))
    assert b"Transfer-Encoding: chunked" in lines_of(PLAIN.rewrite(head, chunked=True))
    assert lines_of(PLAIN.rewrite(head, chunked=False)) == [b"GET /a?q HTTP/1.1", b"Host: a"]
    with pytest.raises(ValueError, match="exclude"):
        PLAIN.rewrite(head, chunked=True, content_length=7)
    with pytest.raises(OverflowError):
        PLAIN.rewrite(head, content_length=-1)


def test_connection_options_are_said_only_when_asked_for() -> None:
    upgrade = request(b"Host: a", b"Connection: Upgrade", b"Upgrade: websocket")
    assert {b"Upgrade: websocket", b"Connection: upgrade"} <= {
        line if line.startswith(b"Upgrade") else line.replace(b"Upgrade", b"upgrade")
        for line in lines_of(PLAIN.rewrite(upgrade, upgrade=True))
    }
    assert b"Connection: close" in lines_of(PLAIN.rewrite(request(b"Host: a"), close=True))
    assert b"Connection: keep-alive" in lines_of(PLAIN.rewrite(response(b"Content-Length: 1"), keep_alive=True))
    secret = request(b"Host: a", b"Proxy-Authorization: Basic eA==")
    assert b"Proxy-Authorization: Basic eA==" in lines_of(PLAIN.rewrite(secret, proxy_authorization=True))


def test_response() -> None:
    head = response(b"Content-Length: 3", b"Connection: close", b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"Server: x")
    rewriter = HeadRewriter(remove=[b"server"], set={b"via": b"1.1 gw"})
    lines = lines_of(rewriter.rewrite(head))
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert sorted(lines[1:]) == [b"Content-Length: 3", b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"via: 1.1 gw"]


def test_large_heads_are_written_too() -> None:
    head = request(b"Host: a", *(b"X-%d: " % index + b"v" * 600 for index in range(90)))
    rewritten = HeadRewriter(set={b"x-big": b"w" * 9000}).rewrite(head)
    fields = parse_request(rewritten).headers  # type: ignore[union-attr]
    assert len(fields) == 92
    assert fields[b"x-89"] == b"v" * 600
    assert fields[b"x-big"] == b"w" * 9000


@pytest.mark.parametrize("name", [b"Host", b"connection", b"Content-Length", b"transfer-encoding", b"te", b"a b", b""])
def test_names_that_are_the_rewrites_own_or_no_names(name: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        HeadRewriter(set={name: b"x"})
    with pytest.raises(ValueError):  # noqa: PT011
        HeadRewriter(remove=[name])


@pytest.mark.parametrize("value", [b"a\r\nb", b"a\nb", b"a\0b", b"\x7f"])
def test_values_that_would_split_the_head(value: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        HeadRewriter(set={b"x": value})
    with pytest.raises(ValueError):  # noqa: PT011
        HeadRewriter(set={b"x": None}).rewrite(request(b"Host: a"), values=(value,))


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": b"x"},
        {"path": b"/a b"},
        {"path": b"/a\r\nX: y"},
        {"path": b"/a#b"},
        {"query": b"a b"},
        {"authority": b"a\r\nX: y"},
        {"authority": b"a/b"},
        {"method": b"G T"},
        {"method": b""},
    ],
)
def test_parts_that_must_not_be_written(arguments: dict[str, bytes]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        PLAIN.rewrite(request(b"Host: a"), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("strange", [None, b"GET / HTTP/1.1\r\n\r\n", "x", 1])
def test_only_heads_are_rewritten(strange: object) -> None:
    with pytest.raises(TypeError):
        PLAIN.rewrite(strange)  # type: ignore[arg-type]
