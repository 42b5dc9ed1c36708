"""Which requests the rules of HTTPRoute and GRPCRoute take, and how matches rank among each other.

Source: https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule, `matches`: an exact path before a prefix, the
longer prefix before the shorter one, then a method, then more headers, then more query parameters. Where regular
expressions stand is left to implementations: here between exact paths and prefixes, the longer one first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..._regex import Regex
from ...errors import ConfigError
from ...models import HeaderMatcher, QueryParameterMatcher, RouteMatch, StringMatcher
from ..fields import Section, Value, is_token
from ..kubernetes_fields import choice, url_path
from ..node import shorten
from ..virtual_hosts import prefix_match

__all__ = ["EVERY_CALL", "EVERY_REQUEST", "RankedMatch", "read_grpc_match", "read_http_match"]

_EXACT, _REGEX, _PREFIX = range(3)
_KINDS = ("Exact", "RegularExpression")
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*\Z")
_SERVICE = re.compile(r"\.?[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*\Z")
_METHOD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\Z")

M = TypeVar("M", HeaderMatcher, QueryParameterMatcher)


@dataclass(frozen=True, slots=True)
class RankedMatch:
    """A match; the smaller rank is tried first."""

    match: RouteMatch
    rank: tuple[int, ...] = (_PREFIX, -1, 1, 0, 0)
    prefix: str | None = None
    """The path prefix that matched, without a slash at its end; None when it is not one."""
    unsupported: str = ""
    """Why it cannot be served; "" if it can."""


EVERY_REQUEST = RankedMatch(RouteMatch(prefix="/"), prefix="")
EVERY_CALL = RankedMatch(RouteMatch(prefix="/"), (_PREFIX, 0, 0, 0, 0))


def read_http_match(section: Section) -> RankedMatch:
    """An HTTPRouteMatch."""
    path, kind, length, prefix = _read_path(section.section("path"))
    headers = _read_headers(section)
    query = _read_named(section, "queryParams", QueryParameterMatcher, str)
    method = choice(section, "method", _METHODS)
    section.end()
    if method:
        headers = (*headers, HeaderMatcher(":method", StringMatcher(exact=method)))
    match = RouteMatch(
        path.prefix,
        path.path,
        path.path_separated_prefix,
        path.safe_regex,
        headers=headers,
        query_parameters=query,
        position=section.position,
    )
    rank = (kind, -length, 0 if method else 1, bool(method) - len(headers), -len(query))
    return RankedMatch(match, rank, prefix, _refused_regex(match))


def _refused_regex(match: RouteMatch, *parts: str) -> str:
    """Why a regular expression of the match cannot be: the API leaves to us which it takes. `parts` are of its path."""
    values = [each.string_match for each in match.headers] + [each.string_match for each in match.query_parameters]
    regexes = [match.safe_regex, *parts, *(each.safe_regex for each in values if each is not None)]
    for each in filter(None, regexes):
        try:
            Regex(each, latin1=True)  # as routes have it
        except ConfigError as error:
            return f"the regular expression {shorten(each)!r}: {error.reason}"
    return ""


def _read_path(section: Section | None) -> tuple[RouteMatch, int, int, str | None]:
    """The match, its kind, its length, and the prefix if it is one."""
    if section is None:
        return RouteMatch(prefix="/"), _PREFIX, 1, ""
    kind = choice(section, "type", ("Exact", "PathPrefix", "RegularExpression"), "PathPrefix")
    value = section.get("value")
    section.end()
    if kind == "RegularExpression":
        regex = value.string() if value is not None else "/"
        return RouteMatch(safe_regex=regex), _REGEX, len(regex), None
    path = _read_url_path(value) if value is not None else "/"
    if kind == "Exact":
        return RouteMatch(path=path), _EXACT, len(path), None
    prefix = path.rstrip("/")
    return prefix_match(path), _PREFIX, len(prefix) or 1, prefix


def _read_url_path(value: Value) -> str:
    path = value.string()
    if _PATH.match(path):
        return url_path(value)
    value.error(f"a path holds no characters that URLs do not have, found {shorten(path)!r}")
    return "/"


def _read_headers(section: Section) -> tuple[HeaderMatcher, ...]:
    return _read_named(section, "headers", HeaderMatcher, str.lower)


def _read_named(section: Section, name: str, kind: Callable[..., M], fold: Callable[[str], str]) -> tuple[M, ...]:
    """Headers or query parameters. Of several with an equal name the first one counts."""
    found: dict[str, M] = {}
    for each in section.sections(name):
        key = each.string("name", required=True)
        if key and not is_token(key):
            each.error(f"expected a name of letters, digits and marks, found {shorten(key)!r}")
        how = choice(each, "type", _KINDS, "Exact")
        text = each.string("value", required=True)
        each.end()
        matcher = StringMatcher(exact=text) if how == "Exact" else StringMatcher(safe_regex=text)
        found.setdefault(fold(key), kind(key, matcher, position=each.position))
    return tuple(found.values())


def read_grpc_match(section: Section) -> RankedMatch:
    """A GRPCRouteMatch. More letters of the service count first, then those of the method, then headers."""
    headers = _read_headers(section)
    method = section.section("method")
    section.end()
    path, rank, parts = RouteMatch(prefix="/"), (_PREFIX, 0, 0), list[str]()
    if method is not None:
        path, rank = _read_method(method)
        parts = [method.string("service"), method.string("method")] if rank[0] == _REGEX else []
    match = RouteMatch(path.prefix, path.path, safe_regex=path.safe_regex, headers=headers, position=section.position)
    return RankedMatch(match, (*rank, -len(headers), 0), unsupported=_refused_regex(match, *parts))


def _read_method(section: Section) -> tuple[RouteMatch, tuple[int, int, int]]:
    kind = choice(section, "type", _KINDS, "Exact")
    service, method = section.string("service"), section.string("method")
    section.end()
    if not service and not method:
        section.error("has neither service nor method")
        return RouteMatch(prefix="/"), (_PREFIX, 0, 0)
    lengths = (-len(service), -len(method))
    if kind == "RegularExpression":
        regex = f"/{f'(?:{service})' if service else '[^/]+'}/{f'(?:{method})' if method else '[^/]+'}"
        return RouteMatch(safe_regex=regex), (_REGEX, *lengths)
    if service and not _SERVICE.match(service):
        section.error(f"expected the name of a gRPC service, found {shorten(service)!r}")
    if method and not _METHOD.match(method):
        section.error(f"expected the name of a gRPC method, found {shorten(method)!r}")
    if not service:
        return RouteMatch(safe_regex=f"/[^/]+/{re.escape(method)}"), (_EXACT, *lengths)
    if not method:
        return RouteMatch(prefix=f"/{service}/"), (_EXACT, *lengths)
    return RouteMatch(path=f"/{service}/{method}"), (_EXACT, *lengths)
