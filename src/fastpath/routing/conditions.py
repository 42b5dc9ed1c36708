"""A RouteMatch's conditions, handed to the builder one by one."""

from __future__ import annotations

from fastpath._route_builder import (
    COMPARE_CONTAINS,
    COMPARE_EXACT,
    COMPARE_PREFIX,
    COMPARE_PRESENT,
    COMPARE_RANGE,
    COMPARE_REGEX,
    COMPARE_SUFFIX,
    CONDITION_COOKIE,
    CONDITION_FRACTION,
    CONDITION_GRPC,
    CONDITION_HEADER,
    CONDITION_QUERY,
    CONDITION_TLS_PRESENTED,
    CONDITION_TLS_VALIDATED,
    IGNORE_CASE,
    INVERT,
    MISSING_AS_EMPTY,
    RouteTableBuilder,
)
from fastpath.errors import ConfigError
from fastpath.models import HeaderMatcher, RouteMatch, RuntimeFraction, StringMatcher, TlsContextMatch

from .place import Step, reason_of, refusal

__all__ = ["add_conditions", "condition_count", "has_conditions", "string_comparison"]

_KINDS = (
    ("exact", COMPARE_EXACT),
    ("prefix", COMPARE_PREFIX),
    ("suffix", COMPARE_SUFFIX),
    ("contains", COMPARE_CONTAINS),
    ("safe_regex", COMPARE_REGEX),
)


def has_conditions(match: RouteMatch) -> bool:
    """Whether there is more to the match than its path."""
    return bool(
        match.headers
        or match.query_parameters
        or match.grpc
        or match.cookies
        or match.runtime_fraction is not None
        or match.tls_context is not None
        or match.dynamic_metadata
    )


def add_conditions(builder: RouteTableBuilder, match: RouteMatch, *steps: Step) -> None:
    """Give the builder's last route what the match asks for beside its path."""
    for index, header in enumerate(match.headers):
        _add(builder, _header, header, *steps, Step(f".headers[{index}]", header))
    for index, parameter in enumerate(match.query_parameters):
        here = Step(f".query_parameters[{index}]", parameter)
        _add(builder, _lookup, (CONDITION_QUERY, parameter, parameter.present_match, False), *steps, here)
    for index, cookie in enumerate(match.cookies):
        here = Step(f".cookies[{index}]", cookie)
        _add(builder, _lookup, (CONDITION_COOKIE, cookie, None, cookie.invert_match), *steps, here)
    if match.grpc:
        builder.add_condition(CONDITION_GRPC)
    if match.runtime_fraction is not None:
        _add(builder, _fraction, match.runtime_fraction, *steps, Step(".runtime_fraction", match.runtime_fraction))
    if match.tls_context is not None:
        _add(builder, _tls, match.tls_context, *steps, Step(".tls_context"))
    if match.dynamic_metadata:
        raise refusal("conditions on metadata are not supported", *steps, Step(".dynamic_metadata"))


def _add(builder: RouteTableBuilder, add, model, *steps: Step) -> None:  # type: ignore[no-untyped-def]
    try:
        add(builder, model)
    except (ConfigError, TypeError, OverflowError, UnicodeEncodeError) as error:
        code = error.code if isinstance(error, ConfigError) else "config_condition"
        raise refusal(reason_of(error), *steps, code=code) from None


def string_comparison(matcher: StringMatcher) -> tuple[int, int, str]:
    """How a StringMatcher compares: compare, flags, value."""
    found = [(compare, getattr(matcher, name)) for name, compare in _KINDS if getattr(matcher, name) is not None]
    if len(found) != 1:
        raise ConfigError("a string matcher needs exactly one of exact, prefix, suffix, contains and safe_regex")
    compare, value = found[0]
    if value == "" and compare not in (COMPARE_EXACT, COMPARE_REGEX):
        raise ConfigError("the string to compare with is empty")
    return compare, IGNORE_CASE if matcher.ignore_case else 0, value


def _header(builder: RouteTableBuilder, header: HeaderMatcher) -> None:
    kinds = (header.string_match, header.range_match, header.present_match)
    if sum(kind is not None for kind in kinds) > 1:
        raise ConfigError("string_match, range_match and present_match exclude each other")
    flags = INVERT if header.invert_match else 0
    if header.treat_missing_header_as_empty:
        flags |= MISSING_AS_EMPTY
    if header.string_match is not None:
        compare, case, value = string_comparison(header.string_match)
        builder.add_condition(CONDITION_HEADER, compare, flags | case, header.name, value)
    elif header.range_match is not None:
        start, end = header.range_match.start, header.range_match.end
        builder.add_condition(CONDITION_HEADER, COMPARE_RANGE, flags, header.name, "", start, end)
    else:
        wanted = header.present_match is not False
        flags = (flags & MISSING_AS_EMPTY) | (INVERT if header.invert_match == wanted else 0)
        builder.add_condition(CONDITION_HEADER, COMPARE_PRESENT, flags, header.name)


def _lookup(builder: RouteTableBuilder, what) -> None:  # type: ignore[no-untyped-def]
    """A query parameter or a cookie."""
    kind, model, present, invert = what
    flags = INVERT if invert else 0
    if model.string_match is not None:
        if present is not None:
            raise ConfigError("string_match and present_match exclude each other")
        compare, case, value = string_comparison(model.string_match)
        builder.add_condition(kind, compare, flags | case, model.name, value)
    else:
        builder.add_condition(kind, COMPARE_PRESENT, INVERT if present is False else 0, model.name)


def _fraction(builder: RouteTableBuilder, fraction: RuntimeFraction) -> None:
    share = fraction.default_value
    builder.add_condition(CONDITION_FRACTION, numerator=share.numerator, denominator=share.denominator.denominator)


def _tls(builder: RouteTableBuilder, tls: TlsContextMatch) -> None:
    for kind, wanted in ((CONDITION_TLS_PRESENTED, tls.presented), (CONDITION_TLS_VALIDATED, tls.validated)):
        if wanted is not None:
            builder.add_condition(kind, flags=0 if wanted else INVERT)


def condition_count(match: RouteMatch) -> int:
    """How many conditions the match has beside its path."""
    several = len(match.headers) + len(match.query_parameters) + len(match.cookies)
    return several + match.grpc + (match.runtime_fraction is not None) + (match.tls_context is not None)
