"""Matcher trees of virtual hosts (xds.type.matcher.v3.Matcher)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..models import (
    AllOf,
    AnyOf,
    HeaderTest,
    MatchedRoutes,
    MatcherList,
    MatcherMap,
    MatchPredicate,
    MatchTarget,
    NoneOf,
    Route,
    StringMatcher,
)
from ..models.position import MapKey
from .envoy_matcher import header_name, read_string_matcher
from .envoy_types import HEADER_INPUT, ROUTE, ROUTE_LIST
from .fields import Section, Value

__all__ = ["read_match_tree"]

_DEPTH_MAX = 100  # as the core has it
_NOTHING = MatchedRoutes(0)


@dataclass
class _Reader:
    read_route: Callable[[Section], Route]
    routes: list[Route] = field(default_factory=list)
    depth: int = 0


def read_match_tree(
    section: Section, read_route: Callable[[Section], Route]
) -> tuple[MatcherList | MatcherMap, tuple[Route, ...]]:
    """A Matcher, and the routes that it leads to in their order in it."""
    reader = _Reader(read_route)
    return _matcher(reader, section), tuple(reader.routes)


def _matcher(reader: _Reader, section: Section) -> MatcherList | MatcherMap:
    reader.depth += 1
    kind = section.one_of("matcher type", "matcher_list", "matcher_tree", required=False)
    content = section.section(kind) if kind is not None else None
    matcher: MatcherList | MatcherMap = MatcherList()
    if reader.depth > _DEPTH_MAX:
        section.error(f"matchers are nested more than {_DEPTH_MAX} deep")
    elif content is None:
        matcher = MatcherList((), _no_match(reader, section), position=section.position)
    elif kind == "matcher_list":
        entries = tuple(_entry(reader, each) for each in content.sections("matchers"))
        if not entries:
            content.error("has no matchers")
        content.end()
        matcher = MatcherList(entries, _no_match(reader, section), position=section.position)
    else:
        header, targets, prefix = _map(reader, content)
        matcher = MatcherMap(header, targets, prefix, _no_match(reader, section), position=section.position)
    section.end()
    reader.depth -= 1
    return matcher


def _no_match(reader: _Reader, section: Section) -> MatchTarget | None:
    content = section.section("on_no_match")
    return None if content is None else _target(reader, content)


def _entry(reader: _Reader, section: Section) -> tuple[MatchPredicate, MatchTarget]:
    predicate = section.section("predicate", required=True)
    found = _predicate(reader, predicate) if predicate is not None else AllOf(())
    target = section.section("on_match", required=True)
    section.end()
    return found, _target(reader, target) if target is not None else _NOTHING


def _target(reader: _Reader, section: Section) -> MatchTarget:
    kind = section.one_of("target", "matcher", "action")
    content = section.section(kind) if kind is not None else None
    if section.boolean("keep_matching"):
        section.error("keep_matching is not possible where routes are chosen")
    target: MatchTarget = _NOTHING
    if content is not None:
        target = _matcher(reader, content) if kind == "matcher" else _action(reader, content)
    section.end()
    return target


def _action(reader: _Reader, section: Section) -> MatchTarget:
    section.string("name", required=True)
    found = section.typed_one_of("typed_config", (ROUTE, ROUTE_LIST))
    section.end()
    if found is None:
        return _NOTHING
    kind, config = found
    before = len(reader.routes)
    if kind == ROUTE:
        reader.routes.append(reader.read_route(config))
    else:
        reader.routes += map(reader.read_route, config.sections("routes"))
        config.end()
    return MatchedRoutes(len(reader.routes) - before, position=section.position)


def _map(reader: _Reader, section: Section) -> tuple[str, tuple[tuple[str, MatchTarget], ...], bool]:
    header = _input(section)
    kind = section.one_of("tree type", "exact_match_map", "prefix_match_map")
    content = section.section(kind) if kind is not None else None
    targets = []
    if content is not None:
        value = content.get("map", required=True)
        entries = value.section() if value is not None else None
        for key, raw in (entries.members if entries is not None else {}).items():
            assert entries is not None
            target = Value(raw, (entries.where, MapKey(key)), entries.problems).section()
            targets.append((key, _target(reader, target) if target is not None else _NOTHING))
        if not targets:
            content.error("the map is empty")
        content.end()
    section.end(("custom_match",))
    return header, tuple(targets), kind == "prefix_match_map"


def _input(section: Section) -> str:
    """The name of the header that is looked at. Envoy takes filter state and environment variables, too."""
    content = section.section("input", required=True)
    if content is None:
        return "x"
    content.string("name", required=True)
    config = content.typed("typed_config", HEADER_INPUT)
    content.end()
    if config is None:
        return "x"
    header = header_name(config, "header_name", required=True) or "x"
    config.end()
    return header


def _predicate(reader: _Reader, section: Section) -> MatchPredicate:
    reader.depth += 1
    kind = section.one_of("predicate", "single_predicate", "or_matcher", "and_matcher", "not_matcher")
    content = section.section(kind) if kind is not None else None
    predicate: MatchPredicate = AllOf(())
    if reader.depth > _DEPTH_MAX:
        section.error(f"matchers are nested more than {_DEPTH_MAX} deep")
    elif content is not None and kind == "single_predicate":
        predicate = _test(content)
    elif content is not None and kind == "not_matcher":
        predicate = NoneOf(_predicate(reader, content), position=section.position)
    elif content is not None:
        parts = tuple(_predicate(reader, each) for each in content.sections("predicate"))
        if len(parts) < 2:
            content.error("needs at least two predicates")
        content.end()
        predicate = (AllOf if kind == "and_matcher" else AnyOf)(parts, position=section.position)
    if kind != "not_matcher":
        section.end()
    reader.depth -= 1
    return predicate


def _test(section: Section) -> HeaderTest:
    header = _input(section)
    value = section.section("value_match", required=True)
    string = StringMatcher(exact="")
    if value is not None:
        regex = value.section("safe_regex")
        if regex is not None and regex.get("google_re2") is None:
            regex.error('"google_re2" is missing')
        string = read_string_matcher(value)
    section.end(("custom_match",))
    return HeaderTest(header, string, position=section.position)
