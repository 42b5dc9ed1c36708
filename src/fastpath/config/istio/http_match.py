"""HTTPMatchRequest: which requests a route takes, and through which gateways.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...models import HeaderMatcher, QueryParameterMatcher, RouteMatch, StringMatcher
from ..fields import Section, Value
from ..kubernetes_fields import port_number, strings
from ..node import shorten
from .client import Client
from .fields import string_matcher
from .source import applies_to

__all__ = ["HttpMatch", "read_http_match"]

_RESERVED = ("authority", "method", "scheme", "uri")
_PSEUDO = ("method", "authority", "scheme")


@dataclass(frozen=True, slots=True)
class HttpMatch:
    """One of a route's matches."""

    match: RouteMatch = RouteMatch(prefix="/")
    name: str = ""
    port: int | None = None
    gateways: tuple[str, ...] = ()
    """As written; none: those of the VirtualService."""
    is_for_us: bool = True
    """Whether the workload is one that it is for."""

    @property
    def takes_all(self) -> bool:
        """Whether no request passes it by, as far as Istio looks."""
        match = self.match
        any_path = match.prefix == "/" or match.safe_regex == ".*"
        return any_path and not match.headers and not match.query_parameters


def read_http_match(section: Section, client: Client) -> HttpMatch:
    ignore_case = section.boolean("ignoreUriCase")
    uri = section.section("uri")
    path = string_matcher(uri, ignore_case=ignore_case) if uri is not None else None
    if uri is not None and uri.string("regex") == "*":
        uri.error("'*' is no regular expression; leave uri out for any path")
    if uri is not None and path is not None and path.prefix == "":
        uri.error("a prefix must not be empty")
    headers = [matcher for name in _PSEUDO if (matcher := _read_pseudo_header(section, name)) is not None]
    headers += [
        HeaderMatcher(name, how, present_match=None if how else True, position=value.position)
        for name, value, how in _read_map(section, "headers", _RESERVED)
    ]
    headers += [
        HeaderMatcher(
            name,
            how,
            present_match=None if how else True,
            invert_match=True,
            treat_missing_header_as_empty=how is not None,
            position=value.position,
        )
        for name, value, how in _read_map(section, "withoutHeaders", _RESERVED)
    ]
    queries = tuple(
        QueryParameterMatcher(name, how, present_match=None if how else True, position=value.position)
        for name, value, how in _read_map(section, "queryParams")
    )
    prefix = "/" if path is None else path.prefix
    if uri is not None and not (prefix or "/").startswith("/"):
        uri.error(f"a path begins with '/', found {shorten(prefix or '')!r}")
    match = RouteMatch(
        prefix=prefix,
        path=path.exact if path is not None else None,
        safe_regex=path.safe_regex if path is not None else None,
        case_sensitive=not ignore_case,
        headers=tuple(headers),
        query_parameters=queries,
        position=section.position,
    )
    gateways = strings(section, "gateways")
    found = HttpMatch(
        match,
        section.string("name"),
        port_number(section, "port"),
        gateways,
        applies_to(section, client, at_gateways=bool(gateways)),
    )
    statistics = section.get("statPrefix")
    if statistics is not None:
        statistics.warn("has no effect: requests are counted by the names of routes")
    section.end()
    return found


def _read_pseudo_header(section: Section, name: str) -> HeaderMatcher | None:
    inner = section.section(name)
    if inner is None:
        return None
    how = _read_matcher(inner)
    return HeaderMatcher(f":{name}", how, present_match=None if how else True, position=inner.position)


def _read_map(
    section: Section, name: str, reserved: tuple[str, ...] = ()
) -> list[tuple[str, Value, StringMatcher | None]]:
    """Names with how their values compare."""
    found = []
    for key, value in section.fields(name):
        if key in reserved:
            value.warn(f"Istio passes over the header {key!r}; use the field of that name")
            continue
        how = value.section()
        if key.startswith("@"):  # no field of a request has such a name
            value.error(f"{shorten(key)!r} speaks of a JWT, which is not looked at")
        elif how is not None:
            found.append((key, value, _read_matcher(how)))
    return found


def _read_matcher(section: Section) -> StringMatcher | None:
    found = string_matcher(section)
    if found is not None and found.prefix == "":
        section.error("a prefix must not be empty")
    return found
