"""Where redirects and direct responses lead: the locations of a real Envoy, and ours."""

from __future__ import annotations

import itertools
from pathlib import Path

from conformance.envoy_oracle import KeptConnection, run_envoy
from conformance.ports import free_ports

from fastpath import RouteTable, load, parse_request
from fastpath.actions import direct_answer

API = "type.googleapis.com/envoy.extensions.filters"
ROUTES = [
    {"match": {"prefix": "/https"}, "redirect": {"https_redirect": True}},
    {"match": {"prefix": "/http"}, "redirect": {"scheme_redirect": "http"}},
    {"match": {"prefix": "/ftp"}, "redirect": {"scheme_redirect": "ftp"}},
    {"match": {"prefix": "/path"}, "redirect": {"path_redirect": "/x"}},
    {"match": {"prefix": "/201"}, "direct_response": {"status": 201, "body": {"inline_string": "made"}}},
    {"match": {"prefix": "/204"}, "direct_response": {"status": 204}},
    {"match": {"prefix": "/301"}, "direct_response": {"status": 301}},
]
PATHS = ["/https", "/http", "/ftp", "/path?q=1", "/201", "/204", "/301"]
HOSTS = ["a", "a:80", "a:443", "a:8080"]
ORIGINS = ["", "http://b", "https://b:443"]
FORWARDED: list[list[str]] = [
    [],
    *([each] for each in ("", "http", "https", "HTTP", "HTTPS", "ftp", " https ", "https,http")),
    ["http", "https"],
    ["https", "http"],
    ["https", "https"],
    ["", "https"],
    ["https", ""],
]


def requests() -> list[bytes]:
    made = []
    for path, host, origin, forwarded in itertools.product(PATHS, HOSTS, ORIGINS, FORWARDED):
        lines = [f"GET {origin}{path} HTTP/1.1", f"Host: {host}", *(f"X-Forwarded-Proto: {each}" for each in forwarded)]
        made.append("\r\n".join([*lines, "", ""]).encode())
    return made


def envoys(connection: KeptConnection, request: bytes) -> tuple[int, bytes | None]:
    """Status and location."""
    status, fields = connection.ask(request)
    return status, fields.get(b"location")


def ours(table: RouteTable, data: bytes) -> tuple[int, bytes | None]:
    request = parse_request(data)
    assert request is not None
    match = table.match(request)
    if match is None:  # an x-forwarded-proto that is there and empty
        return 404, None
    answer = direct_answer(match, request)
    assert answer is not None
    return answer.status, dict(answer.headers).get(b"location")


def test_they_lead_to_the_same_place(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    manager = {
        "@type": f"{API}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "web",
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{API}.http.router.v3.Router"}}],
        "route_config": {"name": "web", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": ROUTES}]},
    }
    listener = {
        "name": "web",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }
    document = {"static_resources": {"listeners": [listener]}}
    table = RouteTable.from_config(load(document))
    with run_envoy(document, [port], tmp_path):
        connection = KeptConnection(port)
        expected = {request: envoys(connection, request) for request in requests()}
        connection.close()
    different = {
        request: (ours(table, request), want) for request, want in expected.items() if ours(table, request) != want
    }
    assert different == {}
    assert {status for status, _ in expected.values()} == {201, 204, 301, 404}
