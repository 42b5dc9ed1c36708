"""Matchers of metadata and filter state (envoy.type.matcher.v3.MetadataMatcher, FilterStateMatcher)."""

from __future__ import annotations

import math

from ..models import AddressMatcher, DoubleRange, FilterStateMatcher, MetadataMatcher, StringMatcher, ValueMatcher
from .envoy_cidr_range import read_ranges
from .envoy_matcher import read_string_matcher
from .fields import Section

__all__ = ["read_filter_state_matcher", "read_metadata_matcher"]

_KINDS = ("null_match", "double_match", "string_match", "bool_match", "present_match", "list_match", "or_match")


def read_metadata_matcher(section: Section) -> MetadataMatcher:
    """A MetadataMatcher."""
    path = []
    for segment in section.sections("path"):
        path.append(segment.string("key", required=True))
        segment.end()
    if not path:
        section.error("has no path")
    value = section.section("value", required=True)
    matcher = MetadataMatcher(
        filter=section.string("filter", required=True),
        path=tuple(path),
        value=_read_value(value) if value is not None else ValueMatcher(),
        invert=section.boolean("invert"),
        position=section.position,
    )
    section.end()
    return matcher


def _read_value(section: Section) -> ValueMatcher:
    kind = section.one_of("match pattern", *_KINDS)
    matcher = ValueMatcher()
    if kind == "bool_match":
        matcher = ValueMatcher(bool_match=section.boolean(kind))
    elif kind == "present_match":
        matcher = ValueMatcher(present_match=section.boolean(kind))
    elif kind is not None:
        content = section.section(kind)
        if content is not None:
            matcher = _read_kind(kind, content)
    section.end()
    return matcher


def _read_kind(kind: str, section: Section) -> ValueMatcher:
    if kind == "string_match":
        return ValueMatcher(string_match=read_string_matcher(section))
    matcher = ValueMatcher(null_match=True)
    if kind == "double_match":
        matcher = ValueMatcher(double_match=_read_double(section))
    elif kind == "list_match":
        item = section.section("one_of", required=True)
        matcher = ValueMatcher(list_match=_read_value(item) if item is not None else matcher)
    elif kind == "or_match":
        matcher = ValueMatcher(or_match=tuple(map(_read_value, section.sections("value_matchers"))))
        if len(matcher.or_match) < 2:
            section.error("value_matchers needs at least two")
    section.end()
    return matcher


def _read_double(section: Section) -> float | DoubleRange:
    if section.one_of("match pattern", "range", "exact") == "exact":
        return _number(section, "exact")
    content = section.section("range")
    if content is None:
        return 0.0
    bounds = DoubleRange(_number(content, "start"), _number(content, "end"))
    content.end()
    return bounds


def _number(section: Section, name: str) -> float:
    """A double, infinities among them."""
    value = section.get(name)
    if value is None:
        return 0.0
    if value.raw in ("Infinity", "-Infinity"):
        return float(value.string())
    return value.number(-math.inf, math.inf) or 0.0


def read_filter_state_matcher(section: Section) -> FilterStateMatcher:
    """A FilterStateMatcher."""
    kind = section.one_of("matcher", "string_match", "address_match")
    content = section.section(kind) if kind is not None else None
    address, text = None, None
    if content is not None and kind == "address_match":
        address = AddressMatcher(read_ranges(content, "ranges"), content.boolean("invert_match"))
        content.end()
    elif content is not None:
        text = read_string_matcher(content)
    else:
        text = StringMatcher(exact="")
    matcher = FilterStateMatcher(
        key=section.string("key", required=True), string_match=text, address_match=address, position=section.position
    )
    section.end()
    return matcher
