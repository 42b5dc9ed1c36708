"""A RouteMatch's conditions, handed to the builder one by one."""

from __future__ import annotations

from ipaddress import ip_address

from fastpath._attributes import AttributeTest
from fastpath._route import (
    COMPARE_PRESENT,
    COMPARE_RANGE,
    CONDITION_COOKIE,
    CONDITION_FILTER_STATE,
    CONDITION_FILTER_STATE_ADDRESS,
    CONDITION_FRACTION,
    CONDITION_GRPC,
    CONDITION_HEADER,
    CONDITION_METADATA,
    CONDITION_QUERY,
    CONDITION_TLS_PRESENTED,
    CONDITION_TLS_VALIDATED,
    INVERT,
    MISSING_AS_EMPTY,
    RouteTableBuilder,
)
from fastpath.errors import ConfigError
from fastpath.models import (
    FilterStateMatcher,
    HeaderMatcher,
    MetadataMatcher,
    RouteMatch,
    RuntimeFraction,
    TlsContextMatch,
)

from .place import Step, reason_of, refusal
from .string_comparison import string_comparison
from .value_test import value_test

__all__ = ["add_conditions", "condition_count", "has_conditions"]


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
        or match.filter_state
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
    for index, metadata in enumerate(match.dynamic_metadata):
        _add(builder, _metadata, metadata, *steps, Step(f".dynamic_metadata[{index}]", metadata))
    for index, state in enumerate(match.filter_state):
        _add(builder, _filter_state, state, *steps, Step(f".filter_state[{index}]", state))


def _add(builder: RouteTableBuilder, add, model, *steps: Step) -> None:  # type: ignore[no-untyped-def]
    try:
        add(builder, model)
    except (ConfigError, TypeError, ValueError, OverflowError) as error:
        code = error.code if isinstance(error, ConfigError) else "config_condition"
        raise refusal(reason_of(error), *steps, code=code) from None


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


def _metadata(builder: RouteTableBuilder, matcher: MetadataMatcher) -> None:
    test = AttributeTest(list(matcher.path), list(value_test(matcher.value)), [])
    builder.add_condition(CONDITION_METADATA, 0, INVERT if matcher.invert else 0, matcher.filter, test=test)


def _filter_state(builder: RouteTableBuilder, matcher: FilterStateMatcher) -> None:
    if (matcher.string_match is None) == (matcher.address_match is None):
        raise ConfigError("exactly one of string_match and address_match is needed")
    if matcher.string_match is not None:
        compare, case, value = string_comparison(matcher.string_match)
        builder.add_condition(CONDITION_FILTER_STATE, compare, case, matcher.key, value)
        return
    wanted = matcher.address_match
    assert wanted is not None
    ranges = [(ip_address(each.address_prefix).packed, each.prefix_len) for each in wanted.ranges]
    flags = INVERT if wanted.invert_match else 0
    builder.add_condition(CONDITION_FILTER_STATE_ADDRESS, 0, flags, matcher.key, test=AttributeTest([], [], ranges))


def condition_count(match: RouteMatch) -> int:
    """How many conditions the match has beside its path."""
    several = len(match.headers) + len(match.query_parameters) + len(match.cookies)
    several += len(match.dynamic_metadata) + len(match.filter_state)
    return several + match.grpc + (match.runtime_fraction is not None) + (match.tls_context is not None)
