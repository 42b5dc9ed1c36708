"""What a condition compares: strings, headers, query parameters, cookies, metadata, filter state.

Source: Envoy v3 API, envoy.type.matcher.v3 and envoy.config.route.v3.RouteMatch.
"""

from __future__ import annotations

import enum

from .cidr_range import CidrRange
from .model import model
from .position import Position, position_field

__all__ = [
    "AddressMatcher",
    "CookieMatcher",
    "DenominatorType",
    "DoubleRange",
    "FilterStateMatcher",
    "FractionalPercent",
    "HeaderMatcher",
    "Int64Range",
    "MetadataMatcher",
    "QueryParameterMatcher",
    "RuntimeFraction",
    "StringMatcher",
    "TlsContextMatch",
    "ValueMatcher",
]


@model(frozen=True, slots=True)
class StringMatcher:
    """How a string is compared, byte for byte. Exactly one of the kinds is set.

    `safe_regex` is RE2 syntax and must match the whole string.
    """

    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    contains: str | None = None
    safe_regex: str | None = None
    ignore_case: bool = False
    """Of ASCII letters; does not touch regexes."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class Int64Range:
    """start <= value < end, both in -2^63 .. 2^63-1."""

    start: int
    end: int


@model(frozen=True, slots=True)
class HeaderMatcher:
    """A condition on a request header. At most one of `string_match`, `range_match` and `present_match` is set.

    None of them means: the header is present. Pseudo headers are `:method`, `:path` (with its query), `:authority` and
    `:scheme`; `host` means `:authority`. Of a repeated header each line is compared, unless it is one of those that
    Envoy joins with commas; one that matches is enough, and when inverted none may.
    """

    name: str
    string_match: StringMatcher | None = None
    range_match: Int64Range | None = None
    present_match: bool | None = None
    invert_match: bool = False
    treat_missing_header_as_empty: bool = False
    """Otherwise the condition of a missing header fails, inverted or not (present_match aside)."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class QueryParameterMatcher:
    """A condition on the first value of a query parameter, which is not decoded.

    At most one of `string_match` and `present_match` is set; none of them means: the parameter is present.
    """

    name: str
    string_match: StringMatcher | None = None
    present_match: bool | None = None
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class CookieMatcher:
    """A condition on the first cookie of a name; quotes around its value do not count.

    A missing cookie fails, and holds when inverted.
    """

    name: str
    string_match: StringMatcher
    invert_match: bool = False
    position: Position | None = position_field()


class DenominatorType(enum.Enum):
    """Out of how many a fraction is (envoy.type.v3.FractionalPercent.DenominatorType)."""

    HUNDRED = 0
    TEN_THOUSAND = 1
    MILLION = 2

    @property
    def denominator(self) -> int:
        """The number itself."""
        return (100, 10_000, 1_000_000)[self.value]


@model(frozen=True, slots=True)
class FractionalPercent:
    """`numerator` out of `denominator`; more than all counts as all."""

    numerator: int = 0
    denominator: DenominatorType = DenominatorType.HUNDRED


@model(frozen=True, slots=True)
class RuntimeFraction:
    """Holds for a share of the requests: random value % denominator < numerator.

    There is no runtime to override it here, so `runtime_key` only names it.
    """

    default_value: FractionalPercent
    runtime_key: str = ""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class TlsContextMatch:
    """A condition on the client's certificate; None does not care."""

    presented: bool | None = None
    validated: bool | None = None


@model(frozen=True, slots=True)
class DoubleRange:
    """start <= value < end."""

    start: float = 0.0
    end: float = 0.0


@model(frozen=True, slots=True)
class ValueMatcher:
    """A condition on a value of metadata, which must be of the kind asked for. Exactly one of the kinds is set.

    A missing value fulfils none of them.
    """

    null_match: bool = False
    """The value is null."""
    double_match: float | DoubleRange | None = None
    string_match: StringMatcher | None = None
    bool_match: bool | None = None
    present_match: bool | None = None
    """True: there is a value. False: never fulfilled."""
    list_match: ValueMatcher | None = None
    """The value is a list, and one of its items fulfils this."""
    or_match: tuple[ValueMatcher, ...] = ()
    """One of these is fulfilled; at least two."""


@model(frozen=True, slots=True)
class MetadataMatcher:
    """A condition on a value in the request's dynamic metadata: `filter` and then `path` lead to it."""

    filter: str
    path: tuple[str, ...]
    value: ValueMatcher
    invert: bool = False
    """Also holds for a missing value, then."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class AddressMatcher:
    """A condition on an IP address: it lies in one of `ranges`."""

    ranges: tuple[CidrRange, ...] = ()
    invert_match: bool = False
    """It lies in none of them."""


@model(frozen=True, slots=True)
class FilterStateMatcher:
    """A condition on an object of the request's filter state, which fails where it is missing.

    Exactly one of `string_match`, on the object's text, and `address_match` is set.
    """

    key: str
    string_match: StringMatcher | None = None
    address_match: AddressMatcher | None = None
    position: Position | None = position_field()
