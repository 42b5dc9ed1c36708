"""What a real Envoy's routes see of targets and headers that its connection manager changes, and what ours see."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from conformance.route_oracle import envoy_with

import fastpath

Document = dict[str, Any]


def request(*headers: str, start: str = "GET /") -> bytes:
    return "\r\n".join([f"{start} HTTP/1.1", "Host: a.com", *headers, "", ""]).encode()


def header_matches() -> list[Document]:
    matches: list[Document] = []
    kinds: tuple[Document, ...] = (
        {"exact_match": ""},
        {"exact_match": "a"},
        {"string_match": {"exact": ""}},
        {"contains_match": "a"},
        {"present_match": True},
        {"present_match": False},
        {},
    )
    for kind, invert, empty in itertools.product(kinds, (False, True), (False, True)):
        flags = {"invert_match": invert, "treat_missing_header_as_empty": empty}
        matches.append({"prefix": "/", "headers": [{"name": "x-a", **kind, **flags}]})
    values = ("http", "https", "trailers")
    for name, value, invert in itertools.product(("te", "x-forwarded-proto", ":scheme"), values, (False, True)):
        header = {"name": name, "string_match": {"exact": value}, "invert_match": invert}
        matches.append({"prefix": "/", "headers": [header]})
    for name, value in (("upgrade", "websocket"), ("connection", "close,Upgrade"), ("referer", "/a,b:c")):
        matches.append({"prefix": "/", "headers": [{"name": name, "string_match": {"exact": value}}]})
    for name in (
        "te",
        "x-forwarded-proto",
        ":foo",
        "upgrade",
        "connection",
        "referer",
        "http2-settings",
        "x-a",
        "close",
    ):
        matches.append({"prefix": "/", "headers": [{"name": name, "present_match": True}]})
    return matches


MATCHES: list[Document] = [
    *header_matches(),
    *({"prefix": path} for path in ("", "*", "/")),
    {"path": "*"},
    *({"safe_regex": {"regex": regex}} for regex in (".*", r"\*")),
]
REQUESTS = [
    request(),
    *(request(f"x-a:{value}") for value in ("", " a", " b")),
    request("x-a:", "x-a: a"),
    *(request(f"te: {value}") for value in ("trailers", "gzip", "gzip, trailers", "trailers;q=0.5", "Trailers", "")),
    request("te: gzip", "te: trailers"),
    request("connection: te", "te: gzip, trailers"),
    *(request(f"x-forwarded-proto: {value}") for value in ("https", "HTTPS", "ftp", "")),
    request("x-forwarded-proto: https", "x-forwarded-proto: http"),
    request("connection: te", "te: Trailers"),
    request("connection: te", "te:"),
    request("connection: x-a, close", "x-a: a", "close: 1"),
    request("connection: Upgrade, x-a", "upgrade: websocket", "x-a: a", "te: gzip"),
    request("connection: close", "connection: Upgrade", "upgrade: websocket", "te: trailers"),
    request("upgrade: websocket", "te: gzip"),
    *(request("connection: upgrade", f"upgrade: {name}", "http2-settings: q", "te: gzip") for name in ("h2c", "H2C")),
    request("connection: http2-settings", "http2-settings: q"),
    *(request(f"referer: {value}") for value in ("/a", "a:b", "http://a/", "http://a#b", "http://u@a", "")),
    request("referer: /a", "referer: b:c"),
    request("referer: a", "referer: b:c"),
    request(start="OPTIONS *"),
    request(start="CONNECT a.com:80"),
    request(start="GET http://a.com/x"),
    request(start="GET http://a.com"),
    request(start="GET https://a.com/x"),
    request(start="GET HTTPS://a.com/x"),
    request("x-forwarded-proto: https", start="GET http://a.com/x"),
    request("x-forwarded-proto: http", start="GET https://a.com"),
]


def configuration(match: Document) -> Document:
    route = {"name": "hit", "match": match, "direct_response": {"status": 200}}
    return {"virtual_hosts": [{"name": "h", "domains": ["*"], "routes": [route]}]}


def test_routes_see_what_envoys_see(tmp_path: Path) -> None:
    different = []
    with envoy_with([(configuration(match), {}) for match in MATCHES], ["c0"], tmp_path) as envoys:
        config = fastpath.load(envoys.document)
        for index, match in enumerate(MATCHES):
            table = fastpath.RouteTable.from_config(config, f"r{index}", warn_shadowed=False)
            for raw in REQUESTS:
                parsed = fastpath.parse_request(raw)
                assert parsed is not None
                ours = table.match(parsed) is not None
                envoy = envoys.ask(index, raw).get(b"x-told-route") is not None
                if ours != envoy:
                    different.append((match, raw, f"envoy {envoy}"))
    assert different == []
