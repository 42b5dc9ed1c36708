"""docs/limits.md says what the code does: each bound is met, and passed by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

import fastpath
from fastpath import config, models
from fastpath.models import (
    CidrRange,
    Cluster,
    DirectResponse,
    Endpoint,
    FilterChain,
    FilterChainMatch,
    HeaderMatcher,
    LbPolicy,
    LocalityEndpoints,
    MaglevConfig,
    RingHashConfig,
    Route,
    RouteMatch,
    VirtualHost,
)
from fastpath.proxy import Options

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "limits.md").read_text()
HOST = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of a section's table, by their first cell."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in section.splitlines() if line[:1] == "|"
    ]
    return {name.replace("`", ""): [cell.strip("`") for cell in rest] for name, *rest in cells[2:]}


def number_of(cell: str) -> int:
    found = re.match(r"\d+", cell)
    assert found is not None, cell
    return int(found[0])


# --- messages --------------------------------------------------------------------------------------------------------


def received(data: bytes, limits: fastpath.Limits, role: fastpath.Role = fastpath.SERVER) -> None:
    connection = fastpath.Connection(role, limits=limits)
    if role is fastpath.CLIENT:
        connection.send(fastpath.Request(method=b"GET", target=b"/", headers=[(b"Host", b"a")]))
        connection.send(fastpath.EndOfMessage())
    connection.receive_data(data)
    while not isinstance(connection.next_event(), (fastpath.EndOfMessage, fastpath.Response)):
        pass


# What is refused under a limit so small, and taken by default.
MESSAGES: dict[str, tuple[int, bytes, fastpath.Role]] = {
    "max_headers": (3, HOST + b"a: b\r\n" * 3 + b"\r\n", fastpath.SERVER),
    "max_head": (30, HOST + b"a: bcd\r\n\r\n", fastpath.SERVER),
    "max_line": (30, HOST + b"a: " + b"b" * 28 + b"\r\n\r\n", fastpath.SERVER),
    "max_chunk_overhead": (30, CHUNKED + b"1;" + b"a" * 60 + b"\r\nx\r\n0\r\n\r\n", fastpath.SERVER),
    "max_trailers": (3, CHUNKED + b"0\r\n" + b"a: b\r\n" * 4 + b"\r\n", fastpath.SERVER),
    "max_trailer_bytes": (30, CHUNKED + b"0\r\na: " + b"b" * 40 + b"\r\n\r\n", fastpath.SERVER),
    "max_interim": (3, b"HTTP/1.1 103 Hints\r\n\r\n" * 4 + b"HTTP/1.1 204 Done\r\n\r\n", fastpath.CLIENT),
    "max_leading_blank": (0, b"\r\n" + HOST + b"\r\n", fastpath.SERVER),
}


def test_limits_of_messages_are_all_there() -> None:
    names = {name for name in dir(fastpath.Limits) if name.startswith("max_")}
    assert names == rows("Messages").keys() == MESSAGES.keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_beyond_a_limit(name: str) -> None:
    default, _, code, status = rows("Messages")[name]
    assert getattr(fastpath.Limits(), name) == number_of(default)
    bound, data, role = MESSAGES[name]
    received(data, fastpath.Limits(), role)
    with pytest.raises(fastpath.ProtocolError) as refused:
        received(data, fastpath.Limits(**{name: bound}), role)
    assert (refused.value.code, refused.value.status) == (code, int(status))


def dispatched(limits: fastpath.Limits) -> object:
    dispatcher = fastpath.Dispatcher(fastpath.RouteTable([]), fastpath.ClusterManager([]), limits=limits)
    return dispatcher.dispatch(HOST + b"\r\n")


TAKERS: dict[str, Callable[[fastpath.Limits], object]] = {
    "HeadParser": lambda limits: fastpath.HeadParser(limits).parse_request(HOST + b"\r\n"),
    "Connection": lambda limits: received(HOST + b"\r\n", limits),
    "Dispatcher": dispatched,
    "iter_requests": lambda limits: list(fastpath.iter_requests(HOST + b"\r\n", limits=limits)),
}


def test_who_takes_limits() -> None:
    (named,) = re.findall(r"`fastpath\.Limits\(.*?\)`, which (.*?)\s+take;", PAGE, re.DOTALL)
    # What the gateway does with its own is asked in tests/proxy.
    assert set(re.findall(r"`([\w.]+)`", named)) == {*TAKERS, "proxy.Options"}
    for parse in TAKERS.values():
        parse(fastpath.Limits())
        with pytest.raises(fastpath.ProtocolError):
            parse(fastpath.Limits(max_line=10))


# --- what is refused at a bound, by the number ---------------------------------------------------------------------


def hello(size: int) -> object:
    """A ClientHello of two records so far: a byte less than so many, and more are to come."""
    message = b"\x01" + (16384).to_bytes(3, "big") + bytes(16384)
    record = b"\x16\x03\x01" + (8192).to_bytes(2, "big")
    return fastpath.parse_client_hello((record + message[:8192] + record + message[8192:])[: size - 1])


def table(domain: str = "*", match: RouteMatch | None = None) -> object:
    route = Route(match or RouteMatch(prefix="/"), DirectResponse(200))
    return fastpath.RouteTable([VirtualHost("a", (domain,), (route,))])


def metadata_test(depth: int) -> RouteMatch:
    test: Any = models.ValueMatcher(present_match=True)
    for _ in range(depth - 1):
        test = models.ValueMatcher(list_match=test)
    matcher = models.MetadataMatcher("filter", ("key",), test)
    return RouteMatch(prefix="/", dynamic_metadata=(matcher,))


def tree(depth: int) -> object:
    routes = models.MatchedRoutes(1)
    here: Any = routes
    for _ in range(depth):
        here = models.MatcherMap("x", (("a", here),))
    host = VirtualHost("a", ("*",), (Route(RouteMatch(prefix="/"), DirectResponse(200)),), matcher=here)
    return fastpath.RouteTable([host])


def chain_of(count: int) -> object:
    """Names times ports times ranges make so many combinations: one list of so many entries."""
    ranges = tuple(CidrRange(f"10.{n >> 12}.{n >> 4 & 255}.{(n & 15) * 16}", 28) for n in range(1024))
    ports = tuple(range(1, 1025)) if count <= 1 << 20 else tuple(range(1, 1026))
    match = FilterChainMatch(source_prefix_ranges=ranges, source_ports=ports)
    return fastpath.FilterChainTable([FilterChain("a", match)])


def cluster(priority: int = 0, port: int = 80, weight: int | None = None, **settings: Any) -> object:
    group = LocalityEndpoints((Endpoint("10.0.0.1", port, weight),), priority=priority)
    return fastpath.ClusterManager([Cluster("a", (group,), **settings)])


def selector(keys: int) -> object:
    names = frozenset(f"k{n}" for n in range(keys))
    return cluster(subsets=models.SubsetConfig(selectors=(models.SubsetSelector(keys=names),)))


def memberships(count: int) -> object:
    values = {"envoy.lb": {"k": [f"v{n}" for n in range(count)]}}
    subsets = models.SubsetConfig(selectors=(models.SubsetSelector(keys=frozenset({"k"})),), list_as_any=True)
    group = LocalityEndpoints((Endpoint("10.0.0.1", 80, metadata=values),))
    return fastpath.ClusterManager([Cluster("a", (group,), subsets=subsets)])


BOUNDS: dict[str, dict[str, Callable[[int], object]]] = {
    "The beginning of a connection": {
        "PROXY line": lambda n: fastpath.parse_proxy_header(b"PROXY UNKNOWN " + b"a" * (n - 16) + b"\r\n"),
        "request line, for detect_http": lambda n: fastpath.detect_http(b"GET /" + b"a" * (n - 16) + b" HTTP/1.1\r\n"),
        "ClientHello": hello,
    },
    "Routes": {
        "domain": lambda n: table("a" * n),
        "conditions of a route": lambda n: table(
            match=RouteMatch(prefix="/", headers=(HeaderMatcher("x", present_match=True),) * n)
        ),
        "URI template": lambda n: table(match=RouteMatch(path_template="/" + "a" * (n - 1))),
        "variables of a URI template": lambda n: table(
            match=RouteMatch(path_template="".join(f"/{{a{i}}}" for i in range(n)))
        ),
        "name of a variable": lambda n: table(match=RouteMatch(path_template="/{" + "a" * n + "}")),
        "variables of a PathRouter path": lambda n: fastpath.PathRouter(
            [("".join(f"/{{a{i}}}" for i in range(n)), None)]
        ),
        "regular expression": lambda n: fastpath.Regex("[" + "a" * (n - 2) + "]"),
        "open parentheses in it": lambda n: fastpath.Regex("(" * n + "a" + ")" * n),
        "its repetition": lambda n: fastpath.Regex(f"a{{{n}}}"),
        "metadata conditions in each other": lambda n: table(match=metadata_test(n)),
        "matchers of a tree in each other": tree,
        "combinations that one filter chain stands for": chain_of,
        "names that a HeadRewriter changes (ValueError)": lambda n: fastpath.HeadRewriter(
            set={f"n{i}": "v" for i in range(n)}
        ),
    },
    "Clusters": {
        "priority": lambda n: cluster(priority=n),
        "weight of an endpoint": lambda n: cluster(weight=n),
        "port": lambda n: cluster(port=n),
        "maximum_ring_size": lambda n: cluster(
            lb_policy=LbPolicy.RING_HASH, ring_hash=RingHashConfig(maximum_ring_size=n)
        ),
        "table_size of Maglev": lambda n: cluster(lb_policy=LbPolicy.MAGLEV, maglev=MaglevConfig(table_size=n)),
        "keys of a subset selector": selector,
        "subsets of a selector that one host is in": memberships,
    },
}

# What does not become one step worse by one more.
NEXT = {"table_size of Maglev": 5000077, "combinations that one filter chain stands for": 1048577}


def test_bounds_are_all_tried() -> None:
    for heading, bounds in BOUNDS.items():
        assert rows(heading).keys() == bounds.keys()


@pytest.mark.parametrize(
    ("heading", "name"), [(heading, name) for heading, bounds in BOUNDS.items() for name in bounds]
)
def test_a_bound_and_one_beyond(heading: str, name: str) -> None:
    most, probe = number_of(rows(heading)[name][0]), BOUNDS[heading][name]
    probe(most)
    with pytest.raises((fastpath.FastpathError, ValueError)) as refused:
        probe(NEXT.get(name, most + 1))
    assert rows(heading)[name][1] in str(refused.value)


# --- documents, admission, the gateway, C --------------------------------------------------------------------------

DOCUMENTS = {
    "max_bytes": (10, "static_resources: {}\n"),
    "max_depth": (2, "a: {b: {c: {}}}\n"),
    "max_nodes": (3, "a: [1, 2, 3, 4]\n"),
    "max_alias_nodes": (3, "a: &a [1, 2, 3]\nb: *a\n"),
}


def test_limits_of_documents_are_all_there() -> None:
    assert {field.name for field in fields(config.DocumentLimits)} == rows("Documents").keys() == DOCUMENTS.keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_beyond_a_limit(name: str, tmp_path: Path) -> None:
    default, _, says = rows("Documents")[name]
    assert getattr(config.DocumentLimits(), name) == number_of(default)
    bound, text = DOCUMENTS[name]
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(fastpath.ConfigError, match=says):
        fastpath.load(file, limits=replace(config.DocumentLimits(), **{name: bound}))


def test_what_is_let_in() -> None:
    defaults = models.CircuitBreakerThresholds()
    for name, (default,) in rows("What is let in").items():
        assert getattr(defaults, name) == number_of(default)
    most = number_of(re.findall(r"a limit of 1 to ([\d,]+)", PAGE)[0].replace(",", ""))
    fastpath.SlidingWindow(most, 1.0)
    with pytest.raises(fastpath.ConfigError):
        fastpath.SlidingWindow(most + 1, 1.0)


def test_options_of_the_gateway() -> None:
    told = {name: cells[0] for name, cells in rows("The gateway").items()}
    defaults = {field.name: field.default for field in fields(Options)}
    assert told == {
        name: str(int(value)) if isinstance(value, (int, float)) else str(value) for name, value in defaults.items()
    }


# Sizes of what callers provide, and not of what comes from outside.
NO_LIMITS = {"FASTPATH_ERROR_MESSAGE_MAX", "FASTPATH_CHUNK_HEADER_MAX", "FASTPATH_BUFFER_MAX_ROOMS"}


def test_constants_of_the_headers() -> None:
    there = {}
    for header in sorted((ROOT / "include" / "fastpath").glob("*.h")):
        for name, value in re.findall(r"^#define (FASTPATH_\w*MAX\w*) (\w+)", header.read_text(), re.MULTILINE):
            there[name] = int(value.rstrip("u"), 0)
    told = {name: number_of(cells[0]) for name, cells in rows("In C").items()}
    assert told == {name: value for name, value in there.items() if name not in NO_LIMITS}
    assert there.keys() >= NO_LIMITS
