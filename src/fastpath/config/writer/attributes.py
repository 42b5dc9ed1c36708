"""Matchers of metadata and filter state (envoy.type.matcher.v3.MetadataMatcher, FilterStateMatcher)."""

from __future__ import annotations

import math

from ...models import AddressMatcher, DoubleRange, FilterStateMatcher, MetadataMatcher, ValueMatcher
from .cidr_range import write_ranges
from .fields import Json, changed
from .matcher import write_string_matcher

__all__ = ["write_filter_state_matcher", "write_metadata_matcher"]


def write_metadata_matcher(matcher: MetadataMatcher) -> Json:
    """A MetadataMatcher."""
    return {
        "filter": matcher.filter,
        "path": [{"key": key} for key in matcher.path],
        "value": _write_value(matcher.value),
        **changed(matcher, "invert"),
    }


def _write_value(matcher: ValueMatcher) -> Json:
    return {
        **({"null_match": {}} if matcher.null_match else {}),
        **changed(matcher, "double_match", write=_write_double),
        **changed(matcher, "string_match", write=write_string_matcher),
        **changed(matcher, "bool_match", "present_match"),
        **changed(matcher, "list_match", write=lambda item: {"one_of": _write_value(item)}),
        **changed(matcher, "or_match", write=lambda several: {"value_matchers": list(map(_write_value, several))}),
    }


def _write_double(wanted: float | DoubleRange) -> Json:
    if isinstance(wanted, DoubleRange):
        return {"range": {"start": _write_number(wanted.start), "end": _write_number(wanted.end)}}
    return {"exact": _write_number(wanted)}


def _write_number(number: float) -> object:
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def write_filter_state_matcher(matcher: FilterStateMatcher) -> Json:
    """A FilterStateMatcher."""
    return {
        "key": matcher.key,
        **changed(matcher, "string_match", write=write_string_matcher),
        **changed(matcher, "address_match", write=_write_address),
    }


def _write_address(matcher: AddressMatcher) -> Json:
    return {**changed(matcher, "ranges", write=write_ranges), **changed(matcher, "invert_match")}
