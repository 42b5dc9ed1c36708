"""Files of tests of routes, as Envoy's router_check_tool has them: a list `tests` of objects with `test_name`, `input`
and `validate`. Source: envoy's test/tools/router_check/validation.proto.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .config import document
from .config.envoy_matcher import read_header_matcher
from .config.fields import Section, Value
from .config.node import DocumentLimits
from .config.problems import Problems
from .models import HeaderMatcher

__all__ = ["COMPARED", "RouteTest", "read_tests"]

COMPARED = (
    "cluster_name",
    "virtual_host_name",
    "route_name",
    "path_rewrite",
    "host_rewrite",
    "path_redirect",
    "response_code",
    "code_redirect",
)
"""What a test may expect that is one value; numbers as text."""
_STATUS = ("response_code", "code_redirect")
_UNSUPPORTED = frozenset({"virtual_cluster_name", "runtime"})
_UINT64_MAX = 2**64 - 1

_Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RouteTest:
    """A request, the response to it, and what becomes of them."""

    name: str
    method: str
    authority: str
    path: str
    scheme: str
    random: int
    request_headers: _Fields
    response_headers: _Fields
    expected: dict[str, str]
    """By the names in COMPARED."""
    request_header_matches: tuple[HeaderMatcher, ...]
    response_header_matches: tuple[HeaderMatcher, ...]


def read_tests(file: Path) -> list[RouteTest]:
    """All tests of a file of YAML or JSON. ConfigErrors with everything that is wrong with it."""
    problems = Problems()
    tests: list[RouteTest] = []
    for each in document.read_all(file, DocumentLimits(), problems):
        value = Value(each.value, each.path, problems.in_document(each.file, each.places))
        whole = value.section()
        if whole is None:
            continue
        items = whole.sections("tests")
        if "tests" not in whole.members:
            whole.error('"tests" is missing')
        tests += [test for item in items if (test := _read_test(item)) is not None]
        whole.end()
    problems.raise_any()
    return tests


def _read_test(section: Section) -> RouteTest | None:
    name = section.string("test_name") or section.path
    request, validate = section.section("input", required=True), section.section("validate")
    section.end()
    if request is None:
        return None
    secure = request.boolean("ssl")
    request.boolean("internal")
    expected: dict[str, str] = {}
    matches: list[tuple[HeaderMatcher, ...]] = [(), ()]
    if validate is not None:
        for field in COMPARED:
            number = validate.integer(field, 100, 599) if field in _STATUS else None
            text = validate.optional_string(field) if field not in _STATUS else None
            if number is not None or text is not None:
                expected[field] = text if text is not None else str(number)
        lists = ("request_header_matches", "response_header_matches")
        matches = [tuple(map(read_header_matcher, validate.sections(field))) for field in lists]
        validate.end(_UNSUPPORTED)
    test = RouteTest(
        name,
        request.string("method", "GET"),
        request.string("authority", required=True),
        request.string("path", required=True),
        request.string("scheme", "https" if secure else "http"),
        request.integer("random_value", 0, _UINT64_MAX) or 0,
        _read_fields(request, "additional_request_headers"),
        _read_fields(request, "additional_response_headers"),
        expected,
        *matches,
    )
    request.end(_UNSUPPORTED)
    return test


def _read_fields(section: Section, name: str) -> _Fields:
    fields = []
    for item in section.sections(name):
        fields.append((item.string("key", required=True), item.string("value")))
        item.end()
    return tuple(fields)
