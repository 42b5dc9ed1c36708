"""Matcher trees lead where a naive walk through the models leads."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import fastpath
from fastpath.models import (
    AllOf,
    AnyOf,
    DirectResponse,
    HeaderTest,
    MatchedRoutes,
    MatcherList,
    MatcherMap,
    MatchPredicate,
    MatchTarget,
    NoneOf,
    Route,
    RouteMatch,
    StringMatcher,
    VirtualHost,
)

NAMES = ("x-a", "x-b", ":path", ":method", "host")
names = st.sampled_from(NAMES)
texts = st.sampled_from(("a", "ab", "b", "a,b", "/a", "/a/b", "/", "GET", "A"))
strings = st.one_of(
    st.builds(StringMatcher, exact=st.just("") | texts, ignore_case=st.booleans()),
    *(
        st.builds(StringMatcher, **{kind: texts}, ignore_case=st.booleans())  # type: ignore[arg-type]
        for kind in ("prefix", "suffix", "contains")
    ),
)
predicates: st.SearchStrategy[Any] = st.recursive(
    st.builds(HeaderTest, names, strings),
    lambda inner: st.one_of(
        st.builds(NoneOf, inner),
        st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=4,
)


def matchers(targets: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    otherwise = st.none() | targets
    entries = st.lists(st.tuples(predicates, targets), min_size=1, max_size=3).map(tuple)
    keys = st.dictionaries(st.just("") | texts, targets, min_size=1, max_size=4).map(lambda found: tuple(found.items()))
    return st.builds(MatcherList, entries, on_no_match=otherwise) | st.builds(
        MatcherMap, names, keys, prefix=st.booleans(), on_no_match=otherwise
    )


trees = matchers(st.recursive(st.just(MatchedRoutes(1)), matchers, max_leaves=8))
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(("GET", "POST")),
        "authority": st.sampled_from(("a", "ab")),
        "path": st.sampled_from(("/", "/a", "/a/b", "/b?a")),
        "headers": st.lists(st.tuples(st.sampled_from(("x-a", "X-B")), st.just("") | texts), max_size=4),
    }
)


def value_of(request: dict[str, Any], name: str) -> str | None:
    """The whole value of a header, None without it."""
    if name.startswith(":") or name == "host":
        return str(request["authority" if name == "host" else name[1:]])
    lines = [value for key, value in request["headers"] if key.lower() == name]
    return ",".join(lines) if lines else None


def compares(matcher: StringMatcher, value: str) -> bool:
    if matcher.ignore_case:
        value = value.lower()
    for kind, test in (("exact", str.__eq__), ("prefix", str.startswith), ("suffix", str.endswith)):
        wanted = getattr(matcher, kind)
        if wanted is not None:
            return test(value, wanted.lower() if matcher.ignore_case else wanted)
    assert matcher.contains is not None
    return (matcher.contains.lower() if matcher.ignore_case else matcher.contains) in value


def holds(predicate: MatchPredicate, request: dict[str, Any]) -> bool:
    if isinstance(predicate, HeaderTest):
        value = value_of(request, predicate.header)
        return value is not None and compares(predicate.string_match, value)
    if isinstance(predicate, NoneOf):
        return not holds(predicate.predicate, request)
    found = [holds(each, request) for each in predicate.predicates]
    return all(found) if isinstance(predicate, AllOf) else any(found)


def count(target: MatchTarget | None) -> int:
    """How many routes a target has."""
    if target is None:
        return 0
    if isinstance(target, MatchedRoutes):
        return target.count
    parts = target.entries if isinstance(target, MatcherList) else target.targets
    return sum(count(part) for _, part in parts) + count(target.on_no_match)


def find(target: MatchTarget, request: dict[str, Any], first: int) -> int | None:
    """The number of the route, of those that begin with `first`."""
    if isinstance(target, MatchedRoutes):
        return first
    found: list[tuple[int, int]] = []
    parts: Any = target.entries if isinstance(target, MatcherList) else target.targets
    value = None if isinstance(target, MatcherList) else value_of(request, target.header)
    for number, (condition, part) in enumerate(parts):
        if isinstance(target, MatcherList):
            fits, rank = holds(condition, request), number
        else:
            fits = value is not None and (value.startswith(condition) if target.prefix else value == condition)
            rank = -len(condition)
        route = find(part, request, first) if fits else None
        if route is not None:
            found.append((rank, route))
        first += count(part)
    if found:
        return min(found)[1]
    return None if target.on_no_match is None else find(target.on_no_match, request, first)


@given(trees, st.lists(requests, min_size=1, max_size=8))
def test_a_tree_leads_where_a_naive_walk_does(tree: MatchTarget, asked: list[dict[str, Any]]) -> None:
    routes = tuple(Route(RouteMatch(prefix="/"), DirectResponse(200), str(number)) for number in range(count(tree)))
    table = fastpath.RouteTable((VirtualHost("v", ("*",), routes, matcher=tree),))  # type: ignore[arg-type]
    for request in asked:
        match = table.match_parts(**request)
        expected = find(tree, request, 0)
        assert (None if match is None else int(match.route.name)) == expected
