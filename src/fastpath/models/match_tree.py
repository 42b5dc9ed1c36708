"""Trees of matchers that lead to a virtual host's routes. Source: xds.type.matcher.v3.Matcher, as Envoy takes it."""

from __future__ import annotations

from typing import TypeAlias

from .matcher import StringMatcher
from .model import model
from .position import Position, position_field

__all__ = [
    "AllOf",
    "AnyOf",
    "HeaderTest",
    "MatchPredicate",
    "MatchTarget",
    "MatchedRoutes",
    "MatcherList",
    "MatcherMap",
    "NoneOf",
]


@model(frozen=True, slots=True)
class MatchedRoutes:
    """The next `count` routes of the virtual host, in the order in which one reads the tree."""

    count: int = 1
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class HeaderTest:
    """A header, its lines joined by commas, compared; one that is missing fails."""

    header: str
    string_match: StringMatcher
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class AllOf:
    """All of the predicates hold."""

    predicates: tuple[MatchPredicate, ...]
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class AnyOf:
    """At least one of the predicates holds."""

    predicates: tuple[MatchPredicate, ...]
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class NoneOf:
    """The predicate does not hold."""

    predicate: MatchPredicate
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class MatcherList:
    """Predicates in order, each with what it leads to. Where that finds nothing, the next one is tried."""

    entries: tuple[tuple[MatchPredicate, MatchTarget], ...] = ()
    on_no_match: MatchTarget | None = None
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class MatcherMap:
    """A header's value looked up; its lines are joined by commas."""

    header: str
    targets: tuple[tuple[str, MatchTarget], ...]
    prefix: bool = False
    """Keys are prefixes: the longest that the value begins with, then, where that finds nothing, shorter ones."""
    on_no_match: MatchTarget | None = None
    position: Position | None = position_field()


MatchPredicate: TypeAlias = HeaderTest | AllOf | AnyOf | NoneOf
MatchTarget: TypeAlias = MatcherList | MatcherMap | MatchedRoutes
