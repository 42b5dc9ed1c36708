"""Matchers of strings, headers, query parameters and cookies (envoy.type.matcher.v3, envoy.config.route.v3)."""

from __future__ import annotations

from collections.abc import Iterable

from ...models import (
    CookieMatcher,
    FractionalPercent,
    HeaderMatcher,
    Int64Range,
    QueryParameterMatcher,
    RegexRewrite,
    RuntimeFraction,
    StringMatcher,
)
from .fields import Json, changed

__all__ = [
    "write_cookie_matcher",
    "write_fractional_percent",
    "write_header_matcher",
    "write_header_matchers",
    "write_query_parameter_matcher",
    "write_range",
    "write_regex",
    "write_regex_rewrite",
    "write_runtime_fraction",
    "write_string_matcher",
]


def write_regex(pattern: str) -> Json:
    """A RegexMatcher."""
    return {"regex": pattern}


def write_regex_rewrite(rewrite: RegexRewrite) -> Json:
    """A RegexMatchAndSubstitute."""
    return {"pattern": write_regex(rewrite.pattern), "substitution": rewrite.substitution}


def write_string_matcher(matcher: StringMatcher) -> Json:
    """A StringMatcher."""
    kinds = changed(matcher, "exact", "prefix", "suffix", "contains")
    return kinds | changed(matcher, "safe_regex", write=write_regex) | changed(matcher, "ignore_case")


def write_range(bounds: Int64Range) -> Json:
    """An Int64Range."""
    return {"start": bounds.start, "end": bounds.end}


def write_header_matcher(matcher: HeaderMatcher) -> Json:
    """A HeaderMatcher."""
    return {
        "name": matcher.name,
        **changed(matcher, "string_match", write=write_string_matcher),
        **changed(matcher, "range_match", write=write_range),
        **changed(matcher, "present_match", "invert_match", "treat_missing_header_as_empty"),
    }


def write_header_matchers(matchers: Iterable[HeaderMatcher]) -> list[Json]:
    """A list of them."""
    return [write_header_matcher(each) for each in matchers]


def write_query_parameter_matcher(matcher: QueryParameterMatcher) -> Json:
    """A QueryParameterMatcher."""
    return {
        "name": matcher.name,
        **changed(matcher, "string_match", write=write_string_matcher),
        **changed(matcher, "present_match"),
    }


def write_cookie_matcher(matcher: CookieMatcher) -> Json:
    """A CookieMatcher."""
    return {
        "name": matcher.name,
        "string_match": write_string_matcher(matcher.string_match),
        **changed(matcher, "invert_match"),
    }


def write_fractional_percent(percent: FractionalPercent) -> Json:
    """A FractionalPercent."""
    return changed(percent, "numerator", "denominator")


def write_runtime_fraction(fraction: RuntimeFraction) -> Json:
    """A RuntimeFractionalPercent."""
    return {"default_value": write_fractional_percent(fraction.default_value), **changed(fraction, "runtime_key")}
