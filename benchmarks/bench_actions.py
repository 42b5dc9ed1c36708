"""What a route costs a request after it was found: formats, header mutations, path rewrites, beside plain Python.

    pytest benchmarks/bench_actions.py --benchmark-only

The peers do by hand, with str methods, re and lists, what one such route asks for; they know no other route, check
nothing, and give text where fastpath gives the head that goes upstream.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import fastpath
from fastpath.actions import actions_of
from fastpath.models import (
    HeaderMutations,
    HeaderValueOption,
    RegexRewrite,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)

HEAD = (
    b"GET /api/v1/users/42?verbose=1 HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n"
    b"X-Forwarded-For: 10.1.2.3\r\nX-Request-Id: 7f3c2a1e-5b7d-4a53-9f0e-2d1c6b8a9e10\r\nX-Debug: 1\r\n\r\n"
)
LOG = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% "%REQ(USER-AGENT)%"'
)
PARSED = fastpath.parse_request(HEAD)
assert PARSED is not None
REQUEST = PARSED
FIELDS = [(name.decode().lower(), value.decode()) for name, value in REQUEST.headers]


def forwarded(
    match: RouteMatch, action: RouteAction, *fields: HeaderValueOption, remove: tuple[str, ...] = ()
) -> Callable[[], bytes]:
    """From the match to the head for the upstream."""
    mutations = HeaderMutations(fields, remove)
    table = fastpath.RouteTable(
        RouteConfiguration("all", (VirtualHost("all", ("*",), (Route(match, action, "", mutations),)),))
    )
    found = table.match(REQUEST)
    assert found is not None
    actions = actions_of(found)

    def call() -> bytes:
        changes = actions.finalize_request(found, REQUEST)
        return changes.rewriter.rewrite(
            REQUEST, path=changes.path, query=changes.query, authority=changes.authority, values=changes.values
        )

    return call


def option(key: str, value: str) -> HeaderValueOption:
    return HeaderValueOption(key, value)


ANY = RouteMatch(prefix="/")


def plain() -> Callable[[], object]:
    return forwarded(ANY, RouteAction(cluster="c"))


def static_mutations() -> Callable[[], object]:
    return forwarded(
        ANY, RouteAction(cluster="c"), option("x-env", "prod"), option("x-team", "shop"), remove=("x-debug",)
    )


def operators() -> Callable[[], object]:
    return forwarded(
        ANY, RouteAction(cluster="c"), option("x-from", "%REQ(X-FORWARDED-FOR)%"), option("x-was", "%REQ(:PATH)%")
    )


def played() -> Callable[[], object]:
    """The same field at the same level twice: one after the other, on a copy of the head."""
    return forwarded(ANY, RouteAction(cluster="c"), option("x-a", "1"), option("x-a", "%REQ(:PATH)%"))


def prefix_rewrite() -> Callable[[], object]:
    return forwarded(RouteMatch(prefix="/api/v1/"), RouteAction(cluster="c", prefix_rewrite="/"))


def regex_rewrite() -> Callable[[], object]:
    rewrite = RegexRewrite(r"^/api/v\d+/(\w+)/(\d+)$", r"/\1?id=\2")
    return forwarded(ANY, RouteAction(cluster="c", regex_rewrite=rewrite))


def template_rewrite() -> Callable[[], object]:
    match = RouteMatch(path_template="/api/v1/{kind}/{id}")
    return forwarded(match, RouteAction(cluster="c", path_template_rewrite="/{kind}/by-id/{id}"))


def log_line() -> Callable[[], object]:
    formatter = fastpath.SubstitutionFormatter(LOG)
    stream = fastpath.StreamInfo(REQUEST, start_time=1_700_000_000.123)
    return lambda: formatter.format(stream)


def json_line() -> Callable[[], object]:
    from fastpath.substitution import JsonFormatter

    fields = {
        "method": "%REQ(:METHOD)%",
        "path": "%REQ(:PATH)%",
        "code": "%RESPONSE_CODE%",
        "agent": "%REQ(USER-AGENT)%",
    }
    formatter = JsonFormatter(fields)
    stream = fastpath.StreamInfo(REQUEST, start_time=1_700_000_000.123)
    return lambda: formatter.format(stream)


def python_head(path: str, fields: list[tuple[str, str]]) -> str:
    return f"GET {path} HTTP/1.1\r\n" + "".join([f"{name}: {value}\r\n" for name, value in fields]) + "\r\n"


def python_mutations() -> Callable[[], object]:
    def call() -> str:
        fields = [(name, value) for name, value in FIELDS if name != "x-debug"]
        fields += [("x-env", "prod"), ("x-team", "shop")]
        return python_head("/api/v1/users/42?verbose=1", fields)

    return call


def python_prefix() -> Callable[[], object]:
    def call() -> str:
        path, mark, query = "/api/v1/users/42?verbose=1".partition("?")
        return python_head(path.replace("/api/v1/", "/", 1) + mark + query, FIELDS)

    return call


def python_regex() -> Callable[[], object]:
    sub = re.compile(r"^/api/v\d+/(\w+)/(\d+)$").sub

    def call() -> str:
        path, mark, query = "/api/v1/users/42?verbose=1".partition("?")
        return python_head(sub(r"/\1?id=\2", path) + mark + query, FIELDS)

    return call


def python_log_line() -> Callable[[], object]:
    fields = dict(FIELDS)
    return lambda: '[{}] "{} {} {}" {} "{}"'.format(
        "2023-11-14T22:13:20.123Z",
        "GET",
        fields.get("x-envoy-original-path", "/api/v1/users/42?verbose=1"),
        "HTTP/1.1",
        200,
        fields.get("user-agent", "-"),
    )


ROWS = {
    "mutations": [plain, static_mutations, operators, played, python_mutations],
    "rewrites": [prefix_rewrite, template_rewrite, regex_rewrite, python_prefix, python_regex],
    "log lines": [log_line, json_line, python_log_line],
}


@pytest.mark.parametrize(
    ("group", "make"),
    [(group, make) for group, makes in ROWS.items() for make in makes],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_actions(benchmark: BenchmarkFixture, group: str, make: Callable[[], Callable[[], object]]) -> None:
    benchmark.group = group
    benchmark(make())
