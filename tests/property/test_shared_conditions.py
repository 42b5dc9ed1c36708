"""Routes that ask for the same, of which a table keeps one copy, and regexes that it tries in one pass: against a
matcher that knows neither and tries route by route."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import RouteTable
from fastpath.models import (
    CookieMatcher,
    FractionalPercent,
    HeaderMatcher,
    Int64Range,
    QueryParameterMatcher,
    Route,
    RouteAction,
    RouteMatch,
    RuntimeFraction,
    StringMatcher,
    VirtualHost,
)

Headers = list[tuple[str, str]]


# ---- the naive matcher


def same(matcher: StringMatcher, value: str) -> bool:
    if matcher.safe_regex is not None:
        return re.fullmatch(matcher.safe_regex, value) is not None
    wanted = matcher.exact or matcher.prefix or matcher.suffix or ""
    if matcher.ignore_case:
        wanted, value = wanted.lower(), value.lower()
    if matcher.prefix is not None:
        return value.startswith(wanted)
    return value.endswith(wanted) if matcher.suffix is not None else value == wanted


def header_holds(matcher: HeaderMatcher, headers: Headers) -> bool:
    values = [value for name, value in headers if name == matcher.name]
    if not values and matcher.treat_missing_header_as_empty:
        values = [""]
    if matcher.string_match is None and matcher.range_match is None:
        return (values != []) != matcher.invert_match
    if not values:
        return False
    if matcher.range_match is not None:
        bounds = range(matcher.range_match.start, matcher.range_match.end)
        held = any(value.isdecimal() and int(value) in bounds for value in values)
    else:
        held = any(same(matcher.string_match or StringMatcher(), value) for value in values)
    return held != matcher.invert_match


def takes(match: RouteMatch, path: str, query: dict[str, str], headers: Headers, random: int) -> bool:
    if match.safe_regex is not None:
        on_path = re.fullmatch(match.safe_regex, path) is not None
    else:
        on_path = path == match.path if match.path is not None else path.startswith(match.prefix or "")
    cookies = dict(pair.split("=") for name, value in headers if name == "cookie" for pair in value.split("; "))
    return (
        on_path
        and all(header_holds(matcher, headers) for matcher in match.headers)
        and all(
            parameter.name in query and same(parameter.string_match or StringMatcher(), query[parameter.name])
            for parameter in match.query_parameters
        )
        and all(
            (cookie.name in cookies and same(cookie.string_match, cookies[cookie.name])) != cookie.invert_match
            for cookie in match.cookies
        )
        and (match.runtime_fraction is None or random % 100 < match.runtime_fraction.default_value.numerator)
    )


# ---- tables and requests

# Conditions that differ in one operand each: what takes them for the same answers wrongly.
plain = HeaderMatcher("x-env", StringMatcher(exact="prod"))
HEADERS = [
    plain,
    replace(plain, invert_match=True),
    replace(plain, treat_missing_header_as_empty=True, invert_match=True),
    replace(plain, string_match=StringMatcher(exact="pro")),
    replace(plain, string_match=StringMatcher(exact="PROD", ignore_case=True)),
    replace(plain, string_match=StringMatcher(prefix="prod")),
    replace(plain, string_match=StringMatcher(suffix="prod")),
    replace(plain, string_match=StringMatcher(safe_regex="prod")),
    replace(plain, string_match=StringMatcher(safe_regex="pro.*")),
    replace(plain, name="x-en", string_match=StringMatcher(exact="vprod")),
    replace(plain, name="accept-language"),
    HeaderMatcher("x-env"),
    HeaderMatcher("x-env", present_match=True, invert_match=True),
    HeaderMatcher("x-n", range_match=Int64Range(1, 5)),
    HeaderMatcher("x-n", range_match=Int64Range(1, 6)),
    HeaderMatcher("x-n", range_match=Int64Range(2, 5)),
]
PARAMETERS = [QueryParameterMatcher("q", StringMatcher(exact=value)) for value in ("1", "2")]
COOKIES = [CookieMatcher(name, StringMatcher(exact="1"), invert) for name in ("a", "b") for invert in (False, True)]
FRACTIONS = [None, None, *(RuntimeFraction(FractionalPercent(part)) for part in (10, 90))]

lists_of_headers = st.lists(st.sampled_from(HEADERS), max_size=3).map(tuple)
conditions = st.builds(
    RouteMatch,
    headers=lists_of_headers,
    query_parameters=st.lists(st.sampled_from(PARAMETERS), max_size=1).map(tuple),
    cookies=st.lists(st.sampled_from(COOKIES), max_size=1).map(tuple),
    runtime_fraction=st.sampled_from(FRACTIONS),
)
literal_places = st.sampled_from(
    [{"prefix": "/"}, {"prefix": "/a"}, {"path": "/a/b"}, {"prefix": "/a/b/"}, {"path": "/long/" + "x" * 40}]
)
patterns = st.sampled_from(
    ["/a/.*", "/a/[bc]+", "/a/b|/a/c", "/a/[0-9]{2}", "/(a|b)/(b|c)", ".*b", "/a/b+c?", "/a/.", "/[^/]+", "/a/12"]
)
regex_places = patterns.map(lambda pattern: {"safe_regex": pattern})
PATHS = ["/", "/a", "/a/b", "/a/b/c", "/a/12", "/a/1", "/b/c", "/a/bbc", "/long/" + "x" * 40]

values = {
    "x-env": ["prod", "PROD", "pro", "production", "non-prod", ""],
    "x-en": ["vprod", "v"],
    "accept-language": ["prod", "en"],
    "x-n": ["0", "1", "4", "5", "x"],
    "cookie": ["a=1", "a=1; b=1", "b=2"],
}
header_lines = st.sampled_from([(name, value) for name in values for value in values[name]])
# A second line of accept-language or cookie would be joined to the first, which is not what is compared here.
header_lists = st.lists(header_lines, max_size=4).filter(
    lambda lines: all(sum(name == line for line, _ in lines) < 2 for name in ("accept-language", "cookie"))
)
requests = st.tuples(st.sampled_from(PATHS), st.sampled_from(["", "1", "2"]), header_lists, st.integers(0, 99))


@st.composite
def routes(draw: st.DrawFn, places: st.SearchStrategy[dict[str, str]], least: int) -> list[RouteMatch]:
    """Many routes that ask for few different things."""
    pool = draw(st.lists(conditions, min_size=1, max_size=5))
    drawn = draw(st.lists(st.tuples(st.sampled_from(pool), places), min_size=least, max_size=40))
    return [
        RouteMatch(
            prefix=place.get("prefix"),
            path=place.get("path"),
            safe_regex=place.get("safe_regex"),
            headers=asked.headers,
            query_parameters=asked.query_parameters,
            cookies=asked.cookies,
            runtime_fraction=asked.runtime_fraction,
        )
        for asked, place in drawn
    ]


def table_of(matches: list[RouteMatch]) -> RouteTable:
    made = (Route(match, RouteAction(cluster="c"), name=str(i)) for i, match in enumerate(matches))
    return RouteTable([VirtualHost("all", ("*",), tuple(made))])


def check(matches: list[RouteMatch], asked: list[tuple[str, str, Headers, int]]) -> None:
    table = table_of(matches)
    for path, value, headers, random in asked:
        query = {"q": value} if value else {}
        first = next((i for i, match in enumerate(matches) if takes(match, path, query, headers, random)), None)
        whole = f"{path}?q={value}" if value else path
        found = table.match_parts(path=whole, headers=headers, random=random)
        assert (None if found is None else int(found.route.name)) == first, (whole, headers, random)


@settings(max_examples=examples(200))
@given(routes(literal_places, 2), st.lists(requests, min_size=1, max_size=12))
def test_routes_that_share_conditions(matches: list[RouteMatch], asked: list[tuple[str, str, Headers, int]]) -> None:
    check(matches, asked)


@settings(max_examples=examples(200))
@given(routes(regex_places, 12), st.lists(requests, min_size=1, max_size=12))
def test_regexes_of_one_pass(matches: list[RouteMatch], asked: list[tuple[str, str, Headers, int]]) -> None:
    check(matches, asked)


@settings(max_examples=examples(100))
@given(routes(st.one_of(literal_places, regex_places), 20), st.lists(requests, min_size=1, max_size=12))
def test_both_among_each_other(matches: list[RouteMatch], asked: list[tuple[str, str, Headers, int]]) -> None:
    check(matches, asked)


def test_a_condition_is_told_from_each_that_is_nearly_the_same() -> None:
    asked = [(path, "", [(name, value)], 0) for path in ("/x", "/y") for name in values for value in values[name]]
    for one in HEADERS:
        for other in HEADERS:
            check([RouteMatch(prefix="/x", headers=(one,)), RouteMatch(prefix="/", headers=(other,))], asked)
            check([RouteMatch(prefix="/x", headers=(one, other)), RouteMatch(prefix="/", headers=(other, one))], asked)


def test_more_regexes_fit_than_one_pass_reports_at_a_time() -> None:
    never = (HeaderMatcher("x-env", StringMatcher(exact="none")),)
    matches = [RouteMatch(safe_regex=f"/a/.*|{i}", headers=never) for i in range(50)]
    check([*matches, RouteMatch(safe_regex="/a/.*")], [("/a/b", "", [], 0), ("/b", "", [], 0)])
    check(matches, [("/a/b", "", [], 0)])


@pytest.mark.parametrize("regex", [False, True])
def test_equal_conditions_are_kept_once(regex: bool) -> None:
    def size(values: list[str]) -> int:
        return table_of(
            [
                RouteMatch(
                    prefix=None if regex else f"/{i:04}",
                    safe_regex=f"/{i:04}" if regex else None,
                    headers=(HeaderMatcher("x-env", StringMatcher(exact=value)),),
                )
                for i, value in enumerate(values)
            ]
        ).size

    text = 64
    shared, distinct = size(["v" * text] * 1000), size([f"{i:0{text}}" for i in range(1000)])
    assert distinct - shared >= 1000 * text
