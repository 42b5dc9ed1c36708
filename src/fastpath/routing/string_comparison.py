"""How a StringMatcher compares, in the core's numbers."""

from __future__ import annotations

from fastpath._route import (
    COMPARE_CONTAINS,
    COMPARE_EXACT,
    COMPARE_PREFIX,
    COMPARE_REGEX,
    COMPARE_SUFFIX,
    IGNORE_CASE,
)
from fastpath.errors import ConfigError
from fastpath.models import StringMatcher

__all__ = ["string_comparison"]

_KINDS = (
    ("exact", COMPARE_EXACT),
    ("prefix", COMPARE_PREFIX),
    ("suffix", COMPARE_SUFFIX),
    ("contains", COMPARE_CONTAINS),
    ("safe_regex", COMPARE_REGEX),
)


def string_comparison(matcher: StringMatcher) -> tuple[int, int, str]:
    """How a StringMatcher compares: compare, flags, value."""
    found = [(compare, getattr(matcher, name)) for name, compare in _KINDS if getattr(matcher, name) is not None]
    if len(found) != 1:
        raise ConfigError("a string matcher needs exactly one of exact, prefix, suffix, contains and safe_regex")
    compare, value = found[0]
    if value == "" and compare not in (COMPARE_EXACT, COMPARE_REGEX):
        raise ConfigError("the string to compare with is empty")
    return compare, IGNORE_CASE if matcher.ignore_case else 0, value
