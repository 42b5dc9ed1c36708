"""Conditions on metadata and filter state: loaded, decided, explained, refused with their place."""

from __future__ import annotations

import math
from ipaddress import ip_address
from typing import Any

import pytest

import fastpath
from fastpath.config import load, to_dict
from fastpath.models import (
    AddressMatcher,
    CidrRange,
    DirectResponse,
    DoubleRange,
    FilterStateMatcher,
    MetadataMatcher,
    Route,
    RouteMatch,
    StringMatcher,
    ValueMatcher,
    VirtualHost,
)

TEXT = ValueMatcher(string_match=StringMatcher(exact="gold"))
THERE = ValueMatcher(present_match=True)


def table_of(**match: Any) -> fastpath.RouteTable:
    route = Route(RouteMatch(prefix="/", **match), DirectResponse(200))
    return fastpath.RouteTable((VirtualHost("v", ("*",), (route,)),))


def holds(condition: MetadataMatcher | FilterStateMatcher, **given: Any) -> bool:
    name = "dynamic_metadata" if isinstance(condition, MetadataMatcher) else "filter_state"
    return table_of(**{name: (condition,)}).match_parts(path="/", **given) is not None


def asks(value: ValueMatcher, given: object, *path: str) -> bool:
    matcher = MetadataMatcher("f", path or ("key",), value)
    return holds(matcher, metadata={"f": {"key": given, "other": 1}})


def test_values_of_every_kind() -> None:
    assert asks(TEXT, "gold")
    assert asks(TEXT, b"gold")
    assert not asks(TEXT, "silver")
    assert asks(ValueMatcher(null_match=True), None)
    assert not asks(ValueMatcher(null_match=True), False)
    assert asks(ValueMatcher(bool_match=False), False)
    assert not asks(ValueMatcher(bool_match=False), 0)
    assert asks(ValueMatcher(double_match=3.0), 3)
    assert asks(ValueMatcher(double_match=DoubleRange(1.5, math.inf)), 1e300)
    assert not asks(ValueMatcher(double_match=DoubleRange(1.5, 2)), 2)
    assert asks(ValueMatcher(list_match=TEXT), ["a", "gold"])
    assert asks(ValueMatcher(list_match=TEXT), ("gold",))
    assert not asks(ValueMatcher(list_match=TEXT), "gold")
    assert asks(ValueMatcher(or_match=(ValueMatcher(null_match=True), TEXT)), "gold")
    assert asks(TEXT, {"deep": {"er": "gold"}}, "key", "deep", "er")
    assert not asks(THERE, {"deep": {"er": "gold"}}, "key", "none", "er")
    assert asks(THERE, {})
    assert not asks(ValueMatcher(present_match=False), "gold")


def test_what_is_missing_holds_inverted() -> None:
    inverted = MetadataMatcher("f", ("key",), TEXT, invert=True)
    assert holds(inverted)
    assert holds(inverted, metadata={})
    assert holds(inverted, metadata={"g": {"key": "gold"}})
    assert not holds(inverted, metadata={"f": {"key": "gold"}})


def test_filter_state() -> None:
    text = FilterStateMatcher("k", StringMatcher(prefix="t"))
    assert holds(text, filter_state={"k": "tenant"})
    assert holds(text, filter_state={"k": b"tenant"})
    assert not holds(text, filter_state={"j": "tenant"})
    inside = FilterStateMatcher("k", address_match=AddressMatcher((CidrRange("10.0.0.0", 8), CidrRange("fd00::", 8))))
    assert holds(inside, filter_state={"k": ip_address("10.1.2.3")})
    assert holds(inside, filter_state={"k": ip_address("fd00::1")})
    assert not holds(inside, filter_state={"k": ip_address("11.1.2.3")})
    assert not holds(inside, filter_state={"k": "10.1.2.3"})
    outside = FilterStateMatcher("k", address_match=AddressMatcher((CidrRange("10.0.0.0", 8),), invert_match=True))
    assert holds(outside, filter_state={"k": ip_address("11.1.2.3")})
    assert not holds(outside)
    assert holds(FilterStateMatcher("k", StringMatcher(exact="[fd00::1]:0")), filter_state={"k": ip_address("fd00::1")})


def test_a_parsed_request_may_have_them_too() -> None:
    table = table_of(dynamic_metadata=(MetadataMatcher("f", ("key",), TEXT),))
    request = fastpath.parse_request(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert request is not None
    assert table.match(request, metadata={"f": {"key": "gold"}}) is not None
    assert table.match(request, filter_state={"f": "gold"}) is None
    assert table.match(request) is None
    assert table.match_many([request]) == [None]
    assert None not in table.match_many([request] * 2, metadata={"f": {"key": "gold"}})
    assert table.match_many([request], filter_state={"f": "gold"}) == [None]


def test_explanations_name_the_condition() -> None:
    conditions = MetadataMatcher("f", ("key",), TEXT), MetadataMatcher("f", ("key",), THERE)
    state = FilterStateMatcher("k", StringMatcher(exact="x"))
    table = table_of(dynamic_metadata=conditions, filter_state=(state,))
    (candidate,) = table.explain(path="/", metadata={"f": {"key": "silver"}}).candidates
    assert candidate.failed == ("match.dynamic_metadata[0]", "match.filter_state[0]")
    explanation = table.explain(path="/", metadata={"f": {"key": "gold"}}, filter_state={"k": "x"})
    assert explanation.match is not None
    assert explanation.candidates[0].failed == ()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"metadata": {"f": "text"}}, TypeError),
        ({"metadata": {"f": {1: "text"}}}, TypeError),
        ({"metadata": {"f": {"key": object()}}}, TypeError),
        ({"metadata": {"f": {"key": 10**400}}}, OverflowError),
        ({"metadata": 5}, TypeError),
        ({"filter_state": {"k": 5}}, TypeError),
        ({"filter_state": {5: "k"}}, TypeError),
    ],
)
def test_what_is_no_value_is_refused(given: dict[str, Any], error: type[Exception]) -> None:
    table = table_of()
    with pytest.raises(error):
        table.match_parts(path="/", **given)


def test_endless_values_are_refused() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = [endless]
    with pytest.raises(ValueError, match="nested"):
        table_of().match_parts(path="/", metadata={"f": endless})


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        (MetadataMatcher("f", ("key",), ValueMatcher()), "dynamic_metadata[0]"),
        (MetadataMatcher("f", ("key",), ValueMatcher(null_match=True, bool_match=True)), "dynamic_metadata[0]"),
        (MetadataMatcher("f", ("key",), ValueMatcher(or_match=(TEXT,))), "dynamic_metadata[0]"),
        (MetadataMatcher("f", (), TEXT), "dynamic_metadata[0]"),
        (MetadataMatcher("", ("key",), TEXT), "dynamic_metadata[0]"),
        (
            MetadataMatcher("f", ("key",), ValueMatcher(string_match=StringMatcher(safe_regex="("))),
            "dynamic_metadata[0]",
        ),
        (FilterStateMatcher("k"), "filter_state[0]"),
        (FilterStateMatcher("k", address_match=AddressMatcher((CidrRange("nonsense", 1),))), "filter_state[0]"),
    ],
)
def test_what_is_no_condition_is_refused(condition: MetadataMatcher | FilterStateMatcher, path: str) -> None:
    with pytest.raises(fastpath.ConfigError) as caught:
        holds(condition)
    assert caught.value.path == f"virtual_hosts[0].routes[0].match.{path}"


def test_documents() -> None:
    match = {
        "prefix": "/",
        "dynamic_metadata": [
            {
                "filter": "f",
                "path": [{"key": "a"}, {"key": "b"}],
                "value": {
                    "or_match": {
                        "value_matchers": [
                            {"list_match": {"one_of": {"string_match": {"exact": "gold"}}}},
                            {"double_match": {"range": {"start": "-Infinity", "end": 2.5}}},
                        ]
                    }
                },
                "invert": True,
            }
        ],
        "filter_state": [
            {"key": "k", "string_match": {"prefix": "x"}},
            {
                "key": "k",
                "address_match": {"ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}], "invert_match": True},
            },
        ],
    }
    document = {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": "r",
        "virtual_hosts": [
            {"name": "v", "domains": ["*"], "routes": [{"match": match, "direct_response": {"status": 200}}]}
        ],
    }
    config = load(document)
    found = config.route_configurations["r"].virtual_hosts[0].routes[0].match
    either = ValueMatcher(list_match=TEXT), ValueMatcher(double_match=DoubleRange(-math.inf, 2.5))
    assert found.dynamic_metadata == (MetadataMatcher("f", ("a", "b"), ValueMatcher(or_match=either), invert=True),)
    address = AddressMatcher((CidrRange("10.0.0.0", 8),), invert_match=True)
    assert found.filter_state == (
        FilterStateMatcher("k", StringMatcher(prefix="x")),
        FilterStateMatcher("k", address_match=address),
    )
    assert load(to_dict(config, form="resources")) == config
