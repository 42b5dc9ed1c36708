"""Matchers of strings, headers, query parameters and cookies (envoy.type.matcher.v3, envoy.config.route.v3)."""

from __future__ import annotations

import re

from ..models import (
    CookieMatcher,
    DenominatorType,
    FractionalPercent,
    HeaderMatcher,
    Int64Range,
    QueryParameterMatcher,
    RegexRewrite,
    RuntimeFraction,
    StringMatcher,
)
from .fields import UINT32_MAX, Section, Value
from .node import shorten

__all__ = [
    "header_name",
    "read_cookie_matcher",
    "read_fractional_percent",
    "read_header_matcher",
    "read_query_parameter_matcher",
    "read_regex",
    "read_regex_rewrite",
    "read_runtime_fraction",
    "read_string_matcher",
]

_KINDS = ("exact", "prefix", "suffix", "contains", "safe_regex")
# The forms that HeaderMatcher had before it took a StringMatcher.
_OLD_KINDS = ("exact_match", "safe_regex_match", "prefix_match", "suffix_match", "contains_match")
_HEADER_KINDS = ("string_match", "range_match", "present_match", *_OLD_KINDS)
_INT64 = -(2**63), 2**63 - 1
_NAME_LIMIT = 1024
_is_header_name = re.compile(r":?[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z").match
_has_forbidden = re.compile("[\0\r\n]").search


def header_name(section: Section, name: str, *, required: bool = False, empty: bool = False) -> str | None:
    """The name of a header field, or of a pseudo header. `empty`: an empty one is none."""
    value = section.get(name, required=required)
    if value is None:
        return None
    text = value.string()
    if empty and value.raw == "":
        return None
    if not _is_header_name(text):
        value.error(f"expected the name of a header field, found {shorten(text)!r}")
    return text


def _text(value: Value, *, empty: bool = True) -> str:
    text = value.string()
    if not empty and text == "" and value.raw == "":
        value.error("must not be empty")
    if _has_forbidden(text):
        value.error("must not hold NUL, CR or LF")
    return text


def read_regex(section: Section | None) -> str | None:
    """A RegexMatcher. Whether it can be compiled is found out when a table is built of it.

    What google_re2 says is read over: it bounds RE2's programs, and programs here have a bound of their own.
    """
    if section is None:
        return None
    engine = section.section("google_re2")
    if engine is not None:
        engine.integer("max_program_size")
        engine.end()
    regex = section.string("regex", required=True)
    section.end()
    return regex


def read_regex_rewrite(section: Section | None) -> RegexRewrite | None:
    """A RegexMatchAndSubstitute."""
    if section is None:
        return None
    pattern = read_regex(section.section("pattern", required=True))
    substitution = section.header_text("substitution") or ""
    rewrite = RegexRewrite(pattern or "", substitution, position=section.position)
    section.end()
    return rewrite


def read_string_matcher(section: Section) -> StringMatcher:
    """A StringMatcher."""
    kind = section.one_of("match pattern", *_KINDS)
    text = None
    if kind == "safe_regex":
        text = read_regex(section.section("safe_regex"))
        if section.boolean("ignore_case"):
            section.error("ignore_case has no effect on safe_regex; write (?i) in the expression")
    elif kind is not None:
        value = section.get(kind)
        assert value is not None
        text = _text(value, empty=kind == "exact")
    matcher = StringMatcher(
        **{kind: text if text is not None else ""} if kind is not None else {},
        ignore_case=section.boolean("ignore_case"),
        position=section.position,
    )
    section.end(("custom",))
    return matcher


def _read_old_kind(section: Section, kind: str) -> StringMatcher:
    """One of the older forms. An empty exact_match takes any value, but none where the header is missing."""
    if kind == "safe_regex_match":
        return StringMatcher(safe_regex=read_regex(section.section(kind)) or "", position=section.position)
    value = section.get(kind)
    assert value is not None
    text = _text(value, empty=kind == "exact_match")
    if kind == "exact_match" and text == "":
        return StringMatcher(safe_regex=".*", position=section.position)
    return StringMatcher(**{kind.removesuffix("_match"): text}, position=section.position)  # type: ignore[arg-type]


def read_header_matcher(section: Section) -> HeaderMatcher:
    """A HeaderMatcher, its older forms made into the one that replaced them."""
    name = header_name(section, "name", required=True) or ""
    kind = section.one_of("header match specifier", *_HEADER_KINDS, required=False)
    string_match, range_match, present_match = None, None, None
    if kind == "string_match":
        content = section.section("string_match")
        string_match = read_string_matcher(content) if content is not None else None
    elif kind == "range_match":
        range_match = _read_range(section.section("range_match"))
    elif kind == "present_match":
        present_match = section.boolean("present_match")
    elif kind is not None:
        string_match = _read_old_kind(section, kind)
    matcher = HeaderMatcher(
        name=name,
        string_match=string_match,
        range_match=range_match,
        present_match=present_match,
        invert_match=section.boolean("invert_match"),
        treat_missing_header_as_empty=section.boolean("treat_missing_header_as_empty"),
        position=section.position,
    )
    section.end()
    return matcher


def _read_range(section: Section | None) -> Int64Range | None:
    if section is None:
        return None
    start, end = section.integer("start", *_INT64) or 0, section.integer("end", *_INT64) or 0
    section.end()
    return Int64Range(start, end)


def _name(section: Section) -> str:
    name = section.string("name", required=True)
    if len(name.encode()) > _NAME_LIMIT:
        section.error(f"the name is longer than {_NAME_LIMIT} bytes")
    return name


def read_query_parameter_matcher(section: Section) -> QueryParameterMatcher:
    """A QueryParameterMatcher."""
    kind = section.one_of("query parameter match specifier", "string_match", "present_match", required=False)
    content = section.section("string_match") if kind == "string_match" else None
    matcher = QueryParameterMatcher(
        name=_name(section),
        string_match=read_string_matcher(content) if content is not None else None,
        present_match=section.boolean("present_match") if kind == "present_match" else None,
        position=section.position,
    )
    section.end()
    return matcher


def read_cookie_matcher(section: Section) -> CookieMatcher:
    """A CookieMatcher."""
    content = section.section("string_match", required=True)
    matcher = CookieMatcher(
        name=_name(section),
        string_match=read_string_matcher(content) if content is not None else StringMatcher(exact=""),
        invert_match=section.boolean("invert_match"),
        position=section.position,
    )
    section.end()
    return matcher


def read_fractional_percent(section: Section | None) -> FractionalPercent | None:
    """An envoy.type.v3.FractionalPercent."""
    if section is None:
        return None
    percent = FractionalPercent(
        section.integer("numerator", 0, UINT32_MAX) or 0,
        section.enum("denominator", DenominatorType, DenominatorType.HUNDRED),
    )
    section.end()
    return percent


def read_runtime_fraction(section: Section | None) -> RuntimeFraction | None:
    """A RuntimeFractionalPercent."""
    if section is None:
        return None
    default = read_fractional_percent(section.section("default_value", required=True))
    key = section.string("runtime_key")
    section.end()
    return RuntimeFraction(default or FractionalPercent(), key, position=section.position)
