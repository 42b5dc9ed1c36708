"""Matcher trees of virtual hosts: loaded, decided, explained, refused with their place."""

from __future__ import annotations

from typing import Any

import pytest

import fastpath
from fastpath.models import (
    DirectResponse,
    HeaderTest,
    MatchedRoutes,
    MatcherList,
    MatcherMap,
    NoneOf,
    Route,
    RouteMatch,
    StringMatcher,
    VirtualHost,
)

INPUT = "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput"
ROUTE = "type.googleapis.com/envoy.config.route.v3.Route"


def header(name: str) -> dict[str, Any]:
    return {"name": "i", "typed_config": {"@type": INPUT, "header_name": name}}


def to(name: str, prefix: str = "/") -> dict[str, Any]:
    config = {"@type": ROUTE, "name": name, "match": {"prefix": prefix}, "direct_response": {"status": 200}}
    return {"action": {"name": "route", "typed_config": config}}


def listener(host: dict[str, Any]) -> dict[str, Any]:
    filters = "type.googleapis.com/envoy.extensions.filters"
    router = {"name": "router", "typed_config": {"@type": f"{filters}.http.router.v3.Router"}}
    manager = {
        "@type": f"{filters}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "s",
        "route_config": {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], **host}]},
        "http_filters": [router],
    }
    return {
        "static_resources": {
            "listeners": [
                {
                    "name": "l",
                    "address": {"socket_address": {"address": "127.0.0.1", "port_value": 1}},
                    "filter_chains": [{"filters": [{"name": "m", "typed_config": manager}]}],
                }
            ]
        }
    }


def table_of(matcher: dict[str, Any], **host: Any) -> fastpath.RouteTable:
    return fastpath.RouteTable.from_config(fastpath.load(listener({"matcher": matcher, **host})))


def name_of(match: fastpath.Match | None) -> str | None:
    return match.route.name if match is not None else None


TREE = {
    "matcher_tree": {"input": header("x-user"), "prefix_match_map": {"map": {"a": to("a", "/a"), "ab": to("ab")}}},
    "on_no_match": to("other"),
}


def test_a_tree_is_loaded_and_decides() -> None:
    table = table_of(TREE)
    assert name_of(table.match_parts(path="/", headers=[("x-user", "abc")])) == "ab"
    assert name_of(table.match_parts(path="/a", headers=[("x-user", "a")])) == "a"
    assert table.match_parts(path="/", headers=[("x-user", "a")]) is None  # what a tree chose is not taken back
    assert name_of(table.match_parts(path="/", headers=[("x-user", "z")])) == "other"
    assert name_of(table.match_parts(path="/")) == "other"


def test_a_tree_of_models_decides() -> None:
    test = HeaderTest("x-a", StringMatcher(prefix="1"))
    tree = MatcherList(
        ((NoneOf(test), MatchedRoutes(2)),), MatcherMap("x-a", (("1", MatchedRoutes()),), on_no_match=MatchedRoutes(0))
    )
    routes = tuple(Route(RouteMatch(prefix=path), DirectResponse(200), path) for path in ("/a", "/", "/b"))
    table = fastpath.RouteTable([VirtualHost("v", ("*",), routes, matcher=tree)])
    assert name_of(table.match_parts(path="/b")) == "/"
    assert name_of(table.match_parts(path="/b", headers=[("x-a", "1")])) == "/b"
    assert table.match_parts(path="/b", headers=[("x-a", "12")]) is None
    table.update([VirtualHost("v", ("*",), routes, matcher=tree), VirtualHost("w", ("w",))])
    assert name_of(table.match_parts(authority="a", path="/b", headers=[("x-a", "1")])) == "/b"


def test_an_explanation_tells_of_the_list_that_was_chosen() -> None:
    explained = table_of(TREE).explain(path="/", headers=[("x-user", "a")])
    assert explained.match is None
    assert explained.candidates == ()
    assert explained.passed_over == 1
    explained = table_of(TREE).explain(path="/", headers=[("x-user", "q")])
    assert [each.route.name for each in explained.candidates] == ["other"]
    assert explained.passed_over == 0


def test_routes_that_never_win_in_their_list_are_told() -> None:
    routes = [
        {"name": name, "match": {"prefix": "/"}, "direct_response": {"status": 200}} for name in ("first", "second")
    ]
    action = {"action": {"name": "r", "typed_config": {"@type": f"{ROUTE}List", "routes": routes}}}
    with pytest.warns(fastpath.ConfigWarning, match='"second" can never win'):
        table_of({"on_no_match": action})


@pytest.mark.parametrize(
    ("matcher", "reason"),
    [
        ({"matcher_list": {"matchers": []}}, "has no matchers"),
        ({"matcher_tree": {"input": header("a"), "exact_match_map": {"map": {}}}}, "the map is empty"),
        ({"matcher_tree": {"input": header("a"), "custom_match": {}}}, "tree type"),
        ({"on_no_match": {**to("a"), "keep_matching": True}}, "keep_matching"),
        ({"on_no_match": {}}, "has no target"),
        ({"matcher_list": {"matchers": [{"on_match": to("a")}]}}, '"predicate" is missing'),
    ],
)
def test_what_envoy_refuses_is_refused(matcher: dict[str, Any], reason: str) -> None:
    with pytest.raises(fastpath.ConfigError, match=reason):
        fastpath.load(listener({"matcher": matcher}))


def test_other_inputs_are_refused_by_name() -> None:
    other = {"name": "i", "typed_config": {"@type": "type.googleapis.com/x.FilterStateInput", "key": "k"}}
    with pytest.raises(fastpath.ConfigError, match="FilterStateInput"):
        fastpath.load(
            listener({"matcher": {"matcher_tree": {"input": other, "exact_match_map": {"map": {"a": to("a")}}}}})
        )


def test_a_tree_that_cannot_be_compiled_is_refused_with_its_place() -> None:
    value = {"safe_regex": {"google_re2": {}, "regex": "("}}
    predicate = {"single_predicate": {"input": header("a"), "value_match": value}}
    with pytest.raises(fastpath.ConfigError) as caught:
        table_of({"matcher_list": {"matchers": [{"predicate": predicate, "on_match": to("a")}]}})
    assert caught.value.path is not None
    assert "matcher.matcher_list.matchers[0].predicate.single_predicate" in caught.value.path


def test_routes_beside_a_tree_are_refused() -> None:
    route = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    with pytest.raises(fastpath.ConfigError, match="exclude each other"):
        table_of(TREE, routes=[route])


def test_routes_that_the_tree_does_not_lead_to_are_refused() -> None:
    route = Route(RouteMatch(prefix="/"), DirectResponse(200))
    with pytest.raises(fastpath.ConfigError, match="nothing leads to"):
        fastpath.RouteTable([VirtualHost("v", ("*",), (route, route), matcher=MatcherList((), MatchedRoutes()))])
