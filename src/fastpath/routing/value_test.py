"""A ValueMatcher as the steps that the core takes, see fastpath/route_attributes.h."""

from __future__ import annotations

from collections.abc import Iterator

from fastpath._attributes import (
    VALUE_ANY_ITEM,
    VALUE_ANY_OF,
    VALUE_BOOL,
    VALUE_NULL,
    VALUE_NUMBER,
    VALUE_PRESENT,
    VALUE_RANGE,
    VALUE_TEXT,
)
from fastpath.errors import ConfigError
from fastpath.models import DoubleRange, ValueMatcher

from .string_comparison import string_comparison

__all__ = ["value_test"]

# kind, truth, compare, flags, count, start, end, text
_Step = tuple[int, bool, int, int, int, float, float, str]


def value_test(matcher: ValueMatcher) -> Iterator[_Step]:
    """The steps, in the order in which one reads them. Raises ConfigError for a matcher that is none."""
    kinds = (matcher.double_match, matcher.string_match, matcher.bool_match, matcher.present_match, matcher.list_match)
    if matcher.null_match + bool(matcher.or_match) + sum(kind is not None for kind in kinds) != 1:
        raise ConfigError(
            "a value matcher needs exactly one of null_match, double_match, string_match, bool_match, present_match, "
            "list_match and or_match"
        )
    if matcher.null_match:
        yield _step(VALUE_NULL)
    elif isinstance(matcher.double_match, DoubleRange):
        yield _step(VALUE_RANGE, start=matcher.double_match.start, end=matcher.double_match.end)
    elif matcher.double_match is not None:
        yield _step(VALUE_NUMBER, start=matcher.double_match)
    elif matcher.string_match is not None:
        compare, flags, text = string_comparison(matcher.string_match)
        yield _step(VALUE_TEXT, compare=compare, flags=flags, text=text)
    elif matcher.bool_match is not None:
        yield _step(VALUE_BOOL, truth=matcher.bool_match)
    elif matcher.present_match is not None:
        yield _step(VALUE_PRESENT, truth=matcher.present_match)
    elif matcher.list_match is not None:
        yield _step(VALUE_ANY_ITEM)
        yield from value_test(matcher.list_match)
    else:
        if len(matcher.or_match) < 2:
            raise ConfigError("or_match needs at least two matchers")
        yield _step(VALUE_ANY_OF, count=len(matcher.or_match))
        for each in matcher.or_match:
            yield from value_test(each)


def _step(
    kind: int,
    *,
    truth: bool = False,
    compare: int = 0,
    flags: int = 0,
    count: int = 0,
    start: float = 0.0,
    end: float = 0.0,
    text: str = "",
) -> _Step:
    return kind, truth, compare, flags, count, start, end, text
