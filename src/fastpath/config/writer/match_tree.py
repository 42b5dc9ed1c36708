"""Matcher trees of virtual hosts (xds.type.matcher.v3.Matcher)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from ...models import (
    AllOf,
    HeaderTest,
    MatchedRoutes,
    MatcherList,
    MatcherMap,
    MatchPredicate,
    MatchTarget,
    NoneOf,
    Route,
)
from ..envoy_types import HEADER_INPUT, ROUTE, ROUTE_LIST
from .fields import Json, extension, member
from .matcher import write_string_matcher

__all__ = ["write_match_tree"]


@dataclass
class _Writer:
    write_route: Callable[[Route], Json]
    routes: Iterator[Route]


def write_match_tree(
    matcher: MatcherList | MatcherMap, routes: Iterator[Route], write_route: Callable[[Route], Json]
) -> Json:
    """A Matcher, and in it the routes, as it leads to them."""
    return _matcher(_Writer(write_route, routes), matcher)


def _matcher(writer: _Writer, matcher: MatcherList | MatcherMap) -> Json:
    content = _list(writer, matcher) if isinstance(matcher, MatcherList) else _map(writer, matcher)
    if matcher.on_no_match is not None:
        content["on_no_match"] = _target(writer, matcher.on_no_match)
    return content


def _list(writer: _Writer, matcher: MatcherList) -> Json:
    entries = [
        {"predicate": _predicate(predicate), "on_match": _target(writer, target)}
        for predicate, target in matcher.entries
    ]
    return {"matcher_list": {"matchers": entries}} if entries else {}


def _map(writer: _Writer, matcher: MatcherMap) -> Json:
    targets = {key: _target(writer, target) for key, target in matcher.targets}
    kind = "prefix_match_map" if matcher.prefix else "exact_match_map"
    return {"matcher_tree": {"input": _input(matcher.header), kind: {"map": targets}}}


def _input(header: str) -> Json:
    return extension("header", HEADER_INPUT, {"header_name": header})


def _target(writer: _Writer, target: MatchTarget) -> Json:
    if not isinstance(target, MatchedRoutes):
        return {"matcher": _matcher(writer, target)}
    routes = [writer.write_route(route) for route in islice(writer.routes, target.count)]
    if len(routes) == 1:
        return {"action": extension("route", ROUTE, routes[0])}
    return {"action": extension("routes", ROUTE_LIST, member("routes", routes))}


def _predicate(predicate: MatchPredicate) -> Json:
    if isinstance(predicate, HeaderTest):
        return {"single_predicate": _test(predicate)}
    if isinstance(predicate, NoneOf):
        return {"not_matcher": _predicate(predicate.predicate)}
    kind = "and_matcher" if isinstance(predicate, AllOf) else "or_matcher"
    return {kind: {"predicate": [_predicate(each) for each in predicate.predicates]}}


def _test(test: HeaderTest) -> Json:
    """xDS has a RegexMatcher of its own, which says which engine is meant."""
    value = write_string_matcher(test.string_match)
    if test.string_match.safe_regex is not None:
        value["safe_regex"] = {"google_re2": {}, "regex": test.string_match.safe_regex}
    return {"input": _input(test.header), "value_match": value}
