"""What is left of a request's header fields for a real Envoy's operators and upstreams, and for ours."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from conformance.route_oracle import envoy_with

import fastpath

Document = dict[str, Any]

NAMES = (
    "close connection host http2-settings keep-alive proxy-connection referer te upgrade x-a x-envoy-internal "
    "x-envoy-original-url x-envoy-retry-on x-forwarded-client-cert x-inside"
).split()
VALUES = {
    "connection": ("close", "x-a", "X-A , keep-alive", "te", "upgrade", "Upgrade, x-a", "http2-settings", "referer"),
    "te": ("trailers", "gzip, trailers", "Trailers", "gzip", ""),
    "upgrade": ("websocket", "h2c", "H2C"),
    "referer": (
        "/a",
        "a/b:c",
        "a:b",
        "http://a/#",
        "http://a/#b",
        "http://u@a/",
        "http://a-b.c:1?d",
        "http://a_b/",
        "",
    ),
}


def random_requests(count: int) -> list[bytes]:
    draw = random.Random(9110)
    made = []
    for _ in range(count):
        names = draw.choices([*NAMES, *VALUES, *VALUES], k=draw.randrange(1, 7))
        lines = [f"{name}: {draw.choice(VALUES.get(name, ('1', '2')))}" for name in names if name != "host"]
        made.append("\r\n".join(["GET /p?q HTTP/1.1", "Host: a.com", *lines, "", ""]).encode())
    return made


REFUSED = [
    *(f"GET / HTTP/1.1\r\nHost: a\r\nConnection: {names}\r\n" for names in ("X-Forwarded-For", "x-a, host", ":path")),
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: x-forwarded-proto\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-forwarded-host\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: " + ",".join(["close"] * 10) + "\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: te\r\nTE: " + "x" * 200 + "\r\nTE: " + "x" * 55 + "\r\n",
    *(f"GET http://{host}/ HTTP/1.1\r\nHost: a\r\n" for host in ("a_b", "a~b", "a,b", "a!b:80")),
    *(f"CONNECT {host}:80 HTTP/1.1\r\nHost: a\r\n" for host in ("a_b", "a$b", "a;b")),
]
TAKEN = [
    "GET / HTTP/1.1\r\nHost: a_b~c\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: " + ",".join(["x-a"] * 9) + ",,,\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: te, x-forwarded-port\r\nTE: "
    + "x" * 200
    + "\r\nTE: "
    + "x" * 54
    + "\r\n",
    "GET http://a-b.c:80/ HTTP/1.1\r\nHost: a\r\n",
]


def told_and_sent() -> list[tuple[Document, Document]]:
    """Two configurations: one tells the fields that it sees, the other forwards what goes upstream."""
    tells = [{"header": {"key": f"told-{name}", "value": f"%REQ({name})%"}, "keep_empty_value": True} for name in NAMES]
    routes = (
        {"match": {"prefix": "/"}, "direct_response": {"status": 200}, "response_headers_to_add": tells},
        {"match": {"prefix": "/"}, "route": {"cluster": "c0", "host_rewrite_header": "x-a"}},
    )
    return [
        (
            {
                "internal_only_headers": ["X-Inside"],
                "virtual_hosts": [{"name": "h", "domains": ["*"], "routes": [route]}],
            },
            {},
        )
        for route in routes
    ]


def test_operators_and_upstreams_see_what_envoys_see(tmp_path: Path) -> None:
    different: list[object] = []
    seen = set()
    with envoy_with(told_and_sent(), ["c0"], tmp_path) as envoys:
        config = fastpath.load(envoys.document)
        tells, sends = (fastpath.RouteTable.from_config(config, f"r{index}") for index in (0, 1))
        for raw in random_requests(1500):
            request = fastpath.parse_request(raw)
            assert request is not None
            told = tells.match(request)
            assert told is not None
            answer = fastpath.direct_answer(told, request)
            assert answer is not None
            ours = {name: value for name, value in answer.headers if name.startswith(b"told-")}
            envoy = envoys.ask(0, raw)
            theirs = {name: value for name, value in envoy.headers if name.startswith(b"told-")}
            if envoy.status == 200 and ours != theirs:
                different.append((raw, ours, theirs))
            seen.update(name for name, value in theirs.items() if value)
            if b"\nupgrade:" in raw:
                continue
            match = sends.match(request)
            assert match is not None
            changes = fastpath.finalize_request(match, request)
            sent = changes.rewriter.rewrite(request, authority=changes.authority, values=changes.values)
            theirs_sent = envoys.ask(1, raw).body
            for name in (b"host", b"x-a", b"referer", b"x-inside", b"close"):
                if values_of(name, sent) != values_of(name, theirs_sent):
                    different.append((raw, name, sent, theirs_sent))
    assert different == []
    assert {b"told-upgrade", b"told-connection", b"told-te", b"told-referer", b"told-x-a"} <= seen


def values_of(name: bytes, head: bytes) -> list[bytes]:
    lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    values = [value.strip() for key, _, value in lines if key.lower() == name]
    return [b",".join(filter(None, values))] if values and name == b"referer" else values


def test_what_envoy_answers_400_is_refused(tmp_path: Path) -> None:
    with envoy_with(told_and_sent(), ["c0"], tmp_path) as envoys:
        for head in REFUSED:
            raw = head.encode() + b"\r\n"
            assert envoys.ask(0, raw).status == 400, head
            with pytest.raises(fastpath.ProtocolError) as refused:
                fastpath.parse_request(raw)
            assert refused.value.status == 400, head
        for head in TAKEN:
            raw = head.encode() + b"\r\n"
            assert envoys.ask(0, raw).status == 200, head
            assert fastpath.parse_request(raw) is not None
